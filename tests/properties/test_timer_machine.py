"""Each due time is settled once, by its policy, over restarts, downtimes, jumps and plugins that are switched off."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar, NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import bindparam, insert, select
from tests.properties.stage import Stage, bounded

from xiaoer import (
    Context,
    Cron,
    MessagePosted,
    Misfire,
    NoConfig,
    Plugin,
    ScheduleDue,
    Statement,
    on_message,
    on_schedule,
)
from xiaoer.buttons import ButtonSigner
from xiaoer.hosting import AppHost
from xiaoer.tables import faults, timers, values
from xiaoer.testing import START, rest

RING = Statement(insert(values).values(name=bindparam("name"), value=bindparam("value")))
RUNG = Statement(select(values.c.name, values.c.value).where(values.c.name.like("rung.%")))
OPEN = Statement(select(timers.c.job, timers.c.due).where(timers.c.state.in_(["waiting", "off"])))
FAULTS = Statement(select(faults.c.reason))
MINUTE = timedelta(minutes=1)


class Clock(Plugin[NoConfig]):
    """Sets and takes back what it is told to, and rings."""

    name = "clock"
    crons: ClassVar[tuple[Cron, ...]] = ()

    def timers(self, config: NoConfig) -> Iterable[Cron]:
        return self.crons

    @on_message
    async def wind(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        what, job, *more = event.text.split()
        if what == "unset":
            ctx.unschedule(job)
        else:
            minutes, policy, late = more
            kind: Any = policy
            misfire = Misfire(kind, int(late) * MINUTE)
            ctx.schedule(job, ctx.now + int(minutes) * MINUTE, {"by": event.message}, misfire)

    @on_schedule
    async def ring(self, ctx: Context[NoConfig], event: ScheduleDue) -> None:
        ctx.write(RING, name=f"rung.{event.job}.{event.due.isoformat()}", value=event.data.get("by") or event.merged)


class Timer(NamedTuple):
    """A timer that waits; ``every`` is a recurring one's step in minutes."""

    misfire: Misfire
    every: int | None
    by: str | None


class Model:
    """What should happen, told a minute at a time."""

    def __init__(self) -> None:
        self.now = START
        self.on = True
        self.declared: dict[str, Timer] = {}
        self.waiting: dict[tuple[str, datetime], Timer] = {}
        self.settled: set[tuple[str, datetime]] = set()
        self.rung: dict[tuple[str, datetime], Any] = {}

    def set(self, job: str, minutes: int, misfire: Misfire, by: str) -> None:
        key = job, self.now + minutes * MINUTE
        if key not in self.settled:
            self.waiting.setdefault(key, Timer(misfire, None, by))

    def unset(self, job: str) -> None:
        self.waiting = {key: timer for key, timer in self.waiting.items() if key[0] != job}

    def pass_time(self, minutes: int) -> None:
        for _ in range(minutes):
            self.now += MINUTE
            self.look()

    def look(self) -> None:
        """Settle what is due at this moment."""
        if not self.on:
            return
        while due_now := [key for key in self.waiting if key[1] <= self.now]:
            for job, due in sorted(due_now, key=lambda key: key[1]):
                timer = self.waiting[job, due]
                del self.waiting[job, due]
                self.settled.add((job, due))
                if timer.every is None:
                    if timer.misfire.policy == "merge" or self.now - due <= timer.misfire.late:
                        self.rung[job, due] = timer.by
                else:
                    self.recur(job, due, timer)

    def recur(self, job: str, due: datetime, timer: Timer) -> None:
        """Settle a recurring timer; when the clock is put back, what was dropped with it lies ahead again."""
        count, last, following = 1, due, after(due, timer)
        merges, late = timer.misfire.policy == "merge", self.now - due > timer.misfire.late
        until = self.now if merges else self.now - timer.misfire.late - MINUTE
        while following <= until and (merges or late):
            count, last, following = count + 1, following, after(following, timer)
        if merges:
            self.rung.setdefault((job, last), count)
        elif not late:
            self.rung.setdefault((job, due), 1)
        self.wait(job, following, timer)

    def wait(self, job: str, due: datetime, timer: Timer) -> None:
        while (job, due) in self.settled:
            due = after(due, timer)
        self.waiting[job, due] = timer

    def start(self, declared: dict[str, Timer], *, on: bool) -> None:
        self.on = on
        if on:
            self.declared = declared
            for (job, due), timer in list(self.waiting.items()):
                if timer.every is not None:
                    wanted = declared.get(job)
                    if wanted is None or wanted.every != timer.every:
                        del self.waiting[job, due]
                    else:
                        self.waiting[job, due] = wanted
            there = {job for (job, _), timer in self.waiting.items() if timer.every is not None}
            for job, timer in declared.items():
                if job not in there:
                    self.wait(job, after(self.now, timer), timer)
        self.look()


