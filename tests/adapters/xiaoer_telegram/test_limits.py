"""The limits that the adapter declares, against a server that keeps Telegram's as token buckets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.adapters.xiaoer_telegram.crowded import Crowded

from xiaoer import Limits
from xiaoer_telegram import TelegramAdapter

CHATS = 150
EACH = 3
TO_ONE = 24
"""More than a group takes in a minute."""


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Crowded]:
    async with Crowded(tmp_path, CHATS) as found:
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
    async with Crowded(tmp_path, CHATS) as town:
        town.api.throttle = town.counted
        await town.send(town.places)
        assert town.counted.violations
        assert town.counted.taken == CHATS
        (words, *_) = {call.words for call in town.api.calls("sendMessage") if call.status == 429}
        assert words.startswith("Too Many Requests: retry after ")
