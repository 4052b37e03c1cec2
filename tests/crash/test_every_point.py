"""The program, killed at every named moment and at random ones while people act, on each platform.

What is stored must equal what an unkilled run stores, each effect on the platform must be as declared, and nothing that
was acknowledged may be missing.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.crash.points import POINTS
from tests.crash.programs import KILLS, UNKNOWN, WITH_ENVELOPES, Zygote, begin, forking, kill_one, opened, stop
from tests.crash.worlds import WORLDS, Act, World

HERE = KILLS - WITH_ENVELOPES
"""So many kills here, over all platforms."""

EFFORTS = 20
"""So often a named moment that did not come is waited for again."""

ACTS = 4
"""So many for each kill."""

BELATED = 120
"""So many acts after a join the same person leaves: what happens within one absence, Discord tells nobody."""


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


@pytest.mark.timeout(HERE)
@pytest.mark.parametrize("kind", WORLDS, ids=lambda kind: kind.platform)
async def test_whatever_is_killed_when_state_changes_once_and_effects_are_as_declared(
    kind: type[World], tmp_path: Path
) -> None:
    chance = random.Random(20260302)  # noqa: S311 - moments of kills
    done, wanted = list[Act](), asyncio.Queue[bool]()
    async with forking() as zygote, opened(kind(tmp_path)) as world:
        await begin(zygote, world)
        living = asyncio.ensure_future(live(world, script(chance), done, wanted))
        named: Counter[str] = Counter()
        points = list(POINTS)
        for number in range(HERE // len(WORLDS)):
            point = points[number // 2 % len(points)] if number % 2 == 0 else None
            for _ in range(ACTS):
                wanted.put_nowait(True)
            if await kill_one(zygote, world, point, chance):
                named[str(point)] += 1
        for point in points:  # those that did not come in time
            for _ in range(EFFORTS if 2 * len(WORLDS) * len(points) <= HERE else 0):
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
    assert set(named) == set(points) or 2 * len(WORLDS) * len(points) > HERE


async def unkilled(zygote: Zygote, kind: type[World], done: list[Act]) -> Counter[tuple[object, ...]]:
    """Return what a run without kills notes of the same acts."""
    with tempfile.TemporaryDirectory() as folder:
        async with opened(kind(Path(folder))) as world:
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
