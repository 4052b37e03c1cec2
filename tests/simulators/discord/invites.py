"""Invites of guilds, and who comes in by them (Discord docs, Invite).

How late a counter is, and whether a used-up invite is told to be gone before or after the join, is documented nowhere
and can be set. Timed invites vanish without an event, used-up ones with one (discord.py 6169, discord-api-docs 7249).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

from tests.simulators.discord import payloads
from tests.simulators.discord.gateway import Intent
from tests.simulators.discord.world import Channel, Guild, Json, P, Role, User, allowed

if TYPE_CHECKING:
    from tests.simulators.discord.people import People


class TurnedAwayError(Exception):
    """What Discord's client says to somebody whom an invite does not let in."""


@dataclass(eq=False)
class Made:
    """An invite.

    Args:
        code: its name.
        channel: where it leads.
        by: who made it; nobody for the guild's own address and its widget.
        seconds: how long it is good; 0 for ever.
        limit: how often; 0 for any number.
        used: when each of its uses is counted.
        roles: what it grants.
    """

    code: str
    channel: Channel
    by: User | None
    at: datetime
    seconds: int = 0
    limit: int = 0
    used: list[datetime] = field(default_factory=lambda: [])
    revoked: bool = False
    vanity: bool = False
    roles: list[Role] = field(default_factory=lambda: [])

    @property
    def expires(self) -> datetime | None:
        """When it is over."""
        return self.at + timedelta(seconds=self.seconds) if self.seconds else None

    @property
    def guild(self) -> Guild:
        """Where it leads."""
        assert self.channel.guild is not None
        return self.channel.guild

    def uses(self, now: datetime) -> int:
        """Return how many uses are counted by now."""
        return sum(at <= now for at in self.used)

    def over(self, now: datetime) -> bool:
        """Return whether it lets nobody in any more."""
        return self.revoked or self.late(now) or bool(self.limit and len(self.used) >= self.limit)

    def late(self, now: datetime) -> bool:
        """Return whether its time is over."""
        return self.expires is not None and now >= self.expires

    def listed(self, now: datetime) -> bool:
        """Return whether it is still there to be seen, which it is until its last use is counted."""
        return not (self.revoked or self.late(now) or bool(self.limit and self.uses(now) >= self.limit))

    def json(self, now: datetime) -> Json:
        """Return it as Discord docs, Invite with its metadata."""
        guild, channel = self.guild, self.channel
        found: Json = {
            "code": self.code,
            "type": 0,
            "guild": {"id": str(guild.id), "name": guild.name, "features": []},
            "channel": {"id": str(channel.id), "name": channel.name, "type": payloads.CHANNEL_TYPES[channel.kind]},
            "uses": self.uses(now),
            "max_uses": self.limit,
            "max_age": self.seconds,
            "temporary": False,
            "created_at": payloads.stamp(self.at),
            "expires_at": payloads.stamp(self.expires) if self.expires is not None else None,
        }
        return found | ({"inviter": payloads.user_json(self.by)} if self.by is not None else {})


class Doors:
    """The invites of all guilds.

    Args:
        world: who is where.

    Attributes:
        late: seconds after which a use is counted.
        deleted_first: whether a used-up invite is told to be gone before the join that used it up.
    """

    def __init__(self, world: People) -> None:
        self._world = world
        self._numbers = count(1)
        self.made: dict[str, Made] = {}
        self.late = 0.0
        self.deleted_first = True

    def make(self, channel: Channel, by: User | None, *, seconds: int = 0, limit: int = 0) -> Made:
        """Return a new invite; only who may manage its channel hears of it (Discord docs, Invite Create)."""
        made = Made(f"code{next(self._numbers):04}", channel, by, self._world.now(), seconds, limit)
        self.made[made.code] = made
        event = made.json(self._world.now()) | self._place(made)
        del event["guild"], event["channel"], event["type"]
        self._tell("INVITE_CREATE", made, event)
        return made

    def own(self, guild: Guild, code: str) -> Made:
        """Give a guild an address of its own; it is not listed with the others."""
        guild.vanity = code
        self.made[code] = Made(code, guild.general, None, self._world.now(), vanity=True)
        return self.made[code]

    def enter(self, user: User, code: str) -> None:
        """Let somebody come in by an invite.

        Raises:
            TurnedAwayError: it lets nobody in any more.
        """
        found = self.made.get(code)
        if found is not None and user.id in found.guild.members and not found.over(self._world.now()):
            self._accept(found, user)
        made = self.use(user, code)
        if self._used_up(made) and self.deleted_first:
            self._tell("INVITE_DELETE", made, self._place(made))
        self._world.join(made.guild, user, made.roles)
        if self._used_up(made) and not self.deleted_first:
            self._tell("INVITE_DELETE", made, self._place(made))

    def _accept(self, made: Made, user: User) -> None:
        """Give a member the roles of an invite; they come in by nothing (Discord docs, Using Community Invites)."""
        for role in made.roles:
            if role not in made.guild.members[user.id].roles:
                self._world.grant(made.guild, user, role)

    def use(self, user: User, code: str) -> Made:
        """Count that somebody comes in, of which nobody hears yet.

        Raises:
            TurnedAwayError: the invite lets nobody in any more.
        """
        made, now = self.made.get(code), self._world.now()
        if made is None or made.over(now) or user.id in made.guild.members:
            raise TurnedAwayError("The invite is invalid or has expired.")
        made.used.append(now + timedelta(seconds=self.late))
        return made

    def revoke(self, made: Made) -> None:
        """Let an invite be deleted."""
        made.revoked = True
        self._tell("INVITE_DELETE", made, self._place(made))

    def listed(self, guild: Guild) -> list[Made]:
        """Return the invites of a guild that are there to be seen."""
        now = self._world.now()
        return [made for made in self.made.values() if made.guild is guild and not made.vanity and made.listed(now)]

    def _used_up(self, made: Made) -> bool:
        return bool(made.limit) and len(made.used) >= made.limit

    def _place(self, made: Made) -> Json:
        return {"code": made.code, "channel_id": str(made.channel.id), "guild_id": str(made.guild.id)}

    def _tell(self, event: str, made: Made, data: Json) -> None:
        if allowed(self._world.bot, made.guild, made.channel) & P.MANAGE_CHANNELS:
            self._world.tell(event, lambda _: data, Intent.GUILD_INVITES)


def code_of(address: str) -> str:
    """Return the code in an address."""
    return address.rpartition("/")[2]
