"""What the scenes of seats share."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from xiaoer import Plugin, Row, Statement
from xiaoer.linking import POINT
from xiaoer.testing import Town, play
from xiaoer.testing.scene import MAIN, SPACE
from xiaoer.transaction import Transaction
from xiaoer_tier_badges import TierBadges
from xiaoer_tier_badges.tables import offers, seats, trail, waiting

SEATS = Statement(select(seats).order_by(seats.c.track, seats.c.subject, seats.c.number))
OFFERS = Statement(select(offers).order_by(offers.c.id))
WAITING = Statement(select(waiting).order_by(waiting.c.id))
TRAIL = Statement(select(trail).order_by(trail.c.id))
CITIES = {"city": {"en": "City", "subjects": {"hangzhou": {"zh": "杭州", "en": "Hangzhou"}, "suzhou": {}}}}
"""A track of two subjects."""


def small(**track: Any) -> dict[str, Any]:
    """Return the configuration of one track of one subject with three seats."""
    ranks = {"first": {"numbers": "1", "en": "First"}, "other": {"numbers": "2-3", "en": "Other"}}
    return {"partner": {"capacity": 3, "ranks": ranks, "subjects": {"tea": {"en": "Tea"}}} | track}


@asynccontextmanager
async def hall(
    *people: str,
    plugins: tuple[type[Plugin[Any]], ...] = (),
    spaces: tuple[str, ...] = (SPACE,),
    file: Path | None = None,
    **config: Any,
) -> AsyncGenerator[Town]:
    """Open a community in which people are."""
    async with play(TierBadges, *plugins, config={"tier_badges": config}, spaces=spaces, file=file) as town:
        for name in people:
            await town.join(name)
        yield town


async def link(town: Town, account: str, stands: str) -> None:
    """Make two accounts one person's."""
    await town.app.store.transact(Transaction.run, POINT, stands=f"fake:{stands}", old=f"fake:{account}")


async def ask(town: Town, name: str, command: str, **how: Any) -> str:
    """Return what somebody is answered to a command, alone."""
    answer = await town.use(name, command, **how)
    assert answer is not None
    assert answer.only_to == f"fake:{name}"
    return answer.text


async def admin(town: Town, command: str) -> str:
    """Return what an admin is answered."""
    return await ask(town, "boss", command, role="secretary")


async def holders(town: Town) -> dict[int, str]:
    """Return who has which number, by name."""
    rows: list[Row] = await town.rows(SEATS)
    return {row.number: row.holder.removeprefix("fake:") for row in rows if row.state == "confirmed"}


async def states(town: Town) -> dict[int, str]:
    """Return the state of each number that was ever given."""
    return {row.number: row.state for row in await town.rows(SEATS)}


async def in_line(town: Town) -> list[str]:
    """Return who waits, in order."""
    return [row.account.removeprefix("fake:") for row in await town.rows(WAITING)]


async def done(town: Town) -> list[str]:
    """Return what the trail says was done."""
    return [row.what for row in await town.rows(TRAIL)]


def private(town: Town, name: str) -> list[str]:
    """Return what somebody alone was told."""
    return [message.text for message in town.messages(MAIN) if message.only_to == f"fake:{name}"]
