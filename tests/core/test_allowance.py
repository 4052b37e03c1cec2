"""A part is cut when it has worked for too long, and is not blamed for what the core does for it."""

from types import SimpleNamespace

import pytest

from xiaoer.allowance import TRANSACTION_LIMIT, Allowance
from xiaoer.testing import play
from xiaoer.transaction import Transaction


class Thread:
    """The time that a thread has worked."""

    def __init__(self) -> None:
        self.worked = 0.0

    def thread_time(self) -> float:
        return self.worked


@pytest.fixture
def thread(monkeypatch: pytest.MonkeyPatch) -> Thread:
    thread = Thread()
    monkeypatch.setattr("xiaoer.allowance.time", SimpleNamespace(thread_time=thread.thread_time))
    return thread


def test_a_part_has_its_time_and_no_more(thread: Thread) -> None:
    allowance = Allowance()
    allowance.begin()
    thread.worked += TRANSACTION_LIMIT
    assert not allowance.is_over
    thread.worked += 0.001
    assert allowance.is_over
    allowance.end()
    assert not allowance.is_over


def test_what_the_core_does_for_a_part_leaves_it_what_it_had(thread: Thread) -> None:
    allowance = Allowance()
    allowance.begin()
    thread.worked += TRANSACTION_LIMIT / 2
    with allowance.core():
        thread.worked += 10
        assert not allowance.is_over
    assert not allowance.is_over
    thread.worked += TRANSACTION_LIMIT / 2 + 0.001
    assert allowance.is_over


def test_outside_of_a_part_nothing_is_ever_over(thread: Thread) -> None:
    allowance = Allowance()
    with allowance.core():
        thread.worked += 10
    thread.worked += 10
    assert not allowance.is_over


async def test_finding_words_within_a_transaction_is_not_the_plugins_time(thread: Thread) -> None:
    async with play() as town:
        scene = town.app.runtimes["town"].core
        words = scene.words.text

        def slowly(*args: object) -> object:
            thread.worked += 10
            return words(*args)  # type: ignore[arg-type]

        scene.words = SimpleNamespace(text=slowly)

        def speak(tx: Transaction) -> None:
            tx.enter(scene, tx.now)
            error = tx.attempt(lambda tx: tx.content("xiaoer.help.title"))
            assert error is None
            tx._allowance.begin()
            tx.text("xiaoer.help.title")
            assert not tx._allowance.is_over
            tx._allowance.end()

        await town.app.store.transact(speak)
