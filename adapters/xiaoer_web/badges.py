"""What people of the sandbox wear beside their names."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert, select

from xiaoer import Badge, Row, Statement, Store, Transaction, one_line
from xiaoer_web.rooms import touch
from xiaoer_web.tables import badges

NAME, TAG = 60, 30
"""Characters of a badge's name and of its tag."""

_in_order = select(badges).order_by(badges.c.plugin, badges.c.place)
BADGES = Statement(_in_order)
OF_PERSON = Statement(_in_order.where(badges.c.space == bindparam("room"), badges.c.person == bindparam("whose")))
PUT_ON = Statement(
    insert(badges).values(
        space=bindparam("space"),
        person=bindparam("person"),
        plugin=bindparam("plugin"),
        kind=bindparam("kind"),
        place=bindparam("place"),
        name=bindparam("name"),
        tag=bindparam("tag"),
        colour=bindparam("colour"),
    )
)
_of_person = delete(badges).where(badges.c.space == bindparam("room"), badges.c.person == bindparam("whose"))
TAKE_ALL = Statement(_of_person)
TAKE_OF_PLUGIN = Statement(_of_person.where(badges.c.plugin == bindparam("by")))
TAKE = Statement(_of_person.where(badges.c.plugin == bindparam("by"), badges.c.kind == bindparam("which")))


class Worn(NamedTuple):
    """A badge as somebody wears it.

    Args:
        plugin: who gave it.
        kind: the plugin's name for it.
        name: what the kind is called.
        tag: this person's few words of it.
        colour: red, green and blue in 24 bits; None for none.
    """

    plugin: str
    kind: str
    name: str
    tag: str
    colour: int | None

    @property
    def label(self) -> str:
        """What is shown."""
        return self.tag or self.name or self.kind

    @property
    def hue(self) -> str:
        """The colour as pages name it; empty for none."""
        return "" if self.colour is None else f"#{self.colour & 0xFFFFFF:06x}"

    @property
    def plain(self) -> bool:
        """Whether it is carried rather than shown: it has neither words of its own nor a colour."""
        return not self.tag and self.colour is None


class Badges:
    """Who wears what, known without asking the database.

    Args:
        store: keeps it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._worn: dict[tuple[str, str], tuple[Worn, ...]] = {}

    async def load(self) -> None:
        """Learn what the database has."""
        for row in await self._store.read(BADGES):
            place = row.space, row.person
            self._worn[place] = (*self._worn.get(place, ()), _worn(row))

    def of(self, space: str, person: str) -> tuple[Worn, ...]:
        """Return what somebody wears in a room."""
        return self._worn.get((space, person), ())

    def wear(self, tx: Transaction, space: str, person: str, plugin: str, wanted: tuple[Badge, ...]) -> None:
        """Let somebody wear these badges of a plugin and no others of it."""
        had = [worn for worn in map(_worn, tx.all(OF_PERSON, room=space, whose=person)) if worn.plugin == plugin]
        named: dict[str, Worn] = {}
        for badge in wanted:
            named.setdefault(badge.kind, given_as(plugin, badge))
        given = list(named.values())
        if had == given:
            return
        tx.run(TAKE_OF_PLUGIN, room=space, whose=person, by=plugin)
        for place, worn in enumerate(given):
            tx.run(PUT_ON, space=space, person=person, place=place, **worn._asdict())
        self._changed(tx, space, person)

    def strip(self, tx: Transaction, space: str, person: str, plugin: str, kind: str) -> None:
        """Take one badge from somebody."""
        tx.run(TAKE, room=space, whose=person, by=plugin, which=kind)
        self._changed(tx, space, person)

    def strip_all(self, tx: Transaction, space: str, person: str) -> None:
        """Take all badges from somebody who leaves."""
        if tx.run(TAKE_ALL, room=space, whose=person):
            self._changed(tx, space, person)

    def _changed(self, tx: Transaction, space: str, person: str) -> None:
        touch(tx, space, person)
        left = tuple(map(_worn, tx.all(OF_PERSON, room=space, whose=person)))
        tx.after(partial(self._learn, (space, person), left))

    def _learn(self, place: tuple[str, str], worn: tuple[Worn, ...]) -> None:
        self._worn[place] = worn


def given_as(plugin: str, badge: Badge) -> Worn:
    """Return a badge as it is worn here, what is too long being cut."""
    return Worn(plugin, badge.kind, one_line(badge.name, NAME), one_line(badge.tag, TAG), badge.colour)


def _worn(row: Row) -> Worn:
    return Worn(row.plugin, row.kind, row.name, row.tag, row.colour)
