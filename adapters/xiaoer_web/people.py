"""The sandbox's people, as they are known without asking the database."""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass

from xiaoer import Row, Who

OWNERS = ("owner", "secretary")
STAFF = (*OWNERS, "xiaoer")
ROLES = (*STAFF, "member")


@dataclass(frozen=True)
class Person:
    """A member of a room.

    Args:
        space: the room.
        id: what stands behind ``web:`` in the account.
        name: what people see.
        locale: ``zh`` or ``en``.
        role: what they act as.
        here: whether they have not left.
        key: that of the join that they first came by.
    """

    space: str
    id: str
    name: str
    locale: str
    role: str
    here: bool
    key: str = ""

    @property
    def who(self) -> Who:
        """The person as events name them."""
        return Who(f"web:{self.id}", self.name, self.locale, "" if self.role == "member" else self.role)

    @property
    def place(self) -> str:
        """The person and the room in one word, as streams name them."""
        return f"{self.space}/{self.id}"


def person_of(row: Row) -> Person:
    """Return a member as the database has them."""
    return Person(row.space, row.id, row.name, row.locale, row.role, row.here, row.key)


class People:
    """Everybody who ever came in, by room."""

    def __init__(self) -> None:
        self._people: dict[tuple[str, str], Person] = {}

    def learn(self, rows: list[Row]) -> None:
        """Take in members as the database has them now."""
        for row in rows:
            self._people[row.space, row.id] = person_of(row)

    def find(self, space: str, person: str) -> Person | None:
        """Return a person, or None."""
        return self._people.get((space, person))

    def came_by(self, space: str, key: str) -> Person | None:
        """Return who first came by a join, or None."""
        return next((one for one in self._people.values() if one.space == space and one.key == key), None)

    def anywhere(self, person_id: str) -> Person | None:
        """Return a person by the id alone, which is given once over all rooms."""
        return next((person for person in self._people.values() if person.id == person_id), None)

    def of(self, space: str) -> list[Person]:
        """Return a room's people, those who are here first."""
        found = [person for person in self._people.values() if person.space == space]
        return sorted(found, key=lambda person: not person.here)

    def new_id(self, name: str) -> str:
        """Return an id for a newcomer: their name where it can be one, else something short."""
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:24]
        taken = {person.id for person in self._people.values()}
        if slug and slug not in taken:
            return slug
        return f"{slug or 'guest'}-{secrets.token_hex(3)}"
