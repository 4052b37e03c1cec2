"""A town on the simulated Discord, as a test wants it: what its roles mean, which plugins, what admins are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar, Self
from unittest.mock import patch

import discord
from tests.contracts.discord_stage import DiscordStage
from tests.contracts.probe import NOTES, make_table, note
from tests.contracts.stage import KEY
from tests.simulators.discord import Fault
from tests.simulators.faults import Call

from xiaoer import (
    BadgesChanged,
    Button,
    ButtonPressed,
    CommandUsed,
    Content,
    Context,
    MessagePosted,
    NoConfig,
    Plugin,
    ReactionChanged,
    Receipt,
    Refusal,
    Request,
    button,
    command,
    on_badges,
    on_message,
    on_reaction,
)
from xiaoer.app import App
from xiaoer.reports import Reports
from xiaoer.settings import load_settings
from xiaoer.testing import ManualClock, fresh
from xiaoer_discord.client import Client
from xiaoer_discord.line import Line

CALLBACK = "POST /interactions/{interaction.id}/{interaction.token}/callback"
HISTORY = "GET /channels/{channel.id}/messages"
SEND = "POST /channels/{channel.id}/messages"
DIRECT = "POST /users/@me/channels"
MENU = "PUT /applications/{application.id}/guilds/{guild.id}/commands"
DOWN = Fault(503, "Service Unavailable")

LETTER = Content(("A letter",), ((Button("read", "read", "7"),),))

Here = Context[NoConfig]


class Speaker(Plugin[NoConfig]):
    """Answers in ways that the probe does not."""

    name: ClassVar[str] = "speaker"
    gate: ClassVar[asyncio.Event]

    @on_message
    async def wrote(self, ctx: Here, event: MessagePosted) -> None:
        """Write a letter to somebody who wishes it."""
        if event.text == "a letter":
            ctx.send(event.chat or event.space, LETTER, only_to=event.who.account)

    @on_reaction
    async def reacted(self, ctx: Here, event: ReactionChanged) -> None:
        """Write a letter to somebody who shows one."""
        ctx.send(event.chat or event.space, LETTER, only_to=event.who.account)

    @command("letter", answer="none")
    async def letter(self, ctx: Here, event: CommandUsed) -> None:
        """Write a letter to somebody who asks for it."""
        ctx.send(event.chat or event.space, LETTER, only_to=event.who.account)

    @command("vote", answer="public")
    async def vote(self, ctx: Here, event: CommandUsed) -> None:
        """Be refused late."""
        await self.gate.wait()
        raise Refusal("xiaoer.failed")

    @command("hush", answer="none")
    async def hush(self, ctx: Here, event: CommandUsed) -> None:
        """Say nothing."""

    @on_badges
    async def badges(self, ctx: Here, event: BadgesChanged) -> None:
        """Note whose badges were changed."""
        ctx.transact(note, "badges", event.who.name, event.who.role, "")

    @button("read")
    async def read(self, ctx: Here, event: ButtonPressed, data: str) -> None:
        """Answer to the letter's button."""
        ctx.answer(Content((f"read {data}",)))


