"""When a slot's window begins, when its post is due and until when it may go out: pure functions of zone and day.

A window begins when clocks show its time: right after the gap where that time is left out, and the first time where it
comes twice. From there it lasts its minutes, whatever clocks show meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import NamedTuple
from zoneinfo import ZoneInfo

LEAST, MOST = 5, 720
"""Minutes that a window lasts."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = frozenset(range(7))

_CLOCK = r"([01]?\d|2[0-3])[:：]([0-5]\d)"
_WINDOW = re.compile(rf"{_CLOCK}\s*[-–—~]\s*{_CLOCK}(?:\s+(\S+))?", re.ASCII)
_DATE = re.compile(r"(?:(\d{4})-)?(\d{1,2})-(\d{1,2})", re.ASCII)
_NEAR = {"today": 0, "tomorrow": 1, "今天": 0, "明天": 1, "后天": 2}
_MINUTE = timedelta(minutes=1)


class Window(NamedTuple):
    """When a slot is, as it is written: ``07:30-09:00 mon-fri``.

    Args:
        begins: the time at which it begins.
        minutes: how long it lasts.
        days: on which days, Monday being 0.
    """

    begins: time
    minutes: int
    days: frozenset[int] = EVERY_DAY

    @property
    def written(self) -> str:
        """How it is written."""
        end = (self.begins.hour * 60 + self.begins.minute + self.minutes) % 1440
        days = "" if self.days == EVERY_DAY else " " + ",".join(DAYS[day] for day in sorted(self.days))
        return f"{self.begins:%H:%M}-{end // 60:02}:{end % 60:02}{days}"


class Occurrence(NamedTuple):
    """A slot on one day.

    Args:
        slot: its name.
        day: the day on which it begins.
        begin: when its window begins.
        due: when its post should go out.
        deadline: until when it may.
    """

    slot: str
    day: date
    begin: datetime
    due: datetime
    deadline: datetime


def parse_window(text: str) -> Window | None:
    """Return the window that a text means; None when it means none, or one that is too short or too long."""
    found = _WINDOW.fullmatch(text.strip().casefold())
    days = parse_days(found[5]) if found is not None and found[5] else EVERY_DAY
    if found is None or days is None:
        return None
    first, last = (60 * int(found[n]) + int(found[n + 1]) for n in (1, 3))
    minutes = (last - first) % 1440
    return Window(time(first // 60, first % 60), minutes, days) if LEAST <= minutes <= MOST else None


def parse_days(text: str) -> frozenset[int] | None:
    """Return the days that ``mon-fri`` or ``sat,sun`` means; None when it means none."""
    days: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            return None
        begin = DAYS.index(first)
        length = (DAYS.index(last) - begin) % 7 + 1 if dash else 1
        days |= {(begin + n) % 7 for n in range(length)}
    return frozenset(days)


def parse_day(text: str, today: date) -> date | None:
    """Return the day that ``2026-12-01``, ``12-01``, ``tomorrow`` or ``明天`` means; None when it means none.

    Args:
        text: what was typed; without a year it is the next such day.
        today: the community's day.
    """
    word = text.strip().casefold()
    if word in _NEAR:
        return today + timedelta(days=_NEAR[word])
    found = _DATE.fullmatch(word)
    if found is None:
        return None
    years = [int(found[1])] if found[1] else [today.year, today.year + 1]
    days = [day for year in years if (day := _date(year, int(found[2]), int(found[3]))) is not None]
    return next((day for day in days if found[1] or day >= today), None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def moment(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    """Return the first moment of a day at which clocks show a time, or a later one; None when the day is left out."""
    shown = datetime.combine(day, at)
    while shown.date() == day:
        first = shown.replace(tzinfo=zone).astimezone(UTC)
        if first.astimezone(zone).replace(tzinfo=None) == shown:
            return first
        shown += _MINUTE
    return None


def jitter_of(community: str, slot: str, day: date, minutes: int) -> timedelta:
    """Return by how much a post is put off: always the same for one community, day and slot.

    Args:
        community: its id.
        slot: the slot.
        day: the day.
        minutes: by how much at most.
    """
    digest = sha256(f"{community}|{day.isoformat()}|{slot}".encode()).digest()
    return timedelta(seconds=int.from_bytes(digest[:8]) % (60 * minutes + 1))


def occurrence(community: str, slot: str, window: Window, day: date, zone: ZoneInfo, jitter: int) -> Occurrence | None:
    """Return a slot on a day; None when it is not on that day.

    Args:
        community: whose it is.
        slot: its name.
        window: when it is.
        day: the day.
        zone: the zone of the community.
        jitter: minutes by which a post is put off at most; never by more than half the window.
    """
    begin = moment(day, window.begins, zone) if day.weekday() in window.days else None
    if begin is None:
        return None
    due = begin + jitter_of(community, slot, day, min(jitter, window.minutes // 2))
    return Occurrence(slot, day, begin, due, begin + timedelta(minutes=window.minutes))


def occurrences(
    community: str, slot: str, window: Window, zone: ZoneInfo, jitter: int, days: Iterable[date]
) -> Iterator[Occurrence]:
    """Yield a slot on those of some days on which it is."""
    for day in days:
        found = occurrence(community, slot, window, day, zone, jitter)
        if found is not None:
            yield found


def days_from(first: date, count: int) -> list[date]:
    """Return so many days in a row."""
    return [first + timedelta(days=n) for n in range(count)]


def teaser_now(due: datetime, minutes: Iterable[int], done: Iterable[int], now: datetime) -> int | None:
    """Return which teaser of a post should go out now: the last one whose time has come; None when there is none.

    Args:
        due: when the post is due.
        minutes: how long before it each teaser should be.
        done: those that went out already; what is earlier than one of them is over.
        now: the moment.
    """
    come = [before for before in minutes if due - timedelta(minutes=before) <= now < due - _MINUTE / 2]
    latest = min(come, default=None)
    return latest if latest is not None and all(latest < other for other in done) else None
