"""Who qualifies at a gate, and what is wrong with one: pure rules, and the lines of the configuration."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from xiaoer import ConfigError
from xiaoer.settings import load_settings
from xiaoer_tier_badges import TierBadges, TierBadgesConfig
from xiaoer_tier_badges.badge import Held
from xiaoer_tier_badges.gate import Gate, admits, wanted, why_not
from xiaoer_tier_badges.seat import Place
from xiaoer_web import WebAdapter

BOARD = TierBadgesConfig.model_validate(
    {
        "tracks": {
            "city": {
                "en": "City",
                "zh": "城市",
                "subjects": {"hangzhou": {"en": "Hangzhou", "zh": "杭州"}, "suzhou": {}},
            },
            "shop": {},
        }
    }
).board
HANGZHOU, SUZHOU, SHOP = Place("city", "hangzhou"), Place("city", "suzhou"), Place("shop", "main")
PLACES = st.sampled_from([HANGZHOU, SUZHOU, SHOP, Place("city", "gone"), Place("gone", "main")])
SEATS = st.lists(st.builds(Held, PLACES, st.integers(1, 250)), max_size=4)


def gate(**fields: Any) -> Gate:
    return Gate.model_validate({"chat": "telegram:-1", "track": "city"} | fields)


GATES = st.builds(
    gate,
    subject=st.sampled_from(["", "hangzhou", "suzhou"]),
    ranks=st.lists(st.sampled_from(["founding", "initiating", "partner"]), max_size=3),
)


@pytest.mark.parametrize(
    ("fields", "seat", "admitted"),
    [
        ({}, Held(HANGZHOU, 199), True),
        ({}, Held(SHOP, 1), False),
        ({"subject": "hangzhou"}, Held(HANGZHOU, 7), True),
        ({"subject": "hangzhou"}, Held(SUZHOU, 7), False),
        ({"ranks": ["founding"]}, Held(SUZHOU, 10), True),
        ({"ranks": ["founding"]}, Held(SUZHOU, 11), False),
        ({}, Held(HANGZHOU, 200), False),
        ({}, Held(Place("city", "gone"), 1), False),
    ],
)
def test_a_seat_of_the_track_the_subject_and_the_rank_is_admitted(
    fields: dict[str, Any], seat: Held, admitted: bool
) -> None:
    assert admits(gate(**fields), BOARD, [seat]) is admitted


@given(GATES, SEATS, SEATS)
def test_more_seats_never_shut_a_gate(one: Gate, seats: list[Held], more: list[Held]) -> None:
    assert admits(one, BOARD, [*seats, *more]) or not admits(one, BOARD, seats)


@given(GATES, SEATS, SEATS)
def test_there_is_a_reason_exactly_when_nobody_is_admitted(one: Gate, seats: list[Held], offered: list[Held]) -> None:
    assert (why_not(one, BOARD, seats, offered) is None) is admits(one, BOARD, seats)


@pytest.mark.parametrize(
    ("seats", "offered", "reason"),
    [
        ([], [], "unseated"),
        ([Held(SHOP, 1)], [], "elsewhere"),
        ([Held(HANGZHOU, 99)], [], "rank"),
        ([], [Held(HANGZHOU, 3)], "unconfirmed"),
        ([Held(HANGZHOU, 3)], [], None),
    ],
)
def test_who_is_not_admitted_is_told_the_nearest_reason(
    seats: list[Held], offered: list[Held], reason: str | None
) -> None:
    assert why_not(gate(subject="hangzhou", ranks=["founding"]), BOARD, seats, offered) == reason


def test_a_gate_says_in_words_what_it_admits() -> None:
    one = gate(subject="hangzhou", ranks=["founding", "partner"])
    assert wanted(one, BOARD, "en") == "Hangzhou · Founding, Partner"
    assert wanted(one, BOARD, "zh") == "杭州 · 创始, 合伙"
    assert wanted(gate(), BOARD, "zh") == "城市"


CONFIG = """
[adapters.web]
[communities.town]
name = "Town"
spaces = ["web:town"]
plugins = ["tier_badges"]
[communities.town.tier_badges.tracks.city.subjects.hangzhou]
[[communities.town.tier_badges.gates]]
chat = "web:town/club"
track = "city"
[[communities.town.tier_badges.gates]]
{key} = {value}
{rest}
"""


@pytest.mark.parametrize(
    ("key", "value", "rest", "said"),
    [
        ("track", '"city"', 'chat = "web:town/club"', "web:town/club has a gate already"),
        ("track", '"shop"', 'chat = "web:town/b"', "there is no track shop: name city"),
        ("subject", '"suzhou"', 'track = "city"\nchat = "web:town/b"', "city has no subject suzhou: name hangzhou"),
        ("ranks", '["gold"]', 'track = "city"\nchat = "web:town/b"', "no rank gold: name founding or initiating or"),
        ("chat", '"club"', 'track = "city"', "write a chat as platform:id"),
        ("link", '"club"', 'track = "city"\nchat = "web:town/b"', "write an address that begins with https://"),
    ],
)
def test_a_gate_that_does_not_fit_is_said_with_its_line(
    tmp_path: Path, key: str, value: str, rest: str, said: str
) -> None:
    file = tmp_path / "plugins.toml"
    file.write_text(CONFIG.format(key=key, value=value, rest=rest), encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        load_settings(file, {"web": WebAdapter}, {"tier_badges": TierBadges}, {})
    (problem,) = raised.value.problems
    assert said in problem.message
    assert problem.line >= 11


def test_a_gate_knows_no_other_keys() -> None:
    with pytest.raises(ValidationError):
        gate(remov=True)
