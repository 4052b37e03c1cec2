"""What an operator can set, and what is said of what cannot be: file, line, key, what was found, what is allowed."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from xiaoer.errors import ConfigError
from xiaoer.settings import load_settings
from xiaoer_tier_badges import TierBadges, TierBadgesConfig
from xiaoer_tier_badges.seat import Terms
from xiaoer_web import WebAdapter

HEAD = """\
[adapters.web]

[communities.town]
name = "Town"
spaces = ["web:town"]
plugins = ["tier_badges"]

[communities.town.tier_badges.tracks.city]
capacity = 50
"""
"""Nine lines, to which each test adds its ranks."""


def told(folder: Path, ranks: str) -> list[str]:
    """Return what is wrong with ranks, each with its line."""
    file = folder / "plugins.toml"
    file.write_text(HEAD + ranks)
    with pytest.raises(ConfigError) as raised:
        load_settings(file, {"web": WebAdapter}, {"tier_badges": TierBadges}, {})
    return [f"{problem.line} {problem.key}: {problem.message}" for problem in raised.value.problems]


@pytest.mark.parametrize(
    ("ranks", "said"),
    [
        (
            'a.numbers = "1-20"\nb.numbers = "15-50"',
            "12 [...].b.numbers: found '15-50': numbers 15-20 are in rank a too: begin at 21",
        ),
        (
            'a.numbers = "1-20"\nb.numbers = "22-50"',
            "12 [...].b.numbers: found '22-50': number 21 before it is in no rank: begin at 21",
        ),
        (
            'a.numbers = "3-50"',
            "11 [...].a.numbers: found '3-50': numbers 1-2 before it are in no rank: begin at 1",
        ),
        (
            'a.numbers = "1-51"',
            "11 [...].a.numbers: found '1-51': there are 50 seats: end at 50 at most, or raise capacity",
        ),
        (
            'a.numbers = "1-40"',
            "11 [...].a.numbers: found '1-40': numbers 41-50 behind it are in no rank: end at 50, or lower capacity",
        ),
        (
            'a.numbers = "one"',
            "11 [...].a.numbers: found 'one': write the first and the last number, 11-50 for instance, or one number",
        ),
        (
            'a = { numbers = "1-50", colour = "gold" }',
            "11 [...].a.colour: found 'gold': write red, green and blue as six hexadecimal digits, "
            "#C9A227 for instance",
        ),
    ],
)
def test_a_wrong_range_is_said_with_its_line_and_what_is_allowed(tmp_path: Path, ranks: str, said: str) -> None:
    key = "communities.town.tier_badges.tracks.city.ranks"
    assert told(tmp_path, f"[{key}]\n{ranks}\n") == [said.replace("[...]", key)]


def test_every_wrong_range_is_said(tmp_path: Path) -> None:
    ranks = '[communities.town.tier_badges.tracks.city.ranks]\na.numbers = "2-9"\nb.numbers = "9-50"\n'
    assert [line.partition(" ")[0] for line in told(tmp_path, ranks)] == ["11", "12"]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"tracks": {"City": {}}}, "an id is small letters"),
        ({"tracks": {"city": {"subjects": {"Hang zhou": {}}}}}, "an id is small letters"),
        ({"tracks": {"city": {"capacity": 0}}}, "greater than or equal to 1"),
        ({"tracks": {"city": {"vacant": "keep"}}}, "'refill' or 'retire'"),
        ({"offer": "luck"}, "'hand', 'points', 'referrals' or 'joined'"),
        ({"on_leave": "sell"}, "'keep' or 'vacate'"),
        ({"registry": "all"}, "'names' or 'redacted'"),
        ({"seats": 3}, "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_value_is_said_in_a_sentence(config: Any, said: str) -> None:
    with pytest.raises(ValidationError) as raised:
        TierBadgesConfig.model_validate(config, strict=False)
    assert said in str(raised.value)


def test_what_a_subject_does_not_say_its_track_says_and_then_the_plugin() -> None:
    tracks = {"city": {"offer": "points", "points": 50, "subjects": {"a": {"points": 70}, "b": {"open": True}}}}
    board = TierBadgesConfig.model_validate({"tracks": tracks, "referrals": 3, "joined_days": 9}, strict=False).board
    terms = {key: subject.terms for key, subject in board["city"].subjects.items()}
    assert terms == {"a": Terms("points", 70, 3, 9, False), "b": Terms("points", 50, 3, 9, True)}


def test_ranks_of_a_smaller_track_end_where_its_seats_do() -> None:
    board = TierBadgesConfig.model_validate({"tracks": {"shop": {"capacity": 30}}}, strict=False).board
    assert [(rank.first, rank.last) for rank in board["shop"].ranks] == [(1, 10), (11, 30)]
