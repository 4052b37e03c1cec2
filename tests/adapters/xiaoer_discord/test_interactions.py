"""Answers to commands and pressed buttons: in time, and never seen by anybody for whom they are not meant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
import pytest
from tests.adapters.xiaoer_discord.town import CALLBACK, DIRECT, DOWN, SEND, Town
from tests.contracts.stage import Seen
from tests.simulators.discord import Fault
from tests.simulators.discord.world import Member

from xiaoer import Answer, ButtonPressed, Content, Who
from xiaoer.testing import START, ManualClock
from xiaoer_discord import interactions
from xiaoer_discord.interactions import Interactions, read
from xiaoer_discord.render import render
from xiaoer_discord.rest import HIDDEN, LOADING

UNKNOWN = Fault(404, "Unknown interaction", code=10062)
SORRY = "Sorry, something went wrong"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as found:
        await found.join("Ann")
        await found.join("Bob")
        await found.settle()
        yield found


async def late(town: Town, command: str) -> str:
    """Let Ann use a command that is answered late, until Discord shows her that it takes a while."""
    handle = await town.use("Ann", command)
    await town.until(lambda: town.app.pipeline.in_hand)
    await town.clock.advance(1.5)
    assert not await town.noticed(handle)
    await announced(town, handle)
    return handle


async def announced(town: Town, handle: str) -> None:
    while not await town.noticed(handle):
        await town.clock.advance(0.1)
        await asyncio.sleep(0.002)


async def killed(town: Town) -> None:
    """Let the program end before it has answered, and start again."""
    await town.app.drop()
    town.gate.set()
    await town.begin()
    await town.connected()


async def answered(town: Town, handle: str) -> list[tuple[str, bool]]:
    """Let the answer go, and return what was shown for it and whether to Ann alone."""
    town.gate.set()
    await town.settle()
    return [(seen.text, seen.private) for seen in await town.answers("Ann", handle)]


async def direct(town: Town, name: str = "Ann") -> list[str]:
    return [message.content for message in town.server.direct(town.person(name))]


async def public(town: Town) -> list[Seen]:
    return await town.seen("Bob")


async def test_a_late_answer_for_one_person_is_shown_to_them_alone(town: Town) -> None:
    assert await answered(town, await late(town, "wait")) == [("at last", True)]
    assert await public(town) == []


async def test_a_late_answer_for_everybody_is_shown_to_everybody(town: Town) -> None:
    handle = await late(town, "hurry")
    original = town._asked[handle].original
    assert original is not None
    assert original.only_to is None
    assert await answered(town, handle) == [("at last, all", False)]
    assert [seen.text for seen in await public(town)] == ["at last, all"]


async def test_a_private_word_is_not_shown_where_a_public_one_was_announced(town: Town) -> None:
    ((text, private),) = await answered(town, await late(town, "vote"))
    assert (text[: len(SORRY)], private) == (SORRY, True)
    assert await public(town) == []


@pytest.mark.parametrize(
    ("command", "expected", "private"),
    [("wait", "at last", True), ("hurry", "at last, all", False), ("vote", SORRY, True)],
)
async def test_what_was_announced_before_a_restart_is_said_after_it(
    town: Town, command: str, expected: str, private: bool
) -> None:
    handle = await late(town, command)
    await killed(town)
    ((text, alone),) = await answered(town, handle)
    assert (text[: len(expected)], alone) == (expected, private)
    assert len(await public(town)) == (not private)


async def test_a_press_that_was_noticed_before_a_restart_is_answered_beside_the_message(town: Town) -> None:
    await town.write("Ann", "card please")
    await town.settle()
    (card,) = await public(town)
    handle = await town.press("Ann", "slow", card.id)
    await town.until(lambda: town.app.pipeline.in_hand)
    await announced(town, handle)
    await killed(town)
    assert await answered(town, handle) == [("slow, at last", True)]
    assert [(seen.text, seen.edits) for seen in await public(town)] == [("A card", 0)]


async def test_an_answer_that_comes_too_late_for_discord_goes_into_the_private_chat(town: Town) -> None:
    town.server.faults.next(CALLBACK, UNKNOWN)
    handle = await town.use("Ann", "echo", text="tea")
    await town.settle()
    assert (await town.answers("Ann", handle), await direct(town)) == ([], ["echo: tea"])
    assert await public(town) == []


async def test_a_public_answer_that_comes_too_late_for_discord_is_posted(town: Town) -> None:
    town.server.faults.next(CALLBACK, UNKNOWN)
    await town.use("Ann", "shout", text="tea")
    await town.settle()
    assert [seen.text for seen in await public(town)] == ["shout: tea"]
    assert await direct(town) == []


@pytest.mark.parametrize("route", [SEND, DIRECT], ids=["message", "channel"])
async def test_a_private_answer_that_can_reach_nobody_is_shown_to_nobody(town: Town, route: str) -> None:
    town.server.faults.next(CALLBACK, UNKNOWN)
    town.server.faults.next(route, Fault(403, "Cannot send messages to this user", code=50007))
    await town.use("Ann", "echo", text="tea")
    await town.settle()
    assert (await public(town), await direct(town)) == ([], [])


async def test_an_announcement_that_discord_did_not_hear_keeps_no_answer_back(town: Town) -> None:
    town.server.faults.next(CALLBACK, DOWN)
    handle = await town.use("Ann", "wait")
    await town.until(lambda: town.app.pipeline.in_hand)
    await town.later(lambda: town.calls(CALLBACK))
    assert await answered(town, handle) == [("at last", True)]
    assert town.app.failure is None


@pytest.mark.parametrize(("command", "expected"), [("wait", ("at last", True)), ("hurry", ("at last, all", False))])
async def test_an_announcement_of_which_the_answer_was_lost_keeps_no_answer_back(
    town: Town, command: str, expected: tuple[str, bool]
) -> None:
    town.server.faults.next(CALLBACK, Fault(drop="after"))
    assert await answered(town, await late(town, command)) == [expected]
    assert len(await public(town)) == (not expected[1])


async def test_an_interaction_that_is_told_twice_is_answered_once(town: Town) -> None:
    handle = await late(town, "wait")
    town.server.redeliver()
    assert await answered(town, handle) == [("at last", True)]
    await town.clock.advance(3)
    await town.settle()
    assert len(await town.answers("Ann", handle)) == 1


async def test_a_command_without_an_answer_leaves_nothing_behind(town: Town) -> None:
    handle = await town.use("Ann", "hush")
    await town.until(lambda: town._asked[handle].acknowledged and town.server.calls(TAKEN_BACK))
    await town.settle()
    assert await town.answers("Ann", handle) == []
    original = town._asked[handle].original
    assert original is not None
    assert (original.deleted, original.only_to) == (True, town.person("Ann"))


TAKEN_BACK = "DELETE /webhooks/{application.id}/{interaction.token}/messages/@original"


@pytest.mark.parametrize("way", ["write", "use", "react"])
async def test_a_button_in_a_private_chat_is_answered_there_whoever_presses_it(town: Town, way: str) -> None:
    cid = town.person("Cid")
    town.guild.members[cid.id] = Member(cid, START)  # before the bot, so nobody saw them come
    if way == "write":
        await town.write("Cid", "a letter")
    elif way == "use":
        await town.use("Cid", "letter")
    else:
        await town.react("Cid", await town.write("Ann", "tea"), "✉️")
    await town.settle()
    (letter,) = await town.seen("Cid")
    handle = await town.press("Cid", "read", letter.id)
    await town.settle()
    assert [seen.text for seen in await town.answers("Cid", handle)] == ["read 7"]


@pytest.mark.parametrize("heard", [True, False])
async def test_whoever_left_the_server_presses_no_buttons_of_it(town: Town, heard: bool) -> None:
    await town.write("Ann", "a letter")
    await town.settle()
    (letter,) = await town.seen("Ann")
    if heard:
        await town.leave("Ann")
    else:
        async with town.away():
            await town.leave("Ann")
    await town.settle()
    handle = await town.press("Ann", "read", letter.id)
    await town.settle()
    assert await town.answers("Ann", handle) == []


def test_a_token_is_not_shown_with_its_interaction() -> None:
    assert "secret" not in repr(read("c5/secret", "open"))


class Refusing:
    """Discord, which has heard everything before.

    Attributes:
        flags: of the first answer; None when that is gone.
    """

    def __init__(self) -> None:
        self.said: list[str] = []
        self.flags: int | None = 0

    async def respond(self, name: str, token: str, kind: int, data: object) -> None:
        raise refusal(400, 40060, "Interaction has already been acknowledged.")

    async def flags_of_original(self, token: str) -> int:
        if self.flags is None:
            raise refusal(404, 10008, "Unknown Message")
        return self.flags

    async def take_back(self, token: str) -> None:
        self.said.append("take back")

    async def follow_up(self, token: str, rendered: object, more: object) -> None:
        self.said.append("follow up")


def refusal(status: int, code: int, words: str) -> discord.HTTPException:
    response: Any = SimpleNamespace(status=status, reason="")
    return discord.HTTPException(response, {"code": code, "message": words})


class Desk(Interactions):
    """Interactions without a network, whose announcements never come."""

    def __init__(self) -> None:
        self.discord = Refusing()
        rest: Any = self.discord
        super().__init__(ManualClock(), rest, lambda work: work.close())

    def open(self, handle: str) -> asyncio.Future[Any]:
        """Let somebody press a button, and return what is done once that is stored."""
        stored: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        who = Who("discord:5", "Ann")
        event = ButtonPressed(key=handle, at=START, space="discord:1", who=who, message="7", button="b", handle=handle)
        self.opened(event, "private", stored)
        return stored


ANSWER = Answer("1", "discord:1/2", "b7/token", Content(("hello",)), True, "discord:5")


async def test_an_answer_that_discord_py_gave_twice_is_not_said_again() -> None:
    desk = Desk()
    desk.open("b7/token")
    assert await desk.answer(ANSWER, render(ANSWER.content))
    assert desk.discord.said == []


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (LOADING | HIDDEN, ["take back", "follow up"]),
        (LOADING, ["take back", "follow up"]),
        (0, ["follow up"]),
        (None, ["follow up"]),
    ],
    ids=["announced to one", "announced to all", "under a message", "gone"],
)
async def test_after_a_restart_only_what_was_announced_is_taken_back(flags: int | None, said: list[str]) -> None:
    desk = Desk()
    desk.discord.flags = flags
    assert await desk.answer(ANSWER, render(ANSWER.content))
    assert desk.discord.said == said


async def test_so_many_interactions_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interactions, "REMEMBERED", 2)
    desk = Desk()
    for number in range(5):
        desk.open(f"b{number}/token")
    assert list(desk._known) == ["b3/token", "b4/token"]


async def test_a_press_that_cannot_be_stored_leaves_no_error_that_nobody_looks_at() -> None:
    missed: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: missed.append(context))
    stored = Desk().open("b7/token")
    stored.set_exception(OSError("the disk is full"))
    await asyncio.sleep(0)
    del stored
    assert missed == []
