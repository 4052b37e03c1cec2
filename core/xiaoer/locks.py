"""One process a database: two would serve the same people twice."""

from __future__ import annotations

import os
from pathlib import Path

from xiaoer.errors import StoreError


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
        try:
            _lock(handle)
        except OSError as error:
            os.close(handle)
            raise StoreError(
                f"database {self._path.with_suffix('')} is in use by another Xiaoer: stop that one first"
            ) from error
        self._handle = handle

    def release(self) -> None:
        """Give the lock back."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _lock(handle: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
