"""Messages in a group that one person alone sees: what Telegram calls ephemeral.

They came with Bot API 10.2, whose servers read ``receiver_user_id``, and changed with 10.3, whose servers read
``ephemeral_message_parameters``; older ones would skip both and post for everybody, so they are told apart beforehand.
"""

from __future__ import annotations

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramNotFound
from aiogram.methods import DeleteEphemeralMessage, DeleteMessage
from aiogram.types import EphemeralMessageParameters, ReplyParameters

from xiaoer_telegram.faults import FAULTS, is_refused
from xiaoer_telegram.photos import Photos
from xiaoer_telegram.render import Rendered


class Whisper:
    """Shows messages to one person.

    Args:
        bot: reaches Telegram.
        photos: sends messages.
    """

    def __init__(self, bot: Bot, photos: Photos) -> None:
        self._bot = bot
        self._photos = photos
        self._possible = False

    async def look(self) -> None:
        """Find out whether the server knows messages for one person.

        Raises:
            TelegramAPIError: it does not say it now.
        """
        me = self._bot.id
        try:
            await self._bot(DeleteEphemeralMessage(chat_id=me, receiver_user_id=me, ephemeral_message_id=1))
        except TelegramNotFound:  # the method; there is no such chat either, but that is a bad request
            self._possible = False
            return
        except FAULTS as error:
            if not is_refused(error):
                raise
        self._possible = True

    async def show(
        self,
        place: tuple[int, int | None],
        user: int,
        rendered: Rendered,
        *,
        query: str | None,
        hidden: int | None,
        leads: bool,
    ) -> str | None:
        """Show a message to one person and return its name; None when Telegram will not have it.

        An admin may do so at any time, others within 15 s in answer to a pressed button or an ephemeral command
        (Bot API, Ephemeral Messages and Commands).

        Args:
            place: the chat's id and the topic.
            user: who is to see it.
            rendered: the message.
            query: the pressed button that it answers.
            hidden: the ephemeral message that it answers.
            leads: whether the bot is an admin there.
        """
        if place[0] > 0 or not self._possible:
            return None
        ways = [(query, hidden)] if query or hidden else []
        if leads:
            ways.append((None, None))
        for way in ways:
            try:
                return await self._show(place, user, rendered, *way)
            except FAULTS as error:
                if not is_refused(error):
                    raise
        return None

    async def _show(
        self, place: tuple[int, int | None], user: int, rendered: Rendered, query: str | None, hidden: int | None
    ) -> str | None:
        chat, topic = place
        sent = await self._photos.send(
            chat,
            rendered,
            message_thread_id=topic,
            reply_parameters=ReplyParameters(ephemeral_message_id=hidden) if hidden else None,
            ephemeral_message_parameters=EphemeralMessageParameters(receiver_user_id=user, callback_query_id=query),
            receiver_user_id=user,
        )
        if sent.get("ephemeral_message_id"):
            return f"e{sent['ephemeral_message_id']}@{user}"
        self._possible = False
        structlog.get_logger().error("telegram showed everybody what was for one person; it is taken back", chat=chat)
        await self._bot(DeleteMessage(chat_id=chat, message_id=int(sent["message_id"])))
        return None
