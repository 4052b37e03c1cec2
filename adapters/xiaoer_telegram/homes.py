"""Where somebody is at home who writes to the bot in private: a private chat belongs to no space of its own."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from aiogram import Bot
from aiogram.exceptions import TelegramMigrateToChat

from xiaoer import Host
from xiaoer_telegram.faults import FAULTS, is_refused
from xiaoer_telegram.membership import is_there
from xiaoer_telegram.wire import GetRawMember

FEW = 20
"""In so many spaces Telegram itself is asked about somebody whom the core has not met."""

FRESH = 60.0
"""Seconds of platform time for which its answer counts, so that a stranger who writes much costs little."""

REMEMBERED = 10_000


class Homes:
    """Finds the spaces of a person.

    Args:
        host: the core.
        bot: reaches Telegram.
        spaces: the spaces, each with the chat id that Telegram uses now.
        moved: hears of a group that has become a supergroup: from which id to which.
    """

    def __init__(
        self,
        host: Host,
        bot: Bot,
        spaces: Callable[[], dict[str, int]],
        moved: Callable[[int, int], Awaitable[None]],
    ) -> None:
        self._host = host
        self._bot = bot
        self._spaces = spaces
        self._moved = moved
        self._asked: OrderedDict[int, tuple[float, list[str]]] = OrderedDict()

    async def find(self, user: int) -> list[str]:
        """Return the spaces in which somebody is a member.

        Raises:
            TelegramAPIError: Telegram does not say it now.
            ClientDecodeError: what it says cannot be read.
            StoreError: it cannot be noted.
        """
        known = await self._host.homes(f"telegram:{user}")
        spaces = self._spaces()
        if known or len(spaces) > FEW:
            return known
        now = self._host.clock.platform.monotonic()
        asked, found = self._asked.get(user, (0.0, None))
        if found is not None and now - asked < FRESH:
            return found
        found = [space for space, chat in spaces.items() if await self._is_in(chat, user)]
        self._asked[user] = now, found
        if len(self._asked) > REMEMBERED:
            self._asked.popitem(last=False)
        return found

    async def _is_in(self, chat: int, user: int) -> bool:
        try:
            member = await self._bot(GetRawMember(chat_id=chat, user_id=user))
        except TelegramMigrateToChat as error:
            await self._moved(chat, error.migrate_to_chat_id)
            return await self._is_in(error.migrate_to_chat_id, user)
        except FAULTS as error:
            if is_refused(error):
                return False  # the bot is not there, or may not ask
            raise
        return is_there(str(member.get("status")), member.get("is_member"))
