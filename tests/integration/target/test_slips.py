"""A slip in a setting never runs: it is an error before the first request, and names what was meant.

``LISTRAK_SLIPS`` (3) misspellings are tried of each name; 0 tries all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from edits import misspellings
from target_runs import Runs, record, schema

from listrak_api.errors import ConfigurationError
from listrak_singer.suggestions import distance
from target_listrak.config.destination_options import OPTIONS
from target_listrak.config.kind_options import OPTIONS_BY_KIND, REQUIRED
from target_listrak.target import TargetListrak

if TYPE_CHECKING:
    from collections.abc import Iterable

TargetListrak.append_builtin_config(TargetListrak.config_jsonschema)
SETTINGS = TargetListrak.config_jsonschema["properties"]
LIST = {"kind": "email_list", "list": "Newsletter"}
VALUES: dict[type, Any] = {str: "some_text", int: 5, float: 0.5, bool: True, list: [5], dict: {"a": "b"}}


def refused(config: dict[str, Any], *, env: bool = False) -> str:
    """What the target says to settings that it must not run with."""
    with pytest.raises(ConfigurationError) as caught:
        TargetListrak(config=config, parse_env_config=env)
    return str(caught.value)


def names_the_nearest(said: str, slip: str, known: Iterable[str]) -> bool:
    """Whether the text suggests a name that is one edit away from the slip."""
    suggested = said.partition("id you mean ")[2].split("'")[1]
    return suggested in set(known) and distance(slip.lower(), suggested.lower()) == 1


def asked_nothing(runs: Runs) -> bool:
    return int(runs.sandbox.requests()["total"]) == 0


def test_T8_every_misspelt_setting_is_an_error_before_the_first_request_that_names_the_nearest(
    runs: Runs,
) -> None:
    runs.sandbox.forget_requests()
    for name in SETTINGS:
        config = runs.config({"people": LIST})
        value = config.pop(name, True)
        for slip in misspellings(name, SETTINGS):
            said = refused({**config, slip: value})
            line = next(one for one in said.splitlines() if repr(slip) in one)
            assert names_the_nearest(line, slip, SETTINGS), line
    assert asked_nothing(runs)


@pytest.mark.parametrize("env", [True, False])
def test_T8_every_misspelt_variable_is_an_error_before_the_first_request(
    runs: Runs,
    monkeypatch: pytest.MonkeyPatch,
    env: bool,  # noqa: FBT001 - pytest fills it in
) -> None:
    """Also where Meltano reads the variables, and the target a config file."""
    if not env:
        monkeypatch.setenv("MELTANO_PROJECT_ROOT", "/project")
    runs.sandbox.forget_requests()
    for name in SETTINGS:
        right = f"TARGET_LISTRAK_{name.upper()}"
        variables = [f"TARGET_LISTRAK_{one.upper()}" for one in SETTINGS]
        for slip in {one.upper() for one in misspellings(right, variables)} - {right}:
            with monkeypatch.context() as patched:
                patched.setenv(slip, "true")
                said = refused(runs.config({"people": LIST}), env=env)
            line = next(one for one in said.splitlines() if slip in one)
            assert names_the_nearest(line, slip, variables), line
    assert asked_nothing(runs)


@pytest.mark.parametrize("kind", OPTIONS_BY_KIND)
def test_T8_every_misspelt_option_is_an_error_before_the_first_request_that_names_the_nearest(
    runs: Runs, kind: str
) -> None:
    runs.sandbox.forget_requests()
    known = ("kind", *OPTIONS_BY_KIND[kind])
    whole = {"kind": kind, **{name: VALUES[OPTIONS[name].types[0]] for name in REQUIRED.get(kind, ())}}
    for name in known:
        value = kind if name == "kind" else VALUES[OPTIONS[name].types[0]]
        rest = {one: given for one, given in whole.items() if one != name}
        for slip in misspellings(name, (*OPTIONS, "kind")):
            said = refused(runs.config({"people": {**rest, slip: value}}))
            assert f"destinations.people.{slip}" in said
            assert names_the_nearest(said, slip, known), said
    assert asked_nothing(runs)


@pytest.mark.parametrize("kind", OPTIONS_BY_KIND)
def test_T8_every_misspelt_kind_is_an_error_that_names_the_nearest(runs: Runs, kind: str) -> None:
    for slip in misspellings(kind, OPTIONS_BY_KIND):
        said = refused(runs.config({"people": {"kind": slip}}))
        assert names_the_nearest(said, slip, OPTIONS_BY_KIND), said


@pytest.mark.parametrize("word", ["y", "n", "maybe", "tru", "2", "[true]"])
@pytest.mark.parametrize("env", [True, False])
def test_T8_a_boolean_that_is_none_is_an_error_and_nobody_is_subscribed(
    runs: Runs,
    monkeypatch: pytest.MonkeyPatch,
    word: str,
    env: bool,  # noqa: FBT001 - pytest fills it in
) -> None:
    runs.sandbox.forget_requests()
    config = runs.config({"people": LIST})
    if env:
        monkeypatch.setenv("TARGET_LISTRAK_DRY_RUN", word)
    else:
        config["dry_run"] = word
    said = refused(config, env=env)
    assert ("TARGET_LISTRAK_DRY_RUN" if env else "dry_run") in said
    assert "true, false" in said
    assert asked_nothing(runs)


@pytest.mark.parametrize(("word", "dry"), [("TRUE", True), ("1", True), ("no", False), ("Off", False)])
def test_T8_the_words_for_true_and_false_mean_what_they_say(
    runs: Runs,
    word: str,
    dry: bool,  # noqa: FBT001 - pytest fills it in
) -> None:
    assert TargetListrak(config=runs.config({"people": LIST}, dry_run=word)).run.dry_run is dry


def test_T8_a_dry_run_that_only_the_environment_asks_for_does_not_run_for_real(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable is read with ``--config=ENV`` only, or by Meltano."""
    monkeypatch.setenv("TARGET_LISTRAK_DRY_RUN", "true")
    assert "--config=ENV" in refused(runs.config({"people": LIST}))
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", "/project")
    TargetListrak(config=runs.config({"people": LIST}))


