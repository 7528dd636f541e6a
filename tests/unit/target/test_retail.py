from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listrak_api.dates import find_zone
from target_listrak.channels.retail.mapper import Mapper, merge
from target_listrak.channels.retail.models import KINDS, Model
from target_listrak.channels.retail.spellings import plain_name

SPEC = Path(__file__).parents[3].parent / "shared" / "listrak-api" / "data.json"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


def models(model: Model) -> dict[str, Model]:
    found = {model.name: model}
    for kind in model.properties.values():
        if kind.model:
            found |= models(kind.model)
    return found


ALL_MODELS = {name: model for kind in KINDS.values() for name, model in models(kind.model).items()}
FLAT_COLUMNS = {kind: sorted(Mapper(kind)._names) for kind in KINDS}


@pytest.mark.skipif(not SPEC.exists(), reason="the vendor's data.json is not beside the repository")
@pytest.mark.parametrize("name", sorted(ALL_MODELS))
def test_models_say_what_the_vendors_specification_says(name: str) -> None:
    definition = json.loads(SPEC.read_text(encoding="utf-8"))["definitions"][name]
    model = ALL_MODELS[name]
    assert sorted(model.properties) == sorted(definition["properties"])
    assert sorted(model.required) == sorted(definition.get("required", []))
    for property_name, spec in definition["properties"].items():
        ours = model.properties[property_name]
        expected = {
            ("string", "date-time"): {"date_time", "day"},
            ("string", None): {"one_of"} if "enum" in spec else {"text"},
            ("integer", "int32"): {"whole"},
            ("number", "double"): {"number"},
            ("boolean", None): {"yes_no"},
            ("array", None): {"objects"},
            (None, None): {"object"},
        }[spec.get("type"), spec.get("format")]
        assert ours.type in expected, property_name
        assert ours.max_length == spec.get("maxLength"), property_name
        assert list(ours.choices) == spec.get("enum", []), property_name
        reference = spec.get("$ref") or spec.get("items", {}).get("$ref")
        assert (ours.model.name if ours.model else None) == (reference and reference.rsplit("/", 1)[-1])


@pytest.mark.parametrize(
    "record",
    [
        {"orderNumber": "7", "billingAddress": {"city": "Lititz", "zipCode": "17543"}},
        {"order_number": 7, "billing_address": {"City": "Lititz", "zip_code": 17543}},
        {"ORDER NUMBER": "7", "billingAddress_city": "Lititz", "billing_address_zip_code": "17543"},
        {"OrderNumber": Decimal(7), "billingAddress__city": "Lititz", "billing_zip_code": "17543"},
        {"order-number": "7", "billing_address": '{"city": "Lititz", "zipCode": "17543"}'},
        {"order_number": "7", "billing_address": {"city": "Lititz"}, "billing_address_zipcode": "17543"},
        {"order_number": "7", "billing_address_zipcode": "17543", "billing_address": {"city": "Lititz"}},
    ],
)
def test_nested_and_flat_and_any_spelling_are_one(record: dict[str, Any]) -> None:
    out = Mapper("orders").convert(record)
    assert out.value == {"orderNumber": "7", "billingAddress": {"city": "Lititz", "zipCode": "17543"}}
    assert out.bad == []


def test_flat_columns_reach_objects_inside_objects_and_the_rows_own_item() -> None:
    out = Mapper("orders").convert(
        {
            "order_number": "7",
            "customer_loyalty_available_points": "12",
            "customer_address_city": "Lititz",
            "item_total": "30",
            "item_sku": "A",
            "item_quantity": 2.0,
            "item_item_total": "19.98",
            "item_discount_total": 1,
            "item_status": "shipped",
        }
    )
    assert out.value == {
        "orderNumber": "7",
        "itemTotal": 30,  # the order's own subtotal has this very name
        "customer": {"loyalty": {"availablePoints": 12}, "address": {"city": "Lititz"}},
    }
    assert out.item == {
        "sku": "A",
        "quantity": 2,
        "itemTotal": 19.98,
        "itemDiscountTotal": 1,
        "status": "Shipped",
    }


def test_no_spelling_of_a_property_hides_another() -> None:
    """Every property of every object can be reached by a flat column of its full name."""
    for kind in KINDS:
        mapper = Mapper(kind)

        def check(model: Model, path: tuple[str, ...], mapper: Mapper = mapper) -> None:
            for name, property_ in model.properties.items():
                step = mapper.step("_".join((*path, name)))
                assert step is not None
                assert step[0] == (*path, name)
                if property_.type == "object":
                    assert property_.model
                    check(property_.model, (*path, name))

        check(KINDS[kind].model, ())


