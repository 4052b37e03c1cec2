"""Timers, over restarts, downtimes and jumps of the clock."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlalchemy import bindparam, insert, select

from xiaoer import (
    Context,
    Cron,
    MessagePosted,
    Misfire,
    NoConfig,
    Plugin,
    PluginError,
    ScheduleDue,
    Statement,
    Transaction,
    on_message,
    on_schedule,
)
from xiaoer.buttons import ButtonSigner
from xiaoer.hosting import AppHost
from xiaoer.tables import timers, values
from xiaoer.testing import FakePlatform, Town, play
from xiaoer.units import REMEMBER

RING = Statement(insert(values).values(name=bindparam("name"), value=bindparam("value")))
RUNG = Statement(select(values.c.name, values.c.value).where(values.c.name.like("rung.%")).order_by(values.c.name))
STATES = Statement(select(timers.c.state))


class Bell(Plugin[NoConfig]):
    """Rings at its times, and an hour after somebody says so."""

    name = "bell"
    crons: ClassVar[list[Cron]] = []

    def timers(self, config: NoConfig) -> Iterable[Cron]:
        return self.crons

    @on_schedule
    async def ring(self, ctx: Context[NoConfig], event: ScheduleDue) -> None:
        ctx.write(RING, name=f"rung.{event.job}.{event.due:%d%H%M}", value=event.data.get("for") or event.merged)

    @on_message
    async def wind(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        if event.text == "after all":
            due = ctx.now + timedelta(hours=1)
            ctx.schedule("egg", due, {"for": "one"})
            ctx.unschedule("egg")
            ctx.schedule("egg", due, {"for": "two"})
        elif event.text == "never mind":
            ctx.unschedule("egg")
        else:
            ctx.schedule("egg", ctx.now + timedelta(hours=1), {"for": event.who.name})


@pytest.fixture(autouse=True)
def _crons() -> None:
    Bell.crons = []


async def rung(town: Town) -> dict[str, Any]:
    return {row.name.removeprefix("rung."): row.value for row in await town.rows(RUNG)}


def hourly(policy: Any, late: timedelta = timedelta(minutes=1)) -> Cron:
    return Cron("hour", "0 * * * *", Misfire(policy, late))


async def test_a_timer_set_by_an_event_fires_once_and_survives_a_kill() -> None:
    async with play(Bell, timezone="UTC") as town:
        await town.say("ann", "wind")
        await town.restart(kill=True)
        await town.pass_time(minutes=59)
        assert await rung(town) == {}
        await town.pass_time(minutes=2)
        assert await rung(town) == {"egg.020500": "Ann"}
        await town.restart()
        await town.pass_time(hours=2)
        assert len(await rung(town)) == 1


async def test_a_timer_can_be_taken_back() -> None:
    async with play(Bell) as town:
        await town.say("ann", "wind")
        await town.say("ann", "never mind")
        await town.pass_time(hours=2)
        assert await rung(town) == {}


async def test_a_recurring_timer_fires_at_each_of_its_times_in_the_communitys_zone() -> None:
    Bell.crons = [Cron("dawn", "30 7 * * *")]
    async with play(Bell, timezone="Asia/Shanghai") as town:
        await town.pass_time(hours=48)
        assert list(await rung(town)) == ["dawn.022330", "dawn.032330"]


@pytest.mark.parametrize(
    ("policy", "late", "expected"),
    [
        ("skip", timedelta(minutes=1), {}),
        ("late", timedelta(hours=2), {"hour.020700": 1, "hour.020800": 1}),
        ("merge", timedelta(0), {"hour.020800": 4}),
    ],
)
async def test_what_came_due_while_the_program_was_down_goes_by_its_policy(
    policy: Any, late: timedelta, expected: Any
) -> None:
    Bell.crons = [hourly(policy, late)]
    async with play(Bell, timezone="UTC") as town:
        await town.stand_still(hours=4, minutes=30)
        assert await rung(town) == expected
        if policy != "merge":
            assert any("could not run in time" in message.text for message in town.messages("fake:town/admins"))
        await town.pass_time(minutes=31)
        assert "hour.020900" in await rung(town)


async def test_a_jump_forwards_fires_what_is_due_and_a_jump_back_repeats_nothing() -> None:
    Bell.crons = [hourly("late", timedelta(days=1))]
    async with play(Bell, timezone="UTC") as town:
        host = AppHost(town.app, "fake", ButtonSigner(b""))
        await host.move_clock(timedelta(hours=3, minutes=10))
        await town.settle()
        assert list(await rung(town)) == ["hour.020500", "hour.020600", "hour.020700"]
        await host.move_clock(-timedelta(hours=3))
        await town.settle()
        await town.pass_time(hours=3)
        assert len(await rung(town)) == 3
        await town.pass_time(hours=1)
        assert len(await rung(town)) == 4


async def test_a_moved_clock_stays_moved_over_a_restart() -> None:
    async with play(Bell) as town:
        before = town.now()
        await AppHost(town.app, "fake", ButtonSigner(b"")).move_clock(timedelta(days=2))
        await town.restart()
        assert town.now() - before == timedelta(days=2)


async def test_the_timers_of_a_plugin_that_is_switched_off_wait(tmp_path: Path) -> None:
    file, platform = tmp_path / "town.db", FakePlatform()
    async with play(Bell, file=file, platform=platform, timezone="UTC") as town:
        await town.say("ann", "wind")
    async with play(file=file, platform=platform, timezone="UTC") as town:
        await town.pass_time(hours=5)
        assert {row.state for row in await town.rows(STATES)} == {"off"}
    async with play(Bell, file=file, platform=platform, timezone="UTC") as town:
        await town.pass_time(hours=2)
        assert list(await rung(town)) == ["egg.020500"]


async def test_a_changed_expression_counts_from_the_next_start() -> None:
    Bell.crons = [Cron("job", "0 6 * * *")]
    async with play(Bell, timezone="UTC") as town:
        Bell.crons = [Cron("job", "0 9 * * *")]
        await town.restart()
        await town.pass_time(hours=8)
        assert list(await rung(town)) == ["job.020900"]


async def test_what_is_no_cron_expression_ends_the_start_with_a_sentence() -> None:
    Bell.crons = [Cron("job", "every day")]
    with pytest.raises(PluginError, match="timer job in community town: 'every day' is not a cron expression"):
        async with play(Bell):
            """Never get here."""


async def test_a_timer_that_was_taken_back_can_be_set_again_for_the_same_time() -> None:
    async with play(Bell, timezone="UTC") as town:
        await town.say("ann", "after all")
        await town.pass_time(hours=2)
        assert await rung(town) == {"egg.020500": "two"}


@pytest.mark.parametrize("kill", [False, True])
async def test_a_changed_expression_loses_no_time_that_both_have(kill: bool) -> None:
    Bell.crons = [Cron("job", "0 6 * * *")]
    async with play(Bell, timezone="UTC") as town:
        Bell.crons = [Cron("job", "0 6 * * 1-5")]
        await town.restart(kill=kill)
        await town.pass_time(hours=24)
        assert await rung(town) == {"job.020600": 1}


async def test_a_recurring_timer_that_is_dropped_and_declared_again_goes_on() -> None:
    Bell.crons = [Cron("job", "0 6 * * *")]
    async with play(Bell, timezone="UTC") as town:
        Bell.crons = []
        await town.restart()
        Bell.crons = [Cron("job", "0 6 * * *")]
        await town.restart()
        await town.pass_time(hours=27)
        assert list(await rung(town)) == ["job.020600", "job.030600"]


async def test_a_recurring_timer_is_neither_lost_nor_doubled_over_kills() -> None:
    Bell.crons = [hourly("merge"), Cron("half", "30 * * * *")]
    async with play(Bell, timezone="UTC") as town:
        for number in range(6):
            await town.pass_time(minutes=25)
            await town.restart(kill=number % 2 == 0)
        found = await rung(town)
        assert list(found) == ["half.020430", "half.020530", "half.020630", "hour.020500", "hour.020600"]
        assert set(found.values()) == {1}


async def test_a_changed_policy_counts_for_what_came_due_while_the_program_was_down() -> None:
    Bell.crons = [hourly("skip")]
    async with play(Bell, timezone="UTC") as town:
        Bell.crons = [hourly("merge")]
        await town.stand_still(hours=2, minutes=30)
        assert await rung(town) == {"hour.020600": 2}


async def test_two_timers_of_one_name_end_the_start_with_a_sentence() -> None:
    Bell.crons = [Cron("job", "0 6 * * *"), Cron("job", "0 9 * * *")]
    with pytest.raises(PluginError, match="timer job in community town is declared twice"):
        async with play(Bell):
            """Never get here."""


async def test_a_timer_whose_event_was_stored_before_is_settled_and_not_tried_for_ever() -> None:
    Bell.crons = [hourly("late", timedelta(hours=2))]
    async with play(Bell, timezone="UTC") as town:
        due = int((town.now() + timedelta(hours=1)).timestamp() * 1_000_000)
        await town.app.store.transact(
            Transaction.run, REMEMBER, key=f"timer:town:bell:hour:{due}", at=int(town.now().timestamp()) // 3600
        )
        await town.pass_time(hours=2)
        assert list(await rung(town)) == ["hour.020600"]
