"""What the adapter knows of its guilds: which space each is, and since when its members are there."""

from __future__ import annotations

from datetime import datetime

import discord

from xiaoer import Community, Host, Membership


class Guilds:
    """The guilds of one bot, as :class:`~xiaoer_discord.translate.View`.

    Args:
        host: the core.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._spaces: dict[int, str] = {}
        self._communities: dict[str, Community] = {}
        self._named: dict[str, frozenset[str]] = {}
        self._since: dict[int, dict[int, datetime | None]] = {}
        self._doors: dict[str, int | None] = {}
        for community in host.communities():
            named = {name.removeprefix("discord:") for name in community.role_map if name.startswith("discord:")}
            for space in community.spaces:
                if space.startswith("discord:"):
                    self._spaces[int(space.removeprefix("discord:"))] = space
                    self._communities[space] = community
                    self._named[space] = frozenset(named - {"owner", "administrator"})

    @property
    def ids(self) -> list[int]:
        """The guilds that belong to communities."""
        return list(self._spaces)

    def community(self, space: str) -> Community:
        """Return the community of a space."""
        return self._communities[space]

    def space(self, guild: int | None) -> str | None:
        """Return the space that a guild is; None when it is in no community."""
        return self._spaces.get(guild) if guild is not None else None

    def named_roles(self, space: str) -> frozenset[str]:
        """Return the names of Discord roles that mean something in the space's community."""
        return self._named[space]

    def now(self) -> datetime:
        """Return community time."""
        return self._host.clock.now()

    def home(self, user: int, button: str) -> str | None:
        """Return the space to which a button in a private chat belongs: where the person is, if there are several."""
        owner = self._host.community_of(button, dict.fromkeys(found.id for found in self._communities.values()))
        spaces = [guild for guild, space in self._spaces.items() if self._communities[space].id == owner]
        near = [guild for guild in spaces if user in self._since.get(guild, {})]
        return self._spaces[(near or spaces)[0]] if spaces else None

    def learn(self, guild: discord.Guild) -> None:
        """Take in how a guild looks."""
        space = self._spaces[guild.id]
        door = guild.system_channel or next(iter(guild.text_channels), None)
        self._doors[space] = door.id if door is not None else None

    def front_door(self, space: str) -> int | None:
        """Return the channel in which a guild itself tells who comes in; None when it has none."""
        return self._doors.get(space)

    async def recall(self, guild: int) -> dict[int, Membership]:
        """Return who is known to be in a guild, and remember since when."""
        found = await self._host.members(self._spaces[guild])
        known = {int(account.removeprefix("discord:")): membership for account, membership in found.items()}
        told = self._since.get(guild, {})  # meanwhile, so it is newer
        self._since[guild] = {user: membership.since for user, membership in known.items()} | told
        return known

    def came(self, guild: int, user: int, since: datetime) -> None:
        """Remember since when somebody is there."""
        self._since.setdefault(guild, {})[user] = since

    def since(self, guild: int, user: int) -> datetime | None:
        """Return since when somebody is there, as far as that was told."""
        return self._since.get(guild, {}).get(user)
