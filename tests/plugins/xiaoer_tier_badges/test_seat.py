"""Numbers, ranks and what subjects are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiaoer_tier_badges.config import TierBadgesConfig
from xiaoer_tier_badges.seat import Place, Span, faults, find_places, lowest_free, parse_numbers, standard_ranks

CITIES = TierBadgesConfig.model_validate(
    {
        "tracks": {
            "city": {"zh": "城市", "en": "City", "subjects": {"hangzhou": {"zh": "杭州"}, "suzhou": {}}},
            "shop": {"en": "Shop", "subjects": {"main": {"en": "Corner"}}},
            "town": {},
        }
    },
    strict=False,
).board


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("11-50", (11, 50)),
        (" 1 – 10 ", (1, 10)),
        ("7", (7, 7)),
        ("0-3", None),
        ("9-3", None),
        ("a-b", None),
        ("", None),
    ],
)
def test_a_range_is_two_numbers_or_one(text: str, ends: tuple[int, int] | None) -> None:
    assert parse_numbers(text) == ends


@given(st.integers(1, 300), st.lists(st.integers(1, 299), unique=True, max_size=6))
def test_ranges_without_a_gap_up_to_the_capacity_have_no_fault(capacity: int, cuts: list[int]) -> None:
    ends = [*sorted(cut for cut in cuts if cut < capacity), capacity]
    spans = [Span(f"r{end}", first, end) for first, end in zip([1, *(end + 1 for end in ends)], ends, strict=False)]
    assert list(faults(spans, capacity)) == []


@given(st.integers(1, 30), st.lists(st.tuples(st.integers(1, 35), st.integers(0, 9)), min_size=1, max_size=5))
def test_ranges_without_a_fault_give_each_number_one_rank(capacity: int, ranges: list[tuple[int, int]]) -> None:
    spans = [Span(f"r{nr}", first, first + more) for nr, (first, more) in enumerate(ranges)]
    owners = [sum(span.first <= number <= span.last for span in spans) for number in range(1, 60)]
    whole = owners == [1] * capacity + [0] * (59 - capacity)
    assert (list(faults(spans, capacity)) == []) == whole


@given(st.integers(1, 400))
def test_a_track_that_lists_no_ranks_has_one_for_each_number(capacity: int) -> None:
    spans = [Span(rank.id, rank.first, rank.last) for rank in standard_ranks(capacity)]
    assert list(faults(spans, capacity)) == []


def test_the_standard_seats_are_founding_initiating_and_partner() -> None:
    (track,) = TierBadgesConfig().board.values()
    ranks = [(rank.id, rank.first, rank.last) for rank in track.ranks]
    assert (track.capacity, ranks) == (199, [("founding", 1, 10), ("initiating", 11, 50), ("partner", 51, 199)])


@given(st.integers(1, 50), st.sets(st.integers(1, 60)))
def test_the_lowest_number_that_is_free_is_given(capacity: int, taken: set[int]) -> None:
    free = [number for number in range(1, capacity + 1) if number not in taken]
    assert lowest_free(capacity, taken) == (free[0] if free else None)


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("city/hangzhou", ["city/hangzhou"]),
        ("Hangzhou", ["city/hangzhou"]),
        ("杭州", ["city/hangzhou"]),
        ("城市／杭州", ["city/hangzhou"]),
        ("suzhou", ["city/suzhou"]),
        ("shop", ["shop/main"]),
        ("corner", ["shop/main"]),
        ("main", ["shop/main", "town/main"]),
        ("Teahouse", ["town/main"]),
        ("city", []),
        ("", ["city/hangzhou", "city/suzhou", "shop/main", "town/main"]),
    ],
)
def test_a_subject_is_meant_by_its_id_or_by_what_it_is_called(word: str, found: list[str]) -> None:
    assert [str(subject.place) for subject in find_places(CITIES, word, "Teahouse")] == found


def test_what_is_called_like_an_id_elsewhere_is_meant_by_its_whole_path() -> None:
    assert [subject.place for subject in find_places(CITIES, "town/main", "Teahouse")] == [Place("town", "main")]
