"""Faults, added by a control route or at the start: which calls each of them applies to.

A fault has conditions (route, method, ids), a share and a count. Which calls of a share are chosen depends on
the seed, the path, the query and how often the same call came before. It does not depend on the order in
which different calls arrive: the same run meets the same faults, however many requests are in flight.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from listrak_sandbox.envelope import Answer, ApiError, json_answer
from listrak_sandbox.fault_kinds import KINDS, TOKEN_ROUTE, Kind, Repeats
from listrak_sandbox.sandbox import Call, Route
from listrak_sandbox.world import draws

if TYPE_CHECKING:
    from listrak_sandbox.sandbox import Sandbox

VARIABLE = "LISTRAK_SANDBOX_FAULTS"
"""Environment variable with the faults at the start: JSON, or @ and the name of a file with JSON."""
_FINE = 10**9


class Spec(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One fault as the control route takes it. The parameters of its kind are further members.

    Attributes:
        kind: One of `fault_kinds.KINDS`.
        route: A route's template, with or without base path and method, or a pattern with ``*``. None: what
            the kind is for, which mostly is everything but the token endpoint.
        method: Only calls of this HTTP method.
        ids: Only calls whose path has these parameters, such as ``{"listId": 40274}``: one list fails alone.
        share: Share of the matching calls that it applies to, 0 to 1.
        count: How often it applies at most. None: what the kind says, mostly without limit.
        after: How many matching calls it leaves alone first.
        seed: Decides, with `share`, which calls it applies to.
    """

    kind: str
    route: str | None = None
    method: str | None = None
    ids: dict[str, int | str] | None = None
    share: float = 1.0
    count: int | None = None
    after: int = 0
    seed: int = 0


@dataclass
class Fault:
    """One active fault.

    Attributes:
        spec: What was asked for.
        parameters: Parameters of its kind, defaults filled in.
        matched: Calls that matched its conditions.
        hits: Calls that it was applied to.
    """

    spec: Spec
    parameters: dict[str, Any]
    matched: int = 0
    hits: int = 0
    _seen: Counter[bytes] = field(default_factory=Counter)

    @property
    def kind(self) -> Kind:
        """Its kind."""
        return KINDS[self.spec.kind]

    def should_apply(self, call: Call, answer: Answer | None) -> bool:
        """Decide about one call, and count it in `matched` and `hits`."""
        if not self._matches(call) or not self.kind.applies(call, answer):
            return False
        self.matched += 1
        count = self.kind.count if self.spec.count is None else self.spec.count
        if self.matched <= self.spec.after or (count is not None and self.hits >= count):
            return False
        if self.spec.share < 1 and not self._is_drawn(call):
            return False
        self.hits += 1
        return True

    def _matches(self, call: Call) -> bool:
        route = call.route
        if self.spec.method and self.spec.method.upper() != route.method:
            return False
        ids = self.spec.ids or {}
        if any(call.ids.get(name) != str(value) for name, value in ids.items()):
            return False
        wanted = self.spec.route or self.kind.route
        if wanted is None:
            return route.path != TOKEN_ROUTE
        return any(
            wanted == name or ("*" in wanted and fnmatchcase(name, wanted.replace("[", "[[]")))
            for name in (route.template, route.path, route.name)
        )

    def _is_drawn(self, call: Call) -> bool:
        same = f"{call.route.method} {call.scope['path']} {sorted(call.query.items())}"
        key = draws.raw(same, 8)
        self._seen[key] += 1
        name = f"{self.spec.seed}/{self.spec.kind}/{same}/{self._seen[key]}"
        return draws.number(name, _FINE) < self.spec.share * _FINE

    def as_json(self) -> dict[str, object]:
        """Return the fault and its counts so far, for the control route."""
        asked: dict[str, object] = msgspec.to_builtins(self.spec)
        return {**asked, **self.parameters, "matched": self.matched, "hits": self.hits}


def parse(given: object) -> list[Fault]:
    """Read faults from JSON values: an object, or an array of objects.

    Raises:
        ValueError: A kind or member is unknown, or a value of the wrong type; the text says which.
    """
    return [_parse_one(one) for one in (given if isinstance(given, list) else [given])]


