"""The load: five plugins, and the day's messages as the browser posts them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import URL, Column, Integer, MetaData, String, Table, bindparam, create_engine
from sqlalchemy.dialects.sqlite import insert

from xiaoer import (
    AnyEvent,
    Community,
    Content,
    Context,
    MessagePosted,
    NoConfig,
    Plugin,
    Settings,
    Statement,
    SystemClock,
    Transaction,
    Who,
    on_message,
)
from xiaoer.app import App
from xiaoer.migration import migrate
from xiaoer.sections import XiaoerSection
from xiaoer.settings import LoadedCommunity, LoadedSettings
from xiaoer.testing import FakeAdapter, FakePlatform
from xiaoer_web.translate import decode, translate

metadata = MetaData()
tallies = Table(
    "bench_tally",
    metadata,
    Column("plugin", String, primary_key=True),
    Column("who", String, primary_key=True),
    Column("number", Integer, nullable=False),
    sqlite_with_rowid=False,
)
_tally = insert(tallies).values(plugin=bindparam("plugin"), who=bindparam("who"), number=1)
TALLY = Statement(_tally.on_conflict_do_update(index_elements=["plugin", "who"], set_={"number": tallies.c.number + 1}))
PEOPLE = 500
ASKS_EVERY = 20


class Messages(Plugin[NoConfig]):
    """Counts messages a person."""

    name = "messages"

    @on_message
    async def count(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        ctx.write(TALLY, plugin="messages", who=event.who.account)


class Warmth(Plugin[NoConfig]):
    """Counts once more, as an economy or a thermometer would."""

    name = "warmth"

    @on_message
    async def count(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        ctx.write(TALLY, plugin="warmth", who=event.who.account)


class Guard(Plugin[NoConfig]):
    """Looks for words."""

    name = "guard"

    @on_message
    async def look(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        if "forbidden" in event.text:
            ctx.delete(event.chat or event.space, event.message)


class Quiet(Plugin[NoConfig]):
    """Looks at the kind."""

    name = "quiet"

    @on_message
    async def look(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        if event.kind == "voice":
            ctx.log.info("voice")


class Speaker(Plugin[NoConfig]):
    """Asks for a message now and then."""

    name = "speaker"

    @on_message
    async def speak(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        if event.text.endswith("!"):
            ctx.transact(ask, event.chat or event.space)


def ask(tx: Transaction, chat: str) -> None:
    tx.send(chat, Content(("noted",)))


PLUGINS: tuple[type[Plugin[Any]], ...] = (Messages, Warmth, Guard, Quiet, Speaker)


class Sandbox(FakeAdapter):
    """The sandbox's place in the measured app: takes what is asked for, shows it to nobody."""

    platform = "web"


def make_app(file: Path, communities: int, synchronous: Literal["FULL", "NORMAL"] = "FULL") -> App:
    """Return an app as ``xiaoer run`` builds it, with so many communities."""
    loaded = tuple(_community(number) for number in range(communities))
    names = {kind.name: kind for kind in PLUGINS}
    adapter = Sandbox.on(FakePlatform())
    adapter.platform = "web"
    section = XiaoerSection(database=str(file), synchronous=synchronous)
    settings = LoadedSettings(file, section, {"web": Settings()}, loaded)
    return App(settings, names, {"web": adapter}, b"the key of a measurement", SystemClock())


def new_file(folder: Path) -> Path:
    """Make a database in a folder, with the core's tables and the plugins'."""
    folder.mkdir(exist_ok=True)
    file = folder / "bench.db"
    migrate(file, [("xiaoer", "xiaoer")])
    engine = create_engine(URL.create("sqlite", database=str(file)))
    metadata.create_all(engine)
    engine.dispose()
    return file


def _community(number: int) -> LoadedCommunity:
    space = f"web:c{number}"
    community = Community(f"c{number}", f"C{number}", "en", ZoneInfo("UTC"), (space,), {"main": (f"{space}/main",)})
    return LoadedCommunity(community, tuple(k.name for k in PLUGINS), {k.name: NoConfig() for k in PLUGINS}, {})


def payloads(count: int, communities: int, start: int, *, asking: bool = True) -> list[bytes]:
    """Return messages as the browser posts them; some of them ask for a message, if they are asking."""
    return [
        json.dumps(
            {
                "do": "write",
                "key": f"bench-{number:08d}",
                "space": f"web:c{number % communities}",
                "chat": f"web:c{number % communities}/main",
                "me": f"person-{number % PEOPLE}",
                "text": f"good morning, number {number}" + ("!" if asking and number % ASKS_EVERY == 0 else ""),
            }
        ).encode()
        for number in range(start, start + count)
    ]


WHO = {f"person-{number}": Who(f"web:person-{number}", f"Person {number}", "en") for number in range(PEOPLE)}


def event_of(body: bytes, app: App) -> AnyEvent:
    """Return what a payload tells, by the sandbox's own translation."""
    (doing,) = decode(body)
    return translate(doing, WHO[doing.me], app.clock.now())
