"""The platforms that can be played for real."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.contracts.discord_stage import DiscordStage
from tests.contracts.live import doors
from tests.contracts.live.stage import LiveStage
from tests.contracts.stage import How
from tests.contracts.telegram_stage import TelegramStage

from xiaoer_discord import DiscordAdapter
from xiaoer_telegram import TelegramAdapter


class LiveTelegram(LiveStage):
    """A supergroup in which the bot is an admin; its own link is what people come in by."""

    platform = "telegram"
    adapter = TelegramAdapter
    kinds = TelegramStage.kinds
    joins: ClassVar[dict[How, str]] = {**TelegramStage.joins, "alone": "public_link exact"}

    async def open(self) -> None:
        """Let go of what Telegram still holds for the last test, as this one has a new database."""
        await doors.let_go(self.place)


class LiveDiscord(LiveStage):
    """A text channel."""

    platform = "discord"
    adapter = DiscordAdapter
    kinds = DiscordStage.kinds
    joins: ClassVar[dict[How, str]] = DiscordStage.joins
    takes_any_words: ClassVar[bool] = DiscordStage.takes_any_words

    def typed(self, command: str, options: dict[str, Any]) -> str:
        """Return a command as Discord's client shows it, with its values by their names."""
        return " ".join(["/" + command, *(f"{name}:{value}" for name, value in options.items())])


STAGES: dict[str, type[LiveStage]] = {kind.platform: kind for kind in (LiveTelegram, LiveDiscord)}
