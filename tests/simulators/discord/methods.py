"""The REST routes that are not about messages (Discord docs: Application, Channel, Gateway, Guild, User)."""

from __future__ import annotations

from typing import Any

from tests.simulators.discord import payloads
from tests.simulators.discord.answers import HOOK, Answers
from tests.simulators.discord.client import Client
from tests.simulators.discord.commands import Registry
from tests.simulators.discord.entrances import Entrances
from tests.simulators.discord.keeping import Keeping
from tests.simulators.discord.messages import Ask, Messages
from tests.simulators.discord.rules import ApiError, Direct, FormError, read
from tests.simulators.discord.world import Guild, Json

SMALL_APPLICATION = {"name": "Xiaoer", "icon": None, "description": "", "summary": "", "verify_key": "00", "flags": 0}

QUERIES = {
    "GET /guilds/{guild.id}": "with_counts",
    "GET /guilds/{guild.id}/members": "limit after",
    "GET /channels/{channel.id}/messages": "limit before after around",
    "GET /channels/{channel.id}/messages/pins": "limit before",
    "POST /interactions/{interaction.id}/{interaction.token}/callback": "with_response",
    f"POST {HOOK}": "wait with_components",
    f"PATCH {HOOK}/messages/@original": "with_components",
    f"PATCH {HOOK}/messages/{{message.id}}": "with_components",
}
"""What may stand behind the question mark; with other routes nothing."""


class Methods:
    """The routes by name, as Discord's documentation writes them.

    Args:
        world: who is where.
    """

    def __init__(self, world: Client) -> None:
        self._world = world
        self._registry = Registry(world)
        messages = Messages(world)
        commands = "/applications/{application.id}/guilds/{guild.id}/commands"
        self.open = Answers(world, messages).table
        self.table = {
            "GET /users/@me": lambda _: self._me(),
            "GET /users/{user.id}": self._user,
            "POST /users/@me/channels": self._direct,
            "GET /gateway": lambda _: {"url": world.gateway_url},
            "GET /gateway/bot": lambda _: self._gateway(),
            "GET /applications/@me": lambda _: self._application(),
            "GET /oauth2/applications/@me": lambda _: self._application(),
            "GET /guilds/{guild.id}": self._guild,
            "GET /guilds/{guild.id}/channels": lambda ask: self._channels(ask, threads=False),
            "GET /guilds/{guild.id}/threads/active": self._threads,
            "GET /guilds/{guild.id}/roles": self._roles,
            "GET /guilds/{guild.id}/members": self._members,
            "GET /guilds/{guild.id}/members/{user.id}": self._member,
            "GET /channels/{channel.id}": lambda ask: payloads.channel_json(messages.channel(ask)),
            f"GET {commands}": self._commands,
            f"PUT {commands}": self._overwrite,
            **messages.table,
            **self.open,
            **Entrances(world, messages.channel, self._of).table,
            **Keeping(world, messages.channel, self._of).table,
        }

    def do(self, name: str, ask: Ask) -> Any:
        """Do what a route asks and return its answer, None for none.

        Raises:
            ApiError: Discord would refuse it.
        """
        unknown = ask.query.keys() - set(QUERIES.get(name, "").split())
        if unknown:
            raise FormError(*((one, "Unknown field") for one in sorted(unknown)))
        return self.table[name](ask)

    def _me(self) -> Json:
        return payloads.user_json(self._world.bot) | {"mfa_enabled": False, "verified": True, "flags": 0}

    def _user(self, ask: Ask) -> Json:
        user = self._world.users.get(ask.number("user.id"))
        if user is None:
            raise ApiError(404, 10013, "Unknown User")
        return payloads.user_json(user)

    def _direct(self, ask: Ask) -> Json:
        user = self._world.users.get(int(read(ask.body, Direct)["recipient_id"]))
        if user is None or user is self._world.bot:
            raise ApiError(400, 50033, "Invalid Recipient(s)")
        return payloads.channel_json(self._world.direct_channel(user))

    def _gateway(self) -> Json:
        limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        return {"url": self._world.gateway_url, "shards": 1, "session_start_limit": limit}

    def _application(self) -> Json:
        bot = self._world.bot
        return SMALL_APPLICATION | {
            "id": str(bot.id),
            "owner": payloads.user_json(bot),
            "bot_public": False,
            "bot_require_code_grant": False,
        }

    def _of(self, ask: Ask) -> Guild:
        guild = self._world.guilds.get(ask.number("guild.id"))
        if guild is None or not self._world.in_guild(guild):
            raise ApiError(404, 10004, "Unknown Guild")
        return guild

    def _guild(self, ask: Ask) -> Json:
        guild = self._of(ask)
        counts = {"approximate_member_count": len(guild.members), "approximate_presence_count": 1}
        return payloads.guild_json(guild) | (counts if ask.query.get("with_counts") in ("1", "true") else {})

    def _channels(self, ask: Ask, *, threads: bool) -> list[Json]:
        found = [one for one in self._of(ask).channels if (one.kind == "thread") == threads]
        return [payloads.channel_json(one) for one in found]

    def _threads(self, ask: Ask) -> Json:
        return {"threads": self._channels(ask, threads=True), "members": []}

    def _roles(self, ask: Ask) -> list[Json]:
        guild = self._of(ask)
        return [payloads.role_json(role) for role in (guild.everyone, *guild.roles)]

    def _members(self, ask: Ask) -> list[Json]:
        """List members by id, for which the intent must be switched on (Discord docs, List Guild Members)."""
        guild, limit = self._of(ask), ask.limit(1, 1000)
        if "GUILD_MEMBERS" in self._world.missing_intents:
            raise ApiError(403, 50001, "Missing Access")
        after = ask.snowflake("after") if "after" in ask.query else 0
        found = sorted(number for number in guild.members if number > after)[:limit]
        return [payloads.member_json(guild.members[number], exact=False) for number in found]

    def _member(self, ask: Ask) -> Json:
        member = self._of(ask).members.get(ask.number("user.id"))
        if member is None:
            raise ApiError(404, 10007, "Unknown Member")
        return payloads.member_json(member, exact=False)

    def _mine(self, ask: Ask) -> Guild:
        if ask.number("application.id") != self._world.bot.id:
            raise ApiError(403, 20012, "You are not authorized to perform this action on this application")
        guild = self._world.guilds.get(ask.number("guild.id"))
        if guild is None or not self._world.in_guild(guild):
            raise ApiError(403, 50001, "Missing Access")
        return guild

    def _commands(self, ask: Ask) -> list[Json]:
        return self._mine(ask).commands

    def _overwrite(self, ask: Ask) -> list[Json]:
        return self._registry.overwrite(self._mine(ask), ask.body)
