"""The person of a record, for kinds that take an email address, a phone number, or both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_listrak.config.property_names import EMAIL_NAMES, PHONE_NAMES, property_like
from target_listrak.outcomes import Rejected, RowRejected
from target_listrak.values import phones
from target_listrak.values.addresses import parse
from target_listrak.values.characters import escaped
from target_listrak.values.invalid_value import InvalidValue
from target_listrak.values.plain import plain_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_listrak.delivery.loader import Delivery

__all__ = ["identifier_properties", "identifiers_of"]


def identifier_properties(delivery: Delivery, schema: Mapping[str, Any]) -> dict[str, str]:
    """Find the properties that hold the address and the number of a record's person.

    Args:
        delivery: The stream and its destination. If it sets `email` or `phone`, only those count.
        schema: The stream's schema.

    Returns:
        The properties, by `email` and `phone`; at least one of the two.

    Raises:
        ConfigurationError: The stream has neither.
    """
    options = delivery.destination.options
    common_names = {"email": EMAIL_NAMES, "phone": PHONE_NAMES}
    found = {option: options[option] for option in common_names if option in options}
    if not found:
        matches = {option: property_like(schema, names) for option, names in common_names.items()}
        found = {option: name for option, name in matches.items() if name is not None}
    if not found:
        names = ", ".join(map(escaped, schema.get("properties") or {})) or "none"
        text = f"no property of stream {delivery.stream!r} is named like an email address or a phone number"
        hint = f"Name the property in email or phone. It has: {names}."
        raise delivery.destination.error("email", text, hint)
    return found


def identifiers_of(
    record: Mapping[str, Any], properties: Mapping[str, str], config: Mapping[str, Any]
) -> dict[str, str]:
    """Read the address and the number of a record's person.

    Args:
        record: The record.
        properties: What `identifier_properties` found.
        config: The settings: `default_country` and `phone_digits`.

    Returns:
        The values, by `email` and `phone`, as far as the record has them: the address, and the number as
        digits with country code.

    Raises:
        RowRejected: One of them is wrong, or there is neither.
    """
    found = {}
    for kind, name in properties.items():
        cell = record.get(name)
        if not isinstance(cell, list | dict) and not plain_value(cell):
            continue
        value = _address(cell) if kind == "email" else _number(cell, config)
        if isinstance(value, InvalidValue):
            raise RowRejected(Rejected.of(value, name))
        found[kind] = value
    if not found:
        names = " or ".join(properties.values())
        raise RowRejected(Rejected("no_identifier", f"{names}: expected an address or a number"))
    return found


def _address(cell: object) -> str | InvalidValue:
    address = parse(cell)
    return address if isinstance(address, InvalidValue) else address.sent


def _number(cell: object, config: Mapping[str, Any]) -> str | InvalidValue:
    international = config["phone_digits"] == "international"
    return phones.canonical(cell, config["default_country"], international=international)
