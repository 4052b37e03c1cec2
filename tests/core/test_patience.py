"""One timer for all that is looked at again after a while."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from xiaoer import Patience
from xiaoer.testing import ManualClock, rest


class Waiting:
    """Two seconds of patience, and what was called."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.tasks: list[asyncio.Task[None]] = []
        self.called: list[str] = []
        self.patience = Patience(self.clock, 2.0, self.spawn)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.create_task(work))

    async def pass_by(self, seconds: float) -> None:
        await rest()
        await self.clock.advance(seconds)
        await rest()


async def test_each_is_called_when_its_own_time_is_over() -> None:
    town = Waiting()
    town.patience.wait(lambda: town.called.append("ann"))
    await town.pass_by(1.5)
    town.patience.wait(lambda: town.called.append("ben"))
    assert town.called == []
    await town.pass_by(0.5)
    assert town.called == ["ann"]
    await town.pass_by(1.5)
    assert town.called == ["ann", "ben"]


async def test_a_crowd_has_one_timer() -> None:
    town = Waiting()
    for number in range(1000):
        town.patience.wait(lambda number=number: town.called.append(str(number)))  # type: ignore[misc]
    await town.pass_by(2.0)
    assert town.called == [str(number) for number in range(1000)]
    assert len(town.tasks) == 1


async def test_it_begins_again_after_all_were_called_and_after_it_was_ended() -> None:
    town = Waiting()
    town.patience.wait(lambda: town.called.append("ann"))
    await town.pass_by(2.0)
    town.patience.wait(lambda: town.called.append("ben"))
    await rest()
    town.tasks[-1].cancel()
    await rest()
    town.patience.wait(lambda: town.called.append("cid"))
    await town.pass_by(2.0)
    assert town.called == ["ann", "ben", "cid"]
