from hypothesis import given
from hypothesis import strategies as st

from xiaoer.health import FAILURES, REST, Health


def test_failures_of_one_person_alone_do_not_pause_a_plugin() -> None:
    health = Health()
    assert not any(health.failed("ann", float(now)) for now in range(10))
    assert not health.rests(11.0, "k")


def test_three_persons_in_a_row_pause_it_once_until_it_has_rested() -> None:
    health = Health()
    assert [health.failed(who, 0.0) for who in ("ann", "bob", "cat")] == [False, False, True]
    assert health.rests(REST - 0.1, "k")
    assert not health.rests(REST, "k")
    assert health.failed("dan", REST) is False, "a pause that goes on is not told again"
    assert health.rests(2 * REST - 0.1, "k")


def test_a_success_in_between_starts_the_count_anew() -> None:
    health = Health()
    health.failed("ann", 0.0)
    health.failed("bob", 0.0)
    assert health.succeeded() is False
    assert health.failed("cat", 0.0) is False


def test_the_first_success_after_a_pause_is_told() -> None:
    health = Health()
    for who in ("ann", "bob", "cat"):
        health.failed(who, 0.0)
    assert health.succeeded() is True
    assert health.succeeded() is False


@given(st.lists(st.sampled_from(["ann", "bob", "cat", "dan", None])))
def test_it_is_paused_only_by_different_causes_without_a_success_between(story: list[str | None]) -> None:
    health = Health()
    streak: set[str] = set()
    for cause in story:
        if cause is None:
            health.succeeded()
            streak.clear()
            continue
        streak.add(cause)
        if health.failed(cause, 0.0):
            assert len(streak) >= FAILURES
            return
        assert len(streak) < FAILURES
