"""A dry run's row accounting is that of the real run on the same Listrak, and it writes nothing (T7).

`LISTRAK_DRY_RUN_EXAMPLES` is the number of random inputs per channel (default 15).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from sms_world import CODE, SmsWorld, new_numbers
from target_runs import Runs, record, schema

from target_listrak.channels.email.simulation import NOT_KNOWN

if TYPE_CHECKING:
    from target_runs import Outcome

    from listrak_sandbox.testing import RunningSandbox

NEWSLETTER = 40137
EXAMPLES = int(os.environ.get("LISTRAK_DRY_RUN_EXAMPLES", "15"))
HERE, GONE, NEW = "here@example.org", "gone@example.org", "new@example.org"


def accounting(outcome: Outcome) -> dict[str, Any]:
    """Every column and every reason, by stream."""
    if outcome.error is not None:
        raise outcome.error
    return {
        name: (
            one.read,
            one.accepted,
            one.unchanged,
            one.declined,
            one.rejected,
            one.merged,
            dict(one.reasons),
        )
        for name, one in outcome.tallies.items()
    }


def both(runs: Runs, messages: list[Any], destinations: dict[str, Any], **options: object) -> dict[str, Any]:
    """Run dry, see that nothing was written, run for real, and compare."""
    before = runs.sandbox.written()
    dry = accounting(runs.run(messages, destinations, dry_run=True, **options))
    assert runs.sandbox.written() == before
    assert dry == accounting(runs.run(messages, destinations, **options))
    return dry


def test_T7_a_dry_run_counts_who_unsubscribed_as_the_real_run_does(
    runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(30):
        runs.save(NEWSLETTER, f"gone{number}@example.org")
        runs.unsubscribe(NEWSLETTER, f"gone{number}@example.org")
    rows = [record("people", email=f"gone{number}@example.org", first_name="G") for number in range(30)]
    rows += [record("people", email=f"new{number}@example.org", first_name="N") for number in range(70)]
    caplog.set_level("INFO", logger="target-listrak")
    kind = {"people": {"kind": "email_list", "list": NEWSLETTER}}
    found = both(runs, [schema("people", "email", "first_name"), *rows], kind)
    assert found["people"][1:5] == (70, 0, 30, 0)
    assert NOT_KNOWN in caplog.text


def test_T7_changed_addresses_are_counted_dry_as_in_the_real_run(runs: Runs) -> None:
    for address in ("old@example.org", "second@example.org", "third@example.org", "taken@example.org"):
        runs.save(NEWSLETTER, address)
    for address in (GONE, "left@example.org"):
        runs.save(NEWSLETTER, address)
        runs.unsubscribe(NEWSLETTER, address)
    moves = {
        "old@example.org": NEW,
        "second@example.org": "taken@example.org",
        "third@example.org": GONE,
        "left@example.org": "elsewhere@example.org",
        "unknown@example.org": "now@example.org",
    }
    rows = [record("people", email=old, new_address=new) for old, new in moves.items()]
    kind = {"people": {"kind": "email_list", "list": NEWSLETTER, "new_email": "new_address"}}
    found = both(runs, [schema("people", "email", "new_address"), *rows], kind, max_reject_share=1)
    assert found["people"][1:5] == (2, 0, 3, 0)


def test_T7_external_ids_are_found_dry_as_in_the_real_run(runs: Runs) -> None:
    runs.save(NEWSLETTER, "a@example.org", externalContactID="A1")
    rows = [record("people", number=number, email=None) for number in ("A1", "C1", None, "A1")]
    kind = {"people": {"kind": "email_unsubscribe", "list": NEWSLETTER, "external_id": "number"}}
    found = both(runs, [schema("people", "number", "email"), *rows], kind, max_reject_share=1)
    assert sum(found["people"][1:6]) == len(rows)


def test_a_dry_run_reads_the_list_once_where_that_is_fewer_requests(runs: Runs) -> None:
    rows = [record("people", email=f"new{number}@example.org") for number in range(500)]
    runs.sandbox.forget_requests()
    runs.good(
        [schema("people", "email"), *rows],
        {"people": {"kind": "email_list", "list": NEWSLETTER}},
        dry_run=True,
    )
    assert runs.sandbox.requests()["total"] < 50


addresses = st.sampled_from([HERE, HERE.upper(), GONE, NEW, "other@example.org", "no address", None])
emails = st.fixed_dictionaries(
    {"email": addresses},
    optional={
        "first_name": st.sampled_from(["A", "B", None, "x" * 60]),
        "id": st.sampled_from(["7", "8", None]),
        "_sdc_deleted_at": st.sampled_from([None, None, "2026-01-01", "maybe"]),
        "subscriptionState": st.sampled_from(["Subscribed", "Subscribed", "Unsubscribed", None, "odd"]),
        "moved": st.sampled_from([None, None, NEW, GONE, "third@example.org"]),
    },
)
switches = st.fixed_dictionaries(
    {},
    optional={
        "allow_deletes": st.just(value=True),
        "unsubscribe": st.just(value=True),
        "resubscribe": st.just(value=True),
        "double_opt_in": st.just(value=True),
        "new_email": st.just("moved"),
        "external_id": st.just("id"),
    },
)
STREAMS = ("adds", "leaves", "updates", "members")
PROPERTIES = ("email", "first_name", "id", "_sdc_deleted_at", "subscriptionState", "moved")


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(st.tuples(st.sampled_from(STREAMS), emails), min_size=1, max_size=12),
    switches,
    st.booleans(),
    st.integers(1, 5),
)
def test_T7_the_accounting_of_email_kinds_is_the_same_dry_and_real(  # noqa: PLR0913, PLR0917 - fixtures and what is drawn
    session_sandbox: RunningSandbox,
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, dict[str, Any]]],
    options: dict[str, Any],
    all_of_them: bool,  # noqa: FBT001 - hypothesis fills it in
    batch: int,
) -> None:
    runs = Runs(session_sandbox, tmp_path_factory.mktemp("dry"))
    session_sandbox.reset()
    session_sandbox.settings(import_seconds=0.0)
    runs.save(NEWSLETTER, HERE, externalContactID="7")
    runs.save(NEWSLETTER, GONE)
    runs.unsubscribe(NEWSLETTER, GONE)
    everybody = {"include_unsubscribed": True} if all_of_them else {}
    place = {"list": NEWSLETTER}
    audience = {"field": "Newsletter VIP", "field_group": "Marketing", "create_missing": True}
    destinations = {
        "adds": {"kind": "email_list", **place, **options},
        "leaves": {"kind": "email_unsubscribe", **place},
        "updates": {"kind": "profile_fields", **place, **everybody},
        "members": {"kind": "audience", **place, **audience, **everybody, "allow_deletes": True},
    }
    used = {stream for stream, _ in rows}
    messages = [schema(stream, *PROPERTIES) for stream in STREAMS if stream in used]
    messages += [record(stream, **row) for stream, row in rows]
    both(runs, messages, {one: destinations[one] for one in used}, batch_size_rows=batch)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data(), st.integers(1, 5))
def test_T7_the_accounting_of_sms_kinds_is_the_same_dry_and_real(
    session_sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, batch: int
) -> None:
    runs = Runs(session_sandbox, tmp_path_factory.mktemp("dry"))
    session_sandbox.reset()
    session_sandbox.settings(import_seconds=0.0)
    sms = SmsWorld(runs)
    numbers = [
        sms.one(),
        sms.one("unsubscribed"),
        sms.one("unsubscribed", "opted_out"),
        *new_numbers(2),
        "12",
        None,
    ]
    people = st.fixed_dictionaries(
        {"phone": st.sampled_from(numbers)},
        optional={
            "first_name": st.sampled_from(["A", "B", None]),
            "loyalty_points": st.sampled_from([1, 2, "many", None]),
            "_sdc_deleted_at": st.sampled_from([None, None, "2026-01-01", "maybe"]),
            "subscriptionState": st.sampled_from(["Subscribed", "Subscribed", "Unsubscribed", None, "odd"]),
        },
    )
    kinds = ("sms_list", "sms_profiles", "sms_unsubscribe", "sms_opt_out")
    rows = data.draw(st.lists(st.tuples(st.sampled_from(kinds), people), min_size=1, max_size=10))
    options = data.draw(
        st.fixed_dictionaries(
            {},
            optional={name: st.just(value=True) for name in ("allow_deletes", "unsubscribe", "resubscribe")},
        )
    )
    place = {"sender_code": CODE}
    listed = {**place, "phone_list": "VIP Texts"}
    destinations = {
        "sms_list": {"kind": "sms_list", **listed, **options},
        "sms_profiles": {"kind": "sms_profiles", **place},
        "sms_unsubscribe": {"kind": "sms_unsubscribe", **listed},
        "sms_opt_out": {"kind": "sms_opt_out", **place},
    }
    used = {kind for kind, _ in rows}
    properties = ("phone", "first_name", "loyalty_points", "_sdc_deleted_at", "subscriptionState")
    messages = [schema(kind, *properties) for kind in kinds if kind in used]
    messages += [record(kind, **row) for kind, row in rows]
    both(runs, messages, {one: destinations[one] for one in used}, batch_size_rows=batch)


def test_T7_the_accounting_of_retail_kinds_is_the_same_dry_and_real(runs: Runs) -> None:
    rows = [
        record("customers", customer_number="1", email="a@example.org"),
        record("customers", customer_number="1", email="b@example.org"),
        record("customers", first_name="nobody"),
        record("customers", customer_number="2", _sdc_deleted_at="2026-01-01"),
    ]
    head = schema("customers", "customer_number", "email", "first_name", "_sdc_deleted_at")
    found = both(runs, [head, *rows], {"customers": {"kind": "customers"}})
    assert found["customers"][3:5] == (0, 2)


@pytest.mark.parametrize("kind", ["updates", "members", "leaves", "adds"])
def test_T7_a_contact_that_a_double_opt_in_left_pending_is_so_in_a_dry_run_too(runs: Runs, kind: str) -> None:
    """Found by the property test: an import calls it pending, and the dry run called it unknown."""
    destinations = {
        "first": {"kind": "email_list", "list": NEWSLETTER, "double_opt_in": True},
        "updates": {"kind": "profile_fields", "list": NEWSLETTER},
        "members": {
            "kind": "audience",
            "list": NEWSLETTER,
            "field": "Newsletter VIP",
            "field_group": "Marketing",
        },
        "leaves": {"kind": "email_unsubscribe", "list": NEWSLETTER},
        "adds": {"kind": "email_list", "list": NEWSLETTER},
    }
    destinations["members"]["create_missing"] = True
    messages = [schema("first", "email"), record("first", email=NEW)]
    messages += [schema(kind, "email", "first_name"), record(kind, email=NEW, first_name="N")]
    both(runs, messages, {one: destinations[one] for one in ("first", kind)}, batch_size_rows=1)
