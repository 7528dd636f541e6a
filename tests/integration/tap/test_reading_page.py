"""docs/reading.md: its query, on what the tap gives."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from listrak_sandbox.testing import running_sandbox

if TYPE_CHECKING:
    from tap_runs import Extract

PAGE = (Path(__file__).parents[3] / "docs" / "reading.md").read_text("utf-8")


def test_the_query_makes_columns_of_profile_fields(extract: Extract) -> None:
    with running_sandbox(scale="tiny") as sandbox:
        extraction = extract(sandbox, streams=["contacts"], profile_fields="all", list_ids=["Newsletter"])
    records = extraction.records["contacts"]
    query = re.search(r"<!-- example: profile fields -->\n```sql\n(.*?)```", PAGE, re.DOTALL)
    assert query
    with duckdb.connect() as opened:
        opened.execute("create schema tap_listrak")
        columns = "emailaddress varchar, subscriptionstate varchar, profilefields json"
        opened.execute(f"create table tap_listrak.contacts ({columns})")
        for one in records:
            row = [one["emailAddress"], one["subscriptionState"], json.dumps(one["profileFields"])]
            opened.execute("insert into tap_listrak.contacts values (?, ?, ?)", row)
        found = opened.execute(query[1]).fetchall()
    subscribed = [one for one in records if one["subscriptionState"] == "Subscribed"]
    fields = {one["emailAddress"]: one["profileFields"] for one in subscribed}
    assert {address for address, *_ in found} == set(fields)
    for address, city, points, vip in found:
        assert city == fields[address]["City"]
        assert points == (None if fields[address]["Points"] == "" else fields[address]["Points"])
        assert vip == (None if fields[address]["VIP"] == "" else fields[address]["VIP"])
