"""The command menus that Telegram shows: by chat, by language, and for admins more than for members."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

import msgspec
import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramMigrateToChat, TelegramRetryAfter, TelegramUnauthorizedError
from aiogram.methods import SetMyCommands
from aiogram.types import BotCommand, BotCommandScopeChat, BotCommandScopeChatAdministrators
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer import CommandForm, Host, Statement, Transaction
from xiaoer_telegram.chats import Chats
from xiaoer_telegram.faults import FAULTS, fault, is_refused
from xiaoer_telegram.tables import menus
from xiaoer_telegram.view import in_menu
from xiaoer_telegram.wire import Backoff

LANGUAGES = (None, "zh", "en")
"""The community's own language for everybody, and those that Xiaoer speaks for whoever has set one of them."""

MOST = 100
"""Commands in one menu (Bot API, setMyCommands)."""

DESCRIPTION = 256
"""Characters of a description (Bot API, BotCommand)."""

_WORD = re.compile(r"[a-z0-9_]{1,32}")
"""What a menu takes for a command (Bot API, BotCommand)."""

DIGEST = Statement(select(menus.c.digest).where(menus.c.scope == bindparam("which")))
_set = upsert(menus).values(scope=bindparam("scope"), digest=bindparam("digest"))
NOTE = Statement(_set.on_conflict_do_update(index_elements=["scope"], set_={"digest": _set.excluded.digest}))


def entries(forms: Iterable[CommandForm], *, admins: bool) -> list[tuple[str, CommandForm]]:
    """Return the commands of a menu by the name that stands in it.

    A tree stands there as its default, and its other commands as ``rules_set``, because a menu knows single words only.

    Args:
        forms: the community's commands.
        admins: whether commands that not everybody may use are in it.
    """
    found: dict[str, CommandForm] = {}
    for form in forms:
        name = in_menu(form.path[:1] if form.default else form.path)
        if (form.role is None or admins) and _WORD.fullmatch(name):
            found.setdefault(name, form)
    return list(found.items())[:MOST]


class Menus:
    """Sets menus, each only when it has changed.

    Args:
        host: the core.
        bot: reaches Telegram.
        chats: the chats that have menus.
    """

    def __init__(self, host: Host, bot: Bot, chats: Chats) -> None:
        self._host = host
        self._bot = bot
        self._chats = chats

    async def run(self) -> None:
        """Set all menus now, and again whenever a chat has become another one.

        Raises:
            StoreError: what was set cannot be noted.
        """
        while True:
            self._chats.news.clear()
            await self.set_all()
            await self._chats.news.wait()

    async def set_all(self) -> None:
        """Set the menus of all chats; one that Telegram will not have does not hold up the others.

        Raises:
            StoreError: what was set cannot be noted.
        """
        for space in self._chats.spaces:
            for admins in (False, True):
                for language in LANGUAGES:
                    await self._set(space, language, admins=admins)

    async def _set(self, space: str, language: str | None, *, admins: bool) -> None:
        commands = self._commands(self._chats.community(space), language, admins=admins)
        chat = self._chats.target(space)[0]
        scope = BotCommandScopeChatAdministrators(chat_id=chat) if admins else BotCommandScopeChat(chat_id=chat)
        which = f"{scope.type}:{chat}:{language or ''}"
        content = msgspec.json.encode([command.model_dump(exclude_none=True) for command in commands])
        digest = hashlib.sha256(content).hexdigest()
        rows = await self._host.store.read(DIGEST, which=which)
        if rows and rows[0].digest == digest:
            return
        if await self._insist(SetMyCommands(commands=commands, scope=scope, language_code=language), space):
            await self._host.store.transact(_note, which, digest)

    def _commands(self, community: str, language: str | None, *, admins: bool) -> list[BotCommand]:
        # what is typed for the bot alone need not say what it answers (Bot API, Message.reply_to_message)
        return [
            BotCommand(
                command=name,
                description=self._host.text(community, language, form.summary)[:DESCRIPTION] or name,
                is_ephemeral=(form.answer == "private" and not form.on_message) or None,
            )
            for name, form in entries(self._host.command_forms(community), admins=admins)
        ]

    async def _insist(self, method: SetMyCommands, space: str) -> bool:
        """Ask until Telegram has done it, or will not do it."""
        clock = self._host.clock.platform
        backoff = Backoff(clock)
        while True:
            try:
                return await self._bot(method)
            except TelegramRetryAfter as error:
                await clock.sleep(float(error.retry_after))
            except (TelegramMigrateToChat, TelegramUnauthorizedError):
                return False  # whoever takes updates in finds that out too
            except FAULTS as error:
                if is_refused(error):
                    structlog.get_logger().warning("telegram menu not set", chat=space, reason=fault(error).reason)
                    return False
                await backoff.pause()


def _note(tx: Transaction, scope: str, digest: str) -> None:
    tx.run(NOTE, scope=scope, digest=digest)
