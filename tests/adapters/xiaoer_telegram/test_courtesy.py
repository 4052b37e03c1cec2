"""Whoever presses a button does not see it busy for long, whatever happens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.adapters.xiaoer_telegram.town import Town
from tests.simulators.telegram import Fault, Message

FAULTS = [Fault(page=True), Fault(drop="before"), Fault(500, "Internal Server Error"), Fault(429, retry_after=9)]


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as found:
        await found.join("Ann")
        yield found


async def card(town: Town) -> Message:
    await town.write("Ann", "card please")
    await town.settle()
    return town.api.said(town.group, town.person("Ann"))[-1]


async def test_a_button_without_an_answer_is_let_go_as_soon_as_the_press_is_stored(town: Town) -> None:
    pressed = town.api.press(town.person("Ann"), await card(town), "mute")
    began = town.clock.monotonic()
    await town.until(lambda: pressed.answered)
    assert (pressed.text, town.clock.monotonic() - began) == (None, 0)


async def test_a_button_whose_answer_takes_long_is_let_go_after_two_seconds(town: Town) -> None:
    pressed = town.api.press(town.person("Ann"), await card(town), "slow")
    await town.until(lambda: town.app.pipeline.in_hand)
    await town.clock.advance(1.75)
    assert not pressed.answered
    await town.later(lambda: pressed.answered)
    assert pressed.text is None


@pytest.mark.parametrize("fault", FAULTS, ids=["page", "before", "500", "429"])
async def test_a_courtesy_that_fails_ends_nothing_and_the_answer_comes_all_the_same(town: Town, fault: Fault) -> None:
    pressed = town.api.press(town.person("Ann"), await card(town), "slow")
    await town.until(lambda: town.app.pipeline.in_hand)
    town.api.faults.next("answerCallbackQuery", fault)
    await town.later(lambda: town.api.calls("answerCallbackQuery"))
    town.gate.set()
    await town.settle()
    assert (pressed.text, town.app.failure) == ("slow, at last", None)


async def test_a_button_of_no_community_is_let_go(town: Town) -> None:
    shown = await card(town)
    stranger = town.person("Zoe")
    copy = Message(1, stranger.id, shown.at, town.api.bot, shown.text, rows=shown.rows)
    stranger.private.append(copy)
    pressed = town.api.press(stranger, copy, "quiet")
    await town.until(lambda: pressed.answered)
    assert pressed.text is None


async def test_a_service_message_in_private_is_not_answered(town: Town) -> None:
    zoe = town.person("Zoe")
    zoe.started = True
    private = {"id": zoe.id, "type": "private", "first_name": "Zoe"}
    payload = {"message_id": 1, "date": 1, "chat": private, "from": zoe.json(), "write_access_allowed": {}}
    town.api.tell("message", payload)
    await town.settle()
    assert town.api.private(zoe) == []


async def test_a_bot_without_communities_leaves_private_chats_alone(town: Town) -> None:
    await town.app.stop()
    town.app = town.homeless()
    await town.app.start()
    await town.until(lambda: town.api.waiting)
    town.api.write_private(town.person("Zoe"), "hi")
    await town.until(lambda: town.api.confirmed > int(town.api.updates[-1]["update_id"]))
    assert (town.api.private(town.person("Zoe")), town.app.failure) == ([], None)
