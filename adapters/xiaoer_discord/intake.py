"""Events on their way in: parked at once, in order, and noted how far they are safe."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer import AnyEvent, Host, MemberJoined, MessagePosted, Outcome, Row, Statement, Transaction
from xiaoer_discord.tables import guilds
from xiaoer_discord.translate import EPOCH, stamp

MARGIN = timedelta(minutes=1)
"""How much is fetched again after a gap, because channels are not told in order of each other; keys sort it out."""

REMEMBERED = Statement(select(guilds).where(guilds.c.guild == bindparam("which")))
_seen = upsert(guilds).values(guild=bindparam("guild"), seen=bindparam("seen"), menu="")
NOTE_SEEN = Statement(_seen.on_conflict_do_update(index_elements=["guild"], set_={"seen": _seen.excluded.seen}))
NOTE_MENU = Statement(update(guilds).values(menu=bindparam("digest")).where(guilds.c.guild == bindparam("which")))


class Intake:
    """Takes the events of guilds in.

    Args:
        host: the core.

    Attributes:
        lost: guilds of which something could not be stored.
        stored: called with each event that is safe.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._held: dict[int, list[tuple[AnyEvent, bool]]] = {}
        self._turns: dict[int, int] = {}
        self._pending: set[asyncio.Future[Outcome]] = set()
        self._latest: dict[int, datetime] = {}
        self._noted: dict[int, datetime] = {}
        self.lost: set[int] = set()
        self.stored: Callable[[int, AnyEvent], None] | None = None

    async def remembered(self, guild: int) -> Row | None:
        """Return what is remembered of a guild; None when it is new."""
        rows = await self._host.store.read(REMEMBERED, which=guild)
        return rows[0] if rows else None

    async def note_menu(self, guild: int, digest: str) -> None:
        """Remember which commands were set."""
        await self._host.store.transact(_note_menu, guild, digest)

    async def note_seen(self, guild: int, moment: datetime) -> None:
        """Remember that everything up to a moment is safe."""
        await self._host.store.transact(_note_seen, guild, stamp(moment))
        self._noted[guild] = moment

    def hold(self, guild: int) -> int:
        """Keep a guild's events back until what was missed before them is fetched; return whose turn that is."""
        self._held.setdefault(guild, [])
        self._turns[guild] = self._turns.get(guild, 0) + 1
        return self._turns[guild]

    def release(self, guild: int, turn: int, missed: Iterable[AnyEvent] = ()) -> None:
        """Take in what was missed, then what was kept back; nothing if the guild was held again since that turn."""
        if turn == self._turns[guild]:
            held = self._held.pop(guild, ())
            for event in missed:
                self._submit(guild, event, kept=False)
            for event, kept in held:
                self._submit(guild, event, kept=kept)

    def take(self, guild: int, event: AnyEvent, *, kept: bool = False) -> None:
        """Take an event in, or keep it back.

        Args:
            guild: where it happened.
            event: what happened.
            kept: whether the core keeps it already.
        """
        held = self._held.get(guild)
        if held is not None:
            held.append((event, kept))
        else:
            self._submit(guild, event, kept=kept)

    def _submit(self, guild: int, event: AnyEvent, *, kept: bool) -> None:
        future = self._host.submit(event, kept=True) if kept else self._host.submit(event, park=True)
        self._pending.add(future)
        future.add_done_callback(lambda done: self._done(guild, event, done))
        if isinstance(event, MessagePosted | MemberJoined):  # others tell the time by our clock
            self._latest[guild] = max(event.at, self._latest.get(guild, event.at))

    def _done(self, guild: int, event: AnyEvent, future: asyncio.Future[Outcome]) -> None:
        self._pending.discard(future)
        if future.cancelled():
            return
        if future.exception() is None:
            if self.stored is not None:
                self.stored(guild, event)
        else:
            self.lost.add(guild)
            reason = str(future.exception())
            structlog.get_logger().error("discord: event not stored, fetched again later", guild=guild, reason=reason)

    def holds(self, guild: int) -> bool:
        """Return whether a guild's events are kept back, or have to be fetched again."""
        return guild in self._held or guild in self.lost

    async def keep_note(self) -> None:
        """Note how far everything is safe."""
        latest = dict(self._latest)
        if self._pending:
            await asyncio.wait(set(self._pending))
        for guild, moment in latest.items():
            safe = moment - MARGIN
            if guild not in self.lost and guild not in self._held and safe > self._noted.get(guild, safe - MARGIN):
                await self.note_seen(guild, safe)


def moment_of(row: Row) -> datetime:
    """Return up to when a guild's events are safe."""
    return EPOCH + timedelta(milliseconds=row.seen)


def _note_seen(tx: Transaction, guild: int, seen: int) -> None:
    tx.run(NOTE_SEEN, guild=guild, seen=seen)


def _note_menu(tx: Transaction, guild: int, digest: str) -> None:
    tx.run(NOTE_MENU, which=guild, digest=digest)