def test_date_times_become_eastern_time_and_calendar_dates_stay() -> None:
    out = Mapper("orders").convert(
        {
            "order_number": "7",
            "date_entered": "2026-07-01T03:30:00Z",
            "ship_date": "2026-01-15T12:00:00",
            "customer_birthday": "1990-05-01T00:00:00Z",
            "customer_loyalty_enroll_date": dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC),
        }
    )
    assert out.value == {
        "orderNumber": "7",
        "dateEntered": "2026-06-30T23:30:00",
        "shipDate": "2026-01-15T12:00:00",
        "customer": {
            "birthday": "1990-05-01T00:00:00",
            "loyalty": {"enrollDate": "2026-01-01T07:00:00"},
        },
    }


MOMENTS = st.datetimes(
    min_value=dt.datetime(1900, 1, 2),  # noqa: DTZ001  drawn in UTC
    max_value=dt.datetime(9999, 12, 30),  # noqa: DTZ001  drawn in UTC
    timezones=st.just(dt.UTC),
).filter(lambda one: one != dt.datetime(1970, 1, 1, tzinfo=dt.UTC))
"""Times, but for those that mean no date."""


@given(MOMENTS)
def test_an_instant_stays_the_same_instant(moment: dt.datetime) -> None:
    for given_value in (moment, moment.isoformat(), moment.isoformat().replace("+00:00", "Z")):
        sent = Mapper("orders").convert({"date_entered": given_value}).value["dateEntered"]
        local = dt.datetime.fromisoformat(sent)
        assert local.tzinfo is None
        if moment.time() == dt.time():  # a calendar day
            assert local == moment.replace(tzinfo=None)
            continue
        eastern = find_zone("America/New_York")
        folds = {local.replace(tzinfo=eastern, fold=fold).astimezone(dt.UTC) for fold in (0, 1)}
        assert moment in folds


def test_date_times_are_sent_in_the_zone_that_is_set() -> None:
    mapper = Mapper("orders", zone=find_zone("America/Los_Angeles"))
    sent = mapper.convert({"date_entered": "2026-07-01T03:30:00Z", "ship_date": "2026-01-15T12:00:00"}).value
    assert sent == {"dateEntered": "2026-06-30T20:30:00", "shipDate": "2026-01-15T12:00:00"}


@pytest.mark.parametrize(
    ("kind", "record", "path", "code"),
    [
        ("orders", {"status": "lost"}, "status", "not_a_choice"),
        ("orders", {"order_total": "12 dollars"}, "orderTotal", "not_a_number"),
        ("orders", {"coupon_code": "x" * 33}, "couponCode", "too_long"),
        ("orders", {"items": "two"}, "items", "not_an_array"),
        ("orders", {"items": [1]}, "items", "not_an_array"),
        ("orders", {"items": [{"sku": "A", "quantity": 1.5}]}, "items[0].quantity", "not_a_whole_number"),
        ("orders", {"customer": "Jo"}, "customer", "not_an_object"),
        ("orders", {"item_quantity": 2**31}, "quantity", "number_too_large"),
        ("orders", {"date_entered": "yesterday"}, "dateEntered", "not_a_date"),
        ("products", {"in_stock": "perhaps"}, "inStock", "not_a_boolean"),
        ("customers", {"first_name": {"a": 1}}, "firstName", "not_a_text"),
        ("reviews", {"ratings": [{"rating_value": "five"}]}, "ratings[0].ratingValue", "not_a_number"),
    ],
)
def test_a_bad_value_is_named_by_its_path_and_left_out(
    kind: str, record: dict[str, Any], path: str, code: str
) -> None:
    for clear_nulls in (False, True):
        out = Mapper(kind, clear_nulls=clear_nulls).convert(record)
        assert [(bad.path, bad.bad.code) for bad in out.bad] == [(path, code)]
        assert "lost" not in out.bad[0].bad.reason
        assert out.value in ({}, {"items": [{"sku": "A"}]})


def test_absent_and_null_and_blank_are_not_sent_unless_nulls_clear() -> None:
    record = {"sku": "A", "title": None, "brand": "", "color": "  ", "price": None, "related_products": None}
    assert Mapper("products").convert(record).value == {"sku": "A"}
    assert Mapper("products", clear_nulls=True).convert(record).value == {
        "sku": "A",
        "title": None,
        "brand": None,
        "color": None,
        "price": None,
        "relatedProducts": None,
    }


def test_a_value_that_does_not_fit_never_clears_the_one_that_is_there() -> None:
    out = Mapper("products", clear_nulls=True).convert({"sku": "A", "price": "cheap", "title": None})
    assert out.value == {"sku": "A", "title": None}


def test_lists_of_tags_are_comma_separated() -> None:
    out = Mapper("products").convert({"sku": "A", "tags": ["red", "wool"]})
    assert out.value["tags"] == "red,wool"


