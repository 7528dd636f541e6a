"""The data API, ``/data/v1``: five routes that take arrays of retail data, kept by the merchant's keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from listrak_sandbox.clock import text_of
from listrak_sandbox.data import models
from listrak_sandbox.dates import read
from listrak_sandbox.envelope import Answer, created, invalid
from listrak_sandbox.routing import Call, Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    import msgspec

    from listrak_sandbox.sandbox import Sandbox


@dataclass(frozen=True)
class Kind:
    """One kind of data: its route, model, area, and what a row is known by.

    Attributes:
        keys: Properties that identify a row: the first that is given does.
    """

    name: str
    model: type[msgspec.Struct]
    area: str
    keys: tuple[str, ...]


KINDS = (
    Kind("Customer", models.CUSTOMER, "Customer", ("customerNumber", "email")),
    Kind("Order", models.ORDER, "Order", ("orderNumber",)),
    Kind("Product", models.PRODUCT, "Product", ("sku",)),
    Kind("RatingSummary", models.RATING_SUMMARY, "Review", ("providerProductID",)),
    Kind("Review", models.REVIEW, "Review", ("providerReviewID",)),
)
_NEED_ADDRESS = ("Customer", "Order")
"""Kinds whose rows need an email address when the account is not CRM enabled."""


@dataclass
class Stored:
    """What came in of one kind since the last reset."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    dates: dict[str, dict[str, str]] = field(default_factory=dict)
    arrays: list[dict[str, object]] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)


class DataFamily:
    """The data API of one sandbox."""

    name = "data"
    base = "/data/v1"

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.reset()

    def reset(self) -> None:
        """Forget everything written."""
        self.stored = {kind.name: Stored() for kind in KINDS}
        self._imports = 0

    def routes(self) -> list[Route]:
        """Give the five routes."""
        return [
            Route("POST", f"/{kind.name}", self._handler(kind), areas=frozenset({kind.area}), body=True)
            for kind in KINDS
        ]

    def control_routes(self) -> list[Route]:
        """Give none: what was written is in ``/_sandbox/written``."""
        return []

    def expected(self, selection: Mapping[str, str]) -> dict[str, dict[str, object]]:  # noqa: ARG002  nothing to select
        """Give nothing: this API can only be written to."""
        return {}

    def written(self) -> dict[str, object]:
        """Give ``{"data": {kind: {"rows": {key: row}, "dates": …, "arrays": …, "unknown_properties": …}}}``.

        ``rows`` are as they were sent; ``dates`` has, for each of them, the UTC instants that its dates were
        taken for: ``{"dateEntered": "2026-06-30T12:00:00+00:00", "items[0].shipDate": …}``.
        """
        return {
            "data": {
                name: {
                    "rows": stored.rows,
                    "dates": stored.dates,
                    "arrays": stored.arrays,
                    "unknown_properties": sorted(stored.unknown),
                }
                for name, stored in self.stored.items()
            }
        }

    def _handler(self, kind: Kind) -> Any:  # noqa: ANN401  a Handler, which is a name of annotations only
        def post(call: Call) -> Answer:
            rows = call.json(list[dict[str, Any]])
            if not rows:
                raise invalid(kind.name, "An array of one or more is expected.")
            try:
                models.check(kind.model, rows)
            except ValueError as error:
                raise invalid(kind.name, str(error)) from None
            keys = [self._key(kind, row, number) for number, row in enumerate(rows)]
            self._imports += 1
            stored = self.stored[kind.name]
            stored.rows |= dict(zip(keys, rows, strict=True))
            settings = self.sandbox.settings
            for key, row in zip(keys, rows, strict=True):
                stored.dates[key] = {
                    where: read(text, settings).isoformat()
                    for where, text in models.written_dates(kind.model, row)
                }
            stored.unknown |= models.unknown_properties(kind.model, rows)
            stored.arrays.append(
                {
                    "at": text_of(call.now),
                    "resourceId": str(self._imports),
                    "rows": len(rows),
                    "keys": len(set(keys)),
                }
            )
            return created(self._imports)

        return post

    def _key(self, kind: Kind, row: dict[str, Any], number: int) -> str:
        """Give what a row is known by.

        Raises:
            ApiError: 400 ERROR_INVALID_PARAMETER: it has no key, no address where one is needed, or items
                of another order.
        """
        key = next((str(row[name]) for name in kind.keys if row.get(name)), None)
        if key is None:
            raise invalid(" or ".join(kind.keys), f"At [{number}].")
        if not self.sandbox.settings.crm_enabled and kind.name in _NEED_ADDRESS and not row.get("email"):
            raise invalid("email", f"At [{number}]: the account is not CRM enabled.")
        for item in row.get("items") or ():
            if item["orderNumber"] != row["orderNumber"]:
                raise invalid("items", f"At [{number}]: an item names another order.")
        return key


def family(sandbox: Sandbox) -> DataFamily:
    """Make the data API of a sandbox."""
    return DataFamily(sandbox)
