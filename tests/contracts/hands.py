"""Hands that play the tester on a simulator: they read what is asked, do it there, and tell what is shown there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from tests.contracts.discord_stage import DiscordStage
from tests.contracts.live.acts import Act
from tests.contracts.live.asking import RealClock
from tests.contracts.live.settings import Place
from tests.contracts.live.stage import LiveStage
from tests.contracts.live.stages import STAGES
from tests.contracts.live.terminal import Word
from tests.contracts.stage import Seen
from tests.contracts.telegram_stage import MENUS, TelegramStage

Simulated = TelegramStage | DiscordStage


class Hurried(RealClock):
    """Real time, in which waiting is twenty times as short."""

    def monotonic(self) -> float:
        """Return seconds, twenty for each."""
        return super().monotonic() * 20

    async def sleep(self, seconds: float) -> None:
        """Return early."""
        await super().sleep(seconds / 20)


class Hands:
    """A tester who acts on a simulator and tells what it shows.

    Args:
        simulated: where.

    Attributes:
        lines: what was asked.
        questions: what was to be looked at.
        said: what the tester was told.
    """

    def __init__(self, simulated: Simulated) -> None:
        self.there = simulated
        self.lines: list[str] = []
        self.questions: list[str] = []
        self.said: list[str] = []
        self._names: set[str] = set()
        self._handles: list[tuple[str, str]] = []

    async def ask(self, act: Act) -> Word | None:
        """Do it, once the bot listens."""
        self.lines.append(str(act))
        await self.there.until(lambda: is_listening(self.there))
        await self.do(act)
        return None

    async def do(self, act: Act) -> None:
        """Do it."""
        there = self.there
        self._names.add(act.who)
        await there.seen(act.who)
        match act.do:
            case "appear":
                await self._enter(act)
                await there.write(act.who, "hello")
            case "join":
                await self._enter(act)
            case "leave":
                await there.leave(act.who)
            case "write" | "reply":
                await there.write(act.who, act.text, kind=act.kind, reply_to=act.message or None)
            case "edit":
                await there.edit(act.who, act.message, act.text)
            case "react":
                await there.react(act.who, act.message, act.text)
            case "use":
                self._handles.append((act.who, await there.use(act.who, act.command, **act.options)))
            case "press":
                under = next(seen.id for seen in reversed(await self.sees(act.who)) if seen.text == act.about)
                self._handles.append((act.who, await there.press(act.who, act.text, under)))

    async def _enter(self, act: Act) -> None:
        there = self.there
        if is_inside(there, act.who):
            if act.do != "join":
                return
            await there.leave(act.who)
        if isinstance(there, TelegramStage) and act.how == "alone":
            there.api.join(there.group, there.person(act.who), link="primary")
        else:
            await there.join(act.who, act.how, act.by)

    async def sees(self, name: str) -> list[Seen]:
        """Return what somebody sees of the bot, also over the chat."""
        shown = [one for who, handle in self._handles if who == name for one in await self.there.answers(who, handle)]
        return [replace(one, text=self._named(one.text)) for one in (*await self.there.seen(name), *shown)]

    def _named(self, text: str) -> str:
        """Return a text with the names of people that Discord puts where they are mentioned."""
        for name in self._names:
            text = text.replace(f"<@{self.there.account(name)}>", name)
        return text

    async def judge(self, question: str) -> bool:
        """Look whether it is as the question says."""
        self.questions.append(question)
        if "admin of the chat now" in question:
            await self.there.promote("Ann")
            return True
        if "no admin any more" in question:
            return True
        hidden = "nobody else" in question
        seen = [one for name in self._names for one in await self.sees(name)]
        shown = any(
            f"“{one.text}”" in question
            and one.private == hidden
            and one.picture in question
            and bool(one.picture) == ("with a picture" in question)
            for one in seen
        )
        return shown != ("is gone" in question)

    async def say(self, words: str) -> None:
        """Hear it."""
        self.said.append(words)


def is_listening(there: Simulated) -> bool:
    """Return whether the bot would hear of what is done now, and its commands are there."""
    if isinstance(there, TelegramStage):
        return bool(there.api.waiting) and len(there.api.commands) == MENUS
    return bool(there.server.online and there.server.commands(there.guild))


def is_inside(there: Simulated, name: str) -> bool:
    """Return whether somebody is in the chat."""
    members: Mapping[int, object] = there.group.members if isinstance(there, TelegramStage) else there.guild.members
    return members.get(there.person(name).id, "left") not in ("left", "kicked")


def place_of(there: Simulated) -> Place:
    """Return how a simulator would be set in the environment."""
    if isinstance(there, TelegramStage):
        return Place("telegram", "Telegram", there.api.token, str(there.group.id), {"api_base": there.api.base})
    addresses = {"rest_base": there.server.rest_base, "gateway_url": there.server.gateway_url}
    return Place("discord", "Discord", there.server.token, f"{there.guild.id}/{there.channel.id}", addresses)


@asynccontextmanager
async def simulated(platform: str, folder: Path) -> AsyncIterator[Simulated]:
    """Play on a simulator, of which nothing is asked that the platform would not know."""
    kind: type[Simulated] = TelegramStage if platform == "telegram" else DiscordStage
    there = kind(folder, clock=Hurried())
    await there.open()
    yield there
    await there.close()


def live(hands: Hands, people: int = 1) -> type[LiveStage]:
    """Return a live stage on their simulator."""
    place = place_of(hands.there)
    return STAGES[place.platform].of(place, hands, people, Hurried)
