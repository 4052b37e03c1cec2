"""One message to ten thousand chats: how much of Telegram's allowance is used, beside what bots usually do.

The real aiogram speaks to a loopback Telegram that keeps the limits as token buckets. Platform time is simulated, so
that minutes take seconds; the app, the outbox and the commits are the real ones. Nothing in it depends on the machine,
so one round is enough.
"""

from __future__ import annotations

import gc
import heapq
import random
import statistics
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.adapters.xiaoer_telegram.crowded import Crowded
from tests.bench.figures import Figure
from tests.properties.leaking import resident
from tests.simulators.telegram.throttle import BURST, PER_SECOND, Throttle

from xiaoer import Batch, Content, Context, Limits, MessagePosted, NoConfig, Plugin, Receipt, on_message
from xiaoer.adapter import Request
from xiaoer.testing import FakePlatform, play
from xiaoer.transaction import Transaction

CHATS = 10_000
BUSY = 200
ASK_EVERY = 4.0
"""Seconds between two questions; a group is answered every three seconds at most."""

QUESTIONS = 60
GROUP_A_MINUTE = 20
"""Messages a minute to one group (Bot FAQ): a minute is kept as such, wherever it begins."""

LATENCY = 0.02, 0.2
"""Seconds that a request of the recipes takes."""


class Round(NamedTuple):
    """What one broadcast came to."""

    share: float
    busy: float
    violations: int
    answer_p95: float


async def broadcast() -> list[Figure]:
    """Measure a broadcast beside a busy group and people who ask, and what the usual recipes make of the limits."""
    rounds = [await _round()]
    recipes = f"one at a time {one_at_a_time():.2f}, 30 and a second's sleep {thirty_then_sleep():.2f}"
    busy = f"a group with {BUSY} waiting; first come first served {first_come():.2f}"
    memory = [await _memory()]
    return [
        Figure("broadcast.share_of_bound", "", tuple(r.share for r in rounds), recipes, 0.98, True),
        Figure("broadcast.busy_group_share", "", tuple(r.busy for r in rounds), busy, 0.98, True),
        Figure("broadcast.limit_violations", "", tuple(float(r.violations) for r in rounds), "token buckets", 0, False),
        Figure(
            "broadcast.interactive_p95_ms",
            "ms",
            tuple(r.answer_p95 for r in rounds),
            f"commands beside {CHATS:,} chats",
            500,
            False,
        ),
        Figure("broadcast.memory_mb", "MB", tuple(memory), f"{CHATS:,} chats, over idle", 50, False),
    ]


async def _round() -> Round:
    with tempfile.TemporaryDirectory() as folder:
        async with Crowded(Path(folder), CHATS) as town:
            await town.clock.advance(60.0)
            town.api.throttle = town.counted
            begun = town.clock.monotonic()
            await town.ask([town.places[0]] * BUSY)
            await town.announce(town.places)
            asked = await _served(town)
            return _judged(town, begun, asked)


async def _served(town: Crowded) -> list[float]:
    """Serve it all, let somebody ask now and then, and return when they asked."""
    asked: list[float] = []
    while town.app.delivery.waiting or not town.app.delivery.idle:
        if len(asked) < QUESTIONS and (not asked or town.clock.monotonic() >= asked[-1] + ASK_EVERY):
            asked.append(town.clock.monotonic())
            await town.use("Usher", "shout", text=f"number {len(asked)}")
            await town.taken_in()
        await town.step()
    return asked


def _arrived(town: Crowded, chat: str) -> list[float]:
    return [at for place, at in town.counted.arrivals if place == chat]


