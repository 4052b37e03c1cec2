"""Ten thousand claims by five thousand people through three adapters at once, on an envelope of a hundred shares."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from pydantic import BaseModel
from tests.bench import claiming, line_discord, line_telegram
from tests.bench.crowd import CHATS, DISCORD_SPACE, ROOM, TELEGRAM_SPACE, Card, Crowd, Platform, Press, of
from tests.bench.day_discord import guild
from tests.bench.day_telegram import admins
from tests.bench.edges import Browsers, DiscordEdge, TelegramEdge, bodies
from tests.bench.figures import Figure

from xiaoer import Adapter, Community, Content, Plugin, SystemClock
from xiaoer.app import App
from xiaoer.linking import POINT
from xiaoer.process import tune_memory
from xiaoer.sections import XiaoerSection
from xiaoer.settings import LoadedCommunity, LoadedSettings
from xiaoer.transaction import Transaction
from xiaoer_discord import DiscordAdapter
from xiaoer_red_envelope import RedEnvelope, RedEnvelopeConfig
from xiaoer_telegram import TelegramAdapter
from xiaoer_web import WebAdapter
from xiaoer_web.rooms import SEEN

ROUNDS = 5
PEOPLE = 5_000
SHARES = 100
POINTS = 10_000
SAMPLE = 20
"""The usual recipe is given one press in so many, on an envelope of as many times fewer shares."""

LONGEST = 180.0
"""Seconds after which what is not committed or answered will never be."""

OPEN = "SELECT count(*) FROM xr_outbox WHERE state IN ('wanted', 'sending')"
REPLIES = "SELECT reply_to FROM web_message WHERE reply_to IS NOT NULL"
ALIKE = ("SELECT key FROM xr_seen ORDER BY key", "SELECT plugin, chat, count(*) FROM xr_outbox GROUP BY plugin, chat")
HOST = "host"
"""Who sends the envelopes."""


class Claimed(NamedTuple):
    """What one envelope came to: seconds to the last commit and to the last answer, winners, and points missing."""

    seconds: float
    answered: float
    winners: int
    error: int


class Fair:
    """A community on three platforms, whose people wait for envelopes.

    Args:
        file: the database.
        crowd: the people.
    """

    asked = OPEN
    """Counts what people still wait for."""

    def __init__(self, file: Path, crowd: Crowd) -> None:
        self.file = file
        self.crowd = crowd
        somebody = [person[0].who for person in crowd.people[:3]]
        self.telegram = TelegramEdge(admins(somebody))
        self.discord = DiscordEdge(guild(somebody))
        self.browsers = Browsers()
        self.app = self.make()
        self._keys = 0

    def make(self) -> App:
        """Return the app."""
        config = RedEnvelopeConfig(points_a_day=100 * POINTS, envelopes_a_day=100)
        return make_app(self.file, RedEnvelope, config)

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None]:
        """Run the app, with everybody in it and the links made."""
        with (
            line_telegram.led_to({line_telegram.TOKEN: self.telegram}),
            line_discord.led_to({line_discord.TOKEN: self.discord}),
            self.browsers.open(),
        ):
            await self.app.start()
            tune_memory()
            try:
                async with asyncio.timeout(LONGEST):
                    await self.discord.settled.wait()
                    await self._come_in()
                yield
            finally:
                await self.app.stop()

    @property
    def _host(self) -> str:
        address = next(address for address in self.app.addresses if address.startswith("http://"))
        return address.removeprefix("http://").rstrip("/")

    async def _come_in(self) -> None:
        await self.post(do="join", name=HOST, me="newcomer", locale="zh")
        role = {"space": ROOM, "me": HOST, "role": "owner"}
        await self.browsers.post("/role", msgspec.json.encode(role), self._host)
        told: dict[Platform, list[bytes]] = {platform: [] for platform in CHATS}
        for account in self.crowd.accounts:
            told[account.platform].append(self.crowd.join(account))
        await self._tell(told)
        await self.app.store.transact(_link, self.crowd)
        await self.stock()

    async def stock(self) -> None:
        """Give the host what the crowd shall have."""
        await self.post(do="write", text=f"/points grant {HOST} {100 * POINTS} 开张大吉")

    async def post(self, *, me: str = HOST, **what: Any) -> None:
        """Let somebody do something in the sandbox."""
        self._keys += 1
        place = {"key": f"host-{self._keys:06}", "space": ROOM, "chat": CHATS["web"], "me": me}
        await self.browsers.post("/do", msgspec.json.encode(place | what), self._host)

    async def _tell(self, told: dict[Platform, list[bytes]]) -> None:
        """Let all platforms tell what they have at the same moment, and return when all of it is committed."""
        await asyncio.gather(
            self.telegram.tell(told["telegram"]),
            self.discord.tell(told["discord"], lambda: self.app.pipeline.in_hand),
            self.browsers.tell(told["web"], self._host),
        )
        await self.app.pipeline.drain()

    async def send(self) -> tuple[int, list[Press]]:
        """Send an envelope; return its number and how everybody presses its button."""
        return await self.ask(f"/hongbao send {POINTS} {SHARES} 恭喜发财")

    async def ask(self, command: str) -> tuple[int, list[Press]]:
        """Let the host use a command that shows a button; return its number and how everybody presses it."""
        await self.post(do="write", text=command)
        await self.quiet()
        rows = await self.app.store.report(SEEN, chat=CHATS["web"], person=HOST)
        shown = next(row for row in rows if row.content["buttons"])
        button = msgspec.convert(shown.content, Content).buttons[0][0]
        cards: dict[Platform, Card] = {
            "telegram": self.telegram.card,
            "discord": self.discord.card,
            "web": Card(shown.id, {}),
        }
        self.button = button.id
        return int(button.data), self.crowd.presses(button.id, cards)

    async def quiet(self) -> None:
        """Return when everything is delivered that was asked for."""
        async with asyncio.timeout(LONGEST):
            await self.app.settled()
            while self.app.delivery.waiting:  # noqa: ASYNC110 - it waits for the platforms' limits
                await asyncio.sleep(0.02)

    async def claim(self, number: int, presses: list[Press]) -> Claimed:
        """Let everybody press, and count."""
        return Claimed(*await self.press(presses), *won(self.file, number, self.crowd))

    async def press(self, presses: list[Press]) -> tuple[float, float]:
        """Let everybody press; return the seconds to the last commit and to the last answer."""
        self.telegram.answered.clear()
        self.discord.answered.clear()
        told: dict[Platform, list[bytes]] = {platform: bodies(of(platform, presses)) for platform in CHATS}
        async with asyncio.timeout(LONGEST):
            begin = time.perf_counter()
            await self._tell(told)
            seconds = time.perf_counter() - begin
            while self._open():  # noqa: ASYNC110 - it looks into the file, as often as costs nothing
                await asyncio.sleep(0.1)
            answered = time.perf_counter() - begin
        await self.rest()
        self._check_answers(presses)
        return seconds, answered

    async def rest(self) -> None:
        """Return when what follows from the presses is done."""
        await self.quiet()

    def _open(self) -> int:
        number: int = rows(self.file, self.asked)[0][0]
        return number

    def _check_answers(self, presses: list[Press]) -> None:
        """Make sure that each press was answered once, on its platform."""
        web = [
            name for (name,) in rows(self.file, "SELECT reply_to FROM web_message WHERE reply_to LIKE 'web:press-%'")
        ]
        answered = sorted([*self.telegram.answered, *self.discord.answered, *web[-len(of("web", presses)) :]])
        if answered != sorted(press.handle for press in presses):
            raise SystemExit(f"{len(answered)} of {len(presses)} are answered: the figures are worth nothing")


def make_app(file: Path, plugin: type[Plugin[Any]], config: BaseModel) -> App:
    """Return an app as ``xiaoer run`` builds it, with one community on three platforms."""
    adapters: dict[str, type[Adapter]] = {
        "telegram": TelegramAdapter,
        "discord": DiscordAdapter,
        "web": WebAdapter,
    }
    sections = {name: kind.settings() for name, kind in adapters.items()}
    sections["web"] = WebAdapter.settings(port=0)
    spaces = (TELEGRAM_SPACE, DISCORD_SPACE, ROOM)
    community = Community("town", "Town", "zh", ZoneInfo("Asia/Shanghai"), spaces, {"main": tuple(CHATS.values())})
    loaded = LoadedCommunity(community, (plugin.name,), {plugin.name: config}, {})
    tokens = {"TELEGRAM_TOKEN": line_telegram.TOKEN, "DISCORD_TOKEN": line_discord.TOKEN}
    settings = LoadedSettings(file, XiaoerSection(database=str(file)), sections, (loaded,), tokens=tokens)
    return App(settings, {plugin.name: plugin}, adapters, b"the key of a measurement", SystemClock())


def _link(tx: Transaction, crowd: Crowd) -> None:
    for first, *others in crowd.people:
        for other in others:
            tx.execute(POINT.sql, POINT.bind({"stands": first.name, "old": other.name}))


def rows(file: Path, sql: str, *values: object) -> list[Any]:
    """Return what a database says."""
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(sql, values).fetchall()


def won(file: Path, envelope: int, crowd: Crowd) -> tuple[int, int]:
    """Return how many people have a share of an envelope, and how far their points are from what was in it.

    Raises:
        SystemExit: somebody has two shares, or the ledger does not say the same.
    """
    taken = rows(file, "SELECT account, points FROM red_envelope_share WHERE envelope = ? AND account <> ''", envelope)
    owner = {account.name: account.owner for account in crowd.accounts}
    winners = {owner[account] for account, _ in taken}
    paid = rows(file, "SELECT target, points FROM xr_transfer WHERE source = ?", f"red_envelope/{envelope}")
    (total,) = rows(file, "SELECT sum(points) FROM xr_balance")[0]
    if len(winners) != len(taken) or sorted(paid) != sorted(taken) or total:
        raise SystemExit(f"{len(taken)} shares, {len(winners)} people, {len(paid)} transfers, books at {total}")
    return len(winners), sum(points for _, points in taken) - POINTS


async def envelope() -> list[Figure]:
    """Measure envelopes that everybody opens at once, beside the limit and beside the usual recipe."""
    found: list[Claimed] = []
    raws: list[float] = []
    usuals: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        fair = Fair(Path(folder) / "bench.db", Crowd(PEOPLE))
        async with fair.open():
            for turn in range(ROUNDS + 1):
                number, presses = await fair.send()
                raw_file = claiming.copy(fair.file, Path(folder) / f"raw{turn}.db")
                usual_file = claiming.copy(fair.file, Path(folder) / f"usual{turn}.db")
                claiming.shrink(usual_file, number, SHARES // SAMPLE)
                raw = await asyncio.to_thread(claiming.raw, raw_file, presses, number, fair.button)
                claimed = await fair.claim(number, presses)
                usual = await claiming.usual(usual_file, presses[::SAMPLE], number, fair.button)
                _check_rivals(fair, number, raw_file, usual_file)
                if turn:
                    found.append(claimed)
                    raws.append(raw)
                    usuals.append(usual * SAMPLE)
    return _figures(found, raws, usuals)


def _check_rivals(fair: Fair, number: int, raw: Path, usual: Path) -> None:
    """Make sure that the rivals did what we did, the limit to the last row."""
    same = all(rows(raw, sql) == rows(fair.file, sql) for sql in ALIKE)
    shares = won(raw, number, fair.crowd), won(usual, number, fair.crowd)[0]
    if not same or shares != ((SHARES, 0), SHARES // SAMPLE):
        raise SystemExit("what it is measured against did something else: the figures are worth nothing")
    for file in (raw, usual):
        file.unlink()


def _figures(found: list[Claimed], raws: list[float], usuals: list[float]) -> list[Figure]:
    claims = 2 * PEOPLE
    rates = tuple(claims / one.seconds for one in found)
    against_raw = tuple(one.seconds / raw for one, raw in zip(found, raws, strict=True))
    against_usual = tuple(usual / one.seconds for one, usual in zip(found, usuals, strict=True))
    raw, usual = (f"{claims / statistics.median(times):,.0f}/s" for times in (raws, usuals))
    winners = tuple(float(one.winners) for one in found)
    errors = tuple(float(abs(one.error)) for one in found)
    answered = tuple(one.answered for one in found)
    return [
        Figure("envelope.claims_per_s", "/s", rates, "payloads of three platforms to FULL commit", 0, True),
        Figure("envelope.winners", "", winners, f"{claims:,} claims by {PEOPLE:,} people", SHARES, True),
        Figure("envelope.sum_error", "", errors, f"{POINTS:,} points", 0, False),
        Figure("envelope.vs_raw", "×", against_raw, f"raw sqlite3 {raw}", 4, False),
        Figure("envelope.vs_aiosqlite", "×", against_usual, f"a commit a claim {usual}", 15, True),
        Figure(
            "envelope.answered_s", "s", answered, "the last of all answers, which Telegram takes for 15 s", 15, False
        ),
    ]
