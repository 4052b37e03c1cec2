"""What the usual bots of ``replay`` write down: the rows that Xiaoer writes, a transaction and a commit an update."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import aiosqlite
import structlog
from tests.bench.load import TALLY
from tests.bench.rivals import UNMARKED

from xiaoer import Content, DeleteMessage, SendMessage, Statement
from xiaoer.actions import encode_action
from xiaoer.people import NOTE_ACCOUNT, NOTE_JOIN, NOTE_LEAVE, NOTE_MEMBER
from xiaoer.transaction import REQUEST
from xiaoer.units import REMEMBER

Step = tuple[Statement, dict[str, Any]]


class Person(NamedTuple):
    """Somebody, as the bot knows them."""

    account: str
    name: str
    locale: str | None
    role: str
    handle: str


class Said(NamedTuple):
    """What somebody wrote: in which chat, under which id, what it carries and what it says."""

    chat: str
    message: str
    kind: str
    text: str


class Notebook:
    """The usual bot's database.

    Args:
        connection: to it.
        space: the one group or server.

    Attributes:
        notes: how many updates are committed.
    """

    def __init__(self, connection: aiosqlite.Connection, space: str) -> None:
        self._connection = connection
        self._space = space
        self._known: dict[str, Person] = {}
        self._lock = asyncio.Lock()
        self._wanted = 0
        self._written = asyncio.Event()
        self.notes = 0

    @classmethod
    async def open(cls, file: Path, space: str) -> Notebook:
        """Open the file, as durable as Xiaoer's."""
        connection = await aiosqlite.connect(file)
        await connection.execute("PRAGMA journal_mode=WAL")
        await connection.execute("PRAGMA synchronous=FULL")
        return cls(connection, space)

    async def close(self) -> None:
        """Close it."""
        await self._connection.close()

    async def written(self, total: int) -> None:
        """Return when so many updates are committed since the beginning."""
        self._wanted = total
        self._written.clear()
        if self.notes < total:
            await self._written.wait()

    async def wrote(self, key: str, at: datetime, person: Person, said: Said) -> None:
        """Count a message twice, look at it twice, and ask for another now and then, as the five plugins do."""
        chat, message, kind, text = said
        steps = [*self._begin(key, at, person), _tally("messages", person), _tally("warmth", person)]
        if "forbidden" in text:
            steps.append(_ask("guard", DeleteMessage(chat=chat, message=message), at))
        if kind == "voice":
            structlog.get_logger().info("voice")
        if text.endswith("!"):
            steps.append(_ask("speaker", SendMessage(chat=chat, content=Content(("noted",))), at))
        await self._commit(steps)

    async def reacted(self, key: str, at: datetime, person: Person) -> None:
        """Remember that it was told; no plugin wants to know."""
        await self._commit(self._begin(key, at, person))

    async def joined(self, key: str, at: datetime, person: Person, source: dict[str, Any]) -> None:
        """Note a newcomer."""
        values = {"joined": at, "source": source}
        await self._commit([_seen(key, at), _account(person, at), (NOTE_JOIN, {**self._member(person), **values})])
        self._known[person.account] = person

    async def left(self, key: str, at: datetime, person: Person) -> None:
        """Note that somebody left."""
        gone = {"of": self._space, "who": person.account, "when": at}
        await self._commit([_seen(key, at), _account(person, at), (NOTE_LEAVE, gone)])
        self._known.pop(person.account, None)

    def _begin(self, key: str, at: datetime, person: Person) -> list[Step]:
        steps = [_seen(key, at)]
        if self._known.get(person.account) != person:
            self._known[person.account] = person
            note = (NOTE_MEMBER, {**self._member(person), "joined": None, "source": None})
            steps += [_account(person, at), note]
        return steps

    def _member(self, person: Person) -> dict[str, Any]:
        return {"space": self._space, "account": person.account, "community": "town", "role": person.role}

    async def _commit(self, steps: list[Step]) -> None:
        # without the lock, the commit of one handler would take along what others have only half written
        async with self._lock:
            for statement, values in steps:
                await self._connection.execute(statement.sql, statement.bind(values))
            await self._connection.commit()
        self.notes += 1
        if self.notes == self._wanted:
            self._written.set()


def _seen(key: str, at: datetime) -> Step:
    return REMEMBER, {"key": key, "at": int(at.timestamp()) // 3600}


def _account(person: Person, at: datetime) -> Step:
    named = {"account": person.account, "name": person.name, "handle": person.handle.casefold()}
    return NOTE_ACCOUNT, {**named, "locale": person.locale, "at": at}


def _tally(plugin: str, person: Person) -> Step:
    return TALLY, {"plugin": plugin, "who": person.account}


def _ask(plugin: str, action: SendMessage | DeleteMessage, at: datetime) -> Step:
    named = {"community": "town", "plugin": plugin, "chat": action.chat}
    return REQUEST, {**named, "action": encode_action(action), "urgency": 1, **UNMARKED, "at": at}
