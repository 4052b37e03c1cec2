"""Five thousand requests at once, through three adapters, for the last twenty seats of a subject."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.bench.crowd import Crowd, Platform, Press, of
from tests.bench.envelope import LONGEST, OPEN, Fair, make_app, rows
from tests.bench.figures import Figure

from xiaoer.actions import ANSWER
from xiaoer.app import App
from xiaoer.transaction import Transaction
from xiaoer_tier_badges import TierBadges, TierBadgesConfig
from xiaoer_tier_badges.statements import GIVE

ROUNDS = 3
PEOPLE = 2_500
"""Each presses twice, and a tenth of them with two linked accounts."""

CAPACITY = 199
LAST = 20
"""Seats that are left."""

IN_ORDER: tuple[Platform, ...] = ("telegram", "discord")
"""Platforms that tell one thing after the other; browsers tell many at once."""

SEATED = "SELECT number, holder FROM tier_badges_seat WHERE number > ? ORDER BY number"
UNSHOWN = "SELECT 1 FROM xr_shown WHERE state = 'open'"
WAITS = "SELECT account FROM tier_badges_waiting ORDER BY id"
FORGET = (
    f"DELETE FROM tier_badges_seat WHERE number > {CAPACITY - LAST}",
    "DELETE FROM tier_badges_waiting",
    "DELETE FROM tier_badges_trail",
)


class Taken(NamedTuple):
    """What the rush came to.

    Args:
        seconds: to the last commit.
        answered: seconds to the last answer.
        given: how many of the last seats somebody has.
        duplicates: numbers that two have, and people who have two seats or wait beside one or twice.
        misplaced: people who stand elsewhere than where they asked.
    """

    seconds: float
    answered: float
    given: int
    duplicates: int
    misplaced: int


class Hall(Fair):
    """A community on three platforms with one subject, of whose seats all but the last are taken."""

    asked = f"{OPEN} AND urgency = {ANSWER}"
    """What follows from an answer, such as badges, is not what people wait for."""

    async def rest(self) -> None:
        """Return at once: everybody is answered."""

    async def quiet(self) -> None:
        """Return when the board stands and everybody is answered."""
        async with asyncio.timeout(LONGEST):
            await self.app.settled()
            while self._open() or rows(self.file, UNSHOWN):  # noqa: ASYNC110 - it looks into the file
                await asyncio.sleep(0.02)

    def make(self) -> App:
        """Return the app."""
        return make_app(self.file, TierBadges, TierBadgesConfig(open=True))

    async def stock(self) -> None:
        """Let the first seats be taken."""
        await self.app.store.transact(_take_the_first)

    async def rush(self) -> Taken:
        """Let everybody ask for a seat at once, and count."""
        await self.app.store.transact(_empty)
        _, presses = await self.ask("/seat open")
        seconds, answered = await self.press(presses)
        return Taken(seconds, answered, *counted(self.file, self.crowd, presses))


def _take_the_first(tx: Transaction) -> None:
    for number in range(1, CAPACITY - LAST + 1):
        early = f"web:early{number}"
        place = {"community": "town", "track": "partner", "subject": "main", "number": number}
        tx.run(GIVE, **place, holder=early, name=early, since=tx.now)


def _empty(tx: Transaction) -> None:
    for sql in FORGET:
        tx.execute(sql, {})


def counted(file: Path, crowd: Crowd, presses: list[Press]) -> tuple[int, int, int]:
    """Return how many seats were given, how many twice, and how many people stand elsewhere than where they asked."""
    owner = {account.name: account.owner for account in crowd.accounts}
    given = rows(file, SEATED, CAPACITY - LAST)
    line = [account for _, account in given] + [account for (account,) in rows(file, WAITS)]
    consecutive = [number for number, _ in given] == list(range(CAPACITY - LAST + 1, CAPACITY + 1))
    if not consecutive or {owner[account] for account in line} != set(range(len(crowd.people))):
        raise SystemExit(f"{len(given)} seats and {len(line)} people: the figures are worth nothing")
    return (
        len(given),
        len(line) - len(crowd.people),
        sum(_misplaced(platform, crowd, presses, line) for platform in IN_ORDER),
    )


def _misplaced(platform: Platform, crowd: Crowd, presses: list[Press], line: list[str]) -> int:
    """Return how many people with one account stand elsewhere than where their platform told that they asked."""
    alone = {people[0].name for people in crowd.people if len(people) == 1}
    asked = dict.fromkeys(press.account.name for press in of(platform, presses) if press.account.name in alone)
    stand = [account for account in line if account in asked]
    return sum(one != other for one, other in zip(asked, stand, strict=True))


async def seats() -> list[Figure]:
    """Measure the rush for the last seats."""
    with tempfile.TemporaryDirectory() as folder:
        hall = Hall(Path(folder) / "bench.db", Crowd(PEOPLE))
        async with hall.open():
            found = [await hall.rush() for _ in range(ROUNDS + 1)][1:]
    asked = f"{2 * PEOPLE:,} requests by {PEOPLE:,} people"
    rates = tuple(2 * PEOPLE / one.seconds for one in found)
    return [
        Figure("seats.given", "", tuple(float(one.given) for one in found), asked, LAST, True),
        Figure("seats.duplicates", "", tuple(float(one.duplicates) for one in found), asked, 0, False),
        Figure("seats.misplaced", "", tuple(float(one.misplaced) for one in found), "the order of asking", 0, False),
        Figure("seats.requests_per_s", "/s", rates, "payloads of three platforms to FULL commit", 0, True),
        Figure("seats.answered_s", "s", tuple(one.answered for one in found), "the last of all answers", 15, False),
    ]
