"""Telegram's limits as token buckets, for tests that ask for them.

Bot FAQ, "My bot is hitting limits": 30 messages a second, one a second to a chat, 20 a minute to a group. Each is a
bucket and not a window, because the network alone brings more than 30 into some second.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from tests.simulators.telegram.rules import ApiError

BURST, PER_SECOND = 30, 30.0
CHAT_BURST, CHAT_PER_SECOND = 3, 1.0
GROUP_BURST, GROUP_PER_SECOND = 20, 20 / 60
COUNTED = ("send", "edit")
"""How the methods begin that count as messages."""


class Bucket:
    """Holds so many tokens and gets so many a second."""

    def __init__(self, size: int, rate: float) -> None:
        self._size = size
        self._rate = rate
        self._level = float(size)
        self._at = 0.0

    def missing(self, now: float) -> float:
        """Return the seconds until there is a token."""
        self._level = min(self._size, self._level + (now - self._at) * self._rate)
        self._at = now
        return max(0.0, (1.0 - self._level) / self._rate)

    def take(self) -> None:
        """Take a token."""
        self._level -= 1.0


class Throttle:
    """Refuses what comes too fast.

    Args:
        now: the seconds that have passed.

    Attributes:
        violations: what was refused: the method, the chat and the second.
        taken: how many messages were let through.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.violations: list[tuple[str, str, float]] = []
        self.taken = 0
        self._now = now
        self._all = Bucket(BURST, PER_SECOND)
        self._chats: dict[str, tuple[Bucket, ...]] = {}

    def check(self, method: str, chat: str) -> None:
        """Let a request through.

        Raises:
            ApiError: it has to wait, in Telegram's words.
        """
        if not method.startswith(COUNTED):
            return
        buckets = (self._all, *self._of(chat))
        now = self._now()
        missing = max(bucket.missing(now) for bucket in buckets)
        if missing > 1e-9:
            self.violations.append((method, chat, now))
            seconds = math.ceil(missing)
            raise ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
        self.taken += 1
        for bucket in buckets:
            bucket.take()

    def _of(self, chat: str) -> tuple[Bucket, ...]:
        if chat not in self._chats:
            own = [Bucket(CHAT_BURST, CHAT_PER_SECOND)]
            if chat.startswith("-"):
                own.append(Bucket(GROUP_BURST, GROUP_PER_SECOND))
            self._chats[chat] = tuple(own)
        return self._chats[chat]
