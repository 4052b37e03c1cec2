"""People, groups and messages as Telegram keeps them, and how they look in its JSON."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Json = dict[str, Any]
ADMIN = ("administrator", "creator")
HERE = (*ADMIN, "member", "restricted")
ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
"""Who writes for admins that stay anonymous (Bot API, Message.sender_chat)."""

EXTRAS: dict[str, Json] = {
    "photo": {"photo": [{"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}]},
    "video": {"video": {"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9, "duration": 1}},
    "voice": {"voice": {"file_id": "f", "file_unique_id": "u", "duration": 1}},
    "audio": {"audio": {"file_id": "f", "file_unique_id": "u", "duration": 1}},
    "document": {"document": {"file_id": "f", "file_unique_id": "u"}},
    "animation": {
        "animation": {"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9, "duration": 1},
        "document": {"file_id": "f", "file_unique_id": "u"},
    },
    "sticker": {
        "sticker": {
            "file_id": "f",
            "file_unique_id": "u",
            "type": "regular",
            "width": 9,
            "height": 9,
            "is_animated": False,
            "is_video": False,
        }
    },
    "location": {"location": {"latitude": 31.2, "longitude": 121.5}},
    "dice": {"dice": {"emoji": "🎲", "value": 4}},
    "contact": {"contact": {"phone_number": "1", "first_name": "Cat"}},
    "poll": {
        "poll": {
            "id": "1",
            "question": "?",
            "options": [],
            "total_voter_count": 0,
            "is_closed": False,
            "is_anonymous": True,
            "type": "regular",
            "allows_multiple_answers": False,
            "allows_revoting": False,
            "members_only": False,
        }
    },
}
"""What a message carries beside text, with the fields that must be there (Bot API, Message)."""


RESTRICTIONS = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
)
"""What somebody may or may not do (Bot API, ChatMemberRestricted)."""


@dataclass(frozen=True)
class Filed:
    """An uploaded file: as what it was sent, the id by which it can be sent again, its bytes, its name and its type."""

    kind: str
    id: str
    data: bytes
    name: str = ""
    mime: str = ""

    @property
    def png(self) -> bytes:
        """The picture that it is."""
        return self.data

    def json(self) -> Json:
        """Return the fields of a message with it; of a photo there are several sizes, the largest last (Bot API)."""
        if self.kind == "photo":
            width, height = struct.unpack(">II", self.data[16:24]) if self.data[:4] == b"\x89PNG" else (9, 9)
            small: Json = {"file_id": f"{self.id}-s", "file_unique_id": f"{self.id}s", "width": 90, "height": 90}
            large: Json = {"file_id": self.id, "file_unique_id": f"{self.id}u", "width": width, "height": height}
            return {"photo": [small, large | {"file_size": len(self.data)}]}
        found: Json = {"file_id": self.id, "file_unique_id": f"{self.id}u", "file_size": len(self.data)}
        found |= {"file_name": self.name} if self.name else {}
        found |= {"mime_type": self.mime} if self.mime else {}
        if self.kind == "document":
            return {"document": found}
        moving = found | {"width": 9, "height": 9, "duration": 1}
        return {self.kind: moving} | ({"document": found} if self.kind == "animation" else {})


@dataclass
class User:
    """Somebody with an account."""

    id: int
    name: str
    language: str | None = None
    bot: bool = False
    username: str | None = None
    started: bool = False
    blocked: bool = False
    private: list[Message] = field(default_factory=lambda: [])

    def json(self) -> Json:
        """Return it as Bot API, User."""
        found: Json = {"id": self.id, "is_bot": self.bot, "first_name": self.name}
        if self.language:
            found["language_code"] = self.language
        if self.username:
            found["username"] = self.username
        return found


@dataclass
class Message:
    """A message where it stands.

    Args:
        only_to: who alone sees it beside the bot.
        hidden: its id among those that one person sees.
        answers: the ephemeral command (its id) or the pressed button that it answers.
        media: its picture or file, under which the text stands.
        elsewhere: what is told of a message of another chat that it answers.
        quote: the part that is quoted of what it answers.
    """

    id: int
    chat: int
    at: int
    author: User | None
    text: str = ""
    kind: str = "text"
    entities: list[Json] = field(default_factory=lambda: [])
    rows: list[list[Json]] = field(default_factory=lambda: [])
    reply_to: int | None = None
    topic: int | None = None
    thread: int | None = None
    only_to: int | None = None
    hidden: int | None = None
    answers: int | str | None = None
    pinned: bool = False
    edits: int = 0
    edited_at: int | None = None
    anonymous: bool = False
    forwarded: bool = False
    media: Filed | None = None
    elsewhere: Json | None = None
    quote: Json | None = None

    @property
    def photo(self) -> Filed | None:
        """Its picture."""
        return self.media if self.media is not None and self.media.kind == "photo" else None

    @property
    def buttons(self) -> list[str]:
        """What its buttons say."""
        return [button["text"] for row in self.rows for button in row]


@dataclass
class Group:
    """A group with its members and messages.

    Args:
        tags: what stands beside members' names.
        until: when bans and restrictions end, for those that do.
        may: what restricted people may do all the same.
    """

    id: int
    title: str
    kind: Literal["group", "supergroup"]
    forum: bool = False
    username: str | None = None
    members: dict[int, str] = field(default_factory=lambda: {})
    messages: dict[int, Message] = field(default_factory=lambda: {})
    rights: dict[str, bool] = field(default_factory=lambda: {})
    topics: set[int] = field(default_factory=lambda: set())
    moved_to: int | None = None
    no_photos: bool = False
    no_files: bool = False
    last: int = 0
    tags: dict[int, str] = field(default_factory=lambda: {})
    until: dict[int, int] = field(default_factory=lambda: {})
    may: dict[int, dict[str, bool]] = field(default_factory=lambda: {})

    def json(self) -> Json:
        """Return it as Bot API, Chat."""
        found: Json = {"id": self.id, "type": self.kind, "title": self.title}
        if self.forum:
            found["is_forum"] = True
        if self.username:
            found["username"] = self.username
        return found

    def member(self, user: User) -> Json:
        """Return what somebody is as Bot API, ChatMember."""
        found = member_json(user, self.members.get(user.id, "left"), self.rights)
        if found["status"] in ("kicked", "restricted"):
            found["until_date"] = self.until.get(user.id, 0)
        if found["status"] == "restricted":
            found |= self.may.get(user.id, {})
        if found["status"] in ("member", "restricted") and user.id in self.tags:
            found["tag"] = self.tags[user.id]
        return found

    def next(self) -> int:
        """Return the next message id."""
        self.last += 1
        return self.last


def member_json(user: User, status: str, rights: dict[str, bool] | None = None) -> Json:
    """Return a membership as Bot API, ChatMember."""
    found: Json = {"user": user.json(), "status": status}
    if status == "creator":
        found["is_anonymous"] = False
    if status == "kicked":
        found["until_date"] = 0
    if status == "administrator":
        names = (
            "can_be_edited",
            "is_anonymous",
            "can_manage_chat",
            "can_delete_messages",
            "can_manage_video_chats",
            "can_restrict_members",
            "can_promote_members",
            "can_change_info",
            "can_invite_users",
            "can_post_stories",
            "can_edit_stories",
            "can_delete_stories",
            "can_send_welcome_messages",
            "can_pin_messages",
            "can_manage_tags",
        )
        found |= {name: (rights or {}).get(name, name == "can_manage_chat") for name in names}
    if status in ("restricted", "restricted away"):
        found |= {"status": "restricted", "is_member": status == "restricted", "until_date": 0}
        found |= dict.fromkeys(RESTRICTIONS, False)
    return found


def message_json(message: Message, chat: Json, reply: Json | None = None) -> Json:
    """Return a message as Bot API, Message."""
    found: Json = {"message_id": 0 if message.hidden else message.id, "date": message.at, "chat": chat}
    if message.anonymous:
        found |= {"from": ANONYMOUS, "sender_chat": chat}
    elif message.author is not None:
        found["from"] = message.author.json()
    if message.hidden:
        found["ephemeral_message_id"] = message.hidden
    if message.topic is not None:
        found |= {"message_thread_id": message.topic, "is_topic_message": True}
    elif message.thread is not None:  # replies form threads in every supergroup, not in forums only
        found["message_thread_id"] = message.thread
    if reply is not None:
        found["reply_to_message"] = reply
    if message.edited_at is not None:
        found["edit_date"] = message.edited_at
    if message.forwarded:
        found["forward_origin"] = {"type": "hidden_user", "date": message.at, "sender_user_name": "Zoe"}
    if message.elsewhere is not None:
        found["external_reply"] = message.elsewhere
    if message.quote is not None:
        found["quote"] = message.quote
    if message.media is not None:
        found |= message.media.json() | ({"caption": message.text} if message.text else {})
        if message.entities:
            found["caption_entities"] = message.entities
    elif message.kind == "text":
        found["text"] = message.text
        if message.entities:
            found["entities"] = message.entities
    elif message.kind == "forum_topic_created":
        found[message.kind] = {"name": message.text, "icon_color": 7322096}
    else:
        found |= EXTRAS[message.kind]
        if message.text:
            found["caption"] = message.text
    if message.rows:
        found["reply_markup"] = {"inline_keyboard": message.rows}
    return found


def stamp(moment: datetime) -> int:
    """Return a moment as Telegram writes it."""
    return int(moment.timestamp())
