"""What the core gives an adapter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from xiaoer.clocks import CommunityClock
from xiaoer.communities import Community
from xiaoer.events import AnyEvent, Who
from xiaoer.store import Store
from xiaoer.transaction import Transaction
from xiaoer.units import Outcome


class CommandHelp(NamedTuple):
    """A command as a person may see it: its path, how its parameters are written, and what it does, in words."""

    path: str
    usage: str
    summary: str


class Host(Protocol):
    """The core, as adapters see it."""

    clock: CommunityClock
    store: Store

    def communities(self) -> tuple[Community, ...]:
        """Return the communities that have a space on this adapter's platform."""
        ...

    def submit(self, event: AnyEvent, *writes: Callable[[Transaction], None]) -> asyncio.Future[Outcome]:
        """Take an event in.

        Args:
            event: what happened.
            writes: what the adapter itself must store with the event; committed with the event's other effects.

        Returns:
            A future that is done once the event is safe and may be acknowledged to the platform.

        Raises (in the future):
            StoreError: it could not be made safe; do not acknowledge it, and tell it again later.
        """
        ...

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Keep a background task; when it dies by an error the app ends and says so."""
        ...

    async def commands(self, community: str, who: Who) -> list[CommandHelp]:
        """Return the commands that a person may use, in their language."""
        ...

    def next_timer(self) -> datetime | None:
        """Return when the next timer is due, in community time; None when none waits."""
        ...

    async def move_clock(self, by: timedelta) -> None:
        """Move community time.

        Raises:
            Refusal: not every chat is a sandbox.
        """
        ...

    def text(self, community: str, locale: str | None, key: str, **values: Any) -> str:
        """Return one of the adapter's own texts in a language, as plain text."""
        ...
