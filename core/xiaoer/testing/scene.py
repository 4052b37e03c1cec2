"""A scene: a small town with one community on a platform in memory, played by a test."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from xiaoer.adapter import Decide
from xiaoer.app import App
from xiaoer.badges import Badge
from xiaoer.communities import Budget, Community
from xiaoer.content import Button
from xiaoer.events import (
    AnyEvent,
    BadgesChanged,
    ButtonPressed,
    CommandUsed,
    JoinRequested,
    JoinSource,
    MemberJoined,
    MemberLeft,
    MessageKind,
    MessagePosted,
    Quoted,
    ReactionChanged,
    Who,
)
from xiaoer.plugin import Plugin, Role
from xiaoer.sections import FilesSection, XiaoerSection
from xiaoer.settings import LoadedCommunity, LoadedSettings
from xiaoer.statements import Row, Statement
from xiaoer.testing.adapter import FakeAdapter, FakeMessage, FakePlatform, FakeSettings
from xiaoer.testing.clock import ManualClock, rest
from xiaoer.testing.template import fresh
from xiaoer.units import Outcome

SPACE = "fake:town"
MAIN = "fake:town/main"
ADMINS = "fake:town/admins"
UNLIMITED = Budget(1_000_000, 1_000_000)
KEY = b"a key that only tests sign with!"


@dataclass
class Town:
    """One community, its people, and what they see.

    Attributes:
        app: the running app; a new one after :meth:`restart`.
        clock: platform time.
        fake: the platform.
        who: the people who did something, by name.
    """

    app: App
    clock: ManualClock
    fake: FakePlatform
    _make: Any
    who: dict[str, Who] = field(default_factory=lambda: {})
    _numbers: count[int] = field(default_factory=lambda: count(1))
    _last: AnyEvent | None = None

    def person(self, name: str, *, locale: str | None = None, role: Role = "member") -> Who:
        """Return the account of a person, with the given language and role on the platform from now on."""
        known = self.who.get(name)
        who = Who(
            account=f"fake:{name}",
            name=name.capitalize(),
            locale=locale or (known.locale if known else None),
            role=role if role != "member" or known is None else known.role,
        )
        self.who[name] = who
        return who

    async def tell(self, event: AnyEvent) -> Outcome:
        """Let the platform tell an event and wait until all that follows from it is done."""
        self._last = event
        outcome = await self.app.pipeline.submit(event)
        await self.app.settled()
        return outcome

    async def tell_at_once(self, *events: AnyEvent) -> list[Outcome]:
        """Let the platform tell several events at the same moment."""
        outcomes = await asyncio.gather(*[self.app.pipeline.submit(event) for event in events])
        await self.app.settled()
        return outcomes

    async def tell_again(self) -> Outcome:
        """Let the platform tell the last event once more, as after a lost acknowledgement."""
        if self._last is None:
            raise AssertionError("nothing was told yet")
        return await self.tell(self._last)

    def joining(
        self, name: str, source: JoinSource | None = None, *, locale: str | None = None, space: str = SPACE
    ) -> MemberJoined:
        """Return the event that somebody comes in."""
        who = self.person(name, locale=locale)
        source = source or JoinSource("name", "exact")
        chat = f"{space}/main"
        return MemberJoined(key=self.key("join"), at=self.now(), space=space, chat=chat, who=who, source=source)

    async def join(
        self, name: str, source: JoinSource | None = None, *, locale: str | None = None, space: str = SPACE
    ) -> Outcome:
        """Let somebody come in."""
        return await self.tell(self.joining(name, source, locale=locale, space=space))

    async def ask_in(self, name: str, *, locale: str | None = None, space: str = SPACE) -> Decide | None:
        """Let somebody ask to be let into a space; return what was decided, if anything."""
        self.fake.decided.pop((space, f"fake:{name}"), None)
        who = self.person(name, locale=locale)
        await self.tell(
            JoinRequested(key=self.key("request"), at=self.now(), space=space, who=who, handle=self.key("handle"))
        )
        return self.fake.decided.get((space, who.account))

    async def strip(self, name: str, *, space: str = SPACE) -> Outcome:
        """Let somebody take by hand all badges from a person."""
        who = self.person(name)
        for place in [place for place in self.fake.badges if place[:2] == (space, who.account)]:
            self.fake.badges[place] = ()
        return await self.tell(BadgesChanged(key=self.key("badges"), at=self.now(), space=space, who=who))

    def badges(self, name: str, plugin: str, *, space: str = SPACE) -> tuple[Badge, ...]:
        """Return what a person wears of a plugin in a space."""
        return self.fake.badges.get((space, f"fake:{name}", plugin), ())

    async def leave(self, name: str, *, space: str = SPACE) -> Outcome:
        """Let somebody leave."""
        who = self.person(name)
        return await self.tell(
            MemberLeft(key=self.key("leave"), at=self.now(), space=space, chat=f"{space}/main", who=who)
        )

    async def say(
        self,
        name: str,
        text: str,
        *,
        kind: MessageKind = "text",
        reply_to: str | None = None,
        edits: str | None = None,
    ) -> Outcome:
        """Let somebody write, reply, or edit what they wrote."""
        return await self.tell(self.writing(name, text, kind=kind, reply_to=reply_to, edits=edits))

    def writing(
        self,
        name: str,
        text: str,
        *,
        kind: MessageKind = "text",
        reply_to: str | None = None,
        edits: str | None = None,
    ) -> MessagePosted:
        """Return the event that somebody writes."""
        return MessagePosted(
            key=self.key("message"),
            at=self.now(),
            space=SPACE,
            chat=MAIN,
            who=self.person(name),
            message=edits or f"of-{name}-{next(self._numbers)}",
            kind=kind,
            text=text,
            reply_to=reply_to,
            edited=edits is not None,
        )

    async def react(self, name: str, message: str, *emoji: str) -> Outcome:
        """Let somebody react to a message."""
        event = ReactionChanged(
            key=self.key("reaction"),
            at=self.now(),
            space=SPACE,
            chat=MAIN,
            who=self.person(name),
            message=message,
            added=emoji,
        )
        return await self.tell(event)

    def pressing(self, name: str, button: str, message: FakeMessage | None = None) -> ButtonPressed:
        """Return the event that somebody presses a button, by its declared name, on the newest message with one."""
        found = message or next(m for m in reversed(self.seen_by(name)) if _named(m, button) is not None)
        pressed = _named(found, button)
        if pressed is None:
            raise AssertionError(f"{found.text!r} has no button {button}")
        return ButtonPressed(
            key=self.key("press"),
            at=self.now(),
            space=SPACE,
            chat=found.chat,
            who=self.person(name),
            message=found.id,
            button=pressed.id,
            handle=self.key("handle"),
        )

    async def press(self, name: str, button: str, message: FakeMessage | None = None) -> FakeMessage | None:
        """Let somebody press a button; return the answer they get."""
        event = self.pressing(name, button, message)
        await self.tell(event)
        return self._answer(event.handle)

    async def use(
        self, name: str, command: str, *, role: Role = "member", quoted: Quoted | None = None
    ) -> FakeMessage | None:
        """Let somebody use a slash command, in the role they have on the platform; return the answer they get."""
        event = self.using(name, command, role=role, quoted=quoted)
        await self.tell(event)
        return self._answer(event.handle)

    def using(self, name: str, command: str, *, role: Role = "member", quoted: Quoted | None = None) -> CommandUsed:
        """Return the event that somebody uses a slash command, on a message if one is given."""
        return CommandUsed(
            key=self.key("command"),
            at=self.now(),
            space=SPACE,
            chat=MAIN,
            who=self.person(name, role=role),
            text=command.removeprefix("/"),
            handle=self.key("handle"),
            reply_to=quoted.message if quoted is not None else None,
            quoted=quoted,
        )

    async def pass_time(self, **amount: float) -> None:
        """Let time pass, ``hours=25`` for instance; timers that come due meanwhile fire."""
        await rest()
        left = timedelta(**amount).total_seconds()
        while (wake := self.clock.next_wake()) is not None and wake <= left:
            left -= wake
            await self.clock.advance(wake)
            await self.settle()
        await self.clock.advance(left)
        await self.settle()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait, without letting time pass, until something is true."""
        while not true():  # noqa: ASYNC110 - what it waits for may be anything, and happens in other threads too
            await asyncio.sleep(0.001)

    async def settle(self) -> None:
        """Wait until everything that came in is stored and everything that was asked for is performed."""
        await rest()
        await self.app.settled()
        await rest()
        await self.app.settled()

    async def restart(self, *, kill: bool = False) -> None:
        """End the app and start another one on the same file.

        Args:
            kill: whether it ends without any chance to tidy up.
        """
        await (self.app.drop() if kill else self.app.stop())
        self.app = self._make()
        await self.app.start()
        await self.settle()

    async def stand_still(self, **amount: float) -> None:
        """Stop the app, let time pass, and start another one on the same file."""
        await self.app.stop()
        await self.clock.advance(timedelta(**amount).total_seconds())
        self.app = self._make()
        await self.app.start()
        await self.settle()

    async def restart_without_waiting(self) -> None:
        """Kill the app and start another one, without waiting for what the last one left to be done."""
        await self.app.drop()
        self.app = self._make()
        await self.app.start()
        await rest()

    def messages(self, chat: str = MAIN) -> list[FakeMessage]:
        """Return what stands in a chat, from top to bottom, private messages included."""
        return [message for message in self.fake.messages.values() if message.chat == chat]

    def seen_by(self, name: str, chat: str = MAIN) -> list[FakeMessage]:
        """Return what one person sees in a chat."""
        return [message for message in self.messages(chat) if message.only_to in (None, f"fake:{name}")]

    def last(self, name: str, chat: str = MAIN) -> FakeMessage:
        """Return the newest message that a person sees in a chat."""
        return self.seen_by(name, chat)[-1]

    async def rows(self, statement: Statement, **values: Any) -> list[Row]:
        """Return what the database holds."""
        return await self.app.store.report(statement, **values)

    def key(self, kind: str) -> str:
        """Return a new key for an event."""
        return f"fake:{kind}:{next(self._numbers)}"

    def now(self) -> Any:
        """Return community time."""
        return self.app.clock.now()

    def _answer(self, handle: str) -> FakeMessage | None:
        return next((message for message in self.fake.messages.values() if message.answers == handle), None)