def _judged(town: Crowded, begun: float, asked: list[float]) -> Round:
    busy, asking = str(town.groups[0].id), str(town.group.id)
    many = [at for chat, at in town.counted.arrivals if chat not in (busy, asking)]
    others = [at for chat, at in town.counted.arrivals if chat in (busy, asking) and at <= max(many)]
    answered = _arrived(town, asking)
    if len(many) != CHATS - 1 or len(_arrived(town, busy)) != BUSY + 1 or len(answered) != len(asked):
        raise SystemExit(f"{len(many)} chats, {len(answered)} of {len(asked)} answers: the figures are worth nothing")
    bound = (len(many) + len(others) - BURST) / PER_SECOND
    busy_bound = BUSY // GROUP_A_MINUTE * 60 + BUSY % GROUP_A_MINUTE
    waits = [(came - at) * 1000 for at, came in zip(asked, answered, strict=True)]
    return Round(
        bound / (max(many) - begun),
        busy_bound / (max(_arrived(town, busy)) - begun),
        len(town.counted.violations),
        statistics.quantiles(waits, n=20)[-1],
    )


class Herald(Plugin[NoConfig]):
    """Tells ten thousand chats."""

    name = "herald"

    @on_message
    async def hear(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        """Send to all."""
        ctx.transact(announce)


def announce(tx: Transaction) -> None:
    """Ask for the broadcast."""
    Batch(tx, "news").send([f"fake:town/{number}" for number in range(CHATS)], Content(("hear, hear",)))


class Void(FakePlatform):
    """A platform that remembers nothing."""

    def perform(self, request: Request) -> Receipt:
        """Do nothing."""
        return Receipt("m")


async def _memory() -> float:
    """Return how many MB more are resident, at most, while a broadcast runs."""
    async with play(Herald, platform=Void(limits=Limits(per_second=29.7))) as town:
        gc.collect()
        idle = most = resident()
        await town.say("ann", "go")
        while town.app.delivery.waiting:
            await town.pass_time(seconds=10)
            most = max(most, resident())
        return (most - idle) / 2**20


def one_at_a_time() -> float:
    """Return the share of the bound that a loop reaches which waits for each request."""
    chance, counted = random.Random(1), _Now()  # noqa: S311 - delays of a simulation
    for number in range(CHATS):
        counted.wait_for(str(number))
        counted.at += chance.uniform(*LATENCY)
    return counted.share


def thirty_then_sleep() -> float:
    """Return the share of the bound that a loop reaches which sends thirty at once, waits for them, and sleeps."""
    chance, counted = random.Random(1), _Now()  # noqa: S311 - delays of a simulation
    for first in range(0, CHATS, 30):
        for number in range(first, min(first + 30, CHATS)):
            counted.wait_for(str(number))
        counted.at += max(chance.uniform(*LATENCY) for _ in range(30)) + 1.0
    return counted.share


def first_come() -> float:
    """Return the share of its bound that a busy group reaches when all wait in one queue, it among the others."""
    queue = [(number / BUSY, "-1") for number in range(BUSY)] + [
        (number / CHATS, str(number)) for number in range(CHATS)
    ]
    heapq.heapify(queue)
    now, last, free = 0.0, 0.0, [-60.0] * GROUP_A_MINUTE
    while queue:
        _, chat = heapq.heappop(queue)
        if chat == "-1":
            now = max(now, free.pop(0) + 60.0)
            free.append(now)
            last = now
        now += 1 / PER_SECOND
    return ((BUSY - 1) // GROUP_A_MINUTE * 60 + (BUSY - 1) % GROUP_A_MINUTE) / last


class _Now:
    """A clock with Telegram's limits, for a loop that waits when it has to."""

    def __init__(self) -> None:
        self.at = 0.0
        self._limits = Throttle(lambda: self.at)

    def wait_for(self, chat: str) -> None:
        """Let time pass until a request is let through."""
        from tests.simulators.telegram.rules import ApiError

        while True:
            try:
                self._limits.check("sendMessage", chat)
            except ApiError as error:
                self.at += float(error.parameters["retry_after"])
            else:
                return

    @property
    def share(self) -> float:
        """How much of the bound was reached."""
        return (CHATS - BURST) / PER_SECOND / self.at
