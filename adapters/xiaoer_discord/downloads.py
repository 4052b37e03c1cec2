"""Files that hang on messages, as Discord hands them out: by addresses that are good for a day.

An address that has ended is renewed by asking for the message (Discord docs, Signed Attachment CDN URLs).
"""

from __future__ import annotations

import aiohttp
import msgspec

from xiaoer import Fetch, FileRefused, Gone, Hopeless, Receipt, TryLater, Unclear
from xiaoer_discord.faults import RESTING
from xiaoer_discord.quoting import Said
from xiaoer_discord.rest import Rest

PATIENCE = aiohttp.ClientTimeout(total=60)
"""Seconds that a download may take."""

CHUNK = 64 * 1024

HOME = "https://cdn.discordapp.com"
"""Where files are, unless another address is configured."""

ENDED = frozenset({403, 404, 410})
"""What is said of an address that has ended, or of a file that is gone."""


class Downloads:
    """Fetches files.

    Args:
        rest: reaches Discord.
        base: where files are fetched from.
    """

    def __init__(self, rest: Rest, base: str) -> None:
        self._rest = rest
        self._base = base

    async def fetch(self, request: Fetch) -> Receipt:
        """Return the bytes of a file.

        Raises:
            FileRefused: it has too many.
            Gone: it is not there any more.
            DeliveryError: it cannot be fetched.
            discord.HTTPException: Discord does not tell where it is.
        """
        if (request.attachment.size or 0) > request.limit:
            raise FileRefused
        place, _, url = request.attachment.handle.partition(" ")
        try:
            return Receipt(data=await self._bytes(url, request.limit))
        except Gone:
            return Receipt(data=await self._bytes(await self._renewed(place), request.limit))

    async def _renewed(self, place: str) -> str:
        channel, message, number = place.split("/")
        try:
            found = msgspec.convert(await self._rest.message(int(channel), int(message)), Said).file(number)
        except msgspec.ValidationError as error:
            raise Hopeless("Discord's answer could not be read") from error
        if found is None:
            raise Gone("the file is not on its message any more")
        return found.url

    async def _bytes(self, url: str, limit: int) -> bytes:
        address = f"{self._base}{url.removeprefix(HOME)}" if url.startswith(f"{HOME}/") else url
        if not address.startswith(f"{self._base}/"):
            raise Hopeless("Discord names an address for the file that is not its own")
        data = bytearray()
        async with aiohttp.ClientSession(timeout=PATIENCE) as session, session.get(address) as answer:
            if answer.status != 200:
                raise _meaning(answer.status)
            async for chunk in answer.content.iter_chunked(CHUNK):
                data += chunk
                if len(data) > limit:
                    raise FileRefused
        return bytes(data)


def _meaning(status: int) -> Gone | TryLater | Hopeless | Unclear:
    if status in ENDED:
        return Gone("the file is not there any more")
    if status == 429:
        return TryLater(RESTING, "Discord asks to wait")
    return Unclear(f"Discord failed: {status}") if status >= 500 else Hopeless(f"Discord refuses the file: {status}")
