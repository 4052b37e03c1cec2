"""The gates of the sandbox: chats that only those see who wear a badge."""

from __future__ import annotations

from functools import partial

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer import Gate, Statement, Store, Transaction
from xiaoer_web.badges import Badges
from xiaoer_web.people import Person
from xiaoer_web.rooms import touch
from xiaoer_web.tables import gates, messages

GATES = Statement(select(gates))
_gate = upsert(gates).values(chat=bindparam("chat"), plugin=bindparam("plugin"), kind=bindparam("kind"))
PUT_UP = Statement(
    _gate.on_conflict_do_update(
        index_elements=["chat"], set_={"plugin": _gate.excluded.plugin, "kind": _gate.excluded.kind}
    )
)
TAKE_AWAY = Statement(delete(gates).where(gates.c.chat == bindparam("place")))
PLACE = Statement(select(messages.c.chat).where(messages.c.id == bindparam("message")))
_shown = select(messages.c.chat).where(messages.c.deleted.is_(False)).distinct()
PLACES_OF_PICTURE = Statement(_shown.where(messages.c.picture == bindparam("what")))
PLACES_OF_FILE = Statement(_shown.where(messages.c.file == bindparam("what")))


class Gates:
    """Which badge opens which chat, known without asking the database.

    Args:
        store: keeps it.
        badges: what people wear.
    """

    def __init__(self, store: Store, badges: Badges) -> None:
        self._store = store
        self._badges = badges
        self._gates: dict[str, tuple[str, str]] = {}

    async def load(self) -> None:
        """Learn what the database has."""
        for row in await self._store.read(GATES):
            self._gates[row.chat] = row.plugin, row.kind

    def gated(self, chat: str) -> bool:
        """Return whether a chat has a gate."""
        return chat in self._gates

    def opens(self, person: Person | None, chat: str) -> bool:
        """Return whether somebody gets through the gate of a chat, if it has one."""
        needed = self._gates.get(chat)
        if needed is None:
            return True
        worn = self._badges.of(person.space, person.id) if person is not None and person.here else ()
        space = chat.partition("/")[0]
        return person is not None and person.space == space and any(one[:2] == needed for one in worn)

    async def shows_message(self, person: Person, message: str) -> bool:
        """Return whether somebody gets through to a message; one that nobody knows is nobody's secret."""
        return await self._any(PLACE, person, message=message)

    async def shows_picture(self, person: Person | None, name: str) -> bool:
        """Return whether somebody gets through to a message with a picture."""
        return await self._any(PLACES_OF_PICTURE, person, what=name)

    async def shows_file(self, person: Person | None, digest: str) -> bool:
        """Return whether somebody gets through to a message with a file."""
        return await self._any(PLACES_OF_FILE, person, what=digest)

    async def _any(self, places: Statement, person: Person | None, **which: str) -> bool:
        if not self._gates:
            return True
        rows = await self._store.read(places, **which)
        return not rows or any(self.opens(person, row.chat) for row in rows)

    def put(self, tx: Transaction, request: Gate) -> None:
        """Put a gate up, or take it away."""
        badge = request.badge
        if badge is None:
            tx.run(TAKE_AWAY, place=request.chat)
        else:
            tx.run(PUT_UP, chat=request.chat, plugin=request.plugin, kind=badge.kind)
        touch(tx, request.chat.partition("/")[0])
        tx.after(partial(self._learn, request.chat, None if badge is None else (request.plugin, badge.kind)))

    def _learn(self, chat: str, needed: tuple[str, str] | None) -> None:
        if needed is None:
            self._gates.pop(chat, None)
        else:
            self._gates[chat] = needed
