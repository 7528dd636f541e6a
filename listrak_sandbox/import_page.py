"""The page of one import: its rows, and the result of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from listrak_sandbox.envelope import ApiError
from listrak_sandbox.markup import Html, chip, element, join, section, table
from listrak_sandbox.world.past_imports import PastImport, past_imports

if TYPE_CHECKING:
    from listrak_sandbox.sandbox import Sandbox
    from listrak_sandbox.sms import SmsApi
    from listrak_sandbox.store import ListImport, ListState

ROWS = 100
"""The most rows and results that are shown."""
GOOD = {"Subscribed", "Already Subscribed", "Updated", "Unsubscribed"}


def email_import(sandbox: Sandbox, list_id: int, import_id: int, when: int) -> Html:
    """Show an import of an email list.

    Args:
        sandbox: Where it is.
        list_id: Id of its list.
        import_id: Its id.
        when: World time.

    Raises:
        ApiError: 404, there is no such import.
    """
    state = sandbox.store.lists.get(list_id)
    job = _find(state, import_id, when) if state else None
    if state is None or job is None:
        raise _unknown()
    if isinstance(job, PastImport):
        results, rows = job.contacts(when), Html("")
        facts: dict[str, Any] = {**job.record(), **job.status(when)}
    else:
        facts = job.written()
        results, rows = job.contacts(0, ROWS), _rows(facts, state)
    names = (
        "startDate",
        "endDate",
        "status",
        "importType",
        "segmentationImportType",
        "rowCount",
        "skippedRows",
    )
    shown = [[name, facts[name]] for name in names if name in facts]
    told = [
        [one["emailAddress"], chip(one["importResult"], "good" if one["importResult"] in GOOD else "warn")]
        for one in results[:ROWS]
    ]
    return join(
        [
            element("p", join(["of list ", state.record["listName"], f" ({list_id})"]), "soft"),
            section(str(facts["importFileName"]), "", table(("Fact", "~Value"), shown, "")),
            section("Results", f"the first {ROWS}", table(("~Address", "Result"), told, "No results yet.")),
            rows,
        ]
    )


def sms_import(sms: SmsApi, import_id: int) -> Html:
    """Show an import of the SMS API.

    Args:
        sms: Where it is.
        import_id: Its id.

    Raises:
        ApiError: 404, there is no such import.
    """
    job = next((one for one in sms.imports.jobs if one.id == import_id), None)
    if job is None:
        raise _unknown()
    facts = [[name, value] for name, value in sms.imports.record(job).items()]
    facts += [["updated numbers", len(job.updated)], ["dropped rows", job.unknown]]
    titles = [f"~{one.file_column_type}" for one in job.body.file_mappings] or ["~Row"]
    rows = [[*row, *[""] * len(titles)][: len(titles)] for row in job.rows[:ROWS]]
    return join(
        [
            section(job.body.file_name, f"SMS {job.code.code}", table(("Fact", "~Value"), facts, "")),
            section("Rows", f"the first {ROWS}", table(titles, rows, "No rows.")),
        ]
    )


def _find(state: ListState, import_id: int, when: int) -> ListImport | PastImport | None:
    past_ones = past_imports(state.generated_list, when) if state.generated_list else []
    past = next((one for one in past_ones if one.import_id == import_id), None)
    return state.imports.get(import_id) or past


def _rows(facts: dict[str, Any], state: ListState) -> Html:
    names = {number: one["segmentationFieldName"] for number, one in state.fields.items()}
    columns = sorted(facts["columns"], key=lambda one: one["fileColumn"])
    titles = [f"~{names.get(one['segmentationFieldId'], one['fileColumnType'])}" for one in columns]
    places = [one["fileColumn"] for one in columns]
    rows = [
        [row[place] if place < len(row) else "" for place in places]
        for row in facts["rows"][:ROWS]
        if row is not None
    ]
    return section("Rows of the file", f"the first {ROWS}", table(titles, rows, "No rows."))


def _unknown() -> ApiError:
    return ApiError(404, "ERROR_UNABLE_TO_LOCATE_RESOURCE", "There is no such import.")
