"""What an operator can set about Telegram; nothing here loads aiogram."""

from __future__ import annotations

from pydantic import Field

from xiaoer import Settings


class TelegramSettings(Settings):
    """``[adapters.telegram]``: one bot."""

    token_env: str = Field(
        default="TELEGRAM_TOKEN", description="The environment variable that holds the token from @BotFather."
    )
    api_base: str = Field(
        default="https://api.telegram.org",
        pattern=r"^https?://[^\s/]+(/[^\s]*[^\s/])?$",
        description="The Bot API server: Telegram's own, or yours.",
    )
