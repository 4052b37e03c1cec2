"""Offers: made to one person, for a number that is held or for the lowest that is free, and over after some days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from xiaoer import Button, Row, Transaction, plain
from xiaoer_tier_badges.config import TierBadgesConfig
from xiaoer_tier_badges.holders import note
from xiaoer_tier_badges.place import Spot, here
from xiaoer_tier_badges.seat import Place
from xiaoer_tier_badges.statements import OFFER, OFFERED_AT, SETTLE_OFFER
from xiaoer_tier_badges.wording import called, name_of, rank_of


def make(
    tx: Transaction,
    config: TierBadgesConfig,
    spot: Spot,
    account: str,
    name: str,
    how: str,
    *,
    number: int | None = None,
    by: str = "",
) -> None:
    """Offer somebody a seat and tell them; older offers of the same subject are good no more.

    Args:
        tx: the transaction.
        config: the community's.
        spot: of which subject.
        account: to whom.
        name: what they are called.
        how: what it is for, ``hand`` or ``waitlist`` for instance.
        number: the number that is held for them; None for the lowest that is free when they confirm.
        by: who offers it; empty for the machine.
    """
    place, name = spot.place, name_of(account, name)
    withdraw(tx, open_offers(tx, place, account))
    expires = tx.now + timedelta(days=config.offer_days)
    row = tx.one(
        OFFER,
        community=tx.community.id,
        track=place.track,
        subject=place.subject,
        account=account,
        name=name,
        number=number,
        how=how,
        by=by,
        made=tx.now,
        expires=expires,
    )
    assert row is not None  # noqa: S101 - just written
    tx.schedule(f"offer.{row.id}", expires, {"offer": row.id})
    note(tx, place, number, account, name, "offered" if number is None else "held", by, how)
    _tell(tx, spot, account, row.id, number, {"until": expires})


def _tell(tx: Transaction, spot: Spot, account: str, offer: int, number: int | None, values: dict[str, Any]) -> None:
    them = tx.who(account)
    buttons = (
        (
            Button(plain(tx.text("tier_badges.offer.yes", to=them)), "confirm", str(offer)),
            Button(plain(tx.text("tier_badges.offer.no", to=them)), "decline", str(offer)),
        ),
    )
    values |= {"subject": called(tx, spot.subject, them), "place": str(spot.place), "number": number}
    if number is not None:
        values["rank"] = rank_of(tx, spot.track, number, them)
    key = "tier_badges.offer.told" if number is None else "tier_badges.offer.told_number"
    tx.tell(account, tx.content(key, to=them, buttons=buttons, **values))


def open_offers(tx: Transaction, place: Place, account: str) -> list[Row]:
    """Return the open offers of the person behind an account, over or not, those that hold a number first."""
    return tx.all(OFFERED_AT, **here(tx, place), who=account)


def good_offer(tx: Transaction, place: Place, account: str) -> Row | None:
    """Return the offer that somebody can confirm: one that holds a number before others."""
    return next((row for row in open_offers(tx, place, account) if row.expires > tx.now), None)


def settle(tx: Transaction, offer: Row, became: str) -> bool:
    """Say what became of an offer; return whether it was open until now."""
    tx.unschedule(f"offer.{offer.id}")
    return tx.run(SETTLE_OFFER, nr=offer.id, became=became) == 1


def withdraw(tx: Transaction, offers: Iterable[Row]) -> None:
    """Take offers back, because something else took their place."""
    for offer in offers:
        settle(tx, offer, "withdrawn")
