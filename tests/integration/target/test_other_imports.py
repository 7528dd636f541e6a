"""Two imports of a list that share a contact have no order: the target waits for those of others."""

from __future__ import annotations

import base64
import threading
import time
from typing import TYPE_CHECKING, Any

from documents import example
from sandbox_api import Api
from target_runs import Outcome, Runs, record, schema, state

from listrak_api.errors import ListrakError
from listrak_singer.exit_codes import ending_of

if TYPE_CHECKING:
    import pytest

NEWSLETTER, OTHER_LIST = 40137, 40274
OUTLET = "Outlet & Sale"
SCHEMA = schema("people", "email")
LISTED = "GET /email/v1/List/{listId}/ListImport"
STATUS = LISTED + "/{importFileId}/Status"


def people(count: int) -> list[dict[str, Any]]:
    return [record("people", email=f"p{number}@example.org") for number in range(count)]


def to_list(**options: object) -> dict[str, Any]:
    return {"people": {"kind": "email_list", "list": NEWSLETTER, **options}}


def somebody_imports(runs: Runs, list_id: int = NEWSLETTER) -> int:
    """Start an import that this project's target did not start; its id."""
    file = base64.b64encode(b"p0@example.org\n").decode()
    body = {
        "fileName": "from-the-shop.csv",
        "fileStream": file,
        "fileDelimiter": ",",
        "importType": "AddSubscribers",
        "segmentationImportType": "Update",
        "fileMappings": [{"fileColumn": 0, "fileColumnType": "Email"}],
    }
    status, import_id = Api(runs.sandbox, "email").send("POST", f"/List/{list_id}/ListImport", body)
    assert status == 201
    return int(import_id)


def stalls(runs: Runs, list_id: int = NEWSLETTER) -> int:
    """Start somebody else's import that never ends."""
    runs.sandbox.settings(import_outcome="stall")
    import_id = somebody_imports(runs, list_id)
    runs.sandbox.settings(import_outcome="complete")
    return import_id


def looks(runs: Runs, route: str = LISTED) -> int:
    return int(runs.sandbox.requests()["by_route"].get(route, 0))


def end_after_two_looks(runs: Runs) -> None:
    """Let the imports that are under way end, once somebody has listed them twice."""
    deadline = time.monotonic() + 30
    while looks(runs) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert runs.sandbox.sandbox is not None
    for job in runs.sandbox.sandbox.store.jobs():
        job.seconds = 0


def ours(runs: Runs) -> list[dict[str, Any]]:
    return [one for one in runs.imports() if one["importFileName"].startswith("singer-")]


