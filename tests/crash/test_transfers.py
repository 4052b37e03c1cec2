"""A seat that is handed to and fro, while the program is killed: it has one holder at all times."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.crash.points import POINTS
from tests.crash.programs import WITH_TRANSFERS, begin, forking, kill_one, opened, stop
from tests.crash.worlds import Act, Web, World

ACTS = 8
"""So many for each kill."""

MORE = (
    '[communities.town.tier_badges]\noffer = "joined"\njoined_days = 0\n'
    '[communities.town.tier_badges.tracks.tea]\ncapacity = 1\nranks.only = { numbers = "1" }\n'
)
SEATS = "SELECT number, state, holder FROM tier_badges_seat"
DONE = "SELECT what, account FROM tier_badges_trail WHERE what IN ('confirmed', 'handed_on', 'taken_over') ORDER BY id"
OPEN_WORK = "SELECT (SELECT count(*) FROM xr_inbox) + (SELECT count(*) FROM xr_outbox WHERE state = 'wanted')"


def script() -> Iterator[Act]:
    """Yield what people do, without end: one has the seat and hands it on, the other agrees, and back again."""
    yield from (Act("join", "Ann"), Act("join", "Bob"), Act("write", "Ann", "/seat confirm"))
    while True:
        for giver, taker in (("Ann", "Bob"), ("Bob", "Ann")):
            yield Act("write", giver, f"/seat transfer {taker}")
            yield Act("write", taker, "/seat confirm")


async def live(world: World, acts: Iterator[Act], wanted: asyncio.Queue[bool]) -> None:
    """Act as often as is wanted, without a look at whether the program runs."""
    number = 0
    while await wanted.get():
        await world.act(number, next(acts))
        number += 1


@pytest.mark.timeout(max(120, WITH_TRANSFERS * 4))
async def test_whatever_is_killed_when_a_seat_that_is_handed_on_has_one_holder(tmp_path: Path) -> None:
    chance = random.Random(20260511)  # noqa: S311 - moments of kills
    wanted = asyncio.Queue[bool]()
    async with forking() as zygote, opened(Web(tmp_path, ("tier_badges",), MORE)) as world:
        await begin(zygote, world)
        living = asyncio.ensure_future(live(world, script(), wanted))
        for kill in range(WITH_TRANSFERS):
            for _ in range(ACTS):
                wanted.put_nowait(True)
            point = chance.choice(list(POINTS)) if kill % 2 else None
            await kill_one(zygote, world, point, chance, chance.randint(1, 12), serves=True)
            judge(world)
        pid = await zygote.start(world)
        wanted.put_nowait(False)
        await living
        while world.rows(OPEN_WORK) != [(0,)]:  # noqa: ASYNC110 - in another process
            await asyncio.sleep(0.02)
        await stop(zygote, pid)
        judge(world)
        assert len(world.rows(DONE)) == 1 + 2 * ((WITH_TRANSFERS * ACTS - 3) // 2)  # nobody's word was lost


def judge(world: World) -> None:
    """See that the seat went from hand to hand, and is where the trail says."""
    holder = None
    for what, account in world.rows(DONE):
        if what == "handed_on":
            assert account == holder
        else:
            assert (what == "confirmed") == (holder is None)
            holder = account
    assert world.rows(SEATS) == ([] if holder is None else [(1, "confirmed", holder)])
