"""The two bots on Telegram: each with its own line, which is aiogram's client but for the network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import msgspec
from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.methods import TelegramMethod
from aiogram.types import ChatMemberUpdated, Message, MessageReactionUpdated, Update, User
from tests.bench.day_telegram import BOT, CHAT, DAY, GROUP, ME
from tests.bench.notebook import Notebook, Person, Said

from xiaoer import JoinSource

TOKEN, USUAL_TOKEN = (f"{BOT}:{letter * 35}" for letter in "XU")
SPACE = f"telegram:{GROUP}"
PAGE = 100


class Recorded:
    """A Bot API server which tells recorded days.

    Args:
        admins: of the group, as Telegram tells them.
    """

    def __init__(self, admins: list[dict[str, Any]]) -> None:
        self._answers: dict[str, object] = {"getMe": ME, "getChatAdministrators": admins}
        self._updates: list[bytes] = []
        self._first = 0
        self._told = asyncio.Event()
        self._taken = asyncio.Event()
        self._messages = 0

    async def play(self, updates: list[bytes]) -> None:
        """Tell updates, and return when all of them are acknowledged."""
        self._first, self._updates = json.loads(updates[0])["update_id"], updates
        self._taken.clear()
        self._told.set()
        await self._taken.wait()

    async def answer(self, method: TelegramMethod[Any]) -> str:
        """Return the body of a response."""
        name = method.__api_method__
        if name == "getUpdates":
            return await self._page(getattr(method, "offset", None))
        result = self._sent() if name == "sendMessage" else self._answers.get(name, True)
        return json.dumps({"ok": True, "result": result})

    async def _page(self, offset: int | None) -> str:
        while True:
            start = 0 if offset is None else max(0, offset - self._first)
            if page := self._updates[start : start + PAGE]:
                return (b'{"ok":true,"result":[' + b",".join(page) + b"]}").decode()
            self._told.clear()
            self._taken.set()
            await self._told.wait()

    def _sent(self) -> object:
        self._messages += 1
        return {"message_id": self._messages, "date": DAY, "chat": CHAT, "from": ME, "text": "noted"}


@contextmanager
def led_to(servers: Mapping[str, Recorded]) -> Generator[None]:
    """Lead aiogram's bots to recorded days, by their tokens; what is answered is read by aiogram as always."""

    async def make_request(
        session: AiohttpSession,
        bot: Bot,
        method: TelegramMethod[Any],
        timeout: int | None = None,  # noqa: ASYNC109 - aiogram's signature
    ) -> Any:
        content = await servers[bot.token].answer(method)
        return session.check_response(bot, method, 200, content).result

    with patch.object(AiohttpSession, "make_request", make_request):
        yield


class UsualBot:
    """The usual bot: aiogram's dispatcher polls, its handlers write to aiosqlite.

    Args:
        notebook: where it writes.
    """

    def __init__(self, notebook: Notebook) -> None:
        self._notebook = notebook
        self._bot = Bot(USUAL_TOKEN)
        self._roles: dict[int, str] = {}
        self._dispatcher = Dispatcher()
        self._dispatcher.message.register(self._wrote)
        self._dispatcher.edited_message.register(self._wrote)
        self._dispatcher.message_reaction.register(self._reacted)
        self._dispatcher.chat_member.register(self._moved)

    async def run(self) -> None:
        """Poll for ever, as ``Dispatcher.start_polling`` does."""
        admins = await self._bot.get_chat_administrators(GROUP)
        self._roles = {admin.user.id: str(admin.status) for admin in admins}
        await self._dispatcher.start_polling(self._bot, handle_signals=False)

    def _person(self, user: User) -> Person:
        role = self._roles.get(user.id, "")
        return Person(f"telegram:{user.id}", user.full_name, user.language_code, role, user.username or "")

    async def _wrote(self, message: Message, event_update: Update) -> None:
        if message.from_user is None or message.new_chat_members or message.left_chat_member:
            return
        at = datetime.fromtimestamp(message.edit_date, UTC) if message.edit_date else message.date
        text = message.text or message.caption or ""
        said = Said(SPACE, str(message.message_id), message.content_type, text)
        await self._notebook.wrote(_key(event_update), at, self._person(message.from_user), said)

    async def _reacted(self, change: MessageReactionUpdated, event_update: Update) -> None:
        if change.user is not None:
            await self._notebook.reacted(_key(event_update), change.date, self._person(change.user))

    async def _moved(self, change: ChatMemberUpdated, event_update: Update) -> None:
        key, person = _key(event_update), self._person(change.new_chat_member.user)
        if change.new_chat_member.status == "left":
            await self._notebook.left(key, change.date, person)
            return
        source, link = JoinSource(), change.invite_link
        if link is not None:
            source = JoinSource("referral", "exact", f"telegram:{link.creator.id}", link.invite_link)
        await self._notebook.joined(key, change.date, person, msgspec.to_builtins(source))


def _key(update: Update) -> str:
    return f"telegram:{BOT}:{update.update_id}"