def test_unknown_properties_are_noted_by_name_and_never_sent() -> None:
    mapper = Mapper("orders")
    out = mapper.convert(
        {
            "order_number": "7",
            "colour": "x",
            "items": [{"sku": "A", "gift": 1}, {"gift": 2}],
            "_sdc_sequence": 1,
        }
    )
    assert out.value == {"orderNumber": "7", "items": [{"sku": "A"}]}
    assert mapper.unknown == {"colour", "items.gift"}


def test_chosen_properties_go_where_the_settings_say() -> None:
    mapper = Mapper("customers", {"town": "address.city", "Id": "customer_number"})
    assert mapper.convert({"town": "Lititz", "Id": 5, "first_name": "not chosen"}).value == {
        "address": {"city": "Lititz"},
        "customerNumber": "5",
    }
    assert mapper.unknown == set()
    with pytest.raises(LookupError, match="Customer has no property 'Shoe Size'"):
        Mapper("customers", {"x": "Shoe Size"})


@pytest.mark.parametrize(
    ("kind", "value", "key"),
    [
        ("customers", {"customerNumber": "5", "email": "jo@example.com"}, ("customerNumber", "5")),
        ("customers", {"email": "Jo@Example.com"}, ("email", "jo@example.com")),
        ("orders", {"orderNumber": "7"}, ("orderNumber", "7")),
        ("reviews", {"provider": "p", "providerReviewID": "1"}, ("provider", "providerReviewID", "p", "1")),
        ("rating_summaries", {"providerProductID": "9"}, ("providerProductID", "9")),
    ],
)
def test_keys_tell_objects_apart(kind: str, value: dict[str, Any], key: tuple[str, ...]) -> None:
    assert Mapper(kind).key(value) == key


def test_what_is_required_is_named() -> None:
    mapper = Mapper("orders")
    bad = mapper.key({"status": "Shipped"})
    assert not isinstance(bad, tuple)
    assert bad.path == "orderNumber"
    assert [found.path for found in mapper.missing({"orderNumber": "7", "items": [{"sku": "A"}]})] == [
        "items[0].orderNumber"
    ]
    bad = Mapper("customers").key({})
    assert not isinstance(bad, tuple)
    assert bad.path == "customerNumber or email"
    assert {found.path for found in Mapper("reviews").missing({})} == {
        "featured",
        "provider",
        "providerProductID",
        "providerReviewID",
        "recommended",
        "title",
    }


def test_later_rows_of_a_key_win_property_by_property() -> None:
    old = {"a": 1, "b": {"x": 1, "y": 2}, "items": [1]}
    assert merge(old, {"a": 2, "b": {"y": 3}, "items": [2]}) == {"a": 2, "b": {"x": 1, "y": 3}, "items": [2]}
    assert old == {"a": 1, "b": {"x": 1, "y": 2}, "items": [1]}


@st.composite
def records(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    kind = draw(st.sampled_from(sorted(KINDS)))
    names = st.sampled_from(FLAT_COLUMNS[kind]) | st.text(max_size=8)
    return kind, draw(st.dictionaries(names, JSON, max_size=8))


@given(records(), st.booleans())
def test_whatever_comes_in_only_what_the_model_allows_goes_out(
    drawn: tuple[str, dict[str, Any]],
    clear_nulls: bool,  # noqa: FBT001  a drawn value, no switch
) -> None:
    kind, record = drawn
    mapper = Mapper(kind, clear_nulls=clear_nulls)
    out = mapper.convert(record)

    def check(model: Model, value: dict[str, Any]) -> None:
        for name, inner in value.items():
            property_ = model.properties[name]
            if inner is None:
                assert clear_nulls
            elif property_.type == "object":
                assert property_.model
                check(property_.model, inner)
            elif property_.type == "objects":
                assert property_.model
                assert inner
                for one in inner:
                    check(property_.model, one)
            else:
                types = {"whole": int, "number": (int, float), "yes_no": bool}.get(property_.type, str)
                assert isinstance(inner, types)
                assert property_.max_length is None or len(inner) <= property_.max_length
                assert not property_.choices or inner in property_.choices

    check(KINDS[kind].model, out.value)
    json.dumps(out.value, allow_nan=False).encode()
    columns = {name for name in record if mapper.step(name) is None and not name.startswith("_sdc_")}
    assert columns <= mapper.unknown
    # What was sent, read back by anybody, is sent the same again.
    assert Mapper(kind, clear_nulls=clear_nulls).convert(out.value).value == out.value


@given(st.text())
def test_plain_names_are_stable(name: str) -> None:
    assert plain_name(plain_name(name)) == plain_name(name)
