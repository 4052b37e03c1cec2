"""The doors of the sandbox's rooms: whether people come in by themselves or have to be let in, and who waits."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer import JoinSource, Outcome, Statement, Store, Transaction
from xiaoer_web.people import Person
from xiaoer_web.rooms import come, touch
from xiaoer_web.tables import on_request, requests
from xiaoer_web.translate import Join, source_of

CLOSED = Statement(select(on_request))
CLOSE = Statement(upsert(on_request).values(space=bindparam("space")).on_conflict_do_nothing())
OPEN = Statement(delete(on_request).where(on_request.c.space == bindparam("room")))
REQUESTS = Statement(select(requests))
ASK = Statement(
    upsert(requests)
    .values(
        handle=bindparam("handle"),
        space=bindparam("space"),
        chat=bindparam("chat"),
        person=bindparam("person"),
        source=bindparam("source"),
    )
    .on_conflict_do_nothing()
)
DECIDED = Statement(delete(requests).where(requests.c.handle == bindparam("which")))

CAME = Statement(delete(requests).where(requests.c.space == bindparam("room"), requests.c.person == bindparam("whose")))


class Waiting(NamedTuple):
    """Somebody who asked to be let in.

    Args:
        handle: what the request is called.
        space: the room.
        chat: where in it they read what is decided.
        person: who.
        source: how they found the door.
    """

    handle: str
    space: str
    chat: str
    person: str
    source: JoinSource


class Entry:
    """All doors, and who stands before them, known without asking the database.

    Args:
        store: keeps it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._closed: set[str] = set()
        self._waiting: dict[tuple[str, str], Waiting] = {}

    async def load(self) -> None:
        """Learn what the database has."""
        self._closed.update([row.space for row in await self._store.read(CLOSED)])
        for row in await self._store.read(REQUESTS):
            source = msgspec.convert(row.source, JoinSource)
            self._waiting[row.space, row.person] = Waiting(row.handle, row.space, row.chat, row.person, source)

    def on_request(self, space: str) -> bool:
        """Return whether nobody comes into a room by themselves."""
        return space in self._closed

    def asks(self, doing: Join, person: Person | None) -> bool:
        """Return whether who comes has to be let in: not by an invite of the bot, nor pulled in by a member.

        Args:
            doing: how they come.
            person: who they are, if they were ever here.
        """
        here = person is not None and person.here
        return self.on_request(doing.space) and doing.invite is None and doing.how != "pulled" and not here

    def waits(self, space: str, person: str) -> Waiting | None:
        """Return what somebody asked for, if it is not decided."""
        return self._waiting.get((space, person))

    def asking(self, doing: Join, stored: asyncio.Future[Outcome]) -> None:
        """Know that somebody waits before anybody asks again, unless it cannot be stored or was decided long ago."""
        place = doing.space, doing.me
        if place in self._waiting:
            return
        self._waiting[place] = _waiting(doing)

        def turned_back(done: asyncio.Future[Outcome]) -> None:
            if done.cancelled() or done.exception() is not None or done.result() is Outcome.DUPLICATE:
                self._waiting.pop(place, None)

        stored.add_done_callback(turned_back)

    def note(self, tx: Transaction, doing: Join) -> None:
        """Store that somebody asks to be let in, with the event that it is."""
        come(tx, doing, here=False)
        asked = _waiting(doing)
        source = msgspec.to_builtins(asked.source)
        tx.run(ASK, handle=asked.handle, space=asked.space, chat=asked.chat, person=asked.person, source=source)

    def came(self, tx: Transaction, space: str, person: str) -> None:
        """Store that somebody came in who waits no more."""
        tx.run(CAME, room=space, whose=person)
        tx.after(partial(self._leave_door, (space, person)))

    def _leave_door(self, place: tuple[str, str]) -> None:
        self._waiting.pop(place, None)

    def decided(self, tx: Transaction, asked: Waiting) -> bool:
        """Store that somebody does not wait any more; return whether they did until now."""
        if not tx.run(DECIDED, which=asked.handle):
            return False
        touch(tx, asked.space, asked.person)
        tx.after(partial(self._forget, asked))
        return True

    def _forget(self, asked: Waiting) -> None:
        if self._waiting.get((asked.space, asked.person)) == asked:
            del self._waiting[asked.space, asked.person]

    def turn(self, tx: Transaction, space: str, closed: bool) -> None:
        """Let people of a room come in by themselves or not."""
        if closed:
            tx.run(CLOSE, space=space)
        else:
            tx.run(OPEN, room=space)
        touch(tx, space)
        tx.after(partial(self._closed.add if closed else self._closed.discard, space))


def _waiting(doing: Join) -> Waiting:
    return Waiting(f"web:{doing.key}", doing.space, doing.chat, doing.me, source_of(doing))
