"""Badges: Telegram shows of them the tag beside a member's name (Bot API, setChatMemberTag).

There is one tag, whichever plugin gives it. So it is remembered what each gave, and the last one is shown.
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
from xiaoer_telegram.tags import Given, shown, tag_of

_here = (tags.c.space == bindparam("where"), tags.c.account == bindparam("who"))
GIVEN = Statement(select(tags.c.plugin, tags.c.tag, tags.c.place).where(*_here).order_by(tags.c.place.desc()))
TAKE = Statement(delete(tags).where(*_here, tags.c.plugin == bindparam("plugin")))
_give = upsert(tags).values(
    space=bindparam("where"),
    account=bindparam("who"),
    plugin=bindparam("plugin"),
    tag=bindparam("tag"),
    place=bindparam("place"),
)
GIVE = Statement(
    _give.on_conflict_do_update(
        index_elements=["space", "account", "plugin"],
        set_={"tag": _give.excluded.tag, "place": _give.excluded.place},
    )
)


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
        rows = await self._store.read(GIVEN, where=request.chat, who=request.account)
        given = [Given(row.plugin, row.tag) for row in rows]
        before = next((one.tag for one in given if one.plugin == request.plugin), "")
        tag = tag_of(request.badges)
        await self._set(request, shown(given, request.plugin, tag), wanted=tag, before=before)
        if tag != before:
            await self._store.transact(_note, request, tag)

    async def _set(self, request: Wear, tag: str, *, wanted: str, before: str) -> None:
        user = int(request.account.removeprefix("telegram:"))
        if user < 0:
            raise Hopeless("an anonymous admin has no tag", "telegram.tag_of_admin")
        chat = self._chats.target(request.chat)[0]
        try:
            await self._bot(SetChatMemberTag(chat_id=chat, user_id=user, tag=tag or None))
        except TelegramNotFound as error:
            raise Hopeless(error.message, "telegram.tags_unknown") from error
        except TelegramBadRequest as error:
            if is_about_admin(error) or (lacks_right(error) and self._chats.role(request.chat, user)):
                if wanted or before:
                    raise Hopeless(error.message, "telegram.tag_of_admin") from error
            elif is_absent(error):
                if wanted:
                    raise Hopeless(error.message, "telegram.not_there") from error
            elif lacks_right(error):
                raise self._rights.missing(request.chat, "telegram.no_tags", "Manage Tags") from error
            elif not is_unchanged(error):
                raise
        else:
            self._rights.there(request.chat, "telegram.no_tags")


def _note(tx: Transaction, request: Wear, tag: str) -> None:
    here = {"where": request.chat, "who": request.account}
    if tag:
        last = tx.one(GIVEN, **here)
        tx.run(GIVE, **here, plugin=request.plugin, tag=tag, place=last.place + 1 if last is not None else 1)
    else:
        tx.run(TAKE, **here, plugin=request.plugin)
