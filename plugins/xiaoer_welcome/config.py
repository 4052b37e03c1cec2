"""What an operator can set about the welcome."""

from __future__ import annotations

from pydantic import Field

from xiaoer import CronExpression, Settings


class WelcomeConfig(Settings):
    """``[communities.<id>.welcome]``: how newcomers are received."""

    rules: str = Field(
        default="", max_length=3000, description="The first version of the rules; later ones are set in the chat."
    )
    again_after_hours: int = Field(
        default=24, ge=0, le=24 * 365, description="Who comes back sooner is not welcomed a second time."
    )
    burst: int = Field(
        default=5, ge=1, le=100, description="More joins a minute than this become one welcome for all of them."
    )
    notice: CronExpression = Field(
        default="", description="When the rules are posted again, as a cron expression; empty for never."
    )
    pin: bool = Field(default=True, description="Whether that notice is pinned.")
    allowed: dict[str, tuple[str, ...]] = Field(
        default={}, description="Topics that are welcome, each with the words by which it is known."
    )
    banned: dict[str, tuple[str, ...]] = Field(
        default={}, description="Topics that are not, each with the words by which it is known."
    )
