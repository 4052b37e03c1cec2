"""The message that a command of Discord was used on, from the menu of the message."""

from typing import Any

import pytest

from xiaoer import Attachment, Quoted, Who
from xiaoer_discord.quoting import quoted
from xiaoer_discord.translate import path_of

ANN = {"id": "5", "username": "ann", "global_name": "Ann Li", "discriminator": "0", "avatar": None}
FILE = {"id": "8", "filename": "茶.png", "size": 30, "url": "http://cdn/8?ex=1", "content_type": "image/png"}
SHOWN = Attachment("photo", "茶.png", "image/png", 30, "7/3/8 http://cdn/8?ex=1")


def data(**fields: Any) -> dict[str, Any]:
    said = {"id": "3", "channel_id": "7", "author": ANN, "content": "", "attachments": [], "flags": 0} | fields
    return {"type": 3, "name": "script submit", "target_id": "3", "resolved": {"messages": {"3": said}}}


def on(**fields: Any) -> Quoted:
    found = quoted(data(**fields))
    assert found is not None
    return found


def test_the_words_and_who_wrote_them_are_told() -> None:
    assert on(content="a *script*") == Quoted("3", Who("discord:5", "Ann Li", handle="ann"), "a *script*")


def test_a_command_that_was_typed_was_used_on_nothing() -> None:
    assert quoted({"type": 1, "name": "script"}) is None


def test_the_command_is_named_by_its_path() -> None:
    assert path_of(data()) == (["script", "submit"], {})


def test_a_file_is_told_with_all_that_finds_it_again() -> None:
    assert on(attachments=[FILE], content="look") == Quoted(
        "3", Who("discord:5", "Ann Li", handle="ann"), "look", "photo", (SHOWN,)
    )


def test_a_forward_is_told_with_the_words_and_files_of_what_was_forwarded() -> None:
    found = on(message_snapshots=[{"message": {"content": "seen", "attachments": [FILE], "flags": 0}}])
    assert (found.kind, found.text, found.attachments) == ("forward", "seen", (SHOWN,))


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"flags": 1 << 13, "attachments": [FILE]}, "voice"),
        ({"attachments": [FILE | {"content_type": "video/mp4"}]}, "video"),
        ({"attachments": [FILE | {"content_type": None}]}, "file"),
        ({"sticker_items": [{"id": "1", "name": "wave", "format_type": 1}]}, "sticker"),
        ({"poll": {"question": {"text": "?"}}}, "poll"),
    ],
    ids=["voice", "video", "file", "sticker", "poll"],
)
def test_every_message_is_told_as_what_it_is(fields: dict[str, Any], kind: str) -> None:
    assert on(**fields).kind == kind


@pytest.mark.parametrize("author", [ANN | {"bot": True}, ANN], ids=["bot", "webhook"])
def test_what_no_person_wrote_is_told_as_a_bots(author: dict[str, Any]) -> None:
    who = on(author=author, webhook_id=None if "bot" in author else "9").who
    assert who is not None
    assert who.bot


def test_a_message_that_cannot_be_read_is_named_at_least() -> None:
    assert on(author="?") == Quoted("3", None, "")
    assert quoted({"type": 3, "name": "x", "target_id": "3"}) == Quoted("3", None, "")
