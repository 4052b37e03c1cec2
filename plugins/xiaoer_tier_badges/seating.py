"""A number is given, or falls vacant: what is written then, and what follows for offers, lists and boards."""

from __future__ import annotations

from typing import Any

from xiaoer import Refusal, Row, Transaction, Who
from xiaoer_tier_badges import board, offering, waitlist
from xiaoer_tier_badges.config import TierBadgesConfig
from xiaoer_tier_badges.holders import changed, note
from xiaoer_tier_badges.place import Spot, here, spot_of
from xiaoer_tier_badges.seat import Place
from xiaoer_tier_badges.statements import (
    GIVE,
    NOT_WAITING,
    SETTLE_TRANSFER,
    TRANSFERS_AT,
    TRANSFERS_OF,
    VACATE,
)
from xiaoer_tier_badges.wording import called, name_of


def give(tx: Transaction, config: TierBadgesConfig, spot: Spot, number: int, who: Who) -> None:
    """Give somebody a number that is free or held for them.

    Raises:
        Refusal: somebody has it already.
    """
    place, name = spot.place, name_of(who.account, who.name)
    if not tx.run(
        GIVE,
        community=tx.community.id,
        track=place.track,
        subject=place.subject,
        number=number,
        holder=who.account,
        name=name,
        since=tx.now,
    ):
        raise Refusal("tier_badges.refused.taken", subject=called(tx, spot.subject), number=number)
    wants_nothing_more(tx, spot, who.account)
    changed(tx, config, place, number, who.account, name, "confirmed", who.account)
    waitlist.fill(tx, config, place)
    board.refresh(tx, config, place)


def wants_nothing_more(tx: Transaction, spot: Spot, account: str) -> None:
    """Take back what else somebody was about to get of a subject, now that they have a seat of it."""
    place = spot.place
    offering.withdraw(tx, offering.open_offers(tx, place, account))
    tx.run(NOT_WAITING, **here(tx, place), who=account)
    for row in tx.all(TRANSFERS_OF, here=tx.community.id, who=account):
        if (row.track, row.subject) == place and tx.person(row.taker) == tx.person(account):
            end_transfer(tx, row, "withdrawn")
            stays_yours(tx, spot, row)


def stays_yours(tx: Transaction, spot: Spot, row: Row) -> None:
    """Tell a holder that somebody does not take their seat over."""
    them = tx.who(row.giver)
    values: dict[str, Any] = {"name": row.taker_name, "number": row.number, "subject": called(tx, spot.subject, them)}
    tx.tell(row.giver, tx.content("tier_badges.transfer.refused_you", to=them, **values))


def end_transfer(tx: Transaction, row: Row, became: str) -> bool:
    """Say what became of a transfer; return whether it was open until now."""
    tx.unschedule(f"transfer.{row.id}")
    return tx.run(SETTLE_TRANSFER, nr=row.id, became=became) == 1


def vacate(tx: Transaction, config: TierBadgesConfig, seat: Row, by: str, why: str, what: str = "vacated") -> None:
    """Let a seat fall vacant; the number is retired, or offered to who waits first.

    Args:
        tx: the transaction.
        config: the community's.
        seat: the seat, with its holder.
        by: who does it; empty for the machine.
        why: the reason, as it was typed.
        what: how the trail calls it.
    """
    place = Place(seat.track, seat.subject)
    spot = spot_of(config, place)
    refill = spot is None or spot.track.refill
    became = "vacant" if refill else "retired"
    tx.run(VACATE, **here(tx, place), nr=seat.number, became=became, moment=tx.now)
    for row in tx.all(TRANSFERS_AT, **here(tx, place), nr=seat.number):
        end_transfer(tx, row, "withdrawn")
        if spot is not None:
            them = tx.who(row.taker)
            subject = called(tx, spot.subject, them)
            values: dict[str, Any] = {"number": seat.number, "subject": subject, "name": seat.name}
            tx.tell(row.taker, tx.content("tier_badges.transfer.off", to=them, **values))
    changed(tx, config, place, seat.number, seat.holder, seat.name, what, by, why)
    if not refill:
        note(tx, place, seat.number, seat.holder, seat.name, "retired")
    waitlist.fill(tx, config, place)
    board.refresh(tx, config, place)
