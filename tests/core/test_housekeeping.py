from datetime import timedelta

import pytest
from sqlalchemy import func, literal, select

from xiaoer import Content, Context, MessagePosted, NoConfig, Plugin, Statement, Store, Transaction, on_message
from xiaoer.housekeeping import EVERY, tidy
from xiaoer.tables import outbox, seen
from xiaoer.testing import Town, play, rest

KEYS = Statement(select(seen.c.key))
ACTIONS = Statement(select(outbox.c.id))
_numbers = select(literal(1).label("n")).cte("numbers", recursive=True)
_numbers = _numbers.union_all(select(_numbers.c.n + 1))
ENDLESS = Statement(select(func.max(_numbers.c.n)))


class Echo(Plugin[NoConfig]):
    """Says something."""

    name = "echo"

    @on_message
    async def answer(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        ctx.send(event.chat or event.space, Content(("echo",)))


async def kept(town: Town) -> tuple[int, int]:
    await tidy(town.app.store, town.now())
    return len(await town.rows(KEYS)), len(await town.rows(ACTIONS))


async def test_keys_are_kept_a_week_and_what_was_done_a_month() -> None:
    async with play(Echo) as town:
        await town.say("ann", "hello")
        await town.pass_time(days=6)
        assert await kept(town) == (1, 1)
        await town.pass_time(days=2)
        assert await kept(town) == (0, 1)
        await town.pass_time(days=23)
        assert await kept(town) == (0, 0)


async def test_more_than_one_chunk_is_thrown_away_too() -> None:
    async with play(Echo) as town:
        await town.tell_at_once(*[town.writing("ann", str(number)) for number in range(1_100)])
        await town.pass_time(days=31)
        assert await kept(town) == (0, 0)


class Endless:
    """Takes longer in the transaction than anybody may."""

    def __init__(self) -> None:
        self.over = 0

    async def run(self, store: Store, **values: object) -> None:
        try:
            await store.transact(Transaction.all, ENDLESS)
        finally:
            self.over += 1


async def test_a_round_that_takes_too_long_ends_nothing_and_the_next_one_makes_up_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with play(Echo) as town:
        await town.say("ann", "hello")
        town.clock.set(town.clock.now() + timedelta(days=31))
        with monkeypatch.context() as patch:
            patch.setattr("xiaoer.housekeeping.FORGET_RECORDS", [endless := Endless()])
            while not endless.over:  # the round before may still go on
                await town.clock.advance(EVERY)
                await rest()
        assert town.app.failure is None
        while await town.rows(ACTIONS):
            await town.clock.advance(EVERY)
            await rest()


async def test_the_writer_is_not_held_up_by_looking_for_what_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    async with play(Echo) as town:
        await town.say("ann", "hello")
        with monkeypatch.context() as patch:
            patch.delattr(Transaction, "run")
            await tidy(town.app.store, town.now())
        assert len(await town.rows(ACTIONS)) == 1
