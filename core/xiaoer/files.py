"""The database's file: opening it, whether it is whole, and what SQLite says about it in words for the operator."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Literal, TypeAlias

Mode: TypeAlias = Literal["ro", "rw"]

PATIENCE = 5.0
"""Seconds to wait for another program that holds the file locked."""

COMPANIONS = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file: the log, its index, and the log of files that are not in WAL mode."""

PUT_BACK = "put the newest backup, or the newest snapshot beside it, back with xiaoer restore"
"""What to do about a file that is damaged."""

_ADVICE = {
    "SQLITE_FULL": "the disk is full: free some space; what was not stored was not acknowledged and comes again",
    "SQLITE_READONLY": "it is read-only: give this user the right to write to the file and its folder",
    "SQLITE_CANTOPEN": "it cannot be opened: check that the folder exists and belongs to this user",
    "SQLITE_BUSY": "another program holds it locked: stop that program",
    "SQLITE_LOCKED": "another program holds it locked: stop that program",
    "SQLITE_CORRUPT": f"it is damaged: {PUT_BACK}",
    "SQLITE_NOTADB": f"it is not a SQLite database: check the path in plugins.toml; if it was one, {PUT_BACK}",
    "SQLITE_IOERR": "the disk reports an error: check it before anything else",
}


def explain(error: sqlite3.Error, file: Path) -> str:
    """Return what a SQLite error means for the operator and what to do about it, in one sentence."""
    name: str = getattr(error, "sqlite_errorname", "") or ""
    for code, advice in _ADVICE.items():
        if name.startswith(code):
            return f"database {file}: {advice}"
    return f"database {file}: {error}"


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether an error says that the file itself is damaged, which does not pass."""
    return (getattr(error, "sqlite_errorname", "") or "").startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))


def address(file: Path, mode: Mode) -> str:
    """Return a file's URI as SQLite takes it.

    Args:
        file: the database.
        mode: ``ro`` to read only, ``rw`` to write too; neither makes a file.
    """
    path = str(file.resolve()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return f"file:{path}?mode={mode}"


@contextlib.contextmanager
def connected(file: Path, mode: Mode, *, alone: bool = False) -> Generator[sqlite3.Connection]:
    """Open a file for a while.

    Args:
        file: the database.
        mode: ``ro`` to read only, ``rw`` to write too; neither makes a file.
        alone: whether nobody else has it open, as a copy that lies somewhere: nothing is then made beside it, and its
            folder may be read-only.
    """
    uri = address(file, mode)
    if alone and not any(file.with_name(file.name + suffix).exists() for suffix in COMPANIONS):
        uri += "&immutable=1"
    with contextlib.closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=PATIENCE)) as connection:
        yield connection


def damage(connection: sqlite3.Connection, seconds: float | None = None) -> str | None:
    """Return what is wrong with a file, or None when nothing was found.

    Args:
        connection: an open one.
        seconds: how long to look at most, and less closely; None for a thorough look, however long it takes.

    Raises:
        sqlite3.Error: the file cannot be read, or is no database.
    """
    over = threading.Event()

    def stop() -> None:
        over.set()
        connection.interrupt()  # a progress handler is not called within the check before SQLite 3.41

    timer = threading.Timer(seconds or 0.0, stop)
    if seconds is not None:
        timer.start()
    try:
        (found,) = connection.execute(f"PRAGMA {'integrity' if seconds is None else 'quick'}_check(1)").fetchone()
    except sqlite3.Error as error:
        if not (over.is_set() or error.sqlite_errorname.startswith("SQLITE_CORRUPT")):
            raise
        found = str(error)
    finally:
        if seconds is not None:
            timer.cancel()
            timer.join()
    if over.is_set() or found == "ok":  # what is found in a check that was cut short may be wrong
        return None
    return " ".join(found.replace("*** in database main ***", "").split())
