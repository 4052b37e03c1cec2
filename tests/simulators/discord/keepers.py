"""What people do by hand on the simulated Discord to roles and to who has them, and what they see for it."""

from __future__ import annotations

from tests.simulators.discord import payloads
from tests.simulators.discord.gateway import Intent
from tests.simulators.discord.people import People
from tests.simulators.discord.world import Channel, Guild, P, Role, User, allowed


class Keepers(People):
    """People who keep a guild; the bot does the same through its routes."""

    def take(self, guild: Guild, user: User, role: Role) -> None:
        """Take a role from somebody."""
        member = guild.members[user.id]
        member.roles.remove(role)
        self.tell_member(guild, member)

    def delete_role(self, guild: Guild, role: Role) -> None:
        """Delete a role; what channels say of it goes with it.

        That those who had it have changed is told of nobody; the documentation promises it nowhere.
        """
        guild.roles.remove(role)
        for member in guild.members.values():
            member.roles = [one for one in member.roles if one is not role]
        event = {"guild_id": str(guild.id), "role_id": str(role.id)}
        if self.in_guild(guild):
            self.tell("GUILD_ROLE_DELETE", lambda _: event, Intent.GUILDS)
        for channel in guild.channels:
            if channel.overwrites.pop(role.id, None) is not None:
                self.tell_channel(channel)

    def rename(self, guild: Guild, role: Role, name: str = "", colour: int | None = None) -> None:
        """Give a role another name or colour."""
        role.name, role.colour = name or role.name, role.colour if colour is None else colour
        self.tell_role("GUILD_ROLE_UPDATE", guild, role)

    def arrange(self, guild: Guild, positions: dict[int, int]) -> None:
        """Put roles at positions; then all have one of their own (discord-api-docs 1778)."""
        before = {role.id: role.position for role in guild.roles}
        for number, role in enumerate(sorted(guild.roles, key=lambda role: role.height), start=1):
            role.position = number
        for role in guild.roles:
            role.position = positions.get(role.id, role.position)
        for number, role in enumerate(sorted(guild.roles, key=lambda role: role.height), start=1):
            role.position = number
        for role in guild.roles:
            if role.position != before[role.id]:
                self.tell_role("GUILD_ROLE_UPDATE", guild, role)

    def tell_channel(self, channel: Channel) -> None:
        """Tell how a channel is now."""
        if channel.guild is not None and self.in_guild(channel.guild):
            self.tell("CHANNEL_UPDATE", lambda _: payloads.channel_json(channel), Intent.GUILDS)

    def roles_of(self, guild: Guild, user: User) -> list[str]:
        """Return the names of somebody's roles as people see them beside the name, the highest first."""
        member = guild.members.get(user.id)
        found = sorted(member.roles, key=lambda role: role.height, reverse=True) if member is not None else []
        return [role.name for role in found]

    def sees(self, user: User, channel: Channel) -> bool:
        """Return whether somebody sees a channel."""
        return channel.guild is not None and bool(allowed(user, channel.guild, channel) & P.VIEW_CHANNEL)
