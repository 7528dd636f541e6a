"""The data API, ``/data/v1``: five routes that take arrays of retail data, kept by the merchant's keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from listrak_sandbox.clock import text_of
from listrak_sandbox.data import models
from listrak_sandbox.dates import read
from listrak_sandbox.envelope import Answer, created, invalid, json_answer
from listrak_sandbox.sandbox import Call, Route

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
    dropped: list[dict[str, object]] = field(default_factory=list)
    arrays: list[dict[str, object]] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)


class DataApi:
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
        """Return the five routes."""
        return [
            Route("POST", f"/{kind.name}", self._handler(kind), areas=frozenset({kind.area}), body=True)
            for kind in KINDS
        ]

    def control_routes(self) -> list[Route]:
        """Return ``GET /_sandbox/data?kind=Order``: what was stored of each kind, and what was dropped."""
        return [Route("GET", "/data", self._stored)]

    def _stored(self, call: Call) -> Answer:
        wanted = call.query.get("kind")
        if wanted and wanted not in self.stored:
            raise invalid("kind", f"Allowed values are {', '.join(self.stored)}.")
        return json_answer(
            200, {name: one for name, one in self._as_json().items() if wanted in (None, "", name)}
        )

    def expected(self, selection: Mapping[str, str]) -> dict[str, dict[str, object]]:  # noqa: ARG002  nothing to select
        """Return nothing: this API can only be written to."""
        return {}

    def written(self) -> dict[str, object]:
        """Return ``{"data": {kind: {"rows", "dates", "dropped", "arrays", "unknown_properties"}}}``.

        ``rows`` are as they were sent, by key, without what could not be used. ``dropped`` lists that, one
        ``{"at", "number", "key", "dropped"}`` for each record concerned. ``dates`` has the UTC instants that
        the dates of each row were taken for: ``{"dateEntered": "2026-06-30T12:00:00+00:00", …}``.
        """
        return {"data": self._as_json()}

    def _as_json(self) -> dict[str, dict[str, object]]:
        return {
            name: {
                "rows": stored.rows,
                "dates": stored.dates,
                "dropped": stored.dropped,
                "arrays": stored.arrays,
                "unknown_properties": sorted(stored.unknown),
            }
            for name, stored in self.stored.items()
        }

    def _handler(self, kind: Kind) -> Any:  # noqa: ANN401  a Handler, which is a name of annotations only
        def post(call: Call) -> Answer:
            rows = call.json(list[dict[str, Any]])
            if not rows:
                raise invalid(kind.name, "An array of one or more is expected.")
            settings = self.sandbox.settings
            take = self._strictly if settings.data_validation == "strict" else self._silently
            taken = take(call, kind, rows)
            self._imports += 1
            stored = self.stored[kind.name]
            stored.rows |= taken
            for key, row in taken.items():
                stored.dates[key] = {
                    where: read(text, settings).isoformat()
                    for where, text in models.written_dates(kind.model, row)
                }
            stored.unknown |= models.unknown_properties(kind.model, list(taken.values()))
            number = str(self._imports)
            stored.arrays.append(
                {"at": text_of(call.now), "resourceId": number, "rows": len(rows), "keys": len(taken)}
            )
            return created({"null": None, "text": "null"}.get(settings.data_resource_id, number))

        return post

    def _strictly(self, _: Call, kind: Kind, rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """Take all records by their keys, or refuse all.

        Raises:
            ApiError: 400 ERROR_INVALID_PARAMETER, with the first record that is not as the model says, has no
                key, no address where one is needed, or items of another order.
        """
        try:
            models.check(kind.model, rows)
        except ValueError as error:
            raise invalid(kind.name, str(error)) from None
        taken = {}
        for number, row in enumerate(rows):
            key = _key(kind, row)
            if key is None:
                raise invalid(" or ".join(kind.keys), f"At [{number}].")
            if self._lacks_address(kind, row):
                raise invalid("email", f"At [{number}]: the account is not CRM enabled.")
            if any(item["orderNumber"] != row["orderNumber"] for item in row.get("items") or ()):
                raise invalid("items", f"At [{number}]: an item names another order.")
            taken[key] = row
        return taken

    def _silently(self, call: Call, kind: Kind, rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """Take by their keys what can be used of each record; the rest is dropped silently."""
        taken = {}
        for number, row in enumerate(rows):
            kept, dropped = models.usable(kind.model, row)
            key = _key(kind, kept or row)
            if kept and kept.get("items"):
                own = [item for item in kept["items"] if item["orderNumber"] == kept["orderNumber"]]
                dropped += ["items of another order"] * (len(own) < len(kept["items"]))
                kept["items"] = own
            if kept is not None and (key is None or self._lacks_address(kind, kept)):
                kept, dropped = None, [*dropped, "the record"]
            if kept is not None and key is not None:
                taken[key] = kept
            if dropped:
                entry = {"at": text_of(call.now), "number": number, "key": key, "dropped": dropped}
                self.stored[kind.name].dropped.append(entry)
        return taken

    def _lacks_address(self, kind: Kind, row: dict[str, Any]) -> bool:
        needed = not self.sandbox.settings.crm_enabled and kind.name in _NEED_ADDRESS
        return needed and not row.get("email")


def _key(kind: Kind, row: dict[str, Any]) -> str | None:
    """Return what a row is known by; None when it has nothing of the kind."""
    return next((str(row[name]) for name in kind.keys if row.get(name)), None)


def api(sandbox: Sandbox) -> DataApi:
    """Create the data API of a sandbox."""
    return DataApi(sandbox)
