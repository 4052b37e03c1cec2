"""What is thrown away, and when: keys of events after 7 days, what was performed, fired or failed after 30.

Files go when nobody uses them any more.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import ColumnElement, Table, bindparam, delete, exists, select

from xiaoer.errors import StoreError
from xiaoer.statements import Statement
from xiaoer.tables import faults, file_uses, kept_files, outbox, posts, seen, timers
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


class _Forgetting:
    """How rows of a table are thrown away: looked for beside the writer, for that may take long, and then dropped."""

    def __init__(self, table: Table, over: ColumnElement[bool], chunk: int = CHUNK) -> None:
        key = next(iter(table.primary_key.columns))
        self._chunk = chunk
        self._find = Statement(select(key.label("key")).where(over).limit(chunk))
        self._drop = Statement(delete(table).where(key == bindparam("this"), over))

    async def run(self, store: Store, **values: Any) -> None:
        """Throw all of them away, some at a time."""
        found = self._chunk
        while found == self._chunk:
            keys = [row.key for row in await store.report(self._find, **values)]
            await store.transact(self._all, keys, values)
            found = len(keys)

    def _all(self, tx: Transaction, keys: list[Any], values: dict[str, Any]) -> None:
        for key in keys:
            tx.run(self._drop, this=key, **values)


FORGET_KEYS = _Forgetting(seen, seen.c.at < bindparam("hour"))
FORGET_RECORDS = (
    _Forgetting(
        outbox, (outbox.c.state.in_(["done", "failed", "unknown", "cancelled"])) & (outbox.c.at < bindparam("before"))
    ),
    _Forgetting(timers, timers.c.state.in_(["fired", "skipped", "cancelled"]) & (timers.c.due < bindparam("before"))),
    _Forgetting(posts, posts.c.at < bindparam("before")),
    _Forgetting(faults, faults.c.at < bindparam("before")),
)
FORGET_FILES = _Forgetting(kept_files, ~exists().where(file_uses.c.digest == kept_files.c.digest), chunk=1)
"""One at a time, for a large one takes long to throw away."""


async def tidy(store: Store, now: datetime) -> None:
    """Throw away what is over its time.

    Raises:
        StoreError: it cannot be stored, or took too long on a busy machine.
    """
    await FORGET_KEYS.run(store, hour=int((now - KEEP_KEYS).timestamp()) // 3600)
    for forgetting in FORGET_RECORDS:
        await forgetting.run(store, before=now - KEEP_RECORDS)
    await FORGET_FILES.run(store)


async def keep_tidy(store: Store, clock: CommunityClock) -> None:
    """Throw away what is over its time, now and every hour."""
    while True:
        try:
            await tidy(store, clock.now())
        except StoreError as error:
            structlog.get_logger().warning("not tidied", reason=str(error))
        await clock.platform.sleep(EVERY)
