"""Files that Telegram hands out: asked for by id, read as far as they may be, and never with the token in an error."""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.adapters.xiaoer_telegram.town import Town
from tests.simulators.telegram import Fault

from xiaoer import Attachment, DeliveryError, Fetch, FileRefused, Gone, Hopeless, TryLater, Unclear, Unreachable

LEAF = b"%PDF-" + bytes(range(256)) * 600
LIMIT = 10 * 2**20


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as found:
        yield found


def wish(town: Town, data: bytes = LEAF, *, size: int | None = None, limit: int = LIMIT) -> Fetch:
    filed = town.api.photos.add("document", data, "leaf.pdf", "application/pdf")
    return Fetch("1", town.space, Attachment("file", "leaf.pdf", "application/pdf", size, filed.id), limit)


async def refused(town: Town, request: Fetch) -> DeliveryError:
    with pytest.raises(DeliveryError) as failed:
        await town.perform(request)
    assert town.api.token not in "".join(traceback.format_exception(failed.value))
    return failed.value


async def test_a_file_is_handed_out_byte_for_byte(town: Town) -> None:
    assert (await town.perform(wish(town))).data == LEAF


async def test_a_file_that_is_said_to_be_too_large_is_not_asked_for(town: Town) -> None:
    assert type(await refused(town, wish(town, size=LIMIT + 1))) is FileRefused
    assert town.api.calls("getFile") == []


async def test_a_file_that_turns_out_too_large_is_read_no_further(town: Town) -> None:
    assert type(await refused(town, wish(town, limit=len(LEAF) - 1))) is FileRefused
    assert (await town.perform(wish(town, limit=len(LEAF)))).data == LEAF


async def test_a_file_that_telegram_hands_out_to_no_bot_is_too_large(town: Town) -> None:
    failed = await refused(town, wish(town, b"x" * (20 * 2**20 + 1), limit=50 * 2**20))
    assert isinstance(failed, FileRefused)
    assert (failed.key, failed.values) == ("xiaoer.file.too_large", {"limit": 20})


async def test_a_file_that_telegram_does_not_have_any_more_is_gone(town: Town) -> None:
    request = wish(town)
    town.api.photos.forgotten = True
    assert type(await refused(town, request)) is Gone


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(404), Gone),
        (Fault(429), TryLater),
        (Fault(502), Unclear),
        (Fault(403), Hopeless),
        (Fault(drop="before"), Unclear),
    ],
    ids=["404", "429", "502", "403", "dropped"],
)
async def test_what_hinders_a_download_says_whether_to_try_again(
    town: Town, fault: Fault, kind: type[DeliveryError]
) -> None:
    town.api.faults.next("file", fault, count=3)  # aiohttp itself asks again when the connection is dropped
    assert type(await refused(town, wish(town))) is kind


async def test_a_flood_is_waited_for(town: Town) -> None:
    town.api.faults.next("getFile", Fault(429, retry_after=7))
    failed = await refused(town, wish(town))
    assert isinstance(failed, TryLater)
    assert failed.after == 7


async def test_a_server_that_is_not_there_is_asked_later(town: Town) -> None:
    request = wish(town)
    await town.api.stop_listening()
    assert type(await refused(town, request)) is Unreachable
