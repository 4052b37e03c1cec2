"""What is thrown away, and when: keys of events after 7 days, what was performed, fired or failed after 30."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import ColumnElement, Table, bindparam, delete, select

from xiaoer.errors import StoreError
from xiaoer.statements import Statement
from xiaoer.tables import faults, outbox, seen, timers
from xiaoer.transaction import Transaction

if TYPE_CHECKING:
    from xiaoer.clocks import CommunityClock
    from xiaoer.store import Store

KEEP_KEYS = timedelta(days=7)
KEEP_RECORDS = timedelta(days=30)

EVERY = 3600.0
"""Seconds of platform time between two rounds."""

CHUNK = 500
"""Rows a transaction throws away at most, so that nobody waits for it."""


def _forgetting(table: Table, over: ColumnElement[bool]) -> Statement:
    key = next(iter(table.primary_key.columns))
    return Statement(delete(table).where(key.in_(select(key).where(over).limit(CHUNK))))


FORGET_KEYS = _forgetting(seen, seen.c.at < bindparam("hour"))
FORGET_RECORDS = (
    _forgetting(outbox, (outbox.c.state.in_(["done", "failed", "unknown"])) & (outbox.c.at < bindparam("before"))),
    _forgetting(timers, timers.c.state.in_(["fired", "skipped", "cancelled"]) & (timers.c.due < bindparam("before"))),
    _forgetting(faults, faults.c.at < bindparam("before")),
)


async def tidy(store: Store, now: datetime) -> None:
    """Throw away what is over its time."""
    hour = int((now - KEEP_KEYS).timestamp()) // 3600
    while await store.transact(Transaction.run, FORGET_KEYS, hour=hour) == CHUNK:
        pass
    for statement in FORGET_RECORDS:
        while await store.transact(Transaction.run, statement, before=now - KEEP_RECORDS) == CHUNK:
            pass


async def keep_tidy(store: Store, clock: CommunityClock) -> None:
    """Throw away what is over its time, now and every hour."""
    while True:
        try:
            await tidy(store, clock.now())
        except StoreError as error:
            structlog.get_logger().warning("not tidied", reason=str(error))
        await clock.platform.sleep(EVERY)
