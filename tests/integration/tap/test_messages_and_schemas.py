"""What every loader relies on: records are what their SCHEMA says, and SCHEMA is what strict loaders take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from listrak_sandbox.testing import RunningSandbox, running_sandbox
from tap_listrak.records.schemas import for_loaders
from tap_listrak.streams import STREAMS
from tap_listrak.tap import TapListrak

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_runs import Extract, Extraction

EVERYTHING: dict[str, Any] = {
    "profile_fields": "all",
    "include_phone_contact_details": True,
    "include_test_messages": True,
    "include_previous_versions": True,
}
MAPS: dict[str, Any] = {
    "contacts": {"address_hash": "md5(emailAddress)", "emailAddress": "__NULL__"},
    "message_details": {"__alias__": "details", "segments": "str(segmentsApplied)"},
    "campaigns": {"campaignId": "campaignId", "listId": "listId", "__else__": "__NULL__"},
    "phone_list_contacts": {"__filter__": "optedOut == False"},
}


@pytest.fixture(scope="module")
def tiny() -> Iterator[RunningSandbox]:
    with running_sandbox(process=True, scale="tiny") as running:
        running.set_clock(frozen=True)
        yield running


def check_records(extraction: Extraction) -> None:
    """Each record has the columns of its SCHEMA, with values of their types."""
    validators = {}
    for message in extraction.messages:
        if message["type"] == "SCHEMA":
            schema = message["schema"]
            validators[message["stream"]] = jsonschema.Draft7Validator(schema)
            assert set(message["key_properties"]) <= schema["properties"].keys()
        elif message["type"] == "RECORD":
            stream, record = message["stream"], message["record"]
            validator = validators[stream]
            assert record.keys() <= validator.schema["properties"].keys(), stream
            problem = next(validator.iter_errors(record), None)
            assert problem is None, (stream, list(problem.path), problem.validator)


FORMS: list[dict[str, Any]] = [
    {},
    {"flattening_enabled": True, "flattening_max_depth": 1},
    {"flattening_enabled": True, "flattening_max_depth": 5},
    {"stream_maps": MAPS},
    {"flattening_enabled": True, "flattening_max_depth": 1, "stream_maps": MAPS},
]


@pytest.mark.parametrize("form", FORMS, ids=[" ".join(form) or "plain" for form in FORMS])
def test_X18_records_have_the_columns_and_types_of_their_schema(
    tiny: RunningSandbox, extract: Extract, form: dict[str, Any]
) -> None:
    every = extract(tiny, streams=[stream.name for stream in STREAMS], **EVERYTHING, **form)
    renamed = {"message_details": "details"} if "stream_maps" in form else {}
    assert every.keys.keys() == {renamed.get(stream.name, stream.name) for stream in STREAMS}
    check_records(every)


NAMES = {stream.name: list(stream.properties.to_dict()["properties"]) for stream in STREAMS}
OBJECTS = {
    name: [key for key, part in stream.properties.to_dict()["properties"].items() if "object" in part["type"]]
    for name, stream in ((stream.name, stream) for stream in STREAMS)
}
VALUES = st.none() | st.text(max_size=3) | st.lists(st.text(max_size=3), max_size=2)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(),
    name=st.sampled_from([name for name, objects in OBJECTS.items() if objects]),
    depth=st.integers(0, 4),
    mapped=st.booleans(),
)
def test_X18_objects_that_are_null_empty_or_unknown_have_no_columns_of_their_own(
    data: st.DataObject, name: str, depth: int, *, mapped: bool
) -> None:
    config: dict[str, Any] = {"flattening_enabled": True, "flattening_max_depth": depth}
    if mapped:
        config["stream_maps"] = {name: {"one_more": "'x'"}}
    tap = TapListrak(config=config, validate_config=False)
    stream: Any = tap.streams[name]
    inner = st.none() | st.dictionaries(
        st.sampled_from(["includedSegments", "excludedSegments", "City", "x"]), VALUES, max_size=3
    )
    record = dict.fromkeys(NAMES[name]) | {key: data.draw(inner) for key in OBJECTS[name]}
    (schema,) = (message.schema for message in stream._generate_schema_messages())
    for message in stream._generate_record_messages(record):
        assert message.record.keys() <= schema["properties"].keys()


def test_X17_schemas_are_what_strict_loaders_take(tiny: RunningSandbox, extract: Extract) -> None:
    every = extract(tiny, streams=[stream.name for stream in STREAMS], **EVERYTHING)
    schemas = {one["stream"]: one["schema"] for one in every.messages if one["type"] == "SCHEMA"}
    assert len(schemas) == len(STREAMS)
    for name, schema in schemas.items():
        assert "$schema" not in schema, name
        for part in parts(schema):
            assert "properties" in part or "object" not in part.get("type", []), name
            jsonschema.Draft4Validator.check_schema(part)
    assert schemas["contacts"]["properties"]["profileFields"]["properties"] == {}


def parts(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    for part in [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]:
        yield from parts(part)


def test_X17_a_schema_keeps_everything_else() -> None:
    schema = TapListrak(config={}, validate_config=False).streams["contacts"].schema
    sent = for_loaders(schema)
    assert "properties" not in schema["properties"]["profileFields"], "flattening would lose the column"
    for name, part in schema["properties"].items():
        assert set(part) <= set(sent["properties"][name])
    assert sent["required"] == schema["required"]
