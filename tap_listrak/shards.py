"""``--shards``: how a run is divided among several processes, by lists and sender codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from listrak_api import routes
from tap_listrak.preflight import account_rows, select_ids, select_lists
from tap_listrak.streams import STREAMS
from tap_listrak.streams.sms import SenderCodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_listrak.streams.base import ListrakStream
    from tap_listrak.sync.session import TapSession

__all__ = ["ACCOUNT", "LIST", "SENDER_CODE", "shard_streams", "shards"]

ShardKind = Literal["account", "list", "sender-code"]
ACCOUNT: Final = "account"
LIST: Final = "list"
SENDER_CODE: Final = "sender-code"


def shard_streams() -> dict[ShardKind, tuple[str, ...]]:
    """Return the streams of each kind of shard: every stream that needs no setting, exactly once.

    *account* has the streams that are read in full, of all lists. *list* has the incremental ones, which make
    up nearly all rows. *sender-code* has the streams below sender codes.
    """
    found: dict[ShardKind, list[str]] = {ACCOUNT: [], LIST: [], SENDER_CODE: []}
    for stream in STREAMS:
        if not any(one.needs for one in stream.lineage()):
            found[_kind(stream)].append(str(vars(stream)["name"]))
    return {kind: tuple(names) for kind, names in found.items()}


def shards(tap: TapSession) -> Iterator[dict[str, Any]]:
    """Return the shards of an account: one for the account, one for each list and each sender code.

    Makes one request for the lists and one for the sender codes (more from 5,000 on). Settings that name
    lists or sender codes leave out the others.

    Args:
        tap: The tap.

    Returns:
        Objects with `shard` (a name that stays the same while the list or sender code exists), `settings`
        (for this shard, in addition to the others) and `catalog` (the name of a ready-made catalog).

    Raises:
        ConfigurationError: A setting names a list or sender code that does not exist.
        ListrakError: What the client raises otherwise.
    """
    yield {"shard": ACCOUNT, "settings": {}, "catalog": f"shard-{ACCOUNT}"}
    if "email" in tap.apis:
        lists = select_lists(account_rows(tap, routes.LISTS), tap.settings.list_ids)
        yield from (_shard(LIST, "list_ids", row["listId"]) for row in lists)
    if "sms" in tap.apis:
        codes = {int(row["shortCodeId"]): row.get("code") for row in account_rows(tap, routes.SENDER_CODES)}
        wanted = select_ids("sender_code_ids", "sender code", tap.settings.sender_code_ids, codes)
        yield from (
            _shard(SENDER_CODE, "sender_code_ids", code) for code in codes if not wanted or code in wanted
        )


def _shard(kind: ShardKind, setting: str, number: Any) -> dict[str, Any]:  # noqa: ANN401 - an id of any row
    return {"shard": f"{kind}-{number}", "settings": {setting: [int(number)]}, "catalog": f"shard-{kind}"}


def _kind(stream: type[ListrakStream]) -> ShardKind:
    if SenderCodes in stream.lineage()[1:]:
        return SENDER_CODE
    return LIST if stream.incremental else ACCOUNT
