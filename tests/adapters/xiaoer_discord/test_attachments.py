"""Pictures on Discord: attachments with a description, uploaded when they change; the words arrive whatever happens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.adapters.xiaoer_discord.town import CALLBACK, SEND, Town
from tests.png import png, title
from tests.simulators.discord import Fault, Message
from tests.simulators.discord.world import P

from xiaoer import Answer, Content, Edit, Hopeless, Mention, Picture, Send, Stored, Unclear

EDIT = "PATCH /channels/{channel.id}/messages/{message.id}"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as found:
        await found.join("Ann")
        await found.settle()
        yield found


def shows(text: str, picture: str, alt: str = "") -> Content:
    return Content((text,), (), Picture("cover", {}, alt or f"alt of {picture}", png(picture)))


async def sent(town: Town, content: Content, **more: Any) -> str:
    return (await town.perform(Send("first", town.chat, content, **more))).message or ""


def seen(message: Message) -> tuple[str, list[str]]:
    return message.content, [title(message.files[one["id"]]) for one in message.attachments]


def here(town: Town) -> list[Message]:
    return town.server.seen(town.channel, town.person("Ann"))


async def test_a_picture_is_an_attachment_and_its_alternative_text_the_description(town: Town) -> None:
    await sent(town, shows("look", "red", "a red <cover>"))
    (message,) = here(town)
    (attached,) = message.attachments
    assert seen(message) == ("look", ["red"])
    assert (attached["description"], attached["content_type"]) == ("a red <cover>", "image/png")


async def test_a_long_alternative_text_is_cut_and_one_that_is_none_left_out(town: Town) -> None:
    for number, alt in enumerate(["x" * 2000, "\ud83c broken", ""]):
        picture = Picture("cover", {}, alt, png("red"))
        await town.perform(Send(str(number), town.chat, Content(("look",), (), picture)))
    alts = [one.attachments[0].get("description") for one in here(town)]
    assert alts == ["x" * 1024, "\ufffd broken", None]


async def test_a_picture_needs_no_words(town: Town) -> None:
    await sent(town, shows(" ", "red"))
    assert seen(here(town)[0]) == ("", ["red"])


async def test_a_message_with_a_picture_answers_another_one_and_pings_whom_it_names_only(town: Town) -> None:
    question = await town.write("Usher", "well?")
    ann = Mention(f"discord:{town.account('Ann')}", "Ann")
    await sent(town, Content((ann, " @everyone"), (), Picture("cover", {}, "@everyone", png("red"))), reply_to=question)
    (message,) = here(town)
    assert message.reply_to is not None
    assert (message.mentioned_users, message.mentioned_everyone) == ([town.person("Ann")], False)


async def test_the_same_request_made_twice_stands_once(town: Town) -> None:
    assert await sent(town, shows("look", "red")) == await sent(town, shows("look", "red"))
    assert len(here(town)) == 1


async def test_a_message_changes_its_picture_gets_one_and_loses_it(town: Town) -> None:
    message = await sent(town, Content(("zero",)))
    for content in (shows("one", "red"), shows("two", "blue"), Content(("three",))):
        await town.perform(Edit("2", town.chat, message, content))
        expected = [] if content.picture is None else [title(content.picture.png)]
        assert seen(here(town)[0]) == (content.plain, expected)


async def test_a_picture_that_stays_is_not_uploaded_again(town: Town) -> None:
    message = await sent(town, shows("one", "red"))
    (before,) = here(town)[0].attachments
    for text in ("two", "three"):
        await town.perform(Edit("2", town.chat, message, shows(text, "red")))
    assert seen(here(town)[0]) == ("three", ["red"])
    assert here(town)[0].attachments == [before]


async def test_a_change_that_may_have_happened_makes_nobody_sure_of_the_picture(town: Town) -> None:
    message = await sent(town, shows("one", "red"))
    town.server.faults.next(EDIT, Fault(drop="after"))
    with pytest.raises(Unclear):
        await town.perform(Edit("2", town.chat, message, shows("two", "blue")))
    assert seen(here(town)[0]) == ("two", ["blue"])
    await town.perform(Edit("3", town.chat, message, shows("three", "red")))
    assert seen(here(town)[0]) == ("three", ["red"])


async def test_a_retry_by_discord_py_sends_the_whole_picture_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(seconds: float) -> None:
        del seconds

    monkeypatch.setattr("discord.http.asyncio.sleep", at_once)
    town.server.faults.next(SEND, Fault(502, "Bad Gateway"))
    await sent(town, shows("look", "red"))
    assert here(town)[0].files != {}
    assert list(here(town)[0].files.values()) == [png("red")]


async def test_where_no_files_may_be_sent_the_words_are(town: Town) -> None:
    message = await sent(town, Content(("zero",)))
    town.server.overwrite(town.channel, town.server.bot, deny=int(P.ATTACH_FILES))
    with capture_logs() as logs:
        await town.perform(Send("2", town.chat, shows("one", "red")))
        await town.perform(Send("3", town.chat, shows("", "red")))
        await town.perform(Edit("4", town.chat, message, shows("two", "red")))
    assert [seen(one) for one in here(town)] == [("two", []), ("one", []), ("alt of red", [])]
    assert [one["event"] for one in logs if one["log_level"] == "warning"] == ["discord does not take the picture"] * 3


async def test_where_nothing_may_be_written_nothing_is(town: Town) -> None:
    town.server.overwrite(town.channel, town.server.bot, deny=int(P.SEND_MESSAGES))
    with pytest.raises(Hopeless, match="Missing Permissions"):
        await sent(town, shows("one", "red"))
    assert here(town) == []


async def test_a_picture_for_one_person_is_written_to_them(town: Town) -> None:
    message = await sent(town, shows("one", "red"), only_to=f"discord:{town.account('Ann')}")
    await town.perform(Edit("2", town.chat, message, shows("two", "blue")))
    (letter,) = town.server.direct(town.person("Ann"))
    assert (seen(letter), here(town)) == (("two", ["blue"]), [])


async def test_an_answer_shows_its_picture_to_whom_it_is_for(town: Town) -> None:
    handle = await town.use("Ann", "gaze", colour="red")
    await town.settle()
    (answer,) = await town.answers("Ann", handle)
    assert (answer.text, answer.picture, answer.private) == ("gaze: red", "red", True)
    assert len(town.calls(CALLBACK)) == 1


@pytest.mark.parametrize("private", [True, False])
async def test_an_announced_answer_is_filled_with_its_picture(town: Town, private: bool) -> None:
    handle = await town.use("Ann", "wait" if private else "hurry")
    await town.until(lambda: town.app.pipeline.in_hand)
    while not await town.noticed(handle):
        await town.clock.advance(0.1)
    asked = town._asked[handle]
    answer = Answer(
        "1", town.chat, f"c{asked.id}/{asked.token}", shows("late", "red"), private, f"discord:{town.account('Ann')}"
    )
    await town.perform(answer)
    assert [(one.text, one.picture, one.private) for one in await town.answers("Ann", handle)] == [
        ("late", "red", private)
    ]
    await town.perform(answer)  # what follows is a message of its own
    assert [one.picture for one in await town.answers("Ann", handle)] == ["red", "red"]


LEAF = Stored("d", "茶单.pdf", "application/pdf", "a leaf", b"%PDF-tea")


def carries(text: str, file: Stored) -> Content:
    return Content((text,), (), file=file)


async def test_a_kept_file_is_an_attachment_with_its_name_its_kind_and_its_description(town: Town) -> None:
    await sent(town, carries("look", LEAF))
    (message,) = here(town)
    (attached,) = message.attachments
    assert (attached["filename"], attached["content_type"]) == ("茶单.pdf", "application/pdf")
    assert attached["description"] == "a leaf"
    assert list(message.files.values()) == [LEAF.data]


async def test_a_kept_file_stays_changes_and_goes(town: Town) -> None:
    message = await sent(town, carries("one", LEAF))
    (before,) = here(town)[0].attachments
    await town.perform(Edit("2", town.chat, message, carries("two", LEAF)))
    assert here(town)[0].attachments == [before]
    other = Stored("e", "tea.png", "image/png", "", png("red"))
    await town.perform(Edit("3", town.chat, message, carries("three", other)))
    assert list(here(town)[0].files.values()) == [png("red")]
    await town.perform(Edit("4", town.chat, message, Content(("four",))))
    assert (here(town)[0].content, here(town)[0].attachments) == ("four", [])


async def test_a_kept_file_that_discord_does_not_take_leaves_the_words(town: Town) -> None:
    await sent(town, carries("look", Stored("d", "long.txt", "text/plain", "", b"x" * (10 * 2**20 + 1))))
    (message,) = here(town)
    assert (message.content, message.attachments) == ("look", [])
