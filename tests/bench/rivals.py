"""What Xiaoer is measured against: the same statements with the same values and the same durability."""

from __future__ import annotations

import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiosqlite
from tests.bench.load import ASKS_EVERY, PEOPLE, TALLY

from xiaoer import Content, SendMessage
from xiaoer.actions import encode_action
from xiaoer.transaction import REQUEST
from xiaoer.units import REMEMBER

GROUP = 100
NOW = datetime(2026, 3, 2, tzinfo=UTC)
UNMARKED: dict[str, Any] = {"unprompted": 0, "key": None, "batch": None}
Step = tuple[str, dict[str, Any]]


def statements(number: int, communities: int) -> list[Step]:
    """Return what one message has written, as Xiaoer writes it."""
    who = f"web:person-{number % PEOPLE}"
    steps: list[Step] = [
        (REMEMBER.sql, {"key": f"web:bench-{number:08d}", "at": 500_000}),
        (TALLY.sql, TALLY.bind({"plugin": "messages", "who": who})),
        (TALLY.sql, TALLY.bind({"plugin": "warmth", "who": who})),
    ]
    if number % ASKS_EVERY == 0:
        chat = f"web:c{number % communities}/main"
        action = encode_action(SendMessage(chat=chat, content=Content(("noted",))))
        named = {"community": f"c{number % communities}", "plugin": "speaker", "chat": chat}
        steps.append((REQUEST.sql, REQUEST.bind({**named, "action": action, "urgency": 1, **UNMARKED, "at": NOW})))
    return steps


def _prepared(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def raw(file: Path, work: list[list[Step]]) -> float:
    """Return messages a second of plain sqlite3 in groups of 100, a savepoint each: the limit."""
    connection = sqlite3.connect(file, isolation_level=None, cached_statements=512)
    _prepared(connection)
    begin = time.perf_counter()
    for start in range(0, len(work), GROUP):
        connection.execute("BEGIN IMMEDIATE")
        for steps in work[start : start + GROUP]:
            connection.execute("SAVEPOINT message")
            for sql, values in steps:
                connection.execute(sql, values)
            connection.execute("RELEASE message")
        connection.execute("COMMIT")
    seconds = time.perf_counter() - begin
    connection.close()
    return len(work) / seconds


async def usual(file: Path, work: list[list[Step]]) -> float:
    """Return messages a second of the usual bot: aiosqlite, one commit a message."""
    async with aiosqlite.connect(file) as connection:
        await connection.execute("PRAGMA journal_mode=WAL")
        await connection.execute("PRAGMA synchronous=FULL")
        begin = time.perf_counter()
        for steps in work:
            for sql, values in steps:
                await connection.execute(sql, values)
            await connection.commit()
        return len(work) / (time.perf_counter() - begin)
