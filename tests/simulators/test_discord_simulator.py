"""The gateway of the simulated Discord as the real discord.py meets it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import aiohttp
import discord
import pytest
from tests.simulators.discord import Channel, DiscordServer, Guild, Message, User
from tests.simulators.discord.watcher import EVERYTHING, START, Time, Watcher, fails, text, until


async def test_a_client_is_ready_with_its_guilds(client: Watcher, town: Guild, tea: Channel) -> None:
    guild = client.get_guild(town.id)
    assert guild is not None
    assert (guild.name, guild.owner_id, guild.member_count) == ("Town", town.owner.id, 3)
    assert [channel.name for channel in guild.text_channels] == ["general", "tea"]
    assert guild.system_channel is guild.text_channels[0]
    assert guild.default_role.permissions.send_messages
    assert guild.me.guild_permissions.pin_messages
    assert client.server.online == 1
    assert client.server.refused == []


async def test_a_guild_that_the_bot_comes_into_is_a_new_one(client: Watcher, server: DiscordServer) -> None:
    guild = server.guild("Village")
    first = await client.next("guild_join")
    await client.http.bulk_upsert_guild_commands(server.application_id, guild.id, [{"name": "a", "description": "A."}])
    server.expel(guild)
    assert (await client.next("guild_remove")).id == guild.id
    server.invite(guild)
    second = await client.next("guild_join", 2)
    assert (second.id, server.commands(guild)) == (first.id, [])
    assert second.me.joined_at > first.me.joined_at


async def test_a_join_arrives_with_a_moment_of_its_own_each_time(
    client: Watcher, server: DiscordServer, town: Guild
) -> None:
    bob = server.user("Bob")
    server.join(town, bob)
    first = await client.next("member_join")
    server.leave(town, bob)
    assert (await client.next("member_remove")).id == bob.id
    server.join(town, bob)
    second = await client.next("member_join", 2)
    assert first.display_name == "Bob"
    assert first.joined_at < second.joined_at == town.members[bob.id].joined_at


async def test_what_somebody_writes_edits_and_deletes_arrives(
    client: Watcher, server: DiscordServer, tea: Channel, ann: User, time: Time
) -> None:
    message = server.write(tea, ann, "helo")
    time.move(seconds=1)
    server.edit(message, "hello")
    server.delete(message)
    said = await client.next("message")
    assert (said.content, said.author.display_name, said.channel.name) == ("hello", "Ann", "tea")
    assert (await client.next("message_edit")).edited_at == START + timedelta(seconds=1)
    assert (await client.next("message_delete")).id == message.id


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("text", lambda said: said.content == "x" and said.type is discord.MessageType.default),
        ("photo", lambda said: said.attachments[0].content_type == "image/png"),
        ("video", lambda said: said.attachments[0].content_type == "video/mp4"),
        ("audio", lambda said: said.attachments[0].content_type == "audio/mpeg" and not said.flags.voice),
        ("voice", lambda said: said.flags.voice and said.attachments[0].is_voice_message()),
        ("document", lambda said: said.attachments[0].content_type == "application/pdf"),
        ("sticker", lambda said: said.stickers[0].name == "wave"),
        ("poll", lambda said: said.poll.question == "?"),
        ("forward", lambda said: said.flags.forwarded and said.message_snapshots[0].content == "x"),
        ("system", lambda said: said.is_system()),
    ],
)
async def test_each_kind_of_message_is_that_kind_for_discord_py(
    client: Watcher, server: DiscordServer, tea: Channel, ann: User, kind: str, shown: Any
) -> None:
    server.write(tea, ann, "x", kind=kind)
    assert shown(await client.next("message"))


async def test_a_reply_names_what_it_answers(client: Watcher, server: DiscordServer, tea: Channel, ann: User) -> None:
    first = server.write(tea, ann, "tea?")
    server.write(tea, ann, "yes", reply_to=first)
    said = await client.next("message", 2)
    assert (said.type, said.reference.message_id) == (discord.MessageType.reply, first.id)
    assert said.reference.resolved.content == "tea?"


async def test_a_reaction_arrives_and_is_taken_back(
    client: Watcher, server: DiscordServer, tea: Channel, ann: User
) -> None:
    message = server.write(tea, ann, "tea!")
    server.react(ann, message, "👍")
    server.unreact(ann, message, "👍")
    await client.next("reaction_remove")
    assert client.names() == ["message", "reaction_add", "reaction_remove"]
    assert str((await client.next("reaction_add")).id) == str(ann.id)


async def test_a_thread_is_told_and_written_in(client: Watcher, server: DiscordServer, tea: Channel, ann: User) -> None:
    thread = server.thread(tea, "oolong", owner=ann)
    server.write(thread, ann, "in here")
    assert (await client.next("thread_create")).parent_id == tea.id
    assert (await client.next("message")).channel.id == thread.id


async def test_a_bot_hears_itself(client: Watcher, tea: Channel) -> None:
    sent = await (await text(client, tea)).send("hello")
    assert (await client.next("message")).id == sent.id
    assert sent.author.id == client.server.bot.id


async def test_without_the_members_intent_no_join_is_told(server: DiscordServer, town: Guild, tea: Channel) -> None:
    intents = discord.Intents.default()
    async with Watcher(server, intents) as client:
        bob = server.user("Bob")
        server.join(town, bob)
        server.write(tea, bob, "I am in")
        await client.next("message", 2)
        server.leave(town, bob)
        server.write(tea, town.owner, "he is out")
        await client.next("message", 3)
        assert set(client.names()) == {"message"}


async def test_without_the_content_intent_only_what_is_for_the_bot_can_be_read(
    server: DiscordServer, tea: Channel, ann: User
) -> None:
    intents = discord.Intents.default()
    async with Watcher(server, intents) as client:
        server.write(tea, ann, "secret", kind="photo")
        server.write(tea, ann, f"<@{server.bot.id}> hello")
        server.write(server.direct_channel(ann), ann, "private")
        await (await text(client, tea)).send("mine")
        said = [await client.next("message", number) for number in (1, 2, 3, 4)]
        assert [one.content for one in said] == ["", f"<@{server.bot.id}> hello", "private", "mine"]
        assert said[0].attachments == []


async def test_what_the_bot_may_not_see_is_kept_from_it(
    client: Watcher, server: DiscordServer, town: Guild, tea: Channel
) -> None:
    hidden = server.channel(town, "hidden", readable=False)
    server.write(hidden, town.owner, "psst")
    server.write(tea, town.owner, "aloud")
    assert (await client.next("message")).content == "aloud"
    assert await fails((await text(client, hidden)).send("?")) == (403, 50001)


@pytest.mark.parametrize("code", [None, 4000])
async def test_what_was_missed_is_told_in_order_before_resumed(
    client: Watcher, server: DiscordServer, tea: Channel, ann: User, code: int | None
) -> None:
    server.write(tea, ann, "before")
    await client.next("message")
    server.disconnect(code)
    for number in range(3):
        server.write(tea, ann, str(number))
    assert server.online == 0
    await client.next("resumed")
    server.write(tea, ann, "after")
    await client.next("message", 5)
    assert client.names() == ["message", "disconnect", *["message"] * 3, "resumed", "message"]
    said = [args[0].content for name, args in client.told if name == "message"]
    assert said == ["before", "0", "1", "2", "after"]


async def test_a_client_comes_back_when_it_is_asked_to(
    client: Watcher, server: DiscordServer, tea: Channel, ann: User
) -> None:
    server.reconnect()
    await client.next("resumed")
    server.write(tea, ann, "still here")
    assert (await client.next("message")).content == "still here"


@pytest.mark.parametrize(("code", "left"), [(1000, 0), (4000, 1)])
async def test_a_client_that_says_good_bye_has_no_session_any_more(server: DiscordServer, code: int, left: int) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway_url) as socket:
        await socket.send_json({"op": 2, "d": {"token": server.token, "intents": 1, "properties": {}}})
        await until(lambda: server.online)
        await socket.close(code=code)
    await until(lambda: not server.connections)
    assert (server.online, len(server.sessions)) == (0, left)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"op": 3, "d": {}}, 4003),
        ({"op": 2, "d": {"token": "bot.TEST", "intents": 1 << 40, "properties": {}}}, 4013),
        ({"op": 2, "d": {"token": "other", "intents": 1, "properties": {}}}, 4004),
        ({"op": 6, "d": {"token": "other", "session_id": "?", "seq": 1}}, 4004),
        ({"what": 3}, 4002),
    ],
)
async def test_a_wrong_beginning_is_ended_with_its_code(server: DiscordServer, sent: Any, code: int) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway_url) as socket:
        assert (await socket.receive_json())["op"] == 10
        await socket.send_json(sent)
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == code


async def test_with_the_presences_intent_the_members_of_a_small_guild_are_told(
    server: DiscordServer, town: Guild, ann: User
) -> None:
    async with Watcher(server, discord.Intents.all()) as client:
        guild = client.get_guild(town.id)
        assert guild is not None
        assert {member.id for member in guild.members} == set(town.members)
        assert server.calls("REQUEST_GUILD_MEMBERS") == []


async def test_who_is_not_there_does_not_write(server: DiscordServer, tea: Channel) -> None:
    with pytest.raises(AssertionError, match="Bob is not in"):
        server.write(tea, server.user("Bob"), "hello")


async def test_a_direct_message_names_no_guild(client: Watcher, server: DiscordServer, ann: User) -> None:
    server.write(server.direct_channel(ann), ann, "hello")
    said = await client.next("message")
    assert (said.guild, said.content, said.author.id) == (None, "hello", ann.id)


async def test_a_forgotten_session_begins_anew(client: Watcher, server: DiscordServer, tea: Channel, ann: User) -> None:
    server.forget_sessions()
    server.disconnect(4000)
    server.write(tea, ann, "nobody hears it")
    await client.next("ready", 2)
    assert (client.count("message"), client.count("resumed")) == (0, 0)
    assert [call.method for call in server.journal if call.method in ("IDENTIFY", "RESUME")] == [
        "IDENTIFY",
        "RESUME",
        "IDENTIFY",
    ]


async def test_what_is_told_twice_has_its_old_number(
    client: Watcher, server: DiscordServer, tea: Channel, ann: User
) -> None:
    message = server.write(tea, ann, "once")
    server.react(ann, message, "👍")
    await client.next("reaction_add")
    before = client.ws.sequence
    server.redeliver()
    await client.next("reaction_add", 2)
    assert (client.count("message"), client.count("connect"), client.ws.sequence) == (2, 1, before)


async def test_a_silent_line_is_noticed_and_resumed(server: DiscordServer, tea: Channel, ann: User) -> None:
    async with Watcher(server, heartbeat_timeout=0.05) as client:
        server.silence()
        server.write(tea, ann, "unheard")
        await client.next("disconnect")
        assert client.count("message") == 0
        server.speak()
        await client.next("resumed")
        assert client.count("message") == 1


async def test_an_intent_that_is_switched_off_ends_the_client(server: DiscordServer) -> None:
    server.missing_intents.add("MESSAGE_CONTENT")
    client = Watcher(server)
    with pytest.raises(discord.PrivilegedIntentsRequired):
        await client.start(server.token)
    await client.close()
    intents = discord.Intents(EVERYTHING.value & ~discord.Intents(message_content=True).value)
    async with Watcher(server, intents) as other:
        assert other.is_ready()


async def test_a_revoked_token_ends_the_client(server: DiscordServer, client: Watcher) -> None:
    server.revoked = True
    server.disconnect(4004)
    with pytest.raises(discord.ConnectionClosed) as caught:
        await client.running
    assert caught.value.code == 4004
    other = Watcher(server)
    with pytest.raises(discord.LoginFailure):
        await other.start(server.token)
    await other.close()


async def test_a_malformed_event_comes_out_of_the_client(client: Watcher, server: DiscordServer) -> None:
    server.raw("MESSAGE_CREATE", {"id": "5"})
    with pytest.raises(KeyError):
        await client.running


async def test_the_simulator_tells_nothing_that_discord_py_describes_otherwise(
    client: Watcher, server: DiscordServer
) -> None:
    with pytest.raises(AssertionError, match=r"guild_id.*user"):
        server.tell("GUILD_MEMBER_REMOVE", lambda _: {"guild_id": 1.5})
    assert client.names() == []


async def test_ids_ascend_while_time_stands_still(server: DiscordServer, tea: Channel, ann: User) -> None:
    said: list[Message] = [server.write(tea, ann, "x") for _ in range(5)]
    assert [one.id for one in said] == sorted({one.id for one in said})
    assert {discord.utils.snowflake_time(one.id) for one in said} == {START}
