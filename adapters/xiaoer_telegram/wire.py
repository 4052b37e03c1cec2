"""How a Bot API server is spoken to: aiogram's session, and methods whose results are read only where they are used.

aiogram takes whole results apart by the newest Bot API. A server that is some versions behind or ahead would make a
message that was sent look like one that was not, and it would be sent again.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, TypeVar

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.exceptions import ClientDecodeError
from aiogram.methods import TelegramMethod
from aiogram.types import (
    BufferedInputFile,
    EphemeralMessageParameters,
    InlineKeyboardMarkup,
    InputMediaAnimation,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaVideo,
    MessageEntity,
    ReplyParameters,
)

if TYPE_CHECKING:
    from xiaoer import Clock

R = TypeVar("R")

WANTED = [
    "message",
    "edited_message",
    "callback_query",
    "chat_member",
    "my_chat_member",
    "chat_join_request",
    "message_reaction",
]
"""What Telegram shall tell; ``chat_member`` and ``message_reaction`` are off unless asked for (Bot API, getUpdates)."""

POLL = 50
"""Seconds that one request may wait for updates; more is not allowed."""

BATCH = 100

FIRST_PAUSE, LAST_PAUSE = 1.0, 60.0
"""Seconds of platform time between tries when Telegram cannot be reached, less up to a half at random."""


class Session(AiohttpSession):
    """aiogram's session, less the quarter of a second that it waits at its end."""

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[R],
        timeout: int | None = None,  # noqa: ASYNC109 - aiogram's signature
    ) -> R:
        """Ask the server, and read what a proxy says in whatever encoding as what it is: no answer of Telegram."""
        try:
            return await super().make_request(bot, method, timeout)
        except UnicodeDecodeError as error:
            raise ClientDecodeError("Failed to decode object", error, "") from error

    async def close(self) -> None:
        """Let all connections go."""
        if self._session is not None and not self._session.closed:
            await self._session.close()


class GetRawUpdates(TelegramMethod[list[dict[str, Any]]]):
    """``getUpdates``, each update as it came: one that cannot be read must not hold up the others."""

    __returning__ = list[dict[str, Any]]
    __api_method__ = "getUpdates"

    offset: int | None = None
    limit: int = BATCH
    timeout: int = POLL
    allowed_updates: list[str] = WANTED


class Post(TelegramMethod[dict[str, Any]]):
    """``sendMessage``, without a parse mode: nothing that anybody typed is markup."""

    __returning__ = dict[str, Any]
    __api_method__ = "sendMessage"

    chat_id: int
    text: str
    message_thread_id: int | None = None
    entities: list[MessageEntity] | None = None
    reply_parameters: ReplyParameters | None = None
    reply_markup: InlineKeyboardMarkup | None = None
    ephemeral_message_parameters: EphemeralMessageParameters | None = None
    receiver_user_id: int | None = None


class PostMedia(TelegramMethod[dict[str, Any]]):
    """What the methods have in common that send pictures and files, without a parse mode."""

    __returning__ = dict[str, Any]
    __api_method__ = ""

    chat_id: int
    message_thread_id: int | None = None
    caption: str | None = None
    caption_entities: list[MessageEntity] | None = None
    reply_parameters: ReplyParameters | None = None
    reply_markup: InlineKeyboardMarkup | None = None
    ephemeral_message_parameters: EphemeralMessageParameters | None = None
    receiver_user_id: int | None = None


class PostPhoto(PostMedia):
    """``sendPhoto``."""

    __api_method__ = "sendPhoto"

    photo: BufferedInputFile | str


class PostAnimation(PostMedia):
    """``sendAnimation``."""

    __api_method__ = "sendAnimation"

    animation: BufferedInputFile | str


class PostVideo(PostMedia):
    """``sendVideo``."""

    __api_method__ = "sendVideo"

    video: BufferedInputFile | str


class PostDocument(PostMedia):
    """``sendDocument``."""

    __api_method__ = "sendDocument"

    document: BufferedInputFile | str


class Repaint(TelegramMethod[dict[str, Any]]):
    """``editMessageMedia``."""

    __returning__ = dict[str, Any]
    __api_method__ = "editMessageMedia"

    chat_id: int
    message_id: int
    media: InputMediaPhoto | InputMediaAnimation | InputMediaVideo | InputMediaDocument
    reply_markup: InlineKeyboardMarkup | None = None


class GetRawFile(TelegramMethod[dict[str, Any]]):
    """``getFile``."""

    __returning__ = dict[str, Any]
    __api_method__ = "getFile"

    file_id: str


class GetRawMember(TelegramMethod[dict[str, Any]]):
    """``getChatMember``."""

    __returning__ = dict[str, Any]
    __api_method__ = "getChatMember"

    chat_id: int
    user_id: int


class GetRawAdmins(TelegramMethod[list[dict[str, Any]]]):
    """``getChatAdministrators``."""

    __returning__ = list[dict[str, Any]]
    __api_method__ = "getChatAdministrators"

    chat_id: int


class Backoff:
    """Growing pauses between tries.

    Args:
        clock: platform time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tries = 0

    def reset(self) -> None:
        """Hear that a try went well."""
        self._tries = 0

    async def pause(self) -> None:
        """Wait before the next try."""
        self._tries += 1
        seconds = min(LAST_PAUSE, FIRST_PAUSE * 2 ** min(self._tries - 1, 10))
        await self._clock.sleep(seconds * (1 - random.random() / 2))  # noqa: S311 - spreads load, guards nothing
