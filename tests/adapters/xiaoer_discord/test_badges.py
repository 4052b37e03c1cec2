"""Badges as roles of a server: which role stands for which, who wears it, and what is told of changes by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import discord
import pytest
from tests.adapters.xiaoer_discord.town import Town
from tests.simulators.discord import Fault
from tests.simulators.discord.world import OF_THE_BOT, P, Role

from xiaoer import Badge, DeliveryError, Hopeless, NotPermitted, Receipt, TryLater, Unclear, Wear

RIGHTS = int(OF_THE_BOT | P.MANAGE_ROLES)
MAKE, ORDER = "POST /guilds/{guild.id}/roles", "PATCH /guilds/{guild.id}/roles"
CHANGE = "PATCH /guilds/{guild.id}/roles/{role.id}"
GRANT = "PUT /guilds/{guild.id}/members/{user.id}/roles/{role.id}"
TAKE = "DELETE /guilds/{guild.id}/members/{user.id}/roles/{role.id}"
LOOK = "GET /guilds/{guild.id}/members/{user.id}"

GOLD = Badge("gold", "Founding", "F·07", 0xD4A017, 1)
JADE = Badge("jade", "Partner", "P·60", 0x2F8F6B, 2)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path, {"Elder": "secretary"}) as found:
        await found.permit(RIGHTS)
        await found.join("Ann")
        await found.join("Bob")
        await found.settle()
        yield found


async def wear(town: Town, name: str, *badges: Badge, plugin: str = "seats") -> Receipt:
    account = f"discord:{town.account(name)}"
    return await town.perform(Wear("1", town.space, plugin, account, badges))


def worn(town: Town, name: str) -> list[str]:
    return town.server.roles_of(town.guild, town.person(name))


def named(town: Town, name: str) -> list[Role]:
    return [role for role in town.guild.roles if role.name == name]


async def told(town: Town) -> list[str]:
    """Return whose badges were told to be changed."""
    await town.settle()
    return await town.told(0, "badges")


async def test_a_role_is_made_as_its_badge_says_and_lets_nobody_do_anything(town: Town) -> None:
    await wear(town, "Ann", GOLD)
    (role,) = named(town, "Founding")
    assert (role.colour, role.permissions, role.hoist, role.mentionable) == (0xD4A017, 0, False, False)
    assert worn(town, "Ann") == ["Founding"]
    assert {name: bool(reason) for name, reason in town.server.audit} == {MAKE: True, GRANT: True}


async def test_all_who_wear_a_badge_share_one_role_also_after_a_kill(town: Town) -> None:
    await wear(town, "Ann", GOLD)
    await town.restart(kill=True)
    await wear(town, "Bob", GOLD)
    assert worn(town, "Ann") == worn(town, "Bob") == ["Founding"]
    assert len(named(town, "Founding")) == 1


async def test_a_badge_that_is_worn_already_asks_for_nothing(town: Town) -> None:
    await wear(town, "Ann", GOLD)
    before = len(town.server.audit)
    await wear(town, "Ann", GOLD)
    assert len(town.server.audit) == before


async def test_a_name_that_is_too_long_or_broken_is_made_to_fit_and_is_not_changed_again(town: Town) -> None:
    long = Badge("long", "a\n b" + "c" * 200)
    for _ in range(2):
        await wear(town, "Ann", long)
    assert [len(name) for name in worn(town, "Ann")] == [100]
    assert town.calls(CHANGE) == []


async def test_what_was_changed_by_hand_is_put_back_when_the_badge_is_worn_again(town: Town) -> None:
    await wear(town, "Ann", GOLD)
    (role,) = named(town, "Founding")
    town.server.rename(town.guild, role, "Nobody", 1)
    await town.settle()
    assert (role.name, role.colour) == ("Nobody", 1)
    await wear(town, "Bob", GOLD)
    assert (role.name, role.colour) == ("Founding", 0xD4A017)


async def test_a_role_that_was_deleted_by_hand_is_made_anew(town: Town) -> None:
    await wear(town, "Ann", GOLD)
    town.server.delete_role(town.guild, named(town, "Founding")[0])
    await town.settle()
    assert worn(town, "Ann") == []
    await wear(town, "Ann", GOLD)
    assert worn(town, "Ann") == ["Founding"]


async def test_a_role_of_which_nobody_heard_that_it_is_gone_is_made_anew_at_the_next_try(town: Town) -> None:
    await wear(town, "Ann", GOLD)
    town.server.faults.next(GRANT, Fault(404, "Unknown Role", code=10011))
    town.guild.roles.remove(named(town, "Founding")[0])
    with pytest.raises(TryLater):
        await wear(town, "Bob", GOLD)
    await wear(town, "Bob", GOLD)
    assert worn(town, "Bob") == ["Founding"]


async def test_a_role_that_was_made_just_before_a_kill_is_taken_up(town: Town) -> None:
    town.server.faults.next(MAKE, Fault(drop="after"), count=5)
    with pytest.raises(Unclear):
        await wear(town, "Ann", GOLD)
    made = len(named(town, "Founding"))
    await town.restart(kill=True)
    await wear(town, "Ann", GOLD)
    assert len(named(town, "Founding")) == made
    assert worn(town, "Ann") == ["Founding"]


UNFIT: dict[str, Callable[[Town, Role], None]] = {
    "it has a permission": lambda _, role: setattr(role, "permissions", int(P.MANAGE_MESSAGES)),
    "a permission that everybody has may be taken from everybody": lambda _, role: setattr(
        role, "permissions", int(P.SEND_MESSAGES)
    ),
    "another program manages it": lambda _, role: setattr(role, "managed", True),
    "it stands above the bot": lambda town, role: town.server.arrange(town.guild, {role.id: 9}),
    "a channel lets it in": lambda town, role: town.server.overwrite(town.channel, role, allow=int(P.VIEW_CHANNEL)),
}


@pytest.mark.parametrize("why", UNFIT)
async def test_a_role_of_the_same_name_that_gives_somebody_anything_is_never_taken(town: Town, why: str) -> None:
    trap = town.server.role(town.guild, "Founding")
    UNFIT[why](town, trap)
    await town.settle()
    await wear(town, "Ann", GOLD)
    assert trap not in town.guild.members[town.person("Ann").id].roles
    assert worn(town, "Ann") == ["Founding"]


async def test_a_role_that_means_a_right_in_the_community_is_never_taken(town: Town) -> None:
    trap = town.server.role(town.guild, "Elder")
    await town.settle()
    await wear(town, "Ann", Badge("old", "Elder"))
    assert trap not in town.guild.members[town.person("Ann").id].roles


async def test_two_kinds_of_one_name_have_two_roles(town: Town) -> None:
    await wear(town, "Ann", Badge("a", "Same"))
    await wear(town, "Bob", Badge("b", "Same"))
    assert len(named(town, "Same")) == 2


async def test_no_other_role_of_somebody_is_touched(town: Town) -> None:
    helper = town.server.role(town.guild, "Helper")
    town.server.grant(town.guild, town.person("Ann"), helper)
    await wear(town, "Ann", GOLD)
    await wear(town, "Ann", GOLD, plugin="other")
    await wear(town, "Ann")
    assert sorted(worn(town, "Ann")) == ["Founding", "Helper"]
    assert len(town.calls(TAKE)) == 1


async def test_roles_stand_in_the_order_of_their_badges_below_the_bot(town: Town) -> None:
    await wear(town, "Ann", JADE)
    town.server.role(town.guild, "Helper")
    await town.settle()
    await wear(town, "Bob", GOLD)
    bot, first, last = (town.guild.roles[0], named(town, "Founding")[0], named(town, "Partner")[0])
    assert bot.height > first.height > last.height
    await wear(town, "Ann", GOLD, JADE)
    assert len(town.calls(ORDER)) == 1
    town.server.arrange(town.guild, {last.id: bot.position - 1, first.id: 1})
    await town.settle()
    await wear(town, "Ann", JADE)
    assert bot.height > first.height > last.height


async def test_roles_that_cannot_be_put_in_order_are_worn_all_the_same(town: Town) -> None:
    town.server.faults.next(ORDER, Fault(403, "Missing Permissions", code=50013))
    await wear(town, "Ann", JADE)
    await wear(town, "Ann", GOLD)
    assert worn(town, "Ann") == ["Founding"]
    assert town.reports == []


async def test_nobody_is_given_a_role_who_is_not_there_and_no_admin_hears_of_it(town: Town) -> None:
    with pytest.raises(Hopeless) as caught:
        await wear(town, "Cid", GOLD)
    assert (caught.value.key, named(town, "Founding"), town.reports) == ("discord.no_member", [], [])
    await wear(town, "Ann", GOLD)
    assert await wear(town, "Cid") == Receipt()
    with pytest.raises(Hopeless, match="not in the server"):
        await town.perform(Wear("1", town.space, "seats", "discord:7", (GOLD,)))
    with pytest.raises(Hopeless, match="nobody on Discord"):
        await town.perform(Wear("1", town.space, "seats", "web:ann", (GOLD,)))


async def test_admins_hear_once_that_the_bot_may_give_no_roles(town: Town) -> None:
    await town.permit(OF_THE_BOT)
    for _ in range(2):
        with pytest.raises(NotPermitted, match="Manage Roles"):
            await wear(town, "Ann", GOLD)
    assert town.reports == ["discord.no_roles"]
    await town.permit(RIGHTS)
    await wear(town, "Ann", GOLD)
    await town.permit(OF_THE_BOT)
    with pytest.raises(NotPermitted):
        await wear(town, "Ann")
    assert town.reports == ["discord.no_roles"] * 2


async def test_admins_hear_once_that_a_role_stands_above_the_bots(town: Town) -> None:
    await wear(town, "Ann", GOLD)
    role = named(town, "Founding")[0]
    town.server.arrange(town.guild, {role.id: 9})
    await town.settle()
    for _ in range(2):
        with pytest.raises(NotPermitted, match="below Founding"):
            await wear(town, "Bob", GOLD)
    assert town.reports == ["discord.low_role"]


async def test_admins_hear_once_that_a_server_is_full_of_roles(town: Town) -> None:
    for number in range(248):
        town.guild.roles.append(Role(number + 1, f"r{number}", 1, 0))
    for _ in range(2):
        with pytest.raises(NotPermitted, match="250 roles"):
            await wear(town, "Ann", GOLD)
    assert town.reports == ["discord.full_of_roles"]


async def test_nobody_waits_for_days_until_the_bot_may_make_roles_again(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    for after, error in ((5.0, TryLater), (100_000.0, NotPermitted), (100_000.0, NotPermitted)):

        async def limited(*_: object, after: float = after, **__: object) -> None:
            raise discord.RateLimited(after)

        monkeypatch.setattr(town.line._client.http, "create_role", limited)
        with pytest.raises(error):
            await wear(town, "Ann", GOLD)
    assert town.reports == ["discord.roles_spent"]


async def test_whom_the_gateway_told_of_nobody_asks_for(town: Town) -> None:
    await town.write("Ann", "hello")
    await town.settle()
    await wear(town, "Ann", GOLD)
    await wear(town, "Ann")
    assert town.calls(LOOK) == []
    await wear(town, "Bob", GOLD)
    await wear(town, "Bob")
    assert len(town.calls(LOOK)) == 1


async def test_what_the_bot_does_itself_is_not_told_and_neither_is_what_is_no_badge(town: Town) -> None:
    await wear(town, "Ann", GOLD)
    await wear(town, "Ann", JADE)
    await wear(town, "Ann", GOLD, JADE)
    await wear(town, "Ann")
    town.server.grant(town.guild, town.person("Ann"), town.server.role(town.guild, "Helper"))
    town.server.tell_member(town.guild, town.guild.members[town.person("Bob").id])
    assert await told(town) == []


async def test_a_badge_that_somebody_takes_or_gives_by_hand_is_told_once(town: Town) -> None:
    await wear(town, "Ann", GOLD)
    await town.settle()
    role = named(town, "Founding")[0]
    town.server.take(town.guild, town.person("Ann"), role)
    town.server.tell_member(town.guild, town.guild.members[town.person("Ann").id])
    assert await told(town) == ["badges Ann"]
    town.server.grant(town.guild, town.person("Bob"), role)
    assert await told(town) == ["badges Ann", "badges Bob"]
    await wear(town, "Bob")
    assert worn(town, "Bob") == []
    assert await told(town) == ["badges Ann", "badges Bob"]


async def test_that_somebody_changed_badges_says_what_they_are_in_the_community(town: Town) -> None:
    town.server.grant(town.guild, town.person("Ann"), town.server.role(town.guild, "Elder"))
    await wear(town, "Ann", GOLD)
    await town.settle()
    town.server.delete_role(town.guild, named(town, "Founding")[0])
    while not (found := await told(town)):
        pass
    assert found == ["badges Ann Elder"]


async def test_a_deleted_role_is_told_of_all_who_wore_it_once(town: Town) -> None:
    for name in ("Ann", "Bob"):
        await wear(town, name, GOLD)
    await wear(town, "Ann", GOLD, JADE)
    await town.settle()
    town.server.delete_role(town.guild, named(town, "Founding")[0])
    town.server.tell_member(town.guild, town.guild.members[town.person("Ann").id])
    while len(found := await told(town)) < 2:
        pass
    await town.settle()
    assert sorted(found) == ["badges Ann", "badges Bob"]


async def test_a_role_that_was_made_anew_leaves_nothing_of_its_forerunner_to_tell(town: Town) -> None:
    await wear(town, "Ann", GOLD)
    await town.settle()
    town.server.delete_role(town.guild, named(town, "Founding")[0])
    while not await told(town):
        pass
    await wear(town, "Ann", GOLD)
    async with town.away():
        pass
    assert await told(town) == ["badges Ann"]


async def test_those_who_lost_a_role_are_told_of_though_it_is_made_anew_for_others_meanwhile(town: Town) -> None:
    await wear(town, "Ann", GOLD)
    await town.settle()
    town.server.delete_role(town.guild, named(town, "Founding")[0])
    while worn(town, "Bob") != ["Founding"]:
        with suppress(TryLater):
            await wear(town, "Bob", GOLD)
    while not (found := await told(town)):
        pass
    assert found == ["badges Ann"]


async def test_a_deleted_role_of_whose_wearers_discord_does_not_tell_is_told_at_the_next_start(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await wear(town, "Ann", GOLD)
    await town.settle()
    asked: list[Any] = []

    async def broken(*_: object, **more: object) -> None:
        asked.append(more)
        raise ConnectionResetError

    with monkeypatch.context() as patched:
        patched.setattr(discord.Guild, "query_members", broken)
        town.server.delete_role(town.guild, named(town, "Founding")[0])
        await town.until(lambda: asked)
        assert await told(town) == []
    async with town.away():
        pass
    while not (found := await told(town)):
        pass
    assert found == ["badges Ann"]


async def test_what_was_changed_while_nobody_listened_is_told_at_the_next_start(town: Town) -> None:
    for name in ("Ann", "Bob"):
        await wear(town, name, GOLD)
    await town.settle()
    async with town.away():
        town.server.take(town.guild, town.person("Ann"), named(town, "Founding")[0])
    while not (found := await told(town)):
        pass
    assert found == ["badges Ann"]


async def test_a_grant_that_failed_is_no_badge_that_is_worn(town: Town) -> None:
    town.server.faults.next(GRANT, Fault(503, "Service Unavailable"))
    with pytest.raises(DeliveryError):
        await wear(town, "Ann", GOLD)
    town.server.tell_member(town.guild, town.guild.members[town.person("Ann").id])
    assert await told(town) == []
    await wear(town, "Ann", GOLD)
    assert worn(town, "Ann") == ["Founding"]
    assert await told(town) == []
