"""The simulated Discord keeps roles, who has them and who sees what as Discord does, and the real discord.py agrees."""

from __future__ import annotations

import discord
import pytest
from tests.simulators.discord import Channel, DiscordServer, Guild, User
from tests.simulators.discord.watcher import Watcher, fails, until
from tests.simulators.discord.world import OF_THE_BOT, P, Role

RIGHTS = int(OF_THE_BOT | P.MANAGE_ROLES | P.KICK_MEMBERS)


@pytest.fixture
async def guild(server: DiscordServer, town: Guild, client: Watcher) -> discord.Guild:
    found = client.get_guild(town.id)
    assert found is not None
    server.permit(town, town.roles[0], RIGHTS)
    await until(lambda: found.me.guild_permissions.manage_roles)
    return found


async def test_new_roles_have_the_first_position_all_of_them_and_the_older_stands_above(
    guild: discord.Guild, server: DiscordServer, town: Guild, client: Watcher
) -> None:
    made = [await guild.create_role(name=name, colour=0xFF) for name in ("a", "b")]
    assert [role.position for role in made] == [1, 1]
    await client.next("guild_role_create", 2)
    assert [role.name for role in guild.roles] == ["@everyone", "b", "a", "Xiaoer"]
    assert [role.name for role in sorted(town.roles, key=lambda role: role.height)] == ["b", "a", "Xiaoer"]
    assert (made[0].colour.value, made[0].permissions.value) == (0xFF, 0)


async def test_a_role_that_moves_gives_all_a_position_of_their_own_and_never_passes_the_bot(
    guild: discord.Guild, town: Guild, client: Watcher
) -> None:
    low, high = [await guild.create_role(name=name) for name in ("high", "low")][::-1]
    await client.next("guild_role_create", 2)
    told = await guild.edit_role_positions({low: 2, high: 1})
    assert {role.name: role.position for role in told} == {"@everyone": 0, "high": 1, "low": 2, "Xiaoer": 3}
    await until(lambda: [role.name for role in guild.roles] == ["@everyone", "high", "low", "Xiaoer"])
    assert await fails(guild.edit_role_positions({low: 4})) == (403, 50013)
    assert await fails(guild.edit_role_positions({guild.me.top_role: 1})) == (403, 50013)


async def test_a_bot_gives_nobody_what_it_has_not_and_no_more_than_250_roles(
    guild: discord.Guild, server: DiscordServer, town: Guild
) -> None:
    ban = discord.Permissions(ban_members=True)
    assert await fails(guild.create_role(name="ban", permissions=ban)) == (403, 50013)
    town.roles += [Role(number + 1, "r", 1, 0) for number in range(248)]
    assert await fails(guild.create_role(name="one more")) == (400, 30005)
    server.permit(town, town.roles[0], OF_THE_BOT)
    assert await fails(guild.create_role(name="no right")) == (403, 50013)


async def test_roles_are_granted_and_withdrawn_below_the_bots_own_to_those_who_are_there(
    guild: discord.Guild, server: DiscordServer, town: Guild, ann: User, client: Watcher
) -> None:
    member = await guild.fetch_member(ann.id)
    role = await guild.create_role(name="Founding", reason="创始")
    for _ in range(2):
        await member.add_roles(role)
        assert server.roles_of(town, ann) == ["Founding"]
    assert (await client.next("member_update")).get_role(role.id) is not None
    for _ in range(2):
        await member.remove_roles(role)
        assert server.roles_of(town, ann) == []
    assert client.count("member_update") <= 2
    assert ("POST /guilds/{guild.id}/roles", "创始") in server.audit
    above = server.role(town, "Above", 9)
    assert await fails(member.add_roles(discord.Object(above.id))) == (403, 50013)
    assert await fails(member.add_roles(discord.Object(7))) == (404, 10011)
    server.leave(town, ann)
    assert await fails(member.add_roles(role)) == (404, 10007)


async def test_a_deleted_role_is_told_and_is_gone_from_people_and_channels(
    guild: discord.Guild, server: DiscordServer, town: Guild, tea: Channel, ann: User, client: Watcher
) -> None:
    role = server.role(town, "Founding")
    server.grant(town, ann, role)
    server.overwrite(tea, role, allow=int(P.VIEW_CHANNEL))
    server.delete_role(town, role)
    assert (await client.next("guild_role_delete")).name == "Founding"
    assert (server.roles_of(town, ann), tea.overwrites) == ([], {})


async def test_what_a_channel_says_of_a_role_is_what_people_see(
    guild: discord.Guild, server: DiscordServer, town: Guild, tea: Channel, ann: User, client: Watcher
) -> None:
    channel = guild.get_channel(tea.id)
    assert isinstance(channel, discord.TextChannel)
    role = await guild.create_role(name="Founding")
    await client.next("guild_role_create")
    await channel.set_permissions(guild.me, view_channel=True)
    await channel.set_permissions(guild.default_role, view_channel=False)
    assert not server.sees(ann, tea)
    await channel.set_permissions(role, view_channel=True)
    server.grant(town, ann, town.roles[-1])
    assert server.sees(ann, tea)
    await until(lambda: channel.overwrites_for(role).view_channel)
    assert await fails(channel.set_permissions(role, ban_members=True)) == (403, 50013)
    await channel.set_permissions(role, overwrite=None)
    assert await fails(channel.set_permissions(role, overwrite=None)) == (404, 10009)
    server.permit(town, town.roles[0], OF_THE_BOT)
    assert await fails(channel.set_permissions(role, view_channel=True)) == (403, 50013)


async def test_a_bot_removes_who_stands_below_it(
    guild: discord.Guild, server: DiscordServer, town: Guild, ann: User, client: Watcher
) -> None:
    await guild.kick(discord.Object(ann.id))
    assert (await client.next("member_remove")).id == ann.id
    assert await fails(guild.kick(discord.Object(ann.id))) == (404, 10007)
    assert await fails(guild.kick(discord.Object(town.owner.id))) == (403, 50013)
    server.join(town, ann)
    server.promote(town, ann)
    assert await fails(guild.kick(discord.Object(ann.id))) == (403, 50013)


async def test_what_discord_would_not_understand_is_refused(guild: discord.Guild, server: DiscordServer) -> None:
    assert await fails(guild.create_role(name="x" * 101)) == (400, 50035)
    assert await fails(guild.create_role(name="x", colour=1 << 24)) == (400, 50035)
    assert len(server.refused) == 2