def test_variables_that_meltano_sets_are_no_slips(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Meltano 4.4 exports them, for a plugin that inherits from this one too."""
    for variable in (
        "MELTANO_PROJECT_ROOT",
        "TARGET_LISTRAK__DIALECT",
        "TARGET_LISTRAK__LOG_PARSER",
        "TARGET_LISTRAK_DESTINATIONS_CUSTOMERS_KIND",
        "TARGET_LISTRAK_VIPS_CLIENT_ID",
        "TARGET_LISTRAK_VIPS_DESTINATIONS_CUSTOMERS_KIND",
        "TARGET_LISTRAK_VIPS__LOG_PARSER",
        "TARGET_LISTRAK__B_DRY_RUN",
        "TARGET_LISTRAK__B__DIALECT",
        "TARGET_LISTRAK_LOGLEVEL",
    ):
        monkeypatch.setenv(variable, "info")
    monkeypatch.setenv("MELTANO_LOADER_NAME", "target-listrak-vips")
    TargetListrak(config=runs.config({"people": LIST}))
    monkeypatch.setenv("TARGET_LISTRAK_VIPS_DRYRUN", "true")
    assert "TARGET_LISTRAK_VIPS_DRYRUN" in refused(runs.config({"people": LIST}))


@pytest.mark.parametrize("setting", ["load_method", "add_record_metadata", "faker_config"])
def test_T29_settings_of_the_sdk_that_do_nothing_are_not_offered_and_an_error_where_they_are_given(
    runs: Runs, setting: str
) -> None:
    assert setting not in SETTINGS
    for value in ("overwrite", True, {}):
        said = refused(runs.config({"people": LIST}, **{setting: value}))
        assert f"{setting!r} has no effect here: " in said


# What a stream's SCHEMA does not have

PEOPLE = schema("people", "email", "first_name", "crm_id", "phone")
ROWS = [PEOPLE, record("people", email="ada@example.org", first_name="Ada", crm_id="7")]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"fields": {"Points": "crm_id"}}, ["fields.Points", "not the other way round"]),
        ({"fields": {"frist_name": "First Name"}}, ["fields.frist_name", "Did you mean 'first_name'?"]),
        ({"external_id": "crm_idd"}, ["external_id", "'crm_idd'", "Did you mean 'crm_id'?"]),
        ({"new_email": "emial"}, ["new_email", "Did you mean 'email'?"]),
        ({"email": "emal"}, ["email", "'emal'"]),
        ({"delete_markers": ["crm_idd"]}, ["delete_markers", "Did you mean 'crm_id'?"]),
        ({"delete_markers": {"phoen": ["gone"]}}, ["delete_markers", "Did you mean 'phone'?"]),
        ({"list": None, "list_from": "lst"}, ["list_from", "'lst'"]),
        ({"fields": {"first_name": "Frist Name"}}, ["fields.first_name", "First Name"]),
        (
            {"fields": {"first_name": "First Name", "crm_id": 1007}},
            ["'first_name' and 'crm_id' both go to", "First Name"],
        ),
    ],
)
def test_T11_a_property_that_the_stream_does_not_have_is_an_error_that_lists_those_it_has(
    runs: Runs, options: dict[str, Any], words: list[str]
) -> None:
    outcome = runs.run(ROWS, {"people": {**LIST, **options}})
    assert isinstance(outcome.error, ConfigurationError)
    for word in ("destinations.people", *words):
        assert word in str(outcome.error)
    if "has no property" in str(outcome.error):
        assert "It has: email, first_name, crm_id, phone." in str(outcome.error)
    assert runs.imports() == []


@pytest.mark.parametrize(
    ("kind", "option"),
    [(kind, one) for kind in OPTIONS_BY_KIND for one in OPTIONS_BY_KIND[kind] if OPTIONS[one].names_property],
)
def test_T11_every_option_that_names_a_property_is_compared_with_the_schema(kind: str, option: str) -> None:
    entry = {
        "list": "Newsletter",
        "field": 1124,
        "sender_code": 1,
        "phone_list": 1,
        "field_values": "crm_id",
        "field_group": 1,
        "message": 1,
    }
    needed: dict[str, object] = {
        name: value for name, value in entry.items() if name in REQUIRED.get(kind, ())
    }
    if "list_from" in OPTIONS_BY_KIND[kind] and option != "list_from":
        needed["list"] = "Newsletter"
    for permission in {"allow_sending", "allow_forget"} & {*OPTIONS_BY_KIND[kind]}:
        needed[permission] = True
    if kind in {"email_events", "custom_events"} and option != "event_from":
        needed["event"] = "Welcome"
    if kind == "audience" and option != "field_from":
        needed["field"] = 1124
    if kind == "audience" and option == "subscribed":
        needed["subscribe"] = True
    if kind == "profile_fields" and option in {"member", "member_from"}:
        needed["field_values"] = "crm_id"
    if option == "event_date":
        needed["max_age_days"] = 1
    from target_listrak.config.destinations import Destinations  # noqa: PLC0415 - what the loaders are given
    from target_listrak.config.property_names import check_property_names  # noqa: PLC0415

    (one,) = Destinations({"people": {"kind": kind, **needed, option: "crm_idd"}}).all
    with pytest.raises(ConfigurationError, match=f"destinations.people.{option}: .*'crm_idd'"):
        check_property_names(one, "people", PEOPLE["schema"])
    (one,) = Destinations({"people": {"kind": kind, **needed, option: "crm_id.inner"}}).all
    check_property_names(one, "people", PEOPLE["schema"])


@pytest.mark.parametrize(
    ("names", "options", "words"),
    [
        (["status"], {}, ["property 'status'", "2 profile fields", "Customer.Status"]),
        (["hat_size"], {"create_missing": True}, ["field_group", "'hat_size' needs a group"]),
        (
            ["hat_size"],
            {"create_missing": True, "fields": {"hat_size": "Hat Size"}},
            ["field_group", "'Hat Size' needs a group", "write Group.Field"],
        ),
    ],
)
def test_T11_a_property_whose_field_cannot_be_told_is_an_error_that_says_what_to_set(
    runs: Runs, names: list[str], options: dict[str, Any], words: list[str]
) -> None:
    messages = [schema("people", "email", *names), record("people", email="a@b.test")]
    outcome = runs.run(messages, {"people": {**LIST, **options}})
    assert isinstance(outcome.error, ConfigurationError)
    for word in words:
        assert word in str(outcome.error)
    assert runs.imports() == []


def test_T11_invisible_characters_in_a_property_s_name_are_shown(runs: Runs) -> None:
    head = schema("people", "\ufeffmail", "email")
    outcome = runs.run([head], {"people": {**LIST, "external_id": "nothing"}})
    assert r"\ufeffmail" in str(outcome.error)


@pytest.mark.parametrize(
    ("destination", "head"),
    [
        ({"kind": "profile_fields", "list": "Newsletter"}, schema("people", "email", "nothing_like_a_field")),
        ({"kind": "orders"}, schema("people", "zebra")),
        ({"kind": "customers"}, schema("people", "zebra")),
        ({"kind": "profile_fields", "list_from": "to"}, schema("people", "email", "to", "zebra")),
    ],
)
def test_T20_a_destination_of_which_nothing_can_be_written_is_an_error_before_anything_is_sent(
    runs: Runs, destination: dict[str, Any], head: dict[str, Any]
) -> None:
    row = record("people", email="ada@example.org", nothing_like_a_field="1", to="Newsletter", zebra="z")
    outcome = runs.run([head, row], {"people": destination})
    assert isinstance(outcome.error, ConfigurationError), outcome.error
    assert "nothing can be written" in str(outcome.error)
    assert "zebra" in str(outcome.error) or "nothing_like_a_field" in str(outcome.error)
    assert runs.imports() == []


# Stream maps

TWO = [
    PEOPLE,
    schema("p", "email"),
    record("people", email="ada@example.org"),
    record("p", email="bob@example.org"),
]


@pytest.mark.parametrize("null", [None, "__NULL__"])
def test_T21_a_stream_that_a_map_removes_needs_no_destination(runs: Runs, null: object) -> None:
    outcome = runs.good(TWO, {"people": LIST}, stream_maps={"p": null})
    assert outcome.figures[:2] == (1, 1)
    outcome = runs.good(TWO, {"people": LIST}, stream_maps={"people": {}, "__else__": null})
    assert outcome.figures[0] == 1


def test_T21_an_alias_and_a_copy_go_where_their_new_names_say(runs: Runs) -> None:
    maps = {"p": {"__alias__": "'people_b'"}, "copy": {"__source__": "people", "email": "email"}}
    destinations = {"people*": LIST, "copy": {**LIST, "list": "Outlet & Sale"}}
    outcome = runs.good(TWO, destinations, stream_maps=maps)
    assert set(outcome.tallies) == {"people", "people_b", "copy"}
    assert all(one.read == 1 for one in outcome.tallies.values())
