"""The roles that stand for badges: made when they are first needed, and kept as their badges say.

A role that a kill left behind unnoted is taken up again. Whoever may wear such a role is the plugin's to say, so a role
that lets anybody do anything is never one of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NoReturn

import discord
import structlog

from xiaoer import Badge, NotPermitted
from xiaoer_discord.client import Client
from xiaoer_discord.complaints import Complaints
from xiaoer_discord.faults import FULL_OF_ROLES, MISSING_ACCESS, MISSING_PERMISSIONS, has_code
from xiaoer_discord.guilds import Guilds
from xiaoer_discord.noted import Noted, Stands

NAME = 100
"""Characters of a role's name (Discord docs, Role Object)."""

LONG = 600.0
"""Seconds after which nobody waits for a role: a bot makes 250 in two days (discord-api-docs 1480)."""


class Roles:
    """The roles of guilds that stand for badges.

    Args:
        client: the bot, logged in.
        guilds: what is known of them.
        noted: which role stands for what.
        complaints: tells admins what the bot lacks.
    """

    def __init__(self, client: Client, guilds: Guilds, noted: Noted, complaints: Complaints) -> None:
        self._client = client
        self._guilds = guilds
        self._noted = noted
        self._complaints = complaints
        self._stuck: set[tuple[int, str]] = set()

    async def stand_for(self, guild: discord.Guild, plugin: str, badges: Sequence[Badge]) -> list[discord.Role]:
        """Return the roles of some kinds of badges, made and changed as those say, each above those it stands above.

        Raises:
            discord.HTTPException: Discord does not do it.
            NotPermitted: the bot may not do it.
            StoreError: it cannot be noted.
        """
        roles = [await self._stand_for(guild, plugin, badge) for badge in badges]
        await self._arrange(guild, plugin)
        return roles

    async def _stand_for(self, guild: discord.Guild, plugin: str, badge: Badge) -> discord.Role:
        noted = self._noted.stands_for(guild.id, plugin, badge.kind)
        role = guild.get_role(noted.role) if noted is not None else None
        if role is None:
            role = await self._find(guild, noted, badge) or await self._create(guild, badge)
        await self._noted.note_role(guild.id, plugin, badge.kind, Stands(role.id, badge.order))
        return await self._dress(guild, role, badge)

    async def _find(self, guild: discord.Guild, noted: Stands | None, badge: Badge) -> discord.Role | None:
        """Return a role that is there already: the one that is noted, or one that a kill left unnoted."""
        found = [self._client.learn_role(guild, data) for data in await self._client.http.get_roles(guild.id)]
        for role in found:
            if noted is not None and role.id == noted.role:
                return role
        space = self._guilds.space(guild.id)
        ranks = {role for role, _ in self._guilds.ranks(space)} if space is not None else set[int]()
        taken = self._noted.roles(guild.id).keys() | spoken_of(guild) | ranks
        fitting = (role for role in found if role.name == name_of(badge))
        return next((role for role in fitting if is_harmless(role, taken)), None)

    async def _create(self, guild: discord.Guild, badge: Badge) -> discord.Role:
        try:
            made = await self._client.http.create_role(
                guild.id,
                reason=f"stands for a badge: {name_of(badge)}",
                name=name_of(badge),
                permissions="0",
                colors=colours(badge),
                hoist=False,
                mentionable=False,
            )
        except discord.RateLimited as error:
            if error.retry_after < LONG:
                raise
            reason = "the bot has made 250 roles in two days"
            raise self._complaints.lacks("discord.roles_spent", guild, reason) from error
        except discord.HTTPException as error:
            self.refused(guild, error, name_of(badge))
        self._complaints.works(guild, "discord.full_of_roles", "discord.roles_spent")
        return self._client.learn_role(guild, made)

    async def _dress(self, guild: discord.Guild, role: discord.Role, badge: Badge) -> discord.Role:
        """Give a role the name and the colour of its badge."""
        changes: dict[str, Any] = {}
        if role.name != name_of(badge):
            changes["name"] = name_of(badge)
        if role.colour.value != (badge.colour or 0):
            changes["colors"] = colours(badge)
        if not changes:
            return role
        try:
            made = await self._client.http.edit_role(guild.id, role.id, reason="as its badge says", **changes)
        except discord.HTTPException as error:
            self.refused(guild, error, role.name)
        return self._client.learn_role(guild, made)

    async def _arrange(self, guild: discord.Guild, plugin: str) -> None:
        """Put a plugin's roles in order; where that cannot be, they are worn all the same."""
        places = {
            role: place
            for role, place in self._noted.roles(guild.id, plugin).items()
            if (found := guild.get_role(role)) is not None and found.is_assignable()
        }
        moves = arranged([role.id for role in guild.roles], places)
        if not moves or (guild.id, plugin) in self._stuck:
            return
        positions: list[Any] = [{"id": role, "position": position} for role, position in moves]
        try:
            told = await self._client.http.move_role_position(guild.id, positions, reason="the order of badges")
        except discord.Forbidden as error:
            self._stuck.add((guild.id, plugin))
            structlog.get_logger().warning("discord: roles not put in order", guild=guild.id, reason=error.text)
            return
        for data in told:
            self._client.learn_role(guild, data)

    def changed(self, guild: int) -> None:
        """Hear that the roles of a guild may have changed, so that they may be put in order again."""
        self._stuck = {place for place in self._stuck if place[0] != guild}

    def works(self, guild: discord.Guild) -> None:
        """Hear that the bot could grant or withdraw a role."""
        self._complaints.works(guild, "discord.no_roles", "discord.low_role")

    def refused(self, guild: discord.Guild, error: discord.HTTPException, role: str) -> NoReturn:
        """Say why something was not done with a role.

        Args:
            guild: where.
            error: what Discord said.
            role: its name.

        Raises:
            discord.HTTPException: it is about no right of the bot's.
            NotPermitted: it is.
        """
        if has_code(error, FULL_OF_ROLES):
            raise self._complaints.lacks("discord.full_of_roles", guild, "the server has 250 roles") from error
        if has_code(error, MISSING_PERMISSIONS, MISSING_ACCESS):
            raise self.lacks(guild, role) from error
        raise error

    def lacks(self, guild: discord.Guild, role: str) -> NotPermitted:
        """Tell the admins which right for roles the bot lacks, and return the error that says so."""
        if not guild.me.guild_permissions.manage_roles:
            return self._complaints.lacks(
                "discord.no_roles", guild, "the bot needs the permission “Manage Roles” in this server"
            )
        return self._complaints.lacks("discord.low_role", guild, f"the bot's role is below {role}", role=role)


