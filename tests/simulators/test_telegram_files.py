"""The simulated Bot API takes and hands out files as Telegram does (Bot API, Sending files, getFile)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.png import png
from tests.simulators.telegram.photos import DOWNLOAD
from tests.simulators.test_telegram_photos import Api

METHODS = {"sendDocument": "document", "sendVideo": "video", "sendAnimation": "animation"}


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    async with Api() as found:
        yield found
        await found.client.aclose()


async def send(api: Api, method: str, data: bytes = b"tea") -> Any:
    kind = METHODS[method]
    return await api.ask(method, {"f": data}, **{kind: "attach://f", "caption": "look"})


async def look_up(api: Api, number: str) -> Any:
    answer = await api.client.post(f"{api.base}/bot{api.token}/getFile", data={"file_id": number})
    found: dict[str, Any] = answer.json()
    return found.get("result", found.get("description"))


async def fetch(api: Api, path: str) -> tuple[int, bytes]:
    answer = await api.client.get(f"{api.base}/file/bot{api.token}/{path}")
    return answer.status_code, answer.content


@pytest.mark.parametrize("method", METHODS)
async def test_a_file_is_sent_and_sent_again_by_its_id(api: Api, method: str) -> None:
    kind = METHODS[method]
    sent = await send(api, method)
    assert (sent["caption"], sent[kind]["file_size"], "document" in sent) == ("look", 3, kind != "video")
    await api.ask(method, **{kind: sent[kind]["file_id"]})
    assert [message.media and message.media.data for message in api.place.messages.values()] == [b"tea"] * 2
    assert api.refused == []


async def test_a_file_is_handed_out_by_the_path_that_is_told(api: Api) -> None:
    sent = await send(api, "sendDocument")
    told = await look_up(api, sent["document"]["file_id"])
    assert told["file_size"] == 3
    assert await fetch(api, told["file_path"]) == (200, b"tea")
    assert (await fetch(api, "f/nothing"))[0] == 404


@pytest.mark.parametrize(
    ("file_id", "words"),
    [("large", "Bad Request: file is too big"), ("none", "Bad Request: wrong file_id or the file is temporarily")],
)
async def test_what_is_not_handed_out_is_refused_in_telegrams_words(api: Api, file_id: str, words: str) -> None:
    large = api.photos.add("document", b"x" * (DOWNLOAD + 1)).id
    assert (await look_up(api, large if file_id == "large" else "none")).startswith(words)


async def test_a_message_is_made_to_carry_another_kind_of_file(api: Api) -> None:
    number = (await send(api, "sendDocument"))["message_id"]
    changed = await api.ask(
        "editMessageMedia", {"g": png("red")}, message_id=number, media={"type": "photo", "media": "attach://g"}
    )
    assert changed["photo"]
    assert "caption" not in changed


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"document": "attach://g"}, "there is no document in the request"),
        ({"document": "attach://f", "photo": "attach://f"}, "unknown parameter photo"),
        ({"document": "attach://f", "caption": "x" * 1025}, "caption is too long"),
    ],
)
async def test_what_no_program_should_send_is_refused_and_noted(api: Api, params: Any, words: str) -> None:
    assert words in await api.ask("sendDocument", {"f": b"tea"}, **params)
    assert len(api.refused) == 1


async def test_an_id_is_good_for_its_kind_of_file_only(api: Api) -> None:
    sent = await send(api, "sendDocument")
    assert "type of file mismatch" in await api.ask("sendPhoto", photo=sent["document"]["file_id"])


async def test_a_group_that_allows_no_files_says_so(api: Api) -> None:
    api.place.no_files = True
    assert await send(api, "sendVideo") == "Bad Request: not enough rights to send videos to the chat"
    assert api.refused == []
