"""Timers: rows that come due, each settled once together with what its event causes."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer.clocks import first_of
from xiaoer.communities import Community
from xiaoer.errors import PluginError, StoreError
from xiaoer.events import ScheduleDue
from xiaoer.plugin import Cron, Misfire
from xiaoer.recurrence import Decision, check_expression, decide, next_due
from xiaoer.statements import Row, Statement
from xiaoer.tables import timers
from xiaoer.transaction import Transaction
from xiaoer.units import Outcome

if TYPE_CHECKING:
    from xiaoer.clocks import CommunityClock
    from xiaoer.dispatch import Report
    from xiaoer.store import Store

BATCH = 100
"""So many timers are fired, begun or switched at once."""

CHUNK = 200
"""So many one-time timers are switched on or off by one write."""

PASSED_OVER = 50
"""So many due times that are settled already are passed over one by one; then all of them are."""

LONGEST = timedelta(days=36_500)
"""A greater lateness is this one: timedeltas end before what a database can hold."""

RETRY = 1.0
"""Seconds of platform time after which timers that could not be read or stored are looked at again."""

_columns = (
    timers.c.id,
    timers.c.community,
    timers.c.plugin,
    timers.c.job,
    timers.c.due,
    timers.c.cron,
    timers.c.data,
    timers.c.misfire,
    timers.c.late,
    timers.c.state,
)
DUE = Statement(
    select(*_columns)
    .where(timers.c.state == "waiting", timers.c.due <= bindparam("now"))
    .order_by(timers.c.due, timers.c.id)
    .limit(BATCH)
)
NEXT = Statement(select(timers.c.due).where(timers.c.state == "waiting").order_by(timers.c.due).limit(1))
_open = timers.c.state.in_(["waiting", "off"])
RECURRING = Statement(
    select(
        timers.c.id,
        timers.c.community,
        timers.c.plugin,
        timers.c.job,
        timers.c.cron,
        timers.c.misfire,
        timers.c.late,
        timers.c.state,
    ).where(timers.c.cron.is_not(None), _open)
)
ONCE = Statement(
    select(timers.c.community, timers.c.plugin, timers.c.state).where(timers.c.cron.is_(None), _open).distinct()
)
SWITCH = Statement(update(timers).values(state=bindparam("became")).where(timers.c.id == bindparam("timer")))
SWITCH_ONCE = Statement(
    update(timers)
    .values(state=bindparam("became"))
    .where(
        timers.c.id.in_(
            select(timers.c.id)
            .where(
                timers.c.community == bindparam("of"),
                timers.c.plugin == bindparam("by"),
                timers.c.state == bindparam("was"),
                timers.c.cron.is_(None),
            )
            .limit(CHUNK)
        )
    )
)
SETTLE = Statement(
    update(timers)
    .values(state=bindparam("became"))
    .where(timers.c.id == bindparam("timer"), timers.c.state == "waiting")
)
TREAT = Statement(
    update(timers)
    .values(misfire=bindparam("policy"), late=bindparam("seconds"))
    .where(timers.c.id == bindparam("timer"))
)
_add_timer = upsert(timers).values(
    community=bindparam("community"),
    plugin=bindparam("plugin"),
    job=bindparam("job"),
    due=bindparam("due"),
    cron=bindparam("cron"),
    data={},
    misfire=bindparam("misfire"),
    late=bindparam("late"),
    state="waiting",
)
ADD = Statement(
    _add_timer.on_conflict_do_update(
        index_elements=["community", "plugin", "job", "due"],
        set_={name: _add_timer.excluded[name] for name in ("cron", "data", "misfire", "late", "state")},
        where=timers.c.state == "cancelled",
    )
)
LAST = Statement(
    select(timers.c.due)
    .where(
        timers.c.community == bindparam("of"),
        timers.c.plugin == bindparam("by"),
        timers.c.job == bindparam("name"),
        timers.c.cron.is_not(None),
        timers.c.state != "cancelled",
    )
    .order_by(timers.c.due.desc())
    .limit(1)
)

Submit = Callable[[ScheduleDue, tuple[Callable[[Transaction], None], ...]], "asyncio.Future[Outcome]"]
Change: TypeAlias = Callable[[Transaction], int]
"""Makes some rows what they should be and returns how many it touched."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Scheduler:
    """Fires timers.

    Args:
        store: holds them.
        clock: community time.
        submit: takes the events in.
        report: tells a community's admins what was dropped.
    """

    def __init__(self, store: Store, clock: CommunityClock, submit: Submit, report: Report) -> None:
        self._store = store
        self._clock = clock
        self._submit = submit
        self._report = report
        self._wake = asyncio.Event()
        self._rested = asyncio.Event()
        self._busy = True
        self._failing = False
        self._next: datetime | None = None

    async def declare(self, declared: Iterable[tuple[Community, str, Iterable[Cron]]]) -> None:
        """Make the timers what the communities' plugins say now; what is so already is not written.

        A recurring timer whose expression and zone did not change keeps its due time, so what came due meanwhile is
        treated by its misfire policy. Timers of plugins that are not declared are switched off and wait.

        Args:
            declared: (community, plugin, its recurring timers).

        Raises:
            PluginError: an expression is not one, or two timers have one name.
        """
        wanted: dict[tuple[str, str], dict[str, _Job]] = {}
        for community, plugin, crons in declared:
            jobs = wanted.setdefault((community.id, plugin), {})
            for cron in crons:
                if cron.job in jobs:
                    raise PluginError(plugin, f"timer {cron.job} in community {community.id} is declared twice")
                jobs[cron.job] = _job(community, plugin, cron)
        changes = _recurring(await self._store.report(RECURRING), wanted, self._clock.now())
        changes += _once(await self._store.report(ONCE), wanted)
        while changes:
            batch, changes = changes[:BATCH], changes[BATCH:]
            touched = await asyncio.gather(*[self._store.transact(change) for change in batch])
            changes += [change for change, rows in zip(batch, touched, strict=True) if rows == CHUNK]
        self.wake()

    def wake(self) -> None:
        """Look at the timers: a commit has changed them."""
        self._wake.set()

    def next_due(self) -> datetime | None:
        """Return when the next timer is due; None when none waits."""
        return self._next

    @property
    def idle(self) -> bool:
        """Whether nothing is left to do before time passes."""
        due = self._next is not None and self._next <= self._clock.now()
        return self._failing or not (self._busy or self._wake.is_set() or due)

    async def settled(self) -> None:
        """Return when nothing is left to do before time passes."""
        while not self.idle:
            self._rested.clear()
            await self._rested.wait()

    async def run(self) -> None:
        """Fire timers for ever."""
        while True:
            self._busy, self._failing = True, False
            self._wake.clear()
            try:
                await self._catch_up(self._clock.now())
            except (StoreError, sqlite3.Error) as error:
                structlog.get_logger().error("timers not settled", reason=str(error))
                self._failing = True
                self._rested.set()
                await self._clock.platform.sleep(RETRY)
                continue
            self._busy = False
            self._rested.set()
            await first_of(self._clock.wait(self._next), self._wake.wait())

    async def _catch_up(self, began: datetime) -> None:
        """Settle what is due.

        All of it is judged by the moment at which this began, so nobody's timer is too late because others came first.
        """
        while due := await self._store.read(DUE, now=(now := min(began, self._clock.now()))):
            work = [self._settle(row, decision) for row, decision in _in_order(due, now)]
            for fault in await asyncio.gather(*work, return_exceptions=True):  # none goes on while others are retried
                if fault is not None:
                    raise fault
        first = await self._store.read(NEXT)
        self._next = first[0].due if first else None

    async def _settle(self, row: Row, decision: Decision) -> None:
        if not decision.fire:
            if await self._store.transact(_settled, row, decision):
                structlog.get_logger().info(
                    "timer skipped", community=row.community, plugin=row.plugin, job=row.job, due=row.due.isoformat()
                )
                when = max(row.due, _EPOCH)  # the year 1 cannot be said in every zone
                self._report(row.community, "xiaoer.timer.skipped", {"job": row.job, "when": when})
            return

        def fire(tx: Transaction) -> None:
            if not _settled(tx, row, decision):
                tx.withdraw()

        event = ScheduleDue(
            key=f"timer:{row.community}:{row.plugin}:{row.job}:{(decision.due - _EPOCH) // _MICROSECOND}",
            at=self._clock.now(),
            community=row.community,
            plugin=row.plugin,
            job=row.job,
            due=decision.due,
            data=row.data,
            merged=decision.count,
        )
        if await self._submit(event, (fire,)) is Outcome.DUPLICATE:
            # its effects are stored, and the row alone would come up for ever
            await self._store.transact(_settled, row, decision)


