"""List imports: start them, list them, read their results. The beta route starts imports too."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import msgspec

from listrak_sandbox import paging
from listrak_sandbox.email.access import list_state
from listrak_sandbox.email.import_jobs import Job
from listrak_sandbox.email.import_plan import ADD, IMPORT_TYPES, UPDATE, Column, Plan
from listrak_sandbox.email.import_runner import Runner
from listrak_sandbox.envelope import Answer, ApiError, created, invalid, not_found, page, resource
from listrak_sandbox.sandbox import Call, Route
from listrak_sandbox.store import instant_of
from listrak_sandbox.world.calendar import world_time
from listrak_sandbox.world.past_imports import PastImport, past_imports

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from listrak_sandbox.sandbox import Sandbox
    from listrak_sandbox.settings import Settings
    from listrak_sandbox.store import ListState

IMPORTS = "/List/{listId}/ListImport"
ONE = f"{IMPORTS}/{{importFileId}}"
COLUMN_TYPES = ("Email", "SegmentationField", "Event", "ExternalContactID")
UPDATE_TYPES = ("Update", "Append", "Overwrite")


class Mapping(msgspec.Struct, rename="camel"):
    """One mapped column in a body."""

    file_column: int
    file_column_type: str
    segmentation_field_id: int | None = None
    default_value: str | None = None


class ImportBody(msgspec.Struct, rename="camel"):
    """Body of ``POST /List/{listId}/ListImport``."""

    file_delimiter: str
    file_mappings: list[Mapping]
    file_name: str
    file_stream: bytes
    import_type: str
    segmentation_import_type: str
    has_column_names: bool | None = None
    suppress_email_notifications: bool | None = None
    text_qualifier: str | None = None
    trigger_journey: bool | None = None
    include_unsubscribed: bool | None = None


class BetaValue(msgspec.Struct, rename="camel"):
    """One value in a body of the beta route."""

    segmentation_field_id: int
    value: str


class BetaContact(msgspec.Struct, rename="camel"):
    """One contact in a body of the beta route."""

    email_address: str
    segmentation_field_values: list[BetaValue]


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise invalid(name, f"Allowed values are {', '.join(allowed)}.")
    return value


def _columns(state: ListState, mappings: list[Mapping], import_type: str) -> tuple[Column, ...]:
    columns: list[Column] = []
    for one in mappings:
        _one_of("fileColumnType", one.file_column_type, COLUMN_TYPES)
        if one.file_column < 0:
            raise invalid("fileColumn")
        identifier = one.segmentation_field_id or 0
        if one.file_column_type == "SegmentationField":
            if identifier not in state.fields:
                raise invalid("segmentationFieldId", "The list has no such profile field.")
            if any(column.field == identifier for column in columns):
                raise invalid("segmentationFieldId", "It is mapped twice.")
        else:
            identifier = 0
            if one.file_column_type != "Event" and any(
                one.file_column_type == other.kind for other in columns
            ):
                raise invalid("fileColumnType", f"{one.file_column_type} is mapped twice.")
        columns.append(Column(one.file_column, one.file_column_type, identifier, one.default_value or ""))
    kinds = {column.kind for column in columns}
    if "Email" not in kinds and not (import_type == UPDATE and "ExternalContactID" in kinds):
        raise invalid("fileMappings", "A column must be mapped to Email.")
    return tuple(columns)


def _plan(state: ListState, body: ImportBody) -> Plan:
    _one_of("importType", body.import_type, IMPORT_TYPES)
    if len(body.file_delimiter) != 1 or body.file_delimiter in "\r\n":
        raise invalid("fileDelimiter", "One character is expected.")
    qualifier = body.text_qualifier or ""
    if len(qualifier) > 1 or qualifier == body.file_delimiter:
        raise invalid("textQualifier", "One other character is expected.")
    if not body.file_name.strip():
        raise invalid("fileName")
    return Plan(
        name=body.file_name,
        import_type=body.import_type,
        update=_one_of("segmentationImportType", body.segmentation_import_type, UPDATE_TYPES),
        columns=_columns(state, body.file_mappings, body.import_type),
        delimiter=body.file_delimiter,
        qualifier=qualifier,
        has_names=bool(body.has_column_names),
        include_unsubscribed=bool(body.include_unsubscribed),
        trigger_journey=bool(body.trigger_journey),
    )


def kept_imports(state: ListState, now: datetime, settings: Settings) -> tuple[list[PastImport], list[Job]]:
    """Return a list's imports that have not been purged: generated ones, and those made through the API."""
    past = past_imports(state.generated_list, world_time(now)) if state.generated_list else []
    jobs = cast("list[Job]", list(state.imports.values()))
    if not settings.imports_kept_days:
        return past, jobs
    oldest = now - timedelta(days=settings.imports_kept_days)
    return [one for one in past if instant_of(one.time) >= oldest], [
        one for one in jobs if one.started >= oldest
    ]


