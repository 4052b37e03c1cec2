"""The message that a command of Telegram was used on."""

from typing import Any

import pytest
from tests.adapters.xiaoer_telegram.updates import ANN, BEN, GROUP, WHEN, message, said

from xiaoer import Attachment, CommandUsed, Quoted, Who

TEXT: dict[str, Any] = {"text": "/rules@xiaoer_bot"}
SIZED: dict[str, Any] = {"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9, "duration": 1}
SMALL: dict[str, Any] = {"file_id": "s", "file_unique_id": "t", "width": 1, "height": 1, "file_size": 3}
PHOTO: dict[str, Any] = {"photo": [SMALL, SMALL | {"file_id": "l", "file_size": 30}]}
LETTER: dict[str, Any] = {"file_id": "d", "file_unique_id": "e", "file_name": "茶.pdf", "mime_type": "application/pdf"}
ELSEWHERE: dict[str, Any] = {"origin": {"type": "user", "date": WHEN, "sender_user": BEN}}


def used(**fields: Any) -> CommandUsed:
    (event,) = said(**TEXT, **fields)
    assert isinstance(event, CommandUsed)
    return event


def on(**fields: Any) -> Quoted | None:
    """Return what a command was used on that answers a message with these fields."""
    event = used(reply_to_message=message(message_id=3, **fields))
    assert event.reply_to == "3"
    return event.quoted


def test_a_command_in_answer_tells_the_words_and_who_wrote_them() -> None:
    ben = Who("telegram:6", "Ben", role="administrator")
    assert on(sender=BEN, text="a *script*") == Quoted("3", ben, "a *script*")


def test_a_command_that_answers_nothing_was_used_on_nothing() -> None:
    assert used().quoted is None


def test_a_command_in_a_topic_was_not_used_on_the_message_that_opened_it() -> None:
    opened = message(message_id=3, forum_topic_created={"name": "Tea", "icon_color": 1})
    assert used(reply_to_message=opened, message_thread_id=3, is_topic_message=True).quoted is None


def test_of_a_photo_the_largest_size_is_told_with_the_caption() -> None:
    found = on(caption="look", **PHOTO)
    assert found is not None
    assert (found.kind, found.text) == ("photo", "look")
    assert found.attachments == (Attachment("photo", "", "image/jpeg", 30, "l"),)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"document": LETTER}, Attachment("file", "茶.pdf", "application/pdf", None, "d")),
        ({"video": SIZED}, Attachment("video", "", "video/mp4", None, "f")),
        ({"animation": SIZED, "document": LETTER}, Attachment("video", "", "video/mp4", None, "f")),
        ({"voice": SIZED}, Attachment("voice", "", "audio/ogg", None, "f")),
        ({"audio": SIZED | {"file_name": "a.mp3"}}, Attachment("audio", "a.mp3", "audio/mpeg", None, "f")),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_every_file_is_told_as_what_it_is(fields: dict[str, Any], expected: Attachment) -> None:
    found = on(**fields)
    assert found is not None
    assert found.attachments == (expected,)
    assert found.kind == expected.kind


def test_a_forward_is_told_as_one_with_its_file() -> None:
    origin = {"type": "hidden_user", "date": WHEN, "sender_user_name": "Zoe"}
    found = on(forward_origin=origin, caption="seen", **PHOTO)
    assert found is not None
    assert (found.kind, found.text, len(found.attachments)) == ("forward", "seen", 1)
    assert found.who is not None
    assert found.who.name == "Ann Li"


def test_only_the_part_that_somebody_marked_is_told() -> None:
    reply = message(message_id=3, text="tea and cake")
    marked, automatic = (
        used(reply_to_message=reply, quote={"text": "cake", "position": 8, "is_manual": manual}).quoted
        for manual in (True, False)
    )
    assert marked is not None
    assert automatic is not None
    assert (marked.text, automatic.text) == ("cake", "tea and cake")


def test_a_message_of_another_chat_has_no_name_here() -> None:
    there = ELSEWHERE | PHOTO | {"chat": GROUP | {"id": -1009}, "message_id": 17}
    found = used(external_reply=there, quote={"text": "seen there", "position": 0})
    assert found.quoted == Quoted(
        "", Who("telegram:6", "Ben"), "seen there", "photo", (Attachment("photo", "", "image/jpeg", 30, "l"),)
    )
    assert found.reply_to is None


@pytest.mark.parametrize(
    ("origin", "who"),
    [
        ({"type": "hidden_user", "date": WHEN, "sender_user_name": "Zoe"}, None),
        ({"type": "channel", "date": WHEN, "chat": GROUP, "message_id": 1}, Who("telegram:-1001", "Town", bot=True)),
        ({"type": "chat", "date": WHEN, "sender_chat": GROUP}, Who("telegram:-1001", "Town", bot=True)),
    ],
    ids=["hidden", "channel", "chat"],
)
def test_who_wrote_elsewhere_is_told_as_far_as_telegram_does(origin: dict[str, Any], who: Who | None) -> None:
    found = used(external_reply={"origin": origin}).quoted
    assert found == Quoted("", who, "", "text")


def test_a_file_that_cannot_be_read_does_not_hide_the_words() -> None:
    reply = message(message_id=3, caption="look", **PHOTO)
    event = used(reply_to_message=reply | {"photo": [{"file_id": "l", "file_unique_id": "u", "width": 1, "height": 1}]})
    assert event.quoted is not None
    assert event.quoted.attachments[0].size is None
    assert event.quoted.who == Who("telegram:5", f"{ANN['first_name']} {ANN['last_name']}", "zh-hans")
