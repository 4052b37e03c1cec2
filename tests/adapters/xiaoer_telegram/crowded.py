"""A town with thousands of chats at a Telegram that counts; time goes on when nothing is under way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.adapters.xiaoer_telegram.town import Town
from tests.simulators.telegram.throttle import Throttle

from xiaoer import Batch, Content, Progress, SendMessage, Transaction
from xiaoer.testing import ManualClock, rest

STEP = 0.25


class Timed(Throttle):
    """Telegram's limits, which note when what was let through.

    Attributes:
        arrivals: chat and second.
    """

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock.monotonic)
        self._clock = clock
        self.arrivals: list[tuple[str, float]] = []

    def check(self, method: str, chat: str) -> None:
        """Let a request through, or not."""
        before = self.taken
        super().check(method, chat)
        if self.taken > before:
            self.arrivals.append((chat, self._clock.monotonic()))


class Crowded(Town):
    """A town with many groups and people.

    Args:
        folder: for the database and the configuration.
        chats: how many groups there are besides.
    """

    def __init__(self, folder: Path, chats: int) -> None:
        super().__init__(folder)
        assert isinstance(self.clock, ManualClock)
        self.counted = Timed(self.clock)
        groups = [self.api.group(f"Group {number}", number=-1003000000000 - number) for number in range(chats)]
        for group in groups:
            group.members[self.api.bot.id] = "administrator"
        self.groups = groups
        self.places = [f"telegram:{group.id}" for group in groups]

    async def ask(self, chats: Iterable[str]) -> None:
        """Ask for a message to each of some chats."""
        actions = [SendMessage(chat=chat, content=Content((f"number {n}",))) for n, chat in enumerate(chats)]

        def ask(tx: Transaction) -> None:
            tx.enter(self.app.runtimes["town0"].plugins["probe"].scene, tx.now)
            tx.request_all(actions)

        await self.app.store.transact(ask)

    async def announce(self, chats: Sequence[str]) -> None:
        """Ask for one broadcast."""

        def send(tx: Transaction) -> None:
            self._batch(tx).send(chats, Content(("hear, hear",)))

        await self.app.store.transact(send)

    async def progress(self) -> tuple[Progress, list[tuple[str, int]]]:
        """Return how far the broadcast is, and why some could not be reached."""
        return await self.app.store.transact(lambda tx: (self._batch(tx).progress(), self._batch(tx).reasons()))

    def _batch(self, tx: Transaction) -> Batch:
        tx.enter(self.app.runtimes["town0"].plugins["probe"].scene, tx.now)
        return Batch(tx, "news")

    async def step(self, seconds: float = STEP) -> None:
        """Let all that may be done now be done, and some time pass."""
        await self.app.delivery.settled()
        await rest()
        assert isinstance(self.clock, ManualClock)
        await self.clock.advance(min(self.clock.next_wake() or 0.0, seconds))

    async def taken_in(self) -> None:
        """Return when all that people did is safe."""
        await self.until(lambda: self.api.updates[-1]["update_id"] < self.api.confirmed)

    async def all_done(self) -> None:
        """Return when nothing waits any more."""
        await asyncio.sleep(0)
        while self.app.delivery.waiting or not self.app.delivery.idle:
            await self.step()

    async def send(self, chats: Iterable[str]) -> float:
        """Send to chats, and return after how many seconds all have it."""
        begun = self.clock.monotonic()
        await self.ask(chats)
        await self.all_done()
        return self.clock.monotonic() - begun
