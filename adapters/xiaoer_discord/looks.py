"""Looks at a guild's invites: which there are, and how often each was used."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Any

import discord
import structlog

from xiaoer_discord.attribution import Count
from xiaoer_discord.faults import FAILURES, UNREADABLE

if TYPE_CHECKING:
    from xiaoer import Clock

PATIENCE = 3.0
"""Seconds of platform time that a look may take, and after which a join is not held back for another one."""


class Looks:
    """Asks Discord.

    Args:
        client: the bot.
        clock: platform time.
    """

    def __init__(self, client: discord.Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    def may(self, guild: int) -> bool:
        """Return whether the bot may see a guild's invites (Discord docs, Get Guild Invites: MANAGE_GUILD)."""
        found = self._client.get_guild(guild)
        return found is not None and not found.unavailable and found.me.guild_permissions.manage_guild

    async def take(self, guild: int) -> dict[str, Count] | None:
        """Return the invites by their codes; None when Discord does not tell them now."""
        look = asyncio.ensure_future(self.fetch(guild))
        patience = asyncio.ensure_future(self._clock.sleep(PATIENCE))
        try:
            await asyncio.wait([look, patience], return_when=asyncio.FIRST_COMPLETED)
            if look.done():
                return look.result()
            reason = "Discord takes too long"
        except (*FAILURES, *UNREADABLE) as error:
            reason = str(error)
        finally:
            look.cancel()
            patience.cancel()
            await asyncio.wait([look])  # so that its connection is given back before the line may be closed
        structlog.get_logger().warning("discord: invites not looked at", guild=guild, reason=reason)
        return None

    async def fetch(self, guild: int) -> dict[str, Count]:
        """Return the invites (Discord docs, Get Guild Invites and Get Guild Vanity URL).

        Raises:
            discord.HTTPException: Discord does not tell them.
        """
        mine = self._client.application_id
        found = [count_of(one, mine) for one in await self._client.http.invites_from(guild)]
        place = self._client.get_guild(guild)
        if place is not None and place.vanity_url_code:
            own = await self._client.http.get_vanity_code(guild)
            if own["code"]:
                found.append(Count(str(own["code"]), int(own.get("uses", 0)), public=True))
        return {count.code: count for count in found}

    def told(self, invite: discord.Invite) -> Count:
        """Return a new invite as an event tells it."""
        by, limit = invite.inviter, invite.max_uses or 0
        return Count(
            invite.code,
            invite.uses or 0,
            limit,
            invite.expires_at,
            _account(by.id if by is not None else None, self._client.application_id),
            public=by is None,
        )


def count_of(raw: Any, bot: int | None) -> Count:
    """Return an invite as a request tells it (Discord docs, Invite Metadata).

    Args:
        raw: it.
        bot: the bot's own id.
    """
    inviter, over = raw.get("inviter"), raw.get("expires_at")
    by = int(inviter["id"]) if inviter is not None else None
    return Count(
        str(raw["code"]),
        int(raw.get("uses", 0)),
        int(raw.get("max_uses", 0)),
        datetime.fromisoformat(over) if over else None,
        _account(by, bot),
        public=by is None,
    )


def _account(user: int | None, bot: int | None) -> str | None:
    return f"discord:{user}" if user is not None and user != bot else None
