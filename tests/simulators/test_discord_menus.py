"""Commands in the menus of messages, and files by addresses that end, as the simulated Discord has them."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from tests.simulators.discord import Channel, DiscordServer, Guild, User
from tests.simulators.discord.uploads import Upload
from tests.simulators.discord.watcher import Watcher, fails

SUBMIT: dict[str, Any] = {"type": 3, "name": "Submit it"}


async def register(client: Watcher, town: Guild, *commands: Any) -> Any:
    return await client.http.bulk_upsert_guild_commands(client.server.application_id, town.id, list(commands))


async def test_a_command_in_the_menu_of_a_message_tells_the_message(
    client: Watcher, server: DiscordServer, town: Guild, tea: Channel, ann: User
) -> None:
    await register(client, town, SUBMIT | {"name_localizations": {"en-US": "Submit this"}})
    message = server.write(tea, ann, "a script", file=Upload("tea.txt", b"tea"))
    asked = server.use_on(message, ann, "Submit this")
    told = asked.data["resolved"]["messages"][asked.data["target_id"]]
    assert (asked.data["name"], asked.data["type"], told["content"]) == ("Submit it", 3, "a script")
    assert told["attachments"][0]["size"] == 3
    with pytest.raises(AssertionError, match="the menu has no 'Submit it'"):
        server.use_on(message, ann, "Submit it")


@pytest.mark.parametrize(
    ("more", "at"),
    [
        ({"description": "x"}, "description"),
        ({"options": [{"type": 3, "name": "a", "description": "b"}]}, "options"),
        ({"name": "x" * 33}, "name"),
        ({"name_localizations": {"xx": "x"}}, "name_localizations"),
    ],
)
async def test_what_no_menu_shows_is_refused(client: Watcher, town: Guild, more: Any, at: str) -> None:
    assert await fails(register(client, town, SUBMIT | more)) == (400, 50035)
    assert f".{at}" in client.server.refused[0]


async def test_a_typed_command_and_one_in_the_menu_may_have_one_name(client: Watcher, town: Guild) -> None:
    typed = {"name": "submit", "description": "Submit."}
    assert len(await register(client, town, typed, SUBMIT | {"name": "submit"})) == 2
    twice = [SUBMIT | {"name": name, "name_localizations": {"fr": "la"}} for name in ("a", "b")]
    assert await fails(register(client, town, *twice)) == (400, 50035)
    assert await fails(register(client, town, SUBMIT, SUBMIT)) == (400, 50035)


async def test_a_menu_has_room_for_15_commands(client: Watcher, town: Guild) -> None:
    many = [SUBMIT | {"name": f"a{number}"} for number in range(16)]
    assert len(await register(client, town, *many[:15])) == 15
    assert await fails(register(client, town, *many)) == (400, 50035)


async def test_the_address_of_a_file_ends_and_is_told_anew_with_its_message(
    server: DiscordServer, tea: Channel, ann: User
) -> None:
    message = server.write(tea, ann, "look", file=Upload("tea.txt", b"tea"))
    before = message.attachments[0]["url"]
    server.expire()
    after = message.attachments[0]["url"]
    async with aiohttp.ClientSession() as session:
        assert (await session.get(before)).status == 404
        assert await (await session.get(after)).read() == b"tea"
        server.delete(message)
        assert (await session.get(after)).status == 404
