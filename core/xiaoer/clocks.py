"""Time, injected twice.

*Platform time* is what limits, watchdogs and retries run on; only tests move it. *Community time* is what people live
by: schedules, windows, expiries. The sandbox and tests move it; it is platform time plus a stored offset.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol


class Clock(Protocol):
    """Platform time."""

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
    """The machine's time."""

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
        """Set the offset and wake everybody who waits for a moment; storing it is the caller's part."""
        self._offset = offset
        self._moved.set()
        self._moved = asyncio.Event()

    async def wait(self, until: datetime | None) -> None:
        """Return at a moment or when the clock is moved, whichever is first; with None only the latter."""
        moved = asyncio.ensure_future(self._moved.wait())
        waits: set[asyncio.Future[Any]] = {moved}
        if until is not None:
            waits.add(asyncio.ensure_future(self.platform.sleep(max(0.0, (until - self.now()).total_seconds()))))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await wait
