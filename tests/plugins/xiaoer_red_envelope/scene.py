"""What the scenes of red envelopes share."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import func, select

from xiaoer import Statement
from xiaoer.linking import POINT
from xiaoer.tables import balances
from xiaoer.testing import FakeMessage, Town, play
from xiaoer.transaction import Transaction
from xiaoer_red_envelope import RedEnvelope

SUM = Statement(select(func.coalesce(func.sum(balances.c.points), 0).label("points")))
ALL = Statement(select(balances.c.holder, balances.c.points))


@asynccontextmanager
async def teahouse(*people: str, points: int = 0, **config: Any) -> AsyncGenerator[Town]:
    """Open a community in which people are, each with some points; at the end the books must be true."""
    async with play(RedEnvelope, config={"red_envelope": config}) as town:
        for name in people:
            await town.join(name)
            if points:
                await grant(town, name, points)
        yield town
        assert (await town.rows(SUM))[0].points == 0
        assert min([row.points for row in await town.rows(ALL) if row.holder != "treasury"], default=0) >= 0


async def grant(town: Town, name: str, points: int) -> None:
    """Give somebody points out of the treasury."""
    await ask(town, "boss", f"/points grant {name} {points} because", role="secretary")


async def link(town: Town, account: str, stands: str) -> None:
    """Make two accounts one person's."""
    await town.app.store.transact(Transaction.run, POINT, stands=f"fake:{stands}", old=f"fake:{account}")


async def ask(town: Town, name: str, command: str, **how: Any) -> str:
    """Return what somebody is answered to a command."""
    answer = await town.use(name, command, **how)
    assert answer is not None
    return answer.text


async def has(town: Town, name: str) -> int:
    """Return what one account has."""
    found: dict[str, int] = {row.holder: row.points for row in await town.rows(ALL)}
    return found.get(f"fake:{name}", 0)


async def open_it(town: Town, name: str, message: FakeMessage | None = None) -> str:
    """Let somebody press the button and return what they are answered."""
    answer = await town.press(name, "open", message)
    assert answer is not None
    assert answer.only_to == f"fake:{name}"
    return answer.text
