"""The store: one SQLite file, written in groups.

Everybody who writes hands over *work*: a function for the database thread. Whatever is there when the last commit ended
goes into the next, so one disk flush serves many events, and nobody holds a transaction over an ``await``.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, Generic, Literal, ParamSpec, TypeVar

import aiosqlite
import structlog

from xiaoer.allowance import TRANSACTION_LIMIT, Allowance
from xiaoer.errors import StoreError
from xiaoer.files import PATIENCE, address, connected, explain, is_damage
from xiaoer.filing import FileRules
from xiaoer.statements import Row, Statement
from xiaoer.transaction import ANY_FILE, PartLost, Requested, Transaction

A = ParamSpec("A")
R = TypeVar("R")

GROUP_LIMIT = 256
"""How many works share one commit at most; more would make the first of them wait."""

READ_LIMIT = 1.0
"""Seconds a short read may take."""

COPY_EVERY = 2_000
"""Works after which the log is copied into the database."""

LOG_LIMIT = 16_000
"""Pages (of 4 kB) of a log that has grown too long to be left to lulls."""

_STEPS = 2_000
"""SQLite instructions between two looks at the clock."""


class Work(ABC):
    """Something to be done in the next group."""

    __slots__ = ()

    @abstractmethod
    def apply(self, tx: Transaction) -> None:
        """Do it, in the database thread; it may run again when the group has to be repeated."""

    @abstractmethod
    def committed(self) -> None:
        """Hear, in the loop, that it is on the disk."""

    @abstractmethod
    def failed(self, error: StoreError) -> None:
        """Hear, in the loop, that nothing of its group was stored."""


def explained(fault: BaseException) -> BaseException:
    """Return what a part failed with, in words where its time was over."""
    if getattr(fault, "sqlite_errorname", "") != "SQLITE_INTERRUPT":
        return fault
    limit = f"it spent over {TRANSACTION_LIMIT * 1000:.0f} ms in the transaction"
    error = StoreError(f"{limit}: read what takes long with ctx.report, and write it in parts, by a timer each")
    error.__cause__ = fault
    return error


class _Call(Work, Generic[R]):
    """A function of the core or of an adapter."""

    __slots__ = ("_error", "_function", "_future", "_result")

    def __init__(self, function: Callable[[Transaction], R], future: asyncio.Future[R]) -> None:
        self._function = function
        self._future = future
        self._error: BaseException | None = None

    def apply(self, tx: Transaction) -> None:
        if self._error is None:
            self._error = tx.attempt(self._run)
            tx.check()

    def _run(self, tx: Transaction) -> None:
        self._result = self._function(tx)

    def committed(self) -> None:
        if self._future.done():
            return
        if self._error is not None:
            self._future.set_exception(explained(self._error))
        else:
            self._future.set_result(self._result)

    def failed(self, error: StoreError) -> None:
        if not self._future.done():
            self._future.set_exception(error)


class _Read:
    """A read that is being waited for, and until when."""

    __slots__ = ("until",)

    def __init__(self) -> None:
        self.until = float("inf")


class Store:
    """One SQLite file in WAL mode, one writer, two readers.

    Args:
        file: the database; its schema is there already.
        now: community time.
        synchronous: ``FULL`` survives a power cut, ``NORMAL`` only a crash of the process.
        rules: which files may be kept.
    """

    def __init__(
        self,
        file: Path,
        now: Callable[[], datetime],
        synchronous: Literal["FULL", "NORMAL"] = "FULL",
        rules: FileRules = ANY_FILE,
    ) -> None:
        self.file = file
        self._rules = rules
        self._now = now
        self.on_commit: Callable[[Requested], None] = _ignore
        self.on_damage: Callable[[StoreError], None] = _ignore
        self._synchronous = synchronous
        self._queue: deque[Work] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._allowance = Allowance()
        self.writing: tuple[int, float] | None = None
        self._reads: dict[aiosqlite.Connection, _Read] = {}
        self._runner: asyncio.Task[None] | None = None
        self._copying: asyncio.Task[None] | None = None
        self._connections: list[aiosqlite.Connection] = []
        self._uncopied = 0
        self._copy = asyncio.Event()

    async def open(self) -> None:
        """Open the file and begin to commit.

        Raises:
            StoreError: it cannot be opened.
        """
        opening = asyncio.ensure_future(self._open())
        try:
            await asyncio.shield(opening)
        except asyncio.CancelledError:
            await opening  # a connection that is being made and left alone keeps its thread for ever
            await self.close()
            raise

    async def _open(self) -> None:
        try:
            self._probe()
            self._writer = await self._connect("rw")
            await _run(self._writer, self._prepare_writer)
            self._reader = await self._connect("ro")
            self._reporter = await self._connect("ro")
            for connection in (self._reader, self._reporter):
                await connection.set_progress_handler(partial(self._is_over, connection), _STEPS)
            self._copier = await self._connect("rw")
        except sqlite3.Error as error:
            await self._disconnect()
            raise StoreError(explain(error, self.file)) from error
        self._runner = asyncio.create_task(self._run(), name="store")
        self._copying = asyncio.create_task(self._checkpoint(), name="checkpoint")

    async def close(self) -> None:
        """Commit what is queued and close the file."""
        self._closing = True
        self._wake.set()
        if self._runner is not None:
            await self._runner
        await self._close()

    async def drop(self) -> None:
        """Close the file without storing what is queued, as a crash would."""
        self._closing = True
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.wait([self._runner])
        await self._close()

    async def _close(self) -> None:
        if self._copying is not None:
            self._copying.cancel()
            await asyncio.wait([self._copying])
        await self._disconnect()

    async def _disconnect(self) -> None:
        while self._connections:
            await self._connections.pop().close()

    def _probe(self) -> None:
        """Find a file that cannot be written to before there are threads that would have to be ended."""
        with connected(self.file, "rw") as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")

    async def _connect(self, mode: Literal["ro", "rw"]) -> aiosqlite.Connection:
        uri = address(self.file, mode)
        connection = await aiosqlite.connect(
            uri, uri=True, isolation_level=None, cached_statements=512, timeout=PATIENCE
        )
        self._connections.append(connection)
        return connection

    def _prepare_writer(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={self._synchronous}")
        connection.execute("PRAGMA cache_size=-16000")
        connection.execute("PRAGMA wal_autocheckpoint=0")  # see _checkpoint
        connection.set_progress_handler(lambda: int(self._allowance.is_over), _STEPS)

    def submit(self, work: Work) -> None:
        """Queue work for the next group."""
        if self._closing:
            work.failed(StoreError("the store is closed: Xiaoer is stopping, ask again when it is back"))
            return
        self._queue.append(work)
        self._wake.set()

    async def transact(
        self, function: Callable[Concatenate[Transaction, A], R], *args: A.args, **kwargs: A.kwargs
    ) -> R:
        """Run ``function(tx, ...)`` in the next group and return what it returns, once that is on the disk.

        Raises:
            StoreError: the group could not be stored.
            Exception: what the function raised; its writes are undone.
        """
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self.submit(_Call(lambda tx: function(tx, *args, **kwargs), future))
        return await future

    async def read(self, statement: Statement, /, **values: Any) -> list[Row]:
        """Return the rows of a short read of what is committed.

        Raises:
            StoreError: it took over a second, or the file cannot be read.
        """
        return await self._fetch(self._reader, statement, values, READ_LIMIT)

    async def report(self, statement: Statement, /, **values: Any) -> list[Row]:
        """Return the rows of a long read, which holds up nobody else's reads."""
        return await self._fetch(self._reporter, statement, values, None)

    async def _fetch(
        self, connection: aiosqlite.Connection, statement: Statement, values: dict[str, Any], limit: float | None
    ) -> list[Row]:
        compiled = statement.compiled
        bound = compiled.bind(values)

        read = _Read()

        def fetch(raw: sqlite3.Connection) -> list[Row]:
            if read.until == 0.0:
                return []  # nobody waits for it any more
            read.until = min(read.until, time.monotonic() + (limit or float("inf")))
            self._reads[connection] = read
            return compiled.rows(raw.execute(compiled.sql, bound))

        try:
            return await _run(connection, fetch)
        except asyncio.CancelledError:
            read.until = 0.0  # those behind it need not wait for a read that nobody waits for
            raise
        except sqlite3.Error as error:
            if "interrupted" in str(error):
                raise StoreError(f"a read took over {limit} s: use report for long ones: {statement}") from error
            raise self._failure(error) from error

    def _is_over(self, connection: aiosqlite.Connection) -> int:
        read = self._reads.get(connection)
        return int(read is not None and time.monotonic() > read.until)

    async def _run(self) -> None:
        while True:
            if not self._queue:
                if self._closing:
                    return
                self._wake.clear()
                await self._wake.wait()
                continue
            await self._commit(self._take())

    async def _checkpoint(self) -> None:
        """Copy the log into the database now and then, beside the writer.

        SQLite would do it within a commit, and everybody in that group would wait for two more flushes. A checkpoint
        beside the writer cannot begin the log anew while it is being written to, so a log that has grown long is dealt
        with by the writer itself (https://www.sqlite.org/wal.html#avoiding_excessively_large_wal_files).
        """
        while True:
            await self._copy.wait()
            self._copy.clear()
            self._uncopied = 0
            with contextlib.suppress(sqlite3.Error):  # the log stays, and the next time is soon
                _, pages, _ = await _run(self._copier, _checkpoint, "PASSIVE")
                if pages > LOG_LIMIT:
                    await _run(self._writer, _begin_log_anew)

    def _failure(self, error: sqlite3.Error) -> StoreError:
        """Return what an error means for who asked; damage is told, because going on would make it worse."""
        failure = StoreError(explain(error, self.file))
        if is_damage(error):
            self.on_damage(failure)
        return failure

    def _take(self) -> list[Work]:
        queue = self._queue
        if len(queue) <= GROUP_LIMIT:
            group = list(queue)
            queue.clear()
            return group
        return [queue.popleft() for _ in range(GROUP_LIMIT)]

    async def _commit(self, group: list[Work]) -> None:
        try:
            requested = await _run(self._writer, self._apply, group, self._now())
        except (sqlite3.Error, StoreError) as error:
            failure = error if isinstance(error, StoreError) else self._failure(error)
            why = failure.__cause__ = failure.__cause__ or error
            log = structlog.get_logger()
            strange = None if isinstance(why, sqlite3.Error) else why
            log.error("group not stored", reason=str(failure), works=len(group), exc_info=strange)
            for work in group:
                work.failed(failure)
            return
        self._uncopied += len(group)
        if self._uncopied >= COPY_EVERY:
            self._copy.set()
        for work in group:
            work.committed()
        self.on_commit(requested)

    def _apply(self, connection: sqlite3.Connection, group: list[Work], now: datetime) -> Requested:
        self.writing = threading.get_ident(), time.monotonic()
        try:
            return self._apply_all(connection, group, now)
        finally:
            self.writing = None

    def _apply_all(self, connection: sqlite3.Connection, group: list[Work], now: datetime) -> Requested:
        while True:
            requested = Requested()
            tx = Transaction(connection, requested, now, self._allowance, self._rules)
            try:
                connection.execute("BEGIN IMMEDIATE")
                for work in group:
                    work.apply(tx)
                self._allowance.end()
                connection.execute("COMMIT")
            except PartLost:
                continue
            except BaseException as error:  # bulkhead "transact": the thread of the database goes on
                self._allowance.end()
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise
                raise StoreError(f"database {self.file}: something that cannot be stored was asked for") from error
            return requested


def _checkpoint(connection: sqlite3.Connection, mode: str) -> tuple[int, int, int]:
    busy, pages, copied = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
    return busy, pages, copied


def _begin_log_anew(connection: sqlite3.Connection) -> None:
    """Copy the log and write it from its beginning again, unless somebody reads an older state of the file.

    It would wait for them, and all commits with it; a backup may read for minutes.
    """
    connection.execute("PRAGMA busy_timeout=0")
    try:
        _checkpoint(connection, "RESTART")
    finally:
        connection.execute(f"PRAGMA busy_timeout={int(PATIENCE * 1000)}")


def _ignore(told: object) -> None:
    """Do nothing with what a group asked for or what is wrong with the file, until the app says what."""


async def _run(
    connection: aiosqlite.Connection,
    function: Callable[Concatenate[sqlite3.Connection, A], R],
    *args: A.args,
    **kwargs: A.kwargs,
) -> R:
    # aiosqlite runs single statements only; this is its private door for a whole function, used here alone.
    result: R = await connection._execute(function, connection._conn, *args, **kwargs)  # type: ignore[no-untyped-call]  # pyright: ignore
    return result
