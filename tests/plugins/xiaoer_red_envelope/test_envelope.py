"""What an envelope may be."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiaoer import Refusal
from xiaoer_red_envelope import RedEnvelopeConfig
from xiaoer_red_envelope.envelope import Sent, Typed, Wish, check, in_words, luckiest, opening, said, words_in

NOTHING = Sent(0, 0)


def refused(wish: Wish, sent: Sent = NOTHING, **config: Any) -> str:
    with pytest.raises(Refusal) as refusal:
        check(wish, sent, RedEnvelopeConfig(**config))
    return refusal.value.key.rpartition(".")[2]


@given(st.integers(-5, 60), st.integers(-5, 60), st.sampled_from(["lucky", "equal"]), st.integers(0, 60))
def test_what_passes_can_be_split_and_keeps_to_the_limits(points: int, shares: int, kind: Any, before: int) -> None:
    config = RedEnvelopeConfig(most_points=50, most_shares=20, points_a_day=60)
    try:
        check(Wish(kind, points, shares), Sent(1, before), config)
    except Refusal:
        return
    assert 1 <= shares <= min(points, 20)
    assert points <= min(50, 60 - before)
    assert kind == "lucky" or points % shares == 0


def test_each_fault_has_its_own_refusal() -> None:
    assert refused(Wish("lucky", 5, 0)) == "none"
    assert refused(Wish("lucky", 3, 4)) == "thin"
    assert refused(Wish("equal", 10, 4)) == "uneven"
    assert refused(Wish("password", 10, 4)) == "word"
    assert refused(Wish("password", 10, 4, word="x" * 31)) == "word"
    assert refused(Wish("lucky", 10, 4, greeting="x" * 61)) == "long_greeting"
    assert refused(Wish("lucky", 11, 4), most_points=10) == "too_many_points"
    assert refused(Wish("lucky", 11, 4), most_shares=3) == "too_many_shares"
    assert refused(Wish("lucky", 11, 4), Sent(3, 0), envelopes_a_day=3) == "envelopes_today"
    assert refused(Wish("lucky", 11, 4), Sent(1, 90), points_a_day=100) == "points_today"


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("发红包 88 10", Typed(88, 10, "")),
        ("发红包88 10 恭喜 发财", Typed(88, 10, "恭喜 发财")),
        (" 发红包　８８　１０ 恭喜\n发财 ", Typed(88, 10, "恭喜\n发财")),
        ("发红包", Typed(None, None, "")),
        ("发红包 88", Typed(None, None, "")),
        ("发红包 -8 10", Typed(None, None, "")),
        ("发红包 88 10x", Typed(None, None, "")),
        ("发红包了", None),
        ("我发红包 88 10", None),
    ],
)
def test_an_envelope_is_read_out_of_plain_words(text: str, typed: Typed | None) -> None:
    assert in_words(text, ["hongbao!", "发红包"]) == typed


def test_an_empty_word_is_no_word() -> None:
    assert in_words("88 10", ["", " "]) is None


@pytest.mark.parametrize(
    ("typed", "day", "hour"),
    [("20:30", 2, 20), ("11:59", 3, 11), ("12:00", 3, 12), ("9：05", 3, 9), (" 23:59 ", 2, 23)],
)
def test_a_time_is_todays_or_tomorrows(typed: str, day: int, hour: int) -> None:
    found = opening(typed, datetime(2026, 3, 2, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai")))
    assert (found.day, found.hour) == (day, hour)


@pytest.mark.parametrize("typed", ["24:00", "12:60", "noon", "", "-1:00", "1200"])
def test_what_is_no_time_is_refused(typed: str) -> None:
    with pytest.raises(Refusal):
        opening(typed, datetime(2026, 3, 2, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai")))


def test_of_several_with_most_the_first_is_the_luckiest() -> None:
    assert luckiest([("ann", 3), ("bob", 7), ("cat", 7)]) == ("bob", 7)
    assert luckiest([]) is None


def test_a_word_is_the_same_in_any_width_and_case() -> None:
    assert said(" ＳＥＳＡＭＥ ") == said("sesame")


def test_people_are_named_with_any_comma_between_them() -> None:
    assert words_in("@ann，bob、cat, dan\neve") == ["@ann", "bob", "cat", "dan", "eve"]
