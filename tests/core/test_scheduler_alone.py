"""The scheduler by itself: starts with many communities, and turns that go wrong."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import bindparam, insert, select

from xiaoer import (
    Community,
    Cron,
    Misfire,
    Statement,
    Transaction,
)
from xiaoer.clocks import CommunityClock
from xiaoer.migration import migrate
from xiaoer.scheduler import CHUNK, Scheduler
from xiaoer.store import Store
from xiaoer.tables import timers
from xiaoer.testing import ManualClock, rest


class Clockwork:
    """A scheduler without anybody who hears of its timers."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        self.store = store
        self.clock = clock
        self.written = 0
        self.read = 0
        self._transact, self._report = store.transact, store.report
        store.transact = self._count_write  # type: ignore[method-assign]
        store.report = self._count_read  # type: ignore[method-assign]

    async def _count_write(self, function: Any, *args: Any, **values: Any) -> Any:
        self.written += 1
        return await self._transact(function, *args, **values)

    async def _count_read(self, statement: Statement, /, **values: Any) -> Any:
        rows = await self._report(statement, **values)
        self.read += len(rows)
        return rows

    async def declare(self, *declared: tuple[Community, str, Iterable[Cron]]) -> None:
        """Start as a program does, and count what that reads and writes."""
        self.written = self.read = 0

        def submit(event: Any, writes: Any) -> Any:
            raise AssertionError("nothing is due here")

        scheduler = Scheduler(self.store, CommunityClock(self.clock), submit, lambda *told: None)
        await scheduler.declare(declared)

    async def put(self, community: str, job: str, *dues: datetime, state: str = "waiting", cron: Any = None) -> None:
        """Put timers of the plugin bell where a run before left them."""

        def put(tx: Transaction, due: datetime) -> None:
            tx.run(PUT, community=community, plugin="bell", job=job, due=due, state=state, cron=cron)

        for start in range(0, len(dues), 500):
            await asyncio.gather(*[self._transact(put, due) for due in dues[start : start + 500]])

    async def open(self, community: str) -> set[tuple[Any, ...]]:
        """Return (job, due, cron, state) of what is not settled."""
        rows = await self._report(OF, of=community)
        return {(row.job, row.due, row.cron, row.state) for row in rows if row.state in ("waiting", "off")}


PUT = Statement(
    insert(timers).values(
        community=bindparam("community"),
        plugin=bindparam("plugin"),
        job=bindparam("job"),
        due=bindparam("due"),
        cron=bindparam("cron"),
        data={},
        misfire="merge",
        late=60,
        state=bindparam("state"),
    )
)
OF = Statement(
    select(timers.c.job, timers.c.due, timers.c.cron, timers.c.state).where(timers.c.community == bindparam("of"))
)
DAILY = Cron("day", "30 7 * * *")


@asynccontextmanager
async def clockwork(folder: Path) -> AsyncIterator[Clockwork]:
    clock, file = ManualClock(), folder / "clockwork.db"
    migrate(file, [("xiaoer", "xiaoer")])
    store = Store(file, clock.now, "NORMAL")
    await store.open()
    try:
        yield Clockwork(store, clock)
    finally:
        await store.close()


def named(name: str, zone: str = "UTC") -> Community:
    return Community(id=name, name=name, timezone=ZoneInfo(zone))


async def test_a_start_writes_nothing_about_ten_thousand_communities_that_did_not_change(tmp_path: Path) -> None:
    declared = [(named(f"c{number}"), "bell", [DAILY]) for number in range(10_000)]
    async with clockwork(tmp_path) as work:
        await work.declare(*declared)
        assert work.written == 10_000
        await work.declare(*declared)
        assert work.written == 0
        declared[7] = (named("c7", "Asia/Shanghai"), "bell", [DAILY])
        await work.declare(*declared)
        assert work.written == 2  # the old one is taken back, the new one set
        assert {cron for _, _, cron, _ in await work.open("c7")} == {"30 7 * * * Asia/Shanghai"}


async def test_a_start_does_not_read_the_one_time_timers_one_by_one(tmp_path: Path) -> None:
    async with clockwork(tmp_path) as work:
        now = work.clock.now()
        await work.put("town", "egg", *[now + timedelta(hours=hour) for hour in range(1, 1_000)])
        await work.declare((named("town"), "bell", []))
        assert (work.read, work.written) == (1, 0)


async def test_all_timers_of_a_plugin_that_is_switched_off_wait_however_many(tmp_path: Path) -> None:
    async with clockwork(tmp_path) as work:
        now, number = work.clock.now(), 2 * CHUNK + 1
        await work.put("town", "egg", *[now + timedelta(hours=hour) for hour in range(number)])
        await work.declare()
        assert [state for _, _, _, state in await work.open("town")] == ["off"] * number
        await work.declare((named("town"), "bell", []))
        assert [state for _, _, _, state in await work.open("town")] == ["waiting"] * number


async def test_the_timers_of_a_community_that_is_left_out_of_the_file_wait_until_it_is_back(tmp_path: Path) -> None:
    town, village = (named("town"), "bell", [DAILY]), (named("village"), "bell", [DAILY])
    async with clockwork(tmp_path) as work:
        await work.put("town", "egg", work.clock.now() + timedelta(hours=1))
        await work.declare(town, village)
        before = await work.open("town")
        await work.declare(village)
        assert await work.open("town") == {(job, due, cron, "off") for job, due, cron, _ in before}
        assert {state for _, _, _, state in await work.open("village")} == {"waiting"}
        await work.declare(town, village)
        assert await work.open("town") == before


@pytest.mark.parametrize("late", [timedelta(milliseconds=500), timedelta.max, timedelta(0)])
async def test_no_lateness_is_written_again_at_each_start(tmp_path: Path, late: timedelta) -> None:
    async with clockwork(tmp_path) as work:
        for _ in range(2):
            await work.declare((named("town"), "bell", [Cron("day", "30 7 * * *", Misfire("late", late))]))
        assert work.written == 0


@pytest.mark.parametrize("number", [3, 5_000])
async def test_what_was_settled_before_time_was_moved_back_is_passed_over(tmp_path: Path, number: int) -> None:
    async with clockwork(tmp_path) as work:
        settled = [work.clock.now() + timedelta(minutes=minute) for minute in range(1, number + 1)]
        await work.put("town", "minute", *settled, state="fired", cron="*/1 * * * * UTC")
        await work.declare((named("town"), "bell", [Cron("minute", "* * * * *")]))
        assert {due for _, due, _, _ in await work.open("town")} == {settled[-1] + timedelta(minutes=1)}


async def test_a_scheduler_ends_at_whatever_turn_it_is_cancelled(tmp_path: Path) -> None:
    async with clockwork(tmp_path) as work:
        for turns in range(40):
            scheduler = Scheduler(work.store, CommunityClock(work.clock), lambda *event: None, lambda *told: None)  # type: ignore[arg-type]
            running = asyncio.create_task(scheduler.run())
            await scheduler.settled()
            scheduler.wake()
            await rest(turns)
            running.cancel()
            await asyncio.wait([running], timeout=1.0)
            assert running.cancelled(), turns
