"""What becomes of an event for which a hook cannot read because the storage fails."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import bindparam, insert, select

from xiaoer import Context, MessagePosted, NoConfig, Outcome, Plugin, Row, Statement, StoreError, on_message
from xiaoer.pipeline import STORE_AGAIN_AFTER
from xiaoer.tables import faults, inbox, values
from xiaoer.testing import Town, play

KEEP = Statement(insert(values).values(name=bindparam("name"), value=bindparam("value")))
KEPT = Statement(select(values.c.name).where(values.c.name.like("kept.%")).order_by(values.c.name))
FAULTS = Statement(select(faults.c.plugin))
INBOX = Statement(select(inbox.c.key))


class Writer(Plugin[NoConfig]):
    """Writes down what it hears, before anybody reads."""

    name = "writer"

    @on_message
    async def write(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        ctx.write(KEEP, name=f"kept.{event.text}.writer", value="")


class Reader(Plugin[NoConfig]):
    """Reads before it writes; goes on without having read when it is told to."""

    name = "reader"

    @on_message
    async def read(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        try:
            await ctx.read(KEPT)
        except StoreError:
            if event.text != "whatever":
                raise
        ctx.write(KEEP, name=f"kept.{event.text}.reader", value="")


async def kept(town: Town) -> list[str]:
    return [row.name.removeprefix("kept.") for row in await town.rows(KEPT)]


@contextmanager
def unreadable(town: Town, monkeypatch: pytest.MonkeyPatch, name: str = "SQLITE_IOERR_READ") -> Iterator[None]:
    """Let the hooks' reads fail as SQLite says it."""

    def failing(rows: Callable[[sqlite3.Cursor], list[Row]]) -> Any:
        def fail(cursor: sqlite3.Cursor) -> list[Row]:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorname = name
            raise error

        return fail

    with monkeypatch.context() as patch:
        patch.setattr(KEPT.compiled, "rows", failing(KEPT.compiled.rows))
        yield


async def test_an_event_is_not_acknowledged_when_the_storage_fails_a_hook_that_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with play(Writer, Reader) as town:
        with unreadable(town, monkeypatch), pytest.raises(StoreError):
            await town.say("ann", "hello")
        assert await kept(town) == []
        assert await town.tell_again() is Outcome.COMMITTED
        assert await kept(town) == ["hello.reader", "hello.writer"]


async def test_the_storages_failure_is_not_the_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    async with play(Reader) as town:
        with unreadable(town, monkeypatch):
            for name in ("ann", "bob", "cid"):
                with pytest.raises(StoreError):
                    await town.say(name, f"{name} speaks")
        assert await town.rows(FAULTS) == []
        await town.say("ann", "again")
        assert await kept(town) == ["again.reader"], "it is not paused"


async def test_a_read_that_is_wrong_in_itself_is_the_plugins_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    async with play(Reader) as town:
        with unreadable(town, monkeypatch, "SQLITE_ERROR"):
            assert await town.say("ann", "hello") is Outcome.COMMITTED
        assert [row.plugin for row in await town.rows(FAULTS)] == ["reader"]


async def test_a_plugin_that_can_do_without_having_read_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async with play(Reader) as town:
        with unreadable(town, monkeypatch):
            assert await town.say("ann", "whatever") is Outcome.COMMITTED
        assert await kept(town) == ["whatever.reader"]


async def test_the_next_event_of_the_community_does_not_wait_for_one_that_cannot_be_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with play(Writer, Reader) as town:
        with unreadable(town, monkeypatch):
            told = [town.app.pipeline.submit(town.writing("ann", text)) for text in ("hello", "whatever")]
            with pytest.raises(StoreError):
                await told[0]
            assert await told[1] is Outcome.COMMITTED
        assert await kept(town) == ["whatever.reader", "whatever.writer"]


async def test_an_event_that_no_platform_tells_again_is_tried_until_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    async with play(Writer, Reader) as town:
        with unreadable(town, monkeypatch):
            assert await town.app.pipeline.submit(town.writing("ann", "hello"), park=True) is Outcome.PARKED
            await town.clock.advance(STORE_AGAIN_AFTER)
            assert len(await town.rows(INBOX)) == 1
        while town.app.pipeline.in_hand:
            await town.clock.advance(STORE_AGAIN_AFTER)
            await asyncio.sleep(0.001)
        assert (await kept(town), await town.rows(INBOX)) == (["hello.reader", "hello.writer"], [])


async def test_what_cannot_be_tried_when_the_program_ends_is_tried_by_the_next_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with play(Writer, Reader) as town:
        with unreadable(town, monkeypatch):
            assert await town.app.pipeline.submit(town.writing("ann", "hello"), park=True) is Outcome.PARKED
            stopping = town.app.spawn(town.app.pipeline.finish(), "stop")
            await town.clock.advance(STORE_AGAIN_AFTER)
            await stopping
        await town.restart()
        assert await kept(town) == ["hello.reader", "hello.writer"]