def name_of(badge: Badge) -> str:
    """Return the name of a badge as Discord takes it for a role."""
    return " ".join(badge.name.split())[:NAME].strip() or badge.kind[:NAME]


def colours(badge: Badge) -> dict[str, int | None]:
    """Return the colour of a badge as Discord takes it (Discord docs, Role Colors Object)."""
    return {"primary_color": badge.colour or 0, "secondary_color": None, "tertiary_color": None}


def spoken_of(guild: discord.Guild) -> set[int]:
    """Return the roles of which a channel says what they may do there."""
    return {target.id for channel in guild.channels for target in channel.overwrites}


def is_harmless(role: discord.Role, taken: Collection[int]) -> bool:
    """Return whether a role lets nobody do anything that they could not do without it, and may be given.

    Args:
        role: it.
        taken: the roles that stand for something already: for a badge, a right in the community or one in a channel.
    """
    return role.is_assignable() and not role.permissions.value and role.id not in taken


def arranged(roles: Sequence[int], places: Mapping[int, int]) -> list[tuple[int, int]]:
    """Return how to move some roles so that they stand in order: each with its position, none when they do.

    They change places among themselves. New roles all have position 1, and equal ones stand by their ids, so what is
    between them is given its true position too (discord.js 3175, discord-api-docs 1778).

    Args:
        roles: all of a guild, the lowest first, which is ``@everyone``.
        places: those to put in order; lower ones stand above.
    """
    slots = [index for index, role in enumerate(roles) if role in places]
    now = [roles[index] for index in slots]
    wanted = sorted(now, key=lambda role: -places[role])  # stable: of equal ones none is moved
    if now == wanted:
        return []
    new = dict(zip(slots, wanted, strict=True))
    return [(new.get(index, roles[index]), index) for index in range(slots[0], slots[-1] + 1)]
