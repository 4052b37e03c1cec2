"""What is looked at again after a while: one timer for all, because a crowd of timers costs more than it waits for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from xiaoer.clocks import Clock


class Patience:
    """Calls what waits after so many seconds, in the order in which it came.

    Args:
        clock: platform time.
        seconds: how long each waits.
        spawn: keeps the background task.
    """

    def __init__(self, clock: Clock, seconds: float, spawn: Callable[[Coroutine[Any, Any, None]], object]) -> None:
        self._clock = clock
        self._seconds = seconds
        self._spawn = spawn
        self._waiting: deque[tuple[float, Callable[[], None]]] = deque()
        self._looking = False

    def wait(self, call: Callable[[], None]) -> None:
        """Call something, which must not wait itself, when its time is over."""
        self._waiting.append((self._clock.monotonic() + self._seconds, call))
        if not self._looking:
            self._looking = True
            self._spawn(self._look())

    async def _look(self) -> None:
        waiting = self._waiting
        try:
            while waiting:
                left = waiting[0][0] - self._clock.monotonic()
                if left > 0.0:
                    await self._clock.sleep(left)
                else:
                    waiting.popleft()[1]()
        finally:
            self._looking = False
