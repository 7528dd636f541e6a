"""SMS profile fields: which field a property goes to, and what is wrong with the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sms_world import CLUB, STREAM, SmsWorld, destination, new_numbers
from target_runs import record, schema

from listrak_api.errors import ConfigurationError

if TYPE_CHECKING:
    from target_runs import Runs


def load(runs: Runs, values: dict[str, Any], **options: object) -> Any:  # noqa: ANN401 - an outcome
    (number,) = new_numbers(1)
    head = schema(STREAM, "phone", *values)
    row = record(STREAM, phone=number, **values)
    outcome = runs.run([head, row], destination(**options))
    assert outcome.error is not None or SmsWorld(runs).state(number, CLUB) == "Subscribed"
    return outcome


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"tier": "Loyalty Teir"}, ["fields.tier", "'Loyalty Teir'", "System fields: "]),
        ({"tier": "Legacy Segment"}, ["fields.tier", "'Legacy Segment' is disabled in Listrak"]),
        ({"tier": "Loyalty Tier", "loyalty_tier": "Loyalty Tier"}, ["go to one field", "only one"]),
    ],
)
def test_T11_a_field_that_cannot_be_written_is_an_error_before_anything_is_sent(
    runs: Runs, fields: dict[str, str], words: list[str]
) -> None:
    outcome = load(runs, dict.fromkeys(("tier", *fields), "x"), fields=fields)
    assert isinstance(outcome.error, ConfigurationError)
    for word in words:
        assert word in str(outcome.error)
    assert runs.sandbox.written()["sms"]["calls"] == []


def test_T11_two_properties_called_like_one_field_are_an_error(runs: Runs) -> None:
    outcome = load(runs, {"first_name": "Ada", "FirstName": "Bo"})
    assert isinstance(outcome.error, ConfigurationError)
    assert "'first_name' and 'FirstName' both go to" in str(outcome.error)
    assert "Name each property's field in `fields`" in str(outcome.error)


def test_a_property_called_like_a_disabled_field_is_not_sent_and_the_log_says_so(
    runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    outcome = load(runs, {"legacy_segment": "gold", "loyalty_tier": "Gold"})
    assert outcome.error is None
    assert "Profile field Legacy Segment is disabled in Listrak; its values are not sent" in caplog.text


@pytest.mark.parametrize("name", ["first name", "First Name"])
def test_a_system_field_can_be_named(runs: Runs, name: str) -> None:
    (number,) = new_numbers(1)
    messages = [schema(STREAM, "phone", "given"), record(STREAM, phone=number, given="Ada")]
    runs.good(messages, destination(fields={"given": name}))
    assert SmsWorld(runs).stored(number)["firstName"] == "Ada"


def test_a_default_country_that_does_not_exist_is_an_error(runs: Runs) -> None:
    (number,) = new_numbers(1)
    messages = [schema(STREAM, "phone"), record(STREAM, phone=number)]
    outcome = runs.run(messages, destination(), default_country="ZZ")
    assert isinstance(outcome.error, ConfigurationError)
    assert "default_country is 'ZZ', which is not a country code" in str(outcome.error)
