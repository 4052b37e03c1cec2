"""Exactly once and in order, whatever is told twice, hangs, fails or is killed."""

import asyncio
from typing import ClassVar

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from sqlalchemy import bindparam, func, insert, select
from tests.properties.stage import Stage, bounded

from xiaoer import Context, MessagePosted, NoConfig, Plugin, Statement, Transaction, on_message
from xiaoer.tables import inbox, outbox, values
from xiaoer.testing import rest
from xiaoer.units import Outcome

COMMUNITIES = ("town", "village", "port")
LINE = Statement(insert(values).values(name=bindparam("name"), value=bindparam("value")))
LINES = Statement(select(func.count().label("number")).where(values.c.name.like(bindparam("those"))))
WRITTEN = Statement(select(values.c.name, values.c.value).where(values.c.name.like("line.%")).order_by(values.c.name))
LEFT = Statement(select(inbox.c.key))
ECHOED = Statement(select(func.count().label("number")).where(outbox.c.plugin == "chronicle"))


class Chronicle(Plugin[NoConfig]):
    """Writes down who said what, each line under the next number, after some thought."""

    name = "chronicle"
    gates: ClassVar[dict[str, asyncio.Event]] = {}

    @on_message
    async def think(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        gate = self.gates.get(event.message)
        if gate is not None:
            await gate.wait()
        ctx.transact(write_down, event.text)
        ctx.send(event.chat or event.space, ctx.content("chronicle.heard"))


class Clumsy(Plugin[NoConfig]):
    """Fails in its hook or in the transaction, with something written already."""

    name = "clumsy"

    @on_message
    async def stumble(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        if event.text.endswith("hook"):
            raise RuntimeError("in the hook")
        ctx.transact(drop_it, event.text)


def write_down(tx: Transaction, text: str) -> None:
    row = tx.one(LINES, those=f"line.{tx.community.id}.%")
    number = 0 if row is None else row.number
    tx.run(LINE, name=f"line.{tx.community.id}.{number:05}", value=text)


def drop_it(tx: Transaction, text: str) -> None:
    tx.run(LINE, name=f"line.{tx.community.id}.dropped.{text}", value=text)
    if text.endswith("apply"):
        raise RuntimeError("in the transaction")
    tx.run(DROP, those=f"line.{tx.community.id}.dropped.%")


DROP = Statement(values.delete().where(values.c.name.like(bindparam("those"))))


class Telling(RuleBasedStateMachine):
    """The platform tells events, again and again until they are acknowledged; the app is killed now and then."""

    def __init__(self) -> None:
        super().__init__()
        Chronicle.gates = {}
        self.stage = Stage(Chronicle, Clumsy, communities=dict.fromkeys(COMMUNITIES, ("fake",)))
        self.told: list[MessagePosted] = []
        self.slow: set[str] = set()
        self.long = 0
        self.open: dict[str, asyncio.Future[Outcome]] = {}

    @initialize(village=st.booleans())
    def begin(self, village: bool) -> None:
        self.speak(["village" if village else "town"], "well", gated=False)

    @rule(
        where=st.lists(st.sampled_from(COMMUNITIES), min_size=1, max_size=4),
        how=st.sampled_from(["well", "well", "hook", "apply"]),
        gated=st.booleans(),
    )
    def speak(self, where: list[str], how: str, gated: bool) -> None:
        events = [self.stage.message(f"p{number}", "", place) for number, place in enumerate(where)]
        for event, place in zip(events, where, strict=True):
            said = msgspec.structs.replace(event, text=f"{place}:{event.message}:{how}")
            if gated:
                Chronicle.gates[said.message] = asyncio.Event()
            self.told.append(said)
            self.tell(said)

    def tell(self, event: MessagePosted) -> None:
        async def submit() -> asyncio.Future[Outcome]:
            return self.stage.app.pipeline.submit(event)

        self.open[event.key] = self.stage.run(submit())

    @rule(data=st.data())
    def tell_again(self, data: st.DataObject) -> None:
        event = data.draw(st.sampled_from(self.told))
        if event.key not in self.open:
            self.tell(event)

    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        closed = sorted(key for key, gate in Chronicle.gates.items() if not gate.is_set())
        if closed:
            Chronicle.gates[data.draw(st.sampled_from(closed))].set()

    @precondition(lambda self: self.long < 4)  # or hooks would be cut off
    @rule()
    def take_long(self) -> None:
        self.long += 1
        self.acknowledge()
        self.slow |= {event.key for event in self.told if not self.is_written(event)}
        self.stage.run(self.stage.clock.advance(1.5))

    def is_written(self, event: MessagePosted) -> bool:
        return any(row.value == event.text for row in self.stage.rows(WRITTEN))

    def acknowledge(self) -> None:
        """Let the platform forget what was acknowledged."""
        for key, future in list(self.open.items()):
            if future.done():
                assert future.result() in (Outcome.COMMITTED, Outcome.DUPLICATE, Outcome.PARKED)
                del self.open[key]

    @rule(kill=st.booleans(), twice=st.booleans(), turns=st.integers(0, 60))
    def restart(self, kill: bool, twice: bool, turns: int) -> None:
        self.stage.run(rest(turns))
        self.acknowledge()
        if kill:
            Chronicle.gates = {}
            if twice:
                self.stage.run(self.stage.town.restart_without_waiting())
        self.open_gates()
        self.stage.restart(kill=kill)
        self.acknowledge()
        for event in self.told:
            if event.key in self.open:
                self.tell(event)

    def open_gates(self) -> None:
        async def open_all() -> None:
            for gate in Chronicle.gates.values():
                gate.set()

        self.stage.run(open_all())

    @rule()
    def look(self) -> None:
        self.open_gates()
        self.stage.settle()
        self.acknowledge()
        assert not self.open
        assert not self.stage.rows(LEFT)
        written = {row.name: row.value for row in self.stage.rows(WRITTEN)}
        for place in COMMUNITIES:
            lines = [value for name, value in written.items() if name.startswith(f"line.{place}.")]
            said = [event for event in self.told if event.text.startswith(f"{place}:")]
            assert sorted(lines) == sorted(event.text for event in said)
            in_time = [event.text for event in said if event.key not in self.slow]
            assert [line for line in lines if line in in_time] == in_time
        assert self.stage.rows(ECHOED)[0].number == len(self.told)

    def teardown(self) -> None:
        try:
            self.look()
        finally:
            self.stage.close()


TestTelling = Telling.TestCase
TestTelling.settings = bounded(12, 25)
