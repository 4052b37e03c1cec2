"""The REST routes about roles, who has them, who may see a channel, and removals (Discord docs: Guild, Channel)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypedDict

from tests.simulators.discord import payloads
from tests.simulators.discord.client import Client
from tests.simulators.discord.messages import Ask
from tests.simulators.discord.rules import ApiError, FormError, Snowflake, read
from tests.simulators.discord.world import Channel, Guild, Json, Member, P, Role, allowed, highest

KEPT = 250
"""How many roles a guild may have (Discord docs, JSON Error Codes, 30005)."""

NAME = 100
"""Characters of a role's name (Discord docs, Create Guild Role)."""

DENIED = ApiError(403, 50013, "Missing Permissions")
BODY = "PATCH /guilds/{guild.id}/roles"


class Colours(TypedDict, total=False):
    """(Discord docs, Role Colors Object)."""

    primary_color: int
    secondary_color: int | None
    tertiary_color: int | None


class NewRole(TypedDict, total=False):
    """(Discord docs, Create Guild Role)."""

    name: str
    permissions: str
    color: int
    colors: Colours
    hoist: bool
    mentionable: bool


class Moved(TypedDict):
    """(Discord docs, Modify Guild Role Positions)."""

    id: Snowflake
    position: int


class Overwritten(TypedDict):
    """(Discord docs, Edit Channel Permissions); discord.py sends the id too, which Discord ignores."""

    id: Snowflake
    allow: str
    deny: str
    type: Literal[0, 1]


