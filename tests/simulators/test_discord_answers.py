"""Commands and buttons of the real discord.py on the simulated Discord."""

from __future__ import annotations

from typing import Any

import discord
import pytest
from tests.simulators.discord import Channel, DiscordServer, Guild, User
from tests.simulators.discord.watcher import Time, Watcher, fails, text, view


async def press(client: Watcher, channel: Channel, by: User, label: str = "go") -> tuple[Any, Any]:
    """Return the press as discord.py and as the simulator has it."""
    await (await text(client, channel)).send("card", view=view(label))
    card = client.server.seen(channel, by)[-1]
    count = client.count("interaction")
    made = client.server.press(by, card, label)
    return await client.next("interaction", count + 1), made


async def test_a_press_is_answered_to_one_person(client: Watcher, tea: Channel, ann: User) -> None:
    told, made = await press(client, tea, ann)
    assert (told.data["custom_id"], told.user.id, told.message.content) == ("id-go", ann.id, "card")
    await told.response.send_message("psst", ephemeral=True)
    (answer,) = made.messages
    assert (answer.content, answer.ephemeral, made.acknowledged, made.deferred) == ("psst", True, True, None)
    assert answer in client.server.seen(tea, ann)
    assert answer not in client.server.seen(tea, client.server.user("Bob"))


async def test_a_deferral_fixes_who_sees_the_answer(client: Watcher, tea: Channel, ann: User) -> None:
    told, made = await press(client, tea, ann)
    await told.response.defer(ephemeral=True, thinking=True)
    assert (made.deferred, made.ephemeral, made.messages) == ("message", True, [])
    assert [one.content for one in client.server.seen(tea, ann)] == ["card"]
    await told.followup.send("for all?", ephemeral=False)
    assert [(one.content, one.ephemeral, one.edits) for one in made.messages] == [("for all?", True, 0)]
    await told.edit_original_response(content="for you")
    await told.followup.send("now for all")
    assert [(one.content, one.ephemeral) for one in made.messages] == [("for you", True), ("now for all", False)]


async def test_a_press_can_change_its_own_message(client: Watcher, tea: Channel, ann: User) -> None:
    told, made = await press(client, tea, ann)
    await told.response.edit_message(content="done", view=None)
    assert (made.message.content, made.message.buttons, made.messages) == ("done", [], [])
    told, made = await press(client, tea, ann)
    await told.response.defer()
    await told.edit_original_response(content="later")
    assert (made.deferred, made.message.content) == ("update", "later")


async def test_the_first_answer_has_three_seconds(client: Watcher, tea: Channel, ann: User, time: Time) -> None:
    told, made = await press(client, tea, ann)
    time.move(seconds=3.1)
    assert await fails(told.response.send_message("late")) == (404, 10062)
    assert (await fails(told.followup.send("late")), made.acknowledged) == ((404, 10015), False)


async def test_there_is_one_first_answer(client: Watcher, server: DiscordServer, tea: Channel, ann: User) -> None:
    told, _ = await press(client, tea, ann)
    server.redeliver(1)
    again = await client.next("interaction", 2)
    await told.response.send_message("one")
    with pytest.raises(discord.HTTPException, match=r"40060.*already been acknowledged"):
        await again.response.send_message("two")


async def test_a_token_is_good_for_a_quarter_of_an_hour(client: Watcher, tea: Channel, ann: User, time: Time) -> None:
    told, made = await press(client, tea, ann)
    await told.response.defer(thinking=True)
    time.move(minutes=14.9)
    await told.edit_original_response(content="just in time")
    time.move(minutes=0.2)
    assert await fails(told.followup.send("late")) == (401, 50027)
    assert [one.content for one in made.messages] == ["just in time"]


