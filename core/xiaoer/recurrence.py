"""When recurring timers are due, and what becomes of those that could not fire in time.

Cron expressions are read by ``cronsim``, which follows the cron daemon through daylight-saving changes: a time that
does not exist fires right after the gap, a time that exists twice fires once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeAlias
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator

from xiaoer.plugin import Misfire

FIELDS = 5
"""Fields of an expression; cronsim would also take a sixth, for seconds."""


def check_expression(expression: str) -> str | None:
    """Return what is wrong with a cron expression, in one sentence, or None."""
    fault = "Wrong number of fields" if len(expression.split()) != FIELDS else None
    try:
        CronSim(expression, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        fault = str(error)
    if fault is None:
        return None
    return f"{expression!r} is not a cron expression ({fault}): write five fields, for instance 30 7 * * 1-5"


def _checked(expression: str) -> str:
    fault = check_expression(expression) if expression else None
    if fault is not None:
        raise ValueError(fault)
    return expression


CronExpression: TypeAlias = Annotated[str, AfterValidator(_checked)]
"""A cron expression in a plugin's configuration, or nothing."""


def next_due(expression: str, zone: ZoneInfo, after: datetime) -> datetime | None:
    """Return the next moment, in UTC, that is later than another one; None when there is none in the next 50 years.

    Args:
        expression: five cron fields.
        zone: the zone they are meant in.
        after: a moment with a time zone.
    """
    times = CronSim(expression, after.astimezone(zone))
    for due in times:
        moment = due.astimezone(UTC)
        if moment > after:
            return moment
    return None


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


COUNTED = 1_000
"""So many merged or dropped due times are counted; more are called that many."""


def decide(due: datetime, cron: tuple[str, ZoneInfo] | None, now: datetime, misfire: Misfire) -> Decision:
    """Decide what becomes of a timer that came due.

    Args:
        due: its due time, not later than ``now``.
        cron: the expression and its zone, for a recurring one.
        now: the moment.
        misfire: its policy.
    """
    over = now - due > misfire.late
    if cron is None:
        return Decision(misfire.policy == "merge" or not over, due, 1, None)
    expression, zone = cron
    if misfire.policy == "merge":
        times = [due, *_between(expression, zone, due, now)]
        return Decision(True, times[-1], len(times), next_due(expression, zone, now))
    if not over:
        return Decision(True, due, 1, next_due(expression, zone, due))
    dropped = 1 + len(_between(expression, zone, due, now - misfire.late - _INSTANT))
    return Decision(False, due, dropped, next_due(expression, zone, max(due, now - misfire.late - _INSTANT)))


_INSTANT = timedelta(microseconds=1)


def _between(expression: str, zone: ZoneInfo, after: datetime, until: datetime) -> list[datetime]:
    found: list[datetime] = []
    moment = next_due(expression, zone, after)
    while moment is not None and moment <= until and len(found) < COUNTED:
        found.append(moment)
        moment = next_due(expression, zone, moment)
    if len(found) == COUNTED:
        found[-1] = max(found[-1], _last_before(expression, zone, until) or found[-1])
    return found


def _last_before(expression: str, zone: ZoneInfo, until: datetime) -> datetime | None:
    for due in CronSim(expression, (until + _INSTANT).astimezone(zone), reverse=True):
        return due.astimezone(UTC)
    return None
