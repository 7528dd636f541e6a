"""Whatever rows come, nobody is subscribed or unsubscribed except by a row and a setting that say so plainly.

`LISTRAK_CONSENT_EXAMPLES` is the number of random inputs per channel (default 15).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings
from sms_world import SmsWorld, destination, new_numbers
from target_runs import Runs, record, schema

if TYPE_CHECKING:
    import pytest

    from listrak_sandbox.testing import RunningSandbox

NEWSLETTER = 40137
EXAMPLES = int(os.environ.get("LISTRAK_CONSENT_EXAMPLES", "15"))
MARKERS: list[dict[str, Any]] = [
    {},
    {},
    {"_sdc_deleted_at": None, "__op": "u"},
    {"_sdc_deleted_at": "2026-06-30"},
    {"__op": "d"},
    {"_fivetran_deleted": True},
    {"_sdc_operation_type": "perhaps"},
    {"_change_type": "update_preimage"},
]
DELETIONS = [one for one in MARKERS if {"2026-06-30", "d", True} & set(one.values())]
HARMLESS = [{}, MARKERS[2]]
ANSWERS: list[dict[str, Any]] = [
    {},
    *({"subscriptionState": one} for one in ("Subscribed", "Unsubscribed", "Pending", None, "odd", 1)),
]
YES, NO = ANSWERS[:2], [ANSWERS[2]]
ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(MARKERS), st.sampled_from(ANSWERS)), min_size=1, max_size=25
)
SWITCHES = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("allow_deletes", "unsubscribe", "resubscribe"), st.just(value=True))
)
PROPERTIES = ("_sdc_deleted_at", "__op", "_fivetran_deleted", "subscriptionState")
SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


PEOPLE = 4


def check(
    rows: list[Any],
    options: dict[str, Any],
    before: list[str | None],
    after: list[str | None],
    *,
    one_batch: bool,
) -> None:
    """Compare how four people stood before and after with what rows and settings said.

    With `one_batch` nothing was sent before the last row, so the last row of each person decides.
    """
    for person, (was, now) in enumerate(zip(before, after, strict=True)):
        own = [(marker, answer) for who, marker, answer in rows if who == person]
        if now == "Subscribed" and was != "Subscribed":
            assert any(marker in HARMLESS and answer in YES for marker, answer in own), person
            assert was is None or "resubscribe" in options, person
            last_marker, last_answer = [one for one in own if one[0] != MARKERS[-1]][-1]
            assert not one_batch or (last_marker in HARMLESS and last_answer in YES), person
        if now != "Subscribed" and was == "Subscribed":
            deleted = "allow_deletes" in options and any(marker in DELETIONS for marker, _ in own)
            refused = "unsubscribe" in options and any(m in HARMLESS and a in NO for m, a in own)
            assert deleted or refused, person
        assert (now is None) <= (was is None), person


def never_sent_early(options: dict[str, Any], batch: int) -> bool:
    """Tell whether an open batch stays open to the end: no room for it is needed, and no removals pass it."""
    return batch > PEOPLE and not {"allow_deletes", "unsubscribe"} & options.keys()


@SETTINGS
@given(ROWS, SWITCHES, st.booleans(), st.integers(1, 8))
def test_consent_holds_for_any_stream_into_an_email_list(  # noqa: PLR0913, PLR0917 - fixtures and what is drawn
    session_sandbox: RunningSandbox,
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[Any],
    options: dict[str, Any],
    in_schema: bool,  # noqa: FBT001 - hypothesis fills it in
    batch: int,
) -> None:
    runs = Runs(session_sandbox, tmp_path_factory.mktemp("consent"))
    session_sandbox.reset()
    session_sandbox.settings(import_seconds=0.0)
    people = [f"c{number}@example.org" for number in range(PEOPLE)]
    for address in people[:2]:
        runs.save(NEWSLETTER, address)
    runs.unsubscribe(NEWSLETTER, people[1])

    def stands() -> list[str | None]:
        found = [runs.contact(NEWSLETTER, address) for address in people]
        return [None if one is None else one["subscriptionState"] for one in found]

    before = stands()
    kind = {"s": {"kind": "email_list", "list": NEWSLETTER, **options}}
    messages = [schema("s", "email", **({name: {} for name in PROPERTIES} if in_schema else {}))]
    messages += [record("s", email=people[who], **marker, **answer) for who, marker, answer in rows]
    runs.good(messages, kind, batch_size_rows=batch)
    check(rows, options, before, stands(), one_batch=never_sent_early(options, batch))


@SETTINGS
@given(ROWS, SWITCHES, st.integers(1, 8))
def test_consent_holds_for_any_stream_into_a_phone_list(
    session_sandbox: RunningSandbox,
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[Any],
    options: dict[str, Any],
    batch: int,
) -> None:
    runs = Runs(session_sandbox, tmp_path_factory.mktemp("consent"))
    session_sandbox.reset()
    session_sandbox.settings(import_seconds=0.0)
    sms = SmsWorld(runs)
    people = [sms.one(), sms.one("unsubscribed"), *new_numbers(2)]
    before = [sms.state(number) for number in people]
    messages = [schema("people", "phone", *PROPERTIES)]
    messages += [record("people", phone=people[who], **marker, **answer) for who, marker, answer in rows]
    runs.good(messages, destination("sms_list", **options), batch_size_rows=batch)
    after = [sms.state(number) for number in people]
    check(rows, options, before, after, one_batch=batch > PEOPLE)
