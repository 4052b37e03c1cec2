"""Backups: a copy of the database, whether or not the program runs, with the signing key beside it."""

from __future__ import annotations

import os
import time
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from xiaoer.copying import Progress, copy_database, draft, explained, keep, key_beside, stamp, write_private
from xiaoer.errors import StoreError
from xiaoer.files import PUT_BACK, connected, damage
from xiaoer.secrets import KEY_FILE


class Saved(NamedTuple):
    """A backup.

    Args:
        file: the copy of the database.
        size: its bytes.
        seconds: how long it took.
        key: the copy of the signing key; None when no file holds it.
    """

    file: Path
    size: int
    seconds: float
    key: Path | None


def backup(database: Path, to: Path, now: datetime, progress: Progress | None = None) -> Saved:
    """Copy a database, and the key beside it.

    Args:
        database: the file.
        to: the copy, or a folder in which it gets a name with the date.
        now: the moment, for that name.
        progress: hears how far it is.

    Raises:
        StoreError: it could not be done; nothing was written then.
    """
    began = time.monotonic()
    target = to / f"{database.stem}-{stamp(now)}.db" if to.is_dir() else to
    if not database.is_file():
        raise StoreError(f"database {database}: there is none yet: xiaoer run makes it")
    if not target.parent.is_dir():
        raise StoreError(f"backup {target}: there is no folder {target.parent}: make it first")
    for name in (target, key_beside(target)):
        if os.path.lexists(name):
            raise StoreError(f"backup {name} is there already and is not overwritten: choose another name")
    with explained(f"backup {target}"), draft(target) as part:
        copy_database(database, part, progress)
        with connected(part, "ro", alone=True) as connection:
            found = damage(connection)
        if found is not None:
            raise StoreError(f"database {database}: it is damaged ({found}), and no copy was kept: {PUT_BACK}")
        key = _publish(part, target, database.with_name(KEY_FILE))
    return Saved(target, target.stat().st_size, time.monotonic() - began, key)


def _publish(part: Path, target: Path, secret: Path) -> Path | None:
    """Give the copy its name, the key first, so that there is none without it."""
    key = key_beside(target) if secret.exists() else None
    if key is not None:
        write_private(key, secret.read_bytes())
    try:
        keep(part, target)
    except OSError:
        if key is not None:
            key.unlink()
        raise
    return key
