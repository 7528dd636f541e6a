"""The file of customers that the demo sends to Listrak: made-up people, and a few bad rows on purpose."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb

SOURCE = Path(__file__).with_name("customers.csv")
BAD_MARK = "bad on purpose"


def write_customers(path: Path, database: Path) -> tuple[int, int]:
    """Write the file, with one more row: somebody who has unsubscribed, and must not be subscribed again.

    Args:
        path: File to write.
        database: DuckDB file with the contacts extracted before.

    Returns:
        How many rows it has, and how many of them Listrak must not take.
    """
    with SOURCE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with duckdb.connect(str(database), read_only=True) as opened:
        gone = opened.execute(
            "select c.emailaddress from tap_listrak.contacts c join tap_listrak.lists l using (listid) "
            "where l.listname = 'Newsletter' and c.subscriptionstate = 'Unsubscribed' order by 1 limit 1"
        ).fetchone()
    if gone:
        rows.append(dict.fromkeys(rows[0], "") | {"email": gone[0], "note": f"{BAD_MARK}: has unsubscribed"})
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return len(rows), sum(row["note"].startswith(BAD_MARK) for row in rows)
