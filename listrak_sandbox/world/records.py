"""The smaller things of an account: campaigns, folders, events, saved things, split tests, content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listrak_sandbox.world import words
from listrak_sandbox.world.calendar import DAY, minute_text, text

if TYPE_CHECKING:
    from listrak_sandbox.world.lists import MailingList

Record = dict[str, object]
SPLIT_EVERY = 20
SPLIT_FIRST = 5
SPLIT_PARTS = (("Group", "A"), ("Group", "B"), ("Remainder", None))


def folders() -> list[Record]:
    """Return the account's folders."""
    names = ("Retail", 'Trade "B2B"', "Größen", "Archive, old")
    return [{"folderId": 10 + number, "folderName": name} for number, name in enumerate(names)]


def ip_pools() -> list[Record]:
    """Return the account's IP pools."""
    return [
        {"ipPoolId": 1, "ipPoolDescription": "Shared pool"},
        {"ipPoolId": 2, "ipPoolDescription": "Dedicated, transactional"},
    ]


def content_folders() -> list[Record]:
    """Return the folders of the content library."""
    return [
        {"contentFolderId": 1, "listId": None, "parentFolderId": None, "folderName": "Company"},
        {"contentFolderId": 2, "listId": None, "parentFolderId": 1, "folderName": "Headers & footers"},
        {"contentFolderId": 3, "listId": 40_137, "parentFolderId": None, "folderName": "Größen"},
    ]


def contents() -> list[Record]:
    """Return the blocks of the content library."""
    return [
        {
            "contentId": number,
            "contentFolderId": 1 + number % 3,
            "contentName": f'Block "{number}"',
            "textContent": None if number % 2 else "Plain text,\nsecond line",
            "htmlContent": f"<p>Block {number} — “quoted”</p>",
            "contentType": "SavedContent" if number % 2 else "DynamicContent",
            "contentReadOnly": number % 2 == 0,
            "lastModifiedDate": text(number * 60 * DAY + 7 * 3600),
        }
        for number in range(1, 7)
    ]


def campaigns(of: MailingList) -> list[Record]:
    """Return a list's campaigns."""
    return [
        {"campaignId": of.number * 1000 + number, "campaignName": name}
        for number, name in enumerate(words.CAMPAIGNS, 1)
    ]


def event_groups(of: MailingList) -> list[Record]:
    """Return a list's event groups."""
    return [
        {"eventGroupId": of.number * 10 + number, "eventGroupName": name}
        for number, name in enumerate(("Purchases", "Loyalty — “Gold”"), 1)
    ]


def events(of: MailingList) -> list[Record]:
    """Return a list's events; one is blocked, one belongs to no group."""
    names = ("Ordered", "Returned, refunded", "Joined loyalty", "Birthday", 'Visited "store"')
    return [
        {
            "eventId": of.number * 100 + number,
            "eventName": name,
            "eventGroupId": 0 if name == names[-1] else of.number * 10 + 1 + number % 2,
            "status": "Blocked" if name == names[-2] else "Active",
        }
        for number, name in enumerate(names, 1)
    ]


def saved_audiences(of: MailingList) -> list[Record]:
    """Return a list's saved audiences."""
    return [
        {
            "name": name,
            "lastModified": text((100 * number + of.number) * DAY + 6 * 3600),
            "savedAudienceId": 5_000_000_000 + of.number * 100 + number,
        }
        for number, name in enumerate(("Buyers, 90 days", 'VIP "Gold"', "Größe L"), 1)
    ]


def saved_messages(of: MailingList) -> list[Record]:
    """Return a list's saved messages."""
    return [
        {
            "savedMessageId": of.number * 1000 + 800 + number,
            "savedMessageName": f'Template "{number}"',
            "campaignId": of.campaign_id(number),
            "createDate": minute_text((50 * number) * DAY + 8 * 3600),
            "lastModifiedDate": text((120 * number + 3) * DAY + 9 * 3600),
            "externalCampaignId": None if number % 2 else f"T-{number}",
            "subject": words.SUBJECTS[number],
        }
        for number in range(1, 4)
    ]


def saved_message_extended(record: Record, of: MailingList) -> Record:
    """Return a saved message as the API's SavedMessageExtended; every other one is filled in sparsely."""
    filled = int(str(record["savedMessageId"])) % 2 == 1
    return {
        **record,
        "enableUniversalEmailKeySetting": False,
        "bodyHtml": f"<html><body>{record['savedMessageName']}</body></html>",
        "bodyText": f"{record['subject']}\n\nHello" if filled else None,
        "codePage": 65001,
        "enablePassalong": False,
        "enableTracking": True,
        "fromEmail": f"news{of.number}@example.com",
        "fromName": 'The "Example" Shop',
        "googleAnalyticsCampaignName": "template" if filled else None,
        "googleAnalyticsCampaignContent": "hero" if filled else None,
        "replyEmail": "reply@example.com",
        "toName": "#[Customer.First Name]#" if filled else None,
    }


def split_tests(of: MailingList, now: int) -> list[tuple[Record, list[Record]]]:
    """Return a list's split tests by now, each with its messages: two groups and a remainder.

    A test begins when its first message exists, and ends with the send of its remainder.
    """
    found: list[tuple[Record, list[Record]]] = []
    if of.shape.steady:
        return found
    for number in of.schedule.numbers(now):
        if number % SPLIT_EVERY != SPLIT_FIRST:
            continue
        sends = [of.schedule.send(number + step) for step in range(3)]
        ended = sends[2] < now
        started = sends[0] < now
        test: Record = {
            "splitTestId": of.number * 10_000 + number,
            "splitTestName": f"Subject line, round {number // SPLIT_EVERY}",
            "startDate": minute_text(sends[0]),
            "endDate": minute_text(sends[2]) if ended else None,
            "status": "Completed" if ended else "Running" if started else "Scheduled",
            "testCriteria": "Subject",
            "testType": "Remainder",
            "winnerMetric": "Open Rate",
        }
        messages: list[Record] = [
            {
                "messageId": of.broadcast(number + step).message_id,
                "messageStatus": "Sent" if sends[step] < now else "Scheduled",
                "messageType": kind,
                "groupName": group,
                "segmentSize": 10 if group else None,
            }
            for step, (kind, group) in enumerate(SPLIT_PARTS)
        ]
        found.append((test, messages))
    return found