class Imports:
    """The import routes of one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._runner = Runner()

    def _start(self, call: Call, state: ListState, plan: Plan, data: bytes, *, wait: float = 0) -> Job:
        job = Job(self._sandbox.store.next_id("import"), state, plan, data, self._sandbox.clock)
        settings = self._sandbox.settings
        job.seconds = settings.import_seconds
        job.outcome = call.extra.get("import_outcome", settings.import_outcome)
        job.end_word = call.extra.get("import_end_word", settings.import_end_word)
        job.running_word = call.extra.get("import_running_word", job.running_word)
        job.failed_word = call.extra.get("import_failed_word", job.failed_word)
        job.share_done = call.extra.get("import_share_done", job.share_done)
        if settings.include_unsubscribed_result == "previously_unsubscribed":
            job.included_word = "Previously Unsubscribed"
        job.wait(wait)
        state.imports[job.import_id] = job
        self._runner.start(job)
        return job

    def post(self, call: Call) -> Answer:
        """Start an import from a file."""
        state = list_state(call)
        body = call.json(ImportBody)
        plan = _plan(state, body)
        least = self._sandbox.settings.import_minimum_rows
        rows = sum(1 for _ in zip(plan.rows(body.file_stream), range(least), strict=False))
        if rows < least:
            raise invalid("fileStream", f"At least {least} contacts are expected.")
        return created(self._start(call, state, plan, body.file_stream).import_id)

    def beta(self, call: Call) -> Answer:
        """Queue updates of profile fields: one import for each set of fields, which starts later."""
        state = list_state(call)
        if not self._sandbox.settings.beta_route:
            raise ApiError(400, "ERROR_INTEGRATION_CANNOT_ACCESS_BETA_ROUTE")
        contacts = call.json(list[BetaContact])
        files: dict[tuple[int, ...], list[list[str]]] = {}
        for one in contacts:
            values = {value.segmentation_field_id: value.value for value in one.segmentation_field_values}
            if not values or not values.keys() <= state.fields.keys():
                raise invalid("segmentationFieldValues", "Profile fields of the list are expected.")
            fields = tuple(sorted(values))
            files.setdefault(fields, []).append([one.email_address, *(values[field] for field in fields)])
        if not files:
            raise invalid("contactSegmentationFieldValues", "At least one contact is expected.")
        jobs = []
        for fields, rows in files.items():
            text = io.StringIO()
            csv.writer(text).writerows(rows)
            columns = (
                Column(0, "Email"),
                *(Column(place, "SegmentationField", field) for place, field in enumerate(fields, 1)),
            )
            plan = Plan(f"API contact update {len(state.imports) + 1}", UPDATE, "Update", columns)
            wait = self._sandbox.settings.beta_seconds
            jobs.append(self._start(call, state, plan, text.getvalue().encode(), wait=wait))
        if self._sandbox.settings.beta_answer == "null":
            return created("null")
        return created(",".join(str(job.import_id) for job in jobs))

    def clear(self, call: Call, state: ListState, field_name: str) -> int:
        """Record that the values of a profile field were cleared as a finished import; return its id."""
        plan = Plan(f"Clear {field_name}", ADD, "Overwrite", (Column(0, "Email"),))
        return self._start(call, state, plan, b"").import_id

    def collection(self, call: Call) -> Answer:
        """Return all imports of a list, generated ones first."""
        state = list_state(call)
        start, end = call.date_param("startDate"), call.date_param("endDate")

        def inside(instant: datetime) -> bool:
            return (start is None or instant >= start) and (end is None or instant <= end)

        past, jobs = kept_imports(state, call.now, call.sandbox.settings)
        found = [one.record() for one in past if inside(instant_of(one.time))]
        found += [job.record() for job in jobs if inside(job.started)]
        return page(*paging.cut(found, call))

    def _find(self, call: Call) -> Job | PastImport:
        state = list_state(call)
        wanted = call.id("importFileId")
        past, jobs = kept_imports(state, call.now, call.sandbox.settings)
        found: list[Job | PastImport] = [*jobs, *past]
        for one in found:
            if one.import_id == wanted:
                return one
        raise not_found("list import")

    def _serve(
        self, of_job: Callable[[Job], object], of_past: Callable[[PastImport, int], object]
    ) -> Callable[[Call], Answer]:
        def handler(call: Call) -> Answer:
            found = self._find(call)
            when = world_time(call.now)
            return resource(of_job(found) if isinstance(found, Job) else of_past(found, when))

        return handler

    def contacts(self, call: Call) -> Answer:
        """Return the result of each contact."""
        found = self._find(call)
        if isinstance(found, PastImport):
            return page(*paging.cut(found.contacts(world_time(call.now)), call))
        asked = paging.read(call)
        end = asked.position + asked.count
        rows: list[dict[str, object]] = found.contacts(asked.position, end)
        return page(rows, paging.cursor(call, end if end < len(found.emails) else None))

    def routes(self) -> list[Route]:
        """Return the routes of imports."""
        both = frozenset({"List", "Contact"})
        followed = both | {"Report"}
        dates = frozenset({"startDate", "endDate"})
        return [
            Route("GET", IMPORTS, self.collection, both, dates, paged=True),
            Route("POST", IMPORTS, self.post, both, body=True),
            Route("GET", ONE, self._serve(Job.record, lambda one, _: one.record()), both),
            Route("GET", f"{ONE}/Status", self._serve(Job.status_record, PastImport.status), followed),
            Route("GET", f"{ONE}/Summary", self._serve(Job.summary, PastImport.summary), followed),
            Route("GET", f"{ONE}/Contact", self.contacts, followed, paged=True),
            Route(
                "POST",
                "/List/{listId}/Contact/SegmentationField",
                self.beta,
                frozenset({"Contact", "Segmentation"}),
                body=True,
            ),
        ]

    def written(self) -> list[dict[str, object]]:
        """Return all imports with their first rows decoded, for the control route."""
        return [job.written() for job in self._sandbox.store.jobs()]
