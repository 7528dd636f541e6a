"""List imports that others made: one a week or so, without end, with results that fit the contacts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from listrak_sandbox.world import draws
from listrak_sandbox.world.calendar import DAY, START_TIME, minute_text, text
from listrak_sandbox.world.population import special_addresses

if TYPE_CHECKING:
    from listrak_sandbox.world.lists import MailingList

EVERY = 8 * DAY
LASTS = 420

RESULTS = {
    "Subscribed": "subscribedCount",
    "Already Subscribed": "alreadySubscribedCount",
    "Previously Unsubscribed": "previouslyUnsubscribedCount",
    "Unsubscribed": "unsubscribedCount",
    "Already Unsubscribed": "alreadyUnsubscribedCount",
    "Banned": "bannedCount",
    "Suppressed": "suppressedCount",
    "Invalid Email": "invalidEmailCount",
    "Skipped": "skippedCount",
    "Pending": "skippedCount",
    "Updated": "alreadySubscribedCount",
}
"""The words for a contact's result, and which count of the summary each adds to beside processedCount."""


def summary(results: Counter[str]) -> dict[str, object]:
    """Return the API's ListImportSummary, its ten counts, from the contacts' results."""
    counts: dict[str, object] = dict.fromkeys(sorted(set(RESULTS.values())), 0)
    counts["processedCount"] = results.total()
    for word, count in results.items():
        name = RESULTS[word]
        counts[name] = int(str(counts[name])) + count
    return counts


@dataclass
class PastImport:
    """One import of the generated world.

    Attributes:
        import_id: Its id.
        number: Its place among the list's.
        time: World time of its start.
        of: Its list.
    """

    import_id: int
    number: int
    time: int
    of: MailingList

    def record(self) -> dict[str, object]:
        """Return it as the API's ListImport."""
        return {
            "importFileId": self.import_id,
            "importFileName": f'crm export, "{minute_text(self.time)[:10]}".csv',
            "importDate": text(self.time),
        }

    def status(self, now: int) -> dict[str, object]:
        """Return it as the API's ListImportStatus."""
        ended = self.time + LASTS < now
        return {
            "startDate": text(self.time),
            "endDate": text(self.time + LASTS) if ended else None,
            "status": "Completed" if ended else "Processing",
        }

    def contacts(self, now: int) -> list[dict[str, object]]:
        """Return the contacts' results; none before its end."""
        if self.time + LASTS >= now:
            return []
        population = self.of.population
        count = population.count(self.time)
        rows: list[dict[str, object]] = []
        for index in sorted({draws.number(f"{self.import_id}/{n}", count) for n in range(min(count, 30))}):
            known = population.standing(index, self.time).subscribed
            word = "Already Subscribed" if known else "Previously Unsubscribed"
            rows.append({"emailAddress": population.emails(index + 1)[index], "importResult": word})
        rows += [
            {"emailAddress": f"not an address {self.number}", "importResult": "Invalid Email"},
            {"emailAddress": special_addresses(self.of.number, "banned")[0], "importResult": "Banned"},
            {
                "emailAddress": special_addresses(self.of.number, "suppressed")[1],
                "importResult": "Suppressed",
            },
        ]
        return rows

    def summary(self, now: int) -> dict[str, object]:
        """Return it as the API's ListImportSummary."""
        return summary(Counter(str(row["importResult"]) for row in self.contacts(now)))


def past_imports(of: MailingList, now: int) -> list[PastImport]:
    """Return a list's generated imports begun before a world time."""
    if of.shape.steady:
        return []
    first = 20 * DAY + of.number * 3 * DAY + 6 * 3600
    last = min(now, START_TIME + 5000 * DAY)
    return [
        PastImport(of.number * 100_000 + number + 1, number, time, of)
        for number, time in enumerate(range(first, last, EVERY))
    ]
