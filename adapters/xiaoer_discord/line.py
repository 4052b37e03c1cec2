"""The line to Discord: what the gateway tells is parked at once, because it is told only once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import discord
import structlog

from xiaoer import AdapterError, AnyEvent, Host, Receipt, Request, StoreError, TryLater
from xiaoer_discord.catchup import LONGEST, missed
from xiaoer_discord.client import Client, point
from xiaoer_discord.faults import FAILURES
from xiaoer_discord.guilds import Guilds
from xiaoer_discord.intake import Intake, moment_of
from xiaoer_discord.interactions import Interactions
from xiaoer_discord.menu import commands, digest
from xiaoer_discord.rest import Rest
from xiaoer_discord.settings import DiscordSettings
from xiaoer_discord.speech import Speech
from xiaoer_discord.translate import asked, edited, joined, left, reacted, who_is, written

NOTE_EVERY = 5.0
"""Seconds of platform time between two notes of how far everything is safe."""

AGAIN = 1.0
"""Seconds after which to ask again while the bot logs in."""

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
        self._client = Client(self._hears())
        self._rest = Rest(self._client)
        self._guilds = Guilds(host)
        self._intake = Intake(host)
        self._interactions = Interactions(host, self._rest, self._spawn)
        self._speech = Speech(self._rest, self._guilds, self._interactions)
        self._tasks: set[asyncio.Task[None]] = set()
        self._strange: set[int] = set()

    def _hears(self) -> dict[str, Callable[..., None]]:
        return {
            "connect": self._connected,
            "ready": self._ready,
            "guild_available": self._available,
            "guild_join": self._available,
            "guild_unavailable": self._unavailable,
            "message": self._message,
            "raw_message_edit": self._edit,
            "member_join": self._join,
            "raw_member_remove": self._leave,
            "raw_reaction_add": self._reaction,
            "raw_reaction_remove": self._reaction,
            "interaction": self._interaction,
        }

    async def run(self) -> None:
        """Log in and listen for ever.

        Raises:
            AdapterError: the token is not good, or the bot may not hear what it must.
        """
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

    def _turned_away(self) -> AdapterError:
        return AdapterError(
            f"Discord does not accept the token in {self._settings.token_env}: "
            "get a new one on the bot's page in the developer portal and start again"
        )

    async def close(self) -> None:
        """Hang up."""
        for task in list(self._tasks):
            task.cancel()
        await self._client.close()

    async def perform(self, request: Request) -> Receipt:
        """Do what is asked; see :class:`~xiaoer_discord.speech.Speech`."""
        if self._client.application_id is None:
            raise TryLater(AGAIN, "Discord is not connected yet")
        return await self._speech.perform(request)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._keep(self._host.spawn(work, "discord"))

    async def _keep_up(self) -> None:
        """Note how far everything is safe, and fetch again what could not be stored."""
        while True:
            await self._host.clock.platform.sleep(NOTE_EVERY)
            await self._intake.keep_note()
            for number in list(self._intake.lost):
                guild = self._client.get_guild(number)
                if guild is not None:
                    await self._catch_up(guild)

    def _connected(self) -> None:
        """Keep everything back that a new session tells until what it missed is fetched."""
        for guild in self._guilds.ids:
            self._intake.hold(guild)

    def _ready(self) -> None:
        log = structlog.get_logger()
        log.info("discord connected", bot=str(self._client.user), guilds=len(self._client.guilds))
        for number in self._guilds.ids:
            space = self._guilds.space(number)
            if space is not None and self._client.get_guild(number) is None and number not in self._strange:
                self._strange.add(number)
                log.error("discord: the bot is not in a server of a community", guild=number)
                self._host.report("discord.not_there", self._guilds.community(space).id, space=space)

    def _available(self, guild: discord.Guild) -> None:
        if self._guilds.space(guild.id) is not None:
            self._spawn(self._arrive(guild))
        elif guild.id not in self._strange:
            self._strange.add(guild.id)
            structlog.get_logger().warning(
                "server belongs to no community: add it to spaces = [...] of one",
                space=f"discord:{guild.id}",
                title=guild.name,
            )

    def _unavailable(self, guild: discord.Guild) -> None:
        if self._guilds.space(guild.id) is not None:
            self._intake.hold(guild.id)

    async def _arrive(self, guild: discord.Guild) -> None:
        self._guilds.learn(guild)
        await self._catch_up(guild)
        await self._set_menu(guild)

    async def _catch_up(self, guild: discord.Guild) -> None:
        """Take in what happened while nobody listened."""
        self._intake.hold(guild.id)
        found: list[AnyEvent] = []
        try:
            remembered = await self._intake.remembered(guild.id)
            if remembered is None:
                await self._guilds.recall(guild.id)
                await self._intake.note_seen(guild.id, self._host.clock.now())
            else:
                since = max(moment_of(remembered), self._host.clock.now() - LONGEST)
                found = await missed(guild, since, self._guilds)
            self._intake.lost.discard(guild.id)
        except (*FAILURES, StoreError) as error:
            self._intake.lost.add(guild.id)
            structlog.get_logger().warning(
                "discord: what was missed is fetched later", guild=guild.id, reason=str(error)
            )
        self._intake.release(guild.id, found)

    async def _set_menu(self, guild: discord.Guild) -> None:
        space = self._guilds.space(guild.id)
        if space is None:
            return
        community = self._guilds.community(space)
        forms = self._host.command_forms(community.id)
        menu = commands(forms, community, lambda locale, key: self._host.text(community.id, locale, key))
        try:
            remembered = await self._intake.remembered(guild.id)
            if remembered is None or remembered.menu != digest(menu):
                await self._rest.set_commands(guild.id, menu)
                await self._intake.note_menu(guild.id, digest(menu))
        except (*FAILURES, StoreError) as error:
            structlog.get_logger().error("discord: commands not set", guild=guild.id, reason=str(error))
            if isinstance(error, discord.Forbidden):
                self._host.report("discord.no_commands", community.id, server=guild.name)

    def _take(self, guild: int | None, event: AnyEvent | None) -> None:
        if guild is not None and event is not None:
            self._intake.take(guild, event)

    def _message(self, message: discord.Message) -> None:
        if message.guild is not None and not message.author.bot:
            self._take(message.guild.id, written(message, self._guilds))

    def _edit(self, change: discord.RawMessageUpdateEvent) -> None:
        if change.guild_id is not None and not change.message.author.bot:
            self._take(change.guild_id, edited(change.message, self._guilds))

    def _join(self, member: discord.Member) -> None:
        event = None if member.bot else joined(member, self._guilds)
        if event is not None:
            self._guilds.came(member.guild.id, member.id, event.at)
            self._take(member.guild.id, event)

    def _leave(self, change: discord.RawMemberRemoveEvent) -> None:
        guild, user = change.guild_id, change.user
        if not user.bot:
            self._take(guild, left(guild, who_is(user), self._guilds.since(guild, user.id), self._guilds))

    def _reaction(self, change: discord.RawReactionActionEvent) -> None:
        own = self._client.user is not None and change.user_id == self._client.user.id
        if not own:
            self._take(change.guild_id, reacted(change, f"discord:told:{self._client.told}", self._guilds))

    def _interaction(self, interaction: discord.Interaction[Any]) -> None:
        event = asked(interaction, self._guilds)
        if event is not None:
            answered = self._host.answered(self._guilds.community(event.space).id, event)
            self._interactions.opened(event, answered, self._host.submit(event, park=True))
