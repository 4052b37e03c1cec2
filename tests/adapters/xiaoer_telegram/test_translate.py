"""What people do on Telegram, as events."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.xiaoer_telegram.updates import ANN, AT, BEN, GROUP, MOVED, PRIVATE, WHEN, message, said, tell
from tests.simulators.telegram.world import ANONYMOUS, EXTRAS

from xiaoer import ButtonPressed, CommandUsed, MessagePosted, ReactionChanged
from xiaoer_telegram.carrying import KINDS

SIZED = {"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9, "duration": 1}
MORE: dict[str, dict[str, Any]] = {
    "text": {"text": "x"},
    "video_note": {"video_note": {"file_id": "f", "file_unique_id": "u", "length": 9, "duration": 1}},
    "live_photo": {"live_photo": SIZED, "photo": EXTRAS["photo"]["photo"]},
    "venue": {
        "venue": {"location": {"latitude": 1, "longitude": 2}, "title": "Tea", "address": "1"},
        "location": {"latitude": 1, "longitude": 2},
    },
    "game": {"game": {"title": "g", "description": "d", "photo": []}},
    "story": {"story": {"id": 1, "chat": GROUP}},
    "paid_media": {"paid_media": {"star_count": 1, "paid_media": []}},
    "checklist": {"checklist": {"title": "c", "tasks": []}},
    "rich_message": {"rich_message": {"blocks": [{"type": "paragraph", "text": "x"}]}},
    "giveaway": {"giveaway": {"chats": [GROUP], "winners_selection_date": 1, "winner_count": 1}},
    "invoice": {
        "invoice": {"title": "t", "description": "d", "start_parameter": "s", "currency": "EUR", "total_amount": 1}
    },
}
QUERY: dict[str, Any] = {"id": "77", "from": ANN, "chat_instance": "1", "data": "signed"}
REACTION: dict[str, Any] = {"chat": GROUP, "message_id": 3, "date": WHEN, "user": ANN}
THUMB, HEART = {"type": "emoji", "emoji": "👍"}, {"type": "emoji", "emoji": "❤"}


def posted(**fields: Any) -> MessagePosted:
    (event,) = said(**fields)
    assert isinstance(event, MessagePosted)
    return event


def used(text: str, **fields: Any) -> str | None:
    """Return the command that a text is; None for an ordinary message."""
    (event,) = said(text=text, **fields)
    return event.text if isinstance(event, CommandUsed) else None


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_message_is_told_as_what_it_is(kind: str) -> None:
    assert posted(**(MORE.get(kind) or EXTRAS[kind])).kind == KINDS[kind]


@pytest.mark.parametrize(
    "fields",
    [
        {"new_chat_title": "x"},
        {"pinned_message": message(text="x")},
        {"forum_topic_created": {"name": "x", "icon_color": 1}},
        {"migrate_from_chat_id": -5},
        {"boost_added": {"boost_count": 1}},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_a_service_message_is_nothing_that_anybody_said(fields: dict[str, Any]) -> None:
    assert said(**fields) == []


def test_a_message_says_who_wrote_what_where_and_when() -> None:
    event = posted(text="tea?")
    assert (event.key, event.space, event.chat, event.message) == ("telegram:42:9", GROUP_ID, GROUP_ID, "17")
    assert (event.at, event.text, event.edited, event.reply_to) == (AT, "tea?", False, None)
    who = event.who
    assert (who.account, who.name, who.locale, who.role, who.bot) == ("telegram:5", "Ann Li", "zh-hans", "", False)


def test_a_caption_is_what_a_picture_says() -> None:
    assert posted(**EXTRAS["photo"], caption="look").text == "look"


def test_what_is_passed_on_is_a_forward_and_never_a_command() -> None:
    origin = {"type": "hidden_user", "date": WHEN, "sender_user_name": "Zoe"}
    event = posted(text="/rules", forward_origin=origin)
    assert (event.kind, event.text) == ("forward", "/rules")


def test_an_admin_has_the_role_that_telegram_gave() -> None:
    assert posted(text="x", sender=BEN).who.role == "administrator"


def test_an_anonymous_admin_writes_as_the_space() -> None:
    for chat in (GROUP, MOVED):
        who = posted(text="x", chat=chat, sender=ANONYMOUS, sender_chat=chat).who
        assert (who.account, who.role, who.bot) == (GROUP_ID, "administrator", False)


def test_a_channel_is_no_person() -> None:
    channel = {"id": -1009, "type": "channel", "title": "News"}
    assert posted(text="x", sender_chat=channel, is_automatic_forward=True).who.bot
    assert posted(text="x", sender_chat=channel).who.bot


def test_another_bot_is_told_as_a_bot() -> None:
    assert posted(text="x", sender={"id": 7, "is_bot": True, "first_name": "R2"}).who.bot


def test_a_chat_of_no_community_tells_nothing() -> None:
    assert said(text="x", chat={"id": -1002, "type": "supergroup", "title": "Elsewhere"}) == []


GROUP_ID = "telegram:-1001"
FIRST = {"message_id": 3, "date": WHEN, "chat": GROUP, "from": BEN}


def test_a_topic_is_a_chat_of_its_own() -> None:
    assert posted(text="x", message_thread_id=3, is_topic_message=True).chat == "telegram:-1001/3"


def test_the_message_that_opened_a_topic_is_not_what_people_in_it_answer() -> None:
    opening = FIRST | {"forum_topic_created": {"name": "Tea", "icon_color": 1}}
    topic = {"message_thread_id": 3, "is_topic_message": True, "reply_to_message": opening}
    assert posted(text="x", **topic).reply_to is None
    event = said(text="/rules", **topic)[0]
    assert isinstance(event, CommandUsed)
    assert event.reply_to is None


def test_an_answer_in_a_topic_says_to_what() -> None:
    answered = FIRST | {"message_id": 8, "text": "y"}
    assert posted(text="x", message_thread_id=3, is_topic_message=True, reply_to_message=answered).reply_to == "8"


def test_the_first_answer_in_a_thread_outside_of_forums_says_to_what() -> None:
    assert posted(text="x", message_thread_id=3, reply_to_message=FIRST | {"text": "y"}).reply_to == "3"


def test_an_edit_is_told_with_its_time_and_is_no_command() -> None:
    (event,) = tell("edited_message", message(text="/rules", edit_date=WHEN + 60))
    assert isinstance(event, MessagePosted)
    assert (event.edited, event.text, event.at) == (True, "/rules", datetime.fromtimestamp(WHEN + 60, UTC))


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/rules", "rules"),
        ("/RULES", "rules"),
        ("/rules@xiaoer_bot", "rules"),
        ("/rules@Xiaoer_Bot now", "rules now"),
        ("/rules@other_bot", None),
        ("/rules_set Be kind", "rules set Be kind"),
        ("/rules set Be  kind", "rules set Be  kind"),
        ("/rules_set\nBe kind\nBe brief", "rules set Be kind\nBe brief"),
        ("/rules_set@xiaoer_bot \n Be kind", "rules set Be kind"),
        ("/unknown", None),
        ("/unknown@xiaoer_bot x", "unknown x"),
        ("/", None),
        ("/ rules", None),
        (" /rules", None),
        ("see /rules", None),
    ],
)
def test_a_command_in_a_group_is_one_that_is_known_or_names_the_bot(text: str, command: str | None) -> None:
    assert used(text) == command


@pytest.mark.parametrize(
    ("text", "command"),
    [("/start", "help"), ("/start hello", "help"), ("hi", "help"), ("/", "help"), ("/rules x", "rules x"), ("/?", "?")],
)
def test_whatever_is_written_in_private_is_a_command(text: str, command: str) -> None:
    assert used(text, chat=PRIVATE) == command


def test_a_command_for_another_bot_in_private_tells_nothing() -> None:
    assert said(text="/rules@other_bot", chat=PRIVATE) == []


def test_a_picture_in_private_asks_for_help() -> None:
    (event,) = said(**EXTRAS["photo"], chat=PRIVATE)
    assert isinstance(event, CommandUsed)
    assert (event.text, event.space, event.chat) == ("help", GROUP_ID, "telegram:5")


def test_an_edit_in_private_tells_nothing() -> None:
    assert tell("edited_message", message(text="x", chat=PRIVATE, edit_date=WHEN)) == []


def test_a_command_that_nobody_else_sees_is_named_with_who_wrote_it() -> None:
    (event,) = said(text="/rules", message_id=0, ephemeral_message_id=31)
    assert isinstance(event, CommandUsed)
    assert (event.handle, event.message) == ("e31@5", "e31@5")


def test_an_unknown_command_that_nobody_else_sees_is_meant_for_the_bot() -> None:
    assert used("/unknown", message_id=0, ephemeral_message_id=31) == "unknown"


def test_words_that_nobody_else_sees_are_named_with_who_wrote_them() -> None:
    assert posted(text="x", message_id=0, ephemeral_message_id=31).message == "e31@5"


def test_a_pressed_button_says_where_its_answer_goes() -> None:
    (event,) = tell(
        "callback_query", QUERY | {"message": message(text="card", message_thread_id=3, is_topic_message=True)}
    )
    assert isinstance(event, ButtonPressed)
    assert (event.button, event.message, event.handle) == ("signed", "17", "q77/17")
    assert (event.who.account, event.chat, event.at) == ("telegram:5", "telegram:-1001/3", AT)


def test_a_button_of_a_message_that_is_gone_or_one_persons_can_be_pressed() -> None:
    (gone,) = tell("callback_query", QUERY | {"message": {"chat": GROUP, "message_id": 4, "date": 0}})
    (hidden,) = tell("callback_query", QUERY | {"message": message(message_id=0, ephemeral_message_id=31, text="x")})
    assert [event.handle for event in (gone, hidden) if isinstance(event, ButtonPressed)] == ["q77/4", "q77/e31@5"]


def test_a_press_without_a_message_or_data_tells_nothing() -> None:
    assert tell("callback_query", QUERY) == []
    del (query := dict(QUERY))["data"]
    assert tell("callback_query", query | {"message": message(text="x")}) == []


def test_a_reaction_says_what_came_and_what_went() -> None:
    custom = {"type": "custom_emoji", "custom_emoji_id": "9"}
    (event,) = tell("message_reaction", REACTION | {"old_reaction": [THUMB], "new_reaction": [HEART, custom]})
    assert isinstance(event, ReactionChanged)
    assert (event.message, event.added, event.removed) == ("3", ("❤", "custom:9"), ("👍",))


def test_a_paid_reaction_tells_nothing() -> None:
    assert (
        tell("message_reaction", REACTION | {"old_reaction": [THUMB], "new_reaction": [THUMB, {"type": "paid"}]}) == []
    )


def test_an_anonymous_admin_reacts_as_the_space() -> None:
    change = REACTION | {"old_reaction": [], "new_reaction": [THUMB], "actor_chat": GROUP}
    del change["user"]
    (event,) = tell("message_reaction", change)
    assert isinstance(event, ReactionChanged)
    assert event.who.account == GROUP_ID


def test_halves_of_characters_are_replaced_wherever_people_type() -> None:
    half = {"id": 5, "is_bot": False, "first_name": "A\ud83c"}
    event = posted(text="\ud83ctea", sender=half)
    assert (event.text, event.who.name) == ("\ufffdtea", "A\ufffd")
    assert used("/rules \udf75") == "rules \ufffd"


@given(st.text(max_size=40), st.booleans())
def test_no_text_cannot_be_translated_and_stored(text: str, private: bool) -> None:
    where = {"chat": PRIVATE} if private else {}
    for typed in (text, f"/{text}", f"/rules {text}"):
        for event in said(text=typed, **where):
            assert isinstance(event, CommandUsed | MessagePosted)
            event.text.encode()


def test_somebody_without_a_name_behind_the_at_is_named_in_a_command_by_their_account() -> None:
    text = "/rules set 🧧 Ben Bo gets 5"
    entities = [
        {"type": "bot_command", "offset": 0, "length": 6},
        {"type": "text_mention", "offset": 14, "length": 6, "user": BEN},
    ]
    assert used(text, entities=entities) == "rules set 🧧 telegram:6 gets 5"


def test_who_is_mentioned_in_an_ordinary_message_stays_as_it_was_typed() -> None:
    entities = [{"type": "text_mention", "offset": 0, "length": 3, "user": BEN}]
    assert posted(text="Ben gets 5", entities=entities).text == "Ben gets 5"


def test_the_name_behind_the_at_is_told() -> None:
    assert posted(text="x", sender=ANN | {"username": "ann_li"}).who.handle == "ann_li"
