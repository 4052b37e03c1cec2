"""How a plugin is doing in one community: after three failures in a row it rests for a while."""

from __future__ import annotations

from dataclasses import dataclass, field

FAILURES = 3
"""So many failures in a row, each of another person or timer, pause a plugin."""

REST = 300.0
"""Seconds of platform time that a paused plugin rests before it is tried again."""

TRIAL = 15.0
"""Seconds of platform time in which one event alone tries a plugin that has rested; what hangs is cut by then."""


@dataclass(slots=True)
class Health:
    """One plugin in one community.

    Attributes:
        causes: whose events failed since the last success.
        resting_until: platform time, in seconds, when it is tried again; 0 while it is not paused.
        troubled: whether a success would change anything.
        trial: the key of the event that tries it after a rest.
    """

    causes: set[str] = field(default_factory=lambda: set())
    resting_until: float = 0.0
    troubled: bool = False
    trial: str = ""

    def rests(self, now: float, event: str) -> bool:
        """Return whether its hooks are left out for an event; after a rest one event tries it, and others still wait.

        Args:
            now: platform time in seconds.
            event: the event's key.
        """
        if now < self.resting_until:
            return event != self.trial
        if self.resting_until > 0.0:
            self.resting_until = now + TRIAL
            self.trial = event
        return False

    def failed(self, cause: str, now: float) -> bool:
        """Note a failure and return whether the plugin is paused by it.

        Args:
            cause: the person or timer whose event failed.
            now: platform time in seconds.
        """
        was_paused = self.resting_until > 0.0
        self.causes.add(cause)
        self.troubled = True
        self.trial = ""
        if len(self.causes) < FAILURES and not was_paused:
            return False
        self.resting_until = now + REST
        self.causes.clear()
        return not was_paused

    def succeeded(self) -> bool:
        """Note a success and return whether that ends a pause."""
        was_paused = self.resting_until > 0.0
        self.causes.clear()
        self.resting_until = 0.0
        self.troubled = False
        self.trial = ""
        return was_paused
