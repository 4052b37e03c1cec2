"""Invites that the bot makes and revokes (Discord docs, Create Channel Invite and Delete Invite)."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import discord

from xiaoer import Hopeless, Host, Invite, NotPermitted, Receipt, Revoke
from xiaoer_discord.attribution import ADDRESS
from xiaoer_discord.faults import MISSING_ACCESS, MISSING_PERMISSIONS, UNKNOWN_INVITE, has_code
from xiaoer_discord.guilds import Guilds
from xiaoer_discord.joins import Joins
from xiaoer_discord.looks import count_of
from xiaoer_discord.markers import Markers

LONGEST = timedelta(days=7)
"""How long an invite may be good that is not good for ever (Discord docs, Create Channel Invite, max_age)."""

MOST = 100
"""How often an invite may be used that may not be used for ever (Discord docs, Create Channel Invite, max_uses)."""

NAME = 50
"""Characters of a name in the audit log, which takes 512 after they were encoded (Discord docs, Audit Logs)."""

REFUSED = (MISSING_PERMISSIONS, MISSING_ACCESS)


class Invites:
    """The invites that the bot makes.

    Args:
        host: the core.
        client: the bot, logged in.
        guilds: what is known of them.
        joins: what is known of their invites.
        markers: what they grant.
    """

    def __init__(self, host: Host, client: discord.Client, guilds: Guilds, joins: Joins, markers: Markers) -> None:
        self._host = host
        self._client = client
        self._guilds = guilds
        self._joins = joins
        self._markers = markers
        self._told: set[tuple[str, int]] = set()

    async def make(self, request: Invite) -> Receipt:
        """Make an invite and return its address; its name stands in the server's audit log.

        Raises:
            discord.HTTPException: Discord does not make it.
            Hopeless: there can be no such invite, or the bot may make none.
            TryLater: Discord has not told of the guild yet.
        """
        seconds, uses = self._seconds(request), request.uses or 0
        if uses > MOST:
            raise Hopeless(f"Discord lets in at most {MOST} people by one invite")
        guild = self._guilds.find(request.chat)
        channel = self._channel(guild, request.chat)
        if channel is None:
            raise self._lacks("discord.no_invites", guild, "Create Invite")
        reason = " ".join(request.name.split())[:NAME] or None
        try:
            # each is one of its own, also beside another that is like it
            body = {"max_age": seconds, "max_uses": uses, "temporary": False, "unique": True}
            made = await self._markers.make_invite(guild, channel, body, reason)
        except discord.HTTPException as error:
            if has_code(error, *REFUSED):
                raise self._lacks("discord.no_invites", guild, "Create Invite") from error
            raise
        self._told.discard(("discord.no_invites", guild.id))
        self._joins.know(guild.id, count_of(made, self._client.application_id))
        if self._joins.may_look(guild.id):
            self._told.discard(("discord.no_sources", guild.id))
        else:
            self._tell("discord.no_sources", guild)
        return Receipt(invite=f"{ADDRESS}{made['code']}")

    def _seconds(self, request: Invite) -> int:
        if request.expires is None:
            return 0
        left = request.expires - self._host.clock.now()
        if left <= timedelta(0):
            raise Hopeless("its time is over")
        if left > LONGEST:
            raise Hopeless(f"Discord keeps an invite for {LONGEST.days} days at most, or for ever")
        return max(1, int(left.total_seconds()))

    async def revoke(self, request: Revoke) -> None:
        """Make an invite good for nobody any more; one that is so already is left as it is.

        Raises:
            discord.HTTPException: Discord does not do it.
            NotPermitted: the bot may not do it.
        """
        code = urlsplit(request.invite).path.rpartition("/")[2]
        if not code:
            raise Hopeless(f"{request.invite!r} is no invite on Discord")
        try:
            await self._client.http.delete_invite(code)
        except discord.HTTPException as error:
            if has_code(error, *REFUSED):
                raise self._lacks("discord.no_revoking", self._guilds.find(request.chat), "Manage Server") from error
            if not has_code(error, UNKNOWN_INVITE):
                raise
        self._markers.ended(code)

    def _channel(self, guild: discord.Guild, chat: str) -> int | None:
        """Return the channel that people see first: the one that is named, else one for which the bot may invite."""
        named = chat.partition("/")[2]
        first = [guild.rules_channel, guild.system_channel, *guild.text_channels]
        for channel in [channel for channel in first if channel is not None]:
            may = channel.permissions_for(guild.me)
            if may.create_instant_invite and may.view_channel and named in ("", str(channel.id)):
                return channel.id
        return None

    def _lacks(self, key: str, guild: discord.Guild, permission: str) -> NotPermitted:
        self._tell(key, guild)
        return NotPermitted(f"the bot needs the permission “{permission}” in this server")

    def _tell(self, key: str, guild: discord.Guild) -> None:
        """Tell the admins once which permission is missing."""
        space = self._guilds.space(guild.id)
        if space is not None and (key, guild.id) not in self._told:
            self._told.add((key, guild.id))
            self._host.report(key, self._guilds.community(space).id, server=guild.name)
