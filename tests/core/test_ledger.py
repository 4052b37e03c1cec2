"""Points go from one holder to another, are never lost, doubled or owed by a person, and history stays."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import bindparam, delete, func, select, update

from xiaoer import (
    MOST,
    POINTS_HISTORY,
    POINTS_TOP,
    TREASURY,
    Community,
    Ledger,
    LedgerError,
    NoConfig,
    Plugin,
    Refusal,
    Statement,
)
from xiaoer.linking import POINT
from xiaoer.migration import migrate
from xiaoer.people import NOTE_ACCOUNT
from xiaoer.scene import Scene
from xiaoer.tables import balances, transfers
from xiaoer.testing import START, Town, play
from xiaoer.transaction import Requested, Transaction

T = TypeVar("T")
SUM = Statement(select(func.sum(balances.c.points).label("points")))
COUNT = Statement(select(func.count().label("number")).select_from(transfers))
CHANGE = Statement(update(transfers).values(points=bindparam("many")))
DROP = Statement(delete(transfers))
WHY = "xiaoer.ledger.short"


class Bank(Plugin[NoConfig]):
    """Has nothing of its own."""

    name = "bank"


class Other(Plugin[NoConfig]):
    """Has nothing of its own either."""

    name = "other"


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with play(Bank, Other) as town:
        yield town


async def inside(town: Town, do: Callable[[Ledger], T], plugin: str = "bank") -> T:
    """Do something as a plugin's part."""

    def part(tx: Transaction) -> T:
        runtime = town.app.runtimes["town"]
        tx.enter(runtime.plugins[plugin].scene, town.clock.now())
        return do(Ledger(tx))

    return await town.app.store.transact(part)


async def grant(town: Town, account: str, points: int, key: str = "grant") -> bool:
    return await inside(town, lambda book: book.move(TREASURY, account, points, key=f"{key}:{account}", reason=WHY))


async def purse(town: Town, account: str) -> int:
    return await inside(town, lambda book: book.purse(account))


async def link(town: Town, account: str, stands: str) -> None:
    await town.join(account.partition(":")[2])
    await town.join(stands.partition(":")[2])
    await town.app.store.transact(Transaction.run, POINT, stands=stands, old=account)


async def test_what_one_gets_another_gives(town: Town) -> None:
    await grant(town, "fake:ann", 30)
    await inside(town, lambda book: book.move("fake:ann", "fake:bob", 12, key="1", reason=WHY))
    found = await inside(town, lambda book: [book.balance(one) for one in ("fake:ann", "fake:bob", TREASURY)])
    assert found == [18, 12, -30]


async def test_the_same_transfer_is_done_once(town: Town) -> None:
    assert [await grant(town, "fake:ann", 30), await grant(town, "fake:ann", 30)] == [True, False]
    assert await purse(town, "fake:ann") == 30


async def test_a_key_that_was_something_else_is_the_plugins_fault(town: Town) -> None:
    await grant(town, "fake:ann", 30)
    with pytest.raises(LedgerError, match="something else"):
        await grant(town, "fake:ann", 31)


async def test_two_plugins_may_use_the_same_key(town: Town) -> None:
    for plugin in ("bank", "other"):
        assert await inside(town, lambda book: book.move(TREASURY, "fake:ann", 1, key="1", reason=WHY), plugin)


async def test_nobody_gives_what_they_have_not(town: Town) -> None:
    await grant(town, "fake:ann", 3)
    for do in (Ledger.move, Ledger.spend):
        with pytest.raises(Refusal) as refused:
            await inside(town, lambda book, do=do: do(book, "fake:ann", "fake:bob", 4, key="1", reason=WHY))  # type: ignore[misc]
        assert refused.value.values == {"has": 3, "points": 4}
    assert await purse(town, "fake:ann") == 3


@pytest.mark.parametrize("points", [0, -1, MOST + 1])
async def test_a_transfer_moves_at_least_one_point_and_no_more_than_fit(town: Town, points: int) -> None:
    with pytest.raises(LedgerError, match="moves 1 to"):
        await grant(town, "fake:ann", points)


async def test_nobody_gives_to_themselves(town: Town) -> None:
    with pytest.raises(LedgerError, match="to itself"):
        await inside(town, lambda book: book.move("fake:ann", "fake:ann", 1, key="1", reason=WHY))


async def test_no_plugin_takes_what_another_keeps(town: Town) -> None:
    await inside(town, lambda book: book.move(TREASURY, book.escrow(1), 5, key="1", reason=WHY))
    with pytest.raises(LedgerError, match="not kept by other"):
        await inside(town, lambda book: book.move("bank/1", "fake:ann", 5, key="1", reason=WHY), "other")


async def test_a_person_pays_from_all_accounts_and_from_the_one_that_acts_first(town: Town) -> None:
    await link(town, "fake:bob", "fake:ann")
    await grant(town, "fake:ann", 10)
    await grant(town, "fake:bob", 4)
    await inside(town, lambda book: book.spend("fake:bob", "bank/1", 6, key="1", reason=WHY))
    assert await inside(town, lambda book: [book.balance("fake:ann"), book.balance("fake:bob")]) == [8, 0]
    assert not await inside(town, lambda book: book.spend("fake:bob", "bank/1", 6, key="1", reason=WHY))


