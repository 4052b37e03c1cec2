"""What Discord's errors mean."""

from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest

from xiaoer import DeliveryError, Hopeless, NotPrivately, TryLater, Unclear, Unreachable
from xiaoer_discord.faults import Failure, fault


def http(status: int, code: int = 0, words: str = "", kind: type[discord.HTTPException] = discord.HTTPException) -> Any:
    response: Any = SimpleNamespace(status=status, reason="")
    return kind(response, {"code": code, "message": words})


def unreachable() -> Exception:
    key: Any = SimpleNamespace(host="discord.example", port=443, is_ssl=True, ssl=True)
    return aiohttp.ClientConnectorError(key, OSError(111, "refused"))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (discord.RateLimited(7.5), TryLater),
        (http(429), TryLater),
        (http(401), TryLater),
        (http(503, kind=discord.DiscordServerError), Unclear),
        (http(403, 50013, "Missing Permissions", discord.Forbidden), Hopeless),
        (http(404, 10003, "Unknown Channel", discord.NotFound), Hopeless),
        (http(403, 50007, "Cannot send messages to this user", discord.Forbidden), NotPrivately),
        (unreachable(), Unreachable),
        (aiohttp.ConnectionTimeoutError(), Unreachable),
        (aiohttp.ServerDisconnectedError(), Unclear),
        (ConnectionResetError(104, "reset"), Unclear),
        (TimeoutError(), Unclear),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_each_error_means_wait_or_give_up_or_nobody_knows(error: Failure, kind: type[DeliveryError]) -> None:
    assert type(fault(error)) is kind


def test_the_time_that_discord_asks_for_is_kept() -> None:
    found = fault(discord.RateLimited(7.5))
    assert isinstance(found, TryLater)
    assert found.after == 7.5


def test_the_reason_is_discords_own_in_one_line() -> None:
    assert fault(http(403, 50013, "Missing Permissions", discord.Forbidden)).reason == "Missing Permissions (50013)"
    assert fault(http(400)).reason == "HTTP 400"
