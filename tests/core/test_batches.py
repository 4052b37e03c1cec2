"""A broadcast is held, let go and taken back as one, and says how far it is."""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from sqlalchemy import func, select

from xiaoer import (
    Batch,
    Content,
    Context,
    Hopeless,
    MessagePosted,
    NoConfig,
    Plugin,
    Progress,
    Statement,
    on_message,
)
from xiaoer.adapter import Limits
from xiaoer.batches import progress_of
from xiaoer.tables import outbox
from xiaoer.testing import FakePlatform, Town, play
from xiaoer.testing.scene import ADMINS
from xiaoer.transaction import Transaction

OPEN = Statement(select(func.count().label("number")).select_from(outbox).where(outbox.c.state == "wanted"))
CHATS = tuple(f"fake:town/{number}" for number in range(6))


class Herald(Plugin[NoConfig]):
    """Broadcasts "news" and does with it what the message says."""

    name = "herald"
    seen: ClassVar[list[Any]] = []

    @on_message
    async def hear(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        if event.text == "news":
            ctx.transact(self._send, CHATS)
        else:
            ctx.transact(self._do, event.text)

    def _send(self, tx: Transaction, chats: tuple[str, ...]) -> None:
        Herald.seen.append(Batch(tx, "b1").send(chats, Content(("news",))))

    def _do(self, tx: Transaction, what: str) -> None:
        found: Callable[[], Any] = getattr(Batch(tx, "b1"), what)
        Herald.seen.append(found())


@pytest.fixture
def slow() -> FakePlatform:
    Herald.seen = []
    return FakePlatform(limits=Limits(per_second=1))


async def progress(town: Town) -> Progress:
    await town.say("ann", "progress")
    found: Progress = Herald.seen[-1]
    return found


def sent(town: Town) -> int:
    return len([message for message in town.fake.messages.values() if message.text == "news"])


async def test_a_broadcast_says_how_far_it_is_how_fast_it_goes_and_how_long_it_takes(slow: FakePlatform) -> None:
    async with play(Herald, platform=slow) as town:
        await town.say("ann", "news")
        await town.pass_time(seconds=3.1)
        found = await progress(town)
        assert (found.waiting, found.done, found.total) == (6 - sent(town), sent(town), 6)
        assert found.rate == pytest.approx(1.0, rel=0.1)
        assert found.left == pytest.approx(found.waiting, rel=0.2)
        await town.pass_time(seconds=5)
        found = await progress(town)
        assert (found.done, found.total, found.left) == (6, 6, 0.0)


async def test_what_is_held_waits_over_a_restart_until_it_is_let_go(slow: FakePlatform) -> None:
    async with play(Herald, platform=slow) as town:
        await town.say("ann", "news")
        await town.say("ann", "hold")
        before = sent(town)
        await town.restart(kill=True)
        await town.pass_time(minutes=5)
        assert sent(town) == before < 6
        assert (await progress(town)).held == 6 - before == Herald.seen[1]
        await town.say("ann", "resume")
        await town.pass_time(seconds=10)
        assert sent(town) == 6


async def test_what_is_held_and_let_go_at_once_is_sent_once(slow: FakePlatform) -> None:
    async with play(Herald, platform=slow) as town:
        await town.say("ann", "news")
        for _ in range(3):
            await town.tell_at_once(town.writing("ann", "hold"), town.writing("ann", "resume"))
            await town.pass_time(seconds=0.4)
        await town.pass_time(seconds=10)
        assert sent(town) == 6
        assert len(slow.requests) == 6


async def test_what_is_taken_back_is_not_sent_any_more(slow: FakePlatform) -> None:
    async with play(Herald, platform=slow) as town:
        await town.say("ann", "news")
        await town.say("ann", "cancel")
        before = sent(town)
        await town.pass_time(minutes=5)
        assert sent(town) == before
        assert (await progress(town)).cancelled == 6 - before == Herald.seen[1]


async def test_chats_that_cannot_be_reached_are_told_with_the_progress_and_not_one_by_one(slow: FakePlatform) -> None:
    async with play(Herald, platform=slow) as town:
        slow.failures.extend([Hopeless("kicked"), None, Hopeless("kicked"), Hopeless("chat not found")])
        await town.say("ann", "news")
        await town.pass_time(seconds=10)
        assert town.messages(ADMINS) == []
        assert (await progress(town)).failed == 3
        await town.say("ann", "reasons")
        assert Herald.seen[-1] == [("kicked", 2), ("chat not found", 1)]


async def test_another_plugins_batch_of_the_same_name_is_another(slow: FakePlatform) -> None:
    class Other(Herald):
        name = "other"

        @on_message
        async def hear(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
            if event.text == "hold":
                ctx.transact(self._do, "hold")

    async with play(Herald, Other, platform=slow) as town:
        Herald.seen = []
        await town.say("ann", "news")
        await town.say("ann", "hold")
        assert Herald.seen[-1] == 0


async def test_ten_thousand_chats_are_asked_for_in_one_event_each_once() -> None:
    class Far(Herald):
        name = "far"

        @on_message
        async def hear(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
            chats = [f"fake:town/{number}" for number in range(10_000)]
            ctx.transact(self._send, (*chats, *chats))

    async with play(Far, platform=FakePlatform(limits=Limits(per_second=30))) as town:
        Herald.seen = []
        await town.say("ann", "news")
        assert Herald.seen == [10_000]
        assert [row.number for row in await town.rows(OPEN)] == [10_000 - sent(town)]


def test_the_rate_is_that_of_the_last_minute_and_nothing_is_said_where_nothing_was_sent() -> None:
    assert progress_of([]) == Progress(0, 0, 0, 0, 0, 0, 0.0, None)
