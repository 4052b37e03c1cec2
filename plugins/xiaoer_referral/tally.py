"""How people came, counted by day and way: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

KINDS = ("referral", "pulled_in", "event", "public_link", "name", "unknown")
"""The ways of coming in, in the order in which they are shown."""

CERTAINTIES = ("exact", "inferred", "declared", "ambiguous", "unknown")
QUARTER = timedelta(minutes=15)


class Came(NamedTuple):
    """So many who came in one quarter of an hour, counted since 1970, in one way that is known so surely."""

    quarter: int
    kind: str
    certainty: str
    number: int


class Tally:
    """Joins, counted.

    Args:
        rows: how many came when and how.
        zone: in which days are.
    """

    def __init__(self, rows: Iterable[Came], zone: ZoneInfo) -> None:
        self.ways: Counter[tuple[str, str]] = Counter()
        self.days: Counter[tuple[date, str]] = Counter()
        for row in rows:
            day = (datetime(1970, 1, 1, tzinfo=UTC) + row.quarter * QUARTER).astimezone(zone).date()
            self.ways[row.kind, row.certainty] += row.number
            self.days[day, row.kind] += row.number

    @property
    def total(self) -> int:
        """How many came."""
        return self.ways.total()

    def kind(self, kind: str) -> int:
        """Return how many came in one way."""
        return sum(number for (way, _), number in self.ways.items() if way == kind)

    def bars(self, last: date, days: int) -> list[tuple[date, list[int]]]:
        """Return so many days until the last, each with how many came in each way, in the order of :data:`KINDS`."""
        dates = [last - timedelta(days=back) for back in reversed(range(days))]
        return [(day, [self.days[day, kind] for kind in KINDS]) for day in dates]
