"""The edges of the three platforms: they tell what the crowd does, and count what everybody is answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import uvicorn
from aiogram.methods import TelegramMethod
from aiogram.types import MessageEntity
from discord.http import Route
from starlette.types import ASGIApp, Message, Scope
from tests.bench import day_discord, day_telegram
from tests.bench.crowd import CHANNEL, Card, Press
from tests.bench.line_discord import Wire
from tests.bench.line_telegram import Recorded

IN_HAND = 100
"""So many browsers wait for the answer to what they posted."""

PHOTO = [
    {"file_id": f"photo-{size}", "file_unique_id": f"p{size}", "width": size, "height": size} for size in (90, 800)
]


class TelegramEdge(Recorded):
    """A Bot API server.

    Attributes:
        card: the last message with buttons.
        answered: the queries that were answered with words, each as often as that happened.
    """

    def __init__(self, admins: list[dict[str, Any]]) -> None:
        super().__init__(admins)
        self._number = 0
        self.card = Card("", {})
        self.answered: list[str] = []

    async def tell(self, bodies: Iterable[bytes]) -> None:
        """Tell updates, and return when all are acknowledged."""
        await self.play(list(bodies))

    async def answer(self, method: TelegramMethod[Any]) -> str:
        """Return the body of a response."""
        said: Any = method
        match method.__api_method__:
            case "answerCallbackQuery" if said.text:
                self.answered.append(said.callback_query_id)
            case "sendPhoto" | "sendMessage":
                return json.dumps({"ok": True, "result": self._posted(said)})
            case "editMessageMedia" | "editMessageCaption" | "editMessageText":
                return json.dumps({"ok": True, "result": self.card.shown})
        return await super().answer(method)

    def _posted(self, said: Any) -> dict[str, Any]:
        self._number += 1
        sent: dict[str, Any] = {"message_id": self._number, "date": day_telegram.DAY, "chat": day_telegram.CHAT}
        sent |= {"from": day_telegram.ME}
        if said.ephemeral_message_parameters is not None:
            query = said.ephemeral_message_parameters.callback_query_id
            self.answered += [] if query is None else [query]  # a certificate answers nothing
            shown = {"photo": PHOTO} if said.__api_method__ == "sendPhoto" else {"text": said.text}
            return sent | {"ephemeral_message_id": self._number} | shown
        if said.reply_markup is not None:
            if said.__api_method__ == "sendMessage":
                sent |= {"text": said.text, "entities": _dumped(said.entities)}
            else:
                sent |= {"photo": PHOTO, "caption": said.caption, "caption_entities": _dumped(said.caption_entities)}
            sent |= {"reply_markup": said.reply_markup.model_dump(exclude_none=True)}
            self.card = Card(str(self._number), sent)
        return sent


def _dumped(entities: Iterable[MessageEntity] | None) -> list[dict[str, Any]]:
    return [entity.model_dump(exclude_none=True) for entity in entities or ()]


class DiscordEdge(Wire):
    """A gateway and its REST API.

    Attributes:
        card: the last message with buttons.
        answered: the interactions that were answered with words, each as often as that happened.
    """

    def __init__(self, guild: dict[str, Any]) -> None:
        super().__init__(guild)
        self._number = 0
        self._tokens: dict[str, str] = {}
        self.card = Card("", {})
        self.answered: list[str] = []

    async def tell(self, bodies: Iterable[bytes], in_hand: Callable[[], int]) -> None:
        """Tell frames, and return when all are read."""
        await self.play(list(bodies), in_hand)

    async def request(self, route: Route, **kwargs: Any) -> Any:
        """Answer as Discord's REST API would, and remember what was said."""
        places: str = route.path
        body: dict[str, Any] = kwargs.get("json") or {}
        if places.endswith("/callback"):
            name, token = _hook(route)
            self._tokens[token] = name
            if body["type"] == 4:
                self.answered.append(name)
            return None
        if places.startswith("/webhooks/") and route.method in ("PATCH", "POST"):
            self.answered.append(self._tokens[_hook(route)[1]])
            return {"id": "1", "flags": 64}
        if route.method in ("POST", "PATCH") and "/messages" in places:
            return self._posted(body or json.loads(kwargs["form"][0]["value"]))
        return await super().request(route, **kwargs)

    def _posted(self, body: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        name = day_discord.snowflake(day_discord.DAY * 1000, self._number)
        sent = {
            "id": str(name),
            "channel_id": str(CHANNEL),
            "author": day_discord.ME,
            "content": body.get("content", ""),
            "timestamp": day_discord.moment(day_discord.DAY),
            "edited_timestamp": None,
            "type": 0,
            "flags": 0,
            "tts": False,
            "pinned": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "embeds": [],
            "attachments": [
                day_discord.attachment(name + 1, "picture.png", "image/png", {"width": 800, "height": 800})
            ],
            "components": body.get("components", []),
        }
        if sent["components"]:
            self.card = Card(str(name), sent)
        return sent


def _hook(route: Route) -> tuple[str, str]:
    name, token = route.url.removeprefix(Route.BASE).split("/")[2:4]
    return name, token


class Browsers:
    """Open pages: what they post goes to the sandbox's own site, without the sockets between."""

    def __init__(self) -> None:
        self._sites: list[uvicorn.Server] = []

    @contextmanager
    def open(self) -> Generator[None]:
        """Take the place of the web server's sockets."""

        async def serve(server: uvicorn.Server, sockets: object = None) -> None:
            self._sites.append(server)
            while not server.should_exit:  # noqa: ASYNC110 - it is a plain attribute that the adapter sets
                await asyncio.sleep(0.01)

        with patch.object(uvicorn.Server, "serve", serve):
            yield

    async def tell(self, bodies: Iterable[bytes], host: str) -> None:
        """Post bodies, and return when all are answered."""
        waiting = iter(bodies)

        async def post_on() -> None:
            for body in waiting:
                await self.post("/do", body, host)

        await asyncio.gather(*(post_on() for _ in range(IN_HAND)))

    async def post(self, path: str, body: bytes, host: str) -> Any:
        """Post as a page does and return what is answered."""
        site: ASGIApp = self._sites[-1].config.app  # type: ignore[assignment]
        status, parts = 0, list[bytes]()

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            parts.append(message.get("body", b""))

        await site(_scope(path, body, host), receive, send)
        if status != 200:
            raise SystemExit(f"the sandbox answers {status} to {path}: {b''.join(parts).decode()}")
        return json.loads(b"".join(parts))


def _scope(path: str, body: bytes, host: str) -> Scope:
    headers = {"host": host, "origin": f"http://{host}", "content-type": "application/json"}
    headers["content-length"] = str(len(body))
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 80),
    }


def bodies(presses: Iterable[Press]) -> list[bytes]:
    """Return what is told."""
    return [press.body for press in presses]
