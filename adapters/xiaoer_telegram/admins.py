"""Who administers a group, as the platform's role of whoever writes there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramMigrateToChat

from xiaoer_telegram.faults import FAULTS, fault, is_refused
from xiaoer_telegram.wire import GetRawAdmins

if TYPE_CHECKING:
    from xiaoer import Clock

ADMINS = frozenset({"creator", "administrator"})

FRESH = 300.0
"""Seconds of platform time after which admins are asked for again where Telegram does not tell who becomes one."""


class Admins:
    """The admins of all groups.

    Args:
        bot: reaches Telegram.
        me: the bot's own id.
        clock: platform time.
    """

    def __init__(self, bot: Bot, me: int, clock: Clock) -> None:
        self._bot = bot
        self._me = me
        self._clock = clock
        self._roles: dict[str, dict[int, str]] = {}
        self._asked: dict[str, float] = {}

    def role(self, space: str, user: int) -> str:
        """Return a person's status among the admins of a space; empty for an ordinary member."""
        return self._roles.get(space, {}).get(user, "")

    def leads(self, space: str) -> bool:
        """Return whether the bot is an admin of a space."""
        return self.role(space, self._me) != ""

    async def load(self, space: str, chat: int) -> None:
        """Ask who the admins are, unless that is known.

        Args:
            space: the group as the core knows it.
            chat: its id as Telegram knows it now.

        Raises:
            TelegramAPIError: Telegram does not say it now.
            ClientDecodeError: what it says cannot be read.
        """
        asked = self._asked.get(space)
        if asked is not None and (self.leads(space) or self._clock.monotonic() - asked < FRESH):
            return
        try:
            admins = await self._bot(GetRawAdmins(chat_id=chat))
        except TelegramMigrateToChat:
            raise
        except FAULTS as error:
            if not is_refused(error) and asked is None:
                raise
            structlog.get_logger().warning(
                "telegram does not tell who administers", chat=space, reason=fault(error).reason
            )
            self._roles.setdefault(space, {})  # what was known of them still counts
        else:
            self._roles[space] = {int(admin["user"]["id"]): str(admin["status"]) for admin in admins}
        self._asked[space] = self._clock.monotonic()

    def note(self, space: str, user: int, status: str) -> None:
        """Hear that somebody's status has changed."""
        if user == self._me:
            self._asked.pop(space, None)  # from here on Telegram tells of others, or does so no more
        elif status in ADMINS:
            self._roles.setdefault(space, {})[user] = status
        else:
            self._roles.get(space, {}).pop(user, None)
