"""Gates: channels that only those see who wear a badge (Discord docs, Permission Overwrites).

The bot says of itself first that it sees the channel, then of the badge's role, and last of everybody that they do not,
so that nobody stands before a closed door meanwhile; it is taken back in the other order.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

import discord

from xiaoer import Badge, Gate, Hopeless
from xiaoer_discord.client import Client
from xiaoer_discord.complaints import Complaints
from xiaoer_discord.faults import MISSING_ACCESS, MISSING_PERMISSIONS, UNKNOWN_CHANNEL, UNKNOWN_OVERWRITE, has_code
from xiaoer_discord.guilds import Guilds
from xiaoer_discord.noted import Gated, Noted, Said
from xiaoer_discord.roles import Roles

VIEW = discord.Permissions(view_channel=True).value
REASON = "the gate of this channel"


class Overwrite(NamedTuple):
    """What a channel says of one role or member: whether there is anything, and what they may and may not."""

    there: bool = False
    allow: int = 0
    deny: int = 0

    @property
    def view(self) -> bool | None:
        """Whether they may see it; None when nothing is said of that."""
        return True if self.allow & VIEW else False if self.deny & VIEW else None

    def with_view(self, view: bool | None) -> Overwrite:
        """Return the same with something else said of that."""
        allow, deny = self.allow & ~VIEW, self.deny & ~VIEW
        return Overwrite(True, allow | VIEW if view else allow, deny | VIEW if view is False else deny)


class Gates:
    """The gates of channels.

    Args:
        client: the bot, logged in.
        guilds: what is known of them.
        roles: which role stands for what.
        noted: which gates are up.
        complaints: tells admins what the bot lacks.
    """

    def __init__(self, client: Client, guilds: Guilds, roles: Roles, noted: Noted, complaints: Complaints) -> None:
        self._client = client
        self._guilds = guilds
        self._roles = roles
        self._noted = noted
        self._complaints = complaints

    async def gate(self, request: Gate) -> None:
        """Put a gate up, change it or take it away.

        Raises:
            discord.HTTPException: Discord does not do it.
            Hopeless: the chat can have no gate.
            NotPermitted: the bot may not do it.
            TryLater: Discord has not told of the guild yet.
            StoreError: it cannot be noted.
        """
        guild, channel = self._guilds.find(request.chat), request.chat.partition("/")[2]
        if not channel:
            raise Hopeless("a gate is for a channel, not for a server: name its chat")
        with self._permitted(guild, int(channel)):
            if request.badge is not None:
                await self._put_up(guild, int(channel), request.plugin, request.badge)
            else:
                await self._take_away(guild, int(channel), request.plugin)

    async def _put_up(self, guild: discord.Guild, channel: int, plugin: str, badge: Badge) -> None:
        said = await self._said(channel)
        (role,) = await self._roles.stand_for(guild, plugin, [badge])
        await self._open_for(channel, Gated(guild.id, plugin, badge.kind), role.id, guild.me.id, said)

    async def _open_for(self, channel: int, gate: Gated, role: int, me: int, said: dict[int, Overwrite]) -> None:
        """Let a role and the bot see a channel and nobody else; what was let for another role before is taken back."""
        wanted = {me: True, role: True, gate.guild: False}
        up = self._noted.gates.get(channel)
        known = {one.target: one for one in up.before} if up is not None else {}
        before = tuple(known.get(target) or _said(target, target == me, said) for target in wanted)
        old = tuple(one for one in known.values() if one.target not in wanted)
        await self._noted.note_gate(channel, gate._replace(before=old + before))
        for target, view in wanted.items():
            await self._say(channel, target, said.get(target, Overwrite()), view, member=target == me)
        for one in old:
            await self._restore(channel, one, said)
        await self._noted.note_gate(channel, gate._replace(before=before))

    async def _take_away(self, guild: discord.Guild, channel: int, plugin: str) -> None:
        up = self._noted.gates.get(channel)
        if up is None or up.plugin != plugin:
            return
        try:
            said = await self._said(channel)
        except discord.HTTPException as error:
            if not has_code(error, UNKNOWN_CHANNEL):
                raise
        else:
            for one in reversed(up.before):
                await self._restore(channel, one, said, stands=one.target != guild.id)
        await self._noted.note_gate(channel, None)

    async def follow(self, chat: str, plugin: str) -> None:
        """Open a plugin's gates for the roles that stand for its badges now, where those before were deleted.

        Raises:
            discord.HTTPException: Discord does not do it.
            NotPermitted: the bot may not do it.
            StoreError: it cannot be noted.
        """
        guild = self._guilds.find(chat)
        for channel, gate in list(self._noted.gates.items()):
            stands = self._noted.stands_for(guild.id, plugin, gate.kind)
            if (gate.guild, gate.plugin) != (guild.id, plugin) or stands is None:
                continue
            if guild.get_channel(channel) is not None and all(one.target != stands.role for one in gate.before):
                with self._permitted(guild, channel):
                    await self._open_for(channel, gate, stands.role, guild.me.id, await self._said(channel))

    async def _said(self, channel: int) -> dict[int, Overwrite]:
        """Return what a channel says of whom."""
        told: Any = await self._client.http.get_channel(channel)
        if "permission_overwrites" not in told:
            raise Hopeless("a thread has no gate of its own: name the channel in which it is")
        return {
            int(one["id"]): Overwrite(True, int(one["allow"]), int(one["deny"]))
            for one in told["permission_overwrites"]
        }

    async def _say(self, channel: int, target: int, now: Overwrite, view: bool | None, *, member: bool) -> None:
        """Say whether somebody may see a channel, and leave all else that is said of them."""
        if now.view is view:
            return
        new, kind = now.with_view(view), _kind(member)
        await self._client.http.edit_channel_permissions(
            channel, target, str(new.allow), str(new.deny), kind, reason=REASON
        )

    async def _restore(self, channel: int, one: Said, said: dict[int, Overwrite], *, stands: bool = True) -> None:
        """Say of somebody again what was said before, unless somebody has changed by hand what the gate said.

        Args:
            channel: where.
            one: what was said before.
            said: what is said now.
            stands: what the gate said.
        """
        now = said.get(one.target)
        if now is None or now.view is not stands or one.view is stands:
            return
        bare = now.with_view(one.view)
        if one.there or bare.allow or bare.deny:
            await self._say(channel, one.target, now, one.view, member=one.member)
            return
        try:
            await self._client.http.delete_channel_permissions(channel, one.target, reason=REASON)
        except discord.HTTPException as error:
            if not has_code(error, UNKNOWN_OVERWRITE):
                raise

    @contextmanager
    def _permitted(self, guild: discord.Guild, channel: int) -> Generator[None]:
        """Tell admins what is missing when Discord says that the bot may not do something."""
        try:
            yield
        except discord.HTTPException as error:
            if not has_code(error, MISSING_PERMISSIONS, MISSING_ACCESS):
                raise
            found = guild.get_channel(channel)
            name = found.name if found is not None else str(channel)
            reason = "the bot needs the permission “Manage Roles” in this channel"
            raise self._complaints.lacks("discord.no_gates", guild, reason, channel=name) from error
        self._complaints.works(guild, "discord.no_gates")


def _said(target: int, member: bool, said: dict[int, Overwrite]) -> Said:
    now = said.get(target, Overwrite())
    return Said(target, member, now.there, now.view)


def _kind(member: bool) -> Literal[0, 1]:
    return 1 if member else 0
