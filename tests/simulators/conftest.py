"""A simulated Discord with one town, and a real client that is ready."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.simulators.discord import Channel, DiscordServer, Guild, User
from tests.simulators.discord.watcher import Time, Watcher, direct_to


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def server(time: Time, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordServer]:
    async with DiscordServer(now=time.now) as server:
        direct_to(server, monkeypatch)
        yield server


@pytest.fixture
def town(server: DiscordServer) -> Guild:
    return server.guild("Town")


@pytest.fixture
def tea(server: DiscordServer, town: Guild) -> Channel:
    return server.channel(town, "tea")


@pytest.fixture
def ann(server: DiscordServer, town: Guild) -> User:
    ann = server.user("Ann")
    server.join(town, ann)
    return ann


@pytest.fixture
async def client(server: DiscordServer, tea: Channel, ann: User) -> AsyncIterator[Watcher]:
    async with Watcher(server) as client:
        yield client
