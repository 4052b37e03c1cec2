"""What translating needs to know, and how chats, people and commands are named."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from xiaoer import Who
from xiaoer_telegram.updates import Chat, Message, User

ANONYMOUS = 1087968824
"""The account that Telegram names where an admin stays anonymous: @GroupAnonymousBot (Bot API, Message.from)."""


@dataclass(frozen=True)
class Place:
    """Where an update happened.

    Args:
        space: the community's space, for instance ``telegram:-1001``.
        chat: the chat in it; for private chats with the bot the person's.
        private: whether nobody else reads it.
    """

    space: str
    chat: str
    private: bool = False


class View(Protocol):
    """What is known about the bot and its chats."""

    bot: int
    username: str

    def place(self, chat: Chat, topic: int | None, button: str = "") -> Place | None:
        """Return where a chat is in the communities; None when it is in none of them."""
        ...

    def role(self, space: str, user: int) -> str:
        """Return a person's status among the admins of a space; empty for an ordinary member."""
        ...

    def administers(self, space: str) -> bool:
        """Return whether the bot is an admin of a space."""
        ...

    def command(self, space: str, word: str) -> str | None:
        """Return a command as the community knows it, for its first word as Telegram writes it; None if unknown."""
        ...

    def now(self) -> datetime:
        """Return community time."""
        ...


def in_menu(path: Iterable[str]) -> str:
    """Return a command's path as the one word that a menu of Telegram takes."""
    return "_".join(path).replace("-", "_")


def clean(text: str) -> str:
    """Return a text without halves of characters, which cannot be stored."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def who_is(user: User, role: str) -> Who:
    """Return the account of a user."""
    name = clean(user.full_name)
    return Who(f"telegram:{user.id}", name, user.language_code, role, bot=user.is_bot, handle=user.username or "")


def nobody(speaker: Chat, chat: Chat, space: str) -> Who:
    """Return who acts in a chat's name: an anonymous admin as the group itself, else a channel, which is no person."""
    name = clean(speaker.full_name)
    if speaker.id == chat.id:
        return Who(space, name, None, "administrator")
    return Who(f"telegram:{speaker.id}", name, bot=True)


def author_of(message: Message, space: str, view: View) -> Who | None:
    """Return who wrote a message; None when Telegram does not say."""
    chat, user = message.sender_chat, message.from_user
    if chat is not None:
        return nobody(chat, message.chat, space)
    return who_is(user, view.role(space, user.id)) if user is not None else None


def actor_of(user: User, space: str) -> str:
    """Return the account of who did something to somebody else; an anonymous admin does it as the group itself."""
    return space if user.id == ANONYMOUS else f"telegram:{user.id}"
