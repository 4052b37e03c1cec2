from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xiaoer import Misfire
from xiaoer.recurrence import COUNTED, PUNCTUAL, check_expression, decide, next_due
from xiaoer.recurrence import due_times as due_for_ever

NEW_YORK, SHANGHAI = ZoneInfo("America/New_York"), ZoneInfo("Asia/Shanghai")
LORD_HOWE, SANTIAGO = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/Santiago")
START = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = (START, datetime(2026, 3, 7, 20, tzinfo=UTC), datetime(2026, 10, 31, 20, tzinfo=UTC))
"""An ordinary day, and the days before New York's clocks are changed."""


def due_times(expression: str, zone: ZoneInfo, start: datetime, span: timedelta) -> list[datetime]:
    return list(takewhile(lambda moment: moment <= start + span, due_for_ever(expression, zone, start)))


def test_a_time_that_does_not_exist_fires_once_that_day() -> None:
    found = due_times("30 2 * * *", NEW_YORK, datetime(2026, 3, 7, 12, tzinfo=UTC), timedelta(days=3))
    assert [moment.astimezone(NEW_YORK).date().day for moment in found] == [8, 9, 10]


def test_a_time_that_exists_twice_fires_once() -> None:
    found = due_times("30 1 * * *", NEW_YORK, datetime(2026, 10, 31, 12, tzinfo=UTC), timedelta(days=3))
    assert [moment.astimezone(NEW_YORK).date().day for moment in found] == [1, 2, 3]


def test_with_a_star_each_time_that_clocks_show_counts_also_the_one_that_they_show_twice() -> None:
    found = due_times("*/30 1 * * *", NEW_YORK, datetime(2026, 11, 1, tzinfo=UTC), timedelta(days=1))
    assert [f"{moment.astimezone(NEW_YORK):%H:%M%z}" for moment in found] == [
        "01:00-0400",
        "01:30-0400",
        "01:00-0500",
        "01:30-0500",
    ]
    assert due_times("*/30 2 * * *", NEW_YORK, datetime(2026, 3, 8, tzinfo=UTC), timedelta(days=1)) == []


@pytest.mark.parametrize("day", [datetime(2026, 4, 4, 12, tzinfo=UTC), datetime(2026, 10, 3, 12, tzinfo=UTC)])
def test_a_change_of_half_an_hour_moves_no_later_time(day: datetime) -> None:
    found = due_times("*/20 4 * * *", LORD_HOWE, day, timedelta(hours=20))
    assert [f"{moment.astimezone(LORD_HOWE):%H:%M}" for moment in found] == ["04:00", "04:20", "04:40"]


def test_a_midnight_that_does_not_exist_takes_no_other_time_with_it() -> None:
    found = due_times("*/30 1 * * 0", SANTIAGO, datetime(2026, 9, 6, 2, tzinfo=UTC), timedelta(hours=20))
    assert [f"{moment.astimezone(SANTIAGO):%H:%M}" for moment in found] == ["01:00", "01:30"]


def test_half_past_seven_in_shanghai_is_half_past_seven_in_shanghai() -> None:
    (moment,) = due_times("30 7 * * *", SHANGHAI, START, timedelta(days=1))
    assert moment.astimezone(SHANGHAI).strftime("%H:%M") == "07:30"


@pytest.mark.parametrize("bad", ["", "x", "@daily", "0 0 0 * * *", "３ * * * *", "61 * * * *", "* * * *", "0 0 31 2 *"])
def test_what_is_no_cron_expression_is_said_with_an_example(bad: str) -> None:
    assert "for instance 30 7" in (check_expression(bad) or "")


expressions = st.sampled_from(["*/7 * * * *", "0 * * * *", "30 2 * * *", "15 9,21 * * 1-5"])
lateness = st.integers(0, 180).map(lambda minutes: timedelta(minutes=minutes))


@given(
    expressions,
    st.sampled_from([NEW_YORK, SHANGHAI]),
    st.builds(Misfire, st.sampled_from(["skip", "late", "merge"]), lateness),
    st.lists(st.integers(1, 600), min_size=1, max_size=8),
    st.sampled_from(DAYS),
)
def test_every_due_time_is_settled_exactly_once_whatever_the_downtimes(
    expression: str, zone: ZoneInfo, misfire: Misfire, looks: list[int], start: datetime
) -> None:
    now, due = start, next_due(expression, zone, start)
    fired: list[datetime] = []
    settled = 0
    for minutes in looks:
        now += timedelta(minutes=minutes)
        while due is not None and due <= now:
            decision = decide(due, (expression, zone), now, misfire)
            settled += decision.count
            if decision.fire:
                fired.append(decision.due)
                assert misfire.policy == "merge" or now - decision.due <= misfire.late
            assert decision.next is not None
            assert decision.next > due
            due = decision.next
    expected = due_times(expression, zone, start, now - start)
    assert settled == len(expected)
    assert len(fired) == len(set(fired))
    assert set(fired) <= set(expected)


