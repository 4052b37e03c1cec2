"""The same days replayed through Xiaoer and through the usual bot of the platform, bytes to committed rows.

Both are fed the same bytes through the platform's own library; only the network is left out. At the end both databases
must hold the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tests.bench.day import Happening, Town
from tests.bench.figures import Figure
from tests.bench.load import PLUGINS, new_file
from tests.bench.notebook import Notebook

from xiaoer import Adapter, Community, NoConfig, SystemClock
from xiaoer.app import App
from xiaoer.process import tune_memory
from xiaoer.sections import XiaoerSection
from xiaoer.settings import LoadedCommunity, LoadedSettings

ROUNDS = 7
LONGEST = 60.0
"""Seconds after which a day that is not committed will never be."""

Play = Callable[[list[bytes], int], Awaitable[None]]
"""Tells payloads and returns when so many facts since the beginning are committed."""


class Race:
    """Days, each told to both bots one after the other.

    Args:
        town: makes the days.
        tell: makes payloads of a day.
        play: tells them to Xiaoer.
        play_usual: tells them to the usual bot.
    """

    def __init__(
        self, town: Town, tell: Callable[[list[Happening]], list[bytes]], play: Play, play_usual: Play
    ) -> None:
        self._town = town
        self._tell = tell
        self._play = play
        self._play_usual = play_usual
        self._facts = self._told = self._asks = 0
        self._rates: list[float] = []
        self._usual_rates: list[float] = []

    async def run(self) -> None:
        """Tell a day to warm up, and then those that count."""
        for turn in range(ROUNDS + 1):
            happenings = self._town.day()
            self._facts += len(happenings)
            self._told += sum(one.told for one in happenings)
            self._asks += sum(one.told and one.asks for one in happenings)
            payloads = self._tell(happenings)
            rate, usual = await self._time(self._play, payloads), await self._time(self._play_usual, payloads)
            if turn:
                self._rates.append(rate)
                self._usual_rates.append(usual)

    async def _time(self, play: Play, payloads: list[bytes]) -> float:
        async with asyncio.timeout(LONGEST):
            begin = time.perf_counter()
            await play(payloads, self._facts)
            return len(payloads) / (time.perf_counter() - begin)

    def check(self, ours: Path, theirs: Path) -> None:
        """Make sure that both databases hold everything that happened, and the same."""
        expected = (self._facts, 2 * self._told, self._asks)
        held = [_held(file) for file in (ours, theirs)]
        if held[0] != held[1] or held[0].counts != expected:
            raise SystemExit(
                f"the databases hold {held[0].counts} and {held[1].counts} instead of {expected}, "
                f"rows {'alike' if held[0] == held[1] else 'not alike'}: the figures are worth nothing"
            )

    def figures(self, name: str, rival: str) -> list[Figure]:
        """Return what was measured.

        Args:
            name: the platform.
            rival: the library of the usual bot.
        """
        ratios = tuple(rate / usual for rate, usual in zip(self._rates, self._usual_rates, strict=True))
        against = f"usual {rival} bot {statistics.median(self._usual_rates):,.0f}/s"
        versus = f"{name}.replay_vs_{rival.replace('.', '')}"
        return [
            Figure(f"{name}.events_per_s", "/s", tuple(self._rates), "bytes to FULL commit", 0, True),
            Figure(versus, "×", ratios, against, 5, True),
        ]


class Held(NamedTuple):
    """What a database holds at the end: how much, and what both must agree on."""

    counts: tuple[int, int, int]
    tallies: list[tuple[object, ...]]
    people: list[tuple[object, ...]]
    members: list[tuple[object, ...]]


def _held(file: Path) -> Held:
    with contextlib.closing(sqlite3.connect(file)) as connection:

        def rows(sql: str) -> list[tuple[object, ...]]:
            return connection.execute(sql).fetchall()

        (facts,), (tallies,), (asked,) = (
            rows(f"SELECT {what}")[0]
            for what in ("count(*) FROM xr_seen", "sum(number) FROM bench_tally", "count(*) FROM xr_outbox")
        )
        return Held(
            (facts, tallies, asked),  # type: ignore[arg-type]
            rows("SELECT plugin, who, number FROM bench_tally ORDER BY plugin, who"),
            rows("SELECT account, name, locale, handle FROM xr_account ORDER BY account"),
            rows("SELECT space, account, role, source, left IS NULL FROM xr_member ORDER BY account"),
        )


def make_app(file: Path, adapter: type[Adapter], space: str, token: str) -> App:
    """Return an app as ``xiaoer run`` builds it, with one community in one space."""
    names = {kind.name: kind for kind in PLUGINS}
    community = Community("town", "Town", "zh", ZoneInfo("Asia/Shanghai"), (space,), {"main": (space,)})
    loaded = LoadedCommunity(community, tuple(names), {name: NoConfig() for name in names}, {})
    sections, variable = {adapter.platform: adapter.settings()}, f"{adapter.platform.upper()}_TOKEN"
    xiaoer = XiaoerSection(database=str(file))
    settings = LoadedSettings(file, xiaoer, sections, (loaded,), tokens={variable: token})
    return App(settings, names, {adapter.platform: adapter}, b"the key of a measurement", SystemClock())


@asynccontextmanager
async def running(app: App) -> AsyncGenerator[None]:
    """Run an app."""
    await app.start()
    tune_memory()
    try:
        yield
    finally:
        await app.stop()


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """Run the usual bot meanwhile; its end is the measurement's."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work)
        yield
        task.cancel()


