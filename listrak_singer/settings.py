"""How both plugins read their settings: typed and checked, so that no mistake is ignored."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers._classproperty import classproperty
from singer_sdk.plugin_base import JSONSchemaValidator, PluginBase, _ConfigInput

from listrak_api.errors import ConfigurationError
from listrak_api.masking import MASKING
from listrak_singer.coercion import coerced, json_types, kind_of
from listrak_singer.environment import inside_meltano, load_env_file, setting_texts, unknown_variables
from listrak_singer.files import decoded, read_bytes, read_object
from listrak_singer.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    import click
    from jsonschema import ValidationError  # type: ignore[import-untyped]  # the SDK's own dependency

# The SDK logs the expressions of stream maps, and one may compare with an address.
logging.getLogger("singer_sdk.mapper").addFilter(MASKING)

__all__ = ["CheckedSettings", "InvalidSettingsError", "settings_of_missing_libraries"]


def settings_of_missing_libraries() -> dict[str, str]:
    """Return the settings of the SDK whose library is not installed, and why they have no effect."""
    if find_spec("faker") is not None:
        return {}
    return {"faker_config": "the package faker, which gives map expressions `fake`, is not installed"}


class InvalidSettingsError(ConfigurationError, ConfigValidationError):
    """Settings are wrong.

    Args:
        lines: A line for each mistake.
        schema: The config schema.
    """

    def __init__(self, lines: list[str], schema: dict[str, Any]) -> None:
        ConfigurationError.__init__(self, "\n".join(lines), setting="config")
        self.errors = lines
        self.schema = schema


class CheckedSettings(PluginBase):
    """Reads the settings of a plugin from files and the environment, and checks them.

    Attributes:
        unknown_settings_are_errors: Whether an unknown setting is an error. Otherwise it is a warning.
        settings_without_effect: Settings of the SDK that have no effect here, and why.
        settings_never_unread: Settings whose variables may not be ignored: if one is set, `--config=ENV` must
            be given.
    """

    unknown_settings_are_errors: ClassVar[bool] = False
    settings_without_effect: ClassVar[Mapping[str, str]] = {}
    settings_never_unread: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's arguments, passed on as they are
        self._environment_is_read = bool(kwargs.get("parse_env_config"))
        super().__init__(**kwargs)

    @classproperty
    def _env_var_config(cls) -> dict[str, Any]:  # noqa: N805 - the SDK's own hook
        """The settings from variables, as text: the SDK's conversion ends in a stack trace at a mistake."""
        cls.append_builtin_config(cls.config_jsonschema)
        load_env_file()
        return dict(setting_texts(cls._env_var_prefix, cls.config_jsonschema["properties"]))

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Add the SDK's settings, except for those that have no effect here."""
        super().append_builtin_config(config_jsonschema)
        for name in cls.settings_without_effect:
            config_jsonschema["properties"].pop(name, None)

    @classmethod
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> _ConfigInput:  # noqa: ARG003 - the SDK's signature
        """Read the config files as the SDK does, with errors that name the file.

        Raises:
            ConfigurationError: A file cannot be read, or is not a JSON object.
        """
        config: dict[str, Any] = {}
        for path in value:
            if path != "ENV":
                what = f"the config file {path}"
                text = decoded(read_bytes(path, what, "config"), what, "config")
                config |= read_object(text, what, "config")
        return _ConfigInput(config=config, parse_env="ENV" in value)

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Convert text to the type of its setting, then check all settings. Values are never shown.

        Raises:
            InvalidSettingsError: Something is wrong, and `raise_errors` is set.
        """
        self.append_builtin_config(self.config_jsonschema)
        self._config = dict(self._config)  # the caller's object is not changed
        unread = self._unread()  # before the defaults are filled in
        faults = self._coerce()
        errors = list(faults.values())
        for error in JSONSchemaValidator(self.config_jsonschema).iter_errors(self._config):
            name, line = self._explained(error)
            if name not in faults:
                errors.append(line)
        unknown = [*self._unknown(), *unread]
        if self.unknown_settings_are_errors:
            errors = [*unknown, *errors]
        else:
            for line in unknown:
                self.logger.warning("%s", line)
        if errors and raise_errors:
            raise InvalidSettingsError(errors, self.config_jsonschema)
        return errors

    def _coerce(self) -> dict[str, str]:
        """Convert all settings that are text, and remove those without a value.

        Returns:
            A line for each setting whose text cannot be converted, by its name.
        """
        errors = {}
        for name, schema in self.config_jsonschema["properties"].items():
            if name not in self._config:
                continue
            try:
                value = coerced(self._config[name], schema, self._place(name))
            except ConfigurationError as error:
                errors[name] = " ".join(str(error).splitlines())
                del self._config[name]
                continue
            if value is None:
                del self._config[name]
            else:
                self._config[name] = value
        return errors

    def _place(self, name: str) -> str:
        """Return the name of a setting for errors, with its variable if that is set."""
        variable = f"{self._env_var_prefix}{name.upper()}"
        is_set = name in setting_texts(self._env_var_prefix, {name: {}})
        return f"{name} (variable {variable})" if is_set else name

    def _explained(self, error: ValidationError) -> tuple[str, str]:
        """Return the name of the invalid setting, and a line that says what is wrong, without the value."""
        path = [str(one) for one in error.absolute_path]
        rule, limit = error.validator, error.validator_value
        if rule == "required":
            path.append(next(name for name in limit if name not in error.instance))
        where = ".".join([self._place(path[0]), *path[1:]]) if path else "config"
        if rule == "required":
            return path[-1], f"{where} is missing: the setting is required"
        what = f"it breaks the rule `{rule}` of its schema, see --about"
        if rule == "enum":
            what = f"expected one of {', '.join(str(one) for one in limit if one is not None)}"
        elif rule in _BOUNDS:
            what = f"must be {_BOUNDS[rule]} {limit} ({rule})"
        elif rule == "type":
            expected = " or ".join(_TYPE_NAMES.get(one, one) for one in sorted(json_types({"type": limit})))
            what = f"expected {expected}, got {kind_of(error.instance)}"
        # Not "client_secret: …": the masking of secrets in logs would mask what follows.
        return path[0] if path else "", f"{where} is wrong: {what}"

    def _unknown(self) -> list[str]:
        """Return a line for each unknown setting and variable, with the nearest known one."""
        known = self.config_jsonschema["properties"]
        lines = [
            self._unknown_line(f"Unknown setting {name!r}", name, known)
            for name in sorted(set(self._config) - set(known))
        ]
        prefix = self._env_var_prefix
        for variable, name in sorted(unknown_variables(prefix, known).items()):
            lines.append(self._unknown_line(f"Unknown variable {variable}", name, known, prefix))
        return lines

    def _unread(self) -> list[str]:
        """Return a line for each variable that is set and not read, because `--config=ENV` is missing.

        Inside Meltano there are none: it reads the variables itself and passes on their values.
        """
        if self._environment_is_read or inside_meltano():
            return []
        prefix = self._env_var_prefix
        names = set(setting_texts(prefix, self.config_jsonschema["properties"])) & self.settings_never_unread
        return [
            f"Variable {prefix}{name.upper()} is set and would not be read: add --config=ENV, or unset it"
            for name in sorted(names - set(self._config))
        ]

    def _unknown_line(self, what: str, name: str, known: Mapping[str, Any], prefix: str = "") -> str:
        if name in self.settings_without_effect:
            what = what.removeprefix("Unknown ").capitalize() if prefix else f"Setting {name!r}"
            return f"{what} has no effect here: {self.settings_without_effect[name]}"
        found = nearest(name, known)
        if found is None:
            return f"{what}: there is no such setting (see --about)"
        return f"{what}: did you mean {(prefix + found.upper() if prefix else found)!r}?"


_BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
}
_TYPE_NAMES = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "a boolean",
    "array": "an array",
    "object": "an object",
}
