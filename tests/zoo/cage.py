"""The cage: a community that has an animal between two well-behaved plugins, and what everybody sees of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

from sqlalchemy import Column, Integer, MetaData, String, Table, bindparam, insert, select
from structlog.testing import capture_logs

from xiaoer import (
    ActionEnded,
    AnyEvent,
    Button,
    ButtonPressed,
    CommandUsed,
    Content,
    Context,
    MemberJoined,
    MessagePosted,
    PlatformEvent,
    Plugin,
    ScheduleDue,
    Settings,
    Statement,
    Then,
    Transaction,
    Veto,
    button,
    command,
    continuation,
    on_button,
    on_command,
    on_join,
    on_message,
    on_schedule,
    screen,
)
from xiaoer.content import plain
from xiaoer.pipeline import ABANDON_AFTER, CUT_AFTER
from xiaoer.tables import faults
from xiaoer.testing import FakeMessage, Town, play
from xiaoer.testing.scene import ADMINS, MAIN

Place = Literal[
    "message",
    "join",
    "command",
    "button",
    "timer",
    "continuation",
    "screen, open",
    "screen, closed",
    "message, in function(tx)",
    "command, in function(tx)",
    "button, in function(tx)",
    "timer, in function(tx)",
]
PLACES: tuple[Place, ...] = get_args(Place)
LONG_ENOUGH = CUT_AFTER + ABANDON_AFTER + 1
NAMES = ("Ann", "Bob", "Cat", "Dan")

diary = Table(
    "zoo_diary",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("plugin", String, nullable=False),
    Column("what", String, nullable=False),
    Column("who", String, nullable=False),
)
WRITE = Statement(insert(diary).values(plugin=bindparam("plugin"), what=bindparam("what"), who=bindparam("who")))
READ = Statement(select(diary).order_by(diary.c.id))
FAULTS = Statement(select(faults.c.plugin, faults.c.what, faults.c.reason))


class Food(Settings):
    """What an animal may be given."""

    food: str = "hay"


Here = Context[Food]


@dataclass(frozen=True)
class Animal:
    """What a plugin does when it should not.

    Args:
        name: what it is called in a test's name.
        bite: what it does in a hook.
        decide: what it does in ``function(tx)``; nothing, when it cannot be done there.
        reason: part of what is told as the reason.
        reason_inside: likewise, for what it does in ``function(tx)``, where that differs.
        hangs: whether it ends only when it is cut off.
    """

    name: str
    bite: Callable[[Here, Any, asyncio.Event], Awaitable[None]]
    reason: str = ""
    decide: Callable[[Transaction], None] | None = None
    reason_inside: str = ""
    hangs: bool = False

    def told(self, place: Place) -> str:
        """Return part of what is told as the reason."""
        return self.reason_inside if self.reason_inside and "function" in place else self.reason


def make_diary(tx: Transaction) -> None:
    """Make the table in which everybody writes; an installed plugin has migrations instead."""
    tx.execute(
        "CREATE TABLE IF NOT EXISTS zoo_diary "
        "(id INTEGER PRIMARY KEY, plugin TEXT NOT NULL, what TEXT NOT NULL, who TEXT NOT NULL)",
        {},
    )


class Keeper(Plugin[Food]):
    """Writes down each event that it hears of, as a well-behaved plugin does."""

    config = Food

    @on_message
    async def wrote(self, ctx: Here, event: MessagePosted) -> None:
        """Note a message."""
        ctx.write(WRITE, plugin=self.name, what=event.text, who=event.who.name)

    @on_join
    async def joined(self, ctx: Here, event: MemberJoined) -> None:
        """Note a join."""
        ctx.write(WRITE, plugin=self.name, what="join", who=event.who.name)

    @on_command
    async def used(self, ctx: Here, event: CommandUsed) -> None:
        """Note a command."""
        ctx.write(WRITE, plugin=self.name, what="command", who=event.who.name)

    @on_button
    async def pressed(self, ctx: Here, event: ButtonPressed) -> None:
        """Note a pressed button."""
        ctx.write(WRITE, plugin=self.name, what="button", who=event.who.name)


class Before(Keeper):
    name = "before"


class After(Keeper):
    name = "after"


class Beast(Plugin[Food]):
    """Does its task, and then bites in one place while it is wild."""

    name = "beast"
    config = Food
    animal: ClassVar[Animal]
    place: ClassVar[Place]
    gate: ClassVar[asyncio.Event]
    wild: ClassVar[bool] = True

    async def _do(self, ctx: Here, event: Any, place: str, who: str) -> None:
        ctx.write(WRITE, plugin=self.name, what=place, who=who)
        if not self.wild:
            return
        if self.place == place:
            await self.animal.bite(ctx, event, self.gate)
        elif self.place == f"{place}, in function(tx)" and self.animal.decide is not None:
            ctx.transact(self.animal.decide)

    @screen
    async def look(self, ctx: Here, event: PlatformEvent) -> Veto | None:
        """Let everything pass, or bite."""
        if self.wild and self.place.startswith("screen"):
            ctx.write(WRITE, plugin=self.name, what="screen", who=event.who.name)
            await self.animal.bite(ctx, event, self.gate)
        return None

    @on_message
    async def wrote(self, ctx: Here, event: MessagePosted) -> None:
        """Do what a word asks for."""
        first, *names = event.text.split()
        if first == "timers":
            for minutes, name in enumerate(names, 1):
                ctx.schedule(f"of {name}", ctx.now + timedelta(minutes=minutes), {"who": name})
        elif first == "actions":
            for name in names:
                ctx.send(MAIN, Content(("Done",)), then=Then("went", {"who": name}))
        elif first == "button":
            ctx.send(MAIN, Content(("Press",), ((Button("Go", "go"),),)))
        else:
            await self._do(ctx, event, "message", event.who.name)

    @on_join
    async def joined(self, ctx: Here, event: MemberJoined) -> None:
        """Hear of a join."""
        await self._do(ctx, event, "join", event.who.name)

    @command("beast")
    async def used(self, ctx: Here, event: CommandUsed) -> None:
        """Answer."""
        ctx.answer(Content(("Purr",)))
        await self._do(ctx, event, "command", event.who.name)

    @button("go")
    async def pressed(self, ctx: Here, event: ButtonPressed, data: str) -> None:
        """Answer."""
        ctx.answer(Content(("Purr",)))
        await self._do(ctx, event, "button", event.who.name)

    @on_schedule
    async def due(self, ctx: Here, event: ScheduleDue) -> None:
        """Hear of a timer."""
        await self._do(ctx, event, "timer", event.data["who"])

    @continuation("went")
    async def went(self, ctx: Here, event: ActionEnded) -> None:
        """Hear how an action ended."""
        await self._do(ctx, event, "continuation", event.data["who"])


def beast(animal: Animal, place: Place) -> type[Beast]:
    """Return the plugin that is an animal in one place."""
    fields: dict[str, Any] = {
        "animal": animal,
        "place": place,
        "gate": asyncio.Event(),
        "fail_closed": place == "screen, closed",
        "__module__": __name__,
    }
    return type("Beast", (Beast,), fields)


@dataclass
class Cage:
    """A town with an animal.

    Attributes:
        town: the town.
        kind: the animal.
        logs: everything that was logged.
        handles: where the last answer to each person goes.
    """

    town: Town
    kind: type[Beast]
    logs: Any
    handles: dict[str, str] = field(default_factory=lambda: {})

    async def prepare(self) -> None:
        """Let somebody ask for what the others are going to need."""
        place = self.kind.place.partition(",")[0]
        if place == "button":
            await self.town.say("zoe", "button please")
        elif place == "timer":
            await self.town.say("zoe", "timers Ann Bob Cat Dan")

    async def provoke(self, name: str) -> None:
        """Let somebody do what the animal bites at, and wait until all that follows is done."""
        place = self.kind.place.partition(",")[0]
        if place == "timer":
            due = self.town.app.scheduler.next_due()
            assert due is not None
            await self.town.clock.advance((due - self.town.clock.now()).total_seconds())
            await self._done(1)
        elif place == "continuation":
            await self.act(name)
        else:
            self.town.app.pipeline.submit(self._event(name, place))
            await self._done(1)

    async def act(self, *names: str) -> None:
        """Let actions be asked for whose end the animal hears of."""
        done = len(self.town.messages())
        self.town.app.pipeline.submit(self.town.writing("zoe", " ".join(["actions", *names])))
        await self.town.until(lambda: len(self.town.messages()) == done + len(names))
        await self._done(len(names))

    async def _done(self, events: int) -> None:
        pipeline = self.town.app.pipeline
        if self.kind.animal.hangs and self.kind.wild:
            await self.town.until(lambda: pipeline.in_hand >= events or not self._may_bite)
            await self.town.clock.advance(LONG_ENOUGH)
        await self.town.settle()

    @property
    def _may_bite(self) -> bool:
        return not self.town.app.runtimes["town"].plugins["beast"].health.resting_until

    def _event(self, name: str, place: str) -> AnyEvent:
        town = self.town
        if place == "join":
            return town.joining(name.lower())
        if place == "command":
            used = town.using(name.lower(), "/beast")
            self.handles[name] = used.handle
            return used
        if place == "button":
            pressed = town.pressing(name.lower(), "go")
            self.handles[name] = pressed.handle
            return pressed
        return town.writing(name.lower(), "hello")

    async def diary(self, *plugins: str) -> list[tuple[str, str, str]]:
        """Return what plugins have stored, in its order: plugin, what, who."""
        rows = await self.town.rows(READ)
        return [(row.plugin, row.what, row.who) for row in rows if not plugins or row.plugin in plugins]

    def answers(self, name: str) -> list[FakeMessage]:
        """Return how somebody was answered."""
        return [found for found in self.town.fake.messages.values() if found.answers == self.handles.get(name)]

    def words(self, key: str, locale: str | None = None, **values: Any) -> str:
        """Return a text of the core as it must be read."""
        app = self.town.app
        return plain(app.texts.text(locale, app.runtimes["town"].community, key, values))

    @property
    def admins(self) -> list[str]:
        """What the admins were told."""
        return [message.text for message in self.town.messages(ADMINS)]

    @property
    def failures(self) -> list[dict[str, Any]]:
        """What was logged about plugins that failed."""
        return [entry for entry in self.logs if entry["event"] == "plugin failed"]

    @property
    def refused(self) -> list[dict[str, Any]]:
        """What was logged about groups that could not be stored."""
        return [entry for entry in self.logs if entry["event"] == "group not stored"]


@asynccontextmanager
async def cage(
    animal: Animal, place: Place = "message", *others: type[Plugin[Any]], file: Path | None = None
) -> AsyncGenerator[Cage]:
    """Put an animal between two well-behaved plugins; at the end the app must not have failed."""
    kind = beast(animal, place)
    with capture_logs() as logs:
        async with play(Before, kind, After, *others, file=file) as town:
            await town.app.store.transact(make_diary)
            try:
                yield Cage(town, kind, logs)
            finally:
                kind.gate.set()
            assert town.app.failure is None
