"""What the adapter knows of its guilds: which space each is, and since when its members are there."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import get_args

import discord

from xiaoer import Community, Hopeless, Host, Membership, Role, TryLater
from xiaoer_discord.translate import Ranks

AGAIN = 1.0
"""Seconds after which to ask again while Discord has not told of a guild yet."""

REMEMBERED = 10_000
"""So many people who left are remembered, because Discord may tell that twice."""

ADMINISTRATOR = "administrator"
"""What events call somebody who has that permission, whatever the name of the role that gives it."""


class Guilds:
    """The guilds of one bot, as :class:`~xiaoer_discord.translate.View`.

    Args:
        host: the core.
        client: the bot.
    """

    def __init__(self, host: Host, client: discord.Client) -> None:
        self._host = host
        self._client = client
        self._spaces: dict[int, str] = {}
        self._communities: dict[str, Community] = {}
        self._meaning: dict[str, dict[str, str]] = {}
        self._ranks: dict[int, Ranks] = {}
        self._since: dict[int, dict[int, datetime | None]] = {}
        self._recalled: set[int] = set()
        self._gone: OrderedDict[tuple[int, int], datetime | None] = OrderedDict()
        for community in host.communities():
            for space in community.spaces:
                if space.startswith("discord:"):
                    self._spaces[int(space.removeprefix("discord:"))] = space
                    self._communities[space] = community
                    self._meaning[space] = meaning_in(community)

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

    def ranks(self, space: str) -> Ranks:
        """Return which roles mean something in the space's community."""
        number = int(space.removeprefix("discord:"))
        if number not in self._ranks:
            guild = self._client.get_guild(number)
            if guild is None or guild.unavailable:
                return ()
            self._ranks[number] = ranks_of(guild.roles, self._meaning[space])
        return self._ranks[number]

    def roles_changed(self, guild: int) -> None:
        """Hear that the roles of a guild may have changed."""
        self._ranks.pop(guild, None)

    def now(self) -> datetime:
        """Return community time."""
        return self._host.clock.now()

    def home(self, user: int, button: str) -> str | None:
        """Return the space to which a button in a private chat belongs: where the person is a member."""
        owner = self._host.community_of(button, dict.fromkeys(found.id for found in self._communities.values()))
        there = (space for guild, space in self._spaces.items() if self._may_be_in(guild, user))
        return next((space for space in there if self._communities[space].id == owner), None)

    def _may_be_in(self, guild: int, user: int) -> bool:
        return guild not in self._recalled or user in self._since[guild]

    def find(self, chat: str) -> discord.Guild:
        """Return the guild of a space or chat.

        Raises:
            TryLater: Discord has not told of it yet.
            Hopeless: the bot is not in it.
        """
        space = chat.partition("/")[0]
        guild = self._client.get_guild(int(space.removeprefix("discord:")))
        if guild is None and self._client.is_ready():
            raise Hopeless(f"the bot is not in the server {space}")
        if guild is None or guild.unavailable:
            raise TryLater(AGAIN, "Discord has not told of the server yet")
        return guild

    def front_door(self, space: str) -> int:
        """Return the channel in which a guild itself tells who comes in, or the first in which the bot may write.

        Raises:
            TryLater: Discord has not told of the guild yet.
            Hopeless: there is no such channel.
        """
        guild = self.find(space)
        first = [guild.system_channel] if guild.system_channel is not None else []
        for channel in (*first, *guild.text_channels):
            may = channel.permissions_for(guild.me)
            if may.view_channel and may.send_messages:
                return channel.id
        raise Hopeless(f"there is no channel in {space} in which the bot may write")

    async def recall(self, guild: int) -> dict[int, Membership]:
        """Return who is known to be in a guild, and remember since when."""
        found = await self._host.members(self._spaces[guild])
        known = {int(account.removeprefix("discord:")): membership for account, membership in found.items()}
        told = self._since.get(guild, {})  # meanwhile, so it is newer
        still = {user: membership.since for user, membership in known.items() if (guild, user) not in self._gone}
        self._since[guild] = still | told
        self._recalled.add(guild)
        return known

    def came(self, guild: int, user: int, since: datetime) -> None:
        """Remember since when somebody is there."""
        self._since.setdefault(guild, {})[user] = since

    def met(self, user: discord.User | discord.Member | None) -> None:
        """Remember since when somebody is there who did something."""
        if isinstance(user, discord.Member) and user.joined_at is not None and user.guild.id in self._spaces:
            self.came(user.guild.id, user.id, user.joined_at)

    def went(self, guild: int, user: int) -> None:
        """Remember that somebody left."""
        self._gone[guild, user] = self._since.get(guild, {}).pop(user, None)
        if len(self._gone) > REMEMBERED:
            self._gone.popitem(last=False)

    def since(self, guild: int, user: int) -> datetime | None:
        """Return since when somebody is there, or was until they left, as far as that was told."""
        here = self._since.get(guild, {})
        return here[user] if user in here else self._gone.get((guild, user))


def meaning_in(community: Community) -> dict[str, str]:
    """Return what administrators and the roles that a community's table names are there."""
    here = "discord:"
    named = {name.removeprefix(here): role for name, role in community.role_map.items() if name.startswith(here)}
    return {ADMINISTRATOR: "secretary"} | {name: role for name, role in named.items() if name != "owner"}


def ranks_of(roles: Iterable[discord.Role], meaning: Mapping[str, str]) -> Ranks:
    """Return the roles that mean something, the highest right first.

    Args:
        roles: all of a guild.
        meaning: what names of roles mean.
    """
    found: list[tuple[int, str]] = []
    for role in roles:
        if role.permissions.administrator:
            found.append((role.id, ADMINISTRATOR))
        if role.name in meaning and role.name != ADMINISTRATOR:
            found.append((role.id, role.name))
    return sorted(found, key=lambda rank: get_args(Role).index(meaning[rank[1]]))
