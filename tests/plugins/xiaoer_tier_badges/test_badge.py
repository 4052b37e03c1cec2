"""The badges that follow from seats: pure rules."""

from hypothesis import given
from hypothesis import strategies as st

from xiaoer_tier_badges import TierBadgesConfig
from xiaoer_tier_badges.badge import TAG, Held, badges_of, tag
from xiaoer_tier_badges.seat import Place

BOARD = TierBadgesConfig.model_validate(
    {
        "tracks": {
            "city": {
                "en": "City",
                "zh": "城市",
                "subjects": {"hangzhou": {"en": "Hangzhou", "zh": "杭州"}, "suzhou": {}},
            },
            "shop": {"en": "Shop", "zh": "店"},
        }
    }
).board
HANGZHOU, SUZHOU, SHOP = Place("city", "hangzhou"), Place("city", "suzhou"), Place("shop", "main")
SEATS = st.lists(st.builds(Held, st.sampled_from([HANGZHOU, SUZHOU, SHOP]), st.integers(1, 220)), max_size=8)


def test_a_seat_has_the_badge_of_its_rank() -> None:
    (badge,) = badges_of(BOARD, [Held(HANGZHOU, 7)], "zh")
    assert (badge.kind, badge.name, badge.tag, badge.colour) == (
        "city.hangzhou.founding",
        "杭州 · 创始",
        "创始·07",
        0xC9A227,
    )


def test_a_subject_without_a_name_is_called_like_its_track() -> None:
    assert [badge.name for badge in badges_of(BOARD, [Held(SHOP, 60)], "en")] == ["Shop · Partner"]


def test_the_highest_rank_comes_first_and_then_the_lowest_number() -> None:
    found = badges_of(BOARD, [Held(SHOP, 60), Held(SUZHOU, 9), Held(HANGZHOU, 10), Held(SHOP, 20)], "en")
    assert [badge.tag for badge in found] == ["Founding·09", "Founding·10", "Initiating·20", "Partner·60"]


def test_two_numbers_of_one_rank_are_one_badge_with_the_lower_number() -> None:
    assert [badge.tag for badge in badges_of(BOARD, [Held(SHOP, 8), Held(SHOP, 3)], "en")] == ["Founding·03"]


def test_a_seat_that_the_configuration_does_not_have_any_more_has_no_badge() -> None:
    assert badges_of(BOARD, [Held(SHOP, 200), Held(Place("gone", "main"), 1), Held(Place("city", "x"), 1)], "en") == ()


@given(SEATS)
def test_kinds_come_once_and_all_who_wear_a_kind_wear_it_in_the_same_order(seats: list[Held]) -> None:
    found = badges_of(BOARD, seats, "en")
    assert len({badge.kind for badge in found}) == len(found)
    for badge in found:
        (alone,) = badges_of(BOARD, [next(s for s in seats if badge in badges_of(BOARD, [s], "en"))], "en")
        assert alone.order == badge.order


@given(SEATS, st.permutations(range(8)))
def test_badges_do_not_depend_on_the_order_of_seats(seats: list[Held], order: list[int]) -> None:
    mixed = [seats[n] for n in order if n < len(seats)]
    assert badges_of(BOARD, mixed, "en") == badges_of(BOARD, seats, "en")


@given(st.text(max_size=40), st.integers(1, 9_999))
def test_a_tag_is_short_and_has_the_whole_number(rank: str, number: int) -> None:
    found = tag(rank, number)
    assert len(found) <= TAG
    assert found.endswith(f"·{number:02}")
