"""The line to Telegram: updates come in by long polling and are acknowledged only when they are safe."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

import msgspec
import structlog
from aiogram import Bot
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramConflictError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import DeleteWebhook
from aiogram.utils.token import TokenValidationError

from xiaoer import AdapterError, ButtonPressed, Host, Outcome, Receipt, Request, StoreError, Unreachable
from xiaoer_telegram.chats import Chats, is_private
from xiaoer_telegram.courtesy import Courtesy
from xiaoer_telegram.downloads import Downloads
from xiaoer_telegram.faults import FAULTS, fault, is_refused
from xiaoer_telegram.menu import Menus
from xiaoer_telegram.photos import Photos
from xiaoer_telegram.presses import Presses
from xiaoer_telegram.settings import TelegramSettings
from xiaoer_telegram.speech import Speech
from xiaoer_telegram.translate import translate
from xiaoer_telegram.updates import Update, read
from xiaoer_telegram.whisper import Whisper
from xiaoer_telegram.wire import FIRST_PAUSE, POLL, Backoff, GetRawUpdates, Session

TRIES = 3
"""So often an update is tried whose sender Telegram does not tell enough of; then it is taken in without."""

LAST_WORDS = 5.0
"""Seconds in which what is being said may be ended when the line is closed."""

SELDOM = 3600.0
"""Seconds of platform time in which admins are told once that another program uses the bot."""

T = TypeVar("T")
Told = list[tuple[int, list[asyncio.Future[Outcome]]]]


class Line:
    """One bot, connected.

    Args:
        host: the core.
        settings: which server and which token.

    Raises:
        AdapterError: the token cannot be one.
    """

    def __init__(self, host: Host, settings: TelegramSettings) -> None:
        self._host = host
        self._settings = settings
        self._clock = host.clock.platform
        session = Session(api=TelegramAPIServer.from_base(settings.api_base))
        try:
            self._bot = Bot(host.token(settings.token_env), session=session)
        except TokenValidationError as error:
            raise self._not_accepted() from error
        self._backoff = Backoff(self._clock)
        self._chats: Chats | None = None
        self._speech: Speech | None = None
        self._courtesy: Courtesy | None = None
        self._menus: asyncio.Task[None] | None = None
        self._speaking: set[asyncio.Future[None]] = set()
        self._complained = -SELDOM
        self._held = (0, 0)

    def _not_accepted(self) -> AdapterError:
        return AdapterError(
            f"Telegram does not accept the token in {self._settings.token_env}: "
            "get a new one from @BotFather, look whether api_base is right, and start again"
        )

    async def close(self) -> None:
        """Let what is being said be ended, then hang up."""
        self._speech = None
        if self._menus is not None:
            self._menus.cancel()
        if self._courtesy is not None:
            self._courtesy.end()
        if self._speaking:
            await asyncio.wait(self._speaking, timeout=LAST_WORDS)
        await self._bot.session.close()

    async def perform(self, request: Request) -> Receipt:
        """Do what is asked; see :class:`~xiaoer_telegram.speech.Speech`."""
        if self._speech is None:
            raise Unreachable(FIRST_PAUSE, "Telegram is not connected yet")
        said: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._speaking.add(said)
        try:
            return await self._speech.perform(request)
        finally:
            self._speaking.discard(said)
            said.set_result(None)

    async def run(self) -> None:
        """Find out who the bot is, then take updates in for ever.

        Raises:
            AdapterError: the token is not good.
        """
        me = await self._insist(self._bot.get_me)
        chats = self._chats = Chats(self._host, self._bot, me)
        await chats.load()
        photos, presses = Photos(self._bot), Presses(self._bot)
        whisper = Whisper(self._bot, photos)
        await self._insist(whisper.look)
        self._courtesy = Courtesy(self._host, self._bot, chats, presses)
        downloads = Downloads(self._bot)
        self._speech = Speech(self._host, self._bot, chats, presses, photos, whisper, downloads)
        structlog.get_logger().info("telegram connected", bot=f"@{me.username}", spaces=len(chats.spaces))
        self._menus = self._host.supervise(Menus(self._host, self._bot, chats).run, "telegram menus")
        offset: int | None = None
        while True:
            updates = await self._insist(self._poll, offset)
            offset = await self._take(updates, chats, self._courtesy, offset)

    async def _poll(self, offset: int | None) -> list[dict[str, Any]]:
        return await self._bot(GetRawUpdates(offset=offset), request_timeout=POLL + 15)

    async def _insist(self, call: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Ask until Telegram says something that can be used."""
        while True:
            try:
                result = await call(*args)
            except (TelegramUnauthorizedError, TelegramNotFound) as error:
                raise self._not_accepted() from error
            except TelegramRetryAfter as error:
                await self._clock.sleep(float(error.retry_after))
            except TelegramConflictError as error:
                await self._settle(error)
            except FAULTS as error:
                structlog.get_logger().warning("telegram cannot be reached", reason=fault(error).reason)
                await self._backoff.pause()
            else:
                self._backoff.reset()
                return result

    async def _settle(self, conflict: TelegramConflictError) -> None:
        """Take the bot over from a webhook; another program that polls has to be ended by the operator."""
        log = structlog.get_logger()
        if "webhook" in conflict.message:
            log.warning("telegram had a webhook, which is removed so that updates come here")
            with contextlib.suppress(*FAULTS):
                await self._bot(DeleteWebhook(drop_pending_updates=False))
                return
        else:
            log.error("telegram: another program uses this bot's token; end it", reason=conflict.message)
            if self._clock.monotonic() - self._complained >= SELDOM:
                self._complained = self._clock.monotonic()
                self._host.report("telegram.conflict")
        await self._backoff.pause()

    async def _take(
        self, updates: list[dict[str, Any]], chats: Chats, courtesy: Courtesy, offset: int | None
    ) -> int | None:
        """Take a batch in and return the offset behind all that is safe."""
        told: Told = []
        for raw in updates:
            number, update = int(raw["update_id"]), self._read(raw)
            if update is not None and is_private(update):
                await _end(told)  # where somebody is at home may be what they have just done
            if update is None:
                told.append((number, []))
            elif await self._prepare(update, chats):
                told.append((number, self._tell(update, chats, courtesy)))
            else:
                break  # what is told from here on is told again
        await _end(told)
        safe = _safe(futures for _, futures in told)
        if safe < len(updates):
            await self._backoff.pause()
        return told[safe - 1][0] + 1 if safe else offset

    def _read(self, raw: dict[str, Any]) -> Update | None:
        try:
            return read(raw)
        except msgspec.ValidationError as error:
            kinds = [str(key) for key in raw if key != "update_id"]
            structlog.get_logger().error(
                "telegram update not understood", update=raw.get("update_id"), kinds=kinds, fault=str(error)
            )
            return None

    async def _prepare(self, update: Update, chats: Chats) -> bool:
        """Learn what an update needs; return whether it may be taken in now."""
        try:
            await chats.prepare(update)
        except StoreError as error:
            structlog.get_logger().error("telegram waits: nothing can be stored", reason=str(error))
            return False
        except FAULTS as error:
            number, tries = self._held
            self._held = update.update_id, (tries if number == update.update_id else 0) + 1
            structlog.get_logger().warning("telegram does not tell enough", reason=fault(error).reason)
            return is_refused(error) or self._held[1] >= TRIES
        return True

    def _tell(self, update: Update, chats: Chats, courtesy: Courtesy) -> list[asyncio.Future[Outcome]]:
        stored: list[asyncio.Future[Outcome]] = []
        for event in translate(update, chats):
            stored.append(self._host.submit(event))
            if isinstance(event, ButtonPressed):
                courtesy.watch(event, stored[-1])
        if not stored:
            courtesy.excuse(update)
        return stored


async def _end(told: Told) -> None:
    waits = {future for _, futures in told for future in futures}
    if waits:
        await asyncio.wait(waits)


def _safe(told: Iterable[list[asyncio.Future[Outcome]]]) -> int:
    """Return how many updates, from the first on, are safe."""
    number = 0
    for number, futures in enumerate(told, 1):
        for error in filter(None, [future.exception() for future in futures]):
            if not isinstance(error, StoreError):
                raise error
            structlog.get_logger().error("telegram waits: updates cannot be stored", reason=str(error))
            return number - 1
    return number
