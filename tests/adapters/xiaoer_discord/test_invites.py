"""Invites that the bot makes on Discord: what is asked for, what comes back, and what is said where it may not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.xiaoer_discord.town import Town
from tests.simulators.discord import Fault
from tests.simulators.discord.world import OF_THE_BOT, P

from xiaoer import Hopeless, Invite, NotPermitted, Receipt, Revoke, TryLater

MAKE = "POST /channels/{channel.id}/invites"
ALL = int(OF_THE_BOT | P.CREATE_INSTANT_INVITE | P.MANAGE_GUILD)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as found:
        await permit(found, ALL)
        yield found


async def permit(town: Town, permissions: int) -> None:
    """Change what the bot's role gives, and wait until the bot knows."""
    town.server.permit(town.guild, town.guild.roles[0], permissions)
    wanted = bool(permissions & P.MANAGE_GUILD), bool(permissions & P.CREATE_INSTANT_INVITE)

    def knows() -> bool:
        guild = town.line._client.get_guild(town.guild.id)
        may = guild.me.guild_permissions if guild is not None else None
        return may is not None and (may.manage_guild, may.create_instant_invite) == wanted

    await town.until(knows)


async def make(town: Town, **fields: Any) -> str:
    receipt = await town.perform(Invite("1", town.space, **fields))
    return receipt.invite or ""


async def test_an_invite_is_made_with_its_end_and_its_limit_for_the_first_channel(town: Town) -> None:
    until = town.clock.now() + timedelta(hours=1)
    address = await make(town, name="Ann", expires=until, uses=3)
    (made,) = town.server.doors.made.values()
    assert address == f"https://discord.gg/{made.code}"
    assert (made.limit, made.expires, made.channel) == (3, until, town.guild.system)


async def test_an_invite_without_an_end_is_for_ever_and_one_of_its_own(town: Town) -> None:
    assert await make(town) != await make(town)
    asked = town.calls(MAKE)[0].params
    assert (asked["max_age"], asked["max_uses"], asked["unique"], asked["temporary"]) == (0, 0, True, False)


async def test_an_invite_leads_into_the_channel_that_is_named(town: Town) -> None:
    await town.perform(Invite("1", town.chat))
    (made,) = town.server.doors.made.values()
    assert made.channel is town.channel


async def test_a_revoked_invite_may_be_revoked_again(town: Town) -> None:
    address = await make(town)
    for _ in range(2):
        assert await town.perform(Revoke("2", town.space, address)) == Receipt()
    assert town.server.doors.listed(town.guild) == []
    with pytest.raises(Hopeless, match="is no invite"):
        await town.perform(Revoke("2", town.space, ""))


async def test_what_discord_cannot_keep_is_not_asked_of_it(town: Town) -> None:
    now = town.clock.now()
    for fields, words in (
        ({"expires": now}, "its time is over"),
        ({"expires": now + timedelta(days=8)}, "7 days at most"),
        ({"uses": 101}, "at most 100 people"),
    ):
        with pytest.raises(Hopeless, match=words):
            await make(town, **fields)
    assert town.calls(MAKE) == []


async def test_a_server_that_is_full_of_invites_says_so(town: Town) -> None:
    town.server.faults.next(MAKE, Fault(400, "Maximum number of invites reached (1000)", code=30016))
    with pytest.raises(Hopeless, match="Maximum number of invites reached"):
        await make(town)
    assert town.reports == []  # delivery tells it, in Discord's words


async def test_admins_hear_once_that_the_bot_may_make_no_invites(town: Town) -> None:
    await permit(town, int(OF_THE_BOT | P.MANAGE_GUILD))
    for _ in range(2):
        with pytest.raises(NotPermitted, match="Create Invite"):
            await make(town)
    assert town.reports == ["discord.no_invites"]
    await permit(town, ALL)
    await make(town)
    await permit(town, int(OF_THE_BOT | P.MANAGE_GUILD))
    with pytest.raises(NotPermitted):
        await make(town)
    assert town.reports == ["discord.no_invites"] * 2


async def test_a_right_that_is_taken_away_in_the_same_moment_is_missed_as_well(town: Town) -> None:
    town.server.faults.next(MAKE, Fault(403, "Missing Permissions", code=50013))
    with pytest.raises(NotPermitted):
        await make(town)
    assert town.reports == ["discord.no_invites"]


async def test_admins_hear_once_that_nobody_can_be_told_by_whose_invite_people_come(town: Town) -> None:
    await permit(town, int(OF_THE_BOT | P.CREATE_INSTANT_INVITE))
    for _ in range(2):
        assert await make(town)
    assert town.reports == ["discord.no_sources"]


async def test_admins_hear_once_that_the_bot_may_revoke_nothing(town: Town) -> None:
    address = await make(town)
    await permit(town, int(OF_THE_BOT | P.CREATE_INSTANT_INVITE))
    for _ in range(2):
        with pytest.raises(NotPermitted, match="Manage Server"):
            await town.perform(Revoke("2", town.space, address))
    assert town.reports == ["discord.no_revoking"]


async def test_an_invite_waits_until_discord_has_told_of_the_server(town: Town) -> None:
    town.line._client._connection._guilds.clear()
    town.line._client._ready.clear()
    with pytest.raises(TryLater):
        await make(town)
    town.line._client._ready.set()
    with pytest.raises(Hopeless, match="the bot is not in the server"):
        await make(town)
