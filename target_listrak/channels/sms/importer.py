"""Contact imports of the SMS API: profile values of many known numbers at once.

Such an import names no counts and no rows: a number that it does not know leaves no trace. So it is used
for numbers that were looked up first, and the contacts are read again when it has ended.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from listrak_api import routes
from listrak_api.errors import LostAnswerError
from target_listrak.delivery.import_body import MAX_FILE_BYTES, ImportBody, encode_line
from target_listrak.delivery.polling import ImportFailedError, await_import

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from target_listrak.channels.sms.sender_codes import SenderCode
    from target_listrak.delivery.run import Run

__all__ = ["SmsImporter"]

_SENDINGS: Final = 3


class SmsImporter:
    """Imports profile values for the contacts of one sender code.

    Args:
        run: The run.
        sender_code: The sender code.
        stream: The stream, for the files' names.
    """

    def __init__(self, run: Run, sender_code: SenderCode, stream: str) -> None:
        self._run = run
        self._sender_code = sender_code
        self._stream = "".join(one if one.isalnum() else "-" for one in stream)[:40]
        self._numbers = itertools.count(1)
        self.max_file_bytes = MAX_FILE_BYTES

    def load(self, rows: Sequence[tuple[str, Mapping[int, str]]], names: Mapping[int, str]) -> None:
        """Import values, and return when the imports have ended (`POST` and `GET …/ContactImport`).

        Args:
            rows: Number and value by profile field id; every row has the same fields, and no value is blank.
            names: Names of the fields, for the files' first line.

        Raises:
            ImportFailedError: An import failed or took too long.
            ListrakError: As the client.
        """
        columns = list(rows[0][1])
        header = encode_line(["Phone", *(names.get(column, str(column)) for column in columns)])
        lines = [encode_line([number, *(values[column] for column in columns)]) for number, values in rows]
        for part in self._by_size(header, lines):
            self._load_file(columns, [header, *part])

    def _by_size(self, header: bytes, lines: list[bytes]) -> Iterator[list[bytes]]:
        part: list[bytes] = []
        room = self.max_file_bytes - len(header)
        for line in lines:
            if part and len(line) > room:
                yield part
                part, room = [], self.max_file_bytes - len(header)
            part.append(line)
            room -= len(line)
        if part:
            yield part

    def _load_file(self, columns: list[int], lines: list[bytes]) -> None:
        name = f"singer-{self._stream}-sms-{self._run.id}-{next(self._numbers):05}.csv"
        rows = f"{len(lines) - 1:,}"
        if self._run.dry_run:
            self._run.logger.info("Dry run: %s would be imported: %s rows", name, rows)
            return
        mappings = [{"fileColumnType": "Phone", "segmentationFieldId": 0, "fileColumn": 0}]
        mappings += [
            {"fileColumnType": "SegmentationField", "segmentationFieldId": column, "fileColumn": number}
            for number, column in enumerate(columns, 1)
        ]
        head = {
            "fileName": name,
            "importType": "UpdateSubscribers",
            "hasColumnNames": True,
            "textQualifier": '"',
            "fileMappings": mappings,
        }
        import_id = self._start(ImportBody(head, lines), name)
        code = self._sender_code.name
        self._run.logger.info("Import %s (%s) of sender code %s: %s rows sent", name, import_id, code, rows)
        status_ids = {"senderCodeId": self._sender_code.id, "importFileId": import_id}
        client = self._run.connection.client("sms")
        where = f"SMS import {name} ({import_id})"
        await_import(self._run, where, lambda: client.get(routes.SMS_CONTACT_IMPORT, status_ids))

    def _start(self, body: ImportBody, name: str) -> str:
        """Send the file and return the import's id.

        There is no list of these imports in which a lost one could be found. Sending the same values again
        is safe: they are set, not added, no other file of this sender code is under way, and what happened
        to each contact is read afterwards.
        """
        ids = {"senderCodeId": self._sender_code.id}
        for sending in range(1, _SENDINGS + 1):
            try:
                answer = self._run.connection.client("sms").send(
                    routes.START_SMS_CONTACT_IMPORT, ids, body_stream=body
                )
            except LostAnswerError:
                if sending == _SENDINGS:
                    raise
                self._run.logger.warning("The answer to sending %s was lost; it is sent again", name)
                continue
            if answer.resource_id is not None:
                return answer.resource_id
            message = f"Listrak took the file {name} but did not name the import"
            raise ImportFailedError(
                message, hint="Its rows are not confirmed: the next run sends them again."
            )
        raise AssertionError  # pragma: no cover - the last sending returns or raises
