"""The seats' hooks, commands and buttons: they look and queue, desk, waitlist and handover decide."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel

from xiaoer import Context, Plugin, Role
from xiaoer_tier_badges.config import TierBadgesConfig

Here = Context[TierBadgesConfig]


class TierBadges(Plugin[TierBadgesConfig]):
    """Numbered partner seats: offered, confirmed, handed on and shown, each number given once."""

    name: ClassVar[str] = "tier_badges"
    config: ClassVar[type[BaseModel]] = TierBadgesConfig
    capabilities: ClassVar[dict[str, Role]] = {"tier_badges.manage": "secretary"}