@asynccontextmanager
async def files(space: str) -> AsyncGenerator[tuple[Path, Path, Notebook]]:
    """Make a database for each of the two, the usual bot's open."""
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = new_file(Path(folder) / "ours"), new_file(Path(folder) / "theirs")
        notebook = await Notebook.open(theirs, space)
        try:
            yield ours, theirs, notebook
        finally:
            await notebook.close()


async def telegram() -> list[Figure]:
    """Measure days of a Telegram group."""
    # the platforms' libraries are loaded here, because they weigh on what else is measured
    from tests.bench import line_telegram as line
    from tests.bench.day_telegram import Telegram, admins

    from xiaoer_telegram import TelegramAdapter

    town, script = Town(), Telegram()
    async with files(line.SPACE) as (ours, theirs, notebook):
        mine, other = line.Recorded(admins(town.people)), line.Recorded(admins(town.people))
        app = make_app(ours, TelegramAdapter, line.SPACE, line.TOKEN)

        async def play(updates: list[bytes], facts: int) -> None:
            await mine.play(updates)

        async def play_usual(updates: list[bytes], facts: int) -> None:
            await other.play(updates)
            await notebook.written(facts)

        race = Race(town, script.tell, play, play_usual)
        with line.led_to({line.TOKEN: mine, line.USUAL_TOKEN: other}):
            async with beside(line.UsualBot(notebook).run()), running(app):
                await race.run()
        race.check(ours, theirs)
    return race.figures("telegram", "aiogram")


async def discord() -> list[Figure]:
    """Measure days of a Discord server."""
    from tests.bench import line_discord as line
    from tests.bench.day_discord import Discord, guild

    from xiaoer_discord import DiscordAdapter

    town, script = Town(), Discord()
    async with files(line.SPACE) as (ours, theirs, notebook):
        mine, other = line.Wire(guild(town.people)), line.Wire(guild(town.people))
        app, bot = make_app(ours, DiscordAdapter, line.SPACE, line.TOKEN), line.UsualBot(notebook)

        async def play(frames: list[bytes], facts: int) -> None:
            await mine.play(frames, lambda: app.pipeline.in_hand)
            await app.pipeline.drain()

        async def play_usual(frames: list[bytes], facts: int) -> None:
            await other.play(frames, lambda: other.told - notebook.notes)
            await notebook.written(facts)

        race = Race(town, script.tell, play, play_usual)
        with line.led_to({line.TOKEN: mine, line.USUAL_TOKEN: other}):
            async with bot, beside(bot.start(line.USUAL_TOKEN)), running(app):
                async with asyncio.timeout(LONGEST):
                    await asyncio.gather(mine.settled.wait(), bot.settled.wait())
                await race.run()
        race.check(ours, theirs)
    return race.figures("discord", "discord.py")
