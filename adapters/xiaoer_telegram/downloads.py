"""Files that hang on messages, as Telegram hands them out: it is asked where one is, and then for its bytes."""

from __future__ import annotations

import aiohttp
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest

from xiaoer import Fetch, FileRefused, Gone, Hopeless, Receipt, TryLater, Unclear, Unreachable
from xiaoer_telegram.faults import FLOODED, UNREACHABLE, is_no_file, is_too_big
from xiaoer_telegram.wire import GetRawFile

PATIENCE = 60
"""Seconds that a download may take."""

MOST = 20
"""Megabytes of a file that Telegram hands out to bots (Bot API, getFile)."""

GONE = "Telegram does not have the file any more, or not now"


class Downloads:
    """Fetches files.

    Args:
        bot: reaches Telegram.
    """

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def fetch(self, request: Fetch) -> Receipt:
        """Return the bytes of a file.

        Raises:
            FileRefused: it has too many.
            Gone: Telegram does not have it any more.
            TelegramAPIError: Telegram does not tell where it is.
            DeliveryError: it cannot be fetched.
        """
        file = request.attachment
        if (file.size or 0) > request.limit:
            raise FileRefused
        try:
            found = await self._bot(GetRawFile(file_id=file.handle))
        except TelegramBadRequest as error:
            if is_too_big(error):
                reason = f"Telegram hands out no file of over {MOST} MB"
                raise FileRefused(reason, "xiaoer.file.too_large", limit=MOST) from error
            if is_no_file(error):
                raise Gone(GONE) from error
            raise
        path = found.get("file_path")
        if not isinstance(path, str):
            raise Gone(GONE)
        return Receipt(data=await self._bytes(path, request.limit))

    async def _bytes(self, path: str, limit: int) -> bytes:
        url = self._bot.session.api.file_url(self._bot.token, path)
        data = bytearray()
        try:
            async for chunk in self._bot.session.stream_content(url, timeout=PATIENCE):
                data += chunk
                if len(data) > limit:
                    raise FileRefused
        except aiohttp.ClientResponseError as error:
            raise _meaning(error.status) from None  # its words hold the address, and with it the token
        except aiohttp.ClientConnectorError:
            raise Unreachable(UNREACHABLE, "Telegram cannot be reached") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unclear(f"the connection broke: {type(error).__name__}") from None
        return bytes(data)


def _meaning(status: int) -> Gone | TryLater | Hopeless | Unclear:
    """Return what it means that a file is not handed out; a path is good for an hour at least (Bot API, getFile)."""
    if status == 404:
        return Gone(GONE)
    if status == 429:
        return TryLater(FLOODED, "Telegram asks to wait")
    return Unclear(f"Telegram failed: {status}") if status >= 500 else Hopeless(f"Telegram refuses the file: {status}")
