"""What ends the process is set aside after its third time, and whatever was in hand with it happens once."""

import asyncio
from typing import ClassVar

from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import bindparam, insert, select
from tests.properties.stage import Stage, bounded

from xiaoer import Context, MessagePosted, NoConfig, Plugin, Statement, Transaction, on_message
from xiaoer.pipeline import PARK_AFTER
from xiaoer.tables import inbox, values
from xiaoer.testing import rest
from xiaoer.units import Outcome

LINE = Statement(insert(values).values(name=bindparam("name"), value=1))
LINES = Statement(select(values.c.name).where(values.c.name.like("line.%")))
LEFT = Statement(select(inbox.c.event, inbox.c.set_aside))
DEADLY = "deadly"
THIRD = 3
"""The promise, and not what the code says."""


class Waiter(Plugin[NoConfig]):
    """Writes a message down once it may; a second time would fail."""

    name = "waiter"
    gates: ClassVar[dict[str, asyncio.Event]] = {}
    tried: ClassVar[list[str]] = []

    @on_message
    async def wait(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        if event.text in self.gates:
            self.tried.append(event.text)
            await self.gates[event.text].wait()
        ctx.transact(write, event.text)


def write(tx: Transaction, text: str) -> None:
    tx.run(LINE, name=f"line.{text}")


async def die(stage: Stage, before: int, after: int, deaths: int) -> None:
    """Let the process end so many times while one event is tried; so many others were in hand with it at first."""
    names = [*(f"before {n}" for n in range(before)), DEADLY, *(f"after {n}" for n in range(after))]
    Waiter.gates = {name: asyncio.Event() for name in names}
    told = [stage.app.pipeline.submit(stage.message("ann", name)) for name in names]
    await rest()
    await stage.clock.advance(PARK_AFTER + 0.5)
    assert await asyncio.gather(*told) == [Outcome.PARKED] * len(told)
    Waiter.gates = {DEADLY: asyncio.Event()}
    for death in range(1, deaths + 1):
        Waiter.tried.clear()
        if death > THIRD:  # it is set aside, and nobody else is to be killed
            await stage.town.settle()
        await stage.town.restart_without_waiting()
        while death < THIRD and not Waiter.tried:
            await rest()
    Waiter.gates[DEADLY].set()


@given(before=st.integers(0, 3), after=st.integers(0, 3), deaths=st.integers(0, THIRD + 2))
@example(before=1, after=1, deaths=THIRD - 1)
@example(before=1, after=1, deaths=THIRD)
@bounded(8, 1)
def test_it_is_set_aside_after_three_times_and_not_before_and_the_others_happen_once(
    before: int, after: int, deaths: int
) -> None:
    stage = Stage(Waiter)
    try:
        stage.run(die(stage, before, after, deaths))
        if deaths == 0:
            stage.restart(kill=True)  # those that waited for what is no more
        stage.settle()
        aside = stage.rows(LEFT)
        written = [row.name for row in stage.rows(LINES)]
        assert len(written) == before + after + (deaths < THIRD)
        assert ("line.deadly" in written) == (deaths < THIRD)
        assert [row.set_aside is not None for row in aside] == [True] * (deaths >= THIRD)
    finally:
        stage.close()
