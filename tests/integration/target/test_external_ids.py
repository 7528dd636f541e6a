"""External contact ids are keys: no two contacts get one, and every spelling of one finds its contact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from target_runs import record, schema, state

if TYPE_CHECKING:
    from target_runs import Runs

NEWSLETTER, VIP = 40137, 1124
LIST = {"kind": "email_list", "list": "Newsletter", "external_id": "id", "fields": {"first": "First Name"}}


@pytest.mark.parametrize("key", ["4.50123E+11", True, 4.50123e16], ids=str)
def test_two_contacts_do_not_get_one_external_id_that_a_spreadsheet_shortened(
    runs: Runs, key: object
) -> None:
    people = [f"p{number}@example.org" for number in range(2)]
    head = schema("people", "email", "first", id={})
    rows = [record("people", email=one, first="F", id=key) for one in people]
    outcome = runs.good([head, *rows, state(1)], {"people": LIST})
    assert outcome.codes == ["bad_value", "bad_value"]
    assert runs.imports() == []


@pytest.mark.parametrize("key", [77, 77.0, "77.0", " 77 "], ids=repr)
def test_a_contact_is_found_by_its_external_id_in_every_spelling(runs: Runs, key: object) -> None:
    runs.save(NEWSLETTER, "p@example.org", externalContactID="77")
    head = schema("people", "first", id={})
    target = {"people": {**LIST, "kind": "profile_fields"}}
    runs.good([head, record("people", first="F", id=key), state(1)], target)
    assert list(runs.values(NEWSLETTER, "p@example.org").values()) == ["F"]


def test_a_mirror_keeps_whom_listrak_knows_by_the_spelling_itself(runs: Runs) -> None:
    people = [f"e{number}@example.org" for number in range(3)]
    for one, spelling in zip(people, ("70", "71.0", "72"), strict=True):
        runs.save(NEWSLETTER, one, {VIP: "on"}, externalContactID=spelling)
    vips = {"kind": "audience", "list": NEWSLETTER, "field": "VIP", "external_id": "id"}
    mirror = {"mirror": "end_of_input", "max_removed_share": 1}
    rows = [record("vips", id=one) for one in ("70.0", "71.0")]
    runs.good([schema("vips", "id"), *rows, state(1)], {"vips": {**vips, **mirror}})
    assert [runs.values(NEWSLETTER, one).get(VIP) for one in people] == ["on", "on", "off"]