def after(moment: datetime, timer: Timer) -> datetime:
    """Return the next due time: the crons here go by whole hours."""
    assert timer.every is not None
    step = timer.every * MINUTE
    return START + ((moment - START) // step + 1) * step


misfires = st.builds(
    Misfire, st.sampled_from(["skip", "late", "merge"]), st.sampled_from([0, 1, 20, 70]).map(lambda n: n * MINUTE)
)
declarations = st.dictionaries(
    st.sampled_from(["tick", "chime"]),
    st.builds(Timer, misfires, st.sampled_from([10, 30, 60]), st.none()),
    min_size=1,
)


class Timing(RuleBasedStateMachine):
    """Timers are set and taken back, time passes and jumps, and the app is restarted with other plugins and crons."""

    def __init__(self) -> None:
        super().__init__()
        Clock.crons = ()
        self.stage = Stage(Clock)
        self.model = Model()

    @initialize(declared=declarations)
    def begin(self, declared: dict[str, Timer]) -> None:
        self.restart(declared, on=True, kill=False, back=0)

    @rule(job=st.sampled_from(["egg", "tea"]), minutes=st.sampled_from([-30, 0, 1, 7, 15, 60, 200]), misfire=misfires)
    def set(self, job: str, minutes: int, misfire: Misfire) -> None:
        if self.model.on:
            late = misfire.late // MINUTE
            event = self.stage.message("ann", f"set {job} {minutes} {misfire.policy} {late}")
            self.model.set(job, minutes, misfire, event.message)
            self.model.look()
            self.stage.run(self.stage.town.tell(event))

    @rule(job=st.sampled_from(["egg", "tea"]))
    def unset(self, job: str) -> None:
        if self.model.on:
            self.model.unset(job)
            self.stage.run(self.stage.town.tell(self.stage.message("ann", f"unset {job}")))

    @rule(minutes=st.sampled_from([1, 9, 31, 90]))
    def pass_time(self, minutes: int) -> None:
        self.model.pass_time(minutes)
        self.stage.pass_time(minutes=minutes)

    @rule(minutes=st.sampled_from([-100, -60, -10, 10, 45, 180]))
    def jump(self, minutes: int) -> None:
        self.model.now += minutes * MINUTE
        self.model.look()
        host = AppHost(self.stage.app, "fake", ButtonSigner(b""))
        self.stage.run(host.move_clock(minutes * MINUTE))
        self.stage.settle()

    @rule(
        declared=declarations | st.just({}),
        on=st.sampled_from([True, True, False]),
        kill=st.booleans(),
        back=st.sampled_from([0, 0, 40, 120]),
    )
    def restart(self, declared: dict[str, Timer], on: bool, kill: bool, back: int) -> None:
        self.jump(-back)
        self.declare(declared, on=on)
        self.stage.restart(kill=kill)
        self.model.start(declared, on=on)

    @rule(minutes=st.sampled_from([0, 25, 120]))
    def stand_still(self, minutes: int) -> None:
        self.stage.stand_still(minutes=minutes)
        self.model.now += minutes * MINUTE
        self.model.look()

    @rule(minutes=st.sampled_from([10, 60]), turns=st.integers(0, 60))
    def kill_while_they_fire(self, minutes: int, turns: int) -> None:
        self.stage.clock.set(self.stage.clock.now() + minutes * MINUTE)
        self.stage.app.scheduler.wake()
        self.stage.run(rest(turns))
        self.stage.restart(kill=True)
        self.model.now += minutes * MINUTE
        self.model.look()

    def declare(self, declared: dict[str, Timer], *, on: bool) -> None:
        Clock.crons = tuple(
            Cron(job, f"*/{timer.every} * * * *" if timer.every != 60 else "0 * * * *", timer.misfire)
            for job, timer in declared.items()
        )
        self.stage.plugins = (Clock,) if on else ()

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        assert self.stage.app.clock.now() == self.model.now
        rung = {row.name: row.value for row in self.stage.rows(RUNG)}
        assert rung == {f"rung.{job}.{due.isoformat()}": value for (job, due), value in self.model.rung.items()}
        assert sorted((row.job, row.due) for row in self.stage.rows(OPEN)) == sorted(self.model.waiting)
        assert not self.stage.rows(FAULTS)

    def teardown(self) -> None:
        self.stage.close()


TestTiming = Timing.TestCase
TestTiming.settings = bounded(10, 20)
