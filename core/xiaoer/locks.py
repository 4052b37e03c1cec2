"""One process a database: two would serve the same people twice."""

from __future__ import annotations

import os
import time
from pathlib import Path

from xiaoer.errors import StoreError

TRIES = 4
PAUSE = 0.025
"""How often the lock is tried, and the seconds between: who only looks whether it is taken has it for a moment."""


class FileLock:
    """A lock that ends with its process, however that ends.

    Args:
        file: the database; the lock is a file beside it.
    """

    def __init__(self, file: Path) -> None:
        self._path = file.with_name(file.name + ".lock")
        self._handle: int | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            StoreError: another process has it, or the folder cannot be written to.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(
                f"database folder {self._path.parent}: {error.strerror}: give this user the right to write there"
            ) from error
        for number in range(TRIES):
            time.sleep(PAUSE if number else 0.0)
            if _lock(handle):
                self._handle = handle
                return
        os.close(handle)
        raise StoreError(f"database {self._path.with_suffix('')} is in use by another Xiaoer: stop that one first")

    def release(self) -> None:
        """Give the lock back."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def is_taken(self) -> bool | None:
        """Return whether a process has the lock; None when this user may not look. Nothing is made."""
        try:
            handle = os.open(self._path, os.O_RDWR)
        except FileNotFoundError:
            return False
        except OSError:
            return None
        try:
            return not _lock(handle)
        finally:
            os.close(handle)


def _lock(handle: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
    else:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True
