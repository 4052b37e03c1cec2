"""When recurring timers are due, and what becomes of those that could not fire in time.

``cronsim`` reads the expressions and finds the times on the community's wall clock. Which moments these are is found
here, by the rules of Debian's cron daemon: a time that is written out and does not exist, because clocks are put
forward, fires right after the gap, and one that exists twice fires the first time; with a star in the minutes or hours
it is every such time that clocks really show. (cronsim's own way through a zone loses times where clocks are changed by
half an hour or at midnight: Australia/Lord_Howe, America/Santiago.)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Annotated, TypeAlias
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator

from xiaoer.plugin import Misfire

FIELDS = 5
"""Fields of an expression; cronsim would also take a sixth, for seconds."""

PUNCTUAL = timedelta(seconds=1)
"""A timer is over its time only by more than this, whatever its policy: nothing fires to the microsecond."""

COUNTED = 1_000
"""So many merged or dropped due times are counted; more are called that many."""

_INSTANT = timedelta(microseconds=1)
_MINUTE = timedelta(minutes=1)
_LONGEST_FOLD = timedelta(hours=3)
"""Clocks are put back by no more than this."""


@lru_cache(maxsize=1_024)
def _read(expression: str) -> CronSim | str:
    """Return an expression taken apart, to be copied before it is used, or what is wrong with it."""
    if len(expression.split()) != FIELDS:
        return "Wrong number of fields"
    try:
        return CronSim(expression, datetime(2026, 1, 1))  # noqa: DTZ001 - a wall clock has no zone
    except CronSimError as error:
        return str(error)


def check_expression(expression: str) -> str | None:
    """Return what is wrong with a cron expression, in one sentence, or None."""
    fault = _read(expression)
    if isinstance(fault, CronSim):
        return None
    return f"{expression!r} is not a cron expression ({fault}): write five fields, for instance 30 7 * * 1-5"


def _checked(expression: str) -> str:
    fault = check_expression(expression) if expression else None
    if fault is not None:
        raise ValueError(fault)
    return expression


CronExpression: TypeAlias = Annotated[str, AfterValidator(_checked)]
"""A cron expression in a plugin's configuration, or nothing."""


def due_times(expression: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Yield the moments, in UTC and in order, that are later than another one; it ends with the calendar.

    Args:
        expression: five cron fields.
        zone: the zone they are meant in.
        after: a moment with a time zone.
    """
    try:
        for moment in _moments(expression, zone, after):
            if moment > after:
                after = moment
                yield moment
    except OverflowError:
        return  # the year 10000


def _moments(expression: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    starred = any(field.startswith("*") for field in expression.split()[:2])
    again: deque[datetime] = deque()
    for shown in _shown(expression, _before(zone, after)):
        first = _moment(shown, zone)
        if first is None and not starred:
            first = _after_gap(shown, zone)
        if first is None:
            continue
        while again and again[0] < first:
            yield again.popleft()
        yield first
        second = _moment(shown.replace(fold=1), zone)
        if starred and second is not None and second != first:
            again.append(second)
    yield from again


def _before(zone: ZoneInfo, after: datetime) -> datetime:
    """Return a time that clocks show at a moment or later, and that is no later than any other such time."""
    shown = after.astimezone(zone)
    later = after.astimezone(UTC) + _LONGEST_FOLD
    put_back = (shown.utcoffset() or timedelta(0)) - (later.astimezone(zone).utcoffset() or timedelta(0))
    return shown.replace(tzinfo=None, fold=0) - max(put_back, timedelta(0))


def _shown(expression: str, after: datetime) -> Iterator[datetime]:
    """Yield the times on a wall clock that are later than another one."""
    template = _read(expression)
    if isinstance(template, str):
        raise ValueError(template)
    simulation = copy(template)
    simulation.dt = after.replace(microsecond=0)
    yield from simulation


def _moment(shown: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the moment at which clocks show a time, in its ``fold`` when there are two; None when they never do."""
    moment = shown.replace(tzinfo=zone).astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == shown else None


def _after_gap(shown: datetime, zone: ZoneInfo) -> datetime:
    moment = None
    while moment is None:
        shown += _MINUTE
        moment = _moment(shown, zone)
    return moment


def next_due(expression: str, zone: ZoneInfo, after: datetime) -> datetime | None:
    """Return the first of :func:`due_times`; None when there is none in the next 50 years."""
    return next(due_times(expression, zone, after), None)


@dataclass(frozen=True)
class Decision:
    """What becomes of a timer that came due.

    Args:
        fire: whether it fires; else it is dropped.
        due: the due time that fires.
        count: how many due times are settled by this.
        next: the due time to wait for; None for a one-time timer.
    """

    fire: bool
    due: datetime
    count: int
    next: datetime | None


def decide(due: datetime, cron: tuple[str, ZoneInfo] | None, now: datetime, misfire: Misfire) -> Decision:
    """Decide what becomes of a timer that came due.

    Args:
        due: its due time, not later than ``now``.
        cron: the expression and its zone, for a recurring one.
        now: the moment.
        misfire: its policy; its lateness counts as :data:`PUNCTUAL` at least.
    """
    late = max(misfire.late, PUNCTUAL)
    over = now - due > late
    if cron is None:
        return Decision(misfire.policy == "merge" or not over, due, 1, None)
    if misfire.policy == "merge":
        last, count, following = _until(due, cron, now)
        return Decision(True, last, count, following)
    if not over:
        return Decision(True, due, 1, next_due(*cron, due))
    _, count, following = _until(due, cron, now - late - _INSTANT)
    return Decision(False, due, count, following)


def _until(due: datetime, cron: tuple[str, ZoneInfo], until: datetime) -> tuple[datetime, int, datetime | None]:
    """Return the last due time up to a moment, how many there are from a first one on, and the next one."""
    last, count = due, 1
    for moment in islice(due_times(*cron, due), COUNTED):
        if moment > until:
            return last, count, moment
        last, count = moment, count + 1
    return max(last, _last(cron, last, until)), count, next_due(*cron, until)


def _last(cron: tuple[str, ZoneInfo], after: datetime, until: datetime) -> datetime:
    """Return the last due time up to a moment, or a moment itself when there is none after it."""
    span = timedelta(hours=1)
    while until - span > after:
        found = [*_up_to(until, due_times(*cron, until - span))]
        if found:
            return found[-1]
        span *= 2
    return max([after, *_up_to(until, due_times(*cron, after))])


def _up_to(until: datetime, times: Iterator[datetime]) -> Iterator[datetime]:
    for moment in times:
        if moment > until:
            return
        yield moment
