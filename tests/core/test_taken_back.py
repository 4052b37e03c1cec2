"""A timer that is taken back between the moment it comes due and the moment its event is stored."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import bindparam, insert, select

from xiaoer import Context, MessagePosted, NoConfig, Plugin, ScheduleDue, Statement, on_message, on_schedule
from xiaoer.tables import inbox, values
from xiaoer.testing import START, Town, play
from xiaoer.units import Outcome

RING = Statement(insert(values).values(name=bindparam("name"), value=bindparam("value")))
RUNG = Statement(select(values.c.name).where(values.c.name.like("rung.%")))
INBOX = Statement(select(inbox.c.key))
NOON = START.replace(hour=12)


class Egg(Plugin[NoConfig]):
    """Boils an egg until noon, unless somebody does not want it any more."""

    name = "egg"

    @on_message
    async def hear(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        if event.text == "never mind":
            ctx.unschedule("egg")
        else:
            ctx.schedule("egg", NOON)

    @on_schedule
    async def ring(self, ctx: Context[NoConfig], event: ScheduleDue) -> None:
        ctx.write(RING, name=f"rung.{event.due:%H}", value="")


async def rung(town: Town) -> list[str]:
    return [row.name for row in await town.rows(RUNG)]


def take_back_when_due(town: Town, monkeypatch: pytest.MonkeyPatch) -> list[Outcome]:
    """Let somebody take the timer back whenever it is about to be told; return a list of how that ended."""
    submit, outcomes = town.app.scheduler._submit, list[Outcome]()

    async def too_late(event: ScheduleDue, writes: Any) -> Outcome:
        await town.app.pipeline.submit(town.writing("ann", "never mind"))
        await town.app.pipeline.drain()
        outcomes.append(await submit(event, writes))
        return outcomes[-1]

    monkeypatch.setattr(town.app.scheduler, "_submit", too_late)
    return outcomes


async def pass_to(town: Town, moment: datetime) -> None:
    await town.pass_time(seconds=(moment - town.clock.now()).total_seconds())


@pytest.mark.parametrize("parked", [False, True], ids=["stored", "parked"])
async def test_nothing_is_stored_of_a_timer_that_was_taken_back(parked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    async with play(Egg, timezone="UTC") as town:
        await town.say("ann", "wind")
        if parked:  # in the minute after a kill events are parked before they are tried
            await pass_to(town, NOON - timedelta(seconds=30))
            await town.restart(kill=True)
        outcomes = take_back_when_due(town, monkeypatch)
        await pass_to(town, NOON)
        assert outcomes == [Outcome.WITHDRAWN]
        assert (await rung(town), await town.rows(INBOX)) == ([], [])


async def test_a_timer_that_was_taken_back_and_is_wanted_again_for_the_same_moment_fires_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with play(Egg, timezone="UTC") as town:
        await town.say("ann", "wind")
        with monkeypatch.context() as patch:
            take_back_when_due(town, patch)
            await pass_to(town, NOON)
        await town.say("ann", "wind")
        await town.pass_time(hours=1)
        assert await rung(town) == ["rung.12"]
