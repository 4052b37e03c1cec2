"""What people do on the simulated Telegram; each act tells the bot what Telegram would tell it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Literal

from aiogram.types import Update
from tests.simulators.telegram.invites import Links
from tests.simulators.telegram.keeping import Keeping
from tests.simulators.telegram.photos import Photos
from tests.simulators.telegram.world import (
    ADMIN,
    HERE,
    Filed,
    Group,
    Json,
    Message,
    User,
    member_json,
    message_json,
    stamp,
)

DEFAULTS = frozenset({"message", "edited_message", "callback_query", "my_chat_member", "chat_join_request"})
ASKED_FOR = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Told only when they are named in ``allowed_updates`` (Bot API, getUpdates)."""


@dataclass
class Press:
    """A pressed button, and what the person was shown for it."""

    id: str
    user: User
    message: Message
    at: datetime
    answered: bool = False
    text: str | None = None
    alert: bool = False
    url: str | None = None


class People:
    """The people and groups of one bot.

    Args:
        bot: the bot's own account.
        now: the time.

    Attributes:
        allowed: the kinds of updates that are made.
        reads_all: whether the bot hears everything though it is no admin (BotFather, privacy mode off).
        webhook: where updates go instead; empty for nowhere.
        hides: by which version's parameters a message is shown to one person alone; ``leaks`` knows the methods and
            shows it to everybody.
        photos: what was uploaded.
        links: the invite links of all groups.
        keeping: who is tagged, removed and let in.
        repaints: whether a text can be given a picture afterwards; older servers have no such thing.
    """

    def __init__(self, bot: User, now: Callable[[], datetime]) -> None:
        self.bot = bot
        self.now = now
        self.users: dict[int, User] = {bot.id: bot}
        self.groups: dict[int, Group] = {}
        self.presses: dict[str, Press] = {}
        self.updates: list[Json] = []
        self.allowed: frozenset[str] = DEFAULTS
        self.reads_all = False
        self.webhook = ""
        self.hides: Literal["never", "10.2", "10.3", "leaks"] = "10.3"
        self.repaints = True
        self.hidden = count(1)
        self.photos = Photos()
        self.links = Links(self)
        self.keeping = Keeping(self)
        self._ids = count(1000)
        self._numbers = count(1)
        self._next_update = count(700)
        self.on_update: Callable[[], None] = lambda: None

    def user(self, name: str, *, language: str | None = None, bot: bool = False) -> User:
        """Return a new person."""
        user = User(next(self._ids), name, language, bot)
        self.users[user.id] = user
        return user

    def group(
        self,
        title: str = "Town",
        *,
        kind: Literal["group", "supergroup"] = "supergroup",
        number: int | None = None,
        forum: bool = False,
        username: str | None = None,
        admin: bool = False,
    ) -> Group:
        """Return a new group that the bot is in already."""
        name = number or (-1001000000000 - next(self._ids) if kind == "supergroup" else -next(self._ids))
        group = Group(name, title, kind, forum, username)
        group.members[self.bot.id] = "administrator" if admin else "member"
        self.groups[group.id] = group
        return group

    def tell(self, kind: str, payload: Json) -> None:
        """Make an update, if the bot asked for its kind; what is filtered now never returns (server's source)."""
        if kind not in self.allowed:
            return
        update = {"update_id": next(self._next_update), kind: payload}
        Update.model_validate(update)  # an independent description of what Telegram sends
        self.updates.append(update)
        self.on_update()

    def _leads(self, group: Group) -> bool:
        return group.members.get(self.bot.id) in ADMIN

    def promote(self, group: Group, user: User, status: str = "administrator", **rights: bool) -> None:
        """Change what somebody is in a group."""
        old = group.member(user)
        group.members[user.id] = status
        if status in ADMIN:
            group.tags.pop(user.id, None)  # they have a title instead
        if user is self.bot:
            group.rights = rights
        payload = {
            "chat": group.json(),
            "from": user.json(),
            "date": stamp(self.now()),
            "old_chat_member": old,
            "new_chat_member": member_json(user, status, rights),
        }
        if user is self.bot:
            self.tell("my_chat_member", payload)
        elif self._leads(group):
            self.tell("chat_member", payload)

    def join(
        self, group: Group, user: User, *, by: User | None = None, link: User | Literal["primary"] | None = None
    ) -> None:
        """Let somebody come in: by themselves, pulled in by somebody, or by the link that somebody made."""
        extra: Json = {}
        if link is not None:
            creator = user if link == "primary" else link
            extra["invite_link"] = {
                "invite_link": f"https://t.me/+{creator.id}",
                "creator": creator.json(),
                "creates_join_request": False,
                "is_primary": link == "primary",
                "is_revoked": False,
            }
        self.come(group, user, by or user, extra)

    def come(self, group: Group, user: User, actor: User, extra: Json) -> None:
        """Let somebody come in, which an admin hears with what it says of the way, and others by a service message."""
        back = group.members.get(user.id) == "restricted away"
        self.change(group, user, "restricted" if back else "member", actor, extra)
        by = user if "via_join_request" in extra else actor
        self._service(group, by, {"new_chat_members": [user.json()]})

    def leave(self, group: Group, user: User, *, removed_by: User | None = None) -> None:
        """Let somebody leave, or be removed."""
        self.depart(group, user, "kicked" if removed_by else "left", removed_by or user)

    def depart(self, group: Group, user: User, status: str, actor: User) -> None:
        """Let somebody go, which an admin hears, and others by a service message."""
        self.change(group, user, status, actor, {})
        self._service(group, actor, {"left_chat_member": user.json()})

    def change(self, group: Group, user: User, status: str, actor: User, extra: Json) -> None:
        """Make somebody something else in a group, which an admin hears."""
        old = group.member(user)
        group.members[user.id] = status
        if status not in HERE:
            group.tags.pop(user.id, None)
        self.changed(group, user, old, actor, extra)

    def changed(self, group: Group, user: User, old: Json, actor: User, extra: Json) -> None:
        """Tell what somebody was and is in a group."""
        if self._leads(group):  # others are not told (Bot API, Update.chat_member)
            self.tell(
                "chat_member",
                {
                    "chat": group.json(),
                    "from": actor.json(),
                    "date": stamp(self.now()),
                    "old_chat_member": old,
                    "new_chat_member": group.member(user),
                    **extra,
                },
            )

    def _service(self, group: Group, actor: User, fields: Json) -> None:
        payload = {
            "message_id": group.next(),
            "date": stamp(self.now()),
            "chat": group.json(),
            "from": actor.json(),
            **fields,
        }
        self.tell("message", payload)

    def write(
        self,
        group: Group,
        user: User,
        text: str = "",
        *,
        kind: str = "text",
        reply_to: Message | None = None,
        topic: int | None = None,
        anonymous: bool = False,
        forwarded: bool = False,
        media: Filed | None = None,
        elsewhere: Json | None = None,
        quote: Json | None = None,
    ) -> Message:
        """Let somebody write; without being an admin, a bot in privacy mode is not told all (Bot features, Privacy)."""
        message = Message(group.next(), group.id, stamp(self.now()), user, text, kind)
        if reply_to is not None:
            message.reply_to, message.thread = reply_to.id, reply_to.thread or reply_to.id
        message.topic, message.anonymous, message.forwarded = topic, anonymous, forwarded
        message.media, message.elsewhere, message.quote = media, elsewhere, quote
        message.entities = _commands(text)
        group.messages[message.id] = message
        answers_bot = reply_to is not None and reply_to.author is self.bot
        if not user.bot and (self.reads_all or self._leads(group) or text.startswith("/") or answers_bot):
            self.tell("message", self.as_json(message))
        return message

    def whisper(self, group: Group, user: User, text: str) -> Message:
        """Let somebody use an ephemeral command, which only the bot sees (Bot API, Ephemeral Messages and Commands)."""
        message = Message(group.next(), group.id, stamp(self.now()), user, text, hidden=next(self.hidden))
        message.only_to, message.entities = user.id, _commands(text)
        group.messages[message.id] = message
        payload = self.as_json(message) | {"receiver_user": self.bot.json()}
        self.tell("message", payload)
        return message

    def as_json(self, message: Message) -> Json:
        """Return a message of a group or a private chat as Telegram would send it."""
        group = self.groups.get(message.chat)
        if group is None:
            user = self.users[message.chat]
            return message_json(message, {"id": user.id, "type": "private", "first_name": user.name})
        answered = group.messages.get(message.reply_to or message.topic or 0)
        reply = message_json(answered, group.json()) if answered is not None else None
        return message_json(message, group.json(), reply)

    def open_topic(self, group: Group, user: User, title: str) -> int:
        """Open a topic in a forum; whatever is written there "replies" to the message that opened it."""
        message = Message(group.next(), group.id, stamp(self.now()), user, title, "forum_topic_created")
        message.topic = message.id
        group.messages[message.id] = message
        group.topics.add(message.id)
        self.tell("message", message_json(message, group.json()))
        return message.id

    def edit(self, message: Message, text: str) -> None:
        """Let somebody change what they wrote."""
        message.text, message.edits, message.edited_at = text, message.edits + 1, stamp(self.now())
        self.tell("edited_message", self.as_json(message))

    def react(self, group: Group, user: User, message: Message, *emoji: str, before: tuple[str, ...] = ()) -> None:
        """Let somebody put reactions under a message; only admins among the bots are told."""
        if self._leads(group):
            self.tell(
                "message_reaction",
                {
                    "chat": group.json(),
                    "message_id": message.id,
                    "user": user.json(),
                    "date": stamp(self.now()),
                    "old_reaction": [{"type": "emoji", "emoji": mark} for mark in before],
                    "new_reaction": [{"type": "emoji", "emoji": mark} for mark in emoji],
                },
            )

    def press(self, user: User, message: Message, label: str) -> Press:
        """Let somebody press a button of a message that they see."""
        if message.only_to not in (None, user.id):
            raise AssertionError(f"{user.name} does not see that message")
        button = next((button for row in message.rows for button in row if button["text"] == label), None)
        if button is None:
            raise AssertionError(f"{message.text!r} has no button {label}: {message.buttons}")
        press = Press(f"9{next(self._numbers):012}", user, message, self.now())
        self.presses[press.id] = press
        payload = {
            "id": press.id,
            "from": user.json(),
            "message": self.as_json(message),
            "chat_instance": "1",
            "data": button["callback_data"],
        }
        self.tell("callback_query", payload)
        return press

    def write_private(self, user: User, text: str) -> Message:
        """Let somebody write to the bot in private; from then on it may write to them."""
        user.started = True
        message = Message(len(user.private) + 1, user.id, stamp(self.now()), user, text, entities=_commands(text))
        user.private.append(message)
        self.tell("message", self.as_json(message))
        return message

    def migrate(self, group: Group) -> Group:
        """Make a group a supergroup: its id changes, and both sides have a service message (server's source)."""
        new = self.group(group.title, kind="supergroup")
        new.members, new.rights, new.tags = group.members, group.rights, group.tags
        group.moved_to = new.id
        self._service(group, self.bot, {"migrate_to_chat_id": new.id})
        self._service(new, self.bot, {"migrate_from_chat_id": group.id})
        return new

    def seen(self, group: Group, user: User) -> list[Message]:
        """Return what somebody sees in a group."""
        return [message for message in group.messages.values() if message.only_to in (None, user.id)]

    def said(self, group: Group, user: User) -> list[Message]:
        """Return what somebody sees of the bot in a group."""
        return [message for message in self.seen(group, user) if message.author is self.bot]

    def private(self, user: User) -> list[Message]:
        """Return what the bot wrote to somebody in private."""
        return [message for message in user.private if message.author is self.bot]


def _commands(text: str) -> list[Json]:
    if not text.startswith("/"):
        return []
    word = text.split()[0]
    return [{"type": "bot_command", "offset": 0, "length": len(word)}]
