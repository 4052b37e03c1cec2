"""Removing members: banned for a moment and let go again, so that they may come back.

Nobody is let go whom this did not ban: whoever is gone already stays as they are, banned by hand or not, and whoever is
restricted stays so. When the program is killed in between, the ban ends by itself, and another try changes nothing.
"""

from __future__ import annotations

from typing import Any

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import BanChatMember, RestrictChatMember, UnbanChatMember
from aiogram.types import ChatPermissions

from xiaoer import Clock, Hopeless, Remove
from xiaoer_telegram.admins import ADMINS
from xiaoer_telegram.chats import Chats
from xiaoer_telegram.faults import is_about_admin, is_absent, is_for_supergroups, lacks_right
from xiaoer_telegram.membership import is_there
from xiaoer_telegram.rights import Rights
from xiaoer_telegram.wire import GetRawMember

MOMENT = 300
"""Seconds after which the ban ends by itself.

Under 30 it would be for ever, and clocks differ (Bot API, banChatMember).
"""


class Removals:
    """Takes people out of groups.

    Args:
        clock: platform time.
        bot: reaches Telegram.
        chats: what is known of the groups.
        rights: tells the admins what is missing.
    """

    def __init__(self, clock: Clock, bot: Bot, chats: Chats, rights: Rights) -> None:
        self._clock = clock
        self._bot = bot
        self._chats = chats
        self._rights = rights

    async def remove(self, request: Remove) -> None:
        """Remove somebody for now; one who is not there is left as they are.

        Raises:
            TelegramAPIError: Telegram does not do it.
            Hopeless: nobody can remove this person but people.
            NotPermitted: the bot may remove nobody.
        """
        chat, user = self._chats.target(request.chat)[0], int(request.account.removeprefix("telegram:"))
        if user < 0:
            raise Hopeless("an anonymous admin cannot be removed", "telegram.removal_of_admin")
        try:
            member = await self._bot(GetRawMember(chat_id=chat, user_id=user))
            if member.get("status") in ADMINS:
                raise Hopeless("user is an administrator of the chat", "telegram.removal_of_admin")
            if is_there(str(member.get("status")), member.get("is_member")):
                await self._take_out(chat, user, member)
                self._rights.there(request.chat, "telegram.no_removals")
        except TelegramBadRequest as error:
            if is_about_admin(error):
                raise Hopeless(error.message, "telegram.removal_of_admin") from error
            if lacks_right(error):
                raise self._rights.missing(request.chat, "telegram.no_removals", "Ban Users") from error
            if not is_absent(error):
                raise

    async def _take_out(self, chat: int, user: int, member: dict[str, Any]) -> None:
        if member.get("status") == "restricted":
            await self._take_out_restricted(chat, user, member)
            return
        until = int(self._clock.now().timestamp()) + MOMENT
        await self._bot(BanChatMember(chat_id=chat, user_id=user, until_date=until))
        try:
            await self._bot(UnbanChatMember(chat_id=chat, user_id=user, only_if_banned=True))
        except TelegramBadRequest as error:
            if not is_for_supergroups(error):  # in other groups nobody is banned by it, only removed
                raise

    async def _take_out_restricted(self, chat: int, user: int, member: dict[str, Any]) -> None:
        """Ban somebody as long as they were restricted, then put the old restrictions in the ban's place."""
        until = int(member.get("until_date") or 0) or None
        if until is not None:
            until = max(until, int(self._clock.now().timestamp()) + MOMENT)
        may = {name: bool(value) for name, value in member.items() if name.startswith("can_")}
        await self._bot(BanChatMember(chat_id=chat, user_id=user, until_date=until))
        await self._bot(
            RestrictChatMember(
                chat_id=chat,
                user_id=user,
                permissions=ChatPermissions(**may),
                use_independent_chat_permissions=True,
                until_date=until,
            )
        )
