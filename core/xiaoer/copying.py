"""Copies of the database's file: consistent while others write, whole or not at all, and never over another file."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Generator
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from xiaoer.errors import StoreError
from xiaoer.files import connected

Progress: TypeAlias = Callable[[int, int], None]
"""Hears how many bytes are copied, and of how many."""

STEP = 1_000
"""Pages that are copied between two words about the progress."""


def copy_database(source: Path, target: Path, progress: Progress | None = None, *, alone: bool = False) -> None:
    """Copy a database as it is at this moment, however much is written to it meanwhile.

    SQLite's own copying begins anew whenever somebody else has written, so beside a busy program it would never end.
    Within a read transaction it does not: readers of a file in WAL mode see one moment of it and hold up nobody; the
    log grows meanwhile, because what is still being read cannot be overwritten in the file
    (https://www.sqlite.org/backup.html, https://www.sqlite.org/isolation.html). ``VACUUM INTO`` would do, too, but
    builds every page anew, and tells no progress.

    Args:
        source: the database.
        target: a file that is there and empty; afterwards it needs no log beside it.
        progress: hears how far it is.
        alone: whether nobody else has the source open.

    Raises:
        StoreError: there is not enough room for the copy.
        sqlite3.Error: the source cannot be read, or the target cannot be written.
    """
    with connected(source, "ro", alone=alone) as old, connected(target, "rw") as new:
        old.execute("BEGIN")
        (pages,) = old.execute("PRAGMA page_count").fetchone()
        (size,) = old.execute("PRAGMA page_size").fetchone()
        free = shutil.disk_usage(target.parent).free
        if free < pages * size:
            need = in_words(pages * size)
            raise StoreError(f"folder {target.parent}: the copy needs {need}, and {in_words(free)} are free: make room")

        def tell(_: int, left: int, total: int) -> None:
            if progress is not None:
                progress((total - left) * size, total * size)

        old.backup(new, pages=STEP, progress=tell)
        new.execute("PRAGMA journal_mode=DELETE")


@contextlib.contextmanager
def draft(target: Path) -> Generator[Path]:
    """Make an empty file beside a target that only this user may read; what is left of it at the end is deleted."""
    file = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield file
    finally:
        for suffix in ("", "-journal"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)


def write_private(file: Path, content: bytes) -> None:
    """Write a new file that only this user may read.

    Raises:
        FileExistsError: it is there already.
    """
    with draft(file) as part:
        write(part, content)
        keep(part, file)


def write(file: Path, content: bytes) -> None:
    """Write a file and bring it to the disk."""
    with file.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())


def keep(file: Path, name: Path) -> None:
    """Give a file a second name in the same file system; where that has no such thing, another name.

    Raises:
        FileExistsError: there is such a file already.
    """
    try:
        os.link(file, name)
    except FileExistsError:
        raise
    except OSError:
        if name.exists():
            raise FileExistsError(17, "it is there already", str(name)) from None
        file.rename(name)
    settle(name.parent)


def settle(folder: Path) -> None:
    """Bring a folder's names to the disk, where that can be asked for."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def in_words(size: float) -> str:
    """Return a number of bytes as people read it."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def stamp(now: datetime) -> str:
    """Return a moment as names of files have it."""
    return now.strftime("%Y%m%dT%H%M%SZ")


def key_beside(copy: Path) -> Path:
    """Return where the signing key lies that belongs to a copy."""
    return copy.with_name(f"{copy.name}.key")


@contextlib.contextmanager
def explained(what: str) -> Generator[None]:
    """Tell what the operating system or SQLite says in one sentence.

    Args:
        what: the file that is being written.

    Raises:
        StoreError: that sentence.
    """
    try:
        yield
    except OSError as error:
        named = "" if error.filename is None else f"{error.filename}: "
        raise StoreError(f"{what}: {named}{error.strerror}: nothing is lost; put that right and try again") from error
    except sqlite3.Error as error:
        raise StoreError(f"{what}: {error}: nothing is lost; put that right and try again") from error