@given(st.integers(0, 10_000), st.builds(Misfire, st.sampled_from(["skip", "late", "merge"]), lateness))
def test_a_one_time_timer_fires_or_is_dropped_by_its_policy(minutes: int, misfire: Misfire) -> None:
    decision = decide(START, None, START + timedelta(minutes=minutes), misfire)
    assert decision.fire == (misfire.policy == "merge" or timedelta(minutes=minutes) <= misfire.late)
    assert decision.next is None


def test_every_hour_is_every_hour_though_the_clocks_are_changed() -> None:
    for start in DAYS:
        found = due_times("0 * * * *", NEW_YORK, start, timedelta(days=1))
        assert [after - before for before, after in pairwise(found)] == [timedelta(hours=1)] * 23, start


@given(st.text(max_size=20) | st.text("0123456789*/-,#L ", max_size=20))
def test_whatever_is_written_is_an_expression_or_explained(text: str) -> None:
    fault = check_expression(text)
    assert (fault is None) or fault.startswith(repr(text))
    if fault is None:
        assert len(text.split()) == 5
        first = next_due(text, SHANGHAI, START)
        assert first is None or first > START


@given(expressions, st.sampled_from([NEW_YORK, SHANGHAI]), st.sampled_from(DAYS), st.integers(0, 5_000))
def test_the_next_due_time_is_the_first_one_that_is_later(
    expression: str, zone: ZoneInfo, start: datetime, minutes: int
) -> None:
    times = due_times(expression, zone, start, timedelta(days=8))
    moment = start + timedelta(minutes=minutes)
    assert next_due(expression, zone, moment) == next(due for due in times if due > moment)


def test_merging_a_year_of_minutes_fires_the_newest_of_them() -> None:
    now = START + timedelta(days=365, seconds=30)
    decision = decide(START, ("* * * * *", SHANGHAI), now, Misfire("merge"))
    assert decision.due == now - timedelta(seconds=30)
    assert decision.next == now + timedelta(seconds=30)
    assert decision.count == COUNTED + 1


@pytest.mark.parametrize("policy", ["skip", "late"])
def test_what_is_over_by_no_more_than_its_lateness_still_fires(policy: Any) -> None:
    hourly, misfire = ("0 * * * *", SHANGHAI), Misfire(policy, timedelta(hours=2))
    decision = decide(START, hourly, START + timedelta(hours=2), misfire)
    assert (decision.fire, decision.next) == (True, START + timedelta(hours=1))
    decision = decide(START, hourly, START + timedelta(hours=5), misfire)
    assert (decision.fire, decision.count, decision.next) == (False, 3, START + timedelta(hours=3))


@pytest.mark.parametrize("policy", ["skip", "late"])
def test_nothing_is_late_that_is_over_by_less_than_a_second(policy: Any) -> None:
    misfire = Misfire(policy, timedelta(0))
    assert decide(START, None, START + PUNCTUAL, misfire).fire
    assert not decide(START, None, START + PUNCTUAL + timedelta(microseconds=1), misfire).fire


def test_there_is_no_due_time_behind_the_end_of_the_calendar() -> None:
    end = datetime(9999, 12, 31, 23, 58, 30, tzinfo=UTC)
    for zone in (ZoneInfo("UTC"), NEW_YORK, SHANGHAI):
        assert next_due("30 7 1 1 *", zone, end) is None


class Field(NamedTuple):
    """A field as it is written, and the numbers it means."""

    written: str
    numbers: frozenset[int]


def fields(low: int, high: int, likely: int) -> st.SearchStrategy[Field]:
    """Return stars, steps, ranges and lists; numbers up to ``likely`` are where clocks are changed."""
    all_of_them = range(low, high + 1)
    number = st.integers(low, likely)
    stars = st.just(Field("*", frozenset(all_of_them)))
    steps = st.integers(1, 25).map(lambda step: Field(f"*/{step}", frozenset(all_of_them[::step])))
    ranges = st.tuples(number, number).map(
        lambda ends: Field(f"{min(ends)}-{max(ends)}", frozenset(range(min(ends), max(ends) + 1)))
    )
    lists = st.sets(number, min_size=1, max_size=3).map(
        lambda numbers: Field(",".join(str(one) for one in sorted(numbers)), frozenset(numbers))
    )
    return st.one_of(lists, ranges, steps, stars)


