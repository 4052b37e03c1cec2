"""Badges on Telegram: the tag beside a name, whose it is, and what is said where there can be none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.adapters.xiaoer_telegram.town import Town
from tests.simulators.telegram import Fault, User

from xiaoer import Badge, Hopeless, NotPermitted, TryLater, Wear

SET = "setChatMemberTag"
SEVEN = Badge("founding", "Founding", "🏆 创始·07")
CARD = Badge("card", "Card", "5-1-3305")
PASS = Badge("pass", "May enter")


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as found:
        found.group.rights["can_manage_tags"] = True
        found.api.join(found.group, found.person("Ann"))
        yield found


@pytest.fixture
def ann(town: Town) -> User:
    return town.person("Ann")


async def wear(town: Town, *badges: Badge, who: str = "Ann", plugin: str = "seats") -> str:
    """Let somebody wear badges and return what is seen."""
    await town.perform(Wear("1", town.space, plugin, f"telegram:{town.account(who)}", badges))
    return town.group.tags.get(town.person(who).id, "")


async def refused(town: Town, *badges: Badge, who: str = "Ann") -> str:
    """Return why somebody cannot wear badges: the text for people."""
    with pytest.raises(Hopeless) as error:
        await wear(town, *badges, who=who)
    return error.value.key


async def test_the_first_tag_is_shown_and_taken_away_with_the_badges(town: Town) -> None:
    assert await wear(town, PASS, SEVEN) == "创始·07"
    assert await wear(town, PASS) == ""
    assert town.api.calls(SET)[-1].params.keys() == {"chat_id", "user_id"}


async def test_wearing_the_same_again_changes_nothing_and_is_no_fault(town: Town) -> None:
    await wear(town, SEVEN)
    town.api.faults.next(SET, Fault(400, "Bad Request: CHAT_NOT_MODIFIED"))
    assert await wear(town, SEVEN) == "创始·07"


async def test_what_was_set_by_hand_is_set_right(town: Town, ann: User) -> None:
    town.api.keeping.tag(town.group, ann, "创始·01")
    assert await wear(town) == ""


async def test_a_plugin_without_badges_leaves_the_tag_that_another_gave(town: Town) -> None:
    await wear(town, SEVEN)
    assert await wear(town, plugin="cards") == "创始·07"
    assert await wear(town, CARD, plugin="cards") == "5-1-3305"
    assert await wear(town, SEVEN) == "5-1-3305"  # it has that already, so nothing is newer
    assert await wear(town, plugin="cards") == "创始·07"
    assert await wear(town, CARD, plugin="cards") == await wear(town) == "5-1-3305"
    assert await wear(town, plugin="cards") == ""


async def test_whose_tag_it_is_is_known_after_a_restart(town: Town) -> None:
    await wear(town, SEVEN)
    await town.restart(kill=True)
    assert await wear(town, plugin="cards") == "创始·07"


async def test_people_are_told_that_no_bot_can_tag_admins(town: Town, ann: User) -> None:
    for status in ("administrator", "creator"):
        town.group.members[ann.id] = status
        assert await refused(town, SEVEN) == "telegram.tag_of_admin"
    assert await wear(town) == ""  # of nothing that was never there nobody need be told
    assert town.reports == []


async def test_people_are_told_that_a_tag_stays_with_somebody_who_became_an_admin(town: Town, ann: User) -> None:
    await wear(town, SEVEN)
    town.group.members[ann.id] = "administrator"
    assert await refused(town) == "telegram.tag_of_admin"


async def test_whatever_telegram_says_of_an_admin_the_right_of_the_bot_is_not_blamed(town: Town, ann: User) -> None:
    town.api.promote(town.group, ann)
    await town.settle()
    town.api.faults.next(SET, Fault(400, "Bad Request: TAG_CHANGE_FORBIDDEN"))
    assert await refused(town, SEVEN) == "telegram.tag_of_admin"
    assert town.reports == []


async def test_an_anonymous_admin_is_an_admin(town: Town) -> None:
    with pytest.raises(Hopeless) as error:
        await town.perform(Wear("1", town.space, "seats", town.space, (SEVEN,)))
    assert error.value.key == "telegram.tag_of_admin"


async def test_who_is_not_in_the_group_wears_nothing_there(town: Town) -> None:
    assert await refused(town, SEVEN, who="Ben") == "telegram.not_there"
    assert await wear(town, who="Ben") == ""
    with pytest.raises(Hopeless) as error:
        await town.perform(Wear("1", town.space, "seats", "telegram:5", (SEVEN,)))
    assert error.value.key == "telegram.not_there"


async def test_admins_hear_once_that_the_bot_may_not_tag_and_again_when_it_could_in_between(town: Town) -> None:
    for rights in ({}, {}, {"can_manage_tags": True}, {}):
        town.group.rights = rights
        if rights:
            await wear(town, SEVEN)
        else:
            with pytest.raises(NotPermitted):
                await wear(town, SEVEN)
            town.api.faults.next(SET, Fault(400, "Bad Request: USER_NOT_PARTICIPANT"))
            await wear(town, who="Ben")  # who is not there, which says nothing of the right
    assert town.reports == ["telegram.no_tags"] * 2


async def test_a_server_without_tags_is_named_as_the_reason(town: Town) -> None:
    town.api.faults.next(SET, Fault(404, "Not Found: method not found"))
    assert await refused(town, SEVEN) == "telegram.tags_unknown"


async def test_telegram_may_ask_to_wait(town: Town) -> None:
    town.api.faults.next(SET, Fault(429, retry_after=7))
    with pytest.raises(TryLater) as error:
        await wear(town, SEVEN)
    assert error.value.after == 7


async def test_tags_are_given_in_groups_that_are_no_supergroups_and_where_those_moved(tmp_path: Path) -> None:
    async with Town(tmp_path, kind="group") as town:
        town.api.join(town.group, town.person("Ann"))
        assert await wear(town, SEVEN) == "创始·07"
        town.group = town.api.migrate(town.group)
        town.group.rights["can_manage_tags"] = True
        assert await wear(town) == ""
