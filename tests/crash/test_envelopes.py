"""Red envelopes, while the program is killed: no point is lost or made, and nobody has two shares of one.

People earn points, put them into envelopes and press the buttons of all that stand there, also of those that were made
several kills ago. Here an envelope ends after a few seconds.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.crash.points import POINTS
from tests.crash.programs import UNKNOWN, WITH_ENVELOPES, Zygote, begin, forking, kill_one, opened, stop
from tests.crash.worlds import WORLDS, Act, World

NAMES = ("Ann", "Bob", "Cat", "Dan", "Eve", "Fay")
ACTS = 8
"""So many for each kill."""

EARNED, SENT, SHARES = 40, 30, 4
LASTS = 3
"""Seconds after which what is left of an envelope goes back."""

PLUGINS = ("bank", "red_envelope")
MORE = (
    f'[communities.town.red_envelope]\nhours = {LASTS}\nwords = ["hongbao"]\n'
    "envelopes_a_day = 1000\npoints_a_day = 10_000_000\n"
)
OPEN_WORK = (
    "SELECT (SELECT count(*) FROM red_envelope_envelope WHERE state NOT IN ('open', 'waiting')),"
    " (SELECT count(*) FROM xr_inbox),"
    " (SELECT count(*) FROM xr_outbox WHERE state IN ('wanted', 'sending')),"
    " (SELECT count(*) FROM xr_shown WHERE state = 'open')"
)
BETWEEN = (
    "SELECT holder, points, coalesce((SELECT sum(points) FROM xr_transfer WHERE target = holder), 0)"
    " - coalesce((SELECT sum(points) FROM xr_transfer WHERE source = holder), 0) FROM xr_balance"
)
ENVELOPES = "SELECT id, state, points, shares, taken, made FROM red_envelope_envelope"
HANDS = "SELECT envelope, account, points, at FROM red_envelope_share WHERE account IS NOT NULL"
PAID = "SELECT source, sum(points), count(*) FROM xr_transfer WHERE instr(source, '/') GROUP BY source"
LOOKS = {"empty": "All {shares} shares are taken", "expired": "Time is up: {taken} of {shares} taken"}


def script(chance: random.Random) -> Iterator[Act]:
    """Yield what people do, without end."""
    for name in NAMES:
        yield Act("join", name)
    while True:
        sender = chance.choice(NAMES)
        yield Act("write", sender, f"earn {EARNED}")
        yield Act("write", sender, f"hongbao {SENT} {SHARES}")
        for _ in range(6):
            yield Act("press", chance.choice(NAMES), which=chance.choice([0, 0, 1, 2, 3]))


async def live(world: World, acts: Iterator[Act], done: list[Act], wanted: asyncio.Queue[bool]) -> None:
    """Act as often as is wanted, without a look at whether the program runs."""
    while await wanted.get():
        act = next(acts)
        await world.act(len(done), act)
        done.append(act)
        await asyncio.sleep(0.05)


async def finish(zygote: Zygote, world: World, done: list[Act], pid: int) -> None:
    """Wait until every envelope has ended and all of it is told, and end the program."""
    while world.rows(OPEN_WORK) != [(sent(done), 0, 0, 0)]:  # noqa: ASYNC110 - in another process
        await asyncio.sleep(0.02)
    await stop(zygote, pid)


def sent(done: list[Act]) -> int:
    return sum(act.text.startswith("hongbao") for act in done)


@pytest.mark.timeout(max(120, WITH_ENVELOPES * 10))
@pytest.mark.parametrize("kind", WORLDS, ids=lambda kind: kind.platform)
async def test_whatever_is_killed_when_no_point_is_lost_or_made_and_each_has_one_share(
    kind: type[World], tmp_path: Path
) -> None:
    chance = random.Random(20260213)  # noqa: S311 - moments of kills
    done, wanted, kills = list[Act](), asyncio.Queue[bool](), list[int]()
    async with forking() as zygote, opened(kind(tmp_path, PLUGINS, MORE)) as world:
        await begin(zygote, world)
        living = asyncio.ensure_future(live(world, script(chance), done, wanted))
        while len(kills) < WITH_ENVELOPES // len(WORLDS) or not carried_over(world, kills):
            for _ in range(ACTS):
                wanted.put_nowait(True)
            point = chance.choice(list(POINTS)) if len(kills) % 2 else None
            await kill_one(zygote, world, point, chance, chance.randint(1, 12), serves=True)
            kills.append(time.time_ns() // 1000)  # as moments are stored
        pid = await zygote.start(world)
        wanted.put_nowait(False)
        await living
        for number, text in enumerate((f"earn {EARNED}", f"hongbao {SENT} {SHARES}")):  # nobody opens the last one
            done.append(Act("write", "Ann", text))
            await world.act(len(done) + number, done[-1])
        await finish(zygote, world, done, pid)
        judge_books(world, done)
        judge_hands(world)
        judge_effects(world)


def judge_books(world: World, done: list[Act]) -> None:
    """Compare the ledger with what people did, with itself, and with the envelopes."""
    rows = world.rows(BETWEEN)
    has = {holder: points for holder, points, _ in rows}
    assert all(points == came for _, points, came in rows)
    assert sum(has.values()) == 0
    assert has["treasury"] == -EARNED * sum(act.text.startswith("earn") for act in done)
    assert min(points for holder, points in has.items() if holder != "treasury") >= 0
    envelopes = world.rows(ENVELOPES)
    assert len(envelopes) == sent(done)
    hands = Counter[int]()
    for number, _, points, _ in world.rows(HANDS):
        hands[number] += points
    out = {source: (points, count) for source, points, count in world.rows(PAID)}
    for number, state, points, _, taken, _ in envelopes:
        assert has[f"red_envelope/{number}"] == 0
        assert out[f"red_envelope/{number}"] == (points, taken + (state == "expired"))  # what is left goes back once
        assert hands[number] == points if state == "empty" else hands[number] < points


def carried_over(world: World, kills: list[int]) -> bool:
    """Return whether somebody got a share by a button that was made before a kill."""
    made = {number: at for number, *_, at in world.rows(ENVELOPES)}
    return any(made[number] < kill < at for number, _, _, at in world.rows(HANDS) for kill in kills)


def judge_hands(world: World) -> None:
    """See that one person has one share."""
    hands = world.rows(HANDS)
    taken = Counter(number for number, *_ in hands)
    assert max(Counter((number, account) for number, account, *_ in hands).values()) == 1
    assert all(taken[number] == count for number, _, _, _, count, _ in world.rows(ENVELOPES))


def judge_effects(world: World) -> None:
    """Compare what people see with what was declared: cards and private words at least once, answers at most once."""
    said = world.said()
    for number, state, _, shares, taken, _ in world.rows(ENVELOPES):
        posts = [text for text in said.elements() if f"No. {number} ·" in text]
        look = LOOKS[state].format(shares=shares, taken=taken)
        assert any(look in text for text in posts)
        assert len(posts) == 1 or world.repeats
    answers = world.answers({key for (key,) in world.rows("SELECT key FROM xr_seen")})
    assert max(answers.values()) == 1
    ends = Counter(state for (state,) in world.rows("SELECT state FROM xr_outbox"))
    assert list(answers.values()).count(0) <= ends["unknown"] + ends["failed"]
    assert sum(count for text, count in said.items() if UNKNOWN in text) >= ends["unknown"]
