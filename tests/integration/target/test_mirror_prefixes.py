"""Nobody is removed by input that was cut: each prefix of a valid input, and random ones, over HTTP."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from mirror_world import CHANNELS, MODES, MirrorWorld, complete
from target_runs import Runs, activate, state

from target_listrak.delivery.mirror import MirrorStopError
from target_listrak.input.reader import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = int(os.environ.get("LISTRAK_MIRRORS", "30"))
"""Random inputs for each channel."""


@pytest.fixture(params=CHANNELS)
def world(runs: Runs, request: pytest.FixtureRequest) -> Iterator[MirrorWorld]:
    yield MirrorWorld(runs, request.param)
    runs.sandbox.reset(scale="small")


def valid(world: MirrorWorld) -> list[dict[str, Any]]:
    """Two streams that are one audience, with signs that come early, in between and at the end."""
    row, people = world.row, world.members
    return [
        world.schema("crowd_a"),
        activate("crowd_a", 1),
        row(people[0]),
        state(1),
        row(people[1]),
        activate("crowd_a", 1),
        world.schema("crowd_b"),
        row(people[2], "crowd_b"),
        state(2),
        row(people[3], "crowd_b"),
        activate("crowd_b", 1),
        state(3),
    ]


def check(world: MirrorWorld, messages: list[dict[str, Any]], mode: dict[str, object]) -> None:
    """Run the target on whole messages; see that members are removed if and only if the sign is there."""
    outcome = world.run(messages, max_removed_share=1, **mode)
    removed = set(world.members) - world.on()
    begun = any(one["type"] == "SCHEMA" for one in messages)
    if complete(messages, mode):
        assert outcome.error is None
        assert removed == set(world.members) - {
            one["record"][world.key] for one in messages if "record" in one
        }
        world.reset()
    elif begun and mode["mirror"]:
        assert removed == set()
        assert isinstance(outcome.error, MirrorStopError)
        assert outcome.states == []
    else:
        assert removed == set()
        assert outcome.error is None


@pytest.mark.parametrize("mode", MODES)
def test_T2_no_prefix_of_a_valid_input_removes_anybody_without_the_sign(
    world: MirrorWorld, mode: str
) -> None:
    """Cut after any whole line."""
    messages = valid(world)
    for end in range(len(messages) + 1):
        check(world, messages[:end], MODES[mode])


def test_T2_input_that_is_cut_inside_a_line_removes_nobody(world: MirrorWorld) -> None:
    """Not even where the user vouches for the source."""
    messages = valid(world)
    for end, message in enumerate(messages):
        line = json.dumps(message).encode()
        outcome = world.run(
            [*messages[:end], line[: len(line) // 2]], max_removed_share=1, **MODES["without_state"]
        )
        assert isinstance(outcome.error, InputError)
        assert world.on() == set(world.members)


# Random input: a cell is given as its text and the members whom it could mean; None is anybody.

FORMS = {
    "audience": ("{}", " {} ", "{}\u200b", "\ufeff{}", "Ann <{}>", "mailto:{}", "{},", "{}; {}"),
    "email_list": ("{}", " {} ", "{}\u200b", "Ann <{}>", "{}; {}"),
    "sms_list": ("{}", "+{}", "+{}\u200b", "{} x12", "+{} ext. 7", "'{}", "+{} or +{}"),
}
GARBAGE = {
    "audience": ("", None, "nobody", "n/a", "a@b@c", 5, ["x"]),
    "email_list": ("", None, "nobody", "a@b@c", 5),
    "sms_list": ("", None, "12", "n/a", "2.16555E9", True, ["x"]),
}
STREAMS = st.sampled_from(["crowd_a", "crowd_b"])


@st.composite
def cells(draw: st.DrawFn, channel: str) -> tuple[object, tuple[int, ...] | None]:
    """A cell in which members' places are braces, and the places; None is anybody."""
    if draw(st.integers(0, 11)) == 0:
        return draw(st.sampled_from(GARBAGE[channel])), None
    form = draw(st.sampled_from(FORMS[channel]))
    return form, tuple(draw(st.integers(0, 9)) for _ in range(form.count("{}")))


