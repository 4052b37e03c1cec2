"""The day as Telegram tells it: updates as ``getUpdates`` returns them (Bot API, Update)."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from tests.bench.day import Deed, Happening, Link, Mention, Person, Text

Json = dict[str, Any]

BOT = 7_000_000_001
GROUP = -1_001_000_000_777
CHAT: Json = {"id": GROUP, "title": "Riverside 河畔", "type": "supergroup"}
ME: Json = {"id": BOT, "is_bot": True, "first_name": "Xiaoer", "username": "xiaoer_bot"}
FIRST_UPDATE = 501_000_000
FIRST_MESSAGE = 40_000
DAY = 1_772_409_600
"""The second in which the first day begins: 2 March 2026, UTC."""

STATUS = {"owner": "creator", "administrator": "administrator", "": "member"}
RIGHTS = (
    "can_be_edited", "can_manage_chat", "can_change_info", "can_delete_messages", "can_invite_users",
    "can_restrict_members", "can_pin_messages", "can_promote_members", "can_manage_video_chats",
    "can_post_stories", "can_edit_stories", "can_delete_stories", "can_manage_tags",
    "can_send_welcome_messages",
)  # fmt: skip


def user(person: Person) -> Json:
    """Return somebody (Bot API, User)."""
    first, last = person.name
    found: Json = {"id": 100_000_000 + person.number, "is_bot": False, "first_name": first}
    found |= {"last_name": last} if last else {}
    found |= {"username": person.username} if person.username else {}
    found |= {"language_code": person.locale}
    return found | ({"is_premium": True} if person.number % 7 == 0 else {})


def member(person: Person) -> Json:
    """Return what somebody is in the group (Bot API, ChatMember)."""
    found: Json = {"user": user(person), "status": STATUS[person.role]}
    return found | ({"is_anonymous": False} if person.role else {}) | _rights(person.role)


def admins(people: list[Person]) -> list[Json]:
    """Return the admins, among them the bot (Bot API, getChatAdministrators)."""
    bot = {"user": ME, "status": "administrator", "is_anonymous": False, **_rights("administrator")}
    return [bot, *(member(person) for person in people if person.role)]


def _rights(role: str) -> Json:
    return dict.fromkeys(RIGHTS, True) if role == "administrator" else {}


def written(text: Text) -> tuple[str, list[Json]]:
    """Return a text with its entities, whose places are counted in UTF-16 units (Bot API, MessageEntity)."""
    words, entities, place = "", [], 0
    for part in text:
        entity: Json = {}
        if isinstance(part, Link):
            word, entity = part.address, {"type": "url"}
        elif isinstance(part, Mention) and part.person.username:
            word, entity = f"@{part.person.username}", {"type": "mention"}
        elif isinstance(part, Mention):
            word, entity = part.person.name[0], {"type": "text_mention", "user": user(part.person)}
        else:
            word = part
        length = len(word.encode("utf-16-le")) // 2
        if entity:
            entities.append({"offset": place, "length": length, **entity})
        words += word
        place += length
    return words, entities


class Telegram:
    """Tells days.

    Args:
        seed: of what does not matter to the day: file ids and sizes.
    """

    def __init__(self, seed: int = 7) -> None:
        self._random = random.Random(seed)  # noqa: S311 - makes a load, guards nothing
        self._day = 0
        self._updates = FIRST_UPDATE
        self._messages: dict[int, Json] = {}

    def tell(self, happenings: list[Happening]) -> list[bytes]:
        """Return a day's updates, each as it stands in the body of a response."""
        tellers: dict[Deed, Callable[[Happening, int], list[Json]]] = {
            "write": self._write,
            "edit": self._edit,
            "react": self._react,
            "join": self._join,
            "leave": self._leave,
        }
        begin = DAY + self._day * 86_400
        self._day += 1
        told = [
            one for happening in happenings for one in tellers[happening.deed](happening, begin + int(happening.at))
        ]
        return [json.dumps(self._numbered(one), ensure_ascii=False).encode() for one in told]

    def _numbered(self, update: Json) -> Json:
        self._updates += 1
        return {"update_id": self._updates, **update}

    def _write(self, happening: Happening, at: int) -> list[Json]:
        message: Json = {
            "message_id": FIRST_MESSAGE + happening.message,
            "from": user(happening.who),
            "chat": CHAT,
            "date": at,
        }
        if happening.reply_to is not None:
            message["reply_to_message"] = self._messages[happening.reply_to]
        message |= self._carried(happening)
        self._messages[happening.message] = {name: message[name] for name in message if name != "reply_to_message"}
        return [{"message": message}]

    def _edit(self, happening: Happening, at: int) -> list[Json]:
        first = self._messages[happening.message]
        message = {**first, "edit_date": at, **_worded(happening.text, "text", "entities")}
        self._messages[happening.message] = message
        if happening.reply_to is not None:
            message = {**message, "reply_to_message": self._messages[happening.reply_to]}
        return [{"edited_message": message}]

    def _carried(self, happening: Happening) -> Json:
        match happening.carries:
            case "text":
                return _worded(happening.text, "text", "entities")
            case "forward":
                origin = {"type": "channel", "chat": _channel(), "message_id": 812, "date": DAY - 86_400}
                return {"forward_origin": origin, **_worded(happening.text, "text", "entities")}
            case "photo":
                return {"photo": self._photo(), **_worded(happening.text, "caption", "caption_entities")}
            case "sticker":
                return {"sticker": self._sticker()}
            case "voice":
                voice = {"duration": 7, "mime_type": "audio/ogg", **self._file()}
                return {"voice": voice}
            case "file":
                document = {"file_name": "menu.pdf", "mime_type": "application/pdf", **self._file()}
                return {"document": document, **_worded(happening.text, "caption", "caption_entities")}

    def _file(self) -> Json:
        draw = self._random
        name = "AgACAgIAAyEFAAS" + "".join(draw.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789_-", k=60))
        return {"file_id": name, "file_unique_id": name[15:29], "file_size": draw.randrange(2_000, 400_000)}

    def _photo(self) -> list[Json]:
        return [{**self._file(), "width": side, "height": side * 3 // 4} for side in (90, 320, 800, 1280)]

    def _sticker(self) -> Json:
        pictured = {"thumbnail": {**self._file(), "width": 128, "height": 128}}
        return {
            **self._file(),
            **pictured,
            "width": 512,
            "height": 512,
            "emoji": "😀",
            "set_name": "riverside",
            "is_animated": False,
            "is_video": False,
            "type": "regular",
        }

    def _react(self, happening: Happening, at: int) -> list[Json]:
        before, after = ([{"type": "emoji", "emoji": mark} for mark in marks] for marks in happening.marks)
        change: Json = {
            "chat": CHAT,
            "message_id": FIRST_MESSAGE + happening.message,
            "user": user(happening.who),
            "date": at,
            "old_reaction": before,
            "new_reaction": after,
        }
        return [{"message_reaction": change}]

    def _join(self, happening: Happening, at: int) -> list[Json]:
        """Tell it twice, as Telegram does: to admins as a change, to all as a message of the group itself."""
        who, by = happening.who, happening.by
        change: Json = {
            "chat": CHAT,
            "from": user(who),
            "date": at,
            "old_chat_member": {"user": user(who), "status": "left"},
            "new_chat_member": member(who),
        }
        if by is not None:
            change["invite_link"] = {
                "invite_link": f"https://t.me/+RiVeRsIdE{by.number:06d}",
                "creator": user(by),
                "creates_join_request": False,
                "is_primary": False,
                "is_revoked": False,
            }
        newcomers = {"new_chat_participant": user(who), "new_chat_member": user(who), "new_chat_members": [user(who)]}
        return [{"chat_member": change}, self._service(who, at, newcomers)]

    def _leave(self, happening: Happening, at: int) -> list[Json]:
        who = happening.who
        change: Json = {
            "chat": CHAT,
            "from": user(who),
            "date": at,
            "old_chat_member": member(who),
            "new_chat_member": {"user": user(who), "status": "left"},
        }
        goers = {"left_chat_participant": user(who), "left_chat_member": user(who)}
        return [{"chat_member": change}, self._service(who, at, goers)]

    def _service(self, who: Person, at: int, about: Json) -> Json:
        number = 9_000_000 + self._updates
        return {"message": {"message_id": number, "from": user(who), "chat": CHAT, "date": at, **about}}


def _channel() -> Json:
    return {"id": -1_001_000_000_888, "title": "City news", "username": "city_news", "type": "channel"}


def _worded(text: Text, words: str, entities: str) -> Json:
    word, found = written(text)
    return ({words: word} if word else {}) | ({entities: found} if found else {})