async def test_what_is_reversed_goes_back_to_each_account_it_came_from_and_once(town: Town) -> None:
    await link(town, "fake:bob", "fake:ann")
    await grant(town, "fake:ann", 10)
    await grant(town, "fake:bob", 4)
    await inside(town, lambda book: book.spend("fake:bob", "bank/1", 6, key="1", reason=WHY))
    done = [await inside(town, lambda book: book.reverse("1", reason=WHY)) for _ in range(2)]
    assert done == [True, False]
    assert await inside(town, lambda book: [book.balance("fake:ann"), book.balance("fake:bob")]) == [10, 4]


async def test_what_was_spent_meanwhile_cannot_be_reversed(town: Town) -> None:
    await grant(town, "fake:ann", 10)
    await inside(town, lambda book: book.move("fake:ann", TREASURY, 8, key="1", reason=WHY))
    with pytest.raises(Refusal):
        await inside(town, lambda book: book.reverse("grant:fake:ann", reason=WHY))


async def test_what_never_was_cannot_be_reversed(town: Town) -> None:
    with pytest.raises(LedgerError, match="no transfer bank/1"):
        await inside(town, lambda book: book.reverse("1", reason=WHY))


@pytest.mark.parametrize(("statement", "values"), [(CHANGE, {"many": 1}), (DROP, {})], ids=["changed", "deleted"])
async def test_history_is_never_changed(town: Town, statement: Statement, values: dict[str, Any]) -> None:
    await grant(town, "fake:ann", 10)
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        await town.app.store.transact(Transaction.run, statement, **values)


async def test_the_top_counts_persons_and_neither_treasury_nor_what_is_kept(town: Town) -> None:
    await link(town, "fake:bob", "fake:ann")
    for name, points in (("ann", 10), ("bob", 4), ("cat", 12)):
        await grant(town, f"fake:{name}", points)
    await inside(town, lambda book: book.move(TREASURY, book.escrow(1), 50, key="1", reason=WHY))
    rows = await town.rows(POINTS_TOP, here="town", most=10)
    assert [(row.person, row.points) for row in rows] == [("fake:ann", 14), ("fake:cat", 12)]


async def test_a_persons_history_is_that_of_all_accounts_newest_first(town: Town) -> None:
    await link(town, "fake:bob", "fake:ann")
    await grant(town, "fake:ann", 10)
    await grant(town, "fake:bob", 4)
    await inside(town, lambda book: book.move("fake:bob", "fake:cat", 3, key="1", reason=WHY))
    rows = await town.rows(POINTS_HISTORY, here="town", who="fake:ann", most=10)
    assert [(row.points, row.came, row.went) for row in rows] == [(3, 0, 1), (4, 1, 0), (10, 1, 0)]


holders = st.sampled_from(["fake:ann", "fake:bob", "fake:cat", TREASURY, "bank/1"])
steps = st.lists(
    st.tuples(st.sampled_from(["move", "spend", "reverse"]), holders, holders, st.integers(1, 40), st.integers(1, 12)),
    max_size=40,
)


@cache
def empty() -> bytes:
    """Return a database with the core's tables in it."""
    with TemporaryDirectory() as folder:
        migrate(Path(folder) / "empty.db", [("xiaoer", "xiaoer")])
        connection = sqlite3.connect(Path(folder) / "empty.db")
        data = connection.serialize()
        connection.close()
        return data


def bare() -> Transaction:
    """Return a transaction of its own, in which bob is linked with ann."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.deserialize(empty())
    community = Community("town", "Town", "en", ZoneInfo("UTC"), ("fake:town",))
    tx = Transaction(connection, Requested(), START)
    words: Any = None
    tx.enter(Scene(community, "bank", words, words), START)
    for name in ("ann", "bob"):
        tx.run(NOTE_ACCOUNT, account=f"fake:{name}", name=name, locale=None, at=START, handle="")
    tx.run(POINT, stands="fake:ann", old="fake:bob")
    return tx


@given(steps)
def test_whatever_is_moved_the_sum_is_zero_and_no_person_owes(steps: list[tuple[str, str, str, int, int]]) -> None:
    tx = bare()
    book = Ledger(tx)
    for what, source, target, points, key in steps:
        before = tx.all(COUNT)

        def do(tx: Transaction, args: tuple[Any, ...] = (what, source, target, points, key)) -> None:
            what, source, target, points, key = args
            if what == "reverse":
                Ledger(tx).reverse(str(key), reason=WHY)
            else:
                getattr(Ledger(tx), what)(source, target, points, key=str(key), reason=WHY)

        fault = tx.attempt(do)
        assert fault is None or isinstance(fault, Refusal | LedgerError)
        assert fault is None or tx.all(COUNT) == before
        assert (tx.all(SUM)[0].points or 0) == 0
        assert min(book.balance(one) for one in ("fake:ann", "fake:bob", "fake:cat", "bank/1")) >= 0
