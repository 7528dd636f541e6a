"""Profile fields that `create_missing` would create: all of them are checked before the first one is created.

A field cannot be taken back without a person who deletes it, and Listrak allows a limited number.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from listrak_api.errors import RequestRefusedError
from listrak_singer.suggestions import distance
from target_listrak.config.names import folded
from target_listrak.delivery.creations import Creations
from target_listrak.values.characters import escaped
from target_listrak.values.plain import folded_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from target_listrak.channels.email.profile_fields import FieldGroup, ProfileField, ProfileFields
    from target_listrak.config.destination import Destination
    from target_listrak.delivery.run import Run

__all__ = ["NewField", "create_fields", "is_created"]

_SECRETS: Final = re.compile(
    r"passw(?:or)?d|passphrase|secret|apikey|accesstoken|authtoken|cardnumber|creditcard|^cvv|^cvc|^iban|^ssn$"
    r"|socialsecurity"
)
_SHORTEST: Final = 4
_LETTERS_PER_EDIT: Final = 5


class NewField(NamedTuple):
    """A profile field that is to be created.

    Attributes:
        name: Its name.
        group: Its group; a text is the name of one that is to be created, too.
        data_type: Its type.
        max_length: Its length.
    """

    name: str
    group: FieldGroup | str
    data_type: str
    max_length: int

    @property
    def path(self) -> str:
        """`Group.Field`."""
        return f"{self.group if isinstance(self.group, str) else self.group.name}.{self.name}"


def is_created(name: str) -> bool:
    """Return whether a property may become a field without being named in `fields`.

    Not without a name (a comma at the end of a CSV file's header), not with the name of a secret, and not if
    a tool added it: names that begin with an underscore come from tools.
    """
    plain = folded_name(name)
    return bool(plain) and not name.startswith("_") and not _SECRETS.search(plain)


def create_fields(
    run: Run, destination: Destination, fields: ProfileFields, wanted: Sequence[NewField]
) -> list[ProfileField]:
    """Create fields, and their groups where they are missing; in a dry run only their representations.

    Raises:
        CreationLimitError: There are more of them than `max_created` allows: none was created.
        ListrakError: As the client.
    """
    run.session(Creations, destination.label).allow(destination, [one.path for one in wanted])
    for one in wanted:
        near = _nearest(one.name, (field.name for field in fields.all()))
        if near is not None:
            run.logger.warning(
                "%s: the new profile field %s is spelled nearly like %s, which exists. If that one is meant, "
                "name it in fields, and delete the new one in Listrak",
                destination.label,
                escaped(one.path),
                escaped(near),
            )
    created = []
    for name, group, data_type, max_length in wanted:
        home = fields.group(group, create=True) if isinstance(group, str) else group
        try:
            created.append(fields.create(name, home, data_type, max_length))
        except RequestRefusedError:
            run.logger.error("%s: Listrak refuses the new profile field %s", destination.label, escaped(name))  # noqa: TRY400 - the caller reports the error
            raise
    return created


def _nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that differs in a few letters only; in short names every letter counts."""
    plain = folded(name)
    if len(plain) < _SHORTEST:
        return None
    ranked = sorted((distance(plain, folded(one)), one) for one in known)
    return ranked[0][1] if ranked and ranked[0][0] <= max(1, len(plain) // _LETTERS_PER_EDIT) else None
