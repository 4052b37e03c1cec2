"""What the bot does unasked: it shows that a press was noticed, and says in private what it needs to know."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any

import structlog
from aiogram import Bot

from xiaoer import ButtonPressed, Host, Outcome, Patience
from xiaoer_telegram.carrying import kind_of
from xiaoer_telegram.chats import Chats
from xiaoer_telegram.faults import FAULTS, fault
from xiaoer_telegram.presses import Presses
from xiaoer_telegram.updates import Message, Update
from xiaoer_telegram.wire import Post

PATIENCE = 2.0
"""Seconds of platform time after which a pressed button without an answer is acknowledged."""

RARELY = 60.0
"""Seconds of platform time in which one person is told once that their community is not known."""

REMEMBERED = 10_000


class Courtesy:
    """Keeps people from waiting in vain.

    Args:
        host: the core.
        bot: reaches Telegram.
        chats: what is known of them.
        presses: which pressed buttons wait.
    """

    def __init__(self, host: Host, bot: Bot, chats: Chats, presses: Presses) -> None:
        self._host = host
        self._bot = bot
        self._chats = chats
        self._presses = presses
        self._clock = host.clock.platform
        self._told: dict[int, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = False
        self._patience = Patience(self._clock, PATIENCE, self._spawn)

    def end(self) -> None:
        """Stop waiting; an event that is stored later finds nobody who could be told."""
        self._over = True
        for task in self._tasks:
            task.cancel()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._host.spawn(work, "telegram courtesy")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def watch(self, event: ButtonPressed, stored: asyncio.Future[Outcome]) -> None:
        """Acknowledge a press when it is stored and wants no answer, or when the answer takes long."""
        query = event.handle[1:].partition("/")[0]
        self._presses.opened(query)
        silent = self._host.answered(self._chats.community(event.space), event) == "none"
        self._patience.wait(partial(self._acknowledge, query))
        if silent:
            stored.add_done_callback(lambda _: self._acknowledge(query))

    def _acknowledge(self, query: str) -> None:
        if not self._over and self._presses.waits(query):
            self._spawn(self._presses.acknowledge(query))

    def excuse(self, update: Update) -> None:
        """Tell somebody whose update concerns no community what to do."""
        query, message = update.callback_query, update.message
        if query is not None:
            self._presses.opened(query.id)
            self._spawn(self._presses.acknowledge(query.id))
        elif message is not None and message.chat.type == "private" and kind_of(message) is not None:
            words = self._where_to_go(message)
            if words and self._is_time(message.chat.id):
                self._spawn(self._say(message.chat.id, words))

    def _where_to_go(self, message: Message) -> str:
        homes = self._chats.homes(message.chat.id)
        found = {self._chats.community(space) for space in homes or self._chats.spaces}
        if not found:
            return ""
        known = [community for community in self._host.communities() if community.id in found]
        language = message.from_user.language_code if message.from_user is not None else None
        key = "telegram.several_homes" if homes else "telegram.no_home"
        names = ", ".join(community.name for community in known)
        return self._host.text(known[0].id, language, key, names=names)

    def _is_time(self, person: int) -> bool:
        now = self._clock.monotonic()
        if now - self._told.get(person, -RARELY) < RARELY:
            return False
        if len(self._told) >= REMEMBERED:
            self._told.clear()
        self._told[person] = now
        return True

    async def _say(self, chat: int, words: str) -> None:
        try:
            await self._bot(Post(chat_id=chat, text=words))
        except FAULTS as error:
            structlog.get_logger().info("telegram: nobody heard it", reason=fault(error).reason)
