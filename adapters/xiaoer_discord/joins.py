"""Who came in by which invite: each join is kept safe while the invites of its guild are looked at, then taken in.

One look serves all who wait in a guild, so there is never more than one a second there. A join is told about a second
after it was heard of, and after four at most, then with what is known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeAlias

import discord
import msgspec
import structlog

from xiaoer import (
    AnyEvent,
    BadgesChanged,
    ButtonPressed,
    CommandUsed,
    Host,
    JoinRequested,
    JoinSource,
    MemberJoined,
    MemberLeft,
    MessagePosted,
    PlatformEvent,
    ReactionChanged,
    StoreError,
)
from xiaoer_discord.attribution import Count, Tally
from xiaoer_discord.intake import Intake
from xiaoer_discord.known import known_invites, note_invites
from xiaoer_discord.looks import PATIENCE, Looks

HEARD = 1.0
"""Seconds of platform time in which a join is heard of at the latest after its invite shows that it was used."""

REMEMBERED = 30.0
"""Seconds of platform time in which an invite shows at the latest that it was used by somebody who was heard of."""


Happened: TypeAlias = (
    MemberJoined
    | JoinRequested
    | BadgesChanged
    | MemberLeft
    | MessagePosted
    | ReactionChanged
    | ButtonPressed
    | CommandUsed
)


class _Held:
    """An event that waits, and whether it is safe."""

    def __init__(self, event: Happened) -> None:
        self.event: Happened = event
        self.kept = False
        self.safe: asyncio.Task[None] | None = None


class _Door:
    """What is known of one guild.

    Attributes:
        waiting: by account, a join that is held back, and what that person did behind it.
        whole: whether everybody was heard of since the first look; not before what was missed is fetched.
        since: when the first of them was heard of, in platform time.
        news: set when somebody comes.
        noted: the invites as the next run will know them.
    """

    def __init__(self) -> None:
        self.tally = Tally()
        self.waiting: dict[str, list[_Held]] = {}
        self.since = 0.0
        self.news = asyncio.Event()
        self.working = False
        self.whole = False
        self.noted: dict[str, Count] = {}


class Joins:
    """Finds out how people came in.

    Args:
        host: the core.
        client: the bot.
        intake: takes events in.
        keep: keeps tasks that end with the line.
    """

    def __init__(
        self, host: Host, client: discord.Client, intake: Intake, keep: Callable[[asyncio.Task[None]], None]
    ) -> None:
        self._host = host
        self._looks = Looks(client, host.clock.platform)
        self._intake = intake
        self._keep = keep
        self._clock = host.clock.platform
        self._doors: dict[int, _Door] = {}
        self._deaf = False

    def _door(self, guild: int) -> _Door:
        return self._doors.setdefault(guild, _Door())

    @property
    def waiting(self) -> int:
        """How many people came in of whom nobody was told yet."""
        return sum(len(door.waiting) for door in self._doors.values())

    def knows(self, guild: int) -> bool:
        """Return whether a guild's invites were looked at, so that the next join can be told by them."""
        return guild in self._doors and self._doors[guild].tally.before is not None

    def codes(self, guild: int) -> set[str] | None:
        """Return the invites of a guild as they were last looked at; None when nobody knows them."""
        door = self._doors.get(guild)
        return set(door.tally.before) if door is not None and door.tally.before is not None else None

    def may_look(self, guild: int) -> bool:
        """Return whether the bot may see a guild's invites."""
        return self._looks.may(guild)

    def came(self, guild: int, event: MemberJoined) -> None:
        """Take in that somebody came, once it is known how."""
        door, now = self._door(guild), self._clock.monotonic()
        if event.who.bot or event.key in door.tally:
            self.take(guild, event)
            return
        may = self.may_look(guild)
        if not may:
            door.tally.start_again()
        door.tally.hear(event.key, now, event.at)
        if door.tally.before is None:
            door.tally.let_go(now - REMEMBERED)
            self.take(guild, event)
        else:
            if not door.waiting:
                door.since = now
            self._hold(door, event)
        if may and door.whole:
            self._look_after(guild, door)

    def look_soon(self, guild: int) -> None:
        """Look at a guild's invites for the first time, if the bot may do so now."""
        door = self._door(guild)
        if door.whole and door.tally.before is None and self.may_look(guild):
            self._look_after(guild, door)

    def _look_after(self, guild: int, door: _Door) -> None:
        door.news.set()
        if not door.working:
            door.working = True
            self._keep(self._host.supervise(lambda: self._work(guild, door), "discord joins"))

    def take(self, guild: int, event: AnyEvent) -> None:
        """Take an event in; what somebody does whose join waits comes behind it."""
        door = self._doors.get(guild)
        if door is not None and isinstance(event, PlatformEvent) and event.who.account in door.waiting:
            self._hold(door, event)
        else:
            self._intake.take(guild, event)

    def _hold(self, door: _Door, event: Happened) -> None:
        held = _Held(event)
        held.safe = self._host.spawn(self._make_safe(held), "discord join")
        door.waiting.setdefault(event.who.account, []).append(held)

    async def _make_safe(self, held: _Held) -> None:
        try:
            held.kept = await self._host.keep(held.event)
        except StoreError as error:
            structlog.get_logger().warning("discord: join not stored before it is told", reason=str(error))

    def made(self, invite: discord.Invite) -> None:
        """Hear of a new invite."""
        if isinstance(invite.guild, discord.Guild):
            self.know(invite.guild.id, self._looks.told(invite))

    def know(self, guild: int, count: Count) -> None:
        """Know of a new invite."""
        if guild in self._doors:
            self._doors[guild].tally.made(count)

    def deleted(self, invite: discord.Invite) -> None:
        """Hear that an invite is not there any more."""
        if isinstance(invite.guild, discord.Guild):
            door = self._doors.get(invite.guild.id)
            if door is not None:
                door.tally.deleted(invite.code, self._clock.monotonic())

    def disconnected(self) -> None:
        """Hear that nothing is told now, so that what is counted proves nothing."""
        self._deaf = True

    def resumed(self) -> None:
        """Hear that all was told meanwhile."""
        self._deaf = False

    def connected(self) -> None:
        """Hear that a new session has begun."""
        self._deaf = False
        for guild in self._doors:
            self.missed(guild)

    def missed(self, guild: int) -> None:
        """Hear that something in a guild was not told and never will be, until that is fetched."""
        door = self._door(guild)
        if door.waiting:
            source = door.tally.conclude(last=True, sure=False) or JoinSource()
            self._keep(self._host.spawn(self._tell(guild, door, source), "discord joins"))
        door.tally.start_again()
        door.whole = False

    async def close(self) -> None:
        """Tell of everybody who waits, with what is known of them."""
        for guild, door in self._doors.items():
            await self._tell(guild, door, door.tally.conclude(last=True, sure=False) or JoinSource())

    async def _work(self, guild: int, door: _Door) -> None:
        """Look at the invites until nobody waits, and then for counters that are late."""
        while True:
            if door.tally.before is None and not await self._look(guild, door):
                await self._clock.sleep(PATIENCE)
            while door.waiting:
                await self._round(guild, door)
            if door.tally.before is None or door.tally.oldest is None:
                door.working = False
                return
            await self._settle(guild, door)

    async def _settle(self, guild: int, door: _Door) -> None:
        """Account for those who were told of: soon, and once more when none of their uses can come any more."""
        for seconds in (HEARD, REMEMBERED):
            await self._rest(door, seconds)
            began = self._clock.monotonic()
            if door.waiting:
                return
            if not await self._look(guild, door):
                door.tally.start_again()
                return
            await self._clock.sleep(HEARD)
            if door.waiting:
                return
            door.tally.conclude(last=False, sure=not self._deaf)
            door.tally.forget(began - REMEMBERED)
            await self._note(guild, door)
            if door.tally.oldest is None:
                return

    async def _rest(self, door: _Door, seconds: float) -> None:
        """Wait until somebody comes, or so long."""
        door.news.clear()
        waits = [asyncio.ensure_future(door.news.wait()), asyncio.ensure_future(self._clock.sleep(max(seconds, 0.0)))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()

    async def _round(self, guild: int, door: _Door) -> None:
        looked = not self._deaf and await self._look(guild, door)
        await self._clock.sleep(HEARD)
        last = self._clock.monotonic() - door.since >= PATIENCE or not self.may_look(guild)
        if not door.waiting or not (looked or last):
            return
        source = door.tally.conclude(last=last, sure=not self._deaf) if looked else JoinSource()
        if source is not None:
            await self._tell(guild, door, source)
            await self._note(guild, door)

    async def _tell(self, guild: int, door: _Door, source: JoinSource) -> None:
        people = list(door.waiting)
        for held in [held for account in people for held in door.waiting[account]]:
            if isinstance(held.event, MemberJoined):
                held.event = _with(held.event, source)
        safe = [held.safe for account in people for held in door.waiting[account] if held.safe is not None]
        if safe:
            await asyncio.wait(safe)
        for held in [held for account in people for held in door.waiting.pop(account, ())]:
            self._intake.take(guild, held.event, kept=held.kept)
        door.since = self._clock.monotonic()  # for whoever came meanwhile

    async def _look(self, guild: int, door: _Door) -> bool:
        """Look at the invites; return whether Discord has told them."""
        counts = await self._looks.take(guild)
        if counts is None:
            return False
        first = door.tally.before is None
        door.tally.look(counts)
        if first:
            await self._note(guild, door)
        return True

    async def _note(self, guild: int, door: _Door) -> None:
        """Remember the invites for the next run."""
        before = door.tally.before or {}
        if before != door.noted:
            try:
                await note_invites(self._host.store, guild, before)
            except StoreError as error:
                structlog.get_logger().warning("discord: invites not remembered", guild=guild, reason=str(error))
            else:
                door.noted = dict(before)

    async def sourced(self, guild: int, found: Iterable[AnyEvent], since: datetime) -> list[AnyEvent]:
        """Return what was missed, with how people came in as far as the invites tell that afterwards.

        Args:
            guild: where.
            found: what happened while nobody listened.
            since: up to when everything is safe.
        """
        events, door = list(found), self._door(guild)
        if not self.may_look(guild):
            door.whole = True
            return events
        before = door.tally.before or await known_invites(self._host.store, guild)
        counts = await self._looks.take(guild)
        door.whole = True
        if counts is None:
            return events
        joins = [event for event in events if isinstance(event, MemberJoined) and not event.who.bot]
        source = door.tally.missed(before, counts, len(joins), since)
        for event in joins:
            ago = max(0.0, (self._host.clock.now() - event.at).total_seconds())
            if ago < REMEMBERED:
                door.tally.hear(event.key, self._clock.monotonic() - ago, event.at)
        await self._note(guild, door)
        self._look_after(guild, door)
        return [_with(event, source) if isinstance(event, MemberJoined) else event for event in events]


def _with(event: MemberJoined, source: JoinSource) -> MemberJoined:
    """Return a join with how it was; what its own role tells is known better."""
    return msgspec.structs.replace(event, source=source) if event.source.invite is None else event
