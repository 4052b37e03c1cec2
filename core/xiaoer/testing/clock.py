"""Platform time that stands still until a test moves it."""

from __future__ import annotations

import asyncio
import heapq
import math
from datetime import UTC, datetime, timedelta
from itertools import count

START = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
"""Where time begins: a Monday, noon in Shanghai."""


class ManualClock:
    """Platform time for tests.

    Args:
        start: the first moment.

    Attributes:
        steady: as for any clock; only a test that uses :meth:`set` needs to lower it.
    """

    def __init__(self, start: datetime = START) -> None:
        self.steady = math.inf
        self._now = start
        self._seconds = 0.0
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """Return the moment, in UTC."""
        return self._now

    def set(self, now: datetime) -> None:
        """Show another moment, as a time server sets a machine's clock: no time passes and nobody wakes."""
        self._now = now

    def monotonic(self) -> float:
        """Return the seconds that have passed."""
        return self._seconds

    async def sleep(self, seconds: float) -> None:
        """Return when the test has moved time by so many seconds."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._seconds + seconds, next(self._order), sleeper))
        await sleeper

    def next_wake(self) -> float | None:
        """Return after how many seconds the next sleeper wakes; None when nobody sleeps."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] - self._seconds if self._sleepers else None

    async def advance(self, seconds: float) -> None:
        """Move time, waking sleepers in their order and letting each do its work before time goes on."""
        await rest()
        end = self._seconds + seconds
        while (wake := self.next_wake()) is not None and self._seconds + wake <= end:
            self._move(wake)
            _, _, sleeper = heapq.heappop(self._sleepers)
            sleeper.set_result(None)
            await rest()
        self._move(end - self._seconds)
        await rest()

    def _move(self, seconds: float) -> None:
        self._seconds += seconds
        self._now += timedelta(seconds=seconds)


async def rest(turns: int = 20) -> None:
    """Let the other tasks of the loop run."""
    for _ in range(turns):
        await asyncio.sleep(0)
