"""discord.py's client, which hands over what it hears in the order in which the gateway told it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, TypeAlias

import discord
import structlog
from discord.asset import Asset
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from xiaoer_discord.faults import UNREADABLE
from xiaoer_discord.settings import DiscordSettings

Readable: TypeAlias = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread

PAGE = 100
"""Messages that one request fetches at most (Discord docs, Get Channel Messages)."""

LONGEST_WAIT = 30.0
"""Seconds that discord.py itself waits for a rate limit; what takes longer comes back to delivery."""


def intents() -> discord.Intents:
    """Return what the bot asks to be told; members and message content must be switched on in the developer portal."""
    return discord.Intents(
        guilds=True, members=True, invites=True, guild_messages=True, guild_reactions=True, message_content=True
    )


def point(settings: DiscordSettings) -> None:
    """Lead discord.py to the configured addresses, which it keeps for the whole process, and spare it talk of voice."""
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    Route.BASE = settings.rest_base
    DiscordWebSocket.DEFAULT_GATEWAY = URL(settings.gateway_url)
    setattr(Asset, "BASE", settings.cdn_base)  # noqa: B010 - discord.py declares it as one literal


class Client(discord.Client):
    """discord.py's client without its caches of members and messages.

    discord.py runs handlers as tasks; these are called at once, so that what happens in a server keeps its order.

    Args:
        hears: what to call, by discord.py's name of the event.
    """

    def __init__(self, hears: Mapping[str, Callable[..., None]]) -> None:
        super().__init__(
            intents=intents(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_ratelimit_timeout=LONGEST_WAIT,
        )
        self._hears = hears
        self._connection.parsers["GUILD_MEMBER_UPDATE"] = self._member_updated

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Hand an event over; discord.py's own listeners are not used, so it is not asked."""
        del kwargs
        hear = self._hears.get(event)
        if hear is not None:
            hear(*args)

    def _member_updated(self, data: Any) -> None:
        """Hand over how a member is now; discord.py tells it of members in its cache only."""
        self._connection.parse_guild_member_update(data)
        guild = self.get_guild(int(data["guild_id"]))
        if guild is not None:
            self.dispatch("member_changed", discord.Member(data=data, guild=guild, state=self._connection))

    def learn_role(self, guild: discord.Guild, data: Any) -> discord.Role:
        """Know a role as an answer tells it, before the gateway does."""
        event: Any = {"guild_id": guild.id, "role": data}
        if guild.get_role(int(data["id"])) is None:
            self._connection.parse_guild_role_create(event)
        else:
            self._connection.parse_guild_role_update(event)
        role = guild.get_role(int(data["id"]))
        return role or discord.Role(guild=guild, state=self._connection, data=data)

    def lose_role(self, guild: discord.Guild, role: int) -> None:
        """Know that a role is gone, before the gateway tells it."""
        event: Any = {"guild_id": guild.id, "role_id": role}
        self._connection.parse_guild_role_delete(event)

    @property
    def told(self) -> str:
        """The name of what the gateway told last: session and number, the same if it is told again."""
        return f"{self.ws.session_id}:{self.ws.sequence}"

    async def history(self, channel: Readable, after: int) -> AsyncIterator[discord.Message]:
        """Return what was written in a channel behind an id, oldest first; what discord.py cannot read is left out.

        Raises:
            discord.HTTPException: Discord does not tell it.
        """
        while True:
            page = await self.http.logs_from(channel.id, PAGE, after=after)  # the newest of them first
            for raw in reversed(page):
                after = int(raw["id"])
                message = self._read(channel, raw)
                if message is not None:
                    yield message
            if len(page) < PAGE:
                return

    def _read(self, channel: Readable, raw: Any) -> discord.Message | None:
        try:
            return self._connection.create_message(channel=channel, data=raw)
        except UNREADABLE as error:
            log = structlog.get_logger()
            log.error("discord: message not understood", channel=channel.id, message=raw["id"], reason=repr(error))
            return None
