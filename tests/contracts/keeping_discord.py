"""A Discord server as a door, as its members see it."""

from __future__ import annotations

from tests.contracts.discord_stage import DiscordStage
from tests.contracts.keeping import Keep
from tests.simulators.discord.world import P


class DiscordKeep(DiscordStage, Keep):
    """A server in which the bot may give roles and remove people; nobody can ask to be let in there."""

    async def open(self) -> None:
        """Start Discord, with a second channel."""
        await super().open()
        self.guild.roles[0].permissions |= P.MANAGE_ROLES | P.KICK_MEMBERS
        self.room = f"{self.space}/{self.server.channel(self.guild, 'founders').id}"

    async def ask_in(self, name: str) -> None:
        """Nobody can."""
        raise NotImplementedError

    def inside(self, name: str) -> bool:
        """Look at the list of members."""
        return self.person(name).id in self.guild.members

    def worn(self, name: str) -> list[str]:
        """Look at somebody's roles."""
        return self.server.roles_of(self.guild, self.person(name))

    async def strip(self, name: str) -> None:
        """Take somebody's roles, one by one."""
        for role in list(self.guild.members[self.person(name).id].roles):
            self.server.take(self.guild, self.person(name), role)

    def told(self, name: str) -> list[str]:
        """Look into the private messages."""
        return [message.content for message in self.server.direct(self.person(name))]

    async def sees(self, name: str, chat: str) -> bool:
        """Look whether somebody sees a channel."""
        return self.server.sees(self.person(name), self.server.channels[int(chat.partition("/")[2])])
