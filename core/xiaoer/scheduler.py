"""Timers: rows that come due, each settled once together with what its event causes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

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
"""So many timers are fired at once."""

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
OPEN = Statement(select(*_columns).where(timers.c.state.in_(["waiting", "off"])))
SWITCH = Statement(update(timers).values(state=bindparam("became")).where(timers.c.id == bindparam("timer")))
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

Submit = Callable[[ScheduleDue, tuple[Callable[[Transaction], None], ...]], "asyncio.Future[Outcome]"]


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
        self._next: datetime | None = None

    async def declare(self, declared: Iterable[tuple[Community, str, Iterable[Cron]]]) -> None:
        """Make the timers what the communities' plugins say now.

        A recurring timer whose expression and zone did not change keeps its due time, so what came due meanwhile is
        treated by its misfire policy. Timers of plugins that are not declared are switched off and wait.

        Args:
            declared: (community, plugin, its recurring timers).

        Raises:
            PluginError: an expression is not one, or two timers have one name.
        """
        wanted: dict[tuple[str, str], dict[str, _Wanted]] = {}
        for community, plugin, crons in declared:
            jobs = wanted.setdefault((community.id, plugin), {})
            for cron in crons:
                if cron.job in jobs:
                    raise PluginError(plugin, f"timer {cron.job} in community {community.id} is declared twice")
                jobs[cron.job] = _wanted(community, plugin, cron)
        changes = _changes(await self._store.report(OPEN), wanted, self._clock.now())
        for start in range(0, len(changes), BATCH):
            await self._store.transact(_apply, changes[start : start + BATCH])
        self.wake()

    def wake(self) -> None:
        """Look at the timers: a commit has changed them."""
        self._wake.set()

    def next_due(self) -> datetime | None:
        """Return when the next timer is due; None when none waits."""
        return self._next

    @property
    def idle(self) -> bool:
        """Whether every timer that is due has been settled."""
        due = self._next is not None and self._next <= self._clock.now()
        return not (self._busy or self._wake.is_set() or due)

    async def settled(self) -> None:
        """Return when every timer that is due has been settled."""
        while not self.idle:
            self._rested.clear()
            await self._rested.wait()

    async def run(self) -> None:
        """Fire timers for ever."""
        while True:
            self._busy = True
            self._wake.clear()
            try:
                more = await self._round()
            except StoreError as error:
                structlog.get_logger().error("timers not settled", reason=str(error))
                await self._clock.platform.sleep(RETRY)
                continue
            if not more:
                self._busy = False
                self._rested.set()
                await self._pause()

    async def _round(self) -> bool:
        """Settle what is due; return whether there may be more."""
        now = self._clock.now()
        due = await self._store.read(DUE, now=now)
        if not due:
            first = await self._store.read(NEXT)
            self._next = first[0].due if first else None
            return False
        await asyncio.gather(*[self._settle(row, decision) for row, decision in _in_order(due, now)])
        return True

    async def _settle(self, row: Row, decision: Decision) -> None:
        if not decision.fire:
            await self._store.transact(_drop, row, decision)
            structlog.get_logger().info(
                "timer skipped", community=row.community, plugin=row.plugin, job=row.job, due=row.due.isoformat()
            )
            self._report(row.community, "xiaoer.timer.skipped", {"job": row.job, "when": row.due})
            return
        event = ScheduleDue(
            key=f"timer:{row.community}:{row.plugin}:{row.job}:{int(decision.due.timestamp() * 1_000_000)}",
            at=self._clock.now(),
            community=row.community,
            plugin=row.plugin,
            job=row.job,
            due=decision.due,
            data=row.data,
            merged=decision.count,
        )
        outcome = await self._submit(event, (lambda tx: _fire(tx, row, decision),))
        if outcome is Outcome.DUPLICATE:  # its effects are stored, so only the row is left; it would come up for ever
            await self._store.transact(_fire, row, decision)

    async def _pause(self) -> None:
        waits = [
            asyncio.ensure_future(self._clock.wait(self._next)),
            asyncio.ensure_future(self._wake.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await wait


def _in_order(due: list[Row], now: datetime) -> list[tuple[Row, Decision]]:
    """Decide about timers, leaving those to the next round that a recurring one of their community comes before."""
    decided: list[tuple[Row, Decision]] = []
    until: dict[str, datetime] = {}
    for row in due:
        if row.due > until.get(row.community, now):
            continue
        decision = decide(row.due, _cron(row), now, _misfire(row))
        if decision.next is not None:
            until[row.community] = min(decision.next, until.get(row.community, now))
        decided.append((row, decision))
    return decided


class _Wanted(NamedTuple):
    """A recurring timer as its plugin declares it."""

    written: str
    misfire: Misfire


Change: TypeAlias = Callable[[Transaction], object]


def _wanted(community: Community, plugin: str, cron: Cron) -> _Wanted:
    fault = check_expression(cron.expression)
    if fault is not None:
        raise PluginError(plugin, f"timer {cron.job} in community {community.id}: {fault}")
    return _Wanted(f"{cron.expression} {community.timezone.key}", cron.misfire)


def _changes(rows: list[Row], wanted: Mapping[tuple[str, str], Mapping[str, _Wanted]], now: datetime) -> list[Change]:
    """Return what has to be done to the open timers so that they are what is wanted; nothing for those that are."""
    changes: list[Change] = []
    kept: set[tuple[str, str, str]] = set()
    for row in rows:
        jobs = wanted.get((row.community, row.plugin))
        if jobs is None:
            state = "off"
        elif row.cron is None:
            state = "waiting"
        else:
            job = jobs.get(row.job)
            state = "waiting" if job is not None and job.written == row.cron else "cancelled"
            if job is not None and state == "waiting":
                kept.add((row.community, row.plugin, row.job))
                if _misfire(row) != job.misfire:
                    changes.append(partial(_treat, row.id, job.misfire))
        if state != row.state:
            changes.append(partial(_switch, row.id, state))
    for (community, plugin), jobs in wanted.items():
        for name, job in jobs.items():
            if (community, plugin, name) not in kept:
                changes.append(partial(_begin, community, plugin, name, job, now))
    return changes


def _apply(tx: Transaction, changes: list[Change]) -> None:
    for change in changes:
        change(tx)


def _treat(timer: int, misfire: Misfire, tx: Transaction) -> None:
    tx.run(TREAT, timer=timer, policy=misfire.policy, seconds=int(misfire.late.total_seconds()))


def _switch(timer: int, state: str, tx: Transaction) -> None:
    tx.run(SWITCH, timer=timer, became=state)


def _begin(community: str, plugin: str, job: str, wanted: _Wanted, now: datetime, tx: Transaction) -> None:
    first = next_due(*_parsed(wanted.written), now)
    _add(tx, community, plugin, job, wanted.written, wanted.misfire, first)


def _add(
    tx: Transaction, community: str, plugin: str, job: str, cron: str, misfire: Misfire, due: datetime | None
) -> None:
    """Set the next due time; one that was settled before, because time was moved back, is passed over."""
    expression, zone = _parsed(cron)
    while due is not None and not tx.run(
        ADD,
        community=community,
        plugin=plugin,
        job=job,
        due=due,
        cron=cron,
        misfire=misfire.policy,
        late=int(misfire.late.total_seconds()),
    ):
        due = next_due(expression, zone, due)


def _fire(tx: Transaction, row: Row, decision: Decision) -> None:
    tx.run(SETTLE, timer=row.id, became="fired")
    _follow(tx, row, decision)


def _drop(tx: Transaction, row: Row, decision: Decision) -> None:
    tx.run(SETTLE, timer=row.id, became="skipped")
    _follow(tx, row, decision)


def _follow(tx: Transaction, row: Row, decision: Decision) -> None:
    if row.cron is not None:
        _add(tx, row.community, row.plugin, row.job, row.cron, _misfire(row), decision.next)
    tx.changed_timers()


def _parsed(cron: str) -> tuple[str, ZoneInfo]:
    expression, _, zone = cron.rpartition(" ")
    return expression, ZoneInfo(zone)


def _cron(row: Row) -> tuple[str, ZoneInfo] | None:
    return None if row.cron is None else _parsed(row.cron)


def _misfire(row: Row) -> Misfire:
    policy: Any = row.misfire
    return Misfire(policy, timedelta(seconds=row.late))
