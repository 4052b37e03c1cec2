"""What the adapter remembers of badges and gates: in memory for every event, in its tables for the next run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer import Statement, Store, Transaction
from xiaoer_discord.tables import badges, gates, wearers

BADGES, WEARERS, GATES = Statement(select(badges)), Statement(select(wearers)), Statement(select(gates))
_badge = upsert(badges).values(
    guild=bindparam("guild"),
    plugin=bindparam("plugin"),
    kind=bindparam("kind"),
    role=bindparam("role"),
    place=bindparam("place"),
)
NOTE_BADGE = Statement(
    _badge.on_conflict_do_update(
        index_elements=["guild", "plugin", "kind"],
        set_={"role": _badge.excluded.role, "place": _badge.excluded.place},
    )
)
_wearer = upsert(wearers).values(guild=bindparam("guild"), user=bindparam("user"), role=bindparam("role"))
NOTE_WEARER = Statement(_wearer.on_conflict_do_nothing())
FORGET_WEARER = Statement(
    delete(wearers).where(
        wearers.c.guild == bindparam("there"), wearers.c.user == bindparam("who"), wearers.c.role == bindparam("which")
    )
)
FORGET_ROLE = Statement(
    delete(wearers).where(wearers.c.guild == bindparam("there"), wearers.c.role == bindparam("which"))
)
_gate = upsert(gates).values(
    channel=bindparam("channel"),
    guild=bindparam("guild"),
    plugin=bindparam("plugin"),
    kind=bindparam("kind"),
    before=bindparam("before"),
)
NOTE_GATE = Statement(
    _gate.on_conflict_do_update(
        index_elements=["channel"],
        set_={"plugin": _gate.excluded.plugin, "kind": _gate.excluded.kind, "before": _gate.excluded.before},
    )
)
FORGET_GATE = Statement(delete(gates).where(gates.c.channel == bindparam("where")))


class Stands(NamedTuple):
    """The role that stands for a kind of badge, and the kind's order."""

    role: int
    place: int


class Said(msgspec.Struct, frozen=True):
    """What a channel said of one role or member before a gate was put up.

    Args:
        target: the role or member.
        member: whether it is a member.
        there: whether the channel said anything at all of them.
        view: whether they were let see it; None when nothing was said of that.
    """

    target: int
    member: bool
    there: bool
    view: bool | None


class Gated(NamedTuple):
    """A gate that is up: where, whose, which kind of badge opens it, and what was said before, in that order."""

    guild: int
    plugin: str
    kind: str
    before: tuple[Said, ...] = ()


class Noted:
    """What is remembered.

    Args:
        store: the core's.

    Attributes:
        worn: by guild and person, the roles that they are known to wear of those that stand for badges.
        gates: by channel.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._roles: dict[tuple[int, str, str], Stands] = {}
        self._standing: dict[int, frozenset[int]] = {}
        self._stored: dict[tuple[int, int], frozenset[int]] = {}
        self.worn: dict[tuple[int, int], frozenset[int]] = {}
        self.gates: dict[int, Gated] = {}

    async def recall(self) -> None:
        """Read what earlier runs remembered.

        Raises:
            StoreError: it cannot be read.
        """
        found = await self._store.read(BADGES)
        self._roles = {(row.guild, row.plugin, row.kind): Stands(row.role, row.place) for row in found}
        self._standing = {}
        worn: dict[tuple[int, int], set[int]] = {}
        for row in await self._store.read(WEARERS):
            worn.setdefault((row.guild, row.user), set()).add(row.role)
        self._stored = {place: frozenset(roles) for place, roles in worn.items()}
        self.worn = dict(self._stored)
        self.gates = {
            row.channel: Gated(row.guild, row.plugin, row.kind, tuple(msgspec.convert(row.before, list[Said])))
            for row in await self._store.read(GATES)
        }

    def stands_for(self, guild: int, plugin: str, kind: str) -> Stands | None:
        """Return the role that stands for a kind of badge."""
        return self._roles.get((guild, plugin, kind))

    def roles(self, guild: int, plugin: str | None = None) -> dict[int, int]:
        """Return the roles of a guild that stand for badges, of one plugin or of all, with the order of their kinds."""
        return {
            stands.role: stands.place
            for (where, whose, _), stands in self._roles.items()
            if where == guild and plugin in (None, whose)
        }

    def standing(self, guild: int) -> frozenset[int]:
        """Return the roles of a guild that stand for badges; it is asked of every change of a member."""
        if guild not in self._standing:
            self._standing[guild] = frozenset(self.roles(guild))
        return self._standing[guild]

    def wearers(self, guild: int, role: int) -> list[int]:
        """Return who is known to wear a role."""
        return [user for (where, user), roles in self.worn.items() if where == guild and role in roles]

    async def note_role(self, guild: int, plugin: str, kind: str, stands: Stands) -> None:
        """Remember which role stands for a kind; nobody wears the one that did so before.

        Raises:
            StoreError: it cannot be stored.
        """
        before = self._roles.get((guild, plugin, kind))
        if before == stands:
            return
        gone = before.role if before is not None and before.role != stands.role else None
        await self._store.transact(_note_role, guild, plugin, kind, stands, gone)
        self._roles[guild, plugin, kind] = stands
        self._standing.pop(guild, None)
        if gone is not None:
            self._stored = dict(_without(self._stored, guild, gone))
            self.worn = dict(_without(self.worn, guild, gone))

    async def note_worn(self, guild: int, user: int, plugin: str, roles: Collection[int]) -> None:
        """Remember which roles of a plugin somebody was made to wear.

        Raises:
            StoreError: it cannot be stored.
        """
        of_plugin = self.roles(guild, plugin).keys()
        before = self._stored.get((guild, user), frozenset())
        after = (before - of_plugin) | frozenset(roles)
        self.worn[guild, user] = (self.worn.get((guild, user), frozenset()) - of_plugin) | frozenset(roles)
        if before != after:
            await self._store.transact(_note_worn, guild, user, after - before, before - after)
            self._stored[guild, user] = after

    async def note_gate(self, channel: int, gate: Gated | None) -> None:
        """Remember a gate, or that there is none any more.

        Raises:
            StoreError: it cannot be stored.
        """
        if gate == self.gates.get(channel):
            return
        await self._store.transact(_note_gate, channel, gate)
        if gate is None:
            del self.gates[channel]
        else:
            self.gates[channel] = gate


def _without(
    worn: dict[tuple[int, int], frozenset[int]], guild: int, role: int
) -> Iterator[tuple[tuple[int, int], frozenset[int]]]:
    return ((place, roles - {role} if place[0] == guild else roles) for place, roles in worn.items())


def _note_role(tx: Transaction, guild: int, plugin: str, kind: str, stands: Stands, gone: int | None) -> None:
    if gone is not None:
        tx.run(FORGET_ROLE, there=guild, which=gone)
    tx.run(NOTE_BADGE, guild=guild, plugin=plugin, kind=kind, role=stands.role, place=stands.place)


def _note_worn(tx: Transaction, guild: int, user: int, more: Iterable[int], less: Iterable[int]) -> None:
    for role in more:
        tx.run(NOTE_WEARER, guild=guild, user=user, role=role)
    for role in less:
        tx.run(FORGET_WEARER, there=guild, who=user, which=role)


def _note_gate(tx: Transaction, channel: int, gate: Gated | None) -> None:
    if gate is None:
        tx.run(FORGET_GATE, where=channel)
    else:
        tx.run(NOTE_GATE, channel=channel, **gate._asdict() | {"before": msgspec.to_builtins(gate.before)})
