"""The one place through which every change of who holds a seat goes, with what hangs on it."""

from __future__ import annotations

from xiaoer import Transaction
from xiaoer_tier_badges import porter
from xiaoer_tier_badges.config import TierBadgesConfig
from xiaoer_tier_badges.seat import Place
from xiaoer_tier_badges.statements import NOTE


def note(
    tx: Transaction, place: Place, number: int | None, account: str, name: str, what: str, by: str = "", why: str = ""
) -> None:
    """Write into the trail what was done.

    Args:
        tx: the transaction.
        place: where.
        number: which seat; None where it is about none yet.
        account: whose.
        name: what they are called.
        what: the last part of the text ``tier_badges.trail.<what>``.
        by: who did it; empty for the machine.
        why: their reason, as it was typed.
    """
    tx.run(
        NOTE,
        community=tx.community.id,
        track=place.track,
        subject=place.subject,
        number=number,
        account=account,
        name=name,
        what=what,
        by=by,
        why=why,
        at=tx.now,
    )


def changed(
    tx: Transaction,
    config: TierBadgesConfig,
    place: Place,
    number: int,
    account: str,
    name: str,
    what: str,
    by: str = "",
    why: str = "",
) -> None:
    """Hear that somebody has a seat, or has it no more, and let follow what hangs on it.

    Args:
        tx: the transaction, in which the seat is already as it is now.
        config: the community's.
        place: where.
        number: which seat.
        account: whose it became, or was.
        name: what they are called.
        what: the last part of the text ``tier_badges.trail.<what>``.
        by: who did it; empty for the machine.
        why: their reason, as it was typed.
    """
    note(tx, place, number, account, name, what, by, why)
    porter.follow(tx, config, account)
