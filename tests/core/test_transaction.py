"""What a part of the transaction leaves behind when it fails."""

import sqlite3

import pytest

from xiaoer import Refusal
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
