"""What Discord told nobody while the bot was away: fetched from channels and member lists, under the same keys.

Discord tells an event once, to whoever is connected (Discord docs, Gateway: Resuming); what a new session missed has to
be looked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import discord
import structlog

from xiaoer import AnyEvent, Membership, Who
from xiaoer_discord.client import Client, Readable
from xiaoer_discord.translate import joined, left, stamp, who_is, written

if TYPE_CHECKING:
    from xiaoer_discord.guilds import Guilds
    from xiaoer_discord.markers import Markers
    from xiaoer_discord.members import Members

LONGEST = timedelta(hours=24)
"""What is older is not fetched; Telegram keeps updates as long."""

MOST = 5_000
"""So many messages of a channel are fetched, the oldest of those missed; Discord tells a hundred at a time."""


async def missed(
    client: Client,
    guild: discord.Guild,
    since: datetime,
    guilds: Guilds,
    members: Members,
) -> list[AnyEvent]:
    """Return what happened in a guild from a moment on, in the order in which it happened.

    Args:
        client: the bot.
        guild: the guild, as the new session tells it.
        since: the moment.
        guilds: what is known.
        members: what is known of their badges and markers.

    Raises:
        discord.HTTPException: Discord does not tell it now.
    """
    known = await guilds.recall(guild.id)
    after = discord.utils.time_snowflake(since)
    messages = [message for channel in _channels(guild, after) for message in await _history(client, channel, after)]
    authors = {message.author.id for message in messages}
    writers: dict[int, discord.Member] = {}
    found: list[AnyEvent] = []
    gone = dict(known)
    async for member in guild.fetch_members(limit=None):
        if member.id in authors:
            writers[member.id] = member
        if gone.pop(member.id, None) is not None:
            guilds.met(member)
        found += [*_came(member, since, known, guilds, members.markers), *members.missed(member)]
    posted = (written(message, guilds, writers.get(message.author.id)) for message in messages)
    found += [event for event in posted if event is not None]
    found.sort(key=lambda event: event.at)  # stable, so a leave stays before the join of the same moment
    return [*found, *_went(guild.id, gone, guilds)]


def _channels(guild: discord.Guild, after: int) -> Iterator[Readable]:
    """Return the channels in which something was written, as far as the bot may read them."""
    threads = [thread for thread in guild.threads if thread.parent is not None]  # else nobody knows who may read it
    channels: list[Readable] = [*guild.text_channels, *guild.voice_channels, *guild.stage_channels, *threads]
    for channel in channels:
        may = channel.permissions_for(guild.me)
        if (channel.last_message_id or 0) > after and may.view_channel and may.read_message_history:
            yield channel


async def _history(client: Client, channel: Readable, after: int) -> list[discord.Message]:
    log = structlog.get_logger()
    found: list[discord.Message] = []
    try:
        async for message in client.history(channel, after):
            if len(found) == MOST:
                log.warning("discord: more was written than is fetched", channel=channel.id, fetched=MOST)
                break
            found.append(message)
    except (discord.Forbidden, discord.NotFound) as error:
        log.info("discord: channel not read", channel=channel.id, reason=error.text)
    return found


def _came(
    member: discord.Member, since: datetime, known: Mapping[int, Membership], guilds: Guilds, markers: Markers
) -> Iterator[AnyEvent]:
    """Return that somebody came in, and before that that they had left, if they had been there already."""
    if member.joined_at is None or member.joined_at < since:
        return
    before = known.get(member.id)
    if before is not None:
        if before.since is not None and stamp(before.since) == stamp(member.joined_at):
            return
        went = left(member.guild.id, who_is(member), before.since, guilds, at=member.joined_at)
        if went is not None:
            yield went
    came = joined(member, guilds)
    if came is not None:
        guilds.came(member.guild.id, member.id, came.at)
        yield markers.sourced(came, member, late=True)


def _went(guild: int, gone: Mapping[int, Membership], guilds: Guilds) -> Iterator[AnyEvent]:
    """Return who is not there any more; nobody can tell since when."""
    for user, membership in gone.items():
        went = left(guild, Who(f"discord:{user}", membership.name), guilds.since(guild, user), guilds)
        if went is not None:
            guilds.went(guild, user)
            yield went
