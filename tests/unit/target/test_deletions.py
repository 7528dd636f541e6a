"""What a marker of a deletion says, and what it leaves in doubt."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from target_listrak.config.destination import Destination
from target_listrak.config.kind_options import OPTIONS_BY_KIND
from target_listrak.input.row_signs import RowSigns
from target_listrak.outcomes import RowDeclined, RowRejected
from target_listrak.values.deletions import MARKERS, DeleteMarkers, Mark, delete_markers

NONE, DELETED, PAST, DOUBT = Mark.NONE, Mark.DELETED, Mark.PAST, Mark.DOUBTFUL

MOMENTS = [
    *(
        (value, NONE)
        for value in (None, "", "  ", False, "false", "False", 0, "0", Decimal("0.0"), "no", "N")
    ),
    *((value, NONE) for value in ("0001-01-01T00:00:00", "0000-00-00")),
    *(
        (value, DELETED)
        for value in (True, "true", "TRUE", 1, "1", "yes", 1.0, 1_751_277_600, 1_751_277_600_000)
    ),
    *((value, DELETED) for value in ("2026-06-30T10:00:00Z", "2026-06-30", "20260630", "06/30/2026 10:00")),
    *((value, DOUBT) for value in ("maybe", "null", "D", 2, -1, 17, [], {}, [True], "2026", "1.7e9")),
    *(
        (value, DOUBT)
        for value in ("1900-01-01", "1970-01-01T00:00:00Z", "9999-12-31", 10**40, Decimal("1E+99"))
    ),
]
OPERATIONS = [
    *((value, DELETED) for value in ("D", "d", "DELETE", "Delete", "deleted", " d ", "REMOVE")),
    *(
        (value, NONE)
        for value in (None, "", "I", "i", "U", "u", "c", "r", "insert", "UPDATE", "upsert", "0", 0)
    ),
    *((value, PAST) for value in ("update_preimage", "BeforeImage")),
    *((value, DOUBT) for value in ("maybe", "x", True, 7, [], {}, "truncate")),
]


@pytest.mark.parametrize(("value", "expected"), MOMENTS)
def test_a_date_or_a_boolean(value: object, expected: Mark) -> None:
    markers = DeleteMarkers()
    for name in (
        "_sdc_deleted_at",
        "_SDC_DELETED_AT",
        "_sdcDeletedAt",
        "__deleted",
        "_ab_cdc_deleted_at",
        "isDeleted",
    ):
        assert markers.is_marker(name)
        assert markers.says(name, value) is expected, name


@pytest.mark.parametrize(("value", "expected"), OPERATIONS)
def test_an_operation(value: object, expected: Mark) -> None:
    markers = DeleteMarkers()
    for name in ("_sdc_operation_type", "_change_type", "METADATA$ACTION", "__op"):
        assert markers.is_marker(name)
        assert markers.says(name, value) is expected, name
    # What is called `op` may be something else altogether: only the words of an operation count.
    assert markers.says("op", value) is (NONE if expected is DOUBT else expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, DELETED),
        ("1", DELETED),
        (2, NONE),
        (3, PAST),
        ("3", PAST),
        (4, NONE),
        (5, DOUBT),
        (0, NONE),
        ("D", DELETED),
    ],
)
def test_the_numbers_of_sql_server(value: object, expected: Mark) -> None:
    assert DeleteMarkers().says("_sdc_lsn_operation", value) is expected
    assert DeleteMarkers().says("__$operation", value) is expected


def test_past_versions() -> None:
    markers = DeleteMarkers()
    assert [markers.says("_fivetran_active", one) for one in (True, None, False, "x")] == [
        NONE,
        NONE,
        PAST,
        DOUBT,
    ]
    ends = (None, "9999-12-31", "2026-01-01", "x")
    assert [markers.says("dbt_valid_to", one) for one in ends] == [NONE, NONE, PAST, DOUBT]
    before = {"METADATA$ACTION": "DELETE", "METADATA$ISUPDATE": True}
    assert markers.find(before, ["METADATA$ACTION"]) == (PAST, "METADATA$ACTION")
    assert markers.find({**before, "METADATA$ISUPDATE": False}, ["METADATA$ACTION"])[0] is DELETED


def test_markers_of_ones_own() -> None:
    markers = DeleteMarkers(delete_markers({"status": ["Closed", 7], "left": True, "flag": "x"}))
    assert markers.says("status", " closed ") is DELETED
    assert markers.says("status", 7.0) is DELETED
    assert markers.says("status", "open") is NONE
    assert markers.says("left", "2026-01-01") is DELETED
    assert markers.says("left", "maybe") is DOUBT
    assert markers.says("flag", "X") is DELETED
    assert DeleteMarkers(delete_markers(["left"])).says("left", "true") is DELETED


@pytest.mark.parametrize(
    "setting", ["status", 5, {"a": None}, {"a": []}, {"a": False}, {"a": [[1]]}, [""], [1]]
)
def test_a_setting_that_is_neither_is_an_error(setting: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        delete_markers(setting)


def test_the_property_of_an_ordinary_stream_is_no_marker() -> None:
    names = (
        "email",
        "status",
        "operation",
        "active",
        "removed",
        "deletion_reason",
        "opt_in",
        "option",
        "op_code",
    )
    assert not any(map(DeleteMarkers().is_marker, names))
    assert all(map(DeleteMarkers().is_marker, MARKERS))


@pytest.mark.parametrize("kind", sorted(OPTIONS_BY_KIND))
@pytest.mark.parametrize("marker", ["_sdc_deleted_at", "__op", "_fivetran_deleted", "is_deleted"])
def test_every_kind_rejects_deletions_unless_it_may_act_on_them(kind: str, marker: str) -> None:
    value = "d" if marker == "__op" else True
    rejects = RowSigns(Destination("s", kind, {}), None)
    with pytest.raises(RowRejected) as caught:
        rejects.leaves({marker: value})
    assert caught.value.outcome.code == "deleted"
    assert marker in caught.value.outcome.reason
    with pytest.raises(RowRejected, match="unclear_deletion"):
        rejects.leaves({marker: {"what": 1}})
    with pytest.raises(RowDeclined, match="past_version"):
        rejects.leaves({"_change_type": "update_preimage"})
    assert rejects.leaves({marker: None}) is False
    if "allow_deletes" in OPTIONS_BY_KIND[kind]:
        assert RowSigns(Destination("s", kind, {"allow_deletes": True}), None).leaves({marker: value}) is True


CONSENT: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {"subscriptionState": "Subscribed"}, "load"),
    ({}, {"subscriptionState": "Unsubscribed"}, "no_consent"),
    ({}, {"SUBSCRIPTION_STATE": " unsubscribed "}, "no_consent"),
    ({}, {"subscriptionState": "Not Subscribed"}, "no_consent"),
    ({}, {"subscriptionState": "OptedOut"}, "no_consent"),
    ({}, {"subscriptionState": "Opted Out"}, "no_consent"),
    ({}, {"subscriptionState": "Pending"}, "pending"),
    ({}, {"subscriptionState": False}, "no_consent"),
    ({}, {"subscriptionState": None}, "consent_missing"),
    ({}, {"subscriptionState": ""}, "consent_missing"),
    ({}, {"subscriptionState": "who knows"}, "unclear_consent"),
    ({}, {"subscriptionState": 1}, "unclear_consent"),
    ({}, {"subscriptionState": ["Subscribed"]}, "unclear_consent"),
    ({}, {}, "load"),
    ({}, {"optedOut": True}, "no_consent"),
    ({}, {"optedOut": False}, "load"),
    ({}, {"unsubscribeDate": "2026-01-01T00:00:00"}, "no_consent"),
    ({}, {"unsubscribeDate": "2026-01-01T00:00:00", "subscribeDate": "2026-02-01T00:00:00"}, "load"),
    ({}, {"unsubscribeDate": "2026-01-01T00:00:00", "subscriptionState": "Subscribed"}, "load"),
    ({}, {"unsubscribeDate": None}, "load"),
    ({}, {"unsubscribeDate": "0001-01-01T00:00:00"}, "load"),
    ({}, {"subscriptionState": "Subscribed", "opt_out": True}, "no_consent"),
    ({}, {"subscriptionState": "Subscribed", "is_active": False}, "not_in_use"),
    ({}, {"optedOut": "2026-01-01T00:00:00"}, "no_consent"),
    ({}, {"optedOut": "perhaps"}, "unclear_consent"),
    # A table of all contacts whose dates are zeros, with `unsubscribe: true`
    *(
        ({"unsubscribe": True}, {"unsubscribe_date": none}, "load")
        for none in ("0000-00-00 00:00:00", False, 0, "0", "no")
    ),
    *(
        ({"unsubscribe": True}, {"unsubscribe_date": odd}, "unclear_consent")
        for odd in ("never", "N/A", "1970-01-01", "9999-12-31", 12)
    ),
    ({"unsubscribe": True}, {"unsubscribe_date": True}, "no_consent"),
    # Dates are compared as dates, whatever their form
    ({}, {"unsubscribed_at": "01/05/2026", "subscribed_at": "12/31/2024"}, "no_consent"),
    ({}, {"unsubscribeDate": "1/5/2026", "subscribeDate": "9/5/2019"}, "no_consent"),
    ({}, {"unsubscribed_at": "2026-01-05", "date_subscribed": "Thu, 02 Jan 2020"}, "no_consent"),
    (
        {},
        {"unsubscribed_at": "2026-01-05T23:00:00-08:00", "subscribed_at": "2026-01-06T01:00:00Z"},
        "no_consent",
    ),
    ({}, {"unsubscribed_at": "2026-01-05T23:00:00", "subscribed_at": "2026-01-06T01:00:00Z"}, "no_consent"),
    ({}, {"unsubscribed_at": "1/5/2026", "subscribed_at": "6/5/2026"}, "load"),
    ({}, {"unsubscribed_at": "1/5/2026", "subscribed_at": "12/6/2026"}, "load"),
    # What contradicts a yes
    ({"subscribed": "ok"}, {"ok": True, "unsubscribed_at": "5 Jan 2026"}, "no_consent"),
    ({"subscribed": "ok"}, {"ok": True, "unsubscribed_at": "2025"}, "unclear_consent"),
    ({"subscribed": "ok"}, {"ok": True, "consent": {"state": "unsubscribed"}}, "no_consent"),
    ({"subscribed": "ok"}, {"ok": True, "consent": "suppressed"}, "no_consent"),
    ({"subscribed": "ok"}, {"ok": True, "consent": False}, "load"),
    ({"unsubscribe": True}, {"optedOut": "2026-01-01T00:00:00"}, "no_consent"),
    ({"unsubscribe": True}, {"unsubscribe_date": "2026-01-01"}, "leave"),
    ({"subscribed": "ok"}, {"ok": True}, "load"),
    ({"subscribed": "ok"}, {"ok": "yes"}, "load"),
    ({"subscribed": "ok"}, {"ok": 1}, "load"),
    ({"subscribed": "ok"}, {"ok": "Subscribed"}, "load"),
    ({"subscribed": "ok"}, {"ok": 0}, "no_consent"),
    ({"subscribed": "ok"}, {"ok": "off"}, "no_consent"),
    ({"subscribed": "ok"}, {"ok": None}, "consent_missing"),
    ({"subscribed": "ok"}, {}, "consent_missing"),
    ({"subscribed": "ok"}, {"ok": "granted"}, "unclear_consent"),
    ({"subscribed": "ok"}, {"ok": 2}, "unclear_consent"),
    ({"subscribed": "ok"}, {"ok": {}}, "unclear_consent"),
    ({"subscribed": "ok"}, {"ok": True, "subscriptionState": "Unsubscribed"}, "load"),
    ({"subscribed": "ok", "subscribed_values": ["granted", 2]}, {"ok": "Granted"}, "load"),
    ({"subscribed": "ok", "subscribed_values": ["granted", 2]}, {"ok": 2}, "load"),
    ({"subscribed": "ok", "subscribed_values": ["granted", 2]}, {"ok": "true"}, "no_consent"),
    ({"subscribed": "ok", "subscribed_values": ["granted", 2]}, {"ok": None}, "consent_missing"),
    ({"subscribed": "ok", "subscribed_values": ["granted"]}, {"ok": ["granted"]}, "unclear_consent"),
    ({"unsubscribe": True}, {"subscriptionState": "Unsubscribed"}, "leave"),
    ({"unsubscribe": True}, {"subscriptionState": "Pending"}, "pending"),
    ({"unsubscribe": True}, {"subscriptionState": None}, "consent_missing"),
    ({"unsubscribe": True, "subscribed": "ok"}, {"ok": False}, "leave"),
    ({"unsubscribe": True, "subscribed": "ok"}, {"ok": ""}, "consent_missing"),
    ({"unsubscribe": True, "subscribed": "ok"}, {"ok": "perhaps"}, "unclear_consent"),
    (
        {"unsubscribe": True},
        {"subscriptionState": "Unsubscribed", "_sdc_deleted_at": "2026-01-01"},
        "deleted",
    ),
]


@pytest.mark.parametrize("kind", ["email_list", "sms_list"])
@pytest.mark.parametrize(("options", "record", "expected"), CONSENT)
def test_what_a_record_says_about_consent_is_read_alike_in_both_channels(
    kind: str, options: dict[str, Any], record: dict[str, Any], expected: str
) -> None:
    signs = RowSigns(Destination("s", kind, options), None)
    if expected in {"leave", "load"}:
        assert signs.leaves(record) is (expected == "leave")
        return
    wrong = expected in {"unclear_consent", "deleted"}
    with pytest.raises(RowRejected if wrong else RowDeclined) as caught:
        signs.leaves(record)
    assert caught.value.outcome.code == expected


@pytest.mark.parametrize("kind", sorted(set(OPTIONS_BY_KIND) - {"email_list", "sms_list"}))
def test_kinds_that_subscribe_nobody_do_not_ask_for_consent(kind: str) -> None:
    signs = RowSigns(Destination("s", kind, {}), None)
    assert signs.leaves({"subscriptionState": "Unsubscribed"}) is False


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("dbt_is_deleted", "True", DELETED),
        ("datastream_metadata_is_deleted", True, DELETED),
        ("_etleap_deleted", "2026-01-01T00:00:00Z", DELETED),
        ("crm_erased_on", "2026-01-01", DELETED),
        ("profile_deleted", "by a colleague", NONE),
        ("profile_deleted", False, NONE),
        ("deleted_items", 1, NONE),
        ("not_deleted", True, NONE),
        ("deleted_count", 1, NONE),
        ("deleted_by", 1, NONE),
        ("SYS_CHANGE_OPERATION", "D", DELETED),
        ("SYS_CHANGE_OPERATION", "U", NONE),
        ("_metadata_change_type", "UPDATE-DELETE", DOUBT),
        ("a_enttyp", "DL", DELETED),
        ("a_enttyp", "UB", PAST),
        ("a_enttyp", "PT", NONE),
        ("hvr_op", 0, DELETED),
        ("hvr_op", 1, NONE),
        ("hvr_op", 3, PAST),
        ("type", "delete", DELETED),
        ("type", "D", NONE),
        ("type", "insert", NONE),
        ("eventName", "REMOVE", DELETED),
        ("is_current", False, PAST),
        ("is_current", "since May", NONE),
        ("__END_AT", "2026-01-01T00:00:00", PAST),
        ("__END_AT", None, NONE),
        ("_dlt_valid_to", "2026-01-01", PAST),
        ("__artie_delete", True, DELETED),
        ("OperationName", "DELETE", DELETED),
        ("LOEVM", "X", DELETED),
        ("ODQ_CHANGEMODE", "D", DELETED),
        ("IUUC_OPERATION", "D", DELETED),
        ("_hoodie_operation", "D", DELETED),
        ("_VALUE_KIND", "-D", DELETED),
        ("deletion_flag", True, DELETED),
        ("delete", True, DELETED),
        ("delete_time", "2026-01-01T00:00:00Z", DELETED),
        ("deletion_status", "DELETED", DELETED),
        ("post_status", "trash", DELETED),
        ("is_del", 1, DELETED),
        ("account_deleted_flag", "1.0", DELETED),
        ("can_delete", True, NONE),
        ("auto_delete", True, NONE),
        ("_sign", -1, PAST),
        ("_sign", 1, NONE),
    ],
)
def test_names_of_other_tools_and_names_that_no_list_knows(name: str, value: object, expected: Mark) -> None:
    markers = DeleteMarkers()
    assert (markers.says(name, value) if markers.is_marker(name) else NONE) is expected


@pytest.mark.parametrize(
    "record",
    [
        {"data": {"email": "a@example.org"}, "metadata": {"operation": "delete"}},
        {"payload": {"email": "a@example.org"}, "source_metadata": {"change_type": "DELETE"}},
        {"payload": {"email": "a@example.org"}, "source_metadata": {"is_deleted": True}},
        {"message": {"data": {"email": "a@example.org"}, "headers": {"operation": "DELETE"}}},
        {"email": "a@example.org", "cdc": {"op": "d"}},
    ],
    ids=("AWS DMS", "Datastream", "Datastream's flag", "Qlik", "cdc"),
)
def test_T3_what_stands_beside_a_row_says_that_it_was_deleted(record: dict[str, Any]) -> None:
    signs = RowSigns(Destination("s", "email_list", {"list": 1}), None)
    with pytest.raises(RowRejected, match="deleted"):
        signs.leaves(record)
