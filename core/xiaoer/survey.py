"""Looking at how everything is: from the configuration and the database, whether or not the program runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import bindparam, func, select

from xiaoer.batches import PROGRESS, RATE_OVER, progress_of
from xiaoer.files import connected, explain
from xiaoer.locks import FileLock
from xiaoer.migration import CORE, schemas
from xiaoer.settings import LoadedSettings
from xiaoer.statements import Row, Statement
from xiaoer.status import (
    Broadcast,
    CommunityState,
    Database,
    Faults,
    NotShown,
    Parked,
    PutAside,
    SchemaState,
    SetAside,
    Status,
    Timer,
    Waiting,
)
from xiaoer.tables import faults, inbox, outbox, shown, timers, values
from xiaoer.values import CLOCK_OFFSET

LINES = 20
"""So many rows of each list are told, the newest; the total is told beside them."""

LONGEST = 160
"""So many characters of a text are told."""

OFFSET = Statement(select(values.c.value).where(values.c.name == CLOCK_OFFSET))
PARKED = Statement(
    select(inbox.c.community, func.count().label("events"), func.min(inbox.c.at).label("at"))
    .where(inbox.c.set_aside.is_(None))
    .group_by(inbox.c.community)
    .order_by(inbox.c.community)
)
SET_ASIDE = Statement(
    select(inbox.c.community, inbox.c.key, inbox.c.event, inbox.c.at, inbox.c.tries, inbox.c.set_aside)
    .where(inbox.c.set_aside.is_not(None))
    .order_by(inbox.c.at.desc(), inbox.c.key)
    .limit(LINES)
)
SET_ASIDE_TOTAL = Statement(select(func.count().label("total")).where(inbox.c.set_aside.is_not(None)))
_platform = func.substr(outbox.c.chat, 1, func.instr(outbox.c.chat, ":") - 1).label("platform")
WAITING = Statement(
    select(_platform, outbox.c.state, func.count().label("total"), func.min(outbox.c.at).label("at"))
    .where(outbox.c.state.in_(["wanted", "sending"]))
    .group_by(_platform, outbox.c.state)
)
_shown_on = func.substr(shown.c.chat, 1, func.instr(shown.c.chat, ":") - 1).label("platform")
TO_SHOW = Statement(select(_shown_on, func.count().label("total")).where(shown.c.state == "open").group_by(_shown_on))
BROADCASTS = Statement(
    select(outbox.c.community, outbox.c.plugin, outbox.c.batch)
    .where(outbox.c.batch.is_not(None), outbox.c.state.in_(["wanted", "held", "sending"]))
    .group_by(outbox.c.community, outbox.c.plugin, outbox.c.batch)
    .order_by(func.min(outbox.c.id))
    .limit(LINES)
)
PUT_ASIDE = Statement(
    select(
        outbox.c.id, outbox.c.community, outbox.c.plugin, outbox.c.chat, outbox.c.state, outbox.c.reason, outbox.c.at
    )
    .where(outbox.c.state.in_(["failed", "unknown"]))
    .order_by(outbox.c.id.desc())
    .limit(LINES)
)
PUT_ASIDE_TOTAL = Statement(select(func.count().label("total")).where(outbox.c.state.in_(["failed", "unknown"])))
NOT_SHOWN = Statement(
    select(shown.c.community, shown.c.plugin, shown.c.key, shown.c.chat, shown.c.reason)
    .where(shown.c.reason.is_not(None))
    .order_by(shown.c.community, shown.c.plugin, shown.c.key)
    .limit(LINES)
)
NOT_SHOWN_TOTAL = Statement(select(func.count().label("total")).where(shown.c.reason.is_not(None)))
NEXT_TIMERS = Statement(
    select(timers.c.community, timers.c.plugin, timers.c.job, timers.c.due, timers.c.cron)
    .where(timers.c.state == "waiting")
    .order_by(timers.c.due, timers.c.id)
    .limit(bindparam("lines"))
)
TIMERS = Statement(
    select(timers.c.state, func.count().label("total"))
    .where(timers.c.state.in_(["waiting", "off"]))
    .group_by(timers.c.state)
)
_last = select(func.max(faults.c.id).label("id"), func.count().label("total"))
_last_faults = _last.group_by(faults.c.community, faults.c.plugin).subquery()
FAULTS = Statement(
    select(faults.c.community, faults.c.plugin, faults.c.what, faults.c.reason, faults.c.at, _last_faults.c.total)
    .join(_last_faults, _last_faults.c.id == faults.c.id)
    .order_by(faults.c.community, faults.c.plugin)
)


def survey(
    settings: LoadedSettings, packages: Sequence[tuple[str, str]], now: datetime, redact: Callable[[str], str]
) -> Status:
    """Return how everything is; nothing is written, and the program may run meanwhile.

    Args:
        settings: the configuration.
        packages: (name, import package) of everything that has tables, the core first.
        now: platform time.
        redact: masks secrets in a text.
    """
    plain = Plain(redact)
    found = Status(
        config=str(settings.file),
        running=FileLock(settings.database).is_taken(),
        at=now,
        adapters=list(settings.adapters),
        communities=[
            CommunityState(
                loaded.community.id,
                plain(loaded.community.name),
                list(loaded.community.spaces),
                list(loaded.plugins),
                list(loaded.left_out),
            )
            for loaded in settings.communities
        ],
    )
    if not settings.database.exists():
        found.problem = f"database {settings.database}: there is none yet: xiaoer run makes it"
        return found
    try:
        with connected(settings.database, "ro") as connection:
            connection.execute("BEGIN")  # one moment for all of it
            Reader(connection, found, plain).read(settings.database, packages)
    except sqlite3.Error as error:
        found.problem = explain(error, settings.database)
    return found


class Plain:
    """Makes a text fit to be told: without secrets, without what moves a cursor, and short.

    Args:
        redact: masks secrets in a text.
    """

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact = redact

    def __call__(self, text: str) -> str:
        """Return the text, made fit."""
        text = "".join(letter if letter.isprintable() else " " for letter in self._redact(text))
        return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


class Reader:
    """Reads one file.

    Args:
        connection: to it.
        found: what is filled.
        plain: makes texts fit to be told.
    """

    def __init__(self, connection: sqlite3.Connection, found: Status, plain: Plain) -> None:
        self._connection = connection
        self._found = found
        self._plain = plain
        self._now = found.at

    def read(self, file: Path, packages: Sequence[tuple[str, str]]) -> None:
        """Read it all, if the tables are as this version has them."""
        found = self._found
        there = schemas(self._connection, packages)
        log = file.with_name(f"{file.name}-wal")
        found.database = Database(
            str(file),
            file.stat().st_size,
            log.stat().st_size if log.exists() else 0,
            [SchemaState(schema.name, ", ".join(sorted(schema.revisions)), schema.state) for schema in there],
        )
        core = next(schema for schema in there if schema.name == CORE)
        if core.state != "current":
            found.problem = (
                f"database {file}: its tables are of a newer version: install that version"
                if core.state == "newer"
                else f"database {file}: its tables are of an older version: the next start brings them up to date"
            )
            return
        moved = self._rows(OFFSET)
        if moved:
            self._now = found.at = found.at + timedelta(seconds=moved[0].value)
        self._inbox()
        self._outbox()
        self._timers()
        self._faults()

    def _rows(self, statement: Statement, **values: Any) -> list[Row]:
        compiled = statement.compiled
        return compiled.rows(self._connection.execute(compiled.sql, compiled.bind(values)))

    def _total(self, statement: Statement) -> int:
        total: int = self._rows(statement)[0].total
        return total

    def _age(self, at: datetime) -> float:
        return (self._now - at).total_seconds()

    def _inbox(self) -> None:
        self._found.parked = [
            Parked(row.community, row.events, row.at, self._age(row.at)) for row in self._rows(PARKED)
        ]
        self._found.set_aside_total = self._total(SET_ASIDE_TOTAL)
        self._found.set_aside = [
            SetAside(
                row.community,
                _kind(row.event),
                self._plain(row.key),
                self._plain(row.set_aside),
                row.tries,
                row.at,
                self._age(row.at),
            )
            for row in self._rows(SET_ASIDE)
        ]

    def _outbox(self) -> None:
        found, plain = self._found, self._plain
        found.waiting = self._waiting()
        found.broadcasts = [self._broadcast(row) for row in self._rows(BROADCASTS)]
        found.put_aside_total = self._total(PUT_ASIDE_TOTAL)
        found.put_aside = [
            PutAside(
                row.id,
                row.community,
                row.plugin,
                plain(row.chat),
                row.state,
                plain(row.reason or ""),
                row.at,
                self._age(row.at),
            )
            for row in self._rows(PUT_ASIDE)
        ]
        found.not_shown_total = self._total(NOT_SHOWN_TOTAL)
        found.not_shown = [
            NotShown(row.community, row.plugin, plain(row.key), plain(row.chat), plain(row.reason))
            for row in self._rows(NOT_SHOWN)
        ]

    def _broadcast(self, row: Row) -> Broadcast:
        since = self._now - RATE_OVER
        bound = {"of": row.community, "by": row.plugin, "name": row.batch}
        progress = progress_of(self._rows(PROGRESS, **bound, since=since, since_too=since))
        return Broadcast(
            row.community,
            row.plugin,
            self._plain(row.batch),
            progress.total - progress.cancelled,
            progress.waiting,
            progress.held,
            progress.done,
            progress.failed,
            progress.unknown,
            progress.rate,
            progress.left,
        )

    def _waiting(self) -> list[Waiting]:
        actions = self._rows(WAITING)
        messages = {row.platform: row.total for row in self._rows(TO_SHOW)}
        waiting: list[Waiting] = []
        for platform in sorted({*messages, *[row.platform for row in actions]}):
            own = [row for row in actions if row.platform == platform]
            oldest = min((row.at for row in own), default=None)
            waiting.append(
                Waiting(
                    platform,
                    sum(row.total for row in own),
                    sum(row.total for row in own if row.state == "sending"),
                    messages.get(platform, 0),
                    oldest,
                    None if oldest is None else self._age(oldest),
                )
            )
        return waiting

    def _timers(self) -> None:
        totals = {row.state: row.total for row in self._rows(TIMERS)}
        self._found.timers_waiting, self._found.timers_off = totals.get("waiting", 0), totals.get("off", 0)
        self._found.timers = [
            Timer(row.community, row.plugin, self._plain(row.job), row.due, -self._age(row.due), row.cron)
            for row in self._rows(NEXT_TIMERS, lines=LINES)
        ]

    def _faults(self) -> None:
        self._found.faults = [
            Faults(row.community, row.plugin, row.what, _error(row.reason), row.at, self._age(row.at), row.total)
            for row in self._rows(FAULTS)
        ]


class _Tagged(msgspec.Struct):
    type: str = "?"


def _kind(event: bytes) -> str:
    try:
        return msgspec.json.decode(event, type=_Tagged).type
    except msgspec.MsgspecError:
        return "?"


def _error(reason: str) -> str:
    """Return the kind of an error; its words may quote what somebody wrote."""
    kind = reason.partition(":")[0]
    return kind if kind.isidentifier() else "?"
