"""Knocking before the first test: is the token good, and is the bot where it is to be tested?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
from tests.contracts.live.settings import KINDS, Mistake, Place

from xiaoer_discord import DiscordSettings
from xiaoer_telegram import TelegramSettings

PATIENCE = 20.0
"""Seconds for one answer."""

TOKENS = {kind.platform: kind.token for kind in KINDS}
BAD_TOKEN = {"telegram": (401, 404), "discord": (401,)}
"""How a platform turns a token away; to Telegram's server one of a wrong form is a wrong address."""


class Refused(Exception):
    """The platform says no.

    Args:
        status: the HTTP status.
        words: its own.
    """

    def __init__(self, status: int, words: str) -> None:
        self.status = status
        super().__init__(words)


async def _ask(place: Place, address: str, **options: Any) -> Any:
    """Return what a platform answers; errors of the HTTP library stay here, as they name the address and so the token.

    Raises:
        Refused: it says no.
        Mistake: there is nobody, or somebody else.
    """
    try:
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as http:
            answer = await http.request(options.pop("method", "GET"), address, **options)
        body: dict[str, Any] = dict(answer.json())
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, TypeError) as error:
        where = "".join(f" at {base}" for base in place.addresses.values())
        raise Mistake(f"{place.title} does not answer{where} ({type(error).__name__}).") from None
    if not answer.is_success:
        raise Refused(answer.status_code, str(body.get("description") or body.get("message")))
    return body


async def telegram(place: Place, method: str, **params: Any) -> Any:
    """Return the result of a method of the Bot API.

    Raises:
        Refused: Telegram says no.
        Mistake: it does not answer.
    """
    base = place.addresses.get("api_base") or TelegramSettings().api_base
    return (await _ask(place, f"{base}/bot{place.token}/{method}", method="POST", json=params))["result"]


async def discord(place: Place, path: str) -> Any:
    """Return what Discord's REST API says.

    Raises:
        Refused: Discord says no.
        Mistake: it does not answer.
    """
    base = place.addresses.get("rest_base") or DiscordSettings().rest_base
    return await _ask(place, base + path, headers={"Authorization": f"Bot {place.token}"})


async def knock(place: Place) -> Place:
    """Return the place with what the chat is called, once the bot is found there.

    Raises:
        Mistake: it is not there, or it cannot be tested there.
    """
    try:
        return await (_telegram(place) if place.platform == "telegram" else _discord(place))
    except Refused as error:
        if error.status not in BAD_TOKEN[place.platform]:
            raise Mistake(f"{place.title} does not want to: {error}.") from None
        token = TOKENS[place.platform]
        raise Mistake(f"{place.title} does not accept the token in {token.name}: get one from {token.where}.") from None


async def _telegram(place: Place) -> Place:
    me = await telegram(place, "getMe")
    name = f"@{me['username']}"
    try:
        member = await telegram(place, "getChatMember", chat_id=int(place.chat), user_id=me["id"])
    except Refused as error:
        if error.status not in (400, 403):
            raise
        raise Mistake(f"{name} is not in {place.chat} of XIAOER_LIVE_TELEGRAM_CHAT: add it ({error}).") from None
    if member["status"] != "administrator":
        raise Mistake(f"{name} is no admin of {place.chat}, so it would hear too little: make it one.")
    try:
        await let_go(place)
    except Refused as error:
        raise Mistake(f"{name} is used by somebody else: end that first ({error}).") from None
    try:
        chat = await telegram(place, "getChat", chat_id=int(place.chat))
    except Refused:
        return place
    return replace(place, called=chat.get("title", place.called))


async def let_go(place: Place) -> None:
    """Let Telegram forget what it still holds for the bot, so that nothing of it is taken for news.

    Raises:
        Refused: another program is served.
        Mistake: Telegram does not answer.
    """
    updates = await telegram(place, "getUpdates", offset=-1)
    if updates:
        await telegram(place, "getUpdates", offset=updates[-1]["update_id"] + 1)


async def _discord(place: Place) -> Place:
    name = (await discord(place, "/users/@me"))["username"]
    guild, _, number = place.chat.partition("/")
    for path, what in ((f"/guilds/{guild}", "server"), (f"/channels/{number}", "channel")):
        try:
            found = await discord(place, path)
        except Refused as error:
            if error.status not in (403, 404):
                raise
            words = f"{name} is not in the {what} of XIAOER_LIVE_DISCORD_CHANNEL: invite it, or let it see the channel"
            raise Mistake(f"{words} ({error}).") from None
    if str(found.get("guild_id")) != guild:
        raise Mistake(f"The channel of XIAOER_LIVE_DISCORD_CHANNEL is not in the server {guild}.")
    return replace(place, called=f"#{found['name']}")
