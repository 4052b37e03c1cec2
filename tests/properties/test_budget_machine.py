"""No hour of a chat has more unprompted posts than allowed, and none is lost, whatever clocks and kills do."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.properties.stage import Stage, bounded

from xiaoer import (
    Budget,
    Content,
    Context,
    Cron,
    Hopeless,
    NoConfig,
    Plugin,
    Receipt,
    ScheduleDue,
    Send,
    SendMessage,
    on_schedule,
)
from xiaoer.adapter import Request
from xiaoer.budget import HOUR
from xiaoer.testing import FakePlatform

CHATS = ("fake:town/a", "fake:town/b")
DEFAULT = Budget().posts


class Noisy(FakePlatform):
    """A platform that notes when each chat was given what, and refuses now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.now: Any = None
        self.given: list[tuple[str, datetime, str]] = []
        self.refusals = 0
        self.refused: set[str] = set()

    def perform(self, request: Request) -> Receipt:
        if isinstance(request, Send) and request.chat in CHATS:
            if self.refusals:
                self.refusals -= 1
                self.refused.add(request.content.plain)
                raise Hopeless("not now")
            self.given.append((request.chat, self.now(), request.content.plain))
        return super().perform(request)


class Caller(Plugin[NoConfig]):
    """Posts what the test wants whenever its timer comes due."""

    name = "caller"
    wants: ClassVar[list[tuple[str, str, int]]] = []

    def timers(self, config: NoConfig) -> Iterable[Cron]:
        return [Cron("call", "*/5 * * * *")]

    @on_schedule
    async def call(self, ctx: Context[NoConfig], event: ScheduleDue) -> None:
        for chat, text, minutes in self.wants:
            deadline = ctx.now + timedelta(minutes=minutes) if minutes else None
            ctx.request(SendMessage(chat=chat, content=Content((text,)), deadline=deadline, guarantee="at_most_once"))
        self.wants.clear()


class Budgets(RuleBasedStateMachine):
    """A timer that wants too much, while the clock jumps and the program dies."""

    @initialize()
    def begin(self) -> None:
        Caller.wants = []
        self.platform = Noisy()
        self.stage = Stage(Caller, platforms={"fake": self.platform})
        self.platform.now = lambda: self.stage.app.clock.now()
        self.patient: set[str] = set()
        self.number = 0

    @rule(chat=st.sampled_from(CHATS), many=st.integers(1, 9), minutes=st.sampled_from([0, 0, 30, 200]))
    def want(self, chat: str, many: int, minutes: int) -> None:
        for _ in range(many):
            self.number += 1
            Caller.wants.append((chat, f"post {self.number}", minutes))
            if not minutes:
                self.patient.add(f"post {self.number}")
        self.stage.pass_time(minutes=5)

    @rule(minutes=st.sampled_from([1, 20, 59, 61, 300]))
    def wait(self, minutes: int) -> None:
        self.stage.pass_time(minutes=minutes)

    @rule(minutes=st.sampled_from([-90, -10, 10, 55, 240]))
    def jump(self, minutes: int) -> None:
        clock = self.stage.app.clock
        clock.move(clock.offset + timedelta(minutes=minutes))
        self.stage.settle()

    @rule(kill=st.booleans())
    def restart(self, kill: bool) -> None:
        offset = self.stage.app.clock.offset
        self.stage.restart(kill=kill)
        self.stage.app.clock.move(offset)
        self.stage.settle()

    @rule()
    def refuse(self) -> None:
        self.platform.refusals = 1

    @invariant()
    def no_hour_is_too_full_and_nothing_comes_twice(self) -> None:
        if not hasattr(self, "stage"):
            return
        for chat in CHATS:
            times = [at for place, at, _ in self.platform.given if place == chat]
            for begin in times:
                assert sum(begin <= at < begin + HOUR for at in times) <= DEFAULT
        assert max(Counter(text for *_, text in self.platform.given).values(), default=1) == 1

    def teardown(self) -> None:
        if not hasattr(self, "stage"):
            return
        self.platform.refusals = 0
        hours = len(self.patient) // DEFAULT + 5
        for _ in range(hours):
            self.stage.pass_time(hours=1, seconds=2)
        given = {text for *_, text in self.platform.given}
        self.no_hour_is_too_full_and_nothing_comes_twice()
        self.stage.close()
        assert self.patient <= given | self.platform.refused


TestBudgets = Budgets.TestCase
TestBudgets.settings = bounded(examples=8, steps=12)
