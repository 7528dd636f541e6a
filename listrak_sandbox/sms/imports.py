"""Contact imports of the SMS API: a file of profile values for known numbers, carried out later."""

from __future__ import annotations

import base64
import binascii
import csv
import io
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from listrak_sandbox.envelope import Answer, ApiError, created, invalid, not_found, resource
from listrak_sandbox.sandbox import Call, Route
from listrak_sandbox.sms import phones
from listrak_sandbox.sms.account import check_address, typed
from listrak_sandbox.sms.world import SYSTEM_FIELDS

if TYPE_CHECKING:
    from listrak_sandbox.sms import SmsApi
    from listrak_sandbox.sms.world import SenderCode

PHONE, FIELD = "Phone", "SegmentationField"
QUALIFIERS = ('"', "'", "")


class Mapping(msgspec.Struct, rename="camel"):
    """What a column of the file means."""

    file_column_type: str
    segmentation_field_id: int
    file_column: int
    default_value: str | None = None


class ImportBody(msgspec.Struct, rename="camel"):
    """The body that starts an import."""

    file_name: str
    file_stream: str
    import_type: str
    has_column_names: bool
    text_qualifier: str
    file_mappings: list[Mapping]


@dataclass
class Job:
    """One import, from its start on.

    Attributes:
        id: Its importFileId.
        code: The sender code it was sent to.
        body: What was sent.
        rows: The file's rows, decoded, without the line of column names.
        started: When it started (see `instant_text`).
        running_from: Monotonic seconds from which its status says that it is running.
        due: Monotonic seconds at which it is carried out.
        outcome: ``complete``, ``fail`` or ``stall``.
        words: Status words: running, ended, failed.
        share_done: Share of the rows that is taken before it fails or stalls.
        ended: When it ended; None until then.
        updated: Numbers whose values it changed.
        unknown: How many rows were dropped silently.
    """

    id: int
    code: SenderCode
    body: ImportBody
    rows: list[list[str]]
    started: str
    running_from: float
    due: float
    outcome: str
    words: tuple[str, str, str]
    share_done: float
    carried_out: bool = False
    ended: str | None = None
    updated: list[str] = field(default_factory=list)
    unknown: int = 0

    @property
    def status(self) -> str:
        """The status word."""
        running, ended, failed = self.words
        if self.ended is not None:
            return failed if self.outcome == "fail" else ended
        return running if time.monotonic() >= self.running_from else "Queued"


def decode(body: ImportBody) -> list[list[str]]:
    """Decode an import's file: UTF-8, comma, the text qualifier given.

    Raises:
        ApiError: 400 ERROR_INVALID_PARAMETER: no base64, no UTF-8, or a broken quotation.
    """
    try:
        text = base64.b64decode(body.file_stream, validate=True).decode("utf-8-sig")
        options: dict[str, Any] = (
            {"quotechar": body.text_qualifier} if body.text_qualifier else {"quoting": csv.QUOTE_NONE}
        )
        lines = csv.reader(io.StringIO(text, newline=""), **options)
        rows = [row for row in lines if row]
    except (binascii.Error, ValueError, csv.Error):
        raise invalid("fileStream", "A base64 encoded UTF-8 file is expected.") from None
    return rows[1:] if body.has_column_names else rows


