"""What a check-in is worth."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from xiaoer_red_envelope import RedEnvelopeConfig
from xiaoer_red_envelope.streak import days_in_a_row, worth

DAY = date(2026, 3, 2)


@given(st.lists(st.integers(-2, 3), max_size=20))
def test_each_day_counts_once_and_a_gap_begins_anew(steps: list[int]) -> None:
    counted: set[date] = set()
    today, last, streak = DAY, None, 0
    for step in steps:
        today += timedelta(days=step)
        found = days_in_a_row(today, last, streak)
        if found is None:
            continue
        assert today not in counted
        assert found == (streak + 1 if today - timedelta(days=1) == last else 1)
        counted.add(today)
        last, streak = today, found


def test_the_bonus_grows_up_to_its_limit() -> None:
    config = RedEnvelopeConfig(checkin=10, streak_bonus=3, streak_days=2)
    assert [worth(streak, config) for streak in (1, 2, 3, 4, 100)] == [10, 13, 16, 16, 16]
