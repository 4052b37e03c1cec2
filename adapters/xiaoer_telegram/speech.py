"""What the bot does on Telegram: each request as one or two calls of the Bot API.

A message is named ``17`` in a chat, ``17@5`` in the private chat of person 5, and ``e9@5`` where 5 alone sees it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramMigrateToChat
from aiogram.methods import (
    DeleteEphemeralMessage,
    DeleteMessage,
    PinChatMessage,
    UnpinChatMessage,
)
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters

from xiaoer import (
    Answer,
    Decide,
    Delete,
    Edit,
    Fetch,
    Gate,
    Hopeless,
    Host,
    Invite,
    NotPrivately,
    Pin,
    Receipt,
    Remove,
    Request,
    Revoke,
    Send,
    StoreError,
    Unreachable,
    Wear,
)
from xiaoer_telegram.chats import Chats
from xiaoer_telegram.downloads import Downloads
from xiaoer_telegram.faults import FAULTS, UNREACHABLE, fault, is_gone, is_refused
from xiaoer_telegram.invites import Invites
from xiaoer_telegram.photos import Photos
from xiaoer_telegram.presses import Presses
from xiaoer_telegram.removals import Removals
from xiaoer_telegram.render import ALERT_LIMIT, Rendered, render, shortened, width
from xiaoer_telegram.requests import Requests
from xiaoer_telegram.rights import Rights
from xiaoer_telegram.wearing import Wearing
from xiaoer_telegram.whisper import Whisper

_NAME = re.compile(r"(e?)([0-9]{1,19})(?:@([0-9]{1,19}))?")


class Name(NamedTuple):
    """A message as it is named to the core.

    Args:
        number: the id of the message.
        hidden: whether one person alone sees it in the chat.
        user: whose private chat it is in, or who alone sees it.
    """

    number: int
    hidden: bool
    user: int | None


def named(text: str) -> Name:
    """Return what a message's name says.

    Raises:
        Hopeless: it is no name of a message on Telegram.
    """
    found = _NAME.fullmatch(text)
    if found is None or (found[1] and not found[3]):
        raise Hopeless(f"{text!r} is no message on Telegram")
    return Name(int(found[2]), found[1] == "e", int(found[3]) if found[3] else None)


class Speech:
    """Performs requests.

    Args:
        host: the core.
        bot: reaches Telegram.
        chats: what is known of them.
        presses: which pressed buttons wait.
        photos: sends and changes messages.
        whisper: shows what one person alone may see.
        downloads: fetches files.
    """

    def __init__(
        self,
        host: Host,
        bot: Bot,
        chats: Chats,
        presses: Presses,
        photos: Photos,
        whisper: Whisper,
        downloads: Downloads,
    ) -> None:
        self._host = host
        self._bot = bot
        self._chats = chats
        self._presses = presses
        self._photos = photos
        self._whisper = whisper
        self._downloads = downloads
        rights = Rights(host, chats)
        self._invites = Invites(host, bot, chats, rights)
        self._wearing = Wearing(host, bot, chats, rights)
        self._requests = Requests(host, bot, chats, photos, rights)
        self._removals = Removals(host.clock.platform, bot, chats, rights)

    async def perform(self, request: Request) -> Receipt:
        """Do what is asked.

        Raises:
            DeliveryError: Telegram did not do it.
        """
        try:
            try:
                return await self._perform(request)
            except TelegramMigrateToChat as error:
                await self._chats.moved(self._chats.target(request.chat)[0], error.migrate_to_chat_id)
                return await self._perform(request)
        except FAULTS as error:
            raise fault(error) from error
        except StoreError as error:  # where the group moved to could not be noted, so nothing was sent
            raise Unreachable(UNREACHABLE, str(error)) from error

    async def _perform(self, request: Request) -> Receipt:
        match request:
            case Send():
                if request.only_to is None:
                    return await self._post(request.chat, render(request.content), request.reply_to)
                return await self._privately(request.chat, _user(request.only_to), render(request.content))
            case Edit():
                await self._edit(request)
            case Delete():
                await self._delete(request)
            case Pin():
                await self._pin(request)
            case Answer():
                return await self._answer(request)
            case Invite():
                return await self._invites.make(request)
            case Revoke():
                await self._invites.revoke(request)
            case Fetch():
                return await self._downloads.fetch(request)
            case Gate():
                raise Hopeless("Telegram shows a chat to everybody in its group")
            case Wear() | Decide() | Remove():
                await self._keep(request)
        return Receipt()

    async def _keep(self, request: Wear | Decide | Remove) -> None:
        match request:
            case Wear():
                await self._wearing.wear(request)
            case Decide():
                await self._requests.decide(request)
            case Remove():
                await self._removals.remove(request)

    async def _post(self, chat: str, rendered: Rendered, reply_to: str | None) -> Receipt:
        number, topic = self._chats.target(chat)
        reply = None
        if reply_to is not None and not (name := named(reply_to)).hidden and name.user in (None, number):
            reply = ReplyParameters(message_id=name.number, allow_sending_without_reply=True)
        sent = await self._photos.send(number, rendered, message_thread_id=topic, reply_parameters=reply)
        return Receipt(str(sent["message_id"]))

    async def _privately(
        self, chat: str, user: int, rendered: Rendered, *, query: str | None = None, hidden: int | None = None
    ) -> Receipt:
        """Show it to one person: in the group where Telegram lets the bot, else in their private chat.

        Raises:
            NotPrivately: neither can be done.
        """
        if user < 0:
            raise NotPrivately("an anonymous admin cannot be written to")
        place = self._chats.target(chat)
        leads = self._chats.administers(chat.partition("/")[0])
        name = await self._whisper.show(place, user, rendered, query=query, hidden=hidden, leads=leads)
        if name is not None:
            return Receipt(name)
        try:
            receipt = await self._post(f"telegram:{user}", rendered, None)
        except FAULTS as error:
            if is_refused(error):
                raise NotPrivately(fault(error).reason) from error
            raise
        return Receipt(f"{receipt.message}@{user}")

    async def _edit(self, request: Edit) -> None:
        name = named(request.message)
        chat = self._chats.target(request.chat)[0]
        if name.hidden:
            await self._photos.edit(chat, name.number, request.content, name.user)
        else:
            await self._photos.edit(name.user or chat, name.number, request.content)

    async def _delete(self, request: Delete) -> None:
        name = named(request.message)
        chat = self._chats.target(request.chat)[0]
        try:
            if name.hidden:
                await self._bot(
                    DeleteEphemeralMessage(
                        chat_id=chat, receiver_user_id=name.user or 0, ephemeral_message_id=name.number
                    )
                )
            else:
                await self._bot(DeleteMessage(chat_id=name.user or chat, message_id=name.number))
        except TelegramBadRequest as error:
            if not is_gone(error):
                raise

    async def _pin(self, request: Pin) -> None:
        name = named(request.message)
        if name.hidden:
            raise Hopeless("what one person alone sees cannot be pinned")
        chat = name.user or self._chats.target(request.chat)[0]
        if request.pinned:
            await self._bot(PinChatMessage(chat_id=chat, message_id=name.number, disable_notification=True))
        else:
            await self._bot(UnpinChatMessage(chat_id=chat, message_id=name.number))

    async def _answer(self, request: Answer) -> Receipt:
        rendered, user = render(request.content), _user(request.to)
        if request.handle.startswith("q"):
            return await self._answer_press(request, rendered, user)
        if not request.private:
            return await self._post(request.chat, rendered, request.handle)
        name = named(request.handle)
        try:
            hidden = name.number if name.hidden else None
            return await self._privately(request.chat, user, rendered, hidden=hidden)
        except NotPrivately:
            await self._invite(request, user)
            raise

    async def _answer_press(self, request: Answer, rendered: Rendered, user: int) -> Receipt:
        query, _, message = request.handle[1:].partition("/")
        noticed = self._presses.answered(query)
        if not request.private:
            await self._presses.notice(query)
            return await self._post(request.chat, rendered, message)
        short = width(rendered.text) <= ALERT_LIMIT and rendered.keyboard is None and rendered.media is None
        if short and not noticed and await self._presses.alert(query, rendered.text):
            return Receipt()
        try:
            receipt = await self._privately(request.chat, user, rendered, query=query)
        except NotPrivately:
            if not noticed and await self._presses.alert(query, shortened(rendered.bare.text, ALERT_LIMIT)):
                return Receipt()
            await self._invite(request, user)
            raise
        await self._presses.notice(query)
        return receipt

    async def _invite(self, request: Answer, user: int) -> None:
        """Say, where everybody sees it, how to get the private answer; nothing of the answer itself."""
        space = request.chat.partition("/")[0]
        if self._chats.target(space)[0] > 0:
            return  # the private chat is where it was asked
        community = self._chats.community(space)
        key = "telegram.anonymous" if user < 0 else "telegram.open_private"
        label = self._host.text(community, None, "telegram.open_private.button")
        link = f"https://t.me/{self._chats.username}?start=hello"
        keyboard = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text=label, url=link)]])
        words = Rendered(self._host.text(community, None, key), [], keyboard if user > 0 else None)
        await self._post(request.chat, words, request.handle.rpartition("/")[2])


def _user(account: str) -> int:
    return int(account.removeprefix("telegram:"))
