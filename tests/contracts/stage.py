"""A stage: one community on one platform, with people who act there and see what the bot does."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, Self

import pytest
from tests.contracts.probe import NOTES, make_table, probe

from xiaoer import Adapter, Clock, Plugin
from xiaoer.app import App
from xiaoer.settings import load_settings
from xiaoer.testing import ManualClock, fresh

How = Literal["alone", "pulled", "link"]
PLAYED: pytest.StashKey[tuple[type[Stage], ...]] = pytest.StashKey()
"""Where a run says which stages the contract is played on, when it is not the simulated ones."""
KEY = b"a key that only tests sign with!"


class Pace(Clock, Protocol):
    """Platform time that a stage can let pass."""

    async def advance(self, seconds: float) -> None:
        """Let time pass."""
        ...


@dataclass(frozen=True)
class Attached:
    """A file that somebody posts: as what, its name, its bytes and what the platform takes it for."""

    kind: Literal["photo", "video", "file"]
    name: str
    data: bytes
    mime: str


@dataclass(frozen=True)
class Seen:
    """A message of the bot as one person sees it.

    Args:
        id: the platform's.
        text: what it says, plain.
        buttons: what its buttons say.
        private: whether nobody else sees it.
        edits: how often it was changed.
        picture: the title of its picture.
    """

    id: str
    text: str
    buttons: tuple[str, ...] = ()
    private: bool = False
    edits: int = 0
    picture: str = ""


class Stage(ABC):
    """A new adapter passes the contract by giving one of these.

    Args:
        folder: for the database and the configuration.
        plugins: what the community has, beside the probe.
        clock: platform time; an own one when None.

    Attributes:
        kinds: the kinds of messages that people can write there.
        joins: by how somebody comes in, what the source says then.
        rooms: what chats the community has there beside the one in which people act.
        app: the running app.
        clock: platform time.
        gate: lets late answers go.
        most_people: how many people can act there.
        many: how many messages are many there.
        moves_time: whether time passes there as a test wants it.
        takes_any_words: whether people can type whatever they like behind a command.
        repeats: whether the platform can be made to tell its last events again.
    """

    most_people: ClassVar[int] = 100
    many: ClassVar[int] = 20
    moves_time: ClassVar[bool] = True
    repeats: ClassVar[bool] = True
    platform: str
    adapter: type[Adapter]
    section = ""
    space: str
    chat: str
    kinds: tuple[str, ...] = ("text",)
    joins: ClassVar[dict[How, str]]
    rooms: tuple[str, ...] = ()
    takes_any_words: ClassVar[bool] = True

    def __init__(self, folder: Path, *plugins: type[Plugin[Any]], clock: Pace | None = None) -> None:
        self.folder = folder
        self.gate = asyncio.Event()
        self.clock: Pace = clock or ManualClock()
        self.plugins = {kind.name: kind for kind in (*plugins, probe(self.gate))}
        self.environ: dict[str, str] = {}
        self._barriers = count(1)

    @classmethod
    def lacks(cls, *, people: int = 1, moved_time: bool = False, repeats: bool = False) -> str:
        """Return what is missing there for a test with such needs; empty when it can be played.

        Args:
            people: how many act in it, the usher not counted.
            moved_time: whether it lets time pass.
            repeats: whether it makes the platform tell things twice.
        """
        if people > cls.most_people:
            return f"{people} people act in it, and here is {cls.most_people}"
        if moved_time and not cls.moves_time:
            return "it moves time, and here time passes by itself"
        if repeats and not cls.repeats:
            return "it needs a platform that tells things twice when asked to"
        return ""

    async def __aenter__(self) -> Self:
        await self.open()
        self.app = self._make()
        await self.app.start()
        await self.app.store.transact(make_table)
        await self.connected()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.gate.set()
        await self.app.stop()
        await self.close()

    def _make(self) -> App:
        return make_app([self])

    async def restart(self, *, kill: bool = False) -> None:
        """End the app and start it again, on the same files and against the same platform."""
        await (self.app.drop() if kill else self.app.stop())
        self.app = self._make()
        await self.app.start()
        await self.connected()

    @abstractmethod
    async def open(self) -> None:
        """Make the platform ready, with a person called Usher in the chat."""

    @abstractmethod
    async def close(self) -> None:
        """Let the platform go."""

    async def connected(self) -> None:
        """Return when the adapter has begun to take events in."""
        await self.settle()

    async def until(self, true: Callable[[], Any]) -> None:
        """Wait until something is true."""
        while not true():  # noqa: ASYNC110 - it happens in other threads and over sockets
            await asyncio.sleep(0.002)

    async def settle(self) -> None:
        """Wait until all that people did is taken in, and all that follows from it is done.

        Events come in in order, so what the usher writes now comes last.
        """
        word = f"barrier {self.platform} {next(self._barriers)}"
        await self.write("Usher", word)
        while not any(row.what.endswith(word) for row in await self.app.store.report(NOTES)):  # noqa: ASYNC110
            await asyncio.sleep(0.002)
        await self.app.settled()
        await self.delivered()

    async def delivered(self) -> None:
        """Let platform time pass until nothing waits for a limit of the platform."""
        while self.app.delivery.waiting:
            await self.clock.advance(0.25)
            await self.app.settled()

    async def notes(self, *kinds: str) -> list[tuple[str, str, str, str]]:
        """Return what the probe noted: kind, who, what, and more."""
        await self.settle()
        rows = await self.app.store.report(NOTES)
        return [
            (row.kind, row.who, row.what, row.more)
            for row in rows
            if row.who != "Usher" and (not kinds or row.kind in kinds)
        ]

    def account(self, name: str) -> str:
        """Return the id that a person has on the platform."""
        raise NotImplementedError

    @abstractmethod
    async def join(self, name: str, how: How = "alone", by: str = "") -> None:
        """Let somebody come in."""

    async def bring(self, name: str) -> None:
        """See to it that somebody is there, where it is not the point how they come."""
        await self.join(name)

    @abstractmethod
    async def leave(self, name: str) -> None:
        """Let somebody leave."""

    @abstractmethod
    async def write(self, name: str, text: str, *, kind: str = "text", reply_to: str | None = None) -> str:
        """Let somebody write; return the message's id."""

    @abstractmethod
    async def edit(self, name: str, message: str, text: str) -> None:
        """Let somebody change what they wrote."""

    @abstractmethod
    async def react(self, name: str, message: str, emoji: str) -> None:
        """Let somebody react."""

    @abstractmethod
    async def use(self, name: str, command: str, **options: Any) -> str:
        """Let somebody use a command; return a handle for :meth:`answers`."""

    async def use_on(self, name: str, command: str, message: str) -> str:
        """Let somebody use a command on a message; return a handle for :meth:`answers`."""
        raise NotImplementedError

    async def attach(self, name: str, text: str, file: Attached) -> str:
        """Let somebody post a file with some words; return the message's id."""
        raise NotImplementedError

    async def carried(self, name: str) -> list[tuple[str, bytes]]:
        """Return what somebody sees of the bot that has a file: what it says, and the file's bytes."""
        raise NotImplementedError

    @abstractmethod
    async def press(self, name: str, label: str, message: str) -> str:
        """Let somebody press a button; return a handle for :meth:`answers`."""

    @abstractmethod
    async def seen(self, name: str) -> list[Seen]:
        """Return what somebody sees of the bot, in order."""

    @abstractmethod
    async def answers(self, name: str, handle: str) -> list[Seen]:
        """Return what somebody was shown for a command or a pressed button."""

    @abstractmethod
    async def promote(self, name: str) -> None:
        """Make somebody an admin of the platform."""

    @abstractmethod
    async def repeat(self) -> None:
        """Let the platform tell its last events again, as it does after a lost acknowledgement."""

    async def noticed(self, handle: str) -> bool:
        """Return whether somebody who waits for an answer was shown that it takes a while."""
        del handle
        return True


def make_app(stages: Sequence[Stage]) -> App:
    """Return an app with one community on the platforms of some stages; the first one's folder, plugins and clock."""
    first = stages[0]
    spaces = ", ".join(f'"{stage.space}"' for stage in stages)
    mains = ", ".join(f'"{chat}"' for stage in stages for chat in (stage.chat, *stage.rooms))
    sections = "".join(f"[adapters.{stage.platform}]\n{stage.section}\n" for stage in stages)
    file = first.folder / "plugins.toml"
    file.write_text(
        f'[xiaoer]\ndatabase = "town.db"\n{sections}'
        f'[communities.town]\nname = "Town"\nspaces = [{spaces}]\n'
        f"plugins = {list(first.plugins)}\nchats = {{main = [{mains}]}}\n",
        encoding="utf-8",
    )
    adapters = {stage.platform: stage.adapter for stage in stages}
    environ = {name: value for stage in stages for name, value in stage.environ.items()}
    settings = load_settings(file, adapters, first.plugins, environ)
    return fresh(settings, first.plugins, adapters, KEY, first.clock)
