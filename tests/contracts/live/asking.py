"""Acts on a real platform: each is asked of the tester, and goes on when the event that tells of it has arrived."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

import pytest
from tests.contracts.live.acts import Act
from tests.contracts.live.record import Record, recording
from tests.contracts.live.settings import Place
from tests.contracts.live.terminal import Tester
from tests.contracts.probe import NOTES
from tests.contracts.stage import Pace, Stage

from xiaoer import MessagePosted, Plugin, SystemClock
from xiaoer.app import App
from xiaoer.events import PlatformEvent

E = TypeVar("E", bound=PlatformEvent)

CONNECTS = 60.0
"""Seconds in which an adapter is connected, or never."""


class RealClock(SystemClock):
    """The machine's time; to let it pass is to wait."""

    async def advance(self, seconds: float) -> None:
        """Wait."""
        await self.sleep(seconds)


@dataclass
class Player:
    """Who plays a person, in all tests of a run.

    Args:
        account: theirs; empty until they did something.
        here: whether they are in the chat; None when nobody knows.
        admin: whether a test made them an admin.
    """

    account: str = ""
    here: bool | None = None
    admin: bool = False


class Asking(Stage):
    """What a live stage asks its tester, and how it knows that it is done.

    Attributes:
        place: which chat.
        tester: acts, and says what there is to see.
        cast: who plays whom.
        pace: makes the clock.
    """

    many = 4
    moves_time = False
    repeats = False
    place: ClassVar[Place]
    tester: ClassVar[Tester]
    cast: ClassVar[dict[str, Player]]
    pace: ClassVar[type[Pace]] = RealClock

    @classmethod
    def of(cls, place: Place, tester: Tester, people: int = 1, pace: type[Pace] = RealClock) -> type[Self]:
        """Return a stage in a chat, for as many people as the tester can play."""
        fields = {"place": place, "tester": tester, "most_people": people, "pace": pace, "cast": dict[str, Player]()}
        return type(cls.__name__, (cls,), {**fields, "__module__": __name__})

    def __init__(self, folder: Path, *plugins: type[Plugin[Any]], clock: Pace | None = None) -> None:
        super().__init__(folder, *plugins, clock=clock or self.pace())
        self.record = Record()
        self.adapter = recording(self.adapter, self.record)
        self.section = "\n".join(f'{name} = "{value}"' for name, value in self.place.addresses.items())
        self.chat = f"{self.platform}:{self.place.chat}"
        self.space = self.chat.partition("/")[0]
        self.environ = {f"{self.platform.upper()}_TOKEN": self.place.token}
        self._unasked: set[int] = set()
        self._meant: dict[str, str] = {}

    def _make(self) -> App:
        self.record.ready.clear()
        return super()._make()

    async def open(self) -> None:
        """Nothing has to be made ready."""

    async def close(self) -> None:
        """Let everybody be an ordinary member again."""
        for name, player in self.cast.items():
            if player.admin:
                player.admin = not await self.tester.judge(f"{self.act(name).head} is no admin any more; is it so?")

    async def connected(self) -> None:
        """Return when the adapter has begun to listen."""
        try:
            await asyncio.wait_for(self.record.ready.wait(), CONNECTS)
        except TimeoutError:
            raise AssertionError(f"{self.place.title} is not connected; the log says why") from None

    async def settle(self) -> None:
        """Wait until all that follows from what was heard is done; each act waited until it was heard."""
        await self.app.settled()
        await self.delivered()

    async def notes(self, *kinds: str) -> list[tuple[str, str, str, str]]:
        """Return what the probe noted of what was asked for, with people by the names that they are asked by."""
        await self.settle()
        accounts = {player.account: name for name, player in self.cast.items()}
        names = {event.who.name: accounts[event.who.account] for event in self._heard(accounts)}
        return [
            (row.kind, names[row.who], self._meant.get(row.what, row.what), row.more)
            for row in await self.app.store.report(NOTES)
            if row.who in names and row.id not in self._unasked and (not kinds or row.kind in kinds)
        ]

    def _heard(self, accounts: dict[str, str]) -> list[PlatformEvent]:
        return [event for event in self.record.events if event.who.account in accounts]

    def account(self, name: str) -> str:
        """Return the id of whoever plays a person."""
        return self.cast[name].account.partition(":")[2]

    def player(self, name: str) -> Player:
        """Return whoever plays a person, if the tester has an account for them."""
        if name not in self.cast:
            assert len(self.cast) < self.most_people, f"there is nobody for {name}: the test must say how many it needs"
            self.cast[name] = Player()
        return self.cast[name]

    def act(self, name: str, **what: Any) -> Act:
        """Return something for somebody to do here."""
        what = {"do": "appear", **what}
        return Act(self.place.title, self.place.called, name, self.most_people == 1, **what)

    async def row(self) -> int:
        """Return the number of the probe's last note."""
        await self.app.settled()
        rows = await self.app.store.report(NOTES)
        return rows[-1].id if rows else 0

    async def forget(self, since: int, *kinds: str) -> None:
        """Take what was noted meanwhile for something that no test asked for."""
        await self.app.settled()
        rows = await self.app.store.report(NOTES)
        self._unasked |= {row.id for row in rows if row.id > since and (not kinds or row.kind in kinds)}

    async def do(self, act: Act, kind: type[E], fits: Callable[[E], bool], told: Callable[[E], str]) -> E:
        """Ask for an act until it is done as asked; what went otherwise was never asked for.

        Args:
            act: what to do.
            kind: the event that tells of it.
            fits: whether it may be the one.
            told: what arrived instead; empty when it is what was asked for.
        """
        player, before = self.player(act.who), ""
        while True:
            row = await self.row()
            event = await self._ask(act, kind, lambda event: self._is(event, player) and fits(event))
            if event.who.role and not player.admin:
                await self.tester.say(f"{event.who.name} administers the chat: do it with an account that does not.")
            else:
                player.account = event.who.account
                instead = told(event)
                if not instead or not await self._confirm(instead):
                    return event  # what the tester did not do is the adapter's fault, which the test will tell
                if instead == before and isinstance(event, MessagePosted) and act.kind == "text":
                    self._meant[f"text: {event.text}"] = f"text: {act.text}"  # their app changes what they type
                    return event
                before = instead
                await self.tester.say("Then once more, please, exactly as it stands in the line.")
            await self.forget(row)

    async def _confirm(self, instead: str) -> bool:
        return await self.tester.judge(f"{instead} arrived instead. Is that what your app shows?")

    def _is(self, event: PlatformEvent, player: Player) -> bool:
        """Return whether somebody is a player, or may be taken for one."""
        if player.account:
            return event.who.account == player.account
        return not event.who.bot and event.who.account not in {other.account for other in self.cast.values()}

    async def _ask(self, act: Act, kind: type[E], fits: Callable[[E], bool]) -> E:
        heard = asyncio.ensure_future(self.record.next(len(self.record.events), kind, fits))
        asked = asyncio.ensure_future(self.tester.ask(act))
        try:
            await asyncio.wait([heard, asked], return_when=asyncio.FIRST_COMPLETED)
            word = asked.result() if asked.done() and not heard.done() else None
            if word == "cannot":
                pytest.skip(f"the tester cannot: {act}")
            assert word != "nothing", f"nothing was heard of: {act}"
            return await heard
        finally:
            heard.cancel()
            asked.cancel()
            await asyncio.gather(heard, asked, return_exceptions=True)
