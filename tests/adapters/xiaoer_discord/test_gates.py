"""Gates of channels: what is said of whom, and that it is taken back exactly."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.xiaoer_discord.town import Town
from tests.simulators.discord import Channel, Fault
from tests.simulators.discord.world import OF_THE_BOT, P

from xiaoer import Badge, DeliveryError, Gate, Hopeless, NotPermitted, Wear
from xiaoer_discord.gates import VIEW, Overwrite

RIGHTS = int(OF_THE_BOT | P.MANAGE_ROLES | P.KICK_MEMBERS)
SAY, UNSAY = (
    "PUT /channels/{channel.id}/permissions/{overwrite.id}",
    "DELETE /channels/{channel.id}/permissions/{overwrite.id}",
)
GET = "GET /channels/{channel.id}"
PASS, OTHER = Badge("pass", "Founders"), Badge("other", "Others")

Overwrites = dict[int, tuple[int, int, int]]


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as found:
        await found.permit(RIGHTS)
        for name in ("Ann", "Bob"):
            await found.join(name)
        await found.settle()
        yield found


@pytest.fixture
def room(town: Town) -> Channel:
    return town.server.channel(town.guild, "founders")


async def gate(town: Town, room: Channel, badge: Badge | None = PASS, plugin: str = "seats") -> None:
    await town.perform(Gate("1", f"{town.space}/{room.id}", plugin, badge))


async def wear(town: Town, name: str, *badges: Badge) -> None:
    await town.perform(Wear("1", town.space, "seats", f"discord:{town.account(name)}", badges))


def who_sees(town: Town, room: Channel) -> list[str]:
    people = (town.person("Ann"), town.person("Bob"), town.server.bot)
    return [user.name for user in people if town.server.sees(user, room)]


async def test_only_those_see_a_gated_channel_who_wear_its_badge(town: Town, room: Channel) -> None:
    await wear(town, "Ann", PASS)
    await gate(town, room)
    assert who_sees(town, room) == ["Ann", "Xiaoer"]
    await wear(town, "Ann")
    await wear(town, "Bob", PASS)
    assert who_sees(town, room) == ["Bob", "Xiaoer"]


async def test_a_gate_that_is_up_asks_for_nothing(town: Town, room: Channel) -> None:
    await gate(town, room)
    before = len(town.server.audit)
    await gate(town, room)
    assert len(town.server.audit) == before


@pytest.mark.parametrize("everybody", [None, (0, 0), (int(P.SEND_MESSAGES), 0), (VIEW, 0), (0, VIEW)])
@pytest.mark.parametrize("bot", [None, (VIEW | int(P.MANAGE_MESSAGES), 0)])
async def test_all_else_that_a_channel_says_stays_and_the_gate_is_taken_back_exactly(
    town: Town, room: Channel, everybody: tuple[int, int] | None, bot: tuple[int, int] | None
) -> None:
    helper = town.server.role(town.guild, "Helper")
    room.overwrites[helper.id] = (0, int(P.SEND_MESSAGES), int(P.ADD_REACTIONS))
    if everybody is not None:
        room.overwrites[town.guild.id] = (0, *everybody)
    hidden = everybody == (0, VIEW)
    if bot is not None or hidden:
        room.overwrites[town.server.bot.id] = (1, *(bot or (VIEW, 0)))
    before: Overwrites = dict(room.overwrites)
    await gate(town, room)
    assert who_sees(town, room) == ["Xiaoer"]
    for target, (kind, allow, deny) in before.items():
        _, now_allow, now_deny = room.overwrites[target]
        assert (room.overwrites[target][0], now_allow & ~VIEW, now_deny & ~VIEW) == (kind, allow & ~VIEW, deny & ~VIEW)
    await town.restart(kill=True)
    await gate(town, room, None)
    assert room.overwrites == before


async def test_what_somebody_opened_by_hand_stays_open(town: Town, room: Channel) -> None:
    await gate(town, room)
    town.server.overwrite(room, town.guild.everyone, allow=VIEW)
    await gate(town, room, None)
    assert room.overwrites == {town.guild.id: (0, VIEW, 0)}


async def test_a_gate_for_another_badge_shuts_out_those_of_the_first(town: Town, room: Channel) -> None:
    await wear(town, "Ann", PASS)
    await gate(town, room)
    await wear(town, "Bob", OTHER)
    await gate(town, room, OTHER)
    assert who_sees(town, room) == ["Bob", "Xiaoer"]
    await gate(town, room, None)
    assert room.overwrites == {}


@pytest.mark.parametrize("done", range(4))
async def test_a_gate_that_broke_off_halfway_is_put_up_and_taken_back_all_the_same(
    town: Town, room: Channel, done: int
) -> None:
    room.overwrites[town.guild.id] = (0, VIEW, 0)
    await wear(town, "Ann", PASS)
    for shut in (True, False):
        badge = PASS if shut else None
        name = SAY if shut else UNSAY
        town.server.faults.next(name, *[Fault()] * done, Fault(503, "Service Unavailable"))
        try:
            await gate(town, room, badge)
        except DeliveryError:
            await town.restart(kill=True)
            await gate(town, room, badge)
        town.server.faults = type(town.server.faults)()
        assert who_sees(town, room) == (["Ann", "Xiaoer"] if shut else ["Ann", "Bob", "Xiaoer"])
    assert room.overwrites == {town.guild.id: (0, VIEW, 0)}


async def test_a_role_that_was_made_anew_opens_the_gates_of_its_forerunner(town: Town, room: Channel) -> None:
    await wear(town, "Ann", PASS)
    await gate(town, room)
    (role,) = [role for role in town.guild.roles if role.name == "Founders"]
    town.server.delete_role(town.guild, role)
    await town.settle()
    assert who_sees(town, room) == ["Xiaoer"]
    await wear(town, "Ann", PASS)
    assert who_sees(town, room) == ["Ann", "Xiaoer"]
    await gate(town, room, None)
    assert room.overwrites == {}


async def test_a_gate_is_taken_away_by_its_own_plugin_alone(town: Town, room: Channel) -> None:
    await gate(town, room)
    await gate(town, room, None, plugin="other")
    assert who_sees(town, room) == ["Xiaoer"]


async def test_the_gate_of_a_channel_that_is_gone_is_taken_away(town: Town, room: Channel) -> None:
    await gate(town, room)
    town.server.faults.next(GET, Fault(404, "Unknown Channel", code=10003))
    await gate(town, room, None)
    before = len(town.calls(GET))
    await gate(town, room, None)
    assert len(town.calls(GET)) == before


async def test_admins_hear_once_that_the_bot_may_not_change_who_sees_a_channel(town: Town, room: Channel) -> None:
    await wear(town, "Ann", PASS)
    await town.permit(OF_THE_BOT)
    for _ in range(2):
        with pytest.raises(NotPermitted, match="Manage Roles"):
            await gate(town, room)
    assert town.reports == ["discord.no_gates"]
    await town.permit(RIGHTS)
    await gate(town, room)
    assert who_sees(town, room) == ["Ann", "Xiaoer"]


async def test_a_channel_that_the_bot_does_not_see_is_told_and_gets_no_role(town: Town) -> None:
    hidden = town.server.channel(town.guild, "hidden", readable=False)
    with pytest.raises(NotPermitted):
        await gate(town, hidden)
    assert town.reports == ["discord.no_gates"]
    assert [role.name for role in town.guild.roles] == ["Xiaoer"]


async def test_a_thread_and_a_whole_server_have_no_gate(town: Town, room: Channel) -> None:
    with pytest.raises(Hopeless, match="name the channel"):
        await gate(town, town.server.thread(room, "talk"))
    with pytest.raises(Hopeless, match="for a channel"):
        await town.perform(Gate("1", town.space, "seats", PASS))


BITS = st.integers(0, (1 << 53) - 1)


@given(BITS, BITS, st.sampled_from([None, True, False]))
def test_what_is_said_of_seeing_changes_nothing_else_and_can_be_said_back(
    allow: int, deny: int, view: bool | None
) -> None:
    before = Overwrite(True, allow & ~deny, deny)
    after = before.with_view(view)
    assert after.view is view
    assert (after.allow ^ before.allow) & ~VIEW == (after.deny ^ before.deny) & ~VIEW == 0
    assert after.with_view(before.view) == before
