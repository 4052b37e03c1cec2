"""Removing members on Telegram: they may come back, and nobody is freed whom people banned or restricted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.adapters.xiaoer_telegram.town import Town
from tests.simulators.telegram import Fault, TurnedAwayError, User

from xiaoer import Hopeless, NotPermitted, Remove, Unclear

BAN, UNBAN = "banChatMember", "unbanChatMember"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as found:
        found.group.rights["can_restrict_members"] = True
        found.api.join(found.group, found.person("Ann"))
        yield found


@pytest.fixture
def ann(town: Town) -> User:
    return town.person("Ann")


async def remove(town: Town, who: str = "Ann") -> str:
    """Remove somebody and return what they are then."""
    await town.perform(Remove("1", town.space, f"telegram:{town.account(who)}"))
    return town.group.members.get(town.person(who).id, "left")


def comes_back(town: Town) -> bool:
    """Let Ann try to come in by a link."""
    try:
        town.api.links.enter(town.person("Ann"), town.api.links.make(town.group, town.api.bot).address)
    except TurnedAwayError:
        return False
    return True


async def test_who_is_removed_is_gone_once_and_may_come_back(town: Town, ann: User) -> None:
    for _ in range(2):
        assert await remove(town) == "left"
    assert len(town.api.calls(BAN)) == 1
    assert await town.told(1, "leave") == [("leave", "Ann", "", str(town.api.bot.id))]
    assert comes_back(town)
    assert town.group.members[ann.id] == "member"


async def test_who_never_was_there_is_gone(town: Town) -> None:
    assert await remove(town, "Ben") == "left"
    await town.perform(Remove("1", town.space, "telegram:5"))
    assert town.api.calls(BAN) == []


async def test_who_was_banned_by_hand_stays_banned(town: Town, ann: User) -> None:
    town.api.leave(town.group, ann, removed_by=town.person("Usher"))
    assert await remove(town) == "kicked"
    assert not comes_back(town)


async def test_a_removal_that_was_cut_off_in_the_middle_heals_by_itself(town: Town) -> None:
    town.api.faults.next(UNBAN, Fault(drop="before"))
    with pytest.raises(Unclear):
        await remove(town)
    assert await remove(town) == "kicked"  # it cannot be told from a ban by hand, so it is not undone
    assert not comes_back(town)
    await town.clock.advance(301)
    assert comes_back(town)


async def test_who_was_restricted_by_hand_comes_back_restricted(town: Town, ann: User) -> None:
    until = int(town.clock.now().timestamp()) + 86_400
    town.api.keeping.restrict(town.group, ann, until=until, can_send_messages=True)
    assert await remove(town) == "restricted away"
    assert comes_back(town)
    found = town.group.member(ann)
    assert (found["status"], found["until_date"]) == ("restricted", until)
    assert [name for name, value in found.items() if name.startswith("can_") and value] == ["can_send_messages"]


async def test_who_was_restricted_is_never_free_when_the_removal_is_cut_off(town: Town, ann: User) -> None:
    town.api.keeping.restrict(town.group, ann)
    town.api.faults.next("restrictChatMember", Fault(drop="before"))
    with pytest.raises(Unclear):
        await remove(town)
    await town.clock.advance(301)
    assert await remove(town) == "kicked"
    assert not comes_back(town)


@pytest.mark.parametrize("status", ["administrator", "creator"])
async def test_people_are_told_that_no_bot_removes_admins(town: Town, ann: User, status: str) -> None:
    town.group.members[ann.id] = status
    with pytest.raises(Hopeless) as error:
        await remove(town)
    assert error.value.key == "telegram.removal_of_admin"
    assert town.group.members[ann.id] == status


async def test_who_becomes_an_admin_meanwhile_is_not_removed(town: Town) -> None:
    town.api.faults.next(BAN, Fault(400, "Bad Request: user is an administrator of the chat"))
    with pytest.raises(Hopeless) as error:
        await remove(town)
    assert error.value.key == "telegram.removal_of_admin"


async def test_admins_hear_once_that_the_bot_may_remove_nobody_and_again_when_it_could_in_between(town: Town) -> None:
    for rights in ({}, {}, {"can_restrict_members": True}, {}):
        town.group.rights = rights
        town.group.members[town.person("Ann").id] = "member"
        if rights:
            await remove(town)
        else:
            with pytest.raises(NotPermitted):
                await remove(town)
            await remove(town, "Ben")  # who is not there, which says nothing of the right
    assert town.reports == ["telegram.no_removals"] * 2


async def test_people_are_removed_from_groups_that_are_no_supergroups_and_where_those_moved(tmp_path: Path) -> None:
    async with Town(tmp_path, kind="group") as town:
        for _ in range(2):
            town.api.join(town.group, town.person("Ann"))
            assert await remove(town) == "left"
            town.group = town.api.migrate(town.group)
            town.group.rights["can_restrict_members"] = True
