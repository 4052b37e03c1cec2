"""A real discord.py client against the simulator, which notes what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import pytest
import yarl
from tests.simulators.discord.server import DiscordServer
from tests.simulators.discord.world import Channel

import discord
import discord.asset
import discord.gateway
import discord.http

START = datetime(2030, 1, 1, tzinfo=UTC)
EVERYTHING = discord.Intents.all()
EVERYTHING.presences = False


class Time:
    """A clock that stands still unless it is moved."""

    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        """Return the moment."""
        return self.moment

    def move(self, **by: float) -> None:
        """Let time pass."""
        self.moment += timedelta(**by)


def direct_to(server: DiscordServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let discord.py in this process talk to a simulator."""
    monkeypatch.setattr(discord.http.Route, "BASE", server.rest_base)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_url))
    monkeypatch.setattr(discord.asset.Asset, "BASE", server.cdn_base)


async def until(true: Callable[[], Any]) -> None:
    """Wait until something is true."""
    while not true():  # noqa: ASYNC110 - it happens over sockets
        await asyncio.sleep(0.001)


class Watcher(discord.Client):
    """A client that begins with ``async with`` and is ready then.

    Args:
        server: the simulator.
        intents: what it asks for.
        options: of ``discord.Client``.

    Attributes:
        told: names and arguments of discord.py's events, without the raw ones and those of the socket.
    """

    def __init__(self, server: DiscordServer, intents: discord.Intents = EVERYTHING, **options: Any) -> None:
        super().__init__(intents=intents, guild_ready_timeout=0.01, **options)
        self.server = server
        self.told: list[tuple[str, tuple[Any, ...]]] = []

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Note an event."""
        if not event.startswith(("socket_", "raw_")):
            self.told.append((event, args))
        super().dispatch(event, *args, **kwargs)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Begin a second session at once, not after 5 s."""

    def names(self) -> list[str]:
        """Return the names of what was told since it was ready."""
        names = [name for name, _ in self.told]
        return names[names.index("ready") + 1 :]

    def count(self, event: str) -> int:
        """Return how often an event was told."""
        return [name for name, _ in self.told].count(event)

    async def next(self, event: str, number: int = 1) -> Any:
        """Return the first argument of an event, once it was told so often."""
        await until(lambda: self.count(event) >= number or self.running.done())
        if self.count(event) < number:
            self.running.result()
        found = [args for name, args in self.told if name == event][number - 1]
        return found[-1] if found else None

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self.running = asyncio.create_task(self.start(self.server.token))
        await self.next("ready")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
        await asyncio.gather(self.running, return_exceptions=True)


def view(*labels: str) -> discord.ui.View:
    """Return buttons."""
    made = discord.ui.View(timeout=None)
    for label in labels:
        made.add_item(discord.ui.Button(label=label, custom_id=f"id-{label}"))
    return made


async def text(client: Watcher, channel: Channel) -> Any:
    """Return a channel as discord.py has it, once it was told of it."""
    await until(lambda: client.get_channel(channel.id))
    return client.get_channel(channel.id)


async def fails(request: Awaitable[Any]) -> tuple[int, int]:
    """Return with which status and code a request is refused."""
    with pytest.raises(discord.HTTPException) as caught:
        await request
    return caught.value.status, caught.value.code