class Town(DiscordStage):
    """One bot in one server.

    Args:
        folder: for the database and the configuration.
        roles: what roles of the server mean.
        clock: platform time.

    Attributes:
        reports: what admins were told: keys.
        others: more spaces of the community; to be set before it begins.
    """

    def __init__(self, folder: Path, roles: dict[str, str] | None = None, clock: ManualClock | None = None) -> None:
        super().__init__(folder, type("Speaker", (Speaker,), {"__module__": __name__}), clock=clock)
        self.plugins["speaker"].gate = self.gate  # type: ignore[attr-defined]
        self.roles = roles or {}
        self.reports: list[str] = []
        self.others: list[str] = []

    async def open(self) -> None:
        """Start Discord; discord.py is patched where it would really wait for seconds."""
        await super().open()
        tell, reports = Reports.tell, self.reports

        def told(self: Reports, community: str, key: str, values: dict[str, Any]) -> None:
            reports.append(key)
            tell(self, community, key, values)

        async def at_once(self: Client, shard_id: int | None, *, initial: bool = False) -> None:
            """Begin a second session at once, not after 5 s."""

        begin = Client.__init__

        def begun(self: Client, hears: Any) -> None:
            begin(self, hears)
            self._connection.guild_ready_timeout = 0.01  # seconds without another guild, not 2

        self._patches: list[Any] = [
            patch.object(Reports, "tell", told),
            patch.object(Client, "before_identify_hook", at_once),
            patch.object(Client, "__init__", begun),
        ]
        for one in self._patches:
            one.start()

    async def close(self) -> None:
        """Stop Discord."""
        for one in self._patches:
            one.stop()
        await super().close()

    def _make(self) -> App:
        file = self.folder / "plugins.toml"
        spaces = ", ".join(f'"{space}"' for space in (self.space, *self.others))
        roles = "".join(f'"discord:{name}" = "{role}"\n' for name, role in self.roles.items())
        file.write_text(
            f'[xiaoer]\ndatabase = "town.db"\n[adapters.discord]\n{self.section}\n'
            f'[communities.town]\nname = "Town"\nspaces = [{spaces}]\n'
            f'plugins = {list(self.plugins)}\nchats = {{main = ["{self.chat}"]}}\n[communities.town.roles]\n{roles}',
            encoding="utf-8",
        )
        settings = load_settings(file, {"discord": self.adapter}, self.plugins, self.environ)
        return fresh(settings, self.plugins, {"discord": self.adapter}, KEY, self.clock)

    async def begin(self) -> None:
        """Start the app, without waiting for the line."""
        self.app = self._make()
        await self.app.start()
        await self.app.store.transact(make_table)

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """Let the program be stopped for a while."""
        await self.app.stop()
        yield
        await self.begin()
        await self.connected()

    async def __aenter__(self) -> Self:
        await self.open()
        await self.begin()
        await self.connected()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.gate.set()
        await self.app.stop()
        await self.close()

    @property
    def line(self) -> Line:
        """The connection."""
        line: Line = self.app._adapters["discord"]._line  # type: ignore[attr-defined]
        return line

    async def perform(self, request: Request) -> Receipt:
        """Let the adapter do something."""
        return await self.app._adapters["discord"].perform(request)

    async def told(self, number: int, *kinds: str) -> list[str]:
        """Return what the probe noted as soon as there are so many notes, without the usher's."""
        while True:
            rows = await self.app.store.report(NOTES)
            found = [
                f"{row.kind} {row.who} {row.what}".strip()
                for row in rows
                if row.who != "Usher" and (not kinds or row.kind in kinds)
            ]
            if len(found) >= number:
                return found
            await asyncio.sleep(0.002)

    async def back(self, session: str) -> None:
        """Return when the bot listens again after something that ended the connection.

        Args:
            session: what brings it back: ``IDENTIFY`` or ``RESUME``.
        """
        number = len(self.calls(session)) + 1
        await self.until(lambda: len(self.calls(session)) >= number and self.server.online)

    async def permit(self, permissions: int) -> None:
        """Change what the bot's role gives, and wait until the bot knows."""
        self.server.permit(self.guild, self.guild.roles[0], permissions)
        await self.knows(
            lambda guild: guild.me.guild_permissions.value == permissions | self.guild.everyone.permissions
        )

    async def knows(self, true: Callable[[discord.Guild], Any]) -> None:
        """Wait until something is true of the server as the bot knows it."""

        def looked() -> Any:
            guild = self.line._client.get_guild(self.guild.id)
            return guild is not None and guild.me is not None and true(guild)

        await self.until(looked)

    def calls(self, name: str) -> list[Call]:
        """Return the requests of one route, or what began or resumed sessions."""
        return self.server.calls(name)

    async def later(self, true: Callable[[], Any], step: float = 0.25) -> None:
        """Let platform time pass until something is true."""
        while not true():
            await self.clock.advance(step)
            await asyncio.sleep(0.002)