async def test_an_answer_to_one_person_is_told_as_a_direct_message(
    server: DiscordServer, tea: Channel, ann: User
) -> None:
    async with Watcher(server, discord.Intents(guilds=True, dm_messages=True)) as client:
        told, _ = await press(client, tea, ann)
        await told.response.send_message("psst", ephemeral=True)
        await told.followup.send("for all")
        await told.followup.send("psst again", ephemeral=True)
        said = [await client.next("message", 1), await client.next("message", 2)]
        assert [one.content for one in said] == ["psst", "psst again"]
        assert isinstance(said[0].channel, discord.DMChannel)


async def test_answers_are_read_edited_and_deleted_with_the_token(client: Watcher, tea: Channel, ann: User) -> None:
    told, made = await press(client, tea, ann)
    await told.response.send_message("one", ephemeral=True)
    more = await told.followup.send("two", wait=True)
    assert (await told.original_response()).content == "one"
    await more.edit(content="three")
    await told.delete_original_response()
    assert [(one.content, one.deleted) for one in made.messages] == [("one", True), ("three", False)]
    assert await fails(told.edit_original_response(content="four")) == (404, 10008)
    assert client.server.refused == []


async def test_a_button_in_a_direct_channel_is_pressed_there(client: Watcher, server: DiscordServer, ann: User) -> None:
    await (await client.fetch_user(ann.id)).send("card", view=view("go"))
    made = server.press(ann, server.direct(ann)[0], "go")
    told = await client.next("interaction")
    assert (told.guild_id, told.user.id) == (None, ann.id)
    await told.response.send_message("ok")
    assert [one.content for one in server.direct(ann)] == ["card", "ok"]
    assert made.acknowledged


async def test_people_press_only_what_they_see(
    client: Watcher, server: DiscordServer, town: Guild, tea: Channel, ann: User
) -> None:
    told, made = await press(client, tea, ann)
    await told.response.send_message("psst", ephemeral=True, view=view("hidden"))
    bob = server.user("Bob")
    server.join(town, bob)
    with pytest.raises(AssertionError, match="Bob does not see that message"):
        server.press(bob, made.messages[0], "hidden")
    with pytest.raises(AssertionError, match="has no button"):
        server.press(ann, made.messages[0], "go")
    grey = view("grey")
    grey.children[0].disabled = True  # type: ignore[attr-defined]
    await told.edit_original_response(view=grey)
    with pytest.raises(AssertionError, match="grey is grey"):
        server.press(ann, made.messages[0], "grey")


async def test_an_update_is_for_components_only(client: Watcher, town: Guild, tea: Channel, ann: User) -> None:
    await register(client, town, SUM)
    client.server.use(tea, ann, "sum two", one=1)
    told = await client.next("interaction")
    route = discord.http.Route("POST", f"/interactions/{told.id}/{told.token}/callback")
    assert await fails(client.http.request(route, json={"type": 6})) == (400, 50035)
    assert await fails(client.http.request(route, json={"type": 9})) == (400, 50035)
    assert len(client.server.refused) == 2


SUM = {
    "name": "sum",
    "description": "Add.",
    "options": [
        {
            "type": 1,
            "name": "two",
            "description": "Two.",
            "options": [
                {"type": 4, "name": "one", "description": "One.", "required": True, "max_value": 9},
                {"type": 4, "name": "other", "description": "Other."},
                {"type": 3, "name": "how", "description": "How.", "choices": [{"name": "Fast", "value": "fast"}]},
            ],
        }
    ],
}


async def register(client: Watcher, town: Guild, *commands: Any) -> Any:
    return await client.http.bulk_upsert_guild_commands(client.server.application_id, town.id, list(commands))


async def test_a_command_is_used_as_it_is_registered(client: Watcher, town: Guild, tea: Channel, ann: User) -> None:
    (made,) = await register(client, town, SUM)
    assert client.server.commands(town) == [made]
    used = client.server.use(tea, ann, "sum two", one=2, how="fast")
    told = await client.next("interaction")
    (inner,) = told.data["options"]
    assert (told.data["name"], inner["name"]) == ("sum", "two")
    assert {one["name"]: one["value"] for one in inner["options"]} == {"one": 2, "how": "fast"}
    await told.response.send_message("2")
    assert [one.content for one in used.messages] == ["2"]
    assert client.server.refused == []


