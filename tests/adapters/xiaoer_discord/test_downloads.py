"""Files that Discord hands out: by addresses that end, which are renewed by asking for the message."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.adapters.xiaoer_discord.town import Town
from tests.simulators.discord import Fault, Message
from tests.simulators.discord.uploads import Upload
from tests.simulators.discord.world import P

from xiaoer import Attachment, DeliveryError, Fetch, FileRefused, Gone, Hopeless, TryLater, Unclear
from xiaoer_discord.downloads import Downloads

LEAF = b"%PDF-" + bytes(range(256)) * 600
LIMIT = 10 * 2**20
GET = "GET /channels/{channel.id}/messages/{message.id}"
CDN = "GET attachment"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as found:
        await found.join("Ann")
        await found.settle()
        yield found


def posted(town: Town, *, forwarded: bool = False) -> Message:
    file = Upload("茶单.pdf", LEAF)
    return town.server.write(town.channel, town.person("Ann"), "look", file=file, forwarded=forwarded)


def wish(town: Town, message: Message, *, size: int | None = None, limit: int = LIMIT) -> Fetch:
    (one,) = message.attachments
    handle = f"{message.channel.id}/{message.id}/{one['id']} {one['url']}"
    return Fetch("1", town.chat, Attachment("file", "茶单.pdf", "application/pdf", size, handle), limit)


async def refused(town: Town, request: Fetch) -> DeliveryError:
    with pytest.raises(DeliveryError) as failed:
        await town.perform(request)
    return failed.value


async def test_a_file_is_handed_out_byte_for_byte_without_asking_for_the_message(town: Town) -> None:
    assert (await town.perform(wish(town, posted(town)))).data == LEAF
    assert town.calls(GET) == []


@pytest.mark.parametrize("forwarded", [False, True], ids=["posted", "forwarded"])
async def test_an_address_that_has_ended_is_renewed(town: Town, forwarded: bool) -> None:
    request = wish(town, posted(town, forwarded=forwarded))
    town.server.expire()
    assert (await town.perform(request)).data == LEAF
    assert len(town.calls(GET)) == 1


async def test_a_file_that_is_said_to_be_too_large_is_not_asked_for(town: Town) -> None:
    assert type(await refused(town, wish(town, posted(town), size=LIMIT + 1))) is FileRefused
    assert town.calls(CDN) == []


async def test_a_file_that_turns_out_too_large_is_read_no_further(town: Town) -> None:
    message = posted(town)
    assert type(await refused(town, wish(town, message, limit=len(LEAF) - 1))) is FileRefused
    assert (await town.perform(wish(town, message, limit=len(LEAF)))).data == LEAF


async def test_a_file_whose_message_was_deleted_is_gone(town: Town) -> None:
    message = posted(town)
    town.server.delete(message)
    assert type(await refused(town, wish(town, message))) is Gone


async def test_a_file_that_was_taken_from_its_message_is_gone(town: Town) -> None:
    message = posted(town)
    request = wish(town, message)
    message.attachments = []
    assert type(await refused(town, request)) is Gone


async def test_what_the_bot_may_not_look_at_cannot_be_renewed(town: Town) -> None:
    request = wish(town, posted(town))
    town.server.expire()
    town.server.overwrite(town.channel, town.server.bot, deny=int(P.VIEW_CHANNEL))
    failed = await refused(town, request)
    assert type(failed) is Hopeless
    assert "Missing Access" in failed.reason


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(429, "slow down"), TryLater),
        (Fault(503, "Service Unavailable"), Unclear),
        (Fault(400, "Bad Request"), Hopeless),
        (Fault(drop="before"), Unclear),
    ],
    ids=["429", "503", "400", "dropped"],
)
async def test_what_hinders_a_download_says_whether_to_try_again(
    town: Town, fault: Fault, kind: type[DeliveryError]
) -> None:
    town.server.faults.next(CDN, fault, count=3)  # aiohttp itself asks again when the connection is dropped
    assert type(await refused(town, wish(town, posted(town)))) is kind


async def test_nothing_is_fetched_from_where_discord_has_no_files(town: Town) -> None:
    attachment = Attachment("file", "x", "", None, "1/2/3 http://127.0.0.1:1/x")
    failed = await refused(town, Fetch("1", town.chat, attachment, LIMIT))
    assert type(failed) is Hopeless
    assert "not its own" in failed.reason


async def test_discords_own_address_is_led_to_the_configured_one(town: Town) -> None:
    message = posted(town)
    (one,) = message.attachments
    there = one["url"].replace(town.server.cdn_base, "https://cdn.discordapp.com")
    attachment = Attachment("file", "x", "", None, f"1/2/3 {there}")
    assert (await town.perform(Fetch("1", town.chat, attachment, LIMIT))).data == LEAF


async def test_an_answer_that_cannot_be_read_is_said_to_be_that(town: Town) -> None:
    async def message(channel: int, number: int) -> Any:
        return {"attachments": 7}

    downloads: Any = Downloads(SimpleNamespace(message=message), town.server.cdn_base)  # type: ignore[arg-type]
    attachment = Attachment("file", "x", "", None, f"1/2/3 {town.server.cdn_base}/attachments/1/2/x")
    with pytest.raises(Hopeless, match="could not be read"):
        await downloads.fetch(Fetch("1", town.chat, attachment, LIMIT))
