"""The environment variables of a plugin: which setting each one sets, and which of them are unknown.

A variable is the plugin's prefix and the setting's name: `TARGET_LISTRAK_DRY_RUN`. Meltano sets more
variables with the same prefix: its own extras (`TAP_LISTRAK__SELECT`), members of objects
(`TARGET_LISTRAK_DESTINATIONS_CUSTOMERS_KIND`), and the settings of plugins that inherit from this one
(`TARGET_LISTRAK_VIPS_DRY_RUN` of `target-listrak-vips`).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from dotenv import find_dotenv, load_dotenv

from listrak_api.errors import ConfigurationError
from listrak_singer.coercion import json_types
from listrak_singer.suggestions import distance

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["inside_meltano", "load_env_file", "setting_texts", "unknown_variables"]

_OF_THE_SDK = {"loglevel"}
"""What the SDK reads in addition to settings: `TAP_LISTRAK_LOGLEVEL`."""


def inside_meltano(environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether Meltano started this process."""
    return "MELTANO_PROJECT_ROOT" in environ


def load_env_file() -> None:
    """Load the file .env of this folder or the nearest one above it. Variables that are set are not replaced.

    In the SDK .env takes precedence, so that the test of the credentials (`meltano invoke tap-listrak:test`)
    used others than the run.

    Raises:
        ConfigurationError: The file cannot be read.
    """
    path = find_dotenv(usecwd=True)
    if not path:
        return
    try:
        load_dotenv(path, override=False)
    except (OSError, ValueError) as error:  # UnicodeDecodeError is a ValueError
        reason = getattr(error, "strerror", None) or "it is not a text file in UTF-8"
        message = f"the file {path} cannot be read: {reason}"
        raise ConfigurationError(message, setting="config") from None


def setting_texts(prefix: str, properties: Mapping[str, Any]) -> dict[str, str]:
    """Return the text of each setting whose variable is set and not blank."""
    texts = {name: os.environ.get(prefix + name.upper(), "") for name in properties}
    return {name: text for name, text in texts.items() if text.strip()}


def unknown_variables(prefix: str, properties: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables of a plugin that are not settings, and the part of each behind the prefix.

    Args:
        prefix: The plugin's: `TARGET_LISTRAK_`.
        properties: The config schema's properties.

    Returns:
        From the variable to the name in it, in lower case. It is not the name of a setting, or the prefix is
        misspelt.
    """
    found = {}
    own = _own_prefix(prefix)
    for variable, text in os.environ.items():
        upper = variable.upper()
        if not text.strip():
            continue
        if not upper.startswith(prefix):
            if (name := _behind_a_wrong_prefix(upper, prefix, properties)) is not None:
                found[variable] = name
            continue
        inherited = upper.startswith(own)
        name = upper.removeprefix(own if inherited else prefix).lower()
        exact = variable == upper
        if exact and (name in properties or name in _OF_THE_SDK or _is_set_by_meltano(name, properties)):
            continue
        found[variable] = name
    return found


def _behind_a_wrong_prefix(variable: str, prefix: str, properties: Mapping[str, Any]) -> str | None:
    """Return the setting of a variable whose prefix is misspelt (`TARGET_LISTRK_DRY_RUN`)."""
    for end in range(len(prefix) - 1, len(prefix) + 2):
        name = variable[end:].lower()
        if name in properties and distance(variable[:end], prefix) == 1:
            return name
    # The last underscore and the next letter are swapped: TARGET_LISTRAKD_RY_RUN.
    last = len(prefix) - 1
    swapped = variable[:last] + variable[last : last + 2][::-1] + variable[last + 2 :]
    name = swapped.removeprefix(prefix).lower()
    return name if swapped.startswith(prefix) and name in properties else None


def _own_prefix(prefix: str) -> str:
    """Return the prefix of the plugin's name in Meltano. It is longer if a plugin inherits from this one."""
    names = (os.environ.get(f"MELTANO_{kind}_NAME", "") for kind in ("EXTRACTOR", "LOADER"))
    prefixes = (f"{name.upper().replace('-', '_')}_" for name in names)
    return next((one for one in prefixes if one.startswith(prefix)), prefix)


def _is_set_by_meltano(name: str, properties: Mapping[str, Any]) -> bool:
    """Return whether a variable is one that Meltano adds, and not a misspelt setting."""
    body = name.strip("_")
    similar = (
        (one, known) for one in (name, body) for known in properties if abs(len(one) - len(known)) <= 1
    )
    if any(distance(one, known) <= 1 for one, known in similar):
        return False
    if name.startswith("_"):
        return True
    if not inside_meltano():
        return False
    objects = [known for known, schema in properties.items() if "object" in json_types(schema)]
    return (
        "__" in name
        or any(name.startswith(f"{one}_") or f"_{one}_" in name for one in objects)
        or any(name.endswith(f"_{known}") for known in properties)
    )
