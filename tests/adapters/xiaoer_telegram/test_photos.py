"""Pictures on Telegram: photos with captions, uploaded once, and never at the cost of the words."""

from __future__ import annotations

from collections.abc import AsyncIterator, MutableMapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.adapters.xiaoer_telegram.seen import in_group, to
from tests.adapters.xiaoer_telegram.town import Town
from tests.png import png, title
from tests.simulators.telegram import Fault

from xiaoer import Answer, Bold, Button, Content, Edit, Hopeless, Picture, Send, TryLater

BUTTONS = ((Button("open", "open", id="b1"),),)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as found:
        await found.join("Ann")
        yield found
        assert not any("parse_mode" in str(call.params) for call in found.api.journal)


def shows(text: str, picture: str, made: bytes = b"") -> Content:
    return Content((text,), BUTTONS, Picture("cover", {}, f"alt of {picture}", made or png(picture)))


def words(text: str) -> Content:
    return Content((text,), BUTTONS)


async def sent(town: Town, content: Content, only_to: str | None = None) -> str:
    return (await town.perform(Send("1", town.space, content, only_to=only_to))).message or ""


def seen(town: Town) -> list[tuple[str, str]]:
    said = town.api.said(town.group, town.person("Ann"))
    return [(one.text, title(one.photo.png) if one.photo else "") for one in said]


def complaints(logs: Sequence[MutableMapping[str, Any]]) -> list[str]:
    return [one["reason"] for one in logs if "does not take the picture" in one["event"]]


def uploads(town: Town) -> int:
    return len(town.api.photos.uploaded)


async def test_a_message_with_a_picture_is_a_photo_with_caption_and_buttons(town: Town) -> None:
    asked = await town.write("Ann", "well?")
    content = Content(("tap ", Bold("here")), BUTTONS, Picture("cover", {}, "a cover", png("red")))
    await town.perform(Send("1", town.space, content, reply_to=asked))
    (message,) = town.api.said(town.group, town.person("Ann"))
    assert (seen(town), message.buttons, message.reply_to) == ([("tap here", "red")], ["open"], int(asked))
    assert message.entities == [{"type": "bold", "offset": 4, "length": 4}]


async def test_a_picture_needs_no_words(town: Town) -> None:
    await sent(town, shows(" ", "red"))
    assert seen(town) == [("", "red")]


async def test_the_same_picture_is_uploaded_once(town: Town) -> None:
    for text in ("one", "two", "three"):
        await sent(town, shows(text, "red"))
    await town.perform(Edit("2", town.space, await sent(town, words("four")), shows("five", "red")))
    assert seen(town) == [("one", "red"), ("two", "red"), ("three", "red"), ("five", "red")]
    assert uploads(town) == 1


async def test_a_picture_that_telegram_does_not_know_any_more_is_uploaded_again(town: Town) -> None:
    message = await sent(town, shows("one", "red"))
    town.api.photos.forgotten = True
    await sent(town, shows("two", "red"))
    await town.perform(Edit("2", town.space, message, shows("three", "red")))
    assert seen(town) == [("three", "red"), ("two", "red")]
    assert uploads(town) == 3


async def test_a_message_changes_its_picture_its_words_and_its_buttons_at_once(town: Town) -> None:
    message = await sent(town, shows("one", "red"))
    await town.perform(Edit("2", town.space, message, Content(("two",), (), Picture("cover", {}, "", png("blue")))))
    (found,) = town.api.said(town.group, town.person("Ann"))
    assert (seen(town), found.buttons, found.edits) == ([("two", "blue")], [], 1)


async def test_a_message_that_looks_so_already_is_left(town: Town) -> None:
    message = await sent(town, shows("one", "red"))
    await town.perform(Edit("2", town.space, message, shows("one", "red")))
    assert [seen.edits for seen in await town.seen("Ann")] == [0]
    assert not town.api.calls("editMessageText")


async def test_the_words_under_a_picture_are_changed_and_the_picture_stays_when_none_is_wanted(town: Town) -> None:
    message = await sent(town, shows("one", "red"))
    for _ in range(2):
        await town.perform(Edit("2", town.space, message, words("two")))
    assert seen(town) == [("two", "red")]


async def test_a_text_is_given_a_picture(town: Town) -> None:
    message = await sent(town, words("one"))
    await town.perform(Edit("2", town.space, message, shows("two", "red")))
    assert seen(town) == [("two", "red")]


