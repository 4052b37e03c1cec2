"""The animals that fail: whatever they do, each of them loses its own part and is told of as a failure."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Callable
from typing import Any

from sqlalchemy import func, literal, select
from tests.zoo.cage import WRITE, Animal, Here

from xiaoer import Content, Refusal, Statement, Transaction
from xiaoer.testing.scene import MAIN


def _endless() -> Any:
    numbers = select(literal(1).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.n + 1))
    return select(func.max(numbers.c.n))


ENDLESS = Statement(_endless())


class Unreadable(Exception):
    """Cannot even be told."""

    def __str__(self) -> str:
        raise ValueError("this has no words")


class Unfinished(Refusal):
    """A refusal without its text."""

    def __init__(self) -> None:
        Exception.__init__(self)


def raising(name: str, error: Callable[[], BaseException], reason: str) -> Animal:
    """Return an animal that raises, in hooks and in ``function(tx)`` alike."""

    async def bite(ctx: Here, event: Any, gate: asyncio.Event) -> None:
        raise error()

    def decide(tx: Transaction) -> None:
        raise error()

    return Animal(name, bite, reason, decide)


def _recurse() -> None:
    _recurse()


async def _recursing(ctx: Here, event: Any, gate: asyncio.Event) -> None:
    _recurse()


async def _exiting(ctx: Here, event: Any, gate: asyncio.Event) -> None:
    sys.exit("enough")


async def _hanging(ctx: Here, event: Any, gate: asyncio.Event) -> None:
    await gate.wait()


async def _stubborn(ctx: Here, event: Any, gate: asyncio.Event) -> None:
    while not gate.is_set():
        try:
            await gate.wait()
        except asyncio.CancelledError:
            continue


async def _cancelling_itself(ctx: Here, event: Any, gate: asyncio.Event) -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


async def _flooding(ctx: Here, event: Any, gate: asyncio.Event) -> None:
    for number in range(10_000):
        ctx.write(WRITE, plugin="beast", what="flood", who=str(number))


async def _demanding(ctx: Here, event: Any, gate: asyncio.Event) -> None:
    for _ in range(100_000):
        ctx.send(MAIN, Content(("Me!",)))


def _demand(tx: Transaction) -> None:
    for _ in range(100_000):
        tx.send(MAIN, Content(("Me!",)))


async def _mistyping(ctx: Here, event: Any, gate: asyncio.Event) -> None:
    ctx.write(WRITE, plugin="beast", what="bite", who=7)


async def _half_a_letter(ctx: Here, event: Any, gate: asyncio.Event) -> None:
    ctx.write(WRITE, plugin="beast", what="bite", who="\ud83d")


async def _changing_the_event(ctx: Here, event: Any, gate: asyncio.Event) -> None:
    event.key = "mine"


async def _changing_the_config(ctx: Here, event: Any, gate: asyncio.Event) -> None:
    ctx.config.food = "Ann"


async def _reading_long(ctx: Here, event: Any, gate: asyncio.Event) -> None:
    await ctx.read(ENDLESS)


def _read_long(tx: Transaction) -> None:
    tx.one(ENDLESS)


async def _deciding_in_vain(ctx: Here, event: Any, gate: asyncio.Event) -> None:
    async def decide(tx: Transaction) -> None:
        """Never run."""

    ctx.transact(decide)  # type: ignore[arg-type]


async def _speaking_from_the_transaction(ctx: Here, event: Any, gate: asyncio.Event) -> None:
    ctx.transact(lambda tx: ctx.send(MAIN, Content(("Me!",))))


def _lose_its_own_file(tx: Transaction) -> None:
    sqlite3.connect("file:nowhere/at/all.db?mode=ro", uri=True).execute("SELECT 1")


async def _losing_its_own_file(ctx: Here, event: Any, gate: asyncio.Event) -> None:
    ctx.transact(_lose_its_own_file)


TOO_LONG = "StoreError: it spent over 50 ms in the transaction"

RAISING = (
    raising("raises", lambda: ValueError("grr"), "ValueError: grr"),
    raising("exits", lambda: SystemExit(3), "SystemExit: 3"),
    raising("interrupts", KeyboardInterrupt, "KeyboardInterrupt"),
    raising("closes", GeneratorExit, "GeneratorExit"),
    raising("cancels", asyncio.CancelledError, "CancelledError"),
    raising("raises a group", lambda: BaseExceptionGroup("pack", [SystemExit(1)]), "BaseExceptionGroup: pack"),
    raising("runs out of memory", MemoryError, "MemoryError"),
    raising("stops an iteration", StopIteration, "StopIteration"),
    raising("cannot be told", Unreadable, "Unreadable"),
    raising("raises half a letter", lambda: ValueError("\ud83d"), "ValueError: \\ud83d"),
    raising("refuses without a word", Unfinished, ""),
)
"""What can be raised in every place."""

DOING = (
    Animal("calls itself", _recursing, "RecursionError", lambda tx: _recurse()),
    Animal("calls sys.exit", _exiting, "SystemExit: enough"),
    Animal("hangs", _hanging, "TimeoutError: it took too long and was cut off", hangs=True),
    Animal("eats its cancellation", _stubborn, "TimeoutError: it took too long and would not be cut off", hangs=True),
    Animal("cancels its own task", _cancelling_itself, "CancelledError"),
    Animal("floods", _flooding, "StoreError: plugin beast queues over 1000 effects"),
    Animal("demands without end", _demanding, "StoreError: plugin beast queues over 1000 effects", _demand, TOO_LONG),
    Animal("writes the wrong type", _mistyping, "ValueRefused: parameter 'who' takes str, not int"),
    Animal("writes half a letter", _half_a_letter, "UnicodeEncodeError"),
    Animal("changes the event", _changing_the_event, "AttributeError: immutable type"),
    Animal("changes the configuration", _changing_the_config, "ValidationError"),
    Animal("reads for ever", _reading_long, "StoreError: a read took over", _read_long, TOO_LONG),
    Animal("decides without doing", _deciding_in_vain, "is async, so nothing of it was done"),
    Animal("speaks from the transaction", _speaking_from_the_transaction, "ContextClosed"),
    Animal("loses its own file", _losing_its_own_file, "unable to open database file", _lose_its_own_file),
)
"""What is done in one place each; where does not matter."""