crons = st.tuples(
    fields(0, 59, 59),
    fields(0, 23, 4),
    st.just(Field("*", frozenset(range(1, 32)))) | fields(1, 31, 31),
    st.just(Field("*", frozenset(range(1, 13)))),
    st.just(Field("*", frozenset(range(8)))) | fields(0, 7, 7),
)
changes = st.sampled_from(
    [
        (ZoneInfo(name), datetime(year, month, day, tzinfo=UTC))
        for name, days in {
            "America/New_York": [(2026, 3, 8), (2026, 11, 1)],
            "Australia/Lord_Howe": [(2026, 4, 4), (2026, 10, 3)],
            "America/Santiago": [(2026, 4, 5), (2026, 9, 6)],
            "America/Havana": [(2026, 3, 8), (2026, 11, 1)],
            "Antarctica/Troll": [(2026, 3, 29), (2026, 10, 25)],
            "Europe/London": [(2026, 3, 29), (2026, 10, 25)],
            "Asia/Shanghai": [(2026, 3, 8), (1991, 4, 13), (1991, 9, 14)],
            "Asia/Kathmandu": [(2026, 3, 8)],
            "Pacific/Apia": [(2011, 12, 30)],
        }.items()
        for year, month, day in days
    ]
)
MINUTE = timedelta(minutes=1)


def shows(cron: tuple[Field, ...], clock: datetime) -> bool:
    """Return whether a wall clock shows one of an expression's times; with a star in one, both day fields must fit."""
    minutes, hours, days, months, weekdays = cron
    day = clock.day in days.numbers
    weekday = not weekdays.numbers.isdisjoint({clock.isoweekday(), clock.isoweekday() % 7})
    both = days.written.startswith("*") or weekdays.written.startswith("*")
    return (
        clock.minute in minutes.numbers
        and clock.hour in hours.numbers
        and clock.month in months.numbers
        and ((day and weekday) if both else (day or weekday))
    )


def minute_by_minute(cron: tuple[Field, ...], zone: ZoneInfo, after: datetime, until: datetime) -> list[datetime]:
    """Return the due times by looking at the clock each minute."""
    starred = any(field.written.startswith("*") for field in cron[:2])
    found: list[datetime] = []
    before = after.astimezone(zone).replace(tzinfo=None)
    for number in range(1, (until - after) // MINUTE + 1):
        moment = after + number * MINUTE
        clock = moment.astimezone(zone)
        shown = clock.replace(tzinfo=None)
        if starred:
            due = shows(cron, shown)
        else:
            missed = (before + passed * MINUTE for passed in range(1, (shown - before) // MINUTE))
            due = (shows(cron, shown) and not clock.fold) or any(shows(cron, one) for one in missed)
        if due:
            found.append(moment)
        before = shown
    return found


def cron_of(expression: str, *numbers: set[int]) -> tuple[Field, ...]:
    return tuple(Field(*pair) for pair in zip(expression.split(), map(frozenset, numbers), strict=True))


ANY_DAY = (set(range(1, 32)), set(range(1, 13)), set(range(8)))


@given(crons, changes, st.integers(-14 * 60, 14 * 60))
@example(cron_of("*/20 2 * * *", {0, 20, 40}, {2}, *ANY_DAY), (LORD_HOWE, datetime(2026, 4, 4, tzinfo=UTC)), 840)
@example(cron_of("30 2 * * *", {30}, {2}, *ANY_DAY), (NEW_YORK, datetime(2026, 3, 8, tzinfo=UTC)), 0)
@example(cron_of("30 1 * * *", {30}, {1}, *ANY_DAY), (NEW_YORK, datetime(2026, 11, 1, tzinfo=UTC)), 350)
def test_due_times_are_those_that_somebody_finds_who_looks_at_the_clock_each_minute(
    cron: tuple[Field, ...], change: tuple[ZoneInfo, datetime], minutes: int
) -> None:
    expression = " ".join(field.written for field in cron)
    zone, day = change
    start, span = day + minutes * MINUTE, timedelta(hours=14)
    if check_expression(expression) is None:  # some days are in no month
        assert due_times(expression, zone, start, span) == minute_by_minute(cron, zone, start, start + span)
