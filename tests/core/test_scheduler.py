"""Timers, over restarts, downtimes and jumps of the clock."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
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
    StoreError,
    Transaction,
    on_message,
    on_schedule,
)
from xiaoer.buttons import ButtonSigner
from xiaoer.hosting import AppHost
from xiaoer.plugin import MERGE
from xiaoer.tables import timers, values
from xiaoer.testing import FakePlatform, Town, play, rest
from xiaoer.units import REMEMBER, Outcome

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


Set = tuple[str, datetime | timedelta, Misfire]


class Alarm(Plugin[NoConfig]):
    """Sets what the test says when somebody speaks, and rings."""

    name = "alarm"
    sets: ClassVar[list[Set]] = []
    rings: ClassVar[Callable[[], None]]

    @on_message
    async def set(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        for job, due, misfire in self.sets:
            moment = ctx.now + due if isinstance(due, timedelta) else due
            ctx.schedule(job, moment, {"for": event.text}, misfire)

    @on_schedule
    async def ring(self, ctx: Context[NoConfig], event: ScheduleDue) -> None:
        type(self).rings()
        ctx.write(RING, name=f"rung.{event.job}.{event.due:%d%H%M.%f}", value=event.data["for"])


@pytest.fixture(autouse=True)
def _nothing_set() -> None:
    Alarm.rings = lambda: None


async def jump(town: Town, **amount: float) -> None:
    await AppHost(town.app, "fake", ButtonSigner(b"")).move_clock(timedelta(**amount))


async def test_no_timer_is_hours_late_though_the_machines_clock_is_put_forward() -> None:
    async with play(Bell, timezone="UTC") as town:
        town.clock.steady = 30.0
        await town.say("ann", "wind")
        await rest()
        town.clock.set(town.clock.now() + timedelta(hours=2))
        await town.clock.advance(31)
        await town.settle()
        assert list(await rung(town)) == ["egg.020500"]


async def test_nothing_fires_early_or_twice_though_the_machines_clock_is_put_back() -> None:
    Bell.crons = [hourly("merge")]
    async with play(Bell, timezone="UTC") as town:
        town.clock.steady = 30.0
        await town.pass_time(hours=1, minutes=30)
        town.clock.set(town.clock.now() - timedelta(hours=1, minutes=15))
        await town.pass_time(minutes=90)
        assert list(await rung(town)) == ["hour.020500"]
        await town.pass_time(minutes=31)
        assert list(await rung(town)) == ["hour.020500", "hour.020600"]


async def test_a_daily_timer_fires_every_day_though_new_yorks_clocks_are_put_forward() -> None:
    Bell.crons = [Cron("night", "30 2 * * *")]
    async with play(Bell, timezone="America/New_York") as town:
        await town.pass_time(hours=24 * 8)
        days = [f"night.{day:02}0730" for day in range(2, 8)] + ["night.080700", "night.090630"]
        assert list(await rung(town)) == days


async def test_another_zone_of_the_community_counts_from_the_next_start(tmp_path: Path) -> None:
    Bell.crons, file, platform = [Cron("dawn", "0 7 * * *")], tmp_path / "town.db", FakePlatform()
    async with play(Bell, file=file, platform=platform, timezone="UTC"):
        """Only set the timer."""
    async with play(Bell, file=file, platform=platform, timezone="America/New_York") as town:
        await town.pass_time(hours=24)
        assert list(await rung(town)) == ["dawn.021200"]


@pytest.mark.parametrize(
    ("policy", "late", "expected"),
    [
        ("skip", timedelta(minutes=1), {}),
        ("late", timedelta(hours=2), {"hour.020800": 1, "hour.020900": 1}),
        ("merge", timedelta(0), {"hour.020900": 5}),
    ],
)
async def test_what_came_due_while_a_plugin_was_switched_off_goes_by_its_policy(
    tmp_path: Path, policy: Any, late: timedelta, expected: Any
) -> None:
    Bell.crons, file, platform = [hourly(policy, late)], tmp_path / "town.db", FakePlatform()
    async with play(Bell, file=file, platform=platform, timezone="UTC"):
        """Only set the timer."""
    async with play(file=file, platform=platform, timezone="UTC") as town:
        await jump(town, hours=5, minutes=30)
        await town.settle()
    async with play(Bell, file=file, platform=platform, timezone="UTC") as town:
        assert await rung(town) == expected


@pytest.mark.parametrize("kill", [False, True])
@pytest.mark.parametrize("turns", [0, 3, 10, 30])
async def test_a_timer_fires_once_though_it_comes_due_at_the_very_moment_of_a_restart(kill: bool, turns: int) -> None:
    Bell.crons = [hourly("skip")]
    async with play(Bell, timezone="UTC") as town:
        await town.say("ann", "wind")
        town.clock.set(town.clock.now() + timedelta(hours=1))
        town.app.scheduler.wake()
        await rest(turns)
        await town.restart(kill=kill)
        assert await rung(town) == {"egg.020500": "Ann", "hour.020500": 1}


async def test_thousands_that_are_due_at_once_fire_each_in_their_order() -> None:
    order: list[str] = []

    class Listing(Plugin[NoConfig]):
        """Notes who came first."""

        name = "listing"

        @on_message
        async def set(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
            for number in range(100):
                ctx.schedule(f"{event.text}{number:02}", ctx.now + timedelta(hours=1))

        @on_schedule
        async def ring(self, ctx: Context[NoConfig], event: ScheduleDue) -> None:
            ctx.transact(note, event.job)

    def note(tx: Transaction, job: str) -> None:
        del tx
        order.append(job)

    async with play(Listing) as town:
        for hundred in range(20):
            await town.say("ann", f"{hundred:02}")
        await town.pass_time(hours=1)
        assert order == [f"{number:04}" for number in range(2_000)]


async def test_nobodys_timer_is_too_late_because_others_came_first() -> None:
    Alarm.sets = [(f"job{number}", timedelta(hours=1), Misfire("skip", timedelta(minutes=1))) for number in range(150)]
    async with play(Alarm) as town:
        Alarm.rings = lambda: town.clock.set(town.clock.now() + timedelta(seconds=2))
        await town.say("ann", "set")
        await town.pass_time(hours=1)
        assert len(await rung(town)) == 150


async def test_a_timer_at_the_end_of_the_calendar_hurts_nobody() -> None:
    Alarm.sets = [
        ("never", datetime.max.replace(tzinfo=UTC), MERGE),
        ("soon", timedelta(hours=1), Misfire("late", timedelta.max)),
    ]
    async with play(Alarm) as town:
        await town.say("ann", "set")
        await town.restart()
        await town.pass_time(hours=2)
        assert list(await rung(town)) == ["soon.020500.000000"]
        await jump(town, days=365 * 7_973)
        await town.restart()
        assert town.now().year == 9000
        assert len(await rung(town)) == 1


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Shanghai"])
async def test_a_timer_in_the_past_fires_at_once_or_is_dropped_by_its_policy(zone: str) -> None:
    Alarm.sets = [
        ("old", datetime(1, 1, 1, tzinfo=UTC), MERGE),
        ("stale", datetime(1, 1, 1, tzinfo=UTC), Misfire("skip")),
    ]
    async with play(Alarm, timezone=zone) as town:
        await town.say("ann", "set")
        assert list(await rung(town)) == ["old.010000.000000"]
        assert any("“stale”" in message.text for message in town.messages("fake:town/admins"))


async def test_each_of_twenty_microseconds_has_its_own_timer_even_in_five_hundred_years() -> None:
    far = datetime(2526, 3, 2, 4, 0, tzinfo=UTC)
    Alarm.sets = [("tick", far + timedelta(microseconds=number), MERGE) for number in range(20)]
    async with play(Alarm) as town:
        await town.say("ann", "set")
        await jump(town, days=365 * 501)
        await town.settle()
        assert list(await rung(town)) == [f"tick.020400.{number:06}" for number in range(20)]


async def test_no_timer_fires_before_its_fraction_of_a_second() -> None:
    Alarm.sets = [("tick", timedelta(seconds=1.75), MERGE)]
    async with play(Alarm) as town:
        await town.say("ann", "set")
        await town.pass_time(seconds=1.749)
        assert await rung(town) == {}
        await town.pass_time(seconds=0.001)
        assert len(await rung(town)) == 1


async def test_one_job_set_twice_for_one_moment_is_one_timer() -> None:
    Alarm.sets = [("egg", timedelta(hours=1), MERGE)]
    async with play(Alarm) as town:
        await town.say("ann", "first")
        await town.say("ann", "second")
        await town.pass_time(hours=2)
        assert list((await rung(town)).values()) == ["first"]


async def test_timers_that_cannot_be_read_are_looked_at_again_a_second_later(monkeypatch: pytest.MonkeyPatch) -> None:
    async def failing(*args: Any, **values: Any) -> Any:
        raise StoreError("the disk reports an error")

    async with play(Bell, timezone="UTC") as town:
        await town.say("ann", "wind")
        with monkeypatch.context() as patch:
            patch.setattr(town.app.store, "read", failing)
            await town.pass_time(hours=1)
        await town.pass_time(seconds=1)
        assert list(await rung(town)) == ["egg.020500"]


async def test_a_commit_that_fails_neither_loses_nor_doubles_any_timer_of_the_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Bell.crons = [Cron(f"job{number}", "0 * * * *", Misfire("merge")) for number in range(5)]
    async with play(Bell, timezone="UTC") as town:
        submit, told = town.app.scheduler._submit, list[str]()

        async def first_failing(event: ScheduleDue, writes: Any) -> Outcome:
            told.append(event.job)
            if told.count("job2") == 1 and event.job == "job2":
                raise StoreError("the disk is full")
            if event.job == "job4":
                await town.clock.sleep(5.0)
            return await submit(event, writes)

        monkeypatch.setattr(town.app.scheduler, "_submit", first_failing)
        await town.clock.advance(3_600)
        while len(await rung(town)) < 5:
            await town.clock.advance(1.0)
        assert await rung(town) == {f"job{number}.020500": 1 for number in range(5)}
        assert [row.state for row in await town.rows(STATES)].count("waiting") == 5
        assert told == ["job0", "job1", "job2", "job3", "job4", "job2"]


async def test_a_timer_that_is_taken_back_before_its_turn_does_not_fire() -> None:
    heard, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Bell):
        """Takes its timer back, after some thought."""

        @on_message
        async def wind(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
            if event.text == "never mind":
                heard.set()
                await go_on.wait()
                ctx.unschedule("egg")
            else:
                ctx.schedule("egg", ctx.now + timedelta(hours=1), {"for": event.who.name})

    async with play(Slow, timezone="UTC") as town:
        await town.say("ann", "wind")
        town.clock.set(town.clock.now() + timedelta(minutes=59, seconds=59.9))
        taken_back = town.app.pipeline.submit(town.writing("ann", "never mind"))
        await heard.wait()
        town.clock.set(town.clock.now() + timedelta(seconds=0.2))
        town.app.scheduler.wake()
        await town.until(lambda: town.app.pipeline.in_hand == 2)
        go_on.set()
        await taken_back
        await town.settle()
        assert await rung(town) == {}


async def test_a_timer_whose_event_is_told_twice_has_its_next_time_set_once(monkeypatch: pytest.MonkeyPatch) -> None:
    Bell.crons = [hourly("merge")]
    async with play(Bell, timezone="UTC") as town:
        submit = town.app.scheduler._submit

        async def twice(event: ScheduleDue, writes: Any) -> Outcome:
            await submit(event, writes)
            return await submit(event, writes)

        monkeypatch.setattr(town.app.scheduler, "_submit", twice)
        await town.pass_time(hours=3)
        assert [row.state for row in await town.rows(STATES)].count("waiting") == 1
        assert len(await rung(town)) == 3
