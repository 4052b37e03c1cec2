"""What is done to the members of a server: badges, gates and removals."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import discord

from xiaoer import AnyEvent, Gate, Hopeless, Host, Remove, StoreError, TryLater, Wear
from xiaoer_discord.badges import Badges, user_of
from xiaoer_discord.client import Client
from xiaoer_discord.complaints import Complaints
from xiaoer_discord.faults import MISSING_ACCESS, MISSING_PERMISSIONS, NOT_THERE, has_code
from xiaoer_discord.gates import Gates
from xiaoer_discord.guilds import AGAIN, Guilds
from xiaoer_discord.markers import Markers
from xiaoer_discord.noted import Noted
from xiaoer_discord.roles import Roles


class Members:
    """Keeps the members of the communities' servers.

    Args:
        host: the core.
        client: the bot, logged in.
        guilds: what is known of them.
        take: takes events in.
        spawn: keeps work that goes on beside.
        mark: whether invites are given roles that tell who used them.

    Attributes:
        badges: what people wear.
        markers: what invites grant.
    """

    def __init__(
        self,
        host: Host,
        client: Client,
        guilds: Guilds,
        take: Callable[[int, AnyEvent], None],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
        *,
        mark: bool = False,
    ) -> None:
        self._client = client
        self._guilds = guilds
        self._complaints = Complaints(host, guilds)
        self._noted = Noted(host.store)
        self._roles = Roles(client, guilds, self._noted, self._complaints)
        self._gates = Gates(client, guilds, self._roles, self._noted, self._complaints)
        self.markers = Markers(host, client, self._complaints, spawn, on=mark)
        self.badges = Badges(host.clock.platform, client, guilds, self._roles, self._noted, take, spawn)

    async def recall(self) -> None:
        """Read what earlier runs remembered.

        Raises:
            StoreError: it cannot be read.
        """
        await self._noted.recall()
        await self.markers.recall()

    async def perform(self, request: Wear | Gate | Remove) -> None:
        """Do what is asked.

        Raises:
            discord.HTTPException: Discord does not do it.
            DeliveryError: it cannot be done, or not now.
        """
        try:
            match request:
                case Wear():
                    await self.badges.wear(request)
                    await self._gates.follow(request.chat, request.plugin)
                case Gate():
                    await self._gates.gate(request)
                case Remove():
                    await self._remove(request)
        except StoreError as error:
            raise TryLater(AGAIN, f"it cannot be noted: {error}") from error

    def roles_changed(self, guild: int) -> None:
        """Hear that the roles of a guild may have changed."""
        self._roles.changed(guild)

    def changed(self, member: discord.Member) -> None:
        """Hear how somebody is now."""
        self.badges.changed(member)
        self.markers.saw(member)

    def missed(self, member: discord.Member) -> Iterator[AnyEvent]:
        """Return what was done to somebody's badges while nobody listened."""
        self.markers.saw(member)
        return self.badges.missed(member)

    async def _remove(self, request: Remove) -> None:
        guild, user = self._guilds.find(request.chat), user_of(request.account)
        if user == guild.owner_id:
            raise Hopeless("nobody can remove the owner", "discord.owner", server=guild.name)
        try:
            await self._client.http.kick(user, guild.id, reason="a plugin of the community asked for it")
        except discord.HTTPException as error:
            if has_code(error, *NOT_THERE):
                return
            if not has_code(error, MISSING_PERMISSIONS, MISSING_ACCESS):
                raise
            if not guild.me.guild_permissions.kick_members:
                reason = "the bot needs the permission “Kick Members” in this server"
                raise self._complaints.lacks("discord.no_kicking", guild, reason) from error
            reason = "their highest role is not below the bot's"
            raise Hopeless(reason, "discord.higher_role", server=guild.name) from error
        self._complaints.works(guild, "discord.no_kicking")
