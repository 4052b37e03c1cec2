"""The two bots on Discord: each with its own line, which is discord.py's client but for the network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import discord
import msgspec
from aiohttp import WSMessage, WSMsgType
from discord.http import HTTPClient, Route
from tests.bench.day_discord import BOT, GUILD, frame, ready
from tests.bench.notebook import Notebook, Person, Said

from xiaoer import JoinSource

TOKEN, USUAL_TOKEN = "the token of Xiaoer", "the token of the usual bot"
SPACE = f"discord:{GUILD}"
IN_HAND = 400
"""So many events a bot is given before it has stored the first of them."""

GULP = 64
"""So many frames are read before the loop turns, as aiohttp's buffer of 64 kB allows."""


class Wire:
    """A gateway's socket and its REST API, in which Discord is a recorded day.

    Args:
        guild: the server, as Discord tells it.

    Attributes:
        told: how many frames of days were read.
        settled: set when the bot has set its commands, the last thing it does before it only listens.
    """

    closed = False
    close_code: int | None = None

    def __init__(self, guild: dict[str, Any]) -> None:
        hello = json.dumps({"op": 10, "d": {"heartbeat_interval": 3_600_000}})
        self._frames = [hello.encode(), frame("READY", ready(), 1).encode(), frame("GUILD_CREATE", guild, 2).encode()]
        self._next = 0
        self._in_hand: Callable[[], int] | None = None
        self._more = asyncio.Event()
        self._read = asyncio.Event()
        self._sent = 0
        self.told = 0
        self.settled = asyncio.Event()

    async def play(self, frames: list[bytes], in_hand: Callable[[], int]) -> None:
        """Tell frames, and return when all of them are read.

        Args:
            frames: the texts.
            in_hand: how many events the bot has not stored yet.
        """
        self._frames, self._next, self._in_hand = frames, 0, in_hand
        self._read.clear()
        self._more.set()
        await self._read.wait()

    async def receive(self, timeout: float | None = None) -> WSMessage:  # noqa: ASYNC109 - aiohttp's signature
        """Return the next frame."""
        while self._next == len(self._frames):
            self._more.clear()
            self._read.set()
            await self._more.wait()
        if self._in_hand is not None:
            if self._next % GULP == 0:
                await asyncio.sleep(0)
            while self._in_hand() >= IN_HAND:  # noqa: ASYNC110 - the socket knows nothing of the bot's events
                await asyncio.sleep(0.001)
            self.told += 1
        text = self._frames[self._next].decode()
        self._next += 1
        return WSMessage(WSMsgType.TEXT, text, None)

    async def send_str(self, data: str) -> None:
        """Take what the client says of itself."""

    async def close(self, *, code: int = 1000, message: bytes = b"") -> bool:
        """End."""
        self.closed, self.close_code = True, code
        return True

    async def request(self, route: Route, **kwargs: Any) -> Any:
        """Answer as Discord's REST API would."""
        if route.path == "/users/@me":
            return ready()["user"]
        if route.path == "/oauth2/applications/@me":
            return _application()
        if route.path.endswith("/commands"):
            self.settled.set()
        if route.path.endswith("/messages"):
            self._sent += 1
            return {"id": str(self._sent)}
        return []


def _application() -> dict[str, Any]:
    about = {"description": "", "summary": "", "icon": None, "bot_public": False, "bot_require_code_grant": False}
    owner = {"id": "1", "username": "owner", "discriminator": "0", "avatar": None}
    return {"id": str(BOT), "name": "Xiaoer", "rpc_origins": [], "verify_key": "", "flags": 0, "owner": owner, **about}


@contextmanager
def led_to(wires: Mapping[str, Wire]) -> Generator[None]:
    """Lead discord.py's clients to recorded days, by their tokens."""

    async def connect(http: HTTPClient, url: str, *, compress: int = 0) -> Wire:
        return wires[http.token or ""]

    async def request(http: HTTPClient, route: Route, **kwargs: Any) -> Any:
        return await wires[http.token or ""].request(route, **kwargs)

    with patch.object(HTTPClient, "ws_connect", connect), patch.object(HTTPClient, "request", request):
        yield


class UsualBot(discord.Client):
    """The usual bot: discord.py's client with its caches, its handlers write to aiosqlite.

    Args:
        notebook: where it writes.

    Attributes:
        settled: set when it has heard of its server.
    """

    def __init__(self, notebook: Notebook) -> None:
        wanted = discord.Intents(
            guilds=True, members=True, guild_messages=True, guild_reactions=True, message_content=True
        )
        super().__init__(intents=wanted)
        self._notebook = notebook
        self.settled = asyncio.Event()

    async def on_ready(self) -> None:
        self.settled.set()

    async def on_message(self, message: discord.Message) -> None:
        key = f"discord:message:{message.channel.id}:{message.id}"
        await self._notebook.wrote(key, message.created_at, _person(message.author), _said(message))

    async def on_raw_message_edit(self, change: discord.RawMessageUpdateEvent) -> None:
        message = change.message
        at = message.edited_at or message.created_at
        key = f"discord:edit:{message.channel.id}:{message.id}:{round(at.timestamp() * 1000)}"
        await self._notebook.wrote(key, at, _person(message.author), _said(message))

    async def on_raw_reaction_add(self, change: discord.RawReactionActionEvent) -> None:
        if change.member is not None:
            await self._notebook.reacted(self._told(change), datetime.now(UTC), _person(change.member))

    async def on_raw_reaction_remove(self, change: discord.RawReactionActionEvent) -> None:
        person = Person(f"discord:{change.user_id}", "", None, "", "")
        await self._notebook.reacted(self._told(change), datetime.now(UTC), person)

    def _told(self, change: discord.RawReactionActionEvent) -> str:
        # handlers run when the gateway has gone on, so its number does not name what they were called for
        return f"discord:told:{self.ws.session_id}:{id(change)}:{self._notebook.notes}"

    async def on_member_join(self, member: discord.Member) -> None:
        at = member.joined_at or datetime.now(UTC)
        key = f"discord:join:{GUILD}:{member.id}:{round(at.timestamp() * 1000)}"
        await self._notebook.joined(key, at, _person(member), msgspec.to_builtins(JoinSource()))

    async def on_raw_member_remove(self, change: discord.RawMemberRemoveEvent) -> None:
        await self._notebook.left(f"discord:leave:{GUILD}:{change.user.id}:0", datetime.now(UTC), _person(change.user))


def _person(user: discord.User | discord.Member) -> Person:
    role = ""
    if isinstance(user, discord.Member) and user.guild.owner_id == user.id:
        role = "owner"
    elif isinstance(user, discord.Member) and user.guild_permissions.administrator:
        role = "administrator"
    return Person(f"discord:{user.id}", user.display_name, None, role, user.name)


def _said(message: discord.Message) -> Said:
    text = message.message_snapshots[0].content if message.message_snapshots else message.content
    kind = "voice" if message.flags.voice else "text"
    return Said(f"{SPACE}/{message.channel.id}", str(message.id), kind, text)
