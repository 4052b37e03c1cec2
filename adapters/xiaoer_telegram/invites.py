"""Invite links: made and revoked as the bot's own (Bot API, createChatInviteLink and revokeChatInviteLink)."""

from __future__ import annotations

from typing import Any

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import TelegramMethod

from xiaoer import Hopeless, Host, Invite, Receipt, Revoke
from xiaoer_telegram.chats import Chats
from xiaoer_telegram.faults import is_dead_link, lacks_right
from xiaoer_telegram.rights import Rights
from xiaoer_telegram.view import clean

NAME = 32
"""Characters of a link's name (Bot API, createChatInviteLink)."""

MOST = 99_999
"""So many people may be in a group by one link at once (Bot API, createChatInviteLink)."""


class MakeLink(TelegramMethod[dict[str, Any]]):
    """``createChatInviteLink``, its result as it came."""

    __returning__ = dict[str, Any]
    __api_method__ = "createChatInviteLink"

    chat_id: int
    name: str | None = None
    expire_date: int | None = None
    member_limit: int | None = None


class RevokeLink(TelegramMethod[dict[str, Any]]):
    """``revokeChatInviteLink``, its result as it came."""

    __returning__ = dict[str, Any]
    __api_method__ = "revokeChatInviteLink"

    chat_id: int
    invite_link: str


class Invites:
    """The links that the bot makes for its groups.

    Args:
        host: the core.
        bot: reaches Telegram.
        chats: what is known of the groups.
        rights: tells the admins what is missing.
    """

    def __init__(self, host: Host, bot: Bot, chats: Chats, rights: Rights) -> None:
        self._host = host
        self._bot = bot
        self._chats = chats
        self._rights = rights

    async def make(self, request: Invite) -> Receipt:
        """Make a link and return its address.

        Raises:
            TelegramAPIError: Telegram does not make it.
            Hopeless: there can be no such link, or the bot may make none.
        """
        if request.expires is not None and request.expires <= self._host.clock.now():
            raise Hopeless("its time is over")
        if request.uses is not None and request.uses > MOST:
            raise Hopeless(f"Telegram lets in at most {MOST:,} people by one link")
        method = MakeLink(
            chat_id=self._chats.target(request.chat)[0],
            name=" ".join(clean(request.name).split())[:NAME] or None,
            expire_date=int(request.expires.timestamp()) if request.expires is not None else None,
            member_limit=request.uses,
        )
        made = await self._ask(method, request.chat)
        return Receipt(invite=str(made["invite_link"]))

    async def revoke(self, request: Revoke) -> None:
        """Make a link good for nobody any more; one that is so already is left as it is.

        Raises:
            TelegramAPIError: Telegram does not do it.
            NotPermitted: the bot may not do it.
        """
        method = RevokeLink(chat_id=self._chats.target(request.chat)[0], invite_link=request.invite)
        try:
            await self._ask(method, request.chat)
        except TelegramBadRequest as error:
            if not is_dead_link(error):
                raise

    async def _ask(self, method: TelegramMethod[dict[str, Any]], chat: str) -> dict[str, Any]:
        try:
            result = await self._bot(method)
        except TelegramBadRequest as error:
            if not lacks_right(error):
                raise
            raise self._rights.missing(chat, "telegram.no_invites", "Invite Users via Link") from error
        self._rights.there(chat, "telegram.no_invites")
        return result
