"""Pressed buttons: whoever presses one sees it busy until Telegram is told something."""

from __future__ import annotations

from collections import OrderedDict

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import AnswerCallbackQuery

from xiaoer_telegram.faults import FAULTS, is_refused

TOAST = 100
"""A longer answer stays until it is closed."""

REMEMBERED = 10_000
"""So many pressed buttons are remembered."""


class Presses:
    """Remembers which pressed buttons Telegram was told of; it takes one answer for each (Bot API, CallbackQuery).

    Args:
        bot: reaches Telegram.
    """

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._noticed: OrderedDict[str, bool] = OrderedDict()

    def opened(self, query: str) -> None:
        """Remember a press that waits for its answer."""
        self._noticed[query] = False
        if len(self._noticed) > REMEMBERED:
            self._noticed.popitem(last=False)

    def waits(self, query: str) -> bool:
        """Return whether Telegram was told nothing yet of a press."""
        return self._noticed.get(query) is False

    async def acknowledge(self, query: str) -> None:
        """Tell Telegram that a press was noticed, unless its answer has come meanwhile."""
        if not self.waits(query):
            return
        self._noticed[query] = True
        if not await self.notice(query) and query in self._noticed:
            self._noticed[query] = False

    def answered(self, query: str) -> bool:
        """Take over a press to answer it; return whether Telegram was told of it already."""
        return self._noticed.pop(query, False)

    async def notice(self, query: str) -> bool:
        """Tell Telegram that a press was noticed; return whether it heard. A courtesy may fail."""
        try:
            await self._bot(AnswerCallbackQuery(callback_query_id=query))
        except FAULTS as error:
            return is_refused(error)
        return True

    async def alert(self, query: str, text: str) -> bool:
        """Answer with a text over the chat; return whether it was still time for that.

        Raises:
            TelegramAPIError: nobody knows.
        """
        try:
            await self._bot(AnswerCallbackQuery(callback_query_id=query, text=text, show_alert=len(text) > TOAST))
        except TelegramBadRequest:
            return False
        return True
