"""What the scenes of the broadcaster share."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from xiaoer import Statement
from xiaoer.communities import Budget
from xiaoer.testing import FakeMessage, Town, play
from xiaoer.testing.scene import ADMINS, MAIN, UNLIMITED
from xiaoer_broadcaster import Broadcaster
from xiaoer_broadcaster.tables import items, messages, posts

POSTS = Statement(select(posts).order_by(posts.c.id))
MESSAGES = Statement(select(messages.c.message))
ITEMS = Statement(select(items).order_by(items.c.number))


@asynccontextmanager
async def teahouse(
    *, timezone: str = "Asia/Shanghai", chats: tuple[str, ...] = (MAIN,), budget: Budget = UNLIMITED, **config: Any
) -> AsyncGenerator[Town]:
    """Open a community with the broadcaster; it is noon there, of a Monday.

    Args:
        timezone: its zone.
        chats: its main chats.
        budget: what its chats are given an hour.
        config: what its section of the broadcaster says.
    """
    settings = {"broadcaster": config}
    async with play(Broadcaster, config=settings, timezone=timezone, chats=chats, budget=budget) as town:
        yield town


async def ask(town: Town, name: str, command: str, **how: Any) -> str:
    """Return what somebody is answered to a command."""
    answer = await town.use(name, command, **how)
    assert answer is not None
    return answer.text


async def boss(town: Town, command: str) -> str:
    """Return what the secretary is answered to a command."""
    return await ask(town, "boss", command, role="secretary")


async def script(town: Town, text: str, *edits: str, author: str = "ann") -> int:
    """Let somebody submit a text, and the secretary edit and approve it; return its number."""
    answer = await ask(town, author, f"/script submit {text}")
    number = int(answer.split("No. ")[1].split(",")[0])
    for edit in edits:
        await boss(town, f"/script edit {number} {edit}")
    assert "approved" in await boss(town, f"/script approve {number}")
    return number


async def until(town: Town, at: str) -> None:
    """Let time pass until clocks show ``20:30`` next, or ``2026-03-04 20:30``."""
    zone = town.app.runtimes["town"].community.timezone
    now = town.now().astimezone(zone)
    if "-" in at:
        then = datetime.strptime(at, "%Y-%m-%d %H:%M").replace(tzinfo=zone)
    else:
        hour, minute = map(int, at.split(":"))
        then = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        then = then if then > now else then + timedelta(days=1)
    await town.pass_time(seconds=(then.astimezone(ZoneInfo("UTC")) - town.now()).total_seconds())


def posted(town: Town) -> list[FakeMessage]:
    """Return what stands in the main chat for everybody."""
    return [message for message in town.messages() if message.only_to is None and message.answers is None]


def told(town: Town) -> list[str]:
    """Return what the admins were told."""
    return [message.text for message in town.messages(ADMINS)]
