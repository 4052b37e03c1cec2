"""Faults that a test asks a simulator for, and the journal of what was asked of it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request.

    Args:
        status: the HTTP status; 200 for none.
        words: the platform's wording.
        retry_after: seconds, for 429.
        code: the platform's own number, where it has one.
        drop: the connection closes without an answer, before or after the work is done.
        hang: no answer ever comes.
        page: an HTML page comes, as proxies send them.
    """

    status: int = 200
    words: str = ""
    retry_after: float | None = None
    code: int = 0
    drop: Literal["", "before", "after"] = ""
    hang: bool = False
    page: bool = False


@dataclass
class Faults:
    """Faults by method; each is used once."""

    _waiting: dict[str, deque[Fault]] = field(default_factory=lambda: {})

    def next(self, method: str, *faults: Fault, count: int = 1) -> None:
        """Let the next requests of a method fail; ``*`` stands for any method."""
        queue = self._waiting.setdefault(method, deque())
        for fault in faults:
            queue.extend([fault] * count)

    def take(self, method: str) -> Fault | None:
        """Return the fault of a request, if it has one."""
        for name in (method, "*"):
            queue = self._waiting.get(name)
            if queue:
                return queue.popleft()
        return None


@dataclass
class Call:
    """A request as the simulator saw it."""

    method: str
    params: dict[str, Any]
    status: int = 0
    words: str = ""
