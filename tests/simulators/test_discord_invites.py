"""The simulated Discord keeps invites as Discord does, and says the same of them to the real discord.py."""

from __future__ import annotations

import pytest
from tests.simulators.discord import Channel, DiscordServer, Guild, TurnedAwayError, User
from tests.simulators.discord.watcher import Time, Watcher, fails, text
from tests.simulators.discord.world import OF_THE_BOT, P

ALL = int(OF_THE_BOT | P.CREATE_INSTANT_INVITE | P.MANAGE_GUILD | P.MANAGE_CHANNELS)


async def uses(client: Watcher, town: Guild) -> dict[str, int | None]:
    """Return how often each invite was used, as discord.py reads it."""
    guild = client.get_guild(town.id)
    assert guild is not None
    return {invite.code: invite.uses for invite in await guild.invites()}


def allow(server: DiscordServer, town: Guild, permissions: int = ALL) -> None:
    server.permit(town, town.roles[0], permissions)


def turned_away(server: DiscordServer, user: User, code: str) -> bool:
    try:
        server.doors.enter(user, code)
    except TurnedAwayError:
        return True
    return False


async def test_an_invite_counts_who_comes_in_by_it(
    server: DiscordServer, town: Guild, tea: Channel, ann: User, client: Watcher
) -> None:
    allow(server, town)
    made = await (await text(client, tea)).create_invite(max_age=60, max_uses=0)
    assert (made.max_age, made.uses, made.inviter.id) == (60, 0, server.bot.id)
    cid = server.user("Cid")
    server.doors.enter(cid, made.code)
    assert await uses(client, town) == {made.code: 1}
    assert (await client.next("member_join")).id == cid.id
    assert turned_away(server, cid, made.code)  # who is there already uses nothing


async def test_a_used_up_invite_is_told_to_be_gone_and_a_timed_one_is_not(
    server: DiscordServer, town: Guild, tea: Channel, ann: User, client: Watcher, time: Time
) -> None:
    allow(server, town)
    once, timed = server.doors.make(tea, ann, limit=1), server.doors.make(tea, ann, seconds=60)
    server.doors.enter(server.user("Cid"), once.code)
    time.move(seconds=60)
    assert await uses(client, town) == {}
    assert (await client.next("invite_delete")).code == once.code
    assert [turned_away(server, server.user("Dan"), made.code) for made in (once, timed)] == [True, True]
    assert client.count("invite_delete") == 1
    assert client.count("invite_create") == 2


async def test_a_late_counter_shows_a_use_later(
    server: DiscordServer, town: Guild, tea: Channel, ann: User, client: Watcher, time: Time
) -> None:
    allow(server, town)
    server.doors.late = 2.0
    made = server.doors.make(tea, ann, limit=1)
    server.doors.enter(server.user("Cid"), made.code)
    assert await uses(client, town) == {made.code: 0}
    time.move(seconds=2)
    assert await uses(client, town) == {}


async def test_only_who_may_manage_a_channel_hears_of_its_invites(
    server: DiscordServer, town: Guild, tea: Channel, ann: User, client: Watcher
) -> None:
    server.doors.make(tea, ann)
    server.join(town, server.user("Cid"))
    await client.next("member_join")
    assert client.count("invite_create") == 0


@pytest.mark.parametrize("missing", [P.CREATE_INSTANT_INVITE, P.MANAGE_GUILD])
async def test_what_the_bot_may_not_is_refused(
    server: DiscordServer, town: Guild, tea: Channel, ann: User, client: Watcher, missing: P
) -> None:
    allow(server, town, ALL & ~missing & ~P.MANAGE_CHANNELS)
    made = server.doors.make(tea, ann)
    if missing is P.CREATE_INSTANT_INVITE:
        assert await fails((await text(client, tea)).create_invite()) == (403, 50013)
    else:
        assert await fails(uses(client, town)) == (403, 50013)
        assert await fails(client.http.delete_invite(made.code)) == (403, 50013)


async def test_an_invite_is_deleted_once_and_the_server_has_its_own_address(
    server: DiscordServer, town: Guild, tea: Channel, ann: User, client: Watcher
) -> None:
    allow(server, town)
    made, own = server.doors.make(tea, ann), server.doors.own(town, "teahouse")
    await client.http.delete_invite(made.code)
    assert await fails(client.http.delete_invite(made.code)) == (404, 10006)
    server.doors.enter(server.user("Cid"), own.code)
    assert await client.http.get_vanity_code(town.id) == {"code": "teahouse", "uses": 1}
    assert await uses(client, town) == {}


async def test_more_than_discord_keeps_is_refused(
    server: DiscordServer, town: Guild, tea: Channel, ann: User, client: Watcher
) -> None:
    allow(server, town)
    channel = await text(client, tea)
    assert await fails(channel.create_invite(max_uses=101)) == (400, 50035)
    assert await fails(channel.create_invite(max_age=604_801)) == (400, 50035)
    for _ in range(1000):
        server.doors.make(tea, None)
    assert await fails(channel.create_invite()) == (400, 30016)