async def test_an_older_server_leaves_a_text_without_its_picture(town: Town) -> None:
    town.api.repaints = False
    message = await sent(town, words("one"))
    with capture_logs() as logs:
        await town.perform(Edit("2", town.space, message, shows("two", "red")))
    assert seen(town) == [("two", "")]
    assert complaints(logs) == ["Bad Request: there is no media in the message to edit"]


async def test_what_is_too_long_for_a_caption_is_a_text_without_the_picture(town: Town) -> None:
    for length in (1024, 1025):
        await sent(town, shows("🍵" * 512 + "x" * (length - 1024), "red"))
    assert [picture for _, picture in seen(town)] == ["red", ""]
    assert [len(text) for text, _ in seen(town)] == [512, 513]


async def test_a_picture_that_stands_already_has_as_many_words_as_fit(town: Town) -> None:
    message = await sent(town, shows("one", "red"))
    await town.perform(Edit("2", town.space, message, shows("x" * 2000, "blue")))
    assert seen(town) == [("x" * 1023 + "…", "red")]


@pytest.mark.parametrize(
    ("made", "reason"),
    [(png("thin", width=400, height=10), "PHOTO_INVALID_DIMENSIONS"), (b"GIF89a", "IMAGE_PROCESS_FAILED")],
    ids=["narrow", "broken"],
)
async def test_a_picture_that_telegram_refuses_is_left_out_and_logged(town: Town, made: bytes, reason: str) -> None:
    message = await sent(town, words("zero"))
    with capture_logs() as logs:
        await sent(town, shows("one", "", made))
        await sent(town, shows("", "thin", made))
        await town.perform(Edit("2", town.space, message, shows("two", "", made)))
    assert seen(town) == [("two", ""), ("one", ""), ("alt of thin", "")]
    assert complaints(logs) == [f"Bad Request: {reason}"] * 3


async def test_a_group_that_allows_no_photos_gets_the_text(town: Town) -> None:
    town.group.no_photos = True
    await sent(town, shows("one", "red"))
    assert seen(town) == [("one", "")]


async def test_one_person_alone_sees_a_picture_and_its_changes(town: Town) -> None:
    message = await sent(town, shows("one", "red"), to(town, "Ann"))
    await town.perform(Edit("2", town.space, message, shows("two", "blue")))
    assert (seen(town), in_group(town, "Usher")) == ([("two", "blue")], [])
    await town.perform(Edit("3", town.space, message, words("three")))
    assert (seen(town), in_group(town, "Usher")) == ([("three", "blue")], [])


async def test_where_one_person_can_only_be_written_to_the_picture_stands_there(tmp_path: Path) -> None:
    async with Town(tmp_path, admin=False) as plain:
        await plain.join("Ann")
        plain.person("Ann").started = True
        message = await sent(plain, shows("one", "red"), to(plain, "Ann"))
        await plain.perform(Edit("2", plain.space, message, shows("two", "blue")))
        (found,) = plain.api.private(plain.person("Ann"))
        assert found.photo is not None
        assert (found.text, title(found.photo.png), seen(plain)) == ("two", "blue", [])


async def test_a_server_that_shows_everybody_what_is_one_persons_picture_is_not_trusted(town: Town) -> None:
    town.api.hides = "leaks"
    town.person("Ann").started = True
    await sent(town, shows("one", "red"), to(town, "Ann"))
    assert in_group(town, "Usher") == []


async def test_a_short_answer_with_a_picture_is_no_alert(town: Town) -> None:
    card = town.group.messages[int(await sent(town, words("card")))]
    press = town.api.press(town.person("Ann"), card, "open")
    content = Content(("hi",), (), Picture("cover", {}, "", png("red")))
    answer = Answer("1", town.space, f"q{press.id}/{card.id}", content, True, to(town, "Ann"))
    await town.perform(answer)
    assert (seen(town)[-1], press.text) == (("hi", "red"), None)
    assert in_group(town, "Usher") == ["card"]


async def test_a_flood_or_a_lost_message_is_not_taken_for_a_bad_picture(town: Town) -> None:
    town.api.faults.next("sendPhoto", Fault(429, retry_after=7))
    with pytest.raises(TryLater):
        await sent(town, shows("one", "red"))
    with capture_logs() as logs, pytest.raises(Hopeless, match="message to edit not found"):
        await town.perform(Edit("2", town.space, "99999", shows("two", "red")))
    assert (complaints(logs), seen(town)) == ([], [])


async def test_a_picture_that_was_sent_counts_whatever_else_the_answer_holds(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(town.api, "as_json", lambda message: {"message_id": message.id, "photo": {"of": "later"}})
    assert await sent(town, shows("one", "red")) == str(town.group.last)
