"""Marker roles: where an operator wants it, each invite of the bot grants a role of its own, which tells who used it.

Whoever comes in with exactly one marker came in by its invite: Discord grants an invite's roles when it is accepted
(Discord docs, Using Community Invites). Members can accept an invite too and get its role, which says nothing of how
they came; so only what a join itself carries counts, and where Discord tells the role later uses are counted as ever.

A marker lets nobody do anything. It is taken off once the join is stored, belongs to one invite for ever and is deleted
with it; one of which nobody knows any more whose it is is deleted at the next start.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Coroutine
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import discord
import msgspec
import structlog
from discord.http import Route
from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer import AnyEvent, Host, JoinSource, MemberJoined, Statement, StoreError, Transaction
from xiaoer_discord.attribution import ADDRESS
from xiaoer_discord.client import Client
from xiaoer_discord.complaints import Complaints
from xiaoer_discord.faults import FAILURES, NOT_THERE, UNKNOWN_ROLE, has_code
from xiaoer_discord.roles import is_harmless, spoken_of
from xiaoer_discord.tables import markers
from xiaoer_discord.translate import EPOCH, stamp

NAME = "xiaoer invite marker"
"""What all markers are called; the bot deletes those of that name of which it knows nothing."""

MOST = 200
"""So many roles a server has at most when another marker is made; Discord allows 250, and badges need some."""

STAYS = timedelta(minutes=1)
"""So long a marker stays after its invite is over, for those who came in just before."""

STORED = 60.0
"""Seconds of platform time after which a marker is taken off even if no join was stored."""

MARKERS = Statement(select(markers))
_marker = upsert(markers).values(
    role=bindparam("role"), guild=bindparam("guild"), code=bindparam("code"), until=bindparam("until")
)
NOTE = Statement(
    _marker.on_conflict_do_update(
        index_elements=["role"], set_={"code": _marker.excluded.code, "until": _marker.excluded.until}
    )
)
FORGET = Statement(delete(markers).where(markers.c.role == bindparam("which")))


class Marker(NamedTuple):
    """Whose a marker is: the guild, the code of the invite, and when that is over; None for never."""

    guild: int
    code: str
    until: datetime | None


class Markers:
    """The markers of all guilds.

    Args:
        host: the core.
        client: the bot, logged in.
        complaints: tells admins what the bot lacks.
        spawn: keeps work that goes on beside.
        on: whether invites are given markers.
    """

    def __init__(
        self,
        host: Host,
        client: Client,
        complaints: Complaints,
        spawn: Callable[[Coroutine[Any, Any, None]], None],
        *,
        on: bool,
    ) -> None:
        self._host = host
        self._client = client
        self._complaints = complaints
        self._spawn = spawn
        self._on = on
        self._markers: dict[int, Marker] = {}
        self._worn: dict[tuple[int, int], tuple[frozenset[int], float]] = {}
        self._swept: set[int] = set()
        self._recalled: frozenset[int] = frozenset()

    async def recall(self) -> None:
        """Read what earlier runs noted; a marker that was meant for an invite and never noted for it is over.

        Raises:
            StoreError: it cannot be read.
        """
        now = self._host.clock.now()
        for row in await self._host.store.read(MARKERS):
            until = EPOCH + timedelta(milliseconds=row.until) if row.until is not None else None
            self._markers[row.role] = Marker(row.guild, row.code, until if row.code else now)
        self._recalled = frozenset(self._markers)

    async def make_invite(self, guild: discord.Guild, channel: int, body: dict[str, Any], reason: str | None) -> Any:
        """Make an invite, with a marker where there can be one, and return it as Discord tells it.

        Raises:
            discord.HTTPException: Discord does not make it.
        """
        role = await self._prepare(guild) if self._on else None
        made = await self._marked(guild, channel, body, reason, role) if role is not None else None
        return made or await self._ask(channel, body, reason)

    async def _marked(
        self, guild: discord.Guild, channel: int, body: dict[str, Any], reason: str | None, role: int
    ) -> Any:
        """Make an invite that grants a role; None where the bot may not."""
        made = None
        try:
            made = await self._ask(channel, body | {"role_ids": [str(role)]}, reason)
        except discord.Forbidden:
            self._lacks(guild)
        finally:
            if made is None:  # it may be there all the same, so the role is never another one's
                self._markers[role] = Marker(guild.id, "", self._host.clock.now())
        if made is not None:
            over = made.get("expires_at")
            until = datetime.fromisoformat(over) if over else None
            await self._note(role, Marker(guild.id, str(made["code"]), until))
            self._complaints.works(guild, "discord.no_markers")
        return made

    async def _ask(self, channel: int, body: dict[str, Any], reason: str | None) -> Any:
        route = Route("POST", "/channels/{channel_id}/invites", channel_id=channel)
        return await self._client.http.request(route, json=body, reason=reason)

    async def _prepare(self, guild: discord.Guild) -> int | None:
        """Return a new role for an invite; None where there can be none, which admins are told once."""
        if not guild.me.guild_permissions.manage_roles or len(guild.roles) >= MOST:
            self._lacks(guild)
            return None
        try:
            made = await self._client.http.create_role(guild.id, name=NAME, permissions="0", reason="marks an invite")
        except FAILURES as error:
            structlog.get_logger().warning("discord: no marker made", guild=guild.id, reason=str(error))
            self._lacks(guild)
            return None
        role = self._client.learn_role(guild, made).id
        noted = await self._note(role, Marker(guild.id, "", None))
        return role if noted else None

    def _lacks(self, guild: discord.Guild) -> None:
        self._complaints.lacks("discord.no_markers", guild, "no marker can be made", most=str(MOST))

    async def _note(self, role: int, marker: Marker) -> bool:
        self._markers[role] = marker
        try:
            await self._host.store.transact(_noted, role, marker)
        except StoreError as error:
            structlog.get_logger().warning("discord: marker not noted", guild=marker.guild, reason=str(error))
            return False
        return True

    def ended(self, code: str) -> None:
        """Hear that an invite is over."""
        for role, marker in self._markers.items():
            if marker.code == code and marker.code:
                self._markers[role] = marker._replace(until=self._host.clock.now())

    def source(self, member: discord.Member, *, late: bool = False) -> JoinSource | None:
        """Return how somebody came in who comes in with exactly one marker.

        Args:
            member: as the join tells them.
            late: whether they are only met now, so that they may have accepted another invite meanwhile.
        """
        roles = [role.id for role in member.roles if role.id in self._markers]
        code = self._markers[roles[0]].code if len(roles) == 1 else ""
        if not code:
            return None
        return JoinSource("referral", "inferred" if late else "exact", invite=ADDRESS + code)

    def saw(self, member: discord.Member) -> None:
        """Know who wears markers, which are to be taken off."""
        roles = frozenset(role.id for role in member.roles if role.id in self._markers)
        place = (member.guild.id, member.id)
        if roles:
            since = self._worn[place][1] if place in self._worn else self._host.clock.platform.monotonic()
            self._worn[place] = (roles, since)
        else:
            self._worn.pop(place, None)

    def sourced(self, event: MemberJoined, member: discord.Member, *, late: bool = False) -> MemberJoined:
        """Return that somebody came in, with how they did where a marker tells it."""
        source = self.source(member, late=late)
        return msgspec.structs.replace(event, source=source) if source is not None else event

    def stored(self, guild: int, event: AnyEvent) -> None:
        """Hear that an event is safe: whoever came in needs no marker any more."""
        if isinstance(event, MemberJoined):
            place = (guild, int(event.who.account.partition(":")[2]))
            if place in self._worn:
                self._worn[place] = (self._worn[place][0], float("-inf"))
                self._spawn(self._take_off(place))

    async def _take_off(self, place: tuple[int, int]) -> None:
        """Take somebody's markers off; what fails is tried again with the next sweep."""
        roles, _ = self._worn.get(place, (frozenset[int](), 0.0))
        for role in roles:
            try:
                await self._client.http.remove_role(*place, role, reason="the invite is noted")
            except FAILURES as error:
                if not has_code(error, *NOT_THERE, UNKNOWN_ROLE):
                    structlog.get_logger().warning("discord: marker not taken off", guild=place[0], reason=str(error))
                    return
        self._worn.pop(place, None)

    async def sweep(self, guild: discord.Guild, there: Container[str] | None) -> None:
        """Take off what is still worn, and delete the markers of invites that are over.

        Args:
            guild: where; all that was missed there is fetched.
            there: the codes of the invites that were there at the start, as far as the bot may see them.
        """
        now, moment = self._host.clock.platform.monotonic(), self._host.clock.now()
        for place, (_, since) in list(self._worn.items()):
            if place[0] == guild.id and now - since >= STORED:
                await self._take_off(place)
        for role, marker in list(self._markers.items()):
            if marker.guild != guild.id:
                continue
            if marker.until is not None and moment - marker.until >= STAYS:
                await self._delete(guild, role)
        if guild.id not in self._swept:
            self._swept.add(guild.id)
            await self._sweep_first(guild, there)

    async def _sweep_first(self, guild: discord.Guild, there: Container[str] | None) -> None:
        """End the markers of which the invites went while nobody listened, and delete those that nobody knows."""
        for role in self._recalled:
            marker = self._markers.get(role)
            if marker is not None and marker.guild == guild.id and there is not None and marker.code not in there:
                self.ended(marker.code)
        taken = self._markers.keys() | spoken_of(guild)
        for one in guild.roles:
            if one.name == NAME and is_harmless(one, taken):
                await self._delete(guild, one.id)

    async def _delete(self, guild: discord.Guild, role: int) -> None:
        try:
            await self._client.http.delete_role(guild.id, role, reason="its invite is over")
        except FAILURES as error:
            if not has_code(error, UNKNOWN_ROLE):
                structlog.get_logger().warning("discord: marker not deleted", guild=guild.id, reason=str(error))
                return
        try:
            await self._host.store.transact(_forgotten, role)
        except StoreError as error:
            structlog.get_logger().warning("discord: marker not forgotten", guild=guild.id, reason=str(error))
        self._markers.pop(role, None)


def _noted(tx: Transaction, role: int, marker: Marker) -> None:
    until = stamp(marker.until) if marker.until is not None else None
    tx.run(NOTE, role=role, guild=marker.guild, code=marker.code, until=until)


def _forgotten(tx: Transaction, role: int) -> None:
    tx.run(FORGET, which=role)