def _in_order(due: list[Row], now: datetime) -> list[tuple[Row, Decision]]:
    """Decide about timers, leaving those to the next round that a recurring one of their community comes before."""
    decided: list[tuple[Row, Decision]] = []
    until: dict[str, datetime] = {}
    for row in due:
        if row.due > until.get(row.community, now):
            continue
        decision = decide(row.due, None if row.cron is None else _parsed(row.cron), now, _misfire(row))
        if decision.next is not None:
            until[row.community] = min(decision.next, until.get(row.community, now))
        decided.append((row, decision))
    return decided


class _Job(NamedTuple):
    """A recurring timer; ``cron`` is its expression with its zone behind it."""

    community: str
    plugin: str
    name: str
    cron: str
    misfire: Misfire


def _job(community: Community, plugin: str, cron: Cron) -> _Job:
    fault = check_expression(cron.expression)
    if fault is not None:
        raise PluginError(plugin, f"timer {cron.job} in community {community.id}: {fault}")
    late = timedelta(seconds=int(min(cron.misfire.late, LONGEST).total_seconds()))
    written = f"{cron.expression} {community.timezone.key}"
    return _Job(community.id, plugin, cron.job, written, Misfire(cron.misfire.policy, late))


def _recurring(rows: list[Row], wanted: Mapping[tuple[str, str], Mapping[str, _Job]], now: datetime) -> list[Change]:
    """Return what has to be done to the recurring timers that are open so that they are what is wanted."""
    changes: list[Change] = []
    kept: set[_Job] = set()
    for row in rows:
        jobs = wanted.get((row.community, row.plugin))
        if jobs is None:
            state = "off"
        else:
            job = jobs.get(row.job)
            state = "waiting" if job is not None and job.cron == row.cron else "cancelled"
            if job is not None and state == "waiting":
                kept.add(job)
                if _misfire(row) != job.misfire:
                    changes.append(partial(_treat, row.id, job.misfire))
        if state != row.state:
            changes.append(partial(_switch, row.id, state))
    for jobs in wanted.values():
        changes += [partial(_begin, job, now) for job in jobs.values() if job not in kept]
    return changes


