"""What delivery and discord.py ask for together, against a server that keeps Discord's limits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
from tests.adapters.xiaoer_discord.town import CALLBACK, SEND, Town
from tests.simulators.discord import throttle
from tests.simulators.discord.throttle import Throttle

from xiaoer import Content, Limits, SendMessage, Transaction
from xiaoer.testing import ManualClock, rest
from xiaoer_discord import DiscordAdapter

CHANNELS = 120
"""More than Discord takes in a second."""

BUSY = 18
"""More than a channel takes at once."""

SCALE = 0.02
"""A channel's five seconds are a tenth of one here."""

STEP = 0.25


class Crowded(Town):
    """A town with many channels, at a server that counts; time goes on when nothing is under way."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.counted = Throttle(time.monotonic, self.clock.monotonic, SCALE)

    async def open(self) -> None:
        """Make channels too."""
        await super().open()
        channels = [self.server.channel(self.guild, f"channel-{number}") for number in range(CHANNELS)]
        self.places = [f"{self.space}/{channel.id}" for channel in channels]

    async def send(self, chats: Iterable[str]) -> float:
        """Send to chats, and return after how many seconds of delivery's time all have it."""
        scene = self.app.runtimes["town"].plugins["probe"].scene
        actions = [SendMessage(chat=chat, content=Content((f"number {n}",))) for n, chat in enumerate(chats)]

        def ask(tx: Transaction, action: SendMessage) -> None:
            tx.enter(scene, tx.now)
            tx.request(action)

        begun = self.clock.monotonic()
        await asyncio.gather(*[self.app.store.transact(ask, action) for action in actions])
        await self.delivered()
        return self.clock.monotonic() - begun

    async def delivered(self) -> None:
        """Return when nothing waits to be delivered."""
        assert isinstance(self.clock, ManualClock)
        await self.app.store.transact(lambda tx: None)
        while not self.app.delivery.idle or self.app.delivery.waiting:
            await self.app.delivery.settled()
            await rest()
            if self.app.delivery.waiting:
                await self.clock.advance(min(self.clock.next_wake() or 0.0, STEP))


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Crowded]:
    async with Crowded(tmp_path) as found:
        await found.join("Ann")
        await found.settle()
        await found.clock.advance(60.0)
        found.server.throttle = found.counted
        yield found


async def test_one_busy_channel_is_kept_to_its_bucket_without_a_refusal(town: Crowded) -> None:
    await town.send([town.chat] * BUSY)
    assert town.counted.violations == []
    assert len(town.calls(SEND)) == BUSY


async def test_many_channels_at_once_keep_to_what_a_bot_may_ask_in_a_second(town: Crowded) -> None:
    seconds = await town.send([*town.places * 2, *[town.chat] * BUSY])
    assert town.counted.violations == []
    assert seconds < (2 * CHANNELS + BUSY) / 45.0 * 1.1


async def test_a_burst_of_answers_waits_for_nothing(town: Crowded) -> None:
    handles = [await town.use("Ann", "sum two", one=number, other=1) for number in range(CHANNELS)]
    begun = town.clock.monotonic()
    await town.settle()
    assert town.counted.violations == []
    assert len(town.calls(CALLBACK)) == CHANNELS
    assert [len(await town.answers("Ann", handle)) for handle in handles] == [1] * CHANNELS
    assert town.clock.monotonic() == begun


async def test_who_asks_too_fast_is_refused_for_all_routes_and_all_of_it_arrives_after_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DiscordAdapter, "limits", Limits())
    monkeypatch.setattr(throttle, "GLOBAL_BURST", 5)  # so that a slow machine asks too fast too
    monkeypatch.setattr(throttle, "GLOBAL_PER_SECOND", 100.0)
    async with Crowded(tmp_path) as town:
        town.counted = town.server.throttle = Throttle(time.monotonic, time.monotonic, SCALE)
        await town.send(town.places)
        assert {scope for _, _, scope in town.counted.violations} == {"global"}
        assert len([call for call in town.calls(SEND) if call.status == 200]) == CHANNELS


async def test_a_bucket_that_others_empty_is_waited_for_as_discord_says(town: Crowded) -> None:
    town.counted.lowered[SEND] = 2
    await town.send([town.chat] * 6)
    assert town.counted.violations == []
    refused = [call for call in town.calls(SEND) if call.status == 429]
    assert refused
    assert len(town.calls(SEND)) - len(refused) == 6
