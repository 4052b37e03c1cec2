from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiaoer import Misfire
from xiaoer.recurrence import COUNTED, check_expression, decide, next_due

NEW_YORK, SHANGHAI = ZoneInfo("America/New_York"), ZoneInfo("Asia/Shanghai")
START = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = (START, datetime(2026, 3, 7, 20, tzinfo=UTC), datetime(2026, 10, 31, 20, tzinfo=UTC))
"""An ordinary day, and the days before New York's clocks are changed."""


def due_times(expression: str, zone: ZoneInfo, start: datetime, span: timedelta) -> list[datetime]:
    found: list[datetime] = []
    moment = next_due(expression, zone, start)
    while moment is not None and moment <= start + span:
        found.append(moment)
        moment = next_due(expression, zone, moment)
    return found


def test_a_time_that_does_not_exist_fires_once_that_day() -> None:
    found = due_times("30 2 * * *", NEW_YORK, datetime(2026, 3, 7, 12, tzinfo=UTC), timedelta(days=3))
    assert [moment.astimezone(NEW_YORK).date().day for moment in found] == [8, 9, 10]


def test_a_time_that_exists_twice_fires_once() -> None:
    found = due_times("30 1 * * *", NEW_YORK, datetime(2026, 10, 31, 12, tzinfo=UTC), timedelta(days=3))
    assert [moment.astimezone(NEW_YORK).date().day for moment in found] == [1, 2, 3]


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
