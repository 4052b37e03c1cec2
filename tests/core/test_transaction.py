"""What a part of the transaction leaves behind when it fails."""

import sqlite3

import pytest
from sqlalchemy import Column, MetaData, String, Table, bindparam, insert, select

from xiaoer import Refusal, Statement
from xiaoer.testing import START
from xiaoer.transaction import Requested, Transaction


@pytest.fixture
def tx() -> Transaction:
    return Transaction(sqlite3.connect(":memory:", isolation_level=None), Requested(), START)


def test_a_refusal_keeps_nothing_of_its_event_alive(tx: Transaction) -> None:
    def refuse(tx: Transaction) -> None:
        raise Refusal("shop.closed")

    refusal = tx.attempt(refuse)
    assert isinstance(refusal, Refusal)
    assert refusal.__traceback__ is None


def test_where_a_part_failed_can_be_logged(tx: Transaction) -> None:
    def fail(tx: Transaction) -> None:
        raise ValueError("grr")

    failure = tx.attempt(fail)
    assert failure is not None
    assert failure.__traceback__ is not None


NOTES = Table("note", MetaData(), Column("text", String))
WRITE = Statement(insert(NOTES).values(text=bindparam("text")))
READ = Statement(select(NOTES.c.text))
TAKE = Statement(insert(NOTES).values(text=bindparam("text")).returning(NOTES.c.text))


@pytest.fixture
def heard(tx: Transaction) -> list[str]:
    """Have a table, and an open transaction whose statements are heard."""
    connection, heard = tx._connection, list[str]()
    connection.execute("CREATE TABLE note (text VARCHAR)")
    connection.execute("BEGIN")
    connection.set_trace_callback(heard.append)
    return heard


def test_a_refusal_that_wrote_nothing_costs_no_savepoint(tx: Transaction, heard: list[str]) -> None:
    def refuse(tx: Transaction) -> None:
        tx.all(READ)
        raise Refusal("shop.closed")

    tx.attempt(refuse)
    assert [statement.split()[0] for statement in heard] == ["SELECT"]


@pytest.mark.parametrize("write", [WRITE, TAKE], ids=["written", "written and read"])
def test_what_a_part_wrote_before_it_failed_is_undone(tx: Transaction, heard: list[str], write: Statement) -> None:
    def fail(tx: Transaction) -> None:
        tx.all(write, text="once")
        tx.all(write, text="twice")
        raise ValueError("grr")

    tx.run(WRITE, text="before")
    tx.attempt(fail)
    assert [row.text for row in tx.all(READ)] == ["before"]
    assert sum(statement == "SAVEPOINT part" for statement in heard) == 1


def test_what_writes_once_needs_no_savepoint(tx: Transaction, heard: list[str]) -> None:
    tx.attempt(lambda tx: tx.run(WRITE, text="once"), writes_once=True)
    assert [row.text for row in tx.all(READ)] == ["once"]
    assert not any("part" in statement for statement in heard)


def test_a_part_that_was_refused_leaves_nothing_for_the_next_to_undo(tx: Transaction, heard: list[str]) -> None:
    def fail(tx: Transaction) -> None:
        tx.run(WRITE, text="lost")
        raise ValueError("grr")

    tx.attempt(fail)
    tx.attempt(lambda tx: tx.run(WRITE, text="kept"))
    tx.attempt(fail)
    assert [row.text for row in tx.all(READ)] == ["kept"]
