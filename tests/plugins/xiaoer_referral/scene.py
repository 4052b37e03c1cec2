"""What the scenes of referrals share."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import func, select

from xiaoer import Candidate, JoinSource, Plugin, Row, Statement
from xiaoer.linking import POINT
from xiaoer.tables import balances
from xiaoer.testing import Town, play
from xiaoer.testing.scene import ADMINS, MAIN
from xiaoer.transaction import Transaction
from xiaoer_referral import Referral
from xiaoer_referral.tables import joins, links

SUM = Statement(select(func.coalesce(func.sum(balances.c.points), 0).label("points")))
ALL = Statement(select(balances.c.holder, balances.c.points))
JOINS = Statement(select(joins).order_by(joins.c.id))
LINKS = Statement(select(links).order_by(links.c.id))
UNKNOWN = JoinSource()


@asynccontextmanager
async def village(*people: str, plugins: tuple[type[Plugin[Any]], ...] = (), **config: Any) -> AsyncGenerator[Town]:
    """Open a community in which people are; at the end the books must be true."""
    async with play(Referral, *plugins, config={"referral": config}) as town:
        for name in people:
            await town.join(name)
        yield town
        assert (await town.rows(SUM))[0].points == 0


async def link(town: Town, account: str, stands: str) -> None:
    """Make two accounts one person's."""
    await town.app.store.transact(Transaction.run, POINT, stands=f"fake:{stands}", old=f"fake:{account}")


async def ask(town: Town, name: str, command: str, **how: Any) -> str:
    """Return what somebody is answered to a command, alone."""
    answer = await town.use(name, command, **how)
    assert answer is not None
    assert answer.only_to == f"fake:{name}"
    return answer.text


async def decide(town: Town, number: int, decision: str = "") -> str:
    """Return what an admin is answered who decides."""
    return await ask(town, "boss", f"/invite audit {number} {decision}".rstrip(), role="secretary")


async def address(town: Town, name: str) -> str:
    """Return somebody's link, made now if they have none."""
    await town.use(name, "/invite")
    found: list[Any] = [row for row in await town.rows(LINKS) if row.owner == f"fake:{name}" and row.state == "live"]
    invite: str = found[-1].invite
    return invite


async def bring(town: Town, inviter: str, newcomer: str, **how: Any) -> None:
    """Let somebody come in by somebody's link."""
    await town.join(newcomer, JoinSource("referral", "exact", invite=await address(town, inviter)), **how)


async def ripe(town: Town, *newcomers: str, days: float = 3.1) -> None:
    """Let newcomers write and stay."""
    for name in newcomers:
        await town.say(name, "hello")
    await town.pass_time(days=days)


async def join_of(town: Town, name: str) -> Row:
    """Return somebody's last join."""
    return [row for row in await town.rows(JOINS) if row.newcomer == f"fake:{name}"][-1]


async def fate(town: Town, name: str) -> tuple[str, str]:
    """Return what became of somebody's last join, and why."""
    row = await join_of(town, name)
    return row.state, row.reason


async def has(town: Town, name: str) -> int:
    """Return what one account has."""
    found: dict[str, int] = {row.holder: row.points for row in await town.rows(ALL)}
    return found.get(f"fake:{name}", 0)


def either(*invites: str) -> JoinSource:
    """Return how somebody came by one of several invites, or by none."""
    return JoinSource("referral", "ambiguous", candidates=tuple(Candidate(one) for one in invites))


def told_admins(town: Town) -> list[str]:
    """Return what the admins were told."""
    return [message.text for message in town.messages(ADMINS)]


def private(town: Town, name: str) -> list[str]:
    """Return what somebody alone was told."""
    return [message.text for message in town.messages(MAIN) if message.only_to == f"fake:{name}"]