def test_an_import_of_somebody_else_ends_before_the_file_is_sent(
    runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    runs.sandbox.settings(import_seconds=600)
    other = somebody_imports(runs)
    runs.sandbox.settings(import_seconds=0)
    runs.sandbox.forget_requests()
    ending = threading.Thread(target=end_after_two_looks, args=(runs,))
    ending.start()
    with caplog.at_level("INFO"):
        outcome = runs.good([SCHEMA, *people(3), state(1)], to_list())
    ending.join()
    assert outcome.states == [1]
    assert outcome.figures == (3, 2, 1, 0, 0)  # p0 was subscribed by the import before
    theirs, own = sorted(runs.imports(), key=lambda one: one["importFileId"])
    assert theirs["importFileId"] == other
    assert own["startDate"] >= theirs["endDate"]
    assert f"an import that this run did not start: {other} has not ended" in caplog.text
    assert "from-the-shop" not in caplog.text  # people name their files as they like


def test_one_that_does_not_end_in_time_ends_the_run_with_nothing_sent(runs: Runs) -> None:
    other = stalls(runs)
    outcome = runs.run([SCHEMA, *people(3), state(1)], to_list(), wait_for_imports=0.2)
    assert isinstance(outcome.error, ListrakError)
    assert ending_of(outcome.error).retryable
    for part in (str(other), "'Newsletter'", "wait_for_imports (0.2 seconds)", "the next run sends it"):
        assert part in str(outcome.error)
    assert (outcome.states, outcome.tally.open, ours(runs)) == ([], 3, [])
    outcome = runs.good([SCHEMA, *people(3), state(1)], to_list(), wait_for_imports=0)
    assert outcome.states == [1]


def test_with_0_nothing_is_looked_for(runs: Runs) -> None:
    stalls(runs)
    runs.sandbox.forget_requests()
    assert runs.good([SCHEMA, *people(3), state(1)], to_list(), wait_for_imports=0).states == [1]
    assert looks(runs) == 0


def test_imports_of_other_lists_do_not_matter(runs: Runs) -> None:
    stalls(runs, OTHER_LIST)
    assert runs.good([SCHEMA, *people(3), state(1)], to_list()).states == [1]


def test_an_import_that_failed_is_not_waited_for(runs: Runs) -> None:
    runs.sandbox.control("POST", "faults", [{"kind": "import_fails", "count": 1}])
    somebody_imports(runs)
    assert runs.good([SCHEMA, *people(3), state(1)], to_list()).states == [1]


def test_a_dry_run_looks_for_none(runs: Runs) -> None:
    stalls(runs)
    runs.sandbox.forget_requests()
    assert runs.good([SCHEMA, *people(3), state(1)], to_list(), dry_run=True).states == []
    assert looks(runs) == 0


def test_own_imports_are_not_asked_for_and_a_look_holds_for_import_poll_seconds(runs: Runs) -> None:
    for _ in range(2):
        somebody_imports(runs)
    runs.sandbox.forget_requests()
    runs.good([SCHEMA, *people(8), state(1)], to_list(), batch_size_rows=2, import_poll_seconds=60)
    assert len(ours(runs)) == 4
    assert looks(runs) == 1
    own = looks(runs, STATUS) - 2
    runs.sandbox.forget_requests()
    runs.good([SCHEMA, *people(8), state(1)], to_list(), batch_size_rows=2, wait_for_imports=0)
    assert own == looks(runs, STATUS)


def test_an_own_import_whose_id_was_lost_does_not_stop_the_run(runs: Runs) -> None:
    runs.sandbox.settings(import_seconds=0.2)
    lost = {"kind": "lost_answer", "route": "/List/{listId}/ListImport", "method": "POST", "count": 1}
    runs.sandbox.control("POST", "faults", [lost])
    outcome = runs.good([SCHEMA, *people(4), state(1)], to_list(), batch_size_rows=2, wait_for_imports=5)
    assert outcome.states == [1]
    assert len(ours(runs)) == 2


def test_the_beta_route_waits_as_well(runs: Runs) -> None:
    runs.save(NEWSLETTER, "p0@example.org")
    stalls(runs)
    kind = {"kind": "profile_fields", "list": NEWSLETTER, "route": "beta"}
    messages = [schema("people", "email", "notes"), record("people", email="p0@example.org", notes="n")]
    outcome = runs.run(messages, {"people": kind}, wait_for_imports=0.1)
    assert "wait_for_imports" in str(outcome.error)
    assert len(runs.imports()) == 1


def test_two_targets_on_one_list_load_it_one_after_the_other(runs: Runs) -> None:
    """The second one begins while the first one's import is under way, and ends after it."""
    runs.sandbox.settings(import_seconds=600)
    outcomes: list[Outcome] = []

    def load(value: int, *rows: dict[str, Any]) -> None:
        outcomes.append(runs.run([SCHEMA, *rows, state(value)], to_list()))

    first = threading.Thread(target=load, args=(1, *people(3)))
    first.start()
    deadline = time.monotonic() + 30
    while not runs.imports() and time.monotonic() < deadline:
        time.sleep(0.02)
    runs.sandbox.settings(import_seconds=0)
    runs.sandbox.forget_requests()
    ending = threading.Thread(target=end_after_two_looks, args=(runs,))
    ending.start()
    second = Runs(runs.sandbox, runs.folder / "second")
    second.folder.mkdir()
    outcome = second.good([SCHEMA, *people(5), state(2)], to_list())
    first.join()
    ending.join()
    one, two = sorted(runs.imports(), key=lambda one: one["importFileId"])
    assert two["startDate"] >= one["endDate"]
    assert outcomes[0].error is None
    assert outcome.figures == (5, 2, 3, 0, 0)


def test_filters_divide_a_stream_among_processes_by_list(runs: Runs) -> None:
    """The example of docs/scale.md: each process loads the rows of its lists, and together they load all."""
    messages = [schema("subscriptions", "email", "list_name")]
    names = ("Newsletter", OUTLET, "Newsletter", OUTLET)
    messages += [
        record("subscriptions", email=f"{number}@example.org", list_name=name)
        for number, name in enumerate(names)
    ]
    config = dict(example("target-shard", "scale.md")["config"])
    loaded = []
    for lists in ("Newsletter", f"{OUTLET}|Closed"):
        config["stream_map_config"] = {"lists": lists}
        outcome = runs.good([*messages, state(1)], **config)
        loaded.append(outcome.tally.accepted)
        assert outcome.states == [1]
    assert loaded == [2, 2]
    assert [one["listId"] for one in runs.imports()] == [NEWSLETTER, OTHER_LIST]
