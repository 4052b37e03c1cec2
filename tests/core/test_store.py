import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import (
    URL,
    Column,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    bindparam,
    create_engine,
    func,
    insert,
    literal,
    select,
)

from xiaoer import Statement, StoreError, SystemClock, Transaction
from xiaoer.files import explain
from xiaoer.store import GROUP_LIMIT, Store, Work

metadata = MetaData()
notes = Table("notes", metadata, Column("text", String, primary_key=True), Column("number", Integer))
ADD = Statement(insert(notes).values(text=bindparam("text"), number=bindparam("number")))
ALL = Statement(select(notes.c.text, notes.c.number).order_by(notes.c.number))


def endless() -> Select[tuple[int]]:
    numbers = select(literal(1).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.n + 1))
    return select(func.max(numbers.c.n))


ENDLESS = Statement(insert(notes).from_select(["number"], endless()))
ENDLESS_READ = Statement(endless())


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    file = tmp_path / "a #1?.db"
    engine = create_engine(URL.create("sqlite", database=str(file)))
    metadata.create_all(engine)
    engine.dispose()
    store = Store(file, SystemClock().now)
    await store.open()
    yield store
    await store.close()


def add(tx: Transaction, text: str, number: int) -> int:
    return tx.run(ADD, text=text, number=number)


def add_and_fail(tx: Transaction, text: str) -> None:
    tx.run(ADD, text=text, number=0)
    raise ValueError("no")


async def test_what_a_function_returns_comes_back_once_it_is_stored(store: Store) -> None:
    assert await store.transact(add, "a", 1) == 1
    assert [row.text for row in await store.read(ALL)] == ["a"]


async def test_a_function_that_raises_leaves_nothing_and_harms_nobody_in_its_group(store: Store) -> None:
    results = await asyncio.gather(
        store.transact(add, "a", 1),
        store.transact(add_and_fail, "b"),
        store.transact(add, "c", 3),
        return_exceptions=True,
    )
    assert isinstance(results[1], ValueError)
    assert [row.text for row in await store.read(ALL)] == ["a", "c"]


async def test_a_write_that_takes_too_long_is_undone_and_the_rest_of_its_group_is_stored(store: Store) -> None:
    results = await asyncio.gather(
        store.transact(add, "a", 1),
        store.transact(Transaction.run, ENDLESS),
        store.transact(add, "c", 3),
        return_exceptions=True,
    )
    assert isinstance(results[1], StoreError)
    assert "it spent over 50 ms in the transaction" in str(results[1])
    assert [row.text for row in await store.read(ALL)] == ["a", "c"]


async def test_a_short_read_that_takes_long_is_cut_with_advice(store: Store) -> None:
    with pytest.raises(StoreError, match="use report"):
        await store.read(ENDLESS_READ)


class Counted(Work):
    def __init__(self, groups: list[int]) -> None:
        self.groups = groups
        self.done = asyncio.Event()

    def apply(self, tx: Transaction) -> None:
        self.groups.append(id(tx))

    def committed(self) -> None:
        self.done.set()

    def failed(self, error: StoreError) -> None:
        raise error


async def test_what_waits_together_is_committed_together_within_the_limit(store: Store) -> None:
    groups: list[int] = []
    works = [Counted(groups) for _ in range(GROUP_LIMIT + 10)]
    for work in works:
        store.submit(work)
    await works[-1].done.wait()
    assert len(groups) == len(works)
    assert len(set(groups[:GROUP_LIMIT])) == 1


async def test_readers_cannot_write(store: Store) -> None:
    with pytest.raises(StoreError, match="read-only"):
        await store.report(ADD, text="x", number=1)


async def test_after_closing_nothing_is_taken_any_more(store: Store) -> None:
    other = Store(store.file, SystemClock().now)
    await other.open()
    await other.close()
    with pytest.raises(StoreError, match="stopping"):
        await other.transact(add, "a", 1)


async def test_a_missing_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened: check"):
        await Store(tmp_path / "nowhere" / "a.db", SystemClock().now).open()


async def test_who_reads_for_long_holds_up_nobody_who_writes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xiaoer.store.COPY_EVERY", 1)
    monkeypatch.setattr("xiaoer.store.LOG_LIMIT", 0)
    with contextlib.closing(sqlite3.connect(store.file, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM notes").fetchall()
        async with asyncio.timeout(30):
            for number in range(20):
                await store.transact(add, str(number), number)
                await asyncio.sleep(0.001)  # for the copying to come in between


async def test_a_file_that_cannot_be_opened_leaves_no_thread_behind(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(connection: sqlite3.Connection) -> None:
        connection.execute("SELECT * FROM not_there")

    other = Store(store.file, SystemClock().now)
    monkeypatch.setattr(other, "_prepare_writer", prepare)
    before = threading.active_count()
    with pytest.raises(StoreError, match="no such table"):
        await other.open()
    for thread in threading.enumerate()[before:]:
        thread.join(1)
    assert threading.active_count() == before


def test_every_sqlite_failure_is_explained_with_what_to_do(tmp_path: Path) -> None:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorname = "SQLITE_FULL"
    assert "free some space" in explain(error, tmp_path / "a.db")


@pytest.mark.parametrize("turns", range(0, 60, 6))
async def test_opening_that_is_given_up_leaves_no_thread_behind(store: Store, turns: int) -> None:
    before = set(threading.enumerate())
    another = Store(store.file, SystemClock().now)
    opening = asyncio.create_task(another.open())
    while threading.active_count() == len(before) and not opening.done():  # noqa: ASYNC110 - in another thread
        await asyncio.sleep(0)  # until it has begun to connect
    for _ in range(turns):
        await asyncio.sleep(0)
    opening.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await opening
        await another.close()  # it was quicker
    for thread in set(threading.enumerate()) - before:
        thread.join(1)
    assert set(threading.enumerate()) == before