@st.composite
def inputs(draw: st.DrawFn, channel: str) -> list[tuple[Any, ...]]:
    """What to send, in order: (kind, stream, …)."""
    one = st.one_of(
        st.tuples(
            st.just("row"),
            STREAMS,
            cells(channel),
            st.sampled_from([1, 1, 1, 1, 2]),
            st.sampled_from(["good", "good", "good", "no key", "deleted", "no object"]),
        ),
        st.tuples(st.just("state")),
        st.tuples(st.just("activate"), STREAMS, st.sampled_from([1, 1, 1, 2])),
        st.tuples(st.just("schema"), STREAMS),
    )
    end = draw(
        st.sampled_from(
            [[], [("state",)], [("activate", "crowd_a", 1), ("activate", "crowd_b", 1), ("state",)]]
        )
    )
    return [*draw(st.lists(one, max_size=14)), *end]


class Told:
    """What is sent, and whom it names.

    Args:
        world: The mirror.
        fill: Whether rows of most members come first.
    """

    def __init__(self, world: MirrorWorld, *, fill: bool) -> None:
        self._world = world
        heads = [{**world.schema(one, id={}), "key_properties": ["id"]} for one in ("crowd_a", "crowd_b")]
        self._schemas = {one["stream"]: one for one in heads}
        filling = world.members[10:] if fill else []
        self.messages: list[dict[str, Any]] = [*heads, *(world.row(one, id=1) for one in filling)]
        self.named = set(filling)
        self.unreadable = 0

    @property
    def empty(self) -> bool:
        """Whether one of the streams has no records."""
        return {one["stream"] for one in self.messages if "record" in one} != set(self._schemas)

    def add(self, kind: str, *rest: Any) -> None:  # noqa: ANN401 - as drawn
        """Add a message."""
        if kind == "row":
            self._add_row(*rest)
        elif kind == "schema":
            self.messages.append(self._schemas[rest[0]])
        else:
            self.messages.append(state(len(self.messages)) if kind == "state" else activate(*rest))

    def _add_row(
        self, stream: str, cell: tuple[Any, tuple[int, ...] | None], version: int, what: str
    ) -> None:
        form, places = cell
        people = [self._world.members[place] for place in places or ()]
        values: dict[str, object] = {} if what == "no key" else {"id": 1}
        if what == "deleted":
            values["_sdc_deleted_at"] = "2026-06-30T00:00:00Z"
        row = self._world.row(form.format(*people) if people else form, stream, version, **values)
        if what == "no object":
            row["record"] = [row["record"]]
        self.messages.append(row)
        if people and what != "no object":
            self.named.update(people)
        else:
            self.unreadable += 1


@pytest.mark.parametrize("mode", ["true", "end_of_input", "without_state"])
@settings(
    max_examples=max(1, EXAMPLES // 3),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), share=st.sampled_from([0.2, 1, 1]), begin=st.sampled_from([True, True, False]))
def test_whoever_is_removed_is_named_by_no_row_and_the_settings_allow_it(
    world: MirrorWorld, mode: str, data: st.DataObject, share: float, *, begin: bool
) -> None:
    """Rows that are rejected, cells that are badly written, versions that change, streams of one pattern."""
    world.reset()
    told = Told(world, fill=begin)
    for one in data.draw(inputs(world.channel)):
        told.add(*one)
    outcome = world.run(told.messages, max_removed_share=share, **MODES[mode])
    missing = set(world.members) - told.named
    removed = set(world.members) - world.on()
    error = str(outcome.error or "")
    assert outcome.closes()
    if not missing:
        assert (removed, error) == (set(), "")
    elif not complete(told.messages, MODES[mode]):
        assert removed == set()
        assert ".mirror: " in error
    elif share < 1 and told.empty:
        assert removed == set()
        assert "has no records" in error
    elif len(missing) - told.unreadable > share * len(world.members):
        assert removed == set()
        assert ".max_removed_share: " in error
    elif told.unreadable:
        assert (removed, error) == (set(), "")
    else:
        assert (removed, error) == (missing, "")
