from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiaoer_welcome.greeting import filled, receive, unknown_placeholder

NOW = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def test_somebody_who_comes_back_soon_is_received_silently() -> None:
    assert receive(NOW, NOW - DAY + timedelta(seconds=1), 0, burst=5, again_after=DAY) == "silently"
    assert receive(NOW, NOW - DAY, 0, burst=5, again_after=DAY) == "alone"


@given(st.integers(0, 1000), st.integers(1, 100))
def test_only_so_many_a_minute_are_greeted_alone(before: int, burst: int) -> None:
    received = receive(NOW, None, before, burst=burst, again_after=DAY)
    assert received == ("alone" if before < burst else "together")


@pytest.mark.parametrize("bad", ["{nobody}", "{}", "{name!r}", "{name:>100}", "{name", "}", "{name.x}", "{0}"])
def test_a_greeting_may_name_nothing_but_what_is_allowed(bad: str) -> None:
    assert unknown_placeholder(f"Hi {bad}") is not None


@given(st.text(), st.text())
def test_a_name_that_looks_like_a_placeholder_stays_a_name(name: str, community: str) -> None:
    assert filled("Hi {name} in {community}!", name, community) == ("Hi ", name, " in ", community, "!")