class Imports:
    """All imports since the last reset; each is carried out by the first call after it is due."""

    def __init__(self, api: SmsApi) -> None:
        self._api = api
        self.jobs: list[Job] = []

    def start(self, call: Call) -> Job:
        """Check a request and start its import.

        Raises:
            ApiError: 400, for whatever is wrong with the body.
        """
        code = self._api.code(call)
        body = call.json(ImportBody)
        self._check(body)
        rows = decode(body)
        self._api.account.check_writable(code)
        now, settings = self._api.now(call), self._api.sandbox.settings
        extra = call.extra
        job = Job(
            id=50_001 + len(self.jobs),
            code=code,
            body=body,
            rows=rows,
            started=now,
            running_from=time.monotonic() + settings.import_seconds / 2,
            due=time.monotonic() + settings.import_seconds,
            outcome=extra.get("import_outcome", settings.import_outcome),
            words=(
                extra.get("import_running_word", "Processing"),
                extra.get("import_end_word", settings.import_end_word),
                extra.get("import_failed_word", "Failed"),
            ),
            share_done=extra.get("import_share_done", 0.5),
        )
        self.jobs.append(job)
        return job

    def _check(self, body: ImportBody) -> None:
        if body.import_type != "UpdateSubscribers":
            raise invalid("importType", "Allowed is UpdateSubscribers.")
        if body.text_qualifier.strip() not in QUALIFIERS:
            raise invalid("textQualifier", "Allowed are \", ' and blank.")
        if not body.file_name.strip():
            raise invalid("fileName")
        body.text_qualifier = body.text_qualifier.strip()
        kinds = [one.file_column_type for one in body.file_mappings]
        if kinds.count(PHONE) != 1 or set(kinds) - {PHONE, FIELD}:
            raise invalid("fileMappings", "One Phone column is needed, all others are SegmentationField.")
        for part in ("file_column", "segmentation_field_id"):
            numbers = [getattr(one, part) for one in body.file_mappings]
            if len(set(numbers)) < len(numbers) or min(numbers) < 0:
                raise invalid("fileMappings", "Columns and fields are not negative, and each occurs once.")
        for one in body.file_mappings:
            if one.file_column_type == PHONE:
                if one.segmentation_field_id != 0:
                    raise invalid("segmentationFieldId", "A Phone column has the segmentationFieldId 0.")
            else:
                self._fitting(one.segmentation_field_id, "")

    def _fitting(self, field_id: int, value: str) -> str:
        if field_id in SYSTEM_FIELDS and self._api.sandbox.settings.sms_system_fields_listed:
            _, name, kind, length = SYSTEM_FIELDS[field_id]
            if name == "emailAddress":
                check_address(value)
            return typed(field_id, kind, length, value)
        return self._api.account.fitting(field_id, value)

    def settle(self, now: str) -> None:
        """Carry out what is due, in the order of starting."""
        for job in self.jobs:
            if not job.carried_out and time.monotonic() >= job.due:
                self._carry_out(job, now)

    def _carry_out(self, job: Job, now: str) -> None:
        rows = job.rows
        if job.outcome != "complete":
            rows = rows[: int(len(rows) * job.share_done)]
        phone_column = next(
            one.file_column for one in job.body.file_mappings if one.file_column_type == PHONE
        )
        columns = [one for one in job.body.file_mappings if one.file_column_type == FIELD]
        for row in rows:
            self._apply(job, row[phone_column] if phone_column < len(row) else "", row, columns, now)
        job.carried_out = True
        if job.outcome != "stall":
            job.ended = now

    def _apply(self, job: Job, number: str, row: list[str], columns: list[Mapping], now: str) -> None:
        """Set the values of one row. Unknown numbers and invalid values are dropped silently."""
        account = self._api.account
        try:
            phone = phones.parse(number.strip(), self._api.sandbox.settings.sms_body_form)
        except ApiError:
            phone = ""
        contact = account.find(job.code, phone, now)
        if contact is None or contact.standing == "banned":
            job.unknown += 1
            return
        values: dict[int, str] = {}
        for one in columns:
            given = row[one.file_column] if one.file_column < len(row) else ""
            value = given or one.default_value or ""
            if not value and not self._api.sandbox.settings.sms_import_blank_clears:
                continue
            try:
                values[one.segmentation_field_id] = self._fitting(one.segmentation_field_id, value)
            except ApiError:
                continue
        self._set_system(contact.system, values)
        account.set_values(phone, values)
        job.updated.append(phone)

    @staticmethod
    def _set_system(system: dict[str, str | None], values: dict[int, str]) -> None:
        for field_id in [one for one in values if one in SYSTEM_FIELDS]:
            name, value = SYSTEM_FIELDS[field_id][1], values.pop(field_id)
            if name == "birthday" and value:
                month, day, year = value.split("/")
                value = f"{year}-{month}-{day}T00:00:00"
            system[name] = value or None

    def record(self, job: Job) -> dict[str, object]:
        """Return an import's status as the API's record."""
        return {
            "importFileId": job.id,
            "smsSenderCodeId": job.code.id,
            "fileName": job.body.file_name,
            "startDate": job.started,
            "endDate": job.ended,
            "status": job.status,
        }

    def written(self) -> list[dict[str, object]]:
        """Return all imports with their decoded rows and their results, for ``/_sandbox/written``."""
        return [
            {
                **self.record(job),
                "fileMappings": job.body.file_mappings,
                "rows": job.rows,
                "updated": job.updated,
                "dropped": job.unknown,
            }
            for job in self.jobs
        ]


def routes(api: SmsApi) -> list[Route]:
    """Return the routes of contact imports."""

    def post_import(call: Call) -> Answer:
        return created(api.imports.start(call).id)

    def get_import(call: Call) -> Answer:
        code = api.code(call)
        api.now(call)
        wanted = call.id("importFileId")
        for job in api.imports.jobs:
            if job.id == wanted and job.code.id == code.id:
                return resource(api.imports.record(job))
        raise not_found("importFileId")

    path = "/ShortCode/{senderCodeId}/ContactImport"
    return [
        Route("POST", path, post_import, body=True),
        Route("GET", f"{path}/{{importFileId}}", get_import),
    ]
