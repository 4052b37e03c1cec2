"""What the adapter knows of its chats: which space they are, who administers them, and what moved where."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramMigrateToChat
from aiogram.types import User
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer import Host, Statement, Transaction
from xiaoer_telegram.admins import Admins
from xiaoer_telegram.faults import FAULTS, fault
from xiaoer_telegram.homes import Homes
from xiaoer_telegram.tables import moves
from xiaoer_telegram.updates import Chat, Message, Update
from xiaoer_telegram.view import Place, in_menu

GENERAL = 1
"""The topic of a forum that messages are in without saying so; it must not be named when one is sent."""

MOVES = Statement(select(moves))
_move = upsert(moves).values(was=bindparam("was"), now=bindparam("now"))
NOTE_MOVE = Statement(_move.on_conflict_do_update(index_elements=["was"], set_={"now": _move.excluded.now}))


class Chats:
    """The chats of one bot, as :class:`~xiaoer_telegram.view.View`.

    Args:
        host: the core.
        bot: reaches Telegram.
        me: the bot.

    Attributes:
        bot: the bot's id.
        username: its name behind the @.
        news: set when a chat got another id, or the bot became something else in one.
    """

    def __init__(self, host: Host, bot: Bot, me: User) -> None:
        self._host = host
        self._me = me
        self.bot, self.username = me.id, me.username or ""
        self.news = asyncio.Event()
        self._admins = Admins(bot, me.id, host.clock.platform)
        self._finder = Homes(host, bot, self._targets, self.moved)
        self._spaces: dict[int, str] = {}
        self._community: dict[str, str] = {}
        for community in host.communities():
            for space in community.spaces:
                if space.startswith("telegram:"):
                    self._spaces[_number(space)] = space
                    self._community[space] = community.id
        self._moved: dict[int, int] = {}
        self._was: dict[int, int] = {}
        self._homes: dict[int, list[str]] = {}
        self._words: dict[str, dict[str, str]] = {}
        self._strange: set[int] = set()

    @property
    def spaces(self) -> list[str]:
        """The spaces that belong to communities."""
        return list(self._community)

    def community(self, space: str) -> str:
        """Return the community of a space."""
        return self._community[space]

    async def load(self) -> None:
        """Learn which groups became supergroups, also while nobody listened, and who administers them."""
        for row in await self._host.store.read(MOVES):
            self._learn(row.was, row.now)
        for space in self.spaces:
            try:
                await self._load_admins(space)
            except FAULTS as error:  # asked again when something happens there
                reason = fault(error).reason
                structlog.get_logger().warning("telegram does not tell who administers", chat=space, reason=reason)
                continue
            if not (self.administers(space) or self._me.can_read_all_group_messages):
                structlog.get_logger().warning(
                    "telegram: the bot is no admin here, so it hears commands and little else", chat=space
                )

    async def _load_admins(self, space: str) -> None:
        try:
            await self._admins.load(space, self.target(space)[0])
        except TelegramMigrateToChat as error:
            await self.moved(self.target(space)[0], error.migrate_to_chat_id)
            await self._admins.load(space, self.target(space)[0])

    def _learn(self, was: int, now: int) -> None:
        self._moved[was] = now
        self._was[now] = was

    async def moved(self, was: int, now: int) -> None:
        """Note that a group has become a supergroup; all that is known of it stays.

        Raises:
            StoreError: it cannot be noted.
        """
        origin = self._was.get(was, was)
        if self._moved.get(origin) == now:
            return
        await self._host.store.transact(_note_move, origin, now)
        self._learn(origin, now)
        self.news.set()
        structlog.get_logger().info("group became a supergroup", platform="telegram", was=origin, now=now)

    def target(self, chat: str) -> tuple[int, int | None]:
        """Return the chat id that Telegram uses now, and the topic."""
        place, _, topic = chat.partition("/")
        number = _number(place)
        thread = int(topic) if topic else GENERAL
        return self._moved.get(number, number), None if thread == GENERAL else thread

    def _targets(self) -> dict[str, int]:
        return {space: self.target(space)[0] for space in self._community}

    def space_of(self, chat: int) -> str | None:
        """Return the space that a group is; None when it is none of ours."""
        return self._spaces.get(chat) or self._spaces.get(self._was.get(chat, 0))

    def place(self, chat: Chat, topic: int | None, button: str = "") -> Place | None:
        """Return where a chat is in the communities."""
        if chat.type == "private":
            home = self._home(chat.id, button)
            return Place(home, f"telegram:{chat.id}", private=True) if home is not None else None
        space = self.space_of(chat.id)
        if space is None:
            self._wonder(chat)
            return None
        return Place(space, space if topic is None else f"{space}/{topic}")

    def _home(self, user: int, button: str) -> str | None:
        homes = self.homes(user)
        if not button:
            return homes[0] if len(homes) == 1 else None
        owner = self._host.community_of(button, dict.fromkeys(self._community[home] for home in homes))
        return next((home for home in homes if self._community[home] == owner), None)

    def _wonder(self, chat: Chat) -> None:
        if chat.id not in self._strange:
            self._strange.add(chat.id)
            structlog.get_logger().warning(
                "chat belongs to no community: add it to spaces = [...] of one",
                chat=f"telegram:{chat.id}",
                title=chat.title,
            )

    def role(self, space: str, user: int) -> str:
        """Return a person's status among the admins of a space."""
        return self._admins.role(space, user)

    def administers(self, space: str) -> bool:
        """Return whether the bot is an admin of a space."""
        return self._admins.leads(space)

    def command(self, space: str, word: str) -> str | None:
        """Return a command for its first word; ``rules_set`` is how menus write ``rules set``."""
        return self._known(space).get(word)

    def _known(self, space: str) -> dict[str, str]:
        community = self._community[space]
        if community not in self._words:
            forms = self._host.command_forms(community)
            words = {in_menu(form.path): " ".join(form.path) for form in forms}
            self._words[community] = words | {form.path[0]: form.path[0] for form in forms}
        return self._words[community]

    def now(self) -> datetime:
        """Return community time."""
        return self._host.clock.now()

    def homes(self, user: int) -> list[str]:
        """Return the spaces that were found for somebody who writes in private."""
        return self._homes.get(user, [])

    async def prepare(self, update: Update) -> None:
        """Learn what the translation of an update needs.

        Raises:
            TelegramAPIError: Telegram does not say it now.
            ClientDecodeError: what it says cannot be read.
            StoreError: it cannot be noted.
        """
        chat = _chat_of(update)
        if chat is None:
            return
        if chat.type == "private":
            self._homes = {}
            self._homes = {chat.id: await self._finder.find(chat.id)}
            for home in self._homes[chat.id]:
                await self._load_admins(home)
            return
        if update.message is not None:
            await self._follow(update.message)
        space = self.space_of(chat.id)
        if space is None:
            return
        if update.my_chat_member is not None:
            self.news.set()
        change = update.chat_member or update.my_chat_member
        if change is not None:
            self._admins.note(space, change.new_chat_member.user.id, str(change.new_chat_member.status))
        await self._load_admins(space)

    async def _follow(self, message: Message) -> None:
        """Hear from either side that a group has become a supergroup (Bot API, Message.migrate_to_chat_id)."""
        chat = message.chat.id
        if message.migrate_to_chat_id is not None and self.space_of(chat) is not None:
            await self.moved(chat, message.migrate_to_chat_id)
        elif message.migrate_from_chat_id is not None and self.space_of(message.migrate_from_chat_id) is not None:
            await self.moved(message.migrate_from_chat_id, chat)


def _note_move(tx: Transaction, was: int, now: int) -> None:
    tx.run(NOTE_MOVE, was=was, now=now)


def _number(place: str) -> int:
    text = place.removeprefix("telegram:").partition("/")[0]
    try:
        return int(text)
    except ValueError:
        return 0


def _chat_of(update: Update) -> Chat | None:
    holder: Any = (
        update.message
        or update.edited_message
        or update.chat_member
        or update.my_chat_member
        or update.chat_join_request
        or update.message_reaction
        or (update.callback_query.message if update.callback_query is not None else None)
    )
    return holder.chat if holder is not None else None


def is_private(update: Update) -> bool:
    """Return whether an update happened in a private chat with the bot."""
    chat = _chat_of(update)
    return chat is not None and chat.type == "private"
