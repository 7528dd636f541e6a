"""Profile fields of the generated lists, and the value each contact has in each."""

from __future__ import annotations

from collections.abc import Callable

from listrak_sandbox.world import draws, words
from listrak_sandbox.world.calendar import DAY, date_text

Maker = Callable[[int, int], str]
"""Makes a value from a contact's person number and a draw."""


def _choice(*values: str) -> Maker:
    return lambda _, draw: values[draw % len(values)]


def _on_off(_: int, draw: int) -> str:
    return "on" if draw % 2 else "off"


def _amount(_: int, draw: int) -> str:
    return f"{draw / 7:.2f}"


def _whole(_: int, draw: int) -> str:
    return str(draw % 500)


def _day(_: int, draw: int) -> str:
    # Values of date fields are not all dates.
    return "n/a" if draw % 41 == 3 else date_text((draw % 700) * DAY)  # noqa: PLR2004  any residue will do


def _birthday(_: int, draw: int) -> str:
    # Without leading zeros, as values typed by people come.
    return f"{draw % 12 + 1}/{draw // 12 % 28 + 1}/{1950 + draw % 55}"


def _first(person: int, _: int) -> str:
    return words.FIRST[person % len(words.FIRST)].title()


def _last(person: int, _: int) -> str:
    return words.LAST[person // len(words.FIRST) % len(words.LAST)].title()


def _zip(_: int, draw: int) -> str:
    return f"{draw:05}"


FIELDS: tuple[tuple[str, str, str, int, Maker], ...] = (
    ("Customer", "First Name", "Text", 50, _first),
    ("Customer", "Last Name", "Text", 50, _last),
    ("Customer", "Birthday", "Date", 10, _birthday),
    ("Customer", "City", "Text", 60, _choice(*words.CITIES)),
    ("Customer", "Status", "Text", 20, _choice("active", "lapsed", "new")),
    ("Loyalty", "Points", "Numeric", 12, _whole),
    ("Loyalty", "Status", "Text", 20, _choice("Gold", "Silver", "Bronze", "Größe ★")),
    ("Preferences", "Wants SMS", "CheckBox", 5, _on_off),
    ("Preferences", "Weekly", "RadioButton", 5, _on_off),
    ("Preferences", "Monthly", "RadioButton", 5, _on_off),
    ("Service", "Notes", "CommentArea", 2000, _choice(*words.COMMENTS)),
    ("Service", "Greeting", "ContentBlock", 4000, _choice("<p>Hello &amp; hi</p>", '<b class="x">Hi</b>')),
    ("Purchases", "Lifetime Value", "Numeric", 12, _amount),
    ("Purchases", "Last Order", "Date", 10, _day),
    ("Purchases", "Orders", "Numeric", 6, _whole),
    ("Customer", "Postal Code", "Text", 10, _zip),
    *(
        ("Interests", name, "CheckBox", 5, _on_off)
        for name in ("Shoes", "Bags", "Dresses", "Suits", "Kids", "Home", "Garden", "Beauty", "Sale", "Gifts")
    ),
    *(("Purchases", f"Spent {year}", "Numeric", 12, _amount) for year in range(2019, 2027)),
    *(("Purchases", f"Favourite {word}", "Text", 40, _choice("red", "blau", "vert, clair", "黒"))
      for word in ("Colour", "Size", "Brand", "Store")),
    ("Service", "Last Call", "Date", 10, _day),
    ("Service", "VIP", "CheckBox", 5, _on_off),
)  # fmt: skip
"""Group, name, data type, longest value, and how values come about."""


def groups(list_number: int, count: int) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Return the profile field groups and fields of a list as the API's records.

    Args:
        list_number: 1 for the first list; ids differ from list to list.
        count: How many of `FIELDS` the list has.
    """
    found: dict[str, int] = {}
    fields: list[dict[str, object]] = []
    for number, (group, name, kind, length, _) in enumerate(FIELDS[:count]):
        group_id = found.setdefault(group, list_number * 100 + len(found) + 1)
        fields.append(
            {
                "segmentationFieldId": field_id(list_number, number),
                "segmentationFieldName": name,
                "segmentationFieldGroupId": group_id,
                "dataType": kind,
                "maxLength": length,
                "position": sum(one["segmentationFieldGroupId"] == group_id for one in fields) + 1,
            }
        )
    records: list[dict[str, object]] = [
        {"segmentationFieldGroupId": group_id, "segmentationFieldGroupName": name, "position": position}
        for position, (name, group_id) in enumerate(found.items(), 1)
    ]
    return records, fields


def field_id(list_number: int, number: int) -> int:
    """Return the id of the n-th field of `FIELDS` on a list."""
    return list_number * 1000 + number * 3 + 7


class ProfileValues:
    """The values that the contacts of one list were generated with."""

    def __init__(self, seed: int, list_number: int, count: int) -> None:
        self._name = f"{seed}/values/{list_number}"
        self._makers = {
            field_id(list_number, number): (number, maker)
            for number, (_, _, _, _, maker) in enumerate(FIELDS[:count])
        }

    def of(self, index: int, person: int, wanted: list[int] | None = None) -> dict[int, str]:
        """Return a contact's values by field id, for wanted fields or all; fields without one are absent."""
        data = draws.raw(f"{self._name}/{index}", 2 * len(FIELDS))
        values = {}
        for identifier in self._makers if wanted is None else wanted:
            made = self._makers.get(identifier)
            if made is None:
                continue
            number, maker = made
            draw = int.from_bytes(data[2 * number : 2 * number + 2])
            if draw % 4:
                values[identifier] = maker(person, draw)
        return values