def _once(rows: list[Row], wanted: Mapping[tuple[str, str], object]) -> list[Change]:
    """Return what has to be done to the one-time timers: those of plugins that are switched off wait."""
    states = [(row, "waiting" if (row.community, row.plugin) in wanted else "off") for row in rows]
    return [
        partial(_switch_once, row.community, row.plugin, row.state, state)
        for row, state in states
        if state != row.state
    ]


def _treat(timer: int, misfire: Misfire, tx: Transaction) -> int:
    return tx.run(TREAT, timer=timer, policy=misfire.policy, seconds=int(misfire.late.total_seconds()))


def _switch(timer: int, state: str, tx: Transaction) -> int:
    return tx.run(SWITCH, timer=timer, became=state)


def _switch_once(community: str, plugin: str, was: str, state: str, tx: Transaction) -> int:
    return tx.run(SWITCH_ONCE, of=community, by=plugin, was=was, became=state)


def _begin(job: _Job, now: datetime, tx: Transaction) -> int:
    _add(tx, job, next_due(*_parsed(job.cron), now))
    return 1


def _add(tx: Transaction, job: _Job, due: datetime | None) -> None:
    """Set the next due time; those that were settled before, because time was moved back, are passed over."""
    tries = 0
    while due is not None and not _insert(tx, job, due):
        tries += 1
        if tries == PASSED_OVER and (last := tx.one(LAST, of=job.community, by=job.plugin, name=job.name)):
            due = max(due, last.due)
        due = next_due(*_parsed(job.cron), due)


def _insert(tx: Transaction, job: _Job, due: datetime) -> int:
    return tx.run(
        ADD,
        community=job.community,
        plugin=job.plugin,
        job=job.name,
        due=due,
        cron=job.cron,
        misfire=job.misfire.policy,
        late=int(job.misfire.late.total_seconds()),
    )


def _settled(tx: Transaction, row: Row, decision: Decision) -> bool:
    """Note that a timer has fired or was dropped and set its next due time; return whether it still waited."""
    if not tx.run(SETTLE, timer=row.id, became="fired" if decision.fire else "skipped"):
        return False
    if row.cron is not None:
        _add(tx, _Job(row.community, row.plugin, row.job, row.cron, _misfire(row)), decision.next)
    tx.changed_timers()
    return True


def _parsed(cron: str) -> tuple[str, ZoneInfo]:
    expression, _, zone = cron.rpartition(" ")
    return expression, ZoneInfo(zone)


def _misfire(row: Row) -> Misfire:
    policy: Any = row.misfire
    return Misfire(policy, timedelta(seconds=min(row.late, LONGEST.total_seconds())))
