"""What admins are told once: which right the bot lacks in a server, in words that they can act on."""

from __future__ import annotations

import discord

from xiaoer import Host, NotPermitted
from xiaoer_discord.guilds import Guilds


class Complaints:
    """Tells admins what is missing, and again only after it was not.

    Args:
        host: the core.
        guilds: what is known of them.
    """

    def __init__(self, host: Host, guilds: Guilds) -> None:
        self._host = host
        self._guilds = guilds
        self._told: set[tuple[str, int]] = set()

    def lacks(self, key: str, guild: discord.Guild, reason: str, **values: str) -> NotPermitted:
        """Tell the admins, and return the error that says so."""
        space = self._guilds.space(guild.id)
        if space is not None and (key, guild.id) not in self._told:
            self._told.add((key, guild.id))
            self._host.report(key, self._guilds.community(space).id, server=guild.name, **values)
        return NotPermitted(reason)

    def works(self, guild: discord.Guild, *keys: str) -> None:
        """Forget what was said, because it is not so any more."""
        self._told.difference_update({(key, guild.id) for key in keys})
