"""The vendor's specifications, where they lie beside the repository; tests that need them skip elsewhere."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from listrak_sandbox.deviations import DEVIATIONS

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "listrak-api"
APIS = ("email", "sms", "data")
WITHOUT = (
    f"the vendor's specifications are not beside this repository ({FOLDER.parent.name}/{FOLDER.name}/*.json)"
)

needs_specs = pytest.mark.skipif(
    not all((FOLDER / f"{api}.json").is_file() for api in APIS), reason=f"contract not checked: {WITHOUT}"
)


def load(api: str) -> dict[str, Any]:
    """The specification of one API; a path parameter that is spelled in two ways once is the same one."""
    text = (FOLDER / f"{api}.json").read_text("utf-8")
    return dict(json.loads(re.sub(r"(?<![A-Za-z])SenderCodeId", "senderCodeId", text)))


def operations(api: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Operations by method and full path template."""
    spec = load(api)
    return {
        (method.upper(), spec["basePath"] + path): operation
        for path, methods in spec["paths"].items()
        for method, operation in methods.items()
    }


def loosened(api: str) -> dict[str, Any]:
    """A specification in which every property may be null, as the vendor's own examples have it."""
    spec = copy.deepcopy(load(api))
    for model in spec["definitions"].values():
        for name, one in model.get("properties", {}).items():
            known = {"allOf": [one]} if "$ref" in one else one
            model["properties"][name] = {**known, "x-nullable": True}
    return spec


def _in_uri(name: str) -> str:
    """A model's name as it may stand in a reference: ``Collection[List]`` may not."""
    return name.replace("[", "-of-").replace("]", "")


def referable(schema: Any) -> Any:  # noqa: ANN401  any JSON
    """A schema whose references go to the names that `strict_schemas` uses."""
    if isinstance(schema, dict):
        return {
            key: _in_uri(one) if key == "$ref" and isinstance(one, str) else referable(one)
            for key, one in schema.items()
        }
    return [referable(one) for one in schema] if isinstance(schema, list) else schema


def strict_schemas(api: str) -> dict[str, Any]:
    """The models as JSON Schema: null allowed in every property, unknown properties not allowed.

    Collections may carry a ``nextPageCursor`` though they are declared unpaged, as the examples do.
    """
    definitions = copy.deepcopy(load(api)["definitions"])
    for name, model in definitions.items():
        properties = model.get("properties", {})
        if name.startswith("Collection["):
            properties["nextPageCursor"] = {"type": "string"}
        model["properties"] = {key: {"anyOf": [{"type": "null"}, one]} for key, one in properties.items()}
        model["additionalProperties"] = False
    return {"definitions": {_in_uri(name): referable(model) for name, model in definitions.items()}}


DIFFERENT = {(name, one.status): one for one in DEVIATIONS for name in one.operations}
"""Answers that are not as specified, because recordings say otherwise."""


class Models:
    """The models of one API, to check answers against."""

    def __init__(self, api: str) -> None:
        self.operations = operations(api)
        self._schemas = strict_schemas(api)
        self._validators: dict[tuple[str, str, int], Any] = {}

    def documented(self, method: str, template: str, status: int) -> dict[str, Any] | None:
        """The schema of an operation's answer with this status; None where it names none."""
        differs = DIFFERENT.get((f"{method} {template}", status))
        wanted = (differs and differs.as_status) or status
        found = self.operations[method, template]["responses"].get(str(wanted))
        return None if found is None else dict(found["schema"])

    def check(self, method: str, template: str, status: int, found: object) -> None:
        """Fail unless a documented answer is as its model says."""
        differs = DIFFERENT.get((f"{method} {template}", status))
        if differs and differs.enveloped:
            assert isinstance(found, dict)
            assert set(found) == {"status", "data"}
            found = found["data"]
        key = (method, template, (differs and differs.as_status) or status)
        if key not in self._validators:
            documented = self.documented(*key)
            assert documented is not None, f"{method} {template} answered {status}: {found}"
            schema = {**self._schemas, **referable(documented)}
            # Dates have no offset, in the vendor's examples too: their format is not that of JSON Schema.
            self._validators[key] = jsonschema_rs.Draft4Validator(schema, validate_formats=False)
        for error in self._validators[key].iter_errors(found):
            message = f"{method} {template} {status}: {error.instance_path}: {error.message[:300]}"
            raise AssertionError(message)