@pytest.mark.parametrize(
    ("command", "options", "words"),
    [
        ("product", {}, "/product is not registered"),
        ("sum", {"one": 1}, "/sum itself cannot be used"),
        ("sum three", {"one": 1}, "sum has no three"),
        ("sum two", {}, "two needs"),
        ("sum two", {"one": "1"}, "one takes"),
        ("sum two", {"one": True}, "one takes"),
        ("sum two", {"one": 10}, "one is at most 9"),
        ("sum two", {"one": 1, "how": "slow"}, "how offers"),
        ("sum two", {"one": 1, "what": 1}, "two has no"),
    ],
)
async def test_the_client_lets_nobody_use_what_is_not_registered(
    client: Watcher, town: Guild, tea: Channel, ann: User, command: str, options: Any, words: str
) -> None:
    await register(client, town, SUM)
    with pytest.raises(AssertionError, match=words):
        client.server.use(tea, ann, command, **options)


async def test_a_command_for_admins_is_offered_to_admins(
    client: Watcher, server: DiscordServer, town: Guild, tea: Channel, ann: User
) -> None:
    await register(client, town, SUM | {"default_member_permissions": "0"})
    with pytest.raises(AssertionError, match="not offered to Ann"):
        server.use(tea, ann, "sum two", one=1)
    server.promote(town, ann)
    server.use(tea, ann, "sum two", one=1)
    assert (await client.next("interaction")).user.guild_permissions.administrator


async def test_an_admin_is_kept_out_of_no_channel(
    client: Watcher, server: DiscordServer, town: Guild, tea: Channel, ann: User
) -> None:
    await register(client, town, SUM)
    server.overwrite(tea, town.everyone, deny=discord.Permissions(view_channel=True).value)
    with pytest.raises(AssertionError, match="Ann may use no commands in #tea"):
        server.use(tea, ann, "sum two", one=1)
    server.promote(town, ann)
    server.use(tea, ann, "sum two", one=1)
    told = await client.next("interaction")
    assert (told.permissions.view_channel, told.app_permissions.view_channel) == (True, False)


OPTION = {"type": 3, "name": "a", "description": "A."}


@pytest.mark.parametrize(
    "command",
    [
        SUM | {"name": "Sum"},
        SUM | {"name": "s m"},
        SUM | {"name": "s" * 33},
        SUM | {"description": ""},
        SUM | {"description": "d" * 101},
        SUM | {"options": [OPTION, OPTION | {"name": "b", "required": True}]},
        SUM | {"options": [OPTION, OPTION]},
        SUM | {"options": [OPTION | {"name": f"a{number}"} for number in range(26)]},
        SUM | {"options": [OPTION | {"choices": [{"name": f"{n}", "value": f"{n}"} for n in range(26)]}]},
        SUM | {"options": [OPTION | {"choices": [{"name": "1", "value": 1}]}]},
        SUM | {"options": [OPTION | {"type": 12}]},
        SUM | {"options": [OPTION | {"min_value": 1}]},
        SUM | {"options": [*SUM["options"], OPTION]},
        SUM | {"colour": "red"},
    ],
)
async def test_a_command_that_discord_would_not_take_is_refused(client: Watcher, town: Guild, command: Any) -> None:
    assert await fails(register(client, town, command)) == (400, 50035)
    assert len(client.server.refused) == 1


async def test_200_commands_may_be_new_a_day(client: Watcher, town: Guild, time: Time) -> None:
    client.http.max_ratelimit_timeout = 30
    for number in range(4):
        await register(client, town, *(SUM | {"name": f"s{number}-{one}"} for one in range(50)))
    await register(client, town, SUM | {"name": "s3-1"})
    with pytest.raises(discord.RateLimited):
        await register(client, town, SUM)
    time.move(days=1)
    await register(client, town, SUM)
