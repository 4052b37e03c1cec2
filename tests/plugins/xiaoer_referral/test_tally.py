"""Joins are counted by the community's days, and the sums agree."""

from datetime import date
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from xiaoer_referral.tally import CERTAINTIES, KINDS, Came, Tally

ZONE = ZoneInfo("Asia/Kathmandu")
came = st.builds(
    Came, st.integers(1_900_000, 1_900_400), st.sampled_from(KINDS), st.sampled_from(CERTAINTIES), st.just(2)
)


@given(st.lists(came, max_size=30))
def test_every_way_of_adding_up_comes_to_the_same(rows: list[Came]) -> None:
    tally = Tally(rows, ZONE)
    days = {day for day, _ in tally.days}
    bars = tally.bars(max(days, default=date(2024, 1, 1)), 10)
    assert tally.total == sum(row.number for row in rows)
    assert tally.total == sum(tally.kind(kind) for kind in KINDS)
    assert tally.total == sum(sum(numbers) for _, numbers in bars)


def test_a_day_begins_at_midnight_in_the_community_s_zone() -> None:
    midnight = 1_900_800 - 23  # 18:15 UTC
    tally = Tally([Came(midnight - 1, "name", "exact", 1), Came(midnight, "name", "exact", 1)], ZONE)
    first, second = sorted(day for day, _ in tally.days)
    assert (second - first).days == 1
