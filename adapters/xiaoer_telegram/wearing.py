"""Badges: Telegram shows of them the tag beside a member's name (Bot API, setChatMemberTag).

There is one tag, whoever gives it. So it is remembered which plugin's it is, and no other takes it away.
"""

from __future__ import annotations

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramNotFound
from aiogram.methods import SetChatMemberTag
from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer import Hopeless, Host, Statement, Transaction, Wear
from xiaoer_telegram.chats import Chats
from xiaoer_telegram.faults import is_about_admin, is_absent, is_unchanged, lacks_right
from xiaoer_telegram.rights import Rights
from xiaoer_telegram.tables import tags
from xiaoer_telegram.tags import tag_of

_here = (tags.c.space == bindparam("where"), tags.c.account == bindparam("who"))
GIVER = Statement(select(tags.c.plugin).where(*_here))
FORGET = Statement(delete(tags).where(*_here))
_give = upsert(tags).values(space=bindparam("where"), account=bindparam("who"), plugin=bindparam("plugin"))
REMEMBER = Statement(_give.on_conflict_do_update(set_={"plugin": _give.excluded.plugin}))


class Wearing:
    """The tags that the bot gives.

    Args:
        host: the core.
        bot: reaches Telegram.
        chats: what is known of the groups.
        rights: tells the admins what is missing.
    """

    def __init__(self, host: Host, bot: Bot, chats: Chats, rights: Rights) -> None:
        self._store = host.store
        self._bot = bot
        self._chats = chats
        self._rights = rights

    async def wear(self, request: Wear) -> None:
        """Give somebody the tag of their badges, or take it away where they have none.

        Raises:
            TelegramAPIError: Telegram does not do it.
            Hopeless: this person can have no tag, or nobody.
            NotPermitted: the bot may give none.
            StoreError: it cannot be noted whose tag it is.
        """
        tag, giver = tag_of(request.badges), await self._giver(request)
        if not tag and giver not in ("", request.plugin):
            return
        await self._set(request, tag, given=giver != "")
        if tag and giver != request.plugin:
            await self._store.transact(_remember, request.chat, request.account, request.plugin)
        elif giver and not tag:
            await self._store.transact(_forget, request.chat, request.account)

    async def _giver(self, request: Wear) -> str:
        rows = await self._store.read(GIVER, where=request.chat, who=request.account)
        return str(rows[0].plugin) if rows else ""

    async def _set(self, request: Wear, tag: str, *, given: bool) -> None:
        user = int(request.account.removeprefix("telegram:"))
        if user < 0:
            raise Hopeless("an anonymous admin has no tag", "telegram.tag_of_admin")
        chat = self._chats.target(request.chat)[0]
        try:
            await self._bot(SetChatMemberTag(chat_id=chat, user_id=user, tag=tag or None))
        except TelegramNotFound as error:
            raise Hopeless(error.message, "telegram.tags_unknown") from error
        except TelegramBadRequest as error:
            if is_about_admin(error):
                if tag or given:
                    raise Hopeless(error.message, "telegram.tag_of_admin") from error
            elif is_absent(error):
                if tag:
                    raise Hopeless(error.message, "telegram.not_there") from error
            elif lacks_right(error):
                raise self._rights.missing(request.chat, "telegram.no_tags", "Manage Tags") from error
            elif not is_unchanged(error):
                raise
        self._rights.there(request.chat, "telegram.no_tags")


def _remember(tx: Transaction, space: str, account: str, plugin: str) -> None:
    tx.run(REMEMBER, where=space, who=account, plugin=plugin)


def _forget(tx: Transaction, space: str, account: str) -> None:
    tx.run(FORGET, where=space, who=account)
