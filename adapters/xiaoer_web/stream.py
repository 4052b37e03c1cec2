"""What changes, as it changes: one reader of the tables, and a stream for each browser.

A stream can always begin again where it broke off, because every visible change has a revision and is in the tables.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import msgspec

from xiaoer import Row, Store
from xiaoer_web.rooms import BURST, CHANGED, CHANGED_MEMBERS, REV

KEEP_ALIVE = 15.0
"""Seconds after which a quiet stream says that it is still there."""


class Notice(msgspec.Struct, frozen=True):
    """What one person's page is told.

    Args:
        to: the person, as ``space/id``.
        kind: ``message``, ``gone``, ``people``, ``chats``, ``clock`` or ``working``.
        id: what it is about; with ``chats`` what keeps the person from all of them, as :data:`~xiaoer_web.views.State`.
        html: what to show.
    """

    to: str
    kind: str
    id: str
    html: str = ""
    chat: str = ""
    pinned: bool = False


Render = Callable[[str, "Changes"], list[Notice]]


@dataclass(frozen=True)
class Changes:
    """What is new in the tables.

    Args:
        rev: the revision up to which this reaches.
        messages: the changed messages, in the order of their revisions.
        rooms: the rooms whose members changed.
        passing: notices that are nowhere stored.
    """

    rev: int
    messages: list[Row] = field(default_factory=lambda: [])
    rooms: set[str] = field(default_factory=lambda: set())
    passing: list[Notice] = field(default_factory=lambda: [])


@dataclass(eq=False)
class _Stream:
    people: tuple[str, ...]
    changes: asyncio.Queue[Changes | None]


class Hub:
    """Tells open pages what changes.

    Args:
        store: holds the tables.
        on_members: hears, before any page does, that members changed.
    """

    def __init__(self, store: Store, on_members: Callable[[list[Row]], None]) -> None:
        self._store = store
        self._on_members = on_members
        self._streams: set[_Stream] = set()
        self._reading = asyncio.Lock()
        self._news = asyncio.Event()
        self._rev = 0
        self._asked = self._answered = 0

    async def start(self) -> None:
        """Read where the tables stand."""
        rows = await self._store.read(REV)
        self._rev = rows[0].rev

    @property
    def rev(self) -> int:
        """The revision up to which pages have been told."""
        return self._rev

    async def refresh(self) -> None:
        """Tell all open pages what has been stored since the last time.

        Many ask at once, each for what they have just stored: one look answers all who asked before it began.
        """
        asked = self._asked = self._asked + 1
        async with self._reading:
            if self._answered >= asked:
                return
            answers = self._asked
            full = True
            while full:
                changes = await self._read(self._rev)
                full = len(changes.messages) == BURST
                self._rev = changes.rev
                for stream in self._streams:
                    stream.changes.put_nowait(changes)
            self._answered = answers

    def changed(self) -> None:
        """Hear that something was stored; it is told soon."""
        self._news.set()

    async def run(self) -> None:
        """Tell what was stored, for ever."""
        while True:
            await self._news.wait()
            self._news.clear()
            await self.refresh()

    def tell(self, notice: Notice) -> None:
        """Tell something that is nowhere stored."""
        for stream in self._streams:
            stream.changes.put_nowait(Changes(self._rev, passing=[notice]))

    def close(self) -> None:
        """End all streams."""
        for stream in self._streams:
            stream.changes.put_nowait(None)

    async def _read(self, since: int) -> Changes:
        messages = await self._store.read(CHANGED, since=since)
        members = await self._store.read(CHANGED_MEMBERS, since=since)
        self._on_members(members)
        revs = [since, *(row.rev for row in messages)]
        if len(messages) < BURST:
            revs += [row.rev for row in members]
        return Changes(max(revs), messages, {row.space for row in members})

    async def stream(self, people: tuple[str, ...], since: int, render: Render) -> AsyncIterator[bytes]:
        """Yield server-sent events for some people's pages, from a revision on, until the stream is closed.

        Args:
            people: who looks, as ``space/id``.
            since: what their pages know already.
            render: turns changes into one person's notices.
        """
        stream = _Stream(people, asyncio.Queue())
        self._streams.add(stream)
        try:
            yield b": here\n\n"
            while since < self._rev:
                changes = await self._read(since)
                yield _events(changes, people, render)
                if changes.rev == since:
                    break
                since = changes.rev
            fresh: Changes | None
            while True:
                try:
                    async with asyncio.timeout(KEEP_ALIVE):
                        fresh = await stream.changes.get()
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if fresh is None:
                    return
                if fresh.passing or fresh.rev > since:
                    since = max(since, fresh.rev)
                    yield _events(fresh, people, render)
        finally:
            self._streams.discard(stream)


def _events(changes: Changes, people: tuple[str, ...], render: Render) -> bytes:
    notices = [notice for person in people for notice in render(person, changes)]
    # all of one revision in one event, so that a page that saw its id saw everything in it
    data = msgspec.json.encode(notices).decode()
    return f"id: {changes.rev}\ndata: {data}\n\n".encode()
