"""Reads the members of an email list as the target does, and prints how many there are.

python -m benchmarks.members URL by-date|in-order
"""

from __future__ import annotations

import logging
import sys

from benchmarks.prepared import LIST_ID
from target_listrak.channels.email.contact_pages import contact_pages
from target_listrak.channels.email.lists import EmailList
from target_listrak.channels.email.membership import Membership
from target_listrak.target import TargetListrak
from target_listrak.values.addresses import parse_many

IN_FLIGHT = 8


def main(url: str, way: str) -> int:
    """Read the members of the stand-in's list.

    Args:
        url: Its address.
        way: ``by-date`` or ``in-order``.
    """
    logging.disable(logging.INFO)
    config = {
        "api_url": url,
        "auth_url": f"{url}/OAuth2/Token",
        "client_id": "benchmark",
        "client_secret": "benchmark",
        "max_concurrency": IN_FLIGHT,
        "read_members_by_date": way == "by-date",
        "destinations": {"people": {"kind": "email_list", "list": LIST_ID}},
    }
    run = TargetListrak(config=config).run
    members = Membership()
    for page in contact_pages(run, EmailList(LIST_ID, "Newsletter"), [{"subscriptionState": "Subscribed"}]):
        addresses, keys = parse_many([one.emailAddress for one in page], set())
        members.add((key, address, True) for key, address in zip(keys, addresses, strict=True))
    print(members.size)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
