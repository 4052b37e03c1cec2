"""Time, injected twice.

*Platform time* is what limits, watchdogs and retries run on; only tests move it. *Community time* is what people live
by: schedules, windows, expiries. The sandbox and tests move it; it is platform time plus a stored offset.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

LAST = datetime(9000, 1, 1, tzinfo=UTC)
"""Community time is not moved beyond this: in the year 10000 nothing can be said any more, nor be taken back."""


class Clock(Protocol):
    """Platform time."""

    @property
    def steady(self) -> float:
        """Seconds after which whoever waits for a moment looks again: ``now`` may have been set meanwhile."""
        ...

    def now(self) -> datetime:
        """Return the moment, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that only ever grow."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds of this clock."""
        ...


class SystemClock:
    """The machine's time.

    Attributes:
        steady: half a minute: so late is a timer at most when the time server puts the clock forward, or when the
            machine wakes from a sleep that ``monotonic`` does not count.
    """

    steady: float = 30.0

    def now(self) -> datetime:
        """Return the moment, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that only ever grow."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""
        await asyncio.sleep(seconds)


class CommunityClock:
    """Community time: platform time plus an offset.

    Args:
        platform: platform time.
        offset: how far community time is ahead.
    """

    def __init__(self, platform: Clock, offset: timedelta = timedelta(0)) -> None:
        self.platform = platform
        self._offset = offset
        self._moved = asyncio.Event()

    @property
    def offset(self) -> timedelta:
        """How far community time is ahead of platform time."""
        return self._offset

    def now(self) -> datetime:
        """Return the moment, in UTC."""
        return self.platform.now() + self._offset

    def move(self, offset: timedelta) -> None:
        """Set the offset and wake everybody who waits for a moment; storing it is the caller's part.

        Args:
            offset: how far ahead; beyond :data:`LAST` it counts as what leads there.
        """
        self._offset = min(offset, LAST - self.platform.now())
        self._moved.set()
        self._moved = asyncio.Event()

    async def wait(self, until: datetime | None) -> None:
        """Return at a moment or when the clock is moved, whichever is first; with None only the latter."""
        waits: list[Coroutine[Any, Any, object]] = [self._moved.wait()]
        if until is not None:
            waits.append(self._reach(until))
        await first_of(*waits)

    async def _reach(self, until: datetime) -> None:
        platform = self.platform
        while (left := (until - self.now()).total_seconds()) > 0.0:
            await platform.sleep(min(left, platform.steady))


async def first_of(*waits: Coroutine[Any, Any, object]) -> None:
    """Return when the first of several waits is over; the others are cancelled."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)  # awaiting them one by one would hide that this very task is cancelled meanwhile
