"""What Telegram tells, as far as it is used (Bot API, Update).

aiogram's own types know every field of the Bot API, and reading an update into them takes longer than all that follows
from it; they also refuse an update of which they do not know one part. These are read from the same JSON, and what is
not named here is passed over.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec


class User(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with an account (Bot API, User)."""

    id: int
    is_bot: bool
    first_name: str
    last_name: str | None = None
    language_code: str | None = None
    username: str | None = None

    @property
    def full_name(self) -> str:
        """The name people see."""
        return f"{self.first_name} {self.last_name}" if self.last_name else self.first_name


class Chat(msgspec.Struct, frozen=True, kw_only=True):
    """A group, a channel or a private chat (Bot API, Chat)."""

    id: int
    type: str
    title: str | None = None
    username: str | None = None
    first_name: str | None = None
    last_name: str | None = None

    @property
    def full_name(self) -> str:
        """The name people see."""
        return self.title or " ".join(part for part in (self.first_name, self.last_name) if part)


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a text that is something special (Bot API, MessageEntity); both numbers count UTF-16 units."""

    type: str
    offset: int
    length: int
    user: User | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message (Bot API, Message); one that the bot cannot see has no more than its chat and its id.

    What it carries is not looked into, so of that only whether it is there counts.
    """

    message_id: int
    sent: int = msgspec.field(name="date")
    chat: Chat
    from_user: User | None = msgspec.field(default=None, name="from")
    sender_chat: Chat | None = None
    text: str | None = None
    caption: str | None = None
    entities: tuple[Entity, ...] = ()
    edit_date: int | None = None
    message_thread_id: int | None = None
    is_topic_message: bool = False
    ephemeral_message_id: int | None = None
    reply_to_message: Message | None = None
    external_reply: Any = None
    quote: Any = None
    forward_origin: Any = None
    new_chat_members: tuple[User, ...] = ()
    left_chat_member: User | None = None
    community_chat_joined: Any = None
    migrate_to_chat_id: int | None = None
    migrate_from_chat_id: int | None = None
    photo: Any = None
    live_photo: Any = None
    video: Any = None
    video_note: Any = None
    animation: Any = None
    voice: Any = None
    audio: Any = None
    sticker: Any = None
    document: Any = None
    poll: Any = None
    location: Any = None
    venue: Any = None
    contact: Any = None
    dice: Any = None
    game: Any = None
    story: Any = None
    paid_media: Any = None
    checklist: Any = None
    rich_message: Any = None
    giveaway: Any = None
    invoice: Any = None

    @property
    def date(self) -> datetime:
        """When it was sent."""
        return datetime.fromtimestamp(self.sent, UTC)


class CallbackQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A pressed button (Bot API, CallbackQuery)."""

    id: str
    from_user: User = msgspec.field(name="from")
    message: Message | None = None
    data: str | None = None


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody is in a chat (Bot API, ChatMember)."""

    user: User
    status: str
    is_member: bool | None = None
    tag: str = ""


class InviteLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link by which somebody came in (Bot API, ChatInviteLink)."""

    invite_link: str
    creator: User
    is_primary: bool


class ChatMemberUpdated(msgspec.Struct, frozen=True, kw_only=True):
    """A change of what somebody is in a chat (Bot API, ChatMemberUpdated)."""

    chat: Chat
    from_user: User = msgspec.field(name="from")
    changed: int = msgspec.field(name="date")
    old_chat_member: Member
    new_chat_member: Member
    invite_link: InviteLink | None = None
    via_join_request: bool = False
    via_chat_folder_invite_link: bool = False

    @property
    def date(self) -> datetime:
        """When it happened."""
        return datetime.fromtimestamp(self.changed, UTC)


class ChatJoinRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody asks to be let in (Bot API, ChatJoinRequest)."""

    chat: Chat
    from_user: User = msgspec.field(name="from")
    user_chat_id: int
    asked: int = msgspec.field(name="date")
    invite_link: InviteLink | None = None

    @property
    def date(self) -> datetime:
        """When they asked."""
        return datetime.fromtimestamp(self.asked, UTC)


class Reaction(msgspec.Struct, frozen=True, kw_only=True):
    """A reaction (Bot API, ReactionType)."""

    type: str
    emoji: str | None = None
    custom_emoji_id: str | None = None


class MessageReactionUpdated(msgspec.Struct, frozen=True, kw_only=True):
    """A change of somebody's reactions to a message (Bot API, MessageReactionUpdated)."""

    chat: Chat
    message_id: int
    changed: int = msgspec.field(name="date")
    user: User | None = None
    actor_chat: Chat | None = None
    old_reaction: tuple[Reaction, ...] = ()
    new_reaction: tuple[Reaction, ...] = ()

    @property
    def date(self) -> datetime:
        """When it happened."""
        return datetime.fromtimestamp(self.changed, UTC)


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """Something that Telegram tells (Bot API, Update)."""

    update_id: int
    message: Message | None = None
    edited_message: Message | None = None
    callback_query: CallbackQuery | None = None
    chat_member: ChatMemberUpdated | None = None
    my_chat_member: ChatMemberUpdated | None = None
    chat_join_request: ChatJoinRequest | None = None
    message_reaction: MessageReactionUpdated | None = None


def read(raw: dict[str, Any]) -> Update:
    """Return an update.

    Raises:
        msgspec.ValidationError: it is not as the Bot API says.
    """
    return msgspec.convert(raw, Update)
