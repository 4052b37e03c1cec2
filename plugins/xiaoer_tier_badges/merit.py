"""What seats are offered for beside an admin's word: points, people who were brought, days in the community."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, NamedTuple

from xiaoer import Ledger, ReferralConfirmed, Refusal, Transaction
from xiaoer_tier_badges import offering, waitlist
from xiaoer_tier_badges.config import TierBadgesConfig
from xiaoer_tier_badges.place import Spot, free_seats, here, seat_at, spot_of
from xiaoer_tier_badges.seat import Place, Terms
from xiaoer_tier_badges.statements import BROUGHT, BROUGHT_BY, LAST_OFFER_AT, OPEN_OFFERS

AT_ONCE = 20
"""So many are offered a seat in one transaction."""


class Candidate(NamedTuple):
    """Somebody who may be offered a seat."""

    account: str
    name: str


class Merit(NamedTuple):
    """What somebody has of what seats are offered for.

    Args:
        points: in the ledger.
        referrals: people they brought, as it was confirmed.
        days: days since they came; None when that is not known.
    """

    points: int = 0
    referrals: int = 0
    days: int | None = None


def suffices(terms: Terms, merit: Merit) -> bool:
    """Return whether somebody has what a seat is offered for; for what is offered by hand nobody has."""
    match terms.how:
        case "points":
            return merit.points >= terms.points
        case "referrals":
            return merit.referrals >= terms.referrals
        case "joined":
            return merit.days is not None and merit.days >= terms.days
        case "hand":
            return False


def of(tx: Transaction, terms: Terms, account: str) -> Merit:
    """Return what the person behind an account has of what counts."""
    match terms.how:
        case "points":
            return Merit(points=Ledger(tx).purse(account))
        case "referrals":
            row = tx.one(BROUGHT_BY, here=tx.community.id, who=account)
            return Merit(referrals=0 if row is None else row.count)
        case "joined":
            since = tx.since(account)
            return Merit(days=None if since is None else (tx.now - since) // timedelta(days=1))
        case "hand":
            return Merit()


def refusal(terms: Terms, merit: Merit, subject: str) -> Refusal:
    """Return what is told to somebody who wants a seat and has no offer: how to come by one."""
    values: dict[str, Any] = {"subject": subject}
    match terms.how:
        case "points":
            values |= {"needed": terms.points, "has": merit.points}
        case "referrals":
            values |= {"needed": terms.referrals, "has": merit.referrals}
        case "joined":
            values |= {"needed": terms.days, "has": merit.days or 0}
        case "hand":
            pass
    return Refusal(f"tier_badges.refused.not_offered.{terms.how}", **values)


def brought(tx: Transaction, event: ReferralConfirmed, name: str, config: TierBadgesConfig) -> None:
    """Count somebody who was brought, and offer who brought them a seat where that is enough for one.

    Args:
        tx: the transaction.
        event: what was confirmed.
        name: what the one who brought them is called.
        config: the community's.
    """
    tx.run(BROUGHT, community=tx.community.id, newcomer=event.newcomer, inviter=event.inviter)
    who = Candidate(event.inviter, name)
    for track in config.board.values():
        for subject in track.subjects.values():
            if subject.terms.how == "referrals":
                offer_all(tx, subject.place, [who], config)


def offer_all(tx: Transaction, place: Place, candidates: Iterable[Candidate], config: TierBadgesConfig) -> None:
    """Offer a seat to those who deserve it, each once, while there are more seats than offers."""
    spot = spot_of(config, place)
    if spot is None:
        return
    waitlist.fill(tx, config, place)  # nobody overtakes those who wait
    row = tx.one(OPEN_OFFERS, **here(tx, place))
    left = free_seats(tx, spot) - (0 if row is None else row.count)
    for one in candidates:
        if left <= 0:
            return
        if _deserves(tx, spot, one.account):
            offering.make(tx, config, spot, one.account, one.name, spot.subject.terms.how)
            left -= 1


def _deserves(tx: Transaction, spot: Spot, account: str) -> bool:
    terms = spot.subject.terms
    return (
        tx.is_member(account)
        and seat_at(tx, spot.place, account) is None
        and tx.one(LAST_OFFER_AT, **here(tx, spot.place), who=account) is None
        and suffices(terms, of(tx, terms, account))
    )
