"""Badges as roles that people wear: granted, withdrawn, and watched for what somebody changes by hand."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeAlias

import discord
import structlog

from xiaoer import AnyEvent, BadgesChanged, Clock, Hopeless, TryLater, Wear
from xiaoer_discord.client import Client
from xiaoer_discord.faults import FAILURES, NOT_THERE, UNKNOWN_ROLE, UNREADABLE, has_code
from xiaoer_discord.guilds import AGAIN, Guilds
from xiaoer_discord.noted import Noted
from xiaoer_discord.roles import Roles
from xiaoer_discord.translate import stamp, who_is

REMEMBERED = 10_000
"""So many people's roles are remembered, so that Discord need not be asked for them."""

AT_ONCE = 100
"""People for whom the gateway can be asked at once (Discord docs, Request Guild Members)."""

HEARD = 10.0
"""Seconds of platform time in which the gateway tells at the latest what the bot itself did."""

REASON = "as its plugin says"
"""What the audit log says of a role that was granted or withdrawn."""

Place: TypeAlias = tuple[int, int]
"""A guild and somebody there."""


class Badges:
    """The badges that people wear.

    Args:
        clock: platform time.
        client: the bot, logged in.
        guilds: what is known of them.
        roles: which role stands for what.
        noted: who wears what.
        take: takes events in.
        spawn: keeps work that goes on beside.
    """

    def __init__(
        self,
        clock: Clock,
        client: Client,
        guilds: Guilds,
        roles: Roles,
        noted: Noted,
        take: Callable[[int, AnyEvent], None],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._clock = clock
        self._client = client
        self._guilds = guilds
        self._roles = roles
        self._noted = noted
        self._take = take
        self._spawn = spawn
        self._has: OrderedDict[Place, frozenset[int]] = OrderedDict()
        self._moving: dict[Place, dict[int, float]] = {}
        self._lost: dict[int, set[Place]] = {}

    async def wear(self, request: Wear) -> None:
        """Grant the roles of somebody's badges, and withdraw the others that stand for badges of the same plugin.

        Raises:
            discord.HTTPException: Discord does not do it.
            Hopeless: they are not there.
            NotPermitted: the bot may not do it.
            TryLater: Discord has not told of the guild yet, or a role was deleted meanwhile.
            StoreError: it cannot be noted.
        """
        guild, user = self._guilds.find(request.chat), user_of(request.account)
        if not request.badges and not self._noted.roles(guild.id, request.plugin):
            return
        try:
            wanted = await self._dress(guild, user, request)
        except discord.HTTPException as error:
            if not has_code(error, *NOT_THERE):
                raise
            self.forget(guild.id, user)
            await self._noted.note_worn(guild.id, user, request.plugin, ())
            if request.badges:
                raise Hopeless("they are not in the server", "discord.no_member", server=guild.name) from error
            return
        await self._noted.note_worn(guild.id, user, request.plugin, wanted)

    async def _dress(self, guild: discord.Guild, user: int, request: Wear) -> set[int]:
        """Grant and withdraw what has to be, and return the roles that somebody wears of a plugin then."""
        has = await self._has_now(guild, user)
        stand = await self._roles.stand_for(guild, request.plugin, request.badges)
        wanted = {role.id for role in stand}
        surplus = sorted((has & self._noted.roles(guild.id, request.plugin).keys()) - wanted)
        found = [role for number in surplus if (role := guild.get_role(number)) is not None]
        missing = [role for role in stand if role.id not in has]
        for role in missing:
            await self._move(guild, user, role, grant=True)
        for role in found:
            await self._move(guild, user, role, grant=False)
        if missing or found:
            self._roles.works(guild)
        return wanted

    async def _has_now(self, guild: discord.Guild, user: int) -> frozenset[int]:
        """Return the roles that somebody has, from Discord where it has not told them."""
        place = (guild.id, user)
        if place not in self._has:
            told = await self._client.http.get_member(guild.id, user)
            if place not in self._has:  # what the gateway told meanwhile is newer
                self._remember(place, frozenset(map(int, told["roles"])))
        return self._has[place]

    def _remember(self, place: Place, roles: frozenset[int]) -> None:
        self._has[place] = roles
        self._has.move_to_end(place)
        if len(self._has) > REMEMBERED:
            self._has.popitem(last=False)

    async def _move(self, guild: discord.Guild, user: int, role: discord.Role, *, grant: bool) -> None:
        """Grant a role or withdraw it."""
        if not (guild.me.guild_permissions.manage_roles and role.is_assignable()):
            raise self._roles.lacks(guild, role.name)
        place = (guild.id, user)
        had, worn = self._has.get(place), self._noted.worn.get(place, frozenset())
        self._noted.worn[place] = worn | {role.id} if grant else worn - {role.id}
        self._moving.setdefault(place, {})[role.id] = self._clock.monotonic() + HEARD
        moved = False
        try:
            await self._ask(guild, user, role, grant=grant)
            moved = True
        finally:
            if not moved:
                self._noted.worn[place] = worn
                self._moving.get(place, {}).pop(role.id, None)
        if had is not None and self._has.get(place) is had:  # else the gateway has told what is newer
            self._has[place] = had | {role.id} if grant else had - {role.id}

    async def _ask(self, guild: discord.Guild, user: int, role: discord.Role, *, grant: bool) -> None:
        http = self._client.http
        try:
            await (http.add_role if grant else http.remove_role)(guild.id, user, role.id, reason=REASON)
        except discord.HTTPException as error:
            if has_code(error, UNKNOWN_ROLE):
                self._client.lose_role(guild, role.id)
                raise TryLater(AGAIN, "the role was deleted meanwhile") from error
            if has_code(error, *NOT_THERE):
                raise
            self._roles.refused(guild, error, role.name)

    def connected(self) -> None:
        """Hear that a new session has begun, which did not hear what was before."""
        self._has.clear()
        self._moving.clear()

    def forget(self, guild: int, user: int) -> None:
        """Hear that somebody left, and with them their roles."""
        self._has.pop((guild, user), None)
        self._moving.pop((guild, user), None)

    def saw(self, member: discord.User | discord.Member | None) -> None:
        """Know the roles of somebody who did something."""
        if isinstance(member, discord.Member) and self._guilds.space(member.guild.id) is not None:
            self._remember((member.guild.id, member.id), roles_of(member))

    def changed(self, member: discord.Member) -> None:
        """Hear how somebody is now, and tell if it was not the bot that changed their badges."""
        self.saw(member)
        place = (member.guild.id, member.id)
        now = roles_of(member) & self._noted.standing(member.guild.id)
        known = self._noted.worn.get(place, frozenset())
        if (now ^ known) - self._moved(place):
            self._tell(member, f"discord:told:{self._client.told}")
        if now == known:
            self._moving.pop(place, None)

    def _moved(self, place: Place) -> set[int]:
        """Return the roles of somebody that the bot itself has changed, which is not heard of yet."""
        now = self._clock.monotonic()
        return {role for role, until in self._moving.get(place, {}).items() if now < until}

    def _tell(self, member: discord.Member, key: str) -> None:
        event = self._told(member, key)
        if event is not None:
            self._take(member.guild.id, event)

    def _told(self, member: discord.Member, key: str) -> BadgesChanged | None:
        """Return that somebody's badges were changed, and know them as they are."""
        space = self._guilds.space(member.guild.id)
        if space is None:
            return None
        place = (member.guild.id, member.id)
        self._noted.worn[place] = roles_of(member) & self._noted.standing(member.guild.id)
        for lost in self._lost.values():
            lost.discard(place)
        who = who_is(member, self._guilds.ranks(space))
        return BadgesChanged(key=key, at=self._guilds.now(), space=space, who=who)

    def missed(self, member: discord.Member) -> Iterator[AnyEvent]:
        """Return that somebody's badges were changed while nobody listened, if they were."""
        guild, now = member.guild.id, self._guilds.now()
        worn = roles_of(member) & self._noted.standing(guild)
        known = self._noted.worn.get((guild, member.id), frozenset())
        if (worn ^ known) - self._moved((guild, member.id)):
            event = self._told(member, f"discord:badges:{guild}:{member.id}:{stamp(now)}")
            if event is not None:
                yield event

    def deleted(self, role: discord.Role) -> None:
        """Hear that a role is gone, and tell of those who wore it."""
        wore = self._noted.wearers(role.guild.id, role.id)
        if wore and self._guilds.space(role.guild.id) is not None:
            self._lost[role.id] = {(role.guild.id, user) for user in wore}
            self._spawn(self._tell_all(role.guild, role.id, wore, f"discord:told:{self._client.told}"))

    async def _tell_all(self, guild: discord.Guild, role: int, wore: list[int], key: str) -> None:
        """Tell of those who wore a role and were not told of meanwhile; who they are is asked through the gateway."""
        for first in range(0, len(wore), AT_ONCE):
            some = wore[first : first + AT_ONCE]
            try:
                members = await guild.query_members(user_ids=some, limit=AT_ONCE, cache=False)
            except (*FAILURES, *UNREADABLE, discord.ClientException) as error:
                log = structlog.get_logger()
                log.warning("discord: lost badges are told after the next start", guild=guild.id, reason=repr(error))
                continue
            for member in members:
                if (guild.id, member.id) in self._lost[role]:
                    self._tell(member, f"{key}:{member.id}")
        del self._lost[role]


def roles_of(member: discord.Member) -> frozenset[int]:
    """Return the roles that somebody was given."""
    return frozenset(role.id for role in member.roles if not role.is_default())


def user_of(account: str) -> int:
    """Return the number of somebody on Discord.

    Raises:
        Hopeless: they are on another platform.
    """
    platform, _, user = account.partition(":")
    if platform != "discord":
        raise Hopeless(f"{account} is nobody on Discord")
    return int(user)
