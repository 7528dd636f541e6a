"""The last step of every answer of an API: dates and the end of paging are written as the settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listrak_sandbox.dates import in_zone

if TYPE_CHECKING:
    from listrak_sandbox.envelope import Answer
    from listrak_sandbox.settings import Settings

_LAST_PAGE = b'{"status":200,"nextPageCursor":null,'
_ENDS = {
    "null": _LAST_PAGE,
    "empty": b'{"status":200,"nextPageCursor":"",',
    "absent": b'{"status":200,',
}
"""How the last page of a collection begins, by the setting ``cursor_end``."""


def finish(answer: Answer, settings: Settings) -> Answer:
    """Write an answer's dates and the end of its paging as the settings say; once only."""
    if not answer.finished:
        answer.body = in_zone(answer.body, settings)
        if answer.body.startswith(_LAST_PAGE):
            answer.body = _ENDS[settings.cursor_end] + answer.body[len(_LAST_PAGE) :]
        answer.finished = True
    return answer
