"""Invites, as every platform that has them makes them and tells who came in by them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.contracts.inviting import DiscordDoor, Inviter, TelegramDoor, WebDoor
from tests.contracts.stage import Stage

DOORS: tuple[Any, ...] = (WebDoor, TelegramDoor, DiscordDoor)
BY_LINK = "referral exact -"


@pytest.fixture(params=DOORS, ids=[kind.platform for kind in DOORS])
async def door(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    stage: Stage = request.param(tmp_path, Inviter)
    async with stage:
        yield stage


async def made(door: Any, what: str = "Ann") -> str:
    """Let the plugin ask for an invite, and return the address that it heard."""
    before = len(await door.notes("invite"))
    await door.write("Usher", f"invite {what}")
    await door.settle()
    ((_, _, address, error),) = (await door.notes("invite"))[before:]
    assert error == ""
    return str(address)


async def came(door: Any) -> list[tuple[str, str, str]]:
    """Return who came, how, and by which invite."""
    await door.rest()
    return [(who, how, by) for _, who, how, by in await door.notes("came")]


async def test_a_join_by_an_invite_of_the_bot_names_it_and_nobody_as_its_maker(door: Any) -> None:
    ann, ben = await made(door, "Ann"), await made(door, "Ben")
    assert ann.startswith("http")
    assert ann != ben
    for name, invite in (("Cid", ben), ("Dan", ann)):
        assert await door.enter(name, invite)
        await door.rest()
    assert await came(door) == [("Cid", BY_LINK, ben), ("Dan", BY_LINK, ann)]


async def test_two_who_come_at_once_by_two_invites_are_told_exactly_or_with_both(door: Any) -> None:
    ann, ben = await made(door, "Ann"), await made(door, "Ben")
    await door.enter("Cid", ben)
    await door.enter("Dan", ann)
    if door.last_use == BY_LINK:
        assert await came(door) == [("Cid", BY_LINK, ben), ("Dan", BY_LINK, ann)]
    else:
        both = " ".join(sorted([ann, ben]))
        assert await came(door) == [(who, "referral ambiguous -", both) for who in ("Cid", "Dan")]


async def test_a_revoked_invite_lets_nobody_in_and_may_be_revoked_twice(door: Any) -> None:
    invite = await made(door)
    for _ in range(2):
        await door.write("Usher", f"revoke {invite}")
        await door.settle()
    assert [(who, error) for _, who, _, error in (await door.notes("invite"))[1:]] == [("revoked", "")] * 2
    assert not await door.enter("Cid", invite)
    assert await came(door) == []


async def test_an_invite_for_two_lets_in_two_and_says_so_of_both(door: Any) -> None:
    invite = await made(door, "Ann uses=2")
    for name in ("Cid", "Dan"):
        assert await door.enter(name, invite)
        await door.rest()
    assert not await door.enter("Eve", invite)
    told = await came(door)
    assert [(who, by) for who, _, by in told] == [("Cid", invite), ("Dan", invite)]
    assert told[0][1] == BY_LINK
    assert told[1][1] in (BY_LINK, door.last_use)


async def test_an_invite_lets_nobody_in_after_its_time(door: Any) -> None:
    invite = await made(door, "Ann hours=1")
    assert await door.enter("Cid", invite)
    await door.rest()
    await door.clock.advance(3601)
    assert not await door.enter("Dan", invite)
    assert [who for who, _, _ in await came(door)] == ["Cid"]


async def test_an_invite_of_the_bot_means_the_same_after_a_restart(door: Any) -> None:
    invite = await made(door)
    await door.clock.advance(60)
    await door.restart(kill=True)
    assert await door.enter("Cid", invite)
    await door.rest()
    assert await came(door) == [("Cid", BY_LINK, invite)]


async def test_who_comes_in_without_an_invite_came_by_none(door: Any) -> None:
    await made(door)
    await door.join("Cid")
    ((who, _, by),) = await came(door)
    assert (who, by) == ("Cid", "")


async def test_who_is_pulled_in_by_hand_came_by_no_invite_where_the_platform_has_that(door: Any) -> None:
    if "pulled_in" not in door.joins["pulled"]:
        pytest.skip(f"nobody pulls anybody in on {door.platform}")
    await door.join("Ann")
    await door.join("Cid", "pulled", by="Ann")
    ann = f"{door.platform}:{door.account('Ann')}"
    assert (await came(door))[-1] == ("Cid", f"pulled_in exact {ann}", "")
