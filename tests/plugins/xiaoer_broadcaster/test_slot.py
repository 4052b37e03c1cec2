"""When slots are, as pure functions."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiaoer_broadcaster.slot import (
    Window,
    jitter_of,
    moment,
    occurrence,
    parse_day,
    parse_days,
    parse_window,
    teaser_now,
)

NEW_YORK, SHANGHAI, LORD_HOWE = map(ZoneInfo, ("America/New_York", "Asia/Shanghai", "Australia/Lord_Howe"))
ZONES = st.sampled_from(
    ["America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "America/Santiago", "Europe/Dublin", "Pacific/Apia"]
).map(ZoneInfo)
times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
days = st.dates(date(2010, 1, 1), date(2040, 1, 1))


def test_a_window_in_shanghai_is_where_clocks_say() -> None:
    found = occurrence("town", "morning", Window(time(7, 30), 90), date(2026, 3, 2), SHANGHAI, 0)
    assert found is not None
    assert found.begin == found.due == datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    assert found.deadline == datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def test_a_time_that_new_york_leaves_out_begins_right_after_the_gap() -> None:
    assert moment(date(2026, 3, 8), time(2, 30), NEW_YORK) == datetime(2026, 3, 8, 7, 0, tzinfo=UTC)  # 03:00 EDT


def test_a_time_that_new_york_has_twice_begins_the_first_time_and_lasts_its_minutes() -> None:
    found = occurrence("town", "night", Window(time(1, 30), 90), date(2026, 11, 1), NEW_YORK, 0)
    assert found is not None
    assert found.begin == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)  # 01:30 EDT
    assert found.deadline - found.begin == timedelta(minutes=90)


def test_a_day_that_samoa_left_out_has_no_window() -> None:
    assert moment(date(2011, 12, 30), time(7, 30), ZoneInfo("Pacific/Apia")) is None


@given(days, times, ZONES)
def test_no_clock_shows_the_time_of_a_window_before_it_begins(day: date, at: time, zone: ZoneInfo) -> None:
    begin = moment(day, at, zone)
    if begin is None:
        return
    shown = begin.astimezone(zone).replace(tzinfo=None)
    assert shown.date() == day
    assert shown.time() >= at
    before = (begin - timedelta(minutes=1)).astimezone(zone).replace(tzinfo=None)
    assert before < datetime.combine(day, at)


@given(days, times, ZONES, st.integers(5, 720), st.integers(0, 120))
def test_a_post_is_due_inside_its_window_and_always_at_the_same_moment(
    day: date, at: time, zone: ZoneInfo, minutes: int, jitter: int
) -> None:
    window = Window(at, minutes)
    found = occurrence("town", "noon", window, day, zone, jitter)
    if found is not None:
        assert found.begin <= found.due <= found.begin + timedelta(minutes=min(jitter, minutes / 2))
        assert found.due < found.deadline
        assert found == occurrence("town", "noon", window, day, zone, jitter)


def test_communities_days_and_slots_are_put_off_each_in_its_own_way() -> None:
    start = date(2026, 3, 2)
    found = {jitter_of(town, slot, start + timedelta(days=n), 60) for town in "ab" for slot in "cd" for n in range(9)}
    assert len(found) > 30


@given(times, st.integers(5, 720), st.frozensets(st.integers(0, 6), min_size=1))
def test_a_window_is_read_as_it_is_written(begins: time, minutes: int, on: frozenset[int]) -> None:
    window = Window(begins, minutes, on)
    assert parse_window(window.written) == window


@pytest.mark.parametrize(
    "text",
    [
        "",
        "07:30",
        "7",
        "07:30-07:30",
        "07:30-07:31",
        "07:30-25:00",
        "07:30-20:00",
        "07:30-09:00 sometimes",
        "٠٧:30-09:00",
    ],
)
def test_what_is_no_window_is_not_taken_for_one(text: str) -> None:
    assert parse_window(text) is None


def test_days_are_ranges_and_lists() -> None:
    assert parse_days("mon-fri") == frozenset(range(5))
    assert parse_days("sat,sun") == frozenset({5, 6})
    assert parse_days("fri-mon") == frozenset({4, 5, 6, 0})
    assert parse_days("holidays") is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("today", date(2026, 3, 2)),
        ("明天", date(2026, 3, 3)),
        ("2027-01-05", date(2027, 1, 5)),
        ("3-2", date(2026, 3, 2)),
        ("03-01", date(2027, 3, 1)),
        ("02-30", None),
        ("soon", None),
        ("٢٠٢٦-01-05", None),
    ],
)
def test_a_day_is_read_as_people_write_it(text: str, day: date | None) -> None:
    assert parse_day(text, date(2026, 3, 2)) == day


DUE = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@given(
    st.lists(st.integers(1, 1440), max_size=5, unique=True),
    st.lists(st.integers(1, 2000), min_size=1, max_size=30),
)
def test_teasers_come_once_each_in_order_and_before_their_post(minutes: list[int], looks: list[int]) -> None:
    done: list[int] = []
    for before in sorted(looks, reverse=True):
        now = DUE - timedelta(minutes=before)
        found = teaser_now(DUE, minutes, done, now)
        if found is not None:
            assert found >= before, "never before its time"
            done.append(found)
    assert done == sorted(set(done), reverse=True)
    assert teaser_now(DUE, minutes, done, DUE) is None
