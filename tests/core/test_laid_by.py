"""Timers and continuations that come due while their plugin is paused: they wait until it is back."""

import asyncio
from collections.abc import AsyncIterator
from typing import ClassVar

import pytest
from sqlalchemy import bindparam, insert, select

from xiaoer import (
    ActionEnded,
    Content,
    Context,
    MessagePosted,
    NoConfig,
    Plugin,
    ScheduleDue,
    SendMessage,
    Statement,
    Then,
    Transaction,
    continuation,
    on_message,
    on_schedule,
)
from xiaoer.health import FAILURES, REST
from xiaoer.tables import inbox, values
from xiaoer.testing import Town, play, rest
from xiaoer.testing.scene import MAIN

NOTE = Statement(insert(values).values(name=bindparam("name"), value=bindparam("value")))
NOTED = Statement(select(values.c.name).where(values.c.name.like("noted.%")).order_by(values.c.name))
INBOX = Statement(select(inbox.c.key))


class Moody(Plugin[NoConfig]):
    """Does what it is told, or fails at everything while it is in a mood."""

    name = "moody"
    sulks: ClassVar[bool] = False

    @on_message
    async def hear(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        if event.text == "fail":
            raise RuntimeError("asked to")
        self._work()
        if event.text == "wind":
            for minute in (1, 2):
                ctx.schedule("egg", ctx.now.replace(minute=minute))

    @on_schedule
    async def ring(self, ctx: Context[NoConfig], event: ScheduleDue) -> None:
        self._work()
        ctx.write(NOTE, name=f"noted.{event.due:%M}", value="")

    @continuation("sent")
    async def sent(self, ctx: Context[NoConfig], event: ActionEnded) -> None:
        self._work()
        ctx.write(NOTE, name="noted.sent", value="")

    def _work(self) -> None:
        if self.sulks:
            raise RuntimeError("in a mood")


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    """A town whose plugin has set two timers and is paused since."""
    Moody.sulks = False
    async with play(Moody, timezone="UTC") as town:
        await town.say("ann", "wind")
        for number in range(FAILURES):
            await town.say(f"p{number}", "fail")
        yield town


async def noted(town: Town) -> list[str]:
    return [row.name.removeprefix("noted.") for row in await town.rows(NOTED)]


async def test_they_come_when_it_has_rested_each_once(town: Town) -> None:
    await town.pass_time(seconds=REST - 60)
    assert (await noted(town), len(await town.rows(INBOX))) == ([], 2)
    await town.pass_time(seconds=120)
    assert (await noted(town), await town.rows(INBOX)) == (["01", "02"], [])


async def test_they_come_at_once_when_it_is_found_well_by_another_event(town: Town) -> None:
    await town.pass_time(seconds=200)
    town.app.runtimes["town"].plugins["moody"].health.resting_until = town.clock.monotonic()
    await town.say("ann", "hello")
    assert await noted(town) == ["01", "02"]


async def test_they_wait_on_when_it_fails_again(town: Town) -> None:
    Moody.sulks = True
    await town.pass_time(seconds=REST + 60)
    Moody.sulks = False
    assert len(await town.rows(INBOX)) == 1, "the one that tried it is used up"
    await town.pass_time(seconds=REST + 60)
    assert (len(await noted(town)), await town.rows(INBOX)) == (1, [])


@pytest.mark.parametrize("kill", [False, True])
async def test_they_come_after_a_restart(town: Town, kill: bool) -> None:
    await town.pass_time(seconds=200)
    await town.restart(kill=kill)
    assert (await noted(town), await town.rows(INBOX)) == (["01", "02"], [])


async def test_who_is_told_how_an_action_ended_waits_too(town: Town) -> None:
    action = SendMessage(chat=MAIN, content=Content(("hello",)), then=Then("sent", {}))
    runtime = town.app.runtimes["town"].plugins["moody"]

    def ask(tx: Transaction) -> None:
        tx.enter(runtime.scene, town.now())
        tx.request(action)

    await town.app.store.transact(ask)
    await town.settle()
    assert (await noted(town), len(await town.rows(INBOX))) == ([], 1)
    await town.pass_time(seconds=REST + 60)
    assert "sent" in await noted(town)


async def test_none_is_lost_that_could_not_be_kept_for_it(town: Town) -> None:
    await town.app.store._writer.execute("PRAGMA query_only=1")
    await town.clock.advance(130)
    while not town.app.scheduler._failing:
        await town.clock.advance(0.1)
        await asyncio.sleep(0.001)
    await town.app.store._writer.execute("PRAGMA query_only=0")
    await town.pass_time(seconds=REST + 60)
    assert await noted(town) == ["01", "02"]


async def test_the_communitys_other_events_do_not_wait_for_them(town: Town) -> None:
    await town.pass_time(seconds=200)
    told = town.app.pipeline.submit(town.writing("ann", "hello"))
    await rest()
    await told
    assert not town.app.pipeline.in_hand
