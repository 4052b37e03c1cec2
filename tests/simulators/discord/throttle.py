"""Discord's rate limits, for tests that ask for them.

Discord docs, Rate Limits: each route has a bucket for each channel, guild or webhook, told in the headers of every
answer; 50 requests a second are taken from a bot over all routes, those of interactions not counted. How large buckets
are is told in the headers only; these are as bots are told there.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from typing import Literal, NamedTuple

from tests.simulators.discord.world import Json

Scope = Literal["user", "global", "shared"]

GLOBAL_BURST, GLOBAL_PER_SECOND = 50, 50.0
MESSAGES = "/channels/{channel.id}/messages"
ROUTES: dict[str, tuple[int, float]] = {
    f"POST {MESSAGES}": (5, 5.0),
    f"PATCH {MESSAGES}/{{message.id}}": (5, 5.0),
    f"DELETE {MESSAGES}/{{message.id}}": (5, 1.0),
    "POST /guilds/{guild.id}/roles": (250, 172_800.0),  # Discord.Net 1451, discord-api-docs 1480
}
OTHERS = (50, 1.0)
"""Requests of one bucket, and the seconds after which it is full again."""

MAJOR = ("channel.id", "guild.id", "webhook.id", "application.id", "interaction.token")
"""What a bucket is counted by (Discord docs, Rate Limits: top-level resources)."""

UNCOUNTED = ("/interactions/", "/webhooks/")
"""Whose requests do not count over all routes: "Interaction endpoints are not bound to the bot's Global Rate Limit"."""


class Refusal(NamedTuple):
    """Why a request has to wait, in Discord's words, and for how many seconds."""

    scope: Scope
    after: float
    headers: dict[str, str]

    @property
    def words(self) -> str:
        """What it says."""
        return "You are being rate limited."

    @property
    def body(self) -> Json:
        """What it says to programs (Discord docs, Exceeding A Rate Limit)."""
        return {"message": self.words, "retry_after": self.after, "global": self.scope == "global"}


class Window:
    """Takes so many requests, and is full again so many seconds after the first of them."""

    def __init__(self, limit: int, seconds: float) -> None:
        self.limit = limit
        self.left = limit
        self._seconds = seconds
        self._ends = 0.0

    def resets_after(self, now: float) -> float:
        """Return the seconds until it is full again, and begin anew when they are over."""
        if now >= self._ends:
            self.left, self._ends = self.limit, now + self._seconds
        return self._ends - now


class Throttle:
    """Refuses what comes too fast.

    discord.py waits in real seconds for a route. It does not look at all of them together, which is left to delivery
    and its clock; so each is counted by the clock of whoever keeps to it.

    Args:
        now: real seconds, for routes.
        over_all: the seconds by which delivery waits.
        scale: by what the seconds of routes are multiplied, so that a test need not wait.

    Attributes:
        violations: what was refused and should not have been asked: the route, its resource and the scope.
        taken: how many requests were let through.
        lowered: buckets that others use too, by route, with how many requests they take then (scope ``shared``).
    """

    def __init__(self, now: Callable[[], float], over_all: Callable[[], float], scale: float = 1.0) -> None:
        self.violations: list[tuple[str, str, Scope]] = []
        self.taken = 0
        self.lowered: dict[str, int] = {}
        self._now, self._over_all, self._scale = now, over_all, scale
        self._windows: dict[tuple[str, str], Window] = {}
        self._level, self._at = float(GLOBAL_BURST), 0.0

    def refusal(self, name: str, path: dict[str, str]) -> Refusal | None:
        """Count a request; return why it has to wait, None when it need not."""
        counted = not any(part in name for part in UNCOUNTED)
        moment = self._over_all()
        self._level = min(GLOBAL_BURST, self._level + (moment - self._at) * GLOBAL_PER_SECOND)
        self._at = moment
        window, after = self._window(name, path)
        scope: Scope
        if counted and self._level < 1.0 - 1e-6:
            scope, after = "global", (1.0 - self._level) / GLOBAL_PER_SECOND
        elif window.left == 0:
            scope = "shared" if name in self.lowered else "user"
        else:
            window.left -= 1
            self._level -= counted
            self.taken += 1
            return None
        if scope != "shared":
            self.violations.append((name, _major(path), scope))
        more = {"X-RateLimit-Scope": scope} | ({"X-RateLimit-Global": "true"} if scope == "global" else {})
        return Refusal(scope, math.ceil(after * 1000) / 1000, self.headers(name, path) | more)

    def _window(self, name: str, path: dict[str, str]) -> tuple[Window, float]:
        limit, seconds = ROUTES.get(name, OTHERS)
        key = (name, _major(path))
        if key not in self._windows:
            self._windows[key] = Window(self.lowered.get(name, limit), seconds * self._scale)
        window = self._windows[key]
        return window, window.resets_after(self._now())

    def headers(self, name: str, path: dict[str, str]) -> dict[str, str]:
        """Return what every answer tells of its bucket (Discord docs, Header Format)."""
        window, after = self._window(name, path)
        limit, left = window.limit, window.left
        if name in self.lowered:  # who else uses it is told to nobody
            limit, left = ROUTES.get(name, OTHERS)[0], max(1, left)
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": f"{self._now() + after:.3f}",
            "X-RateLimit-Reset-After": f"{math.ceil(after * 1000) / 1000:.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(name.encode()).hexdigest()[:32],
        }


def _major(path: dict[str, str]) -> str:
    return "+".join(path[name] for name in MAJOR if name in path)
