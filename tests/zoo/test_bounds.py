"""Animals that take too much: what one may take is bounded, and the others are stored beside it all the same."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from sqlalchemy import bindparam, insert, text
from structlog.testing import capture_logs
from tests.zoo.animals import ENDLESS
from tests.zoo.cage import READ, WRITE, Animal, Here, cage, diary

from xiaoer import (
    Content,
    Context,
    MessagePosted,
    NoConfig,
    Outcome,
    Plugin,
    Statement,
    StoreError,
    Transaction,
    on_message,
)
from xiaoer.context import EFFECTS
from xiaoer.pipeline import CUT_AFTER
from xiaoer.store import GROUP_LIMIT, Work
from xiaoer.testing import Town
from xiaoer.testing.scene import MAIN

MUCH = 10_000_000
NUMBERED = Statement(insert(diary).values(id=bindparam("id"), plugin="single", what="", who=bindparam("who")))


async def sit_still(ctx: Here, event: Any, gate: asyncio.Event) -> None:
    """Do nothing wrong."""


TAME = Animal("sits still", sit_still)


async def test_others_are_stored_in_the_same_group_as_the_greatest_flood_that_is_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def flood(ctx: Here, event: Any, gate: asyncio.Event) -> None:
        while len(ctx.effects) < EFFECTS:
            ctx.write(WRITE, plugin="beast", what="flood", who="")

    monkeypatch.setattr("xiaoer.allowance.TRANSACTION_LIMIT", 60.0)  # that this machine is slow is not the point
    async with cage(Animal("floods", flood)) as here:
        groups = counted(here.town, monkeypatch)
        events = [here.town.writing(f"p{number}", "hello") for number in range(GROUP_LIMIT // 4)]
        assert set(await here.town.tell_at_once(*events)) == {Outcome.COMMITTED}
        assert len(await here.diary("beast")) == EFFECTS * len(events)
        assert len(await here.diary("before")) == len(events)
        assert len([size for size in groups if size]) <= 2


def counted(town: Town, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the list to which is added how many events are in each group."""
    store, groups = town.app.store, list[int]()
    take = store._take

    def taking() -> list[Work]:
        group = take()
        groups.append(len([work for work in group if type(work).__name__ == "Unit"]))
        return group

    monkeypatch.setattr(store, "_take", taking)
    return groups


async def test_one_effect_more_than_is_allowed_loses_the_part_with_advice() -> None:
    async def ask(ctx: Here, event: Any, gate: asyncio.Event) -> None:
        for _ in range(EFFECTS):  # and one is there already
            ctx.send(MAIN, Content(("Me!",)))

    async with cage(Animal("asks", ask)) as here:
        await here.provoke("Ann")
        (failure,) = here.failures
        assert "for one event: write many rows with one statement" in str(failure["exc_info"])
        assert here.town.messages() == []
        assert await here.diary("beast") == []


async def test_a_value_of_ten_megabytes_is_stored_and_so_are_the_others() -> None:
    async def gorge(ctx: Here, event: Any, gate: asyncio.Event) -> None:
        ctx.write(WRITE, plugin="beast", what="x" * MUCH, who=event.who.name)

    async with cage(Animal("gorges", gorge)) as here:
        await here.provoke("Ann")
        stored = [(plugin, len(what)) for plugin, what, _ in await here.diary()]
        assert stored == [("before", 5), ("beast", 7), ("beast", MUCH), ("after", 5)]


