"""Events that are safe before they are submitted, while an adapter finds out more about them."""

from sqlalchemy import select
from tests.contracts.probe import NOTES, make_table, note

from xiaoer import Context, Host, JoinSource, MemberJoined, NoConfig, Outcome, Plugin, Statement, on_join
from xiaoer.tables import inbox
from xiaoer.testing import Town, play

INBOX = Statement(select(inbox.c.key))
KNOWN = JoinSource("referral", "exact", "fake:ann")


class Doorkeeper(Plugin[NoConfig]):
    """Notes who came, and how surely that is known."""

    name = "doorkeeper"

    @on_join
    async def joined(self, ctx: Context[NoConfig], event: MemberJoined) -> None:
        ctx.transact(note, "join", event.who.name, event.source.certainty, "")


def host(town: Town) -> Host:
    return town.app._adapters["fake"].host


async def told(town: Town) -> list[tuple[str, str]]:
    await town.settle()
    return [(row.who, row.what) for row in await town.app.store.report(NOTES)]


def learned(event: MemberJoined) -> MemberJoined:
    """Return a join with what was found out about it."""
    return MemberJoined(key=event.key, at=event.at, space=event.space, who=event.who, source=KNOWN)


async def test_what_was_kept_is_told_once_as_it_is_submitted() -> None:
    async with play(Doorkeeper) as town:
        await town.app.store.transact(make_table)
        event = town.joining("ben", JoinSource())
        assert await host(town).keep(event)
        assert await told(town) == []
        assert await host(town).submit(learned(event), kept=True) is Outcome.COMMITTED
        assert await town.rows(INBOX) == []
        await town.restart(kill=True)
        assert await told(town) == [("Ben", "exact")]


async def test_what_was_kept_and_not_submitted_is_told_by_the_next_run() -> None:
    async with play(Doorkeeper) as town:
        await town.app.store.transact(make_table)
        await host(town).keep(town.joining("ben", JoinSource()))
        await town.restart(kill=True)
        assert await told(town) == [("Ben", "unknown")]
        assert await town.rows(INBOX) == []


async def test_what_was_dealt_with_is_not_kept() -> None:
    async with play(Doorkeeper) as town:
        await town.app.store.transact(make_table)
        event = town.joining("ben")
        await town.tell(event)
        assert not await host(town).keep(event)
        assert await town.rows(INBOX) == []
