"""Kept files on Telegram: each by the method for its kind, uploaded once, and never at the cost of the words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.adapters.xiaoer_telegram.seen import in_group, to
from tests.adapters.xiaoer_telegram.town import Town
from tests.png import png

from xiaoer import Button, Content, Edit, Send, Stored
from xiaoer_telegram.media import media_of

BUTTONS = ((Button("open", "open", id="b1"),),)
GIF = b"GIF89a" + bytes(50)
MP4 = b"\0\0\0\x18ftypisom" + bytes(50)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as found:
        await found.join("Ann")
        yield found


def with_file(text: str, data: bytes, mime: str, name: str = "tea.x", alt: str = "") -> Content:
    return Content((text,), BUTTONS, file=Stored("d", name, mime, alt, data))


async def sent(town: Town, content: Content, only_to: str | None = None) -> str:
    return (await town.perform(Send("1", town.space, content, only_to=only_to))).message or ""


def seen(town: Town) -> list[tuple[str, str, bytes]]:
    """Return what Ann sees: the words, as what the file was sent, and its bytes."""
    said = town.api.said(town.group, town.person("Ann"))
    return [(one.text, one.media.kind if one.media else "", one.media.data if one.media else b"") for one in said]


@pytest.mark.parametrize(
    ("mime", "data", "kind"),
    [
        ("image/png", png("red"), "photo"),
        ("image/jpeg", b"\xff\xd8\xff\xe0" + bytes(20), "photo"),
        ("image/webp", b"RIFF\0\0\0\0WEBP" + bytes(20), "photo"),
        ("image/gif", GIF, "animation"),
        ("video/mp4", MP4, "video"),
        ("application/pdf", b"%PDF-", "document"),
        ("text/plain", "茶".encode(), "document"),
        ("application/octet-stream", b"\0", "document"),
    ],
)
async def test_each_kind_is_sent_as_what_it_is_with_caption_and_buttons(
    town: Town, mime: str, data: bytes, kind: str
) -> None:
    await sent(town, with_file("look", data, mime))
    (message,) = town.api.said(town.group, town.person("Ann"))
    assert (seen(town), message.buttons) == ([("look", kind, data)], ["open"])


async def test_a_document_has_its_name(town: Town) -> None:
    await sent(town, with_file("look", b"%PDF-", "application/pdf", "茶单.pdf"))
    (message,) = town.api.said(town.group, town.person("Ann"))
    assert message.media is not None
    assert message.media.name == "茶单.pdf"


async def test_the_same_file_is_uploaded_once(town: Town) -> None:
    for text in ("one", "two"):
        await sent(town, with_file(text, GIF, "image/gif"))
    await town.perform(
        Edit("2", town.space, await sent(town, Content(("three",))), with_file("four", GIF, "image/gif"))
    )
    assert [words for words, _, _ in seen(town)] == ["one", "two", "four"]
    assert len(town.api.photos.uploaded) == 1


async def test_a_file_that_telegram_does_not_know_any_more_is_uploaded_again(town: Town) -> None:
    await sent(town, with_file("one", MP4, "video/mp4"))
    town.api.photos.forgotten = True
    await sent(town, with_file("two", MP4, "video/mp4"))
    assert len(town.api.photos.uploaded) == 2


async def test_a_message_changes_its_file_into_one_of_another_kind(town: Town) -> None:
    message = await sent(town, with_file("one", png("red"), "image/png"))
    changes = [("video/mp4", MP4, "video"), ("text/plain", b"tea", "document"), ("image/gif", GIF, "animation")]
    for number, (mime, data, kind) in enumerate(changes):
        await town.perform(Edit(str(number), town.space, message, with_file(mime, data, mime)))
        assert seen(town) == [(mime, kind, data)]


async def test_the_words_change_while_the_file_stays(town: Town) -> None:
    message = await sent(town, with_file("one", MP4, "video/mp4"))
    await town.perform(Edit("2", town.space, message, with_file("two", MP4, "video/mp4")))
    await town.perform(Edit("3", town.space, message, Content(("three",))))
    assert seen(town) == [("three", "video", MP4)]
    assert len(town.api.photos.uploaded) == 1


@pytest.mark.parametrize("made", [png("thin", width=400, height=10), b"no picture"], ids=["narrow", "broken"])
async def test_a_picture_that_is_no_photo_for_telegram_is_sent_as_a_document(town: Town, made: bytes) -> None:
    message = await sent(town, with_file("one", made, "image/png", "thin.png"))
    assert seen(town) == [("one", "document", made)]
    await town.perform(Edit("2", town.space, message, with_file("two", made, "image/png", "thin.png")))
    assert seen(town) == [("two", "document", made)]


async def test_where_no_files_may_be_sent_the_words_are(town: Town) -> None:
    town.group.no_photos = town.group.no_files = True
    with capture_logs() as logs:
        await sent(town, with_file("one", png("red"), "image/png"))
        await sent(town, with_file("", b"tea", "text/plain", "tea.txt", "a leaf"))
        await sent(town, with_file("", b"tea", "text/plain", "tea.txt"))
    assert [words for words, _, _ in seen(town)] == ["one", "a leaf", "tea.txt"]
    assert len([one for one in logs if "does not take the picture" in one["event"]]) == 3


async def test_what_is_too_long_for_a_caption_is_a_text_without_the_file(town: Town) -> None:
    for length in (1024, 1025):
        await sent(town, with_file("x" * length, b"tea", "text/plain"))
    assert [kind for _, kind, _ in seen(town)] == ["document", ""]


async def test_one_person_alone_sees_a_file_and_its_changes(town: Town) -> None:
    message = await sent(town, with_file("one", MP4, "video/mp4"), to(town, "Ann"))
    await town.perform(Edit("2", town.space, message, with_file("two", GIF, "image/gif")))
    assert (seen(town), in_group(town, "Usher")) == ([("two", "animation", GIF)], [])


def test_a_drawn_picture_is_no_document() -> None:
    media = media_of(with_file("x", png("red"), "image/png"))
    assert media is not None
    assert media.plain is not None
    assert media.plain.plain is None
    assert media_of(Content(("x",))) is None
