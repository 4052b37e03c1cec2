"""One community on all platforms at once: the sandbox, Telegram and Discord in one app."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import func, select
from tests.contracts.discord_stage import DiscordStage
from tests.contracts.probe import make_table
from tests.contracts.stage import Stage, make_app
from tests.contracts.telegram_stage import TelegramStage
from tests.contracts.web_stage import WebStage

from xiaoer import Statement
from xiaoer.app import App
from xiaoer.testing import ManualClock
from xiaoer_welcome import Welcome
from xiaoer_welcome.tables import receipts

RECEIPTS = Statement(select(func.count().label("number")).select_from(receipts))


class Everywhere:
    """A town whose people live on three platforms."""

    def __init__(self, folder: Path) -> None:
        clock = ManualClock()
        self.web = WebStage(folder, Welcome, clock=clock)
        self.telegram = TelegramStage(folder, Welcome, clock=clock)
        self.discord = DiscordStage(folder, Welcome, clock=clock)
        self.stages: list[Stage] = [self.web, self.telegram, self.discord]
        self.app: App

    async def start(self) -> None:
        """Start the app on all platforms."""
        self.app = make_app(self.stages)
        await self.app.start()
        await self.app.store.transact(make_table)
        for stage in self.stages:
            stage.app = self.app
            await stage.connected()


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Everywhere]:
    town = Everywhere(tmp_path)
    async with AsyncExitStack() as stack:
        for stage in town.stages:
            await stage.open()
            stack.push_async_callback(stage.close)
        await town.start()
        yield town
        await town.app.stop()


async def said(stage: Stage, name: str, command: str, **options: str) -> str:
    """Let somebody use a command and return the newest answer."""
    handle = await stage.use(name, command, **options)
    await stage.settle()
    return (await stage.answers(name, handle))[-1].text


def code_in(text: str) -> str:
    """Return the code that a text shows."""
    found = re.search(r"/link (\S+)", text)
    assert found is not None, text
    return found[1]


async def test_everybody_is_welcomed_where_they_come_in(town: Everywhere) -> None:
    for stage in town.stages:
        await stage.join("Ann")
        await stage.settle()
        assert ["Welcome to Town" in seen.text for seen in await stage.seen("Ann")] == [True], stage.platform


async def test_a_code_shown_on_one_platform_and_typed_on_another_makes_one_person(town: Everywhere) -> None:
    telegram, discord = town.telegram, town.discord
    for stage in (telegram, discord):
        await stage.join("Ann")
        await stage.settle()
    shown = await said(telegram, "Ann", "link")
    code = code_in(shown)
    assert "Telegram" in await said(discord, "Ann", "link", code=code)
    assert any("Discord" in seen.text for seen in await telegram.seen("Ann"))

    (hello,) = [seen for seen in await telegram.seen("Ann") if "Welcome to Town" in seen.text]
    await telegram.press("Ann", "I accept", hello.id)
    await telegram.settle()
    (hello,) = [seen for seen in await discord.seen("Ann") if "Welcome to Town" in seen.text]
    pressed = await discord.press("Ann", "I accept", hello.id)
    await discord.settle()
    assert "already" in (await discord.answers("Ann", pressed))[0].text
    assert (await town.app.store.read(RECEIPTS))[0].number == 1


async def test_linked_accounts_can_be_parted_and_both_sides_are_told(town: Everywhere) -> None:
    telegram, discord = town.telegram, town.discord
    for stage in (telegram, discord):
        await stage.join("Ann")
        await stage.settle()
    code = code_in(await said(discord, "Ann", "link"))
    await said(telegram, "Ann", "link", code=code)
    assert "stands for itself again" in await said(telegram, "Ann", "unlink")
    assert any("not linked with you any more" in seen.text for seen in await discord.seen("Ann"))
    assert "not linked with any" in await said(discord, "Ann", "unlink")


async def test_a_code_is_good_for_ten_minutes(town: Everywhere) -> None:
    telegram, discord = town.telegram, town.discord
    for stage in (telegram, discord):
        await stage.join("Ann")
        await stage.settle()
    code = code_in(await said(telegram, "Ann", "link"))
    await town.web.clock.advance(11 * 60)
    assert "not good any more" in await said(discord, "Ann", "link", code=code)