@pytest.mark.parametrize("bad", [{"id": 2**70, "who": "x"}, {"id": 1, "who": "\ud83d"}])
async def test_a_single_write_that_sqlite_cannot_take_loses_its_own_part_only(bad: dict[str, Any]) -> None:
    class Single(Plugin[NoConfig]):
        name = "single"

        @on_message
        async def write(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
            ctx.write(NUMBERED, **bad)

    async with cage(TAME, "join", Single) as here:
        for name in ("ann", "bob"):
            assert await here.town.say(name, "hello") is Outcome.COMMITTED
        assert [plugin for plugin, _, _ in await here.diary()] == ["before", "beast", "after"] * 2
        assert [failure["plugin"] for failure in here.failures] == ["single"] * 2


class Jumping:
    """Seconds that a test adds to."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.waited = 0.0

    def monotonic(self) -> float:
        """Return the seconds that have passed."""
        return time.monotonic() + self.ahead + self.waited

    def thread_time(self) -> float:
        """Return the seconds that this thread has worked."""
        return time.thread_time() + self.ahead


@pytest.mark.parametrize("raises", [False, True])
async def test_a_part_that_took_too_long_costs_nobody_elses_statements(
    monkeypatch: pytest.MonkeyPatch, raises: bool
) -> None:
    clock = Jumping()
    monkeypatch.setattr("xiaoer.store.time", clock)
    monkeypatch.setattr("xiaoer.store._STEPS", 1)  # the clock is looked at before each instruction of SQLite

    def dawdle(tx: Transaction) -> None:
        clock.ahead += 1.0
        if raises:
            raise ValueError("grr")

    async def bite(ctx: Here, event: Any, gate: asyncio.Event) -> None:
        ctx.transact(dawdle)

    async with cage(Animal("dawdles", bite), "command") as here:
        await here.provoke("Ann")
        stored, answer = (["before", "after"], "xiaoer.failed") if raises else (["beast", "before", "after"], "")
        assert [plugin for plugin, _, _ in await here.diary()] == stored
        assert [one.text for one in here.answers("Ann")] == [here.words(answer) if answer else "Purr"]
        assert here.refused == []


async def test_a_part_is_not_at_fault_when_the_machine_lets_it_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Jumping()
    monkeypatch.setattr("xiaoer.store.time", clock)
    monkeypatch.setattr("xiaoer.store._STEPS", 1)

    def wait(tx: Transaction) -> None:
        clock.waited += 1.0
        tx.run(WRITE, plugin="beast", what="waited", who="Ann")

    async def bite(ctx: Here, event: Any, gate: asyncio.Event) -> None:
        ctx.transact(wait)

    async with cage(Animal("waits", bite), "command") as here:
        await here.provoke("Ann")
        assert ("beast", "waited", "Ann") in await here.diary()
        assert here.failures == []


class Slowly(Work):
    """A part that is one statement, and the core's own statement much later."""

    def __init__(self, clock: Jumping) -> None:
        self.clock = clock
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def apply(self, tx: Transaction) -> None:
        values = {"plugin": "one", "what": "alone", "who": "Ann"}
        assert tx.attempt_alone(WRITE.sql, values) is None
        self.clock.ahead += 1.0
        tx.run(WRITE, **values)

    def committed(self) -> None:
        self.ended.set_result(None)

    def failed(self, error: StoreError) -> None:
        self.ended.set_exception(error)


async def test_the_time_of_a_part_that_is_one_statement_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Jumping()
    monkeypatch.setattr("xiaoer.store.time", clock)
    monkeypatch.setattr("xiaoer.store._STEPS", 1)
    async with cage(TAME) as here:
        work = Slowly(clock)
        here.town.app.store.submit(work)
        await work.ended
        assert len(await here.diary("one")) == 2


async def test_a_report_without_end_holds_up_nobody_and_ends_with_its_hook() -> None:
    async def report(ctx: Here, event: Any, gate: asyncio.Event) -> None:
        await ctx.report(ENDLESS)

    async with cage(Animal("reports for ever", report)) as here:
        town = here.town
        town.app.pipeline.submit(town.writing("ann", "hello"))
        later = town.app.pipeline.submit(town.joining("bob"))
        await town.clock.advance(1.5)
        assert await later is Outcome.COMMITTED
        assert len(await town.app.store.read(READ)) == 3
        await town.clock.advance(CUT_AFTER)
        await town.settle()
        assert await here.diary("after") == [("after", "join", "Bob"), ("after", "hello", "Ann")]


async def test_a_read_that_nobody_waits_for_any_more_holds_up_none_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def read(ctx: Here, event: Any, gate: asyncio.Event) -> None:
        await ctx.read(ENDLESS)

    monkeypatch.setattr("xiaoer.store.READ_LIMIT", 3600.0)
    async with cage(Animal("reads for ever", read)) as here:
        for name in ("ann", "bob", "cat"):
            here.town.app.pipeline.submit(here.town.writing(name, "hello"))
        await here.town.clock.advance(CUT_AFTER + 0.5)
        assert len(await here.town.app.store.read(READ)) >= 0
        await here.town.settle()
        assert len(here.failures) == 3


async def test_an_app_that_ends_does_not_wait_for_a_report_without_end() -> None:
    async def report(ctx: Here, event: Any, gate: asyncio.Event) -> None:
        await ctx.report(ENDLESS)

    async with cage(Animal("reports for ever", report)) as here:
        here.town.app.pipeline.submit(here.town.writing("ann", "hello"))
        await here.town.clock.advance(0.5)
        here.kind.wild = False
        await here.town.restart(kill=True)
        await here.town.say("zoe", "after all")
        assert await here.diary("after") == [("after", "after all", "Zoe")]


async def test_a_slow_event_that_cannot_be_written_down_is_not_acknowledged_before_it_is_done() -> None:
    async def wait(ctx: Here, event: Any, gate: asyncio.Event) -> None:
        await gate.wait()

    async with cage(Animal("waits", wait)) as here:
        slow = here.town.app.pipeline.submit(here.town.writing("ann", "\ud83d"))
        await here.town.clock.advance(1.5)
        await here.town.until(lambda: bool(here.refused))
        assert isinstance(here.refused[0]["exc_info"], UnicodeEncodeError)
        assert not slow.done()
        here.kind.gate.set()
        assert await slow is Outcome.COMMITTED
        assert await here.town.say("zoe", "after all") is Outcome.COMMITTED


@pytest.mark.parametrize("word", ["COMMIT", "ROLLBACK", "BEGIN", "PRAGMA synchronous=OFF", "ATTACH ':memory:' AS x"])
async def test_a_plugin_cannot_lay_hands_on_the_transaction_itself(word: str) -> None:
    def decide(tx: Transaction) -> None:
        tx.run(Statement(text(word)))

    async def bite(ctx: Here, event: Any, gate: asyncio.Event) -> None:
        ctx.transact(decide)

    async with cage(Animal("ends the transaction", bite)) as here:
        assert await here.town.say("ann", "hello") is Outcome.COMMITTED
        assert [plugin for plugin, _, _ in await here.diary()] == ["before", "after"]
        (failure,) = here.failures
        assert "only select, insert, update and delete can be run here" in str(failure["exc_info"])


async def test_what_follows_a_commit_may_fail_and_the_store_goes_on() -> None:
    called: list[str] = []

    def fail() -> None:
        called.append("of what is stored")
        raise ValueError("grr")

    def decide(tx: Transaction) -> None:
        tx.after(fail)

    def take_back(tx: Transaction) -> None:
        tx.after(lambda: called.append("of what is undone"))
        raise ValueError("undone")

    async def bite(ctx: Here, event: Any, gate: asyncio.Event) -> None:
        ctx.transact(decide if event.who.name == "Ann" else take_back)

    with capture_logs() as logs:
        async with cage(Animal("has an afterthought", bite)) as here:
            for name in ("ann", "bob"):
                assert await here.town.say(name, "hello") is Outcome.COMMITTED
            assert called == ["of what is stored"]
            logs += here.logs
    assert [entry["event"] for entry in logs].count("adapter failed") == 1
