"""Fifty joins a second over forty invites, on each simulator at once: how many are told rightly, and none wrongly."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
from sqlalchemy import select
from tests.bench.figures import Figure
from tests.contracts.inviting import DiscordDoor, TelegramDoor, WebDoor
from tests.contracts.live.asking import RealClock
from tests.contracts.probe import make_table
from tests.contracts.stage import make_app

from xiaoer import Invite, JoinSource, Statement
from xiaoer.tables import members

ROUNDS = 3
LINKS = 40
PER_SECOND = 50
JOINS = 200
ALONE = 5
"""So many come one by one when the crowd has come."""

LATE = 0.2
"""Seconds after which Discord's counters show a use."""

LONGEST = 60.0
"""Seconds after which what is not told will never be."""

SOURCES = Statement(select(members.c.account, members.c.source).where(members.c.source.is_not(None)))
Door = WebDoor | TelegramDoor | DiscordDoor


class Told(NamedTuple):
    """What one round came to, as shares of the joins; ``wrong`` is a number."""

    telegram: float
    web: float
    wrong: int
    ambiguous: float
    alone: float


class Street:
    """A community on three platforms, whose newcomers come by invites.

    Attributes:
        doors: one on each platform.
        by: the invite by which each account came.
        apart: the accounts that came one by one.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        clock = RealClock()
        self.web = WebDoor(folder, clock=clock)  # type: ignore[arg-type]
        self.telegram = TelegramDoor(folder, clock=clock)
        self.discord = DiscordDoor(folder, clock=clock)
        self.discord.server.doors.late = LATE
        self.doors: tuple[Door, ...] = (self.web, self.telegram, self.discord)
        self.by: dict[str, str] = {}
        self.apart: set[str] = set()
        self._links: dict[str, list[str]] = {}
        self._random = random.Random(seed)  # noqa: S311 - who comes by which link

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None]:
        """Run the app, with the invites made."""
        async with AsyncExitStack() as stack:
            for door in self.doors:
                await door.open()
                stack.push_async_callback(door.close)
            self.app = make_app(self.doors)
            await self.app.start()
            stack.push_async_callback(self.app.stop)
            await self.app.store.transact(make_table)
            for door in self.doors:
                door.app = self.app
                await door.connected()
                self._links[door.platform] = [await self._link(door, number) for number in range(LINKS)]
            yield

    async def _link(self, door: Door, number: int) -> str:
        adapter = self.app._adapters[door.platform]
        receipt = await adapter.perform(Invite(f"bench/{number}", door.space, f"Guest {number}"))
        return receipt.invite or ""

    async def enter(self, door: Door, name: str) -> None:
        """Let somebody come in by one of the invites."""
        link = self._random.choice(self._links[door.platform])
        if not await door.enter(name, link):
            raise SystemExit(f"{link} lets nobody in: the figures are worth nothing")
        self.by[f"{door.platform}:{door.account(name)}"] = link

    async def crowd(self) -> None:
        """Let a crowd come in at an even pace, whether or not those before are told."""
        await asyncio.gather(*[self._come(door) for door in self.doors])
        await self.told(JOINS * len(self.doors))

    async def _come(self, door: Door) -> None:
        begin, under_way = time.perf_counter(), list[asyncio.Future[None]]()
        for number in range(JOINS):
            await asyncio.sleep(max(0.0, begin + number / PER_SECOND - time.perf_counter()))
            under_way.append(asyncio.ensure_future(self.enter(door, f"Guest {number}")))
        await asyncio.gather(*under_way)

    async def one_by_one(self) -> None:
        """Let some come in on Discord, each when the one before was told."""
        await asyncio.sleep(3.0)  # until the crowd is accounted for
        for number in range(ALONE):
            name = f"Late {number}"
            await self.enter(self.discord, name)
            self.apart.add(f"discord:{self.discord.account(name)}")
            await self.told(JOINS * len(self.doors) + number + 1)

    async def told(self, number: int) -> dict[str, JoinSource]:
        """Return how everybody came in by an invite, once so many were told."""
        async with asyncio.timeout(LONGEST):
            while True:
                rows = await self.app.store.report(SOURCES)
                found = {row.account: msgspec.convert(row.source, JoinSource) for row in rows if row.account in self.by}
                if len(found) >= number:
                    return found
                await asyncio.sleep(0.02)


async def _round(seed: int) -> Told:
    with tempfile.TemporaryDirectory() as folder:
        street = Street(Path(folder), seed)
        async with street.open():
            await street.crowd()
            await street.one_by_one()
            told = await street.told(len(street.by))
    right = {account for account, one in told.items() if one.certainty == "exact" and one.invite == street.by[account]}
    sure = {account for account, one in told.items() if one.certainty in ("exact", "inferred")}
    discord = {account for account in told if account.startswith("discord:")} - street.apart
    unclear = {account for account in discord if told[account].certainty == "ambiguous"}
    shares = {name: sum(account.startswith(name) for account in right) / JOINS for name in ("telegram:", "web:")}
    return Told(
        shares["telegram:"],
        shares["web:"],
        len(sure - right),
        len(unclear) / len(discord),
        len(street.apart & right) / len(street.apart),
    )


async def referral() -> list[Figure]:
    """Measure how surely people are told by whose invite they came."""
    rounds = [await _round(seed) for seed in range(ROUNDS)]
    crowd = f"{PER_SECOND} joins a second over {LINKS} links"
    return [
        Figure("referral.telegram_exact", "", tuple(one.telegram for one in rounds), crowd, 1, True),
        Figure("referral.web_exact", "", tuple(one.web for one in rounds), crowd, 1, True),
        Figure("referral.discord_wrong", "", tuple(float(one.wrong) for one in rounds), crowd, 0, False),
        Figure("referral.discord_ambiguous", "", tuple(one.ambiguous for one in rounds), crowd, 1, False),
        Figure("referral.discord_exact_alone", "", tuple(one.alone for one in rounds), "one after the other", 1, True),
    ]
