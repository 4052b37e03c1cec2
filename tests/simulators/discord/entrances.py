"""The REST routes about invites (Discord docs: Channel, Guild and Invite)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict

from tests.simulators.discord.client import Client
from tests.simulators.discord.messages import Ask
from tests.simulators.discord.rules import ApiError, FormError, Snowflake, read
from tests.simulators.discord.world import Channel, Guild, Json, P, Role, allowed, highest

LONGEST, MOST = 604_800, 100
"""The largest ``max_age`` and ``max_uses`` (Discord docs, Create Channel Invite)."""

KEPT = 1000
"""How many invites a guild may have (Discord docs, JSON Error Codes, 30016)."""

DENIED = ApiError(403, 50013, "Missing Permissions")


class NewInvite(TypedDict, total=False):
    """(Discord docs, Create Channel Invite)."""

    max_age: int
    max_uses: int
    temporary: bool
    unique: bool
    role_ids: list[Snowflake]


class Entrances:
    """The routes by name.

    Args:
        world: who is where.
        channel: finds the channel of a request.
        guild: finds its guild.
    """

    def __init__(self, world: Client, channel: Callable[[Ask], Channel], guild: Callable[[Ask], Guild]) -> None:
        self._world = world
        self._channel = channel
        self._guild = guild
        self.table: dict[str, Callable[[Ask], Any]] = {
            "GET /guilds/{guild.id}/invites": self._list,
            "GET /guilds/{guild.id}/vanity-url": self._own,
            "POST /channels/{channel.id}/invites": self._make,
            "DELETE /invites/{invite.code}": self._delete,
        }

    def _managed(self, ask: Ask) -> Guild:
        guild = self._guild(ask)
        if not allowed(self._world.bot, guild) & P.MANAGE_GUILD:
            raise DENIED
        return guild

    def _list(self, ask: Ask) -> list[Json]:
        return [made.json(self._world.now()) for made in self._world.doors.listed(self._managed(ask))]

    def _own(self, ask: Ask) -> Json:
        made = self._world.doors.made.get(self._managed(ask).vanity or "")
        return {"code": None, "uses": 0} if made is None else {"code": made.code, "uses": made.uses(self._world.now())}

    def _make(self, ask: Ask) -> Json:
        channel, body = self._channel(ask), read(ask.body, NewInvite)
        for name, most in (("max_age", LONGEST), ("max_uses", MOST)):
            if not 0 <= body.get(name, 0) <= most:
                raise FormError((name, f"int value should be between 0 and {most}."))
        assert channel.guild is not None
        if not allowed(self._world.bot, channel.guild, channel) & P.CREATE_INSTANT_INVITE:
            raise DENIED
        if len(self._world.doors.listed(channel.guild)) >= KEPT:
            raise ApiError(400, 30016, "Maximum number of invites reached (1000)")
        roles = self._granted(channel.guild, {int(one) for one in body.get("role_ids", [])})
        made = self._world.doors.make(
            channel, self._world.bot, seconds=body.get("max_age", 86_400), limit=body.get("max_uses", 0)
        )
        made.roles = roles
        return made.json(self._world.now())

    def _granted(self, guild: Guild, wanted: set[int]) -> list[Role]:
        """Return the roles that an invite grants, all below the bot's own (Discord docs, Using Community Invites)."""
        bot = self._world.bot
        roles = [role for role in guild.roles if role.id in wanted]
        if len(roles) < len(wanted):
            raise ApiError(404, 10011, "Unknown Role")
        too_high = any(role.height >= highest(bot, guild) for role in roles)
        if wanted and (too_high or not allowed(bot, guild) & P.MANAGE_ROLES):
            raise DENIED
        return roles

    def _delete(self, ask: Ask) -> Json:
        made = self._world.doors.made.get(ask.path["invite.code"])
        if made is None or not made.listed(self._world.now()):
            raise ApiError(404, 10006, "Unknown Invite")
        may = allowed(self._world.bot, made.guild) | allowed(self._world.bot, made.guild, made.channel)
        if not may & (P.MANAGE_GUILD | P.MANAGE_CHANNELS):
            raise DENIED
        self._world.doors.revoke(made)
        return made.json(self._world.now())
