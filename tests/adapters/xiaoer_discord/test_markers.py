"""Marker roles of invites: what they tell of a join, and that none of them stays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.xiaoer_discord.town import Town
from tests.contracts.discord_stage import DiscordStage
from tests.simulators.discord import Fault, TurnedAwayError
from tests.simulators.discord.invites import code_of
from tests.simulators.discord.world import OF_THE_BOT, P, Role

from xiaoer import DeliveryError, Invite, Revoke
from xiaoer_discord.markers import NAME

INVITE, MAKE = "POST /channels/{channel.id}/invites", "POST /guilds/{guild.id}/roles"
ALL = int(OF_THE_BOT | P.CREATE_INSTANT_INVITE | P.MANAGE_GUILD | P.MANAGE_CHANNELS | P.MANAGE_ROLES)


class Marked(Town):
    """A town that marks its invites."""

    async def open(self) -> None:
        """Start Discord."""
        await super().open()
        self.section += "\nmarker_roles = true"
        self.guild.roles[0].permissions = ALL


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Marked(tmp_path) as found:
        await found.settle()
        yield found


def markers(town: Town) -> list[Role]:
    return [role for role in town.guild.roles if role.name == NAME]


async def make(town: Town, **fields: Any) -> str:
    return (await town.perform(Invite("1", town.space, **fields))).invite or ""


def enter(town: Town, name: str, *addresses: str) -> None:
    for address in addresses:
        town.server.doors.enter(town.person(name), code_of(address))


async def came(town: Town, number: int) -> list[str]:
    """Return how people came, as soon as so many are told."""
    found: list[str] = []

    async def look() -> None:
        found[:] = [row[1] + " " + row[2] for row in await DiscordStage.notes(town, "join")]

    while len(found) < number:
        await town.clock.advance(1)
        await look()
    return found


def bare(town: Town, name: str) -> bool:
    return not town.guild.members[town.person(name).id].roles


async def test_two_who_come_at_once_by_two_invites_are_both_told_exactly(town: Town) -> None:
    ann, ben = await make(town), await make(town)
    enter(town, "Cid", ben)
    enter(town, "Dan", ann)
    assert await came(town, 2) == ["Cid referral exact", "Dan referral exact"]
    await town.until(lambda: bare(town, "Cid") and bare(town, "Dan"))


async def test_a_marker_lets_nobody_do_anything_and_each_invite_has_its_own(town: Town) -> None:
    for _ in range(2):
        await make(town)
    assert [(role.permissions, role.hoist, role.mentionable) for role in markers(town)] == [(0, False, False)] * 2
    assert [len(made.roles) for made in town.server.doors.made.values()] == [1, 1]


async def test_what_a_member_accepts_later_says_nothing_and_is_taken_off(town: Town) -> None:
    invite = await make(town)
    await town.join("Cid")
    assert await came(town, 1) == ["Cid unknown unknown"]
    with pytest.raises(TurnedAwayError):
        enter(town, "Cid", invite)
    assert not bare(town, "Cid")
    await town.later(lambda: bare(town, "Cid"), 5)
    assert await came(town, 1) == ["Cid unknown unknown"]


async def test_who_came_while_the_program_was_away_is_told_as_inferred(town: Town) -> None:
    ann, ben = await make(town), await make(town)
    async with town.away():
        enter(town, "Cid", ben)
        enter(town, "Dan", ann)
    assert await came(town, 2) == ["Cid referral inferred", "Dan referral inferred"]
    await town.later(lambda: bare(town, "Cid") and bare(town, "Dan"))


async def test_who_wears_two_markers_is_told_by_neither(town: Town) -> None:
    ann, ben = await make(town), await make(town)
    async with town.away():
        enter(town, "Dan", ann)
        enter(town, "Cid", ben)
        with pytest.raises(TurnedAwayError):
            enter(town, "Cid", ann)
    assert await came(town, 2) == ["Dan referral inferred", "Cid unknown unknown"]


async def test_the_marker_goes_with_its_invite(town: Town) -> None:
    revoked, once, _ = await make(town), await make(town, uses=1), await make(town)
    await town.perform(Revoke("2", town.space, revoked))
    enter(town, "Cid", once)
    assert await came(town, 1) == ["Cid referral exact"]
    assert len(markers(town)) == 3
    await town.later(lambda: len(markers(town)) == 1, 5)


async def test_the_marker_of_an_invite_that_went_while_the_program_was_away_goes_too(town: Town) -> None:
    gone, _ = await make(town), await make(town)
    async with town.away():
        town.server.doors.revoke(town.server.doors.made[code_of(gone)])
    await town.later(lambda: len(markers(town)) == 1, 5)


@pytest.mark.parametrize("kill", [False, True])
async def test_a_marker_whose_invite_nobody_knows_is_never_used_again(town: Town, kill: bool) -> None:
    town.server.faults.next(INVITE, Fault(503, "Service Unavailable"))
    with pytest.raises(DeliveryError):
        await make(town)
    (lost,) = markers(town)
    await make(town)
    assert len(markers(town)) == 2
    if kill:
        town.server.role(town.guild, NAME)
        await town.restart(kill=True)
    await town.later(lambda: len(markers(town)) == 1, 5)
    assert lost not in markers(town)


@pytest.mark.parametrize("why", ["no right", "full", "refused"])
async def test_invites_are_made_without_markers_where_there_can_be_none_and_admins_hear_it_once(
    town: Town, why: str
) -> None:
    if why == "no right":
        await town.permit(ALL & ~P.MANAGE_ROLES)
    elif why == "full":
        for _ in range(200):
            town.server.role(town.guild, "r")
        await town.settle()
    else:
        town.server.faults.next(INVITE, *[Fault(403, "Missing Permissions", code=50013), Fault()] * 2)
    for _ in range(2):
        assert await make(town)
    assert [made.roles for made in town.server.doors.made.values()] == [[], []]
    assert town.reports == ["discord.no_markers"]


async def test_nothing_is_marked_unless_an_operator_wants_it(tmp_path: Path) -> None:
    async with Town(tmp_path) as town:
        await town.permit(ALL)
        await make(town)
        assert (markers(town), town.calls(MAKE)) == ([], [])
