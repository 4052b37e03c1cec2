"""The program, killed at every named moment and at random ones while people act, on each platform.

What is stored must equal what an unkilled run stores, each effect on the platform must be as declared, and nothing that
was acknowledged may be missing.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.crash.points import POINTS
from tests.crash.worlds import WORLDS, Act, World

KILLS = int(os.environ.get("XIAOER_KILLS", "312"))
"""Over all platforms; ``make crash`` sets more."""

ROOT = Path(__file__).parents[2]
EFFORTS = 20
"""So often a named moment that did not come is waited for again."""

ACTS = 4
"""So many for each kill."""

BELATED = 40
"""So many acts after a join the same person leaves: what happens within one absence, Discord tells nobody."""

UNKNOWN = "It is not known whether"
"""What admins are told of a message of which nobody can tell whether it was sent."""


class Zygote:
    """The process that forks programs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._began: asyncio.Queue[int] = asyncio.Queue()
        self.ready: dict[int, str] = {}
        self.ended: dict[int, int] = {}
        self._news = asyncio.Event()

    async def listen(self) -> None:
        """Hear what it says."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said = json.loads(line)
            if "began" in said:
                self._began.put_nowait(said["began"])
            elif "ready" in said:
                self.ready[said["ready"]] = said["address"]
            elif "ended" in said:
                self.ended[said["ended"]] = said["code"]
            self._news.set()

    async def start(self, world: World, **spec: Any) -> int:
        """Start a program and return its process id at once."""
        assert self._process.stdin is not None
        spec |= {"folder": str(world.folder), "platform": world.platform, "environ": world.environ}
        self._process.stdin.write((json.dumps(spec) + "\n").encode())
        return await self._began.get()

    async def until(self, pid: int, *, ended: bool = False) -> None:
        """Return when a program is ready, or has ended."""
        while pid not in self.ended and (ended or pid not in self.ready):
            self._news.clear()
            await self._news.wait()


@asynccontextmanager
async def forking() -> AsyncIterator[Zygote]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.crash.zygote",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"},
    )
    zygote = Zygote(process)
    listening = asyncio.ensure_future(zygote.listen())
    try:
        yield zygote
    finally:
        process.kill()  # and with it every program that it forked
        await process.wait()
        await listening


@asynccontextmanager
async def opened(kind: type[World], folder: Path) -> AsyncIterator[World]:
    world = kind(folder)
    await world.open()
    yield world
    await world.close()


def script(chance: random.Random) -> Iterator[Act]:
    """Yield what people do, without end."""
    yield Act("join", "Boss")
    joined: list[tuple[int, str]] = []
    number = 0
    while True:
        number += 1
        if number % 10 == 0:
            joined.append((number, f"P{number}"))
            yield Act("join", f"P{number}")
        elif joined and number - joined[0][0] >= BELATED:
            yield Act("leave", joined.pop(0)[1])
        else:
            yield Act("write", "Boss", f"{chance.choice(['say', 'say', 'card', 'once', 'timer', 'slow'])} {number}")


async def live(world: World, acts: Iterator[Act], done: list[Act], wanted: asyncio.Queue[bool]) -> None:
    """Act as often as is wanted, without a look at whether the program runs."""
    while await wanted.get():
        act = next(acts)
        await world.act(len(done), act)
        done.append(act)
        await asyncio.sleep(0.01)


async def begin(zygote: Zygote, world: World) -> None:
    """Let the program run once, so that there are tables and the platform knows it."""
    world.write_config()
    pid = await zygote.start(world, first=True)
    await zygote.until(pid)
    world.address = zygote.ready[pid]
    await world.connected()
    await stop(zygote, pid)


async def stop(zygote: Zygote, pid: int) -> None:
    os.kill(pid, signal.SIGTERM)
    await zygote.until(pid, ended=True)
    assert zygote.ended[pid] == 0


async def finish(zygote: Zygote, world: World, done: list[Act], pid: int) -> None:
    """Wait until the program has nothing left to do, and end it."""
    told = [act for act in done if act.do == "write"]
    timers = [act for act in told if act.text.startswith("timer")]
    open_work = (
        "SELECT (SELECT count(*) FROM crasher_note WHERE kind IN ('message', 'timer')),"
        " (SELECT count(*) FROM xr_inbox),"
        " (SELECT count(*) FROM xr_outbox WHERE state IN ('wanted', 'sending')),"
        " (SELECT count(*) FROM xr_shown WHERE state = 'open')"
    )
    while world.rows(open_work) != [(len(told) + len(timers), 0, 0, 0)]:  # noqa: ASYNC110 - in another process
        await asyncio.sleep(0.02)
    await stop(zygote, pid)


def noted(world: World) -> Counter[tuple[object, ...]]:
    return Counter(world.rows("SELECT kind, what FROM crasher_note"))


async def kill_one(zygote: Zygote, world: World, point: str | None, chance: random.Random, nth: int = 0) -> bool:
    """Start the program and let it be killed; return whether that was at the named point."""
    pid = await zygote.start(world, point=point, nth=nth or chance.randint(1, 4))
    if point is None:
        await asyncio.sleep(chance.uniform(0.05, 0.6))
    else:
        try:
            await asyncio.wait_for(zygote.until(pid, ended=True), 1.5)
        except TimeoutError:
            point = None
    if pid not in zygote.ended:
        os.kill(pid, signal.SIGKILL)
        await zygote.until(pid, ended=True)
    assert zygote.ended[pid] == -signal.SIGKILL, (world.folder / "log").read_text()[-3000:]
    return point is not None


@pytest.mark.timeout(KILLS)
@pytest.mark.parametrize("kind", WORLDS, ids=lambda kind: kind.platform)
async def test_whatever_is_killed_when_state_changes_once_and_effects_are_as_declared(
    kind: type[World], tmp_path: Path
) -> None:
    chance = random.Random(20260302)  # noqa: S311 - moments of kills
    done, wanted = list[Act](), asyncio.Queue[bool]()
    async with forking() as zygote, opened(kind, tmp_path) as world:
        await begin(zygote, world)
        living = asyncio.ensure_future(live(world, script(chance), done, wanted))
        named: Counter[str] = Counter()
        points = list(POINTS)
        for number in range(KILLS // len(WORLDS)):
            point = points[number // 2 % len(points)] if number % 2 == 0 else None
            for _ in range(ACTS):
                wanted.put_nowait(True)
            if await kill_one(zygote, world, point, chance):
                named[str(point)] += 1
        for point in points:  # those that did not come in time
            for _ in range(EFFORTS if 2 * len(WORLDS) * len(points) <= KILLS else 0):
                if named[point]:
                    break
                for _ in range(2 * ACTS):
                    wanted.put_nowait(True)
                named[point] += await kill_one(zygote, world, point, chance, nth=1)
        wanted.put_nowait(False)
        pid = await zygote.start(world)
        await zygote.until(pid)
        await living
        await finish(zygote, world, done, pid)
        assert noted(world) == await unkilled(zygote, kind, done)
        judge(world, done)
    assert set(named) == set(points) or 2 * len(WORLDS) * len(points) > KILLS


async def unkilled(zygote: Zygote, kind: type[World], done: list[Act]) -> Counter[tuple[object, ...]]:
    """Return what a run without kills notes of the same acts."""
    with tempfile.TemporaryDirectory() as folder:
        async with opened(kind, Path(folder)) as world:
            await begin(zygote, world)
            pid = await zygote.start(world)
            await zygote.until(pid)
            await world.connected()
            for number, act in enumerate(done):
                await world.act(number, act)
            await finish(zygote, world, done, pid)
            return noted(world)


def judge(world: World, done: list[Act]) -> None:
    """Compare what people see with what was declared."""
    texts = [act.text for act in done if act.do == "write"]
    said = world.said()
    cards = [said[f"for {text}"] for text in texts if text.startswith("card")]
    assert min(cards) >= 1
    once = [said[f"for {text}"] for text in texts if text.startswith("once")]
    ends = Counter(str(row[0]) for row in world.rows("SELECT state FROM xr_outbox"))
    assert max(once) == 1
    assert once.count(0) <= ends["unknown"]
    assert set(ends) <= {"done", "unknown"}
    reports = sum(count for text, count in said.items() if UNKNOWN in text)
    assert reports >= ends["unknown"]
    assert said[f"board {len(texts)}"] == 1
    if not world.repeats:
        assert max(cards) == 1
        assert sum(count for text, count in said.items() if text.startswith("board")) == 1
