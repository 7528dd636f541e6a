"""What the retail kinds share: how the properties of a stream, and the values of a record, are matched."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from listrak_api.settings import zone_from_config
from target_listrak.channels.retail.mapper import Mapper
from target_listrak.channels.retail.models import KINDS
from target_listrak.channels.retail.order_reading import OrderReading
from target_listrak.config.property_names import nothing_to_write
from target_listrak.delivery.loader import Loader
from target_listrak.outcomes import Fault, Rejected
from target_listrak.values.characters import escaped
from target_listrak.values.keys import as_key
from target_listrak.values.reading import Reading
from target_listrak.values.row_faults import RowFaults, rejection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_listrak.channels.retail.converted import Converted
    from target_listrak.channels.retail.properties import InvalidField
    from target_listrak.channels.retail.spellings import Step
    from target_listrak.config.destination import Destination
    from target_listrak.delivery.loader import Delivery
    from target_listrak.delivery.run import Run
    from target_listrak.tracking.tallies import Row

__all__ = ["NO_ITEM_KEY", "RetailRows", "is_doubtful", "reason_of"]

_DOUBTFUL: Final = "\x1e"
NO_ITEM_KEY: Final = Rejected(
    "no_item_key",
    "rows of the order have the same key properties, one of which has no value that can be a key: whether "
    "they are one item or several is not known. Name key properties that every item has (in a stream map: "
    "__key_properties__)",
)


class RetailRows(Loader):
    """A loader of retail rows: matches properties to Listrak's, and reads values.

    Attributes:
        number_properties: The stream's properties that go to the order number, and whether the name was taken
            for a common one of it.
    """

    @classmethod
    def resolve(cls, run: Run, destination: Destination) -> None:
        """Check that the credentials are there, and the properties that `fields` names. Makes no request."""
        run.connection.client("data")
        _mapper(run, destination)

    def __init__(self, delivery: Delivery, resolved: None) -> None:
        super().__init__(delivery, resolved)
        self._mapper = _mapper(self.run, self.destination)
        self._row_faults = RowFaults(self.destination.option("on_bad_value"))
        self.number_properties: dict[str, bool] = {}
        self._line_keys: list[str] = []

    def match(self, schema: Mapping[str, Any], key_properties: Sequence[str]) -> list[Step]:
        """Match the stream's properties to Listrak's; what matches by a common name is logged once.

        Returns:
            Where the properties go that go anywhere.

        Raises:
            ConfigurationError: None of them matches.
        """
        properties = schema.get("properties") or {}
        matched = self._mapper.learn(schema)
        if matched:
            pairs = ", ".join(f"{escaped(name)} \u2192 {goal}" for name, goal in matched.items())
            self.run.connection.log_once("%s: matched by common names: %s", self.destination.label, pairs)
        if left_out := self._mapper.left_out(properties):
            text = "%s: `fields` names all that is sent; left out, though Listrak has the property: %s"
            self.run.connection.log_once(text, self.destination.label, ", ".join(map(escaped, left_out)))
        found = {name: step for name in properties if (step := self._mapper.step(name))}
        if properties and not found:
            raise nothing_to_write(self.destination, self.stream, properties)
        self.number_properties = {name: name in matched for name, step in found.items() if _is_number(step)}
        steps = ((name, self._mapper.step(name)) for name in key_properties)
        self._line_keys = [name for name, step in steps if step is None or not _is_number(step)]
        return list(found.values())

    def is_data(self, name: str) -> bool:
        """Return whether Listrak has the property: then it is data, such as `deleted` of a review."""
        return self._mapper.step(name) is not None

    @property
    def key_properties(self) -> Sequence[str]:
        """The properties that hold the order number."""
        return list(self.number_properties)

    def place(self, record: Mapping[str, Any], row: Row) -> str:
        """Return what identifies an item in its order: the keys beside the order number, else the row."""
        return self.key_place(record) or str(row.number)

    def key_place(self, record: Mapping[str, Any]) -> str | None:
        """Do what `place` does; return `None` if the stream has no such keys.

        Of a record that lacks one of them the place is doubtful (`is_doubtful`).
        """
        if not self._line_keys:
            return None
        keys = [_line_key(record.get(name)) for name in self._line_keys]
        return ("" if all(keys) else _DOUBTFUL) + "\x1f".join(keys)

    def treat_bad(self, made: Converted) -> None:
        """Treat the values of a record that do not fit as `on_bad_value` says.

        Items that cannot be read are never left out, whatever it says: the order would lose them.
        """
        for one in made.bad:
            self._row_faults.treat(one.path, one.bad)
            if one.needed and not self._row_faults.rejects:
                self._row_faults.reject(one.path, one.bad, "bad_value")

    def remark(self, made: Converted) -> None:
        """Count for the report what was left out of a record."""
        for text in made.remarks:
            self.tracker.remark(text)

    def _log_unknown(self) -> None:
        """Log the properties that Listrak does not have, each once."""
        names = sorted(self._mapper.unknown)
        self._mapper.unknown.clear()
        if names:
            text = "%s: Listrak has no %s property %s; not sent"
            listed = ", ".join(map(escaped, names))
            self.run.connection.log_once(text, self.destination.label, self._mapper.kind.model.name, listed)


def is_doubtful(place: object) -> bool:
    """Return whether an item lacks one of its keys: two such items of one place may be one, or two."""
    return isinstance(place, str) and place.startswith(_DOUBTFUL)


def _line_key(value: object) -> str:
    """Read one of the keys of an item: as other keys, but 1.1 and true are keys too; "" if there is none."""
    key = as_key(value)
    is_other = isinstance(value, bool) or (isinstance(value, float | Decimal) and bool(value % 1))
    return key if isinstance(key, str) else str(value) if is_other else ""


def reason_of(*bad: InvalidField) -> Rejected:
    """Return the rejection of an object for what it lacks."""
    return rejection(bad[0].bad.code, [Fault(one.path, one.bad.code, one.bad.reason) for one in bad])


def _is_number(step: Step) -> bool:
    return not step.of_item and step.path == ("orderNumber",)


def _mapper(run: Run, destination: Destination) -> Mapper:
    """Create the mapper of a destination.

    Raises:
        ConfigurationError: `fields` names a property that Listrak does not have, or `status_values` a status,
            or `timezone` no zone.
    """
    goals = {name: str(goal) for name, goal in destination.field_goals.items()}
    orders = OrderReading.of(destination)
    try:
        return Mapper(
            destination.kind,
            goals,
            by_name=destination.matches_names,
            clear_nulls=destination.clears,
            zone=zone_from_config(run.config),
            reading=Reading.of(destination.options, run.config),
            orders=orders,
        )
    except LookupError as error:
        names = ", ".join(KINDS[destination.kind].model.properties)
        problem = destination.error("fields", str(error.args[0]), f"It has: {names}.")
        raise problem from None