class Keeping:
    """The routes by name.

    Args:
        world: who is where.
        channel: finds the channel of a request, if the bot sees it.
        guild: finds its guild.
    """

    def __init__(self, world: Client, channel: Callable[[Ask, int], Channel], guild: Callable[[Ask], Guild]) -> None:
        self._world = world
        self._channel = channel
        self._guild = guild
        role = "/guilds/{guild.id}/members/{user.id}/roles/{role.id}"
        overwrite = "/channels/{channel.id}/permissions/{overwrite.id}"
        self.table: dict[str, Callable[[Ask], Any]] = {
            "POST /guilds/{guild.id}/roles": self._create,
            BODY: self._move,
            "PATCH /guilds/{guild.id}/roles/{role.id}": self._change,
            "DELETE /guilds/{guild.id}/roles/{role.id}": self._delete,
            f"PUT {role}": self._grant,
            f"DELETE {role}": self._withdraw,
            "DELETE /guilds/{guild.id}/members/{user.id}": self._kick,
            f"PUT {overwrite}": self._say,
            f"DELETE {overwrite}": self._unsay,
        }

    def _ruled(self, ask: Ask, needs: int = P.MANAGE_ROLES) -> Guild:
        guild = self._guild(ask)
        if not allowed(self._world.bot, guild) & needs:
            raise DENIED
        return guild

    def _role(self, ask: Ask, guild: Guild) -> Role:
        """Return the role of a request, if it stands below the bot's (Discord docs, Permission Hierarchy)."""
        role = next((role for role in guild.roles if role.id == ask.number("role.id")), None)
        if role is None:
            raise ApiError(404, 10011, "Unknown Role")
        if role.height >= highest(self._world.bot, guild):
            raise DENIED
        return role

    def _create(self, ask: Ask) -> Json:
        guild, body = self._ruled(ask), _checked(read(ask.body, NewRole))
        if len(guild.roles) + 1 >= KEPT:  # with @everyone
            raise ApiError(400, 30005, "Maximum number of guild roles reached (250)")
        wanted = int(body.get("permissions", guild.everyone.permissions))  # else those of @everyone (Create Guild Role)
        if wanted & ~allowed(self._world.bot, guild):  # a bot gives nobody what it has not (Permission Hierarchy)
            raise DENIED
        # all new ones have the first position, however many do (discord.js 3175)
        role = Role(self._world.ids.next(), body.get("name", "new role"), 1, wanted)
        _fill(role, body)
        guild.roles.append(role)
        self._world.tell_role("GUILD_ROLE_CREATE", guild, role)
        return payloads.role_json(role)

    def _change(self, ask: Ask) -> Json:
        guild = self._ruled(ask)
        role, body = self._role(ask, guild), _checked(read(ask.body, NewRole))
        role.permissions = int(body.get("permissions", role.permissions))
        role.name = body.get("name", role.name)
        _fill(role, body)
        self._world.tell_role("GUILD_ROLE_UPDATE", guild, role)
        return payloads.role_json(role)

    def _delete(self, ask: Ask) -> None:
        guild = self._ruled(ask)
        role = self._role(ask, guild)
        if role.managed:
            raise ApiError(400, 50028, "Invalid Role")
        self._world.delete_role(guild, role)

    def _move(self, ask: Ask) -> list[Json]:
        """Put roles in order; those at the bot's own or above stay as they are."""
        guild = self._ruled(ask)
        positions = {int(read(one, Moved)["id"]): int(one["position"]) for one in ask.body}
        roles = {role.id: role for role in guild.roles}
        if positions.keys() - roles.keys():
            raise ApiError(404, 10011, "Unknown Role")
        top = highest(self._world.bot, guild)
        true = sorted(guild.roles, key=lambda role: role.height)
        above = [role.id for role in true if role.height >= top]
        at = {role.id: index for index, role in enumerate(true, start=1)}
        new = sorted(true, key=lambda role: (positions.get(role.id, at[role.id]), -role.id))
        if positions.keys() & set(above) or [role.id for role in new][len(true) - len(above) :] != above:
            raise DENIED
        self._world.arrange(guild, positions)
        return [payloads.role_json(role) for role in (guild.everyone, *guild.roles)]

    def _member(self, ask: Ask, guild: Guild) -> Member:
        member = guild.members.get(ask.number("user.id"))
        if member is None:
            known = ask.number("user.id") in self._world.users
            raise ApiError(404, 10007, "Unknown Member") if known else ApiError(404, 10013, "Unknown User")
        return member

    def _grant(self, ask: Ask) -> None:
        guild = self._ruled(ask)
        member, role = self._member(ask, guild), self._role(ask, guild)
        if role.managed:
            raise DENIED
        if role not in member.roles:
            self._world.grant(guild, member.user, role)

    def _withdraw(self, ask: Ask) -> None:
        guild = self._ruled(ask)
        member, role = self._member(ask, guild), self._role(ask, guild)
        if role in member.roles:
            self._world.take(guild, member.user, role)

    def _kick(self, ask: Ask) -> None:
        """Remove somebody who stands below the bot (Discord docs, Remove Guild Member, Permission Hierarchy)."""
        guild = self._ruled(ask, P.KICK_MEMBERS)
        member = self._member(ask, guild)
        if highest(member.user, guild) >= highest(self._world.bot, guild):
            raise DENIED
        self._world.leave(guild, member.user)

    def _say(self, ask: Ask) -> None:
        """Say what somebody may in a channel: nothing that the bot itself may not (Edit Channel Permissions)."""
        channel, body = self._channel(ask, P.MANAGE_ROLES), read(ask.body, Overwritten)
        assert channel.guild is not None
        if channel.kind == "thread":
            raise ApiError(400, 50024, "Cannot execute action on this channel type")
        target, allow, deny = ask.number("overwrite.id"), int(body["allow"]), int(body["deny"])
        _, allowed_before, denied_before = channel.overwrites.get(target, (0, 0, 0))
        changed = (allow ^ allowed_before) | (deny ^ denied_before)
        if changed & ~(allowed(self._world.bot, channel.guild) | allowed(self._world.bot, channel.guild, channel)):
            raise DENIED
        known = {channel.guild.everyone.id, *(role.id for role in channel.guild.roles)}
        if target not in (known if body["type"] == 0 else self._world.users):
            raise ApiError(404, 10009, "Unknown Overwrite")
        channel.overwrites[target] = (body["type"], allow, deny)
        self._world.tell_channel(channel)

    def _unsay(self, ask: Ask) -> None:
        channel = self._channel(ask, P.MANAGE_ROLES)
        if channel.overwrites.pop(ask.number("overwrite.id"), None) is None:
            raise ApiError(404, 10009, "Unknown Overwrite")
        self._world.tell_channel(channel)


def _checked(body: Json) -> Json:
    name, colours = body.get("name", "x"), body.get("colors", {})
    if not 1 <= len(name) <= NAME:
        raise FormError(("name", f"Must be between 1 and {NAME} in length."))
    for colour in (body.get("color", 0), colours.get("primary_color", 0)):
        if not 0 <= colour <= 0xFFFFFF:
            raise FormError(("color", "int value should be between 0 and 16777215."))
    if colours.get("secondary_color") is not None or colours.get("tertiary_color") is not None:
        raise ApiError(403, 50101, "This server needs more boosts to perform this action")  # ENHANCED_ROLE_COLORS
    return body


def _fill(role: Role, body: Json) -> None:
    role.colour = body.get("colors", {}).get("primary_color", body.get("color", role.colour))
    role.hoist = body.get("hoist", role.hoist)
    role.mentionable = body.get("mentionable", role.mentionable)
