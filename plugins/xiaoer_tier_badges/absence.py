"""What becomes of the seats of somebody who leaves the community: kept, or vacated after a grace."""

from __future__ import annotations

from datetime import timedelta

from xiaoer import Transaction
from xiaoer_tier_badges import seating
from xiaoer_tier_badges.config import TierBadgesConfig
from xiaoer_tier_badges.statements import MINE


def left(tx: Transaction, account: str, config: TierBadgesConfig) -> None:
    """Let the grace begin of somebody who left with the last of their accounts and has seats."""
    if config.on_leave == "keep" or tx.is_member(account) or not tx.all(MINE, here=tx.community.id, who=account):
        return
    tx.schedule(_job(account), tx.now + timedelta(days=config.grace_days), {"account": account})


def returned(tx: Transaction, account: str) -> None:
    """End the grace of somebody who came back, with whichever account."""
    for one in tx.accounts_of(account):
        tx.unschedule(_job(one))


def over(tx: Transaction, account: str, config: TierBadgesConfig) -> None:
    """Let the seats of somebody fall vacant who did not come back."""
    if config.on_leave == "keep" or tx.is_member(account):
        return
    for seat in tx.all(MINE, here=tx.community.id, who=account):
        seating.vacate(tx, config, seat, "", "", "left")


def _job(account: str) -> str:
    return f"gone.{account}"
