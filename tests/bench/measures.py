"""The measurements, each giving figures with their spread."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from tests.bench import replay, rivals
from tests.bench.delivering import delivering
from tests.bench.figures import Figure
from tests.bench.load import ASKS_EVERY, event_of, make_app, new_file, payloads

from xiaoer import MessagePosted
from xiaoer.app import App
from xiaoer.dispatch import Visit
from xiaoer.process import tune_memory
from xiaoer.units import Unit

ROUNDS = 5
MESSAGES = 8_000
IN_HAND = 400
"""So many events the load keeps in hand, as an adapter that takes batches would."""


@asynccontextmanager
async def running(communities: int, synchronous: Literal["FULL", "NORMAL"] = "FULL") -> AsyncGenerator[App]:
    """Run an app on a new file; what it holds at the end is checked by the caller."""
    with tempfile.TemporaryDirectory() as folder:
        app = make_app(new_file(Path(folder)), communities, synchronous)
        await app.start()
        tune_memory()
        try:
            yield app
        finally:
            await app.stop()


async def feed(app: App, bodies: list[bytes]) -> float:
    """Feed payloads as fast as they are taken and return events a second, up to the last commit."""
    pipeline, pending = app.pipeline, asyncio.Queue[asyncio.Future[object]]()
    begin = time.perf_counter()
    for body in bodies:
        future = pipeline.submit(event_of(body, app))
        pending.put_nowait(future)  # type: ignore[arg-type]
        if pending.qsize() >= IN_HAND:
            await pending.get_nowait()
    await pipeline.drain()
    return len(bodies) / (time.perf_counter() - begin)


def check(app: App, messages: int) -> None:
    """Make sure that everything that was fed is in the database, once."""
    connection = sqlite3.connect(app.settings.database)
    keys = connection.execute("SELECT count(*) FROM xr_seen").fetchone()[0]
    tallies = connection.execute("SELECT sum(number) FROM bench_tally").fetchone()[0]
    asked = connection.execute("SELECT count(*) FROM xr_outbox").fetchone()[0]
    connection.close()
    expected = (messages, 2 * messages, len(range(0, messages, ASKS_EVERY)))
    if (keys, tallies, asked) != expected:
        raise SystemExit(
            f"the database holds {(keys, tallies, asked)} instead of {expected}: the figures are worth nothing"
        )


async def pipeline() -> list[Figure]:
    """Measure the whole way of a message, beside the limit and beside the usual bot."""
    rates: list[float] = []
    raws: list[float] = []
    usuals: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        raw_file = new_file(Path(folder))
        usual_folder = Path(folder) / "usual"
        usual_file = new_file(usual_folder)
        async with running(100) as app:
            await feed(app, payloads(MESSAGES, 100, 0))
            for number in range(1, ROUNDS + 1):
                work = [rivals.statements(n, 100) for n in range(number * MESSAGES, (number + 1) * MESSAGES)]
                raws.append(await asyncio.to_thread(rivals.raw, raw_file, work))
                rates.append(await feed(app, payloads(MESSAGES, 100, number * MESSAGES)))
                usuals.append(await rivals.usual(usual_file, work[:1000]))
            check(app, (ROUNDS + 1) * MESSAGES)
    against_raw = tuple(rate / raw for rate, raw in zip(rates, raws, strict=True))
    against_usual = tuple(rate / usual for rate, usual in zip(rates, usuals, strict=True))
    return [
        Figure("pipeline.events_per_s", "/s", tuple(rates), "bytes to FULL commit", 0, True),
        Figure("pipeline.vs_raw", "×", against_raw, f"raw sqlite3 {statistics.median(raws):,.0f}/s", 0.4, True),
        Figure("pipeline.vs_usual", "×", against_usual, f"usual bot {statistics.median(usuals):,.0f}/s", 12, True),
    ]


async def durability() -> list[Figure]:
    """Measure what it costs to survive a power cut, beside surviving a crash of the program only."""
    ratios: list[float] = []
    fast: list[float] = []
    async with running(100) as full, running(100, "NORMAL") as normal:
        for app in (full, normal):
            await feed(app, payloads(MESSAGES, 100, 0))
        for number in range(1, ROUNDS + 1):
            bodies = payloads(MESSAGES, 100, number * MESSAGES)
            safe = await feed(full, bodies)
            fast.append(await feed(normal, bodies))
            ratios.append(safe / fast[-1])
        for app in (full, normal):
            check(app, (ROUNDS + 1) * MESSAGES)
    against = f"NORMAL {statistics.median(fast):,.0f}/s"
    return [Figure("pipeline.full_vs_normal", "×", tuple(ratios), against, 0.65, True)]


async def communities() -> list[Figure]:
    """Measure one community beside a hundred, and ten thousand beside one.

    Nothing is asked for, because a single chat is delivered to in order and so mostly after the measurement.
    """
    one, many, huge = [], [], []
    async with running(1) as single, running(100) as hundred, running(10_000) as myriad:
        for app, number in ((single, 1), (hundred, 100), (myriad, 10_000)):
            await feed(app, payloads(MESSAGES, number, 0, asking=False))
            await feed(app, payloads(MESSAGES, number, MESSAGES, asking=False))
        for turn in range(2, ROUNDS + 2):
            one.append(await feed(single, payloads(MESSAGES, 1, turn * MESSAGES, asking=False)))
            many.append(await feed(hundred, payloads(MESSAGES, 100, turn * MESSAGES, asking=False)))
            huge.append(await feed(myriad, payloads(MESSAGES, 10_000, turn * MESSAGES, asking=False)))
    ratios = tuple(a / b for a, b in zip(one, many, strict=True))
    costs = tuple(a / b for a, b in zip(one, huge, strict=True))
    return [
        Figure("communities.one_vs_many", "×", ratios, f"100 communities {statistics.median(many):,.0f}/s", 0.5, True),
        Figure("communities.10000_vs_1", "×", costs, f"1 community {statistics.median(one):,.0f}/s", 1.2, False),
    ]


async def dispatch() -> list[Figure]:
    """Measure five isolated plugins beside a plain list of five coroutines."""
    async with running(1) as app:
        event = event_of(payloads(1, 1, 1)[0], app)
        if not isinstance(event, MessagePosted):
            raise SystemExit("the payload is not a message")
        runtime = app.runtimes["c0"]
        future = asyncio.get_running_loop().create_future()

        async def nothing(ctx: object, event: object) -> None:
            """Do nothing."""

        plain: list[Callable[[object, object], Awaitable[None]]] = [nothing] * 5
        steps = tuple(step._replace(function=nothing) for step in runtime.steps[MessagePosted])
        ratios: list[float] = []
        for _ in range(ROUNDS):
            begin = time.perf_counter()
            for _ in range(20_000):
                for function in plain:
                    await function(None, event)
            bare = time.perf_counter() - begin
            begin = time.perf_counter()
            for _ in range(20_000):
                unit = Unit(event, runtime, event.at, future, lambda unit, error: None)
                await app.dispatcher.visit(Visit(unit, steps))
            ratios.append((time.perf_counter() - begin) / bare)
    return [Figure("dispatch.vs_list", "×", tuple(ratios), "a list of coroutines", 10, False)]


async def latency() -> list[Figure]:
    """Measure how long an event takes when 3,000 a second come, whether or not they are waited for."""
    p50: list[float] = []
    p99: list[float] = []
    async with running(100) as app:
        await feed(app, payloads(MESSAGES, 100, 0))
        for number in range(ROUNDS):
            taken = await _open_loop(app, payloads(6_000, 100, (number + 1) * MESSAGES), 3_000)
            taken.sort()
            p50.append(taken[len(taken) // 2] * 1000)
            p99.append(taken[len(taken) * 99 // 100] * 1000)
    return [
        Figure("latency.p50_ms_at_3000", "ms", tuple(p50), "open loop, 3,000/s", 10, False),
        Figure("latency.p99_ms_at_3000", "ms", tuple(p99), "open loop, 3,000/s", 10, False),
    ]


async def _open_loop(app: App, bodies: list[bytes], rate: int) -> list[float]:
    taken: list[float] = []
    begin = time.perf_counter()
    for number, body in enumerate(bodies):
        due = begin + number / rate
        wait = due - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        future = app.pipeline.submit(event_of(body, app))
        future.add_done_callback(lambda _, due=due: taken.append(time.perf_counter() - due))  # type: ignore[misc]
    await app.pipeline.drain()
    await asyncio.sleep(0)
    return taken


CONFIG = """
[adapters.web]
port = 0
[communities.town]
name = "Town"
locale = "zh"
spaces = ["web:town"]
plugins = ["welcome"]
"""


async def start() -> list[Figure]:
    """Measure the real program from nothing to its first page, and what it weighs when it rests."""
    seconds: list[float] = []
    megabytes: list[float] = []
    for _ in range(ROUNDS):
        taken, resting = await asyncio.to_thread(_start_once)
        seconds.append(taken)
        megabytes.append(resting)
    return [
        Figure("start.first_page_s", "s", tuple(seconds), "a new process on a new file", 1.5, False),
        Figure("memory.idle_mb", "MB", tuple(megabytes), "resident a second after the first page", 80, False),
    ]


def _start_once() -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "plugins.toml"
        config.write_text(CONFIG, encoding="utf-8")
        begin = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "xiaoer", "run", "--config", str(config)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            address = next(word for line in process.stdout or () for word in line.split() if word.startswith("http://"))
            urllib.request.urlopen(address).read()  # noqa: S310 - our own address
            taken = time.perf_counter() - begin
            time.sleep(1)
            status = Path(f"/proc/{process.pid}/status").read_text()
            resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
            return taken, resident / 1024
        finally:
            process.terminate()
            process.wait(10)


async def envelope() -> list[Figure]:
    """Measure an envelope that a whole crowd opens at once."""
    # the platforms' libraries are loaded here, because they weigh on what else is measured
    from tests.bench.envelope import envelope as measured

    return await measured()


async def seats() -> list[Figure]:
    """Measure a crowd that asks for the last seats at once."""
    # the platforms' libraries are loaded here, because they weigh on what else is measured
    from tests.bench.seats import seats as measured

    return await measured()


async def broadcast() -> list[Figure]:
    """Measure one message to ten thousand chats."""
    from tests.bench.broadcast import broadcast as measured  # aiogram is loaded here, likewise

    return await measured()


async def referral() -> list[Figure]:
    """Measure how surely people are told by whose invite they came."""
    # the platforms' libraries are loaded here, because they weigh on what else is measured
    from tests.bench.referral import referral as measured

    return await measured()


MEASURES = {
    "pipeline": pipeline,
    "durability": durability,
    "communities": communities,
    "dispatch": dispatch,
    "latency": latency,
    "start": start,
    "telegram": replay.telegram,
    "discord": replay.discord,
    "delivering": delivering,
    "envelope": envelope,
    "seats": seats,
    "broadcast": broadcast,
    "referral": referral,
}
