"""The line to Discord: what the gateway tells is parked at once, because it is told only once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import discord
import structlog

from xiaoer import AdapterError, AnyEvent, Hopeless, Host, Receipt, Request, StoreError, TryLater
from xiaoer_discord.catchup import LONGEST, missed
from xiaoer_discord.client import Client, point
from xiaoer_discord.downloads import Downloads
from xiaoer_discord.faults import FAILURES, UNREADABLE, fault
from xiaoer_discord.guilds import Guilds
from xiaoer_discord.intake import Intake, moment_of
from xiaoer_discord.interactions import Interactions
from xiaoer_discord.invites import Invites
from xiaoer_discord.joins import Joins
from xiaoer_discord.members import Members
from xiaoer_discord.menu import commands, digest
from xiaoer_discord.rest import Rest
from xiaoer_discord.settings import DiscordSettings
from xiaoer_discord.speech import Speech
from xiaoer_discord.translate import asked, edited, joined, left, reacted, stamp, who_is, written

NOTE_EVERY = 5.0
"""Seconds of platform time between two notes of how far everything is safe."""

AGAIN = 1.0
"""Seconds after which to ask again while the bot logs in."""

LAST_WORDS = 5.0
"""Seconds in which what is being said may be ended when the line is closed."""

FIRST_PAUSE, LAST_PAUSE = 5.0, 300.0
"""Seconds of platform time before commands are set again: doubled from the first to the last."""

BAD_TOKEN = 4004
"""How the gateway turns a token away (Discord docs, Gateway Close Event Codes)."""


class Line:
    """One bot, connected.

    Args:
        host: the core.
        settings: which addresses and which token.
    """

    def __init__(self, host: Host, settings: DiscordSettings) -> None:
        self._host = host
        self._settings = settings
        point(settings)
        hears: dict[str, Callable[..., None]] = {}
        self._client = Client(hears)
        self._rest = Rest(self._client)
        self._guilds = Guilds(host, self._client)
        self._intake = Intake(host)
        self._joins = Joins(host, self._client, self._intake, self._keep)
        self._members = Members(
            host, self._client, self._guilds, self._joins.take, self._spawn, mark=settings.marker_roles
        )
        self._intake.stored = self._members.markers.stored
        hears.update(self._hears())
        self._interactions = Interactions(host.clock.platform, self._rest, self._spawn)
        invites = Invites(host, self._client, self._guilds, self._joins, self._members.markers)
        downloads = Downloads(self._rest, settings.cdn_base)
        self._tasks: set[asyncio.Task[None]] = set()
        self._speech = Speech(self._rest, self._guilds, self._interactions, invites, downloads, self._members)
        self._speaking: set[asyncio.Future[None]] = set()
        self._strange: set[int] = set()

    def _hears(self) -> dict[str, Callable[..., None]]:
        return {
            "connect": self._connected,
            "ready": self._ready,
            "guild_available": self._available,
            "guild_join": self._available,
            "guild_remove": self._removed,
            "guild_role_create": self._roles,
            "guild_role_update": self._roles,
            "guild_role_delete": self._role_gone,
            "message": self._message,
            "raw_message_edit": self._edit,
            "member_join": self._join,
            "raw_member_remove": self._leave,
            "raw_reaction_add": self._reaction,
            "raw_reaction_remove": self._reaction,
            "interaction": self._interaction,
            "member_update": self._changed,
            "member_changed": self._members.changed,
            "disconnect": self._joins.disconnected,
            "resumed": self._joins.resumed,
            "invite_create": self._joins.made,
            "invite_delete": self._uninvited,
        }

    async def run(self) -> None:
        """Log in and listen for ever.

        Raises:
            AdapterError: the token is not good, or the bot may not hear what it must.
            DeliveryError: Discord cannot be reached.
            StoreError: what earlier runs remembered cannot be read.
        """
        await self._members.recall()
        self._keep(self._host.supervise(self._keep_up, "discord notes"))
        try:
            await self._client.start(self._host.token(self._settings.token_env))
        except discord.LoginFailure as error:
            raise self._turned_away() from error
        except discord.PrivilegedIntentsRequired as error:
            raise AdapterError(
                "Discord does not let the bot hear members and messages: switch on “Server Members Intent” and "
                "“Message Content Intent” on its page Bot in the developer portal, then start again"
            ) from error
        except discord.ConnectionClosed as error:
            if error.code == BAD_TOKEN:
                raise self._turned_away() from error
            raise
        except FAILURES as error:
            raise fault(error) from error

    def _turned_away(self) -> AdapterError:
        return AdapterError(
            f"Discord does not accept the token in {self._settings.token_env}: "
            "get a new one on the bot's page in the developer portal and start again"
        )

    async def close(self) -> None:
        """Let what is being said be ended, then hang up."""
        self._interactions.end()
        for task in list(self._tasks):
            task.cancel()
        await self._joins.close()
        if self._speaking:
            await asyncio.wait(set(self._speaking), timeout=LAST_WORDS)
        await self._client.close()

    async def perform(self, request: Request) -> Receipt:
        """Do what is asked; see :class:`~xiaoer_discord.speech.Speech`."""
        if self._client.application_id is None:
            raise TryLater(AGAIN, "Discord is not connected yet")
        said: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._speaking.add(said)
        try:
            return await self._speech.perform(request)
        finally:
            self._speaking.discard(said)
            said.set_result(None)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._keep(self._host.spawn(work, "discord"))

    async def _keep_up(self) -> None:
        """Note how far everything is safe, and fetch again what could not be stored."""
        while True:
            await self._host.clock.platform.sleep(NOTE_EVERY)
            await self._note()
            for number in self._guilds.ids:
                guild = self._client.get_guild(number)
                if guild is None or guild.unavailable:
                    continue
                if number in self._intake.lost:
                    await self._catch_up(guild)
                elif not self._intake.holds(number):
                    await self._members.markers.sweep(guild, self._joins.codes(number))

    async def _note(self) -> None:
        try:
            await self._intake.keep_note()
        except StoreError as error:
            structlog.get_logger().warning("discord: not noted how far everything is safe", reason=str(error))

    def _connected(self) -> None:
        """Keep everything back that a new session tells until what it missed is fetched."""
        for guild in self._guilds.ids:
            self._intake.hold(guild)
        self._joins.connected()
        self._members.badges.connected()

    def _ready(self) -> None:
        log = structlog.get_logger()
        log.info("discord connected", bot=str(self._client.user), guilds=len(self._client.guilds))
        for number in self._guilds.ids:
            if self._client.get_guild(number) is None:
                self._miss(number)

    def _removed(self, guild: discord.Guild) -> None:
        self._miss(guild.id)

    def _miss(self, guild: int) -> None:
        """Tell admins once that the bot is not in a server of theirs."""
        space = self._guilds.space(guild)
        if space is not None and guild not in self._strange:
            self._strange.add(guild)
            structlog.get_logger().error("discord: the bot is not in a server of a community", guild=guild)
            self._host.report("discord.not_there", self._guilds.community(space).id, space=space)

    def _available(self, guild: discord.Guild) -> None:
        if self._guilds.space(guild.id) is not None:
            self._strange.discard(guild.id)
            self._guilds.roles_changed(guild.id)
            self._intake.hold(guild.id)
            self._joins.missed(guild.id)
            self._keep(self._host.supervise(lambda: self._arrive(guild), "discord"))
        elif guild.id not in self._strange:
            self._strange.add(guild.id)
            structlog.get_logger().warning(
                "server belongs to no community: add it to spaces = [...] of one",
                space=f"discord:{guild.id}",
                title=guild.name,
            )

    def _roles(self, role: discord.Role, *_: discord.Role) -> None:
        self._guilds.roles_changed(role.guild.id)
        self._members.roles_changed(role.guild.id)
        self._may_look(role.guild)

    def _role_gone(self, role: discord.Role) -> None:
        self._roles(role)
        self._members.badges.deleted(role)

    def _changed(self, _: discord.Member, member: discord.Member) -> None:
        if member.id == self._client.application_id:
            self._may_look(member.guild)

    def _may_look(self, guild: discord.Guild) -> None:
        if self._guilds.space(guild.id) is not None:
            self._joins.look_soon(guild.id)

    async def _arrive(self, guild: discord.Guild) -> None:
        await self._catch_up(guild)
        self._spawn(self._note())  # at once, so that a program that ends soon need not fetch all of it again
        pause = FIRST_PAUSE
        while not await self._set_menu(guild):
            await self._host.clock.platform.sleep(pause)
            pause = min(LAST_PAUSE, pause * 2)

    async def _catch_up(self, guild: discord.Guild) -> None:
        """Take in what happened while nobody listened."""
        turn = self._intake.hold(guild.id)
        self._intake.lost.discard(guild.id)
        found: list[AnyEvent] = []
        try:
            remembered = await self._intake.remembered(guild.id)
            if remembered is None:
                await self._guilds.recall(guild.id)
                await self._intake.note_seen(guild.id, self._host.clock.now())
                await self._joins.sourced(guild.id, (), self._host.clock.now())
            else:
                since = max(moment_of(remembered), self._host.clock.now() - LONGEST)
                found = await missed(self._client, guild, since, self._guilds, self._members)
                found = await self._joins.sourced(guild.id, found, since)
        except (*FAILURES, *UNREADABLE, StoreError) as error:
            self._intake.lost.add(guild.id)
            log = structlog.get_logger()
            log.warning("discord: what was missed is fetched later", guild=guild.id, reason=str(error))
        self._intake.release(guild.id, turn, found)

    async def _set_menu(self, guild: discord.Guild) -> bool:
        """Set a guild's commands if they are not set; return whether there is nothing to do any more."""
        space = self._guilds.space(guild.id)
        if space is None:
            return True
        community = self._guilds.community(space)
        forms = self._host.command_forms(community.id)
        menu = commands(forms, community, lambda locale, key: self._host.text(community.id, locale, key))
        since = guild.me.joined_at  # Discord forgets commands when the bot is removed (discord.js 10321)
        mark = f"{digest(menu)} {stamp(since) if since is not None else 0}"
        try:
            remembered = await self._intake.remembered(guild.id)
            if remembered is None or remembered.menu != mark:
                await self._rest.set_commands(guild.id, menu)
                await self._intake.note_menu(guild.id, mark)
        except (*FAILURES, *UNREADABLE, StoreError) as error:
            structlog.get_logger().error("discord: commands not set", guild=guild.id, reason=str(error))
            if isinstance(error, discord.Forbidden):
                self._host.report("discord.no_commands", community.id, server=guild.name)
            return isinstance(error, FAILURES) and isinstance(fault(error), Hopeless)
        return True

    def _take(self, guild: int | None, event: AnyEvent | None) -> None:
        if guild is not None and event is not None:
            self._joins.take(guild, event)

    def _message(self, message: discord.Message) -> None:
        event = written(message, self._guilds)
        if event is not None and message.guild is not None:
            self._guilds.met(message.author)
            self._members.badges.saw(message.author)
            self._joins.take(message.guild.id, event)

    def _edit(self, change: discord.RawMessageUpdateEvent) -> None:
        self._take(change.guild_id, edited(change.message, self._guilds))

    def _join(self, member: discord.Member) -> None:
        event = joined(member, self._guilds)
        if event is None:
            return
        self._members.markers.saw(member)
        event = self._members.markers.sourced(event, member)
        before = self._guilds.since(member.guild.id, member.id)
        self._guilds.came(member.guild.id, member.id, event.at)
        if before is not None and stamp(before) == stamp(event.at):
            self._joins.take(member.guild.id, event)  # it was told before
        else:
            self._joins.came(member.guild.id, event)

    def _uninvited(self, invite: discord.Invite) -> None:
        self._joins.deleted(invite)
        self._members.markers.ended(invite.code)

    def _leave(self, change: discord.RawMemberRemoveEvent) -> None:
        guild, user = change.guild_id, change.user
        event = left(guild, who_is(user), self._guilds.since(guild, user.id), self._guilds)
        if event is not None:
            self._guilds.went(guild, user.id)
            self._members.badges.forget(guild, user.id)
            self._joins.take(guild, event)

    def _reaction(self, change: discord.RawReactionActionEvent) -> None:
        own = self._client.user is not None and change.user_id == self._client.user.id
        if not own:
            self._guilds.met(change.member)
            self._take(change.guild_id, reacted(change, f"discord:told:{self._client.told}", self._guilds))

    def _interaction(self, interaction: discord.Interaction[Any]) -> None:
        event = asked(interaction, self._guilds)
        if event is not None:
            self._guilds.met(interaction.user)
            self._members.badges.saw(interaction.user)
            answered = self._host.answered(self._guilds.community(event.space).id, event)
            self._interactions.opened(event, answered, self._host.submit(event, park=True))
