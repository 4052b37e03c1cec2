"""Answers on Telegram: over the chat, in it, in private; and never to everybody what is one person's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.adapters.xiaoer_telegram.seen import in_group, in_private, to
from tests.adapters.xiaoer_telegram.town import Town
from tests.simulators.telegram import Message

from xiaoer import Answer, Button, Content, NotPrivately

PSST = Content(("Psst",))
OPEN = "I can answer that in private only. Open a chat with me, press Start, and ask again."


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as found:
        await found.join("Ann")
        await found.join("Ben")
        yield found
        assert not any("parse_mode" in call.params for call in found.api.journal)


@pytest.fixture
async def plain(tmp_path: Path) -> AsyncIterator[Town]:
    """A town in which the bot is no admin."""
    async with Town(tmp_path, admin=False) as found:
        await found.join("Ann")
        await found.join("Ben")
        yield found


def refuse_hiding(town: Town) -> None:
    town.api.promote(town.group, town.api.bot, "member")


async def _whisper(town: Town, command: str, *, ago: int = 0) -> Message:
    """Let Ann use a command that nobody else sees, and wait for what follows."""
    message = town.api.whisper(town.group, town.person("Ann"), command)
    message.at -= ago
    await town.settle()
    return message


async def test_a_hidden_command_is_answered_where_it_was_used_though_the_bot_is_no_admin(plain: Town) -> None:
    asked = await _whisper(plain, "/echo hi")
    (message,) = plain.api.said(plain.group, plain.person("Ann"))
    assert (message.text, message.only_to, message.answers) == ("echo: hi", plain.person("Ann").id, asked.hidden)
    assert in_group(plain, "Ben") == []


async def test_an_answer_that_is_too_late_for_that_goes_to_the_private_chat(plain: Town) -> None:
    plain.person("Ann").started = True
    await _whisper(plain, "/echo late", ago=60)
    assert (in_group(plain, "Ann"), in_private(plain, "Ann")) == ([], ["echo: late"])


async def test_an_admin_answers_in_the_group_however_late(town: Town) -> None:
    await _whisper(town, "/echo late", ago=60)
    assert (in_group(town, "Ann"), in_group(town, "Ben")) == (["echo: late"], [])


async def test_whoever_cannot_be_answered_in_private_is_told_how_and_nobody_learns_the_answer(plain: Town) -> None:
    asked = plain.api.write(plain.group, plain.person("Ann"), "/echo my secret")
    await plain.settle()
    (note,) = plain.api.said(plain.group, plain.person("Ben"))
    assert (note.text, note.reply_to, note.buttons) == (OPEN, asked.id, ["Open the private chat"])
    assert note.rows[0][0]["url"] == "https://t.me/xiaoer_bot?start=hello"
    plain.api.write_private(plain.person("Ann"), "/start")
    plain.api.write(plain.group, plain.person("Ann"), "/echo my secret")
    await plain.settle()
    assert in_private(plain, "Ann")[-1] == "echo: my secret"
    assert not any("secret" in text for text in in_group(plain, "Ben"))


async def test_the_note_stands_in_the_topic_where_it_was_asked(tmp_path: Path) -> None:
    async with Town(tmp_path, admin=False, forum=True) as town:
        await town.write("Usher", "the general topic has number 1")
        topic = town.api.open_topic(town.group, town.person("Usher"), "Tea")
        town.api.write(town.group, town.person("Usher"), "/echo hi", topic=topic)
        await town.settle()
        (note,) = town.api.said(town.group, town.person("Usher"))
        assert (note.text, note.topic) == (OPEN, topic)


async def test_an_anonymous_admin_is_told_why_there_is_no_private_answer(town: Town) -> None:
    town.api.promote(town.group, town.person("Ann"))
    town.api.write(town.group, town.person("Ann"), "/sum secret", anonymous=True)
    await town.settle()
    (note,) = town.api.said(town.group, town.person("Ben"))
    assert note.text == "I cannot answer an anonymous admin in private. Turn off “remain anonymous” and ask again."
    assert note.buttons == []


async def test_whoever_blocks_the_bot_in_private_gets_no_answer_anywhere(town: Town) -> None:
    ann = town.person("Ann")
    with pytest.raises(NotPrivately):
        await town.perform(Answer("1", to(town, "Ann"), "3", PSST, private=True, to=to(town, "Ann")))
    assert (in_group(town, "Ann"), town.api.private(ann)) == ([], [])


async def test_a_public_answer_stands_under_the_question(town: Town) -> None:
    asked = town.api.write(town.group, town.person("Ann"), "/shout tea")
    await town.settle()
    (answer,) = town.api.said(town.group, town.person("Ben"))
    assert (answer.text, answer.reply_to) == ("shout: tea", asked.id)


async def _card(town: Town) -> Message:
    await town.write("Ann", "card please")
    await town.settle()
    return next(message for message in town.api.said(town.group, town.person("Ann")) if message.text == "A card")


async def test_a_short_answer_to_a_press_is_shown_over_the_chat(town: Town) -> None:
    pressed = town.api.press(town.person("Ann"), await _card(town), "quiet")
    await town.settle()
    assert (pressed.text, pressed.alert, in_group(town, "Ann")) == ("quiet 7", False, ["A card"])


async def test_a_longer_answer_stays_until_it_is_closed(town: Town) -> None:
    press = town.api.press(town.person("Ann"), await _card(town), "mute")
    await town.perform(
        Answer("1", town.space, f"q{press.id}/1", Content(("x" * 150,)), private=True, to=to(town, "Ann"))
    )
    assert (press.text, press.alert) == ("x" * 150, True)


@pytest.mark.parametrize("leads", [True, False])
async def test_a_long_answer_to_a_press_is_shown_to_that_person_in_the_group(town: Town, leads: bool) -> None:
    card = await _card(town)
    if not leads:
        refuse_hiding(town)
    pressed = town.api.press(town.person("Ann"), card, "long")
    await town.settle()
    assert (pressed.answered, pressed.text) == (True, None)
    assert [text[:4] for text in in_group(town, "Ann")] == ["A ca", "long"]
    assert in_group(town, "Ben") == ["A card"]


@pytest.mark.parametrize(
    "content", [Content(("x" * 201,)), Content(("x",), ((Button("quiet", "quiet", id="s"),),))], ids=["long", "button"]
)
async def test_what_cannot_be_shown_over_the_chat_is_shown_in_it(town: Town, content: Content) -> None:
    press = town.api.press(town.person("Ann"), await _card(town), "slow")
    await town.perform(Answer("1", town.space, f"q{press.id}/1", content, private=True, to=to(town, "Ann")))
    assert (press.answered, press.text, in_group(town, "Ben")) == (True, None, ["A card"])
    assert in_group(town, "Ann") == ["A card", content.plain]


async def test_a_press_that_was_noticed_is_answered_beside_the_card(town: Town) -> None:
    pressed = town.api.press(town.person("Ann"), await _card(town), "slow")
    await town.until(lambda: town.app.pipeline.in_hand)
    await town.later(lambda: pressed.answered)
    town.gate.set()
    await town.settle()
    assert (pressed.text, in_group(town, "Ann"), in_group(town, "Ben")) == (
        None,
        ["A card", "slow, at last"],
        ["A card"],
    )


async def test_a_late_answer_that_reaches_nobody_says_how_to_get_it(town: Town) -> None:
    card = await _card(town)
    refuse_hiding(town)
    pressed = town.api.press(town.person("Ann"), card, "slow")
    await town.until(lambda: town.app.pipeline.in_hand)
    await town.later(lambda: pressed.answered)
    pressed.at = pressed.at.replace(year=2025)
    town.gate.set()
    await town.settle()
    assert in_group(town, "Ben") == ["A card", OPEN]


async def test_a_long_answer_that_can_be_shown_nowhere_is_cut_over_the_chat(tmp_path: Path) -> None:
    town = Town(tmp_path, admin=False)
    town.api.hides = "never"
    async with town:
        pressed = town.api.press(town.person("Ann"), await _card(town), "long")
        await town.settle()
        assert pressed.text == f"{('long ' * 60)[:199]}…"
        assert in_group(town, "Ben") == ["A card"]


async def test_a_public_answer_to_a_press_stands_under_the_card(town: Town) -> None:
    card = await _card(town)
    pressed = town.api.press(town.person("Ann"), card, "loud")
    await town.settle()
    answer = town.api.said(town.group, town.person("Ben"))[-1]
    assert (pressed.answered, pressed.text, answer.text, answer.reply_to) == (True, None, "loud by Ann", card.id)
