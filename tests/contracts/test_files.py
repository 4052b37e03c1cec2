"""What every adapter promises about the messages that commands are used on, and about files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.contracts.discord_stage import DiscordStage
from tests.contracts.stage import Stage
from tests.contracts.telegram_stage import TelegramStage
from tests.contracts.web_stage import WebStage

STAGES: tuple[type[Stage], ...] = (WebStage, TelegramStage, DiscordStage)


@pytest.fixture(params=STAGES, ids=[kind.platform for kind in STAGES])
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    kind: type[Stage] = request.param
    async with kind(tmp_path) as found:
        await found.bring("Ann")
        await found.bring("Bob")
        yield found


async def test_a_command_tells_what_it_was_used_on(stage: Stage) -> None:
    message = await stage.write("Ann", "a script for *tea* 🍵")
    handle = await stage.use_on("Bob", "look", message)
    await stage.settle()
    assert await stage.notes("look") == [("look", "Ann", "text: a script for *tea* 🍵", "")]
    assert [answer.text for answer in await stage.answers("Bob", handle)] == ["look: True -"]


async def test_a_command_that_is_used_on_nothing_tells_so(stage: Stage) -> None:
    await stage.write("Ann", "a script")
    handle = await stage.use("Bob", "look")
    await stage.settle()
    assert await stage.notes("look") == []
    assert [answer.private for answer in await stage.answers("Bob", handle)] == [True]
