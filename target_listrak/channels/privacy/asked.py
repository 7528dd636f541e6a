"""Whether a record says that its person did not ask to be erased, or for something else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from target_listrak.outcomes import Rejected, RowRejected
from target_listrak.values.formats import as_boolean
from target_listrak.values.plain import folded_name

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["check_asked"]

_ASKS: Final = re.compile(
    r"erasure|forget(?!ten)|(?:erase|delete|deletion|gdpr|privacy)request|rtbf|requested$"
)
_TYPES: Final = frozenset({"requesttype", "requestkind", "dsartype", "dsrtype", "privacyrequesttype"})
_OF_ANYTHING: Final = frozenset({"type", "kind", "action", "category", "request"})
_STATUS: Final = frozenset({"status", "state", "requeststatus", "requeststate", "dsarstatus"})
_ERASES: Final = re.compile(
    r"eras|delet|forg[eo]t|remov|rtbf|l[oö]sch|supprim|borrad|cancell?a(?:zione|cion)"
)
_OTHERS: Final = re.compile(
    r"access|donot(?:sell|share)|optout|unsubscribe|portability|export|correction|rectification|restriction"
    r"|objection|info(?:rmation)?|inquiry|copy|knowledge|righttoknow|consent|withdrawal|complaint"
)
_ENDED: Final = re.compile(
    r"cancell?ed|rejected|denied|declined|refused|withdrawn|revoked|expired|invalid|void|duplicate|spam"
    r"|completed?|done|fulfilled|closed|resolved"
)


def check_asked(record: Mapping[str, object]) -> None:
    """Reject a record that says that its person did not ask to be erased, or that the request is over.

    Args:
        record: A record of the kind `forget`.

    Raises:
        RowRejected: It does; the reason names the property.
    """
    for name, value in record.items():
        folded, word = folded_name(name), folded_name(value) if isinstance(value, str) else ""
        cause = ""
        if _ASKS.search(folded) and as_boolean(value) is False:
            cause = "the record says that the person did not ask for it"
        elif folded in _TYPES | _OF_ANYTHING and word and not _ERASES.search(word):
            if folded in _TYPES or _OTHERS.fullmatch(word):
                cause = "the record is a request for something else"
        elif folded in _STATUS and _ENDED.fullmatch(word):
            cause = "the request is withdrawn, refused or done"
        if cause:
            reason = f"{name}: {cause}, so nobody is erased by it. If not, map it to null (`stream_maps`)"
            raise RowRejected(Rejected("not_requested", reason))
