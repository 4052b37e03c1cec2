"""Messages with pictures and files: Telegram calls their words captions, and changes them by other methods.

What was uploaded once is named by the id that Telegram gave it. A kept file that Telegram will not have as a photo or
video (it is too narrow, or broken) is sent as a document. Where it will not have that either, or no picture (the group
allows none), the message is a text.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramEntityTooLarge
from aiogram.methods import (
    EditEphemeralMessageCaption,
    EditEphemeralMessageMedia,
    EditEphemeralMessageText,
    EditMessageCaption,
    EditMessageText,
    TelegramMethod,
)
from aiogram.types import BufferedInputFile

from xiaoer import Content
from xiaoer_telegram.faults import has_bad_file, has_no_text, is_unchanged
from xiaoer_telegram.media import Media
from xiaoer_telegram.render import Rendered, captioned, render
from xiaoer_telegram.wire import Post, Repaint

REMEMBERED = 1_000
"""So many uploads are remembered."""

UNWANTED = (TelegramBadRequest, TelegramEntityTooLarge)
"""What Telegram may say of a picture while it would take the text alone."""


class Photos:
    """Sends and changes messages, with their pictures where they have some.

    Args:
        bot: reaches Telegram.
    """

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._ids: OrderedDict[str, str] = OrderedDict()

    async def send(self, chat: int, rendered: Rendered, **more: Any) -> dict[str, Any]:
        """Send a message and return it as Telegram has it.

        Args:
            chat: where.
            rendered: what it says.
            more: the other parameters of ``sendMessage``, which ``sendPhoto`` has too.
        """
        media, refusal = rendered.media, None
        words: dict[str, Any] = {"caption": rendered.text or None, "caption_entities": rendered.entities}
        words |= {"reply_markup": rendered.keyboard}
        while media is not None:
            try:
                posted: dict[str, Any] = await self._upload(media, partial(media.post, chat_id=chat, **words, **more))
                return posted
            except UNWANTED as error:
                refusal, media = refusal or error, media.plain
        sent = await self._bot(Post(chat_id=chat, **_words(rendered.bare), **more))
        if refusal is not None:
            _complain(chat, refusal)
        return sent

    async def edit(self, chat: int, message: int, content: Content, hidden_from: int | None = None) -> None:
        """Let a message look as it should; a picture or file that it has stays when it should have none.

        Telegram wants it so.

        Args:
            chat: where.
            message: its number.
            content: how it should look.
            hidden_from: who alone sees it, if one person does.
        """
        rendered, refusal = render(content), None
        change = _Change(hidden_from is not None, _place(chat, message, hidden_from))
        media = rendered.media
        while media is not None:
            try:
                await self._upload(media, partial(change.media, media, rendered))
                return
            except UNWANTED as error:
                if is_unchanged(error):
                    return
                # older servers give a text no picture afterwards: there is no media in the message
                refusal, media = refusal or error, media.plain
        try:
            await self._reword(change, rendered.bare, captioned(content))
        except TelegramBadRequest as error:
            if not is_unchanged(error):
                raise
        if refusal is not None:
            _complain(chat, refusal)

    async def _reword(self, change: _Change, words: Rendered, caption: Rendered) -> None:
        """Change the words of a text, else those under a picture."""
        try:
            await self._bot(change.text(words))
        except TelegramBadRequest as error:
            if not has_no_text(error):
                raise
            await self._bot(change.caption(caption))

    async def _upload(self, media: Media, method: Callable[[BufferedInputFile | str], TelegramMethod[Any]]) -> Any:
        """Call a method with a picture or file: by the id of what was uploaded before, else by uploading it."""
        mark = media.mark
        known = self._ids.get(mark)
        if known is not None:
            self._ids.move_to_end(mark)
            try:
                return await self._bot(method(known))
            except TelegramBadRequest as error:
                if not has_bad_file(error):
                    raise
                self._ids.pop(mark, None)
        result = await self._bot(method(media.upload()))
        number = media.id_in(result)  # changes of what one person sees return none
        if number is not None:
            self._ids[mark] = number
            if len(self._ids) > REMEMBERED:
                self._ids.popitem(last=False)
        return result


class _Change(NamedTuple):
    """The methods that change one message.

    Args:
        hidden: whether one person alone sees it.
        place: the parameters that name it.
    """

    hidden: bool
    place: dict[str, Any]

    def text(self, words: Rendered) -> TelegramMethod[Any]:
        """Return what changes a text."""
        kind = EditEphemeralMessageText if self.hidden else EditMessageText
        return kind(**self.place, **_words(words))

    def caption(self, words: Rendered) -> TelegramMethod[Any]:
        """Return what changes the words under a picture."""
        kind = EditEphemeralMessageCaption if self.hidden else EditMessageCaption
        return kind(**self.place, caption=words.text, caption_entities=words.entities, reply_markup=words.keyboard)

    def media(self, media: Media, words: Rendered, file: BufferedInputFile | str) -> TelegramMethod[Any]:
        """Return what changes a picture or file and the words under it."""
        kind = EditEphemeralMessageMedia if self.hidden else Repaint
        shown = media.change(file, words.text or None, words.entities)
        return kind(**self.place, media=shown, reply_markup=words.keyboard)


def _place(chat: int, message: int, user: int | None) -> dict[str, Any]:
    if user is None:
        return {"chat_id": chat, "message_id": message}
    return {"chat_id": chat, "receiver_user_id": user, "ephemeral_message_id": message}


def _words(rendered: Rendered) -> dict[str, Any]:
    return {"text": rendered.text, "entities": rendered.entities, "reply_markup": rendered.keyboard}


def _complain(chat: int, error: TelegramAPIError) -> None:
    structlog.get_logger().warning("telegram does not take the picture", chat=chat, reason=error.message)