def _named(message: FakeMessage, name: str) -> Button | None:
    return next((button for button in message.buttons if button.name == name), None)


@asynccontextmanager
async def play(
    *plugins: type[Plugin[Any]],
    config: dict[str, Any] | None = None,
    locale: str = "en",
    timezone: str = "Asia/Shanghai",
    texts: dict[str, dict[str, str]] | None = None,
    platform: FakePlatform | None = None,
    file: Path | None = None,
    chats: tuple[str, ...] = (MAIN,),
    budget: Budget = UNLIMITED,
    files: dict[str, Any] | None = None,
    spaces: tuple[str, ...] = (SPACE,),
) -> AsyncGenerator[Town]:
    """Open a town with these plugins and close it at the end.

    Args:
        plugins: in their order.
        config: what the community's section says about plugins: ``{"welcome": {"rules": "..."}}``.
        locale: the community's language.
        timezone: the community's zone.
        texts: the community's own texts, by language.
        platform: the platform; a new one that can do everything otherwise.
        file: the database; one that is thrown away otherwise.
        chats: the community's main chats.
        budget: how many messages an hour a chat is given that nobody asked for; as many as there are otherwise.
        files: what ``[xiaoer.files]`` says.
        spaces: where the community lives.
    """
    with tempfile.TemporaryDirectory() as folder:
        fake = platform or FakePlatform()
        clock = ManualClock()
        community = _community(locale, timezone, chats, budget, spaces)
        settings = _settings(community, plugins, config or {}, texts or {}, file or Path(folder) / "town.db")
        kept = FilesSection.model_validate_json(json.dumps(files or {}))
        settings = replace(settings, xiaoer=settings.xiaoer.model_copy(update={"files": kept}))
        classes = {kind.name: kind for kind in plugins}
        adapters = {"fake": FakeAdapter.on(fake)}

        def make() -> App:
            return fresh(settings, classes, adapters, KEY, clock)

        town = Town(make(), clock, fake, make)
        await town.app.start()
        await town.settle()
        try:
            yield town
        except BaseException:
            await town.app.drop()  # a failed test may have left somebody waiting for ever
            raise
        await town.app.stop()


def _community(
    locale: str, timezone: str, chats: tuple[str, ...], budget: Budget, spaces: tuple[str, ...]
) -> Community:
    return Community(
        id="town",
        name="Town",
        locale=locale,
        timezone=ZoneInfo(timezone),
        spaces=spaces,
        chats={"main": chats, "admins": (ADMINS,)},
        role_map={f"fake:{role}": role for role in ("owner", "secretary", "xiaoer", "member")},
        budget=budget,
    )


def _settings(
    community: Community,
    plugins: tuple[type[Plugin[Any]], ...],
    config: dict[str, Any],
    texts: dict[str, dict[str, str]],
    file: Path,
) -> LoadedSettings:
    names = tuple(kind.name for kind in plugins)
    configs = {kind.name: kind.config.model_validate_json(json.dumps(config.get(kind.name, {}))) for kind in plugins}
    return LoadedSettings(
        file=file,
        xiaoer=XiaoerSection(database=str(file)),
        adapters={"fake": FakeSettings()},
        communities=(LoadedCommunity(community, names, configs, texts),),
    )
