"""How long a plugin's part may take in the transaction: time that it works, not that it waits, nor the core's own."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager

TRANSACTION_LIMIT = 0.05
"""Seconds of work that a part may take, because everybody is stored behind it."""

NEVER = float("inf")


class Allowance:
    """What is left of the time of the part that is being applied; looked at by the thread that applies it."""

    __slots__ = ("_until",)

    def __init__(self) -> None:
        self._until = NEVER

    @property
    def is_over(self) -> bool:
        """Whether the part has taken too long."""
        return time.thread_time() > self._until

    def begin(self) -> None:
        """Let a part's time begin."""
        self._until = time.thread_time() + TRANSACTION_LIMIT

    def end(self) -> None:
        """Say that what follows is the core's."""
        self._until = NEVER

    @contextmanager
    def core(self) -> Generator[None]:
        """Leave out what the core does for a part: the first date in a language takes as long as a part may."""
        until, began = self._until, time.thread_time()
        self._until = NEVER
        try:
            yield
        finally:
            self._until = until + time.thread_time() - began
