"""The limits that the adapter declares, against a server that keeps Telegram's as token buckets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
from tests.adapters.xiaoer_telegram.town import Town
from tests.simulators.telegram.throttle import Throttle

from xiaoer import Content, Limits, SendMessage, Transaction
from xiaoer.testing import ManualClock, rest
from xiaoer_telegram import TelegramAdapter

CHATS = 150
EACH = 3
STEP = 0.25
TO_ONE = 24
"""More than a group takes in a minute."""


class Crowded(Town):
    """A town with many groups and people, at a server that counts; time goes on when nothing is under way."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.counted = Throttle(self.clock.monotonic)
        groups = [self.api.group(f"Group {number}", number=-1003000000000 - number) for number in range(CHATS)]
        for group in groups:
            group.members[self.api.bot.id] = "administrator"
        self.places = [f"telegram:{group.id}" for group in groups]

    async def send(self, chats: Iterable[str]) -> float:
        """Send to chats, and return after how many seconds all have it."""
        scene = self.app.runtimes["town0"].plugins["probe"].scene
        actions = [SendMessage(chat=chat, content=Content((f"number {n}",))) for n, chat in enumerate(chats)]

        def ask(tx: Transaction, action: SendMessage) -> None:
            tx.enter(scene, tx.now)
            tx.request(action)

        begun, before = self.clock.monotonic(), self.counted.taken
        await asyncio.gather(*[self.app.store.transact(ask, action) for action in actions])
        while self.counted.taken < before + len(actions) or self.app.delivery.waiting:
            await self.app.delivery.settled()
            await rest()
            assert isinstance(self.clock, ManualClock)
            await self.clock.advance(min(self.clock.next_wake() or 0.0, STEP))
        return self.clock.monotonic() - begun


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Crowded]:
    async with Crowded(tmp_path) as found:
        await found.clock.advance(60.0)
        found.api.throttle = found.counted
        yield found


async def test_hundreds_of_messages_to_many_chats_keep_to_telegrams_limits_and_use_them(town: Crowded) -> None:
    seconds = await town.send([*town.places * EACH, *[town.space] * TO_ONE])
    assert town.counted.violations == []
    assert 60.0 < seconds < 75.0, "the busy group needs a minute for its first twenty"


async def test_what_is_sent_to_all_at_once_takes_no_longer_than_it_must(town: Crowded) -> None:
    seconds = await town.send(town.places * EACH)
    assert town.counted.violations == []
    assert seconds < CHATS * EACH / 29.7 * 1.02


async def test_the_server_refuses_what_comes_too_fast_and_all_of_it_arrives_after_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TelegramAdapter, "limits", Limits())
    async with Crowded(tmp_path) as town:
        town.api.throttle = town.counted
        await town.send(town.places)
        assert town.counted.violations
        assert town.counted.taken == CHATS
        (words, *_) = {call.words for call in town.api.calls("sendMessage") if call.status == 429}
        assert words.startswith("Too Many Requests: retry after ")
