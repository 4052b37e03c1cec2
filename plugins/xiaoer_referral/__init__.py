"""Referrals: who brought whom, as surely as it is known, and rewards that mature."""

from xiaoer_referral.config import ReferralConfig
from xiaoer_referral.plugin import Referral

__all__ = ["Referral", "ReferralConfig"]
