"""The requests of the real discord.py to the simulated Discord."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import aiohttp
import discord
import pytest
from tests.simulators.discord import Channel, DiscordServer, Fault, Guild, User
from tests.simulators.discord.watcher import Time, Watcher, fails, text, view


async def test_where_the_bot_may_not_write_it_is_refused(
    client: Watcher, server: DiscordServer, town: Guild, tea: Channel
) -> None:
    server.overwrite(tea, server.bot, deny=discord.Permissions(send_messages=True).value)
    assert await fails((await text(client, tea)).send("?")) == (403, 50013)
    assert server.refused == []


async def test_a_message_is_sent_edited_and_deleted(client: Watcher, tea: Channel, ann: User) -> None:
    channel = await text(client, tea)
    sent = await channel.send("one", view=view("go", "stop"))
    (seen,) = client.server.seen(tea, ann)
    assert (seen.content, seen.buttons, seen.edits, seen.id) == ("one", ["go", "stop"], 0, sent.id)
    await sent.edit(content="two", view=None)
    assert (seen.content, seen.buttons, seen.edits) == ("two", [], 1)
    await sent.delete()
    assert (seen.deleted, client.server.seen(tea, ann)) == (True, [])
    assert client.server.refused == []


async def test_what_no_program_should_send_is_refused_and_noted(client: Watcher, tea: Channel) -> None:
    channel = await text(client, tea)
    assert await fails(channel.send("x" * 2001)) == (400, 50035)
    assert await fails(channel.send(" ")) == (400, 50006)
    assert await fails(channel.send("x", nonce="n" * 26)) == (400, 50035)
    assert await fails(channel.send("x", view=view("l" * 81))) == (400, 50035)
    assert await fails(client.http.request(discord.http.Route("GET", "/no/such"))) == (404, 0)
    assert [line.split(": ")[0] for line in client.server.refused] == [
        *["POST /channels/{channel.id}/messages"] * 4,
        "GET /no/such",
    ]


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"content": "x", "colour": "red"}, "colour"),
        ({"content": 5}, "content"),
        ({"content": "x", "components": [{"type": 1, "components": []}]}, "components"),
        ({"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["5"]}}, "allowed_mentions"),
        ({"content": "x", "components": [{"type": 1, "components": [{"type": 2, "style": 1}]}]}, "components"),
    ],
)
async def test_a_wrong_field_is_refused_by_name(client: Watcher, tea: Channel, body: Any, at: str) -> None:
    route = discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=tea.id)
    with pytest.raises(discord.HTTPException, match=f"In {at}"):
        await client.http.request(route, json=body)
    assert len(client.server.refused) == 1


async def test_others_messages_cannot_be_edited_and_deleted_only_with_the_right(
    client: Watcher, server: DiscordServer, town: Guild, tea: Channel, ann: User
) -> None:
    server.write(tea, ann, "mine")
    said = await client.next("message")
    assert await fails(said.edit(content="yours")) == (403, 50005)
    server.permit(town, town.roles[0], discord.Permissions(view_channel=True).value)
    assert await fails(said.delete()) == (403, 50013)
    server.permit(town, town.roles[0], discord.Permissions(manage_messages=True).value)
    await said.delete()
    assert await fails(said.delete()) == (404, 10008)
    assert server.refused == []


async def test_a_reply_to_what_is_gone_is_refused_unless_it_need_not_be_there(
    client: Watcher, server: DiscordServer, tea: Channel, ann: User
) -> None:
    message = server.write(tea, ann, "soon gone")
    said = await client.next("message")
    server.delete(message)
    assert await fails(said.reply("late")) == (400, 50035)
    await (await text(client, tea)).send("late", reference=said.to_reference(fail_if_not_exists=False))
    assert server.seen(tea, ann)[0].reply_to is None


async def test_the_same_nonce_is_the_same_message_for_some_minutes(
    client: Watcher, tea: Channel, ann: User, time: Time
) -> None:
    channel = await text(client, tea)
    first = await channel.send("once", nonce="n1")
    again = await channel.send("once", nonce="n1")
    assert (first.id, len(client.server.seen(tea, ann))) == (again.id, 1)
    time.move(minutes=6)
    assert (await channel.send("once", nonce="n1")).id != first.id


async def test_the_history_comes_newest_first_and_in_parts(
    client: Watcher, server: DiscordServer, tea: Channel, ann: User
) -> None:
    said = [server.write(tea, ann, str(number)) for number in range(5)]
    channel = await text(client, tea)

    async def read(**bounds: Any) -> list[str]:
        return [one.content async for one in channel.history(**bounds)]

    assert await read(limit=2) == ["4", "3"]
    assert await read(limit=2, before=discord.Object(said[3].id)) == ["2", "1"]
    assert await read(limit=None, after=discord.Object(said[1].id)) == ["2", "3", "4"]
    calls = server.calls("GET /channels/{channel.id}/messages")
    assert calls[-1].params["after"] == str(said[1].id)


async def test_a_pin_is_kept_and_announced(client: Watcher, tea: Channel, ann: User) -> None:
    sent = await (await text(client, tea)).send("rules")
    await sent.pin()
    (seen,) = client.server.seen(tea, ann)
    assert seen.pinned
    assert (await client.next("guild_channel_pins_update")) == seen.pinned_at
    assert (await client.next("message", 2)).type is discord.MessageType.pins_add
    assert [one.id async for one in sent.channel.pins()] == [sent.id]
    await sent.unpin()
    assert not seen.pinned


async def test_somebody_is_written_to_only_if_they_share_a_guild_and_want_it(
    client: Watcher, server: DiscordServer, ann: User
) -> None:
    await (await client.fetch_user(ann.id)).send("hello")
    assert [one.content for one in server.direct(ann)] == ["hello"]
    ann.accepts_direct = False
    assert await fails((await client.fetch_user(ann.id)).send("hello")) == (403, 50007)
    stranger = server.user("Stranger")
    assert await fails((await client.fetch_user(stranger.id)).send("hello")) == (403, 50278)


async def test_only_whom_the_bot_allows_is_pinged(client: Watcher, tea: Channel, ann: User) -> None:
    channel = await text(client, tea)
    said = f"@everyone <@{ann.id}>"
    await channel.send(said)
    await channel.send(said, allowed_mentions=discord.AllowedMentions.none())
    await channel.send(said, allowed_mentions=discord.AllowedMentions(everyone=False, users=[discord.Object(ann.id)]))
    seen = client.server.seen(tea, ann)
    assert [one.mentioned_everyone for one in seen] == [True, False, False]
    assert [one.mentioned_users for one in seen] == [[ann], [], [ann]]


async def test_members_are_listed_by_id_and_asked_for_over_the_gateway(
    client: Watcher, server: DiscordServer, town: Guild
) -> None:
    guild = client.get_guild(town.id)
    assert guild is not None
    assert {member.id async for member in guild.fetch_members()} == set(town.members)
    assert {member.id for member in guild.members} == set(town.members)
    assert len(server.calls("REQUEST_GUILD_MEMBERS")) == 1
    server.missing_intents.add("GUILD_MEMBERS")
    with pytest.raises(discord.Forbidden):
        [member async for member in guild.fetch_members()]


async def test_too_many_requests_are_repeated_when_that_is_allowed(client: Watcher, tea: Channel, ann: User) -> None:
    route = "POST /channels/{channel.id}/messages"
    client.server.faults.next(route, Fault(429, retry_after=0.01))
    await (await text(client, tea)).send("patience")
    assert [call.status for call in client.server.calls(route)] == [429, 200]
    assert len(client.server.seen(tea, ann)) == 1


@pytest.mark.parametrize(("when", "sent"), [("before", 0), ("after", 1)])
async def test_a_lost_answer_does_not_say_whether_it_was_done(
    client: Watcher, tea: Channel, ann: User, when: Any, sent: int
) -> None:
    client.server.faults.next("POST /channels/{channel.id}/messages", Fault(drop=when))
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await (await text(client, tea)).send("lost")
    assert len(client.server.seen(tea, ann)) == sent


async def test_a_proxys_page_is_no_json(server: DiscordServer) -> None:
    server.faults.next("GET /users/@me", Fault(page=True))
    async with aiohttp.ClientSession() as session, session.get(f"{server.rest_base}/users/@me") as answer:
        assert (answer.status, answer.content_type) == (502, "text/html")


async def test_a_request_can_hang_until_its_caller_gives_up(client: Watcher, tea: Channel) -> None:
    client.server.faults.next("*", Fault(hang=True))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for((await text(client, tea)).send("?"), 0.02)


async def test_a_picture_comes_from_the_simulator(client: Watcher, ann: User) -> None:
    user = await client.fetch_user(ann.id)
    assert (await user.default_avatar.read()).startswith(b"\x89PNG")


async def test_an_unknown_place_is_told_from_a_wrong_request(client: Watcher, town: Guild, tea: Channel) -> None:
    def ask(path: str, **options: Any) -> Any:
        return client.http.request(discord.http.Route("GET", path), **options)

    assert await fails(ask("/channels/5")) == (404, 10003)
    assert await fails(ask("/guilds/5")) == (404, 10004)
    assert await fails(ask(f"/guilds/{town.id}/members/5")) == (404, 10007)
    assert await fails(ask(f"/channels/{tea.id}/messages/5")) == (404, 10008)
    assert client.server.refused == []
    assert await fails(ask("/channels/tea")) == (400, 50035)
    assert await fails(ask(f"/channels/{tea.id}/messages", params={"limit": 101})) == (400, 50035)
    assert await fails(ask(f"/channels/{tea.id}/messages", params={"since": 5})) == (400, 50035)
    assert await fails(client.http.request(discord.http.Route("GET", "/users/@me/channels"))) == (404, 0)
    assert len(client.server.refused) == 4


async def test_what_is_no_json_and_whoever_has_no_token_is_refused(server: DiscordServer, tea: Channel) -> None:
    url = f"{server.rest_base}/channels/{tea.id}/messages"
    headers = {"Authorization": f"Bot {server.token}", "Content-Type": "application/json"}
    async with aiohttp.ClientSession() as session:
        async with session.post(url, data=b"{", headers=headers) as answer:
            assert (answer.status, (await answer.json())["code"]) == (400, 50109)
        async with session.post(url, json={"content": "x"}, headers={"Authorization": "Bot other"}) as answer:
            assert (answer.status, answer.headers["Content-Type"]) == (401, "application/json")
    assert tea.messages == {}


async def test_somebody_is_looked_up(client: Watcher, town: Guild, ann: User) -> None:
    guild = await client.fetch_guild(town.id)
    member = await guild.fetch_member(ann.id)
    assert (guild.name, member.display_name, member.joined_at) == ("Town", "Ann", town.members[ann.id].joined_at)
    application = await client.application_info()
    assert application.id == client.server.application_id


async def test_without_the_content_intent_requests_cannot_read_either(
    client: Watcher, server: DiscordServer, tea: Channel, ann: User
) -> None:
    server.write(tea, ann, "secret")
    server.missing_intents.add("MESSAGE_CONTENT")
    assert [one.content async for one in (await text(client, tea)).history()] == [""]


async def test_everybody_is_pinged_only_with_the_right(
    client: Watcher, server: DiscordServer, town: Guild, tea: Channel, ann: User
) -> None:
    server.permit(town, town.roles[0], discord.Permissions(view_channel=True, send_messages=True).value)
    await (await text(client, tea)).send(f"@here <@&{town.roles[0].id}>")
    (said,) = server.seen(tea, ann)
    assert (said.mentioned_everyone, said.mentioned_roles) == (False, [])


async def test_a_reply_pings_whom_it_answers_unless_told_not_to(
    client: Watcher, server: DiscordServer, tea: Channel, ann: User
) -> None:
    server.write(tea, ann, "tea?")
    said = await client.next("message")
    await said.reply("yes")
    await said.reply("yes", mention_author=False)
    assert [one.mentioned_users for one in server.seen(tea, ann)] == [[ann], []]


async def test_a_file_is_sent_beside_the_text(client: Watcher, server: DiscordServer, tea: Channel, ann: User) -> None:
    sent = await (await text(client, tea)).send("look", file=discord.File(io.BytesIO(b"tea"), "tea.txt"))
    assert [(one.filename, one.size) for one in sent.attachments] == [("tea.txt", 3)]
    assert server.seen(tea, ann)[0].content == "look"
    assert server.refused == []


async def test_a_bot_reacts(client: Watcher, server: DiscordServer, tea: Channel, ann: User) -> None:
    message = server.write(tea, ann, "tea?")
    said = await client.next("message")
    await said.add_reaction("👍")
    assert message.reactions == {"👍": [server.bot]}
    await said.remove_reaction("👍", client.user)
    assert message.reactions == {"👍": []}


async def test_a_nonce_alone_makes_nothing_unique(client: Watcher, tea: Channel, ann: User) -> None:
    route = discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=tea.id)
    for _ in range(2):
        await client.http.request(route, json={"content": "twice", "nonce": "n1"})
    assert len(client.server.seen(tea, ann)) == 2


async def test_the_nonce_is_told_once_and_not_kept(client: Watcher, tea: Channel) -> None:
    sent = await (await text(client, tea)).send("x", nonce="n1")
    assert (await client.next("message")).nonce == "n1"
    assert (await sent.channel.fetch_message(sent.id)).nonce is None


async def test_a_message_has_five_rows_of_five_buttons_with_names_of_their_own(client: Watcher, tea: Channel) -> None:
    route = discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=tea.id)

    def row(*names: str) -> Any:
        return {"type": 1, "components": [{"type": 2, "style": 1, "label": "x", "custom_id": name} for name in names]}

    async def sends(*rows: Any) -> int:
        try:
            await client.http.request(route, json={"components": rows})
        except discord.HTTPException as error:
            return error.code
        return 0

    rows = [row(*(f"{y}{x}" for x in range(5))) for y in range(6)]
    assert await sends(*rows[:5]) == 0
    assert await sends(*rows) == 50035
    assert await sends(row("a", "a")) == 50035
    assert await sends(row("a", "b", "c", "d", "e", "f")) == 50035
    assert await sends(row("a" * 101)) == 50035
    assert await sends({"type": 1, "components": [{"type": 2, "style": 5, "label": "x", "custom_id": "a"}]}) == 50035
    assert await sends({"type": 1, "components": [{"type": 2, "style": 1, "custom_id": "a"}]}) == 50035
