"""Files that the real discord.py sends to the simulated Discord, which keeps and refuses them (Uploading Files)."""

from __future__ import annotations

import io
from typing import Any

import discord
import pytest
from tests.png import png, title
from tests.simulators.discord import Channel, DiscordServer, Message, User
from tests.simulators.discord.uploads import ALT, LARGEST
from tests.simulators.discord.watcher import Watcher, fails, text


def file(name: str = "red", description: str | None = None) -> discord.File:
    return discord.File(io.BytesIO(png(name)), f"{name}.png", description=description)


def shown(message: Message) -> list[tuple[str, str]]:
    return [(one["filename"], title(message.files[one["id"]])) for one in message.attachments]


async def test_a_picture_is_told_with_its_size_and_description(
    client: Watcher, server: DiscordServer, tea: Channel, ann: User
) -> None:
    sent = await (await text(client, tea)).send("look", file=file("red", "a red one"))
    (found,) = sent.attachments
    assert (found.filename, found.content_type, found.width, found.height) == ("red.png", "image/png", 320, 180)
    assert found.description == "a red one"
    assert shown(server.seen(tea, ann)[0]) == [("red.png", "red")]
    assert server.refused == []


async def test_an_edit_keeps_what_it_names_adds_what_it_brings_and_removes_the_rest(
    client: Watcher, server: DiscordServer, tea: Channel, ann: User
) -> None:
    sent = await (await text(client, tea)).send("look", files=[file("red"), file("green")])
    (message,) = server.seen(tea, ann)
    sent = await sent.edit(attachments=[sent.attachments[1], file("blue")])
    assert shown(message) == [("green.png", "green"), ("blue.png", "blue")]
    sent = await sent.edit(content="only words")
    assert shown(message) == [("green.png", "green"), ("blue.png", "blue")]
    await sent.edit(attachments=[])
    assert (shown(message), message.files) == ([], {})
    assert server.refused == []


async def test_a_message_of_nothing_but_a_file_cannot_lose_it(client: Watcher, tea: Channel) -> None:
    sent = await (await text(client, tea)).send(file=file())
    assert await fails(sent.edit(attachments=[])) == (400, 50006)


async def test_files_need_their_permission(client: Watcher, server: DiscordServer, tea: Channel) -> None:
    sent = await (await text(client, tea)).send("look")
    server.overwrite(tea, server.bot, deny=discord.Permissions(attach_files=True).value)
    assert await fails((await text(client, tea)).send("look", file=file())) == (403, 50013)
    assert await fails(sent.edit(attachments=[file()])) == (403, 50013)
    assert server.refused == []


async def test_a_file_that_is_too_large_is_refused(client: Watcher, tea: Channel) -> None:
    large = discord.File(io.BytesIO(bytes(LARGEST + 1)), "large.png")
    assert await fails((await text(client, tea)).send("look", file=large)) == (413, 40005)


WRONG: list[tuple[list[dict[str, Any]] | None, str]] = [
    ([{"id": 1}], "files[0]"),
    ([{"id": 0}, {"id": "12345"}], "files[0]"),
    ([{"id": 0, "description": "x" * (ALT + 1)}], "files[0]"),
    ([{"id": 0, "colour": "red"}], "files[0]"),
    ([], "files[0]"),
    (None, "file"),
]


@pytest.mark.parametrize(("attachments", "name"), WRONG)
async def test_what_no_program_should_send_beside_a_message_is_refused_and_noted(
    client: Watcher, tea: Channel, attachments: list[dict[str, Any]] | None, name: str
) -> None:
    route = discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=tea.id)
    body: dict[str, Any] = {"content": "x"} | ({"attachments": attachments} if attachments is not None else {})
    form: list[dict[str, Any]] = [
        {"name": "payload_json", "value": discord.utils._to_json(body)},
        {"name": name, "value": io.BytesIO(png("red")), "filename": "red.png", "content_type": "image/png"},
    ]
    assert await fails(client.http.request(route, form=form)) == (400, 50035)
    assert len(client.server.refused) == 1