def _parse_one(given: object) -> Fault:
    if not isinstance(given, dict) or str(given.get("kind")) not in KINDS:
        message = f"A fault is an object whose kind is one of {', '.join(KINDS)}"
        raise ValueError(message)
    defaults = KINDS[given["kind"]].parameters
    parameters = {name: given.get(name, default) for name, default in defaults.items()}
    for name, value in parameters.items():
        numeric = isinstance(defaults[name], (int, float))
        if name == "retry_after" and given.get("retry_after_date"):
            numeric = True
        if numeric and not isinstance(value, (int, float)):
            message = f"{name} of {given['kind']} is a number"
            raise ValueError(message)
    if not 200 <= parameters.get("status", 200) <= 599:  # noqa: PLR2004  the range of final HTTP statuses
        message = "status is 200 to 599"
        raise ValueError(message)
    words = parameters.get("words", ["", ""])
    if not isinstance(words, list) or len(words) != 2:  # noqa: PLR2004  running, ended
        message = "words are two: one for a running import, one for an ended one"
        raise ValueError(message)
    try:
        spec = msgspec.convert({name: one for name, one in given.items() if name not in defaults}, Spec)
    except msgspec.ValidationError as error:
        message = f"{given['kind']}: {error}. Its parameters are {', '.join(defaults) or 'none'}"
        raise ValueError(message) from None
    if not 0 <= spec.share <= 1:
        message = "share is between 0 and 1"
        raise ValueError(message)
    return Fault(spec, parameters)


class Faults:
    """The faults of one sandbox: a hook on all calls of its APIs."""

    def __init__(self, initial: str = "") -> None:
        self._initial = initial
        self.reset()

    def reset(self) -> None:
        """Activate the faults of the start again, with counts of zero."""
        self.active = parse(msgspec.json.decode(self._initial)) if self._initial else []
        self._repeats = Repeats()
        self._asked: Counter[str] = Counter()

    def clear(self) -> None:
        """Remove all faults, those of the start too."""
        self.active = []
        self._repeats = Repeats()
        self._asked = Counter()

    async def before(self, call: Call) -> Answer | None:
        """Apply the faults that act before the handler."""
        for fault in self.active:
            act = fault.kind.before
            if act and fault.should_apply(call, None):
                answer = await act(call, fault.parameters)
                if answer is not None:
                    return answer
        return None

    async def after(self, call: Call, answer: Answer) -> Answer:
        """Apply the faults that act on the answer."""
        call.extra["repeats"], call.extra["asked"] = self._repeats, self._asked
        self._repeats.insert(call, answer)
        for fault in self.active:
            act = fault.kind.after
            if act and fault.should_apply(call, answer):
                answer = await act(call, answer, fault.parameters)
        return answer

    def routes(self) -> list[Route]:
        """Return ``/_sandbox/faults``: GET, POST (adds), DELETE (removes all); each returns all faults."""
        path = "/_sandbox/faults"
        return [Route(method, path, self._control) for method in ("GET", "POST", "DELETE")]

    def _control(self, call: Call) -> Answer:
        if call.route.method == "DELETE":
            self.clear()
        elif call.route.method == "POST":
            try:
                self.active += parse(msgspec.json.decode(call.body))
            except ValueError as error:
                raise ApiError(400, "ERROR_INVALID_PARAMETER", str(error)) from None
        return json_answer(200, [fault.as_json() for fault in self.active])


def _initial() -> str:
    text = os.environ.get(VARIABLE, "").strip()
    return Path(text[1:]).read_text("utf-8") if text.startswith("@") else text


def install(sandbox: Sandbox) -> list[Route]:
    """Register the faults as a hook of a sandbox, and return their control routes.

    Raises:
        SystemExit: The faults asked for at the start cannot be read; the text says why.
    """
    try:
        faults = Faults(_initial())
    except (ValueError, OSError) as error:
        message = f"listrak-sandbox: {VARIABLE} cannot be used: {error}"
        raise SystemExit(message) from None
    sandbox.hooks.append(faults)
    return faults.routes()
