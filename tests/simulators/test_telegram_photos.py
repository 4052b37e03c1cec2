"""The simulated Bot API takes photos as Telegram does, and refuses them in its words (Bot API, sendPhoto)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.png import png, title
from tests.simulators.telegram import BotApi, Group, Message

from xiaoer.testing import ManualClock


class Api(BotApi):
    """The server, with a group and a client for it."""

    def __init__(self) -> None:
        super().__init__(now=ManualClock().now)
        self.client = httpx.AsyncClient()
        self.place: Group = self.group(admin=True)
        self.place.members[self.user("Ann").id] = "member"

    async def ask(self, method: str, files: dict[str, bytes] | None = None, **params: Any) -> Any:
        """Ask as aiogram does; return the result, else what Telegram says."""
        form = {key: value if isinstance(value, str) else json.dumps(value) for key, value in params.items()}
        attached = {name: (f"{name}.png", data) for name, data in (files or {}).items()}
        form["chat_id"] = str(params.get("chat_id", self.place.id))
        answer = await self.client.post(f"{self.base}/bot{self.token}/{method}", data=form, files=attached or None)
        found: dict[str, Any] = answer.json()
        return found.get("result", found.get("description"))

    async def photo(self, caption: str = "look", made: bytes = b"", **more: Any) -> Any:
        """Send a picture."""
        return await self.ask(
            "sendPhoto",
            {"f": made or png("red")},
            photo="attach://f",
            **({"caption": caption} if caption else {}),
            **more,
        )

    async def repaint(self, message: int, files: dict[str, bytes] | None = None, **media: Any) -> Any:
        """Change a picture."""
        return await self.ask("editMessageMedia", files, message_id=message, media={"type": "photo", **media})

    def last(self) -> Message:
        """Return the newest message."""
        return list(self.place.messages.values())[-1]


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    async with Api() as found:
        yield found
        await found.client.aclose()


def shown(message: Message) -> tuple[str, str]:
    return message.text, title(message.photo.png) if message.photo else ""


async def test_a_photo_is_uploaded_and_sent_again_by_the_id_of_its_largest_size(api: Api) -> None:
    sent = await api.photo(caption_entities=[{"type": "bold", "offset": 0, "length": 4}])
    sizes = [(size["width"], size["height"]) for size in sent["photo"]]
    assert (sizes[-1], sent["caption"], sent["caption_entities"][0]["type"]) == ((320, 180), "look", "bold")
    assert "text" not in sent
    await api.ask("sendPhoto", photo=sent["photo"][-1]["file_id"])
    assert shown(api.last()) == ("", "red")
    assert api.refused == []


async def test_a_picture_its_caption_and_its_words_are_changed_each_by_its_own_method(api: Api) -> None:
    number = (await api.photo())["message_id"]
    changed = await api.repaint(number, {"g": png("blue")}, media="attach://g", caption="two")
    assert (changed["caption"], shown(api.last())) == ("two", ("two", "blue"))
    await api.ask("editMessageCaption", message_id=number, caption="three")
    assert shown(api.last()) == ("three", "blue")
    words = "Bad Request: there is no text in the message to edit"
    assert await api.ask("editMessageText", message_id=number, text="four") == words
    assert api.refused == []


async def test_a_photo_that_looks_so_already_is_not_modified(api: Api) -> None:
    sent = await api.photo()
    same = sent["photo"][-1]["file_id"]
    again = await api.repaint(sent["message_id"], media=same, caption="look")
    assert again.startswith("Bad Request: message is not modified")


async def test_a_text_has_no_caption_and_gets_a_picture_from_newer_servers_only(api: Api) -> None:
    number = (await api.ask("sendMessage", text="one"))["message_id"]
    words = "Bad Request: there is no caption in the message to edit"
    assert await api.ask("editMessageCaption", message_id=number, caption="two") == words
    api.repaints = False
    refused = await api.repaint(number, {"g": png("blue")}, media="attach://g")
    assert refused == "Bad Request: there is no media in the message to edit"
    api.repaints = True
    await api.repaint(number, {"g": png("blue")}, media="attach://g", caption="two")
    assert shown(api.last()) == ("two", "blue")


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (b"GIF89a", "Bad Request: IMAGE_PROCESS_FAILED"),
        (png("", width=210, height=10), "Bad Request: PHOTO_INVALID_DIMENSIONS"),
        (png("", width=9000, height=1001), "Bad Request: PHOTO_INVALID_DIMENSIONS"),
    ],
    ids=["no picture", "too narrow", "too large"],
)
async def test_a_picture_that_telegram_cannot_show_is_refused(api: Api, made: bytes, words: str) -> None:
    assert await api.photo(made=made) == words


async def test_where_no_photos_may_be_sent_none_is(api: Api) -> None:
    api.place.no_photos = True
    assert await api.photo() == "Bad Request: not enough rights to send photos to the chat"


async def test_a_file_that_is_not_known_is_refused(api: Api) -> None:
    words = "Bad Request: wrong remote file identifier specified: can't unserialize it"
    assert await api.ask("sendPhoto", photo="AgAC404") == words
    number = (await api.photo())["message_id"]
    assert await api.repaint(number, media="AgAC404") == words


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("sendPhoto", {"photo": "attach://nothing"}, "Bad Request: there is no photo in the request"),
    ("sendPhoto", {"caption": "x"}, "Bad Request: sendPhoto: ('photo',) Field required"),
    ("sendPhoto", {"photo": "x", "caption": "🍵" * 513}, "Bad Request: media caption is too long"),
    ("sendPhoto", {"photo": "x", "text": "x"}, "Bad Request: unknown parameter text of sendPhoto"),
    ("editMessageCaption", {"message_id": 1, "caption": "x" * 1025}, "Bad Request: media caption is too long"),
    (
        "editMessageMedia",
        {"message_id": 1, "media": {"type": "photo", "media": "x", "text": "x"}},
        "Bad Request: can't parse InputMedia: ['text']",
    ),
    (
        "editMessageMedia",
        {"message_id": 1, "media": {"type": "photo", "media": "x", "caption": "x" * 1025}},
        "Bad Request: message caption is too long",
    ),
    (
        "editMessageMedia",
        {
            "message_id": 1,
            "media": {
                "type": "photo",
                "media": "x",
                "caption": "x",
                "caption_entities": [{"type": "bold", "offset": 0, "length": 2}],
            },
        },
        "Bad Request: can't parse entities: entity out of text bounds",
    ),
]


@pytest.mark.parametrize(("method", "params", "words"), WRONG)
async def test_what_no_correct_program_would_send_is_refused_and_remembered(
    api: Api, method: str, params: dict[str, Any], words: str
) -> None:
    assert await api.ask(method, **params) == words
    assert len(api.refused) == 1


async def test_a_file_that_a_message_names_and_nobody_sends_is_missed(api: Api) -> None:
    number = (await api.photo())["message_id"]
    assert await api.repaint(number, media="attach://g") == "Bad Request: can't parse InputMedia: media not found"
    assert len(api.refused) == 1
