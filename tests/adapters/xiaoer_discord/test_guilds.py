"""What is known of who is where."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from xiaoer import Community, Membership
from xiaoer_discord import guilds
from xiaoer_discord.guilds import Guilds, meaning_in

TOWN, VILLAGE, ANN, BEN = 1, 2, 5, 6
NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


class Core:
    """Two communities, and who is known to be in their servers."""

    def __init__(self) -> None:
        self.here: dict[str, Membership] = {}

    def communities(self) -> tuple[Community, ...]:
        town = Community("town", "Town", spaces=("discord:1", "telegram:-5"))
        return (town, Community("village", "Village", spaces=("discord:2", "discord:3")))

    def community_of(self, button: str, among: Iterable[str]) -> str | None:
        return button if button in among else None

    async def members(self, space: str) -> dict[str, Membership]:
        return self.here


@pytest.fixture
def core() -> Core:
    return Core()


@pytest.fixture
def known(core: Core) -> Guilds:
    host: Any = core
    client: Any = None
    return Guilds(host, client)


def test_servers_are_those_of_the_communities(known: Guilds) -> None:
    assert known.ids == [1, 2, 3]
    assert (known.space(TOWN), known.space(99), known.space(None)) == ("discord:1", None, None)
    assert known.community("discord:3").id == "village"


async def test_a_button_belongs_to_the_server_in_which_its_presser_is(known: Guilds) -> None:
    for guild in known.ids:
        await known.recall(guild)
    known.came(3, ANN, NOW)
    assert (known.home(ANN, "village"), known.home(ANN, "town"), known.home(ANN, "nobody's")) == (
        "discord:3",
        None,
        None,
    )


async def test_before_it_is_known_who_is_there_everybody_may_be(known: Guilds) -> None:
    assert known.home(ANN, "village") == "discord:2"


async def test_whoever_left_is_remembered_as_long_as_that_may_be_told_twice(
    known: Guilds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guilds, "REMEMBERED", 1)
    for user in (ANN, BEN):
        known.came(TOWN, user, NOW)
    known.went(TOWN, ANN)
    assert known.since(TOWN, ANN) == NOW
    known.went(TOWN, BEN)
    assert (known.since(TOWN, ANN), known.since(TOWN, BEN)) == (None, NOW)


async def test_whoever_came_back_is_there_since_then(known: Guilds) -> None:
    known.came(TOWN, ANN, NOW)
    known.went(TOWN, ANN)
    known.came(TOWN, ANN, LATER)
    assert known.since(TOWN, ANN) == LATER


async def test_what_was_told_meanwhile_is_newer_than_what_is_stored(known: Guilds, core: Core) -> None:
    core.here = {"discord:5": Membership("Ann", NOW), "discord:6": Membership("Ben", NOW)}
    known.came(TOWN, ANN, LATER)
    known.came(TOWN, BEN, NOW)
    known.went(TOWN, BEN)
    assert set(await known.recall(TOWN)) == {ANN, BEN}
    assert known.since(TOWN, ANN) == LATER
    assert known.home(BEN, "town") is None


def test_a_community_says_what_administrators_and_roles_mean() -> None:
    table = {"discord:administrator": "xiaoer", "discord:Elder": "secretary", "telegram:creator": "member"}
    assert meaning_in(Community("town", "Town", role_map=table)) == {"administrator": "xiaoer", "Elder": "secretary"}
    assert meaning_in(Community("town", "Town")) == {"administrator": "secretary"}
