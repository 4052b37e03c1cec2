"""Numbered partner seats: offered, confirmed, handed on and shown, each number given once."""

from xiaoer_tier_badges.config import TierBadgesConfig
from xiaoer_tier_badges.plugin import TierBadges

__all__ = ["TierBadges", "TierBadgesConfig"]
