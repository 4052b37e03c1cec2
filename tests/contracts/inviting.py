"""The plugin that invites are tested with, and stages on which people come in by them."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any, ClassVar
from unittest.mock import patch

from tests.contracts.discord_stage import DiscordStage
from tests.contracts.probe import note
from tests.contracts.telegram_stage import TelegramStage
from tests.contracts.web_stage import WebStage
from tests.simulators import discord, telegram
from tests.simulators.discord.invites import code_of
from tests.simulators.discord.world import P

from xiaoer import (
    ActionEnded,
    Context,
    CreateInvite,
    MemberJoined,
    MessagePosted,
    NoConfig,
    Plugin,
    RevokeInvite,
    Then,
    continuation,
    on_join,
    on_message,
)
from xiaoer_discord.joins import Joins
from xiaoer_discord.line import Line
from xiaoer_discord.looks import Looks

Here = Context[NoConfig]


class Inviter(Plugin[NoConfig]):
    """Makes and revokes invites when somebody writes so, and notes by which one people came."""

    name: ClassVar[str] = "inviter"

    @on_message
    async def wrote(self, ctx: Here, event: MessagePosted) -> None:
        """``invite Ann uses=1 hours=2`` and ``revoke <address>``."""
        word, _, rest = event.text.partition(" ")
        if word == "revoke":
            ctx.request(RevokeInvite(chat=event.space, invite=rest, then=Then("made", {"for": "revoked"})))
        elif word == "invite":
            given = dict(re.findall(r"(\w+)=(\d+)", rest))
            hours = given.get("hours")
            ctx.request(
                CreateInvite(
                    chat=event.space,
                    name=rest.partition(" ")[0],
                    uses=int(given["uses"]) if "uses" in given else None,
                    expires=ctx.now + timedelta(hours=int(hours)) if hours else None,
                    then=Then("made", {"for": rest.partition(" ")[0]}),
                )
            )

    @continuation("made")
    async def made(self, ctx: Here, event: ActionEnded) -> None:
        """Note the address, or why there is none."""
        ctx.transact(note, "invite", event.data["for"], event.invite or "", event.error or "")

    @on_join
    async def joined(self, ctx: Here, event: MemberJoined) -> None:
        """Note by which invite somebody came, or by which they may have come."""
        source = event.source
        ways = " ".join(sorted(one.invite for one in source.candidates)) or source.invite or ""
        ctx.transact(note, "came", event.who.name, f"{source.kind} {source.certainty} {source.by or '-'}", ways)


class WebDoor(WebStage):
    """The sandbox."""

    last_use: ClassVar[str] = "referral exact -"

    async def enter(self, name: str, invite: str) -> bool:
        """Open the address, and come in where there is a form for it."""
        assert self._http is not None
        page = await self._http.get("/?" + invite.partition("?")[2])
        if page.status_code != 200:
            return False
        (code,) = set(re.findall(r'data-invite="([^"]+)"', page.text))
        await self._do(name, do="join", name=name, invite=code)
        return True

    async def rest(self) -> None:
        """Wait until all is taken in."""
        await self.settle()


class TelegramDoor(TelegramStage):
    """A group in which the bot may make links.

    Attributes:
        last_use: how the last join by an invite for few is told where the invite is gone then.
    """

    last_use: ClassVar[str] = "referral exact -"

    async def enter(self, name: str, invite: str) -> bool:
        """Click on a link."""
        try:
            self.api.links.enter(self.person(name), invite)
        except telegram.TurnedAwayError:
            return False
        return True

    async def rest(self) -> None:
        """Wait until all is taken in."""
        await self.settle()


class DiscordDoor(DiscordStage):
    """A server in which the bot may make invites, see how often they are used and hear of them.

    Attributes:
        rights: what the bot's role gives beside what it gives elsewhere.
        looking: how many looks at the invites are under way.
    """

    last_use: ClassVar[str] = "referral inferred -"
    rights = int(P.CREATE_INSTANT_INVITE | P.MANAGE_GUILD | P.MANAGE_CHANNELS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.looking = 0

    async def open(self) -> None:
        """Start Discord, and count the looks at invites."""
        await super().open()
        self.guild.roles[0].permissions |= self.rights
        fetch = Looks.fetch

        async def counted(looks: Looks, guild: int) -> Any:
            self.looking += 1
            try:
                return await fetch(looks, guild)
            finally:
                self.looking -= 1

        self._patch = patch.object(Looks, "fetch", counted)
        self._patch.start()

    async def close(self) -> None:
        """Stop Discord."""
        self._patch.stop()
        await super().close()

    @property
    def finder(self) -> Joins:
        """What the adapter knows of joins."""
        line: Line = self.app._adapters["discord"]._line  # type: ignore[attr-defined]
        return line._joins

    async def connected(self) -> None:
        """Return when the bot listens and knows its invites."""
        await super().connected()
        may = self.finder.may_look(self.guild.id)
        await self.until(lambda: not may or self.finder.knows(self.guild.id))

    async def enter(self, name: str, invite: str) -> bool:
        """Accept an invite."""
        try:
            self.server.doors.enter(self.person(name), code_of(invite))
        except discord.TurnedAwayError:
            return False
        return True

    async def rest(self) -> None:
        """Let platform time pass until everybody is told of; a look takes none of it."""
        await self.settle()
        while self.finder.waiting:
            if not self.looking:
                await self.clock.advance(0.25)
            await asyncio.sleep(0.002)
        await self.settle()
