"""The way back to a backup or a snapshot: it takes the database's place, and what stood there is kept.

Whoever goes back to a copy goes back in time: what was asked for and not performed then may have been performed since.
So what must not happen twice is not tried again, but counts as unknown.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, select, update

from xiaoer.actions import AnswerPerson, SendMessage, decode_action
from xiaoer.copying import Progress, copy_database, draft, explained, keep, key_beside, settle, stamp, write
from xiaoer.errors import StoreError
from xiaoer.files import COMPANIONS, connected, damage
from xiaoer.locks import FileLock
from xiaoer.migration import CORE, schemas
from xiaoer.secrets import KEY_FILE
from xiaoer.statements import Statement
from xiaoer.tables import outbox, values
from xiaoer.values import CLEAN_STOP

LOOK = 10.0
"""Seconds in which the present file is looked at for damage."""

WAITING = Statement(select(outbox.c.id, outbox.c.action).where(outbox.c.state == "wanted"))
HOLD_BACK = Statement(
    update(outbox)
    .values(state="unknown", reason="a backup was put back, and it may have been done before", action=None)
    .where(outbox.c.id == bindparam("entry"))
)
AT_REST = Statement(select(values.c.value).where(values.c.name == CLEAN_STOP))


class Restored(NamedTuple):
    """What was put back.

    Args:
        size: its bytes.
        kept: what stood there before; None when nothing did.
        key: whether the signing key was put back too, because another one or none stood there.
        older: whether the next start has to bring its tables up to date.
        held_back: how many actions count as unknown, because they may have been performed since.
    """

    size: int
    kept: Path | None
    key: bool
    older: bool
    held_back: int


def restore(
    database: Path,
    copy: Path,
    packages: Sequence[tuple[str, str]],
    now: datetime,
    progress: Progress | None = None,
) -> Restored:
    """Put a copy in the place of the database, and keep what stands there.

    Args:
        database: the file.
        copy: a backup, or a snapshot that was made before a migration.
        packages: (name, import package) of everything that has tables, the core first.
        now: the moment, for the name under which the present file is kept.
        progress: hears how far it is.

    Raises:
        StoreError: it could not be done; the present file is there all the same.
    """
    if copy.is_dir():
        raise StoreError(f"{copy} is a folder: name the file in it")
    if not copy.is_file():
        raise StoreError(f"{copy}: there is no such file: name one that xiaoer backup made, or a snapshot")
    if database.exists() and copy.samefile(database):
        raise StoreError(f"{copy} is the database itself: name a copy of it")
    lock = FileLock(database)
    lock.acquire()
    try:
        with explained(f"database {database}"), draft(database) as part:
            older, held_back = _prepare(copy, part, packages, progress, moved=not database.exists())
            size = part.stat().st_size
            key = _put_key(copy, database.with_name(KEY_FILE), stamp(now))
            kept = _put(part, database, stamp(now))
    finally:
        lock.release()
    return Restored(size, kept, key, older, held_back)


def _prepare(
    copy: Path, part: Path, packages: Sequence[tuple[str, str]], progress: Progress | None, *, moved: bool
) -> tuple[bool, int]:
    """Bring a copy beside the database, and refuse one that may not take its place."""
    try:
        copy_database(copy, part, progress, alone=True)
        with connected(part, "rw") as connection:
            found = damage(connection)
            if found is not None:
                raise StoreError(f"{copy} is damaged ({found}): take another one")
            older = _check_versions(copy, connection, packages)
            # on a new machine, what was stopped well before it was copied has not gone on since
            return older, 0 if moved and _at_rest(connection) else _hold_back(connection)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorname.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
            raise StoreError(f"{copy} is not a SQLite database, or not a whole one: take another one") from error
        raise


def _check_versions(copy: Path, connection: sqlite3.Connection, packages: Sequence[tuple[str, str]]) -> bool:
    """Refuse a file of somebody else or of a newer version; return whether it is of an older one."""
    there = schemas(connection, packages)
    for schema in there:
        if schema.name == CORE and not schema.revisions:
            raise StoreError(f"{copy} is not a database of Xiaoer: take another one")
        if schema.state == "newer":
            raise StoreError(
                f"{copy} was made by a newer version of {schema.name} (revision {', '.join(sorted(schema.revisions))} "
                "is unknown here): install that version, or take an older copy"
            )
    return any(schema.state == "older" for schema in there)


def _at_rest(connection: sqlite3.Connection) -> bool:
    rows = AT_REST.compiled.rows(connection.execute(AT_REST.sql, AT_REST.bind({})))
    return not rows or bool(rows[0].value)


def _hold_back(connection: sqlite3.Connection) -> int:
    """Let nothing wait of which a second time would be wrong, and return how much that is."""
    rows = WAITING.compiled.rows(connection.execute(WAITING.sql, WAITING.bind({})))
    entries = [HOLD_BACK.bind({"entry": row.id}) for row in rows if _only_once(row.action)]
    connection.execute("BEGIN")
    connection.executemany(HOLD_BACK.sql, entries)
    connection.execute("COMMIT")
    return len(entries)


def _only_once(action: bytes) -> bool:
    try:
        found = decode_action(action)
    except msgspec.MsgspecError:
        return True
    return isinstance(found, AnswerPerson) or (isinstance(found, SendMessage) and found.guarantee == "at_most_once")


def _put(part: Path, database: Path, when: str) -> Path | None:
    """Let a file take the database's place; at every moment one of both stands there.

    A log that stays behind would be taken for the new file's own and ruin it, so it goes before.
    """
    kept = database.with_name(f"{database.stem}.replaced-{when}.db") if database.exists() else None
    _make_alike(part, database)
    if kept is not None:
        if _is_whole(database):
            with contextlib.suppress(sqlite3.Error), connected(database, "rw") as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # and then nothing is left beside it
        for suffix in ("", "-wal", "-journal"):
            if _named(database, suffix).exists():
                keep(_named(database, suffix), _named(kept, suffix))
    for suffix in COMPANIONS:
        _named(database, suffix).unlink(missing_ok=True)
    part.replace(database)
    settle(database.parent)
    return kept


def _is_whole(database: Path) -> bool:
    """Return whether a file may be touched before it is kept: of a damaged one the log may be what can be saved."""
    try:
        with connected(database, "ro") as connection:
            return damage(connection, LOOK) is None
    except sqlite3.Error:
        return False


def _named(file: Path, suffix: str) -> Path:
    return file.with_name(file.name + suffix)


def _make_alike(part: Path, present: Path) -> None:
    """Let who may use the present file use the new one: this may be done by root for the program's own user."""
    if present.exists():
        shutil.copymode(present, part)
    if os.name == "posix" and os.geteuid() == 0:
        owner = (present if present.exists() else present.parent).stat()
        os.chown(part, owner.st_uid, owner.st_gid)


def _put_key(copy: Path, key: Path, when: str) -> bool:
    """Put the key that belongs to a copy back; another one that stands there is kept under another name."""
    saved = key_beside(copy)
    if not saved.is_file():
        return False
    content = saved.read_bytes()
    with draft(key) as part:
        write(part, content)
        if key.exists():
            if key.read_bytes() == content:
                return False
            keep(key, key.with_name(f"{key.stem}.replaced-{when}{key.suffix}"))
        _make_alike(part, key)
        part.replace(key)
    return True
