"""Messages with pictures: Telegram calls them photos with captions, and changes them by other methods.

What was uploaded once is named by the id that Telegram gave it. Where Telegram will not have a picture (the group
allows none, or it is too narrow), the message is a text.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import msgspec
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
from aiogram.types import BufferedInputFile, InputMediaPhoto

from xiaoer import Content
from xiaoer_telegram.faults import has_bad_file, has_no_text, is_unchanged
from xiaoer_telegram.render import Rendered, captioned, render
from xiaoer_telegram.wire import Post, PostPhoto, Repaint

REMEMBERED = 1_000
"""So many uploaded pictures are remembered."""

UNWANTED = (TelegramBadRequest, TelegramEntityTooLarge)
"""What Telegram may say of a picture while it would take the text alone."""


class _Size(msgspec.Struct):
    """What is read of Bot API, PhotoSize."""

    file_id: str


class _Sent(msgspec.Struct):
    """What is read of a photo that was sent: its sizes, the largest last."""

    photo: Annotated[list[_Size], msgspec.Meta(min_length=1)]


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
        keyboard, refusal = rendered.keyboard, None
        if rendered.png:
            words: dict[str, Any] = {"caption": rendered.text or None, "caption_entities": rendered.entities}
            try:
                sent: dict[str, Any] = await self._upload(
                    rendered.png,
                    lambda photo: PostPhoto(chat_id=chat, photo=photo, reply_markup=keyboard, **words, **more),
                )
                return sent
            except UNWANTED as error:
                refusal = error
        sent = await self._bot(Post(chat_id=chat, **_words(rendered.bare), **more))
        if refusal is not None:
            _complain(chat, refusal)
        return sent

    async def edit(self, chat: int, message: int, content: Content, hidden_from: int | None = None) -> None:
        """Let a message look as it should; a picture that it has stays when it should have none, as Telegram wants it.

        Args:
            chat: where.
            message: its number.
            content: how it should look.
            hidden_from: who alone sees it, if one person does.
        """
        rendered, refusal = render(content), None
        change = _Change(hidden_from is not None, _place(chat, message, hidden_from))
        if rendered.png:
            try:
                await self._upload(rendered.png, lambda photo: change.media(photo, rendered))
            except UNWANTED as error:
                refusal = error  # older servers give a text no picture afterwards: there is no media in the message
            if refusal is None or is_unchanged(refusal):
                return
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

    async def _upload(self, png: bytes, method: Callable[[BufferedInputFile | str], TelegramMethod[Any]]) -> Any:
        """Call a method with a picture: by the id of what was uploaded before, else by uploading it."""
        mark = hashlib.sha256(png).hexdigest()
        known = self._ids.get(mark)
        if known is not None:
            self._ids.move_to_end(mark)
            try:
                return await self._bot(method(known))
            except TelegramBadRequest as error:
                if not has_bad_file(error):
                    raise
                self._ids.pop(mark, None)
        result = await self._bot(method(BufferedInputFile(png, "picture.png")))
        self._learn(mark, result)
        return result

    def _learn(self, mark: str, result: object) -> None:
        """Remember an upload by its largest size; changes of what one person sees return none."""
        with contextlib.suppress(msgspec.ValidationError):
            sizes = msgspec.convert(result, _Sent).photo
            self._ids[mark] = sizes[-1].file_id
            if len(self._ids) > REMEMBERED:
                self._ids.popitem(last=False)


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

    def media(self, photo: BufferedInputFile | str, words: Rendered) -> TelegramMethod[Any]:
        """Return what changes a picture and the words under it."""
        kind = EditEphemeralMessageMedia if self.hidden else Repaint
        media = InputMediaPhoto(media=photo, caption=words.text or None, caption_entities=words.entities)
        return kind(**self.place, media=media, reply_markup=words.keyboard)


def _place(chat: int, message: int, user: int | None) -> dict[str, Any]:
    if user is None:
        return {"chat_id": chat, "message_id": message}
    return {"chat_id": chat, "receiver_user_id": user, "ephemeral_message_id": message}


def _words(rendered: Rendered) -> dict[str, Any]:
    return {"text": rendered.text, "entities": rendered.entities, "reply_markup": rendered.keyboard}


def _complain(chat: int, error: TelegramAPIError) -> None:
    structlog.get_logger().warning("telegram does not take the picture", chat=chat, reason=error.message)
