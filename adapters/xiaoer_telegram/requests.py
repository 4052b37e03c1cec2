"""Join requests: answered in words first, because that is possible only until they are decided, and then decided.

Whoever asks can be written to for five minutes, though they never opened a chat with the bot (Bot API,
ChatJoinRequest.user_chat_id).
"""

from __future__ import annotations

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.methods import ApproveChatJoinRequest, DeclineChatJoinRequest
from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert

from xiaoer import Content, Decide, Host, Statement, Transaction, TryLater
from xiaoer_telegram.chats import Chats
from xiaoer_telegram.faults import FAULTS, fault, is_decided, lacks_right
from xiaoer_telegram.photos import Photos
from xiaoer_telegram.render import render
from xiaoer_telegram.rights import Rights
from xiaoer_telegram.tables import replies

PATIENCE = 60.0
"""Seconds for which words may keep the decision waiting when Telegram asks for that."""

KEPT = 86_400
"""Seconds for which it is known who was written to."""

TOLD = Statement(select(replies.c.request).where(replies.c.request == bindparam("which")))
_note = insert(replies).values(request=bindparam("which"), at=bindparam("at"))
NOTE = Statement(_note.on_conflict_do_nothing())
FORGET = Statement(delete(replies).where(replies.c.at < bindparam("before")))


class Requests:
    """The decisions on who asks to be let in.

    Args:
        host: the core.
        bot: reaches Telegram.
        chats: what is known of the groups.
        photos: sends messages.
        rights: tells the admins what is missing.
    """

    def __init__(self, host: Host, bot: Bot, chats: Chats, photos: Photos, rights: Rights) -> None:
        self._host = host
        self._bot = bot
        self._chats = chats
        self._photos = photos
        self._rights = rights

    async def decide(self, request: Decide) -> None:
        """Tell somebody what was decided, as far as that is possible, and let them in or not.

        Raises:
            TelegramAPIError: Telegram does not do it.
            NotPermitted: the bot may not decide.
            StoreError: it cannot be noted that they were told.
        """
        if request.content is not None:
            await self._tell(request, request.content)
        decision = ApproveChatJoinRequest if request.admit else DeclineChatJoinRequest
        chat, user = self._chats.target(request.chat)[0], int(request.account.removeprefix("telegram:"))
        try:
            await self._bot(decision(chat_id=chat, user_id=user))
        except (TelegramBadRequest, TelegramForbiddenError) as error:
            if lacks_right(error):
                raise self._rights.missing(request.chat, "telegram.no_decisions", "Invite Users via Link") from error
            if not is_decided(error):
                raise
        else:
            self._rights.there(request.chat, "telegram.no_decisions")

    async def _tell(self, request: Decide, content: Content) -> None:
        which = f"{request.chat}/{request.account}/{request.handle}"
        if await self._host.store.read(TOLD, which=which):
            return
        try:
            await self._photos.send(int(request.handle.partition("/")[0]), render(content))
        except FAULTS as error:
            why = fault(error)
            if isinstance(why, TryLater) and why.after <= PATIENCE:
                raise
            structlog.get_logger().info("telegram: who asked is not told", chat=request.chat, reason=why.reason)
        now = int(self._host.clock.platform.now().timestamp())
        await self._host.store.transact(_note_told, which, now)


def _note_told(tx: Transaction, which: str, now: int) -> None:
    tx.run(FORGET, before=now - KEPT)
    tx.run(NOTE, which=which, at=now)
