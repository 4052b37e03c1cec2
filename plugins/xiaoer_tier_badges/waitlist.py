"""The waiting lists: in the order of asking, the first of which is offered each number that falls free."""

from __future__ import annotations

from xiaoer import Refusal, Transaction, Who
from xiaoer_tier_badges import offering
from xiaoer_tier_badges.config import TierBadgesConfig
from xiaoer_tier_badges.holders import note
from xiaoer_tier_badges.place import (
    Spot,
    check_member,
    check_seatless,
    free_number,
    here,
    seat_at,
    somebody_waits,
    spot_of,
)
from xiaoer_tier_badges.seat import Place
from xiaoer_tier_badges.statements import AHEAD, FIRST_WAITING, NOT_WAITING, WAIT, WAITS_AT
from xiaoer_tier_badges.wording import called, name_of

AT_ONCE = 20
"""So many who wait are looked at in one transaction; the others follow in the next."""


def fill(tx: Transaction, config: TierBadgesConfig, place: Place) -> int:
    """Offer every number that is free to those who wait, the first of them first, held for each until it expires.

    Returns:
        How many who waited were looked at.
    """
    spot = spot_of(config, place)
    for looked in range(AT_ONCE):
        first = None if spot is None else tx.one(FIRST_WAITING, **here(tx, place))
        number = None if spot is None or first is None else free_number(tx, spot)
        if spot is None or first is None or number is None:
            return looked
        tx.run(NOT_WAITING, **here(tx, place), who=first.account)
        if seat_at(tx, place, first.account) is not None:
            continue
        if tx.is_member(first.account):
            offering.make(tx, config, spot, first.account, first.name, "waitlist", number=number)
        else:
            note(tx, place, None, first.account, first.name, "passed_over")
    tx.schedule(f"fill.{place}", tx.now, {"track": place.track, "subject": place.subject})
    return AT_ONCE


def position(tx: Transaction, place: Place, account: str) -> int | None:
    """Return the position of the person behind an account on the list; None when they are not on it."""
    row = tx.one(WAITS_AT, **here(tx, place), who=account)
    ahead = None if row is None else tx.one(AHEAD, **here(tx, place), nr=row.id)
    return None if ahead is None else ahead.count


def line_up(tx: Transaction, spot: Spot, who: Who) -> int:
    """Put somebody at the end of the list and return their position.

    Raises:
        Refusal: they are on it.
    """
    place = spot.place
    there = position(tx, place, who.account)
    if there is not None:
        raise Refusal("tier_badges.refused.waits", subject=called(tx, spot.subject), position=there)
    name = name_of(who.account, who.name)
    tx.run(
        WAIT,
        community=tx.community.id,
        track=place.track,
        subject=place.subject,
        account=who.account,
        name=name,
        at=tx.now,
    )
    note(tx, place, None, who.account, name, "waits", who.account)
    found = position(tx, place, who.account)
    assert found is not None  # noqa: S101 - just written
    return found


def join(tx: Transaction, who: Who, spot: Spot) -> None:
    """Put somebody on the list of a subject that is full.

    Raises:
        Refusal: they are no member, have a seat, are on it, or there are free seats.
    """
    check_member(tx, who.account)
    check_seatless(tx, spot, who.account)
    offer = offering.good_offer(tx, spot.place, who.account)
    subject, place = called(tx, spot.subject), str(spot.place)
    if offer is not None and offer.number is not None:
        raise Refusal("tier_badges.refused.held", subject=subject, number=offer.number, place=place)
    if free_number(tx, spot) is not None and not somebody_waits(tx, spot.place):
        raise Refusal("tier_badges.refused.not_full", subject=subject, place=place)
    tx.answer(tx.content("tier_badges.waits", subject=subject, position=line_up(tx, spot, who)))


def leave(tx: Transaction, who: Who, spot: Spot) -> None:
    """Take somebody off the list.

    Raises:
        Refusal: they are not on it.
    """
    place = spot.place
    if not tx.run(NOT_WAITING, **here(tx, place), who=who.account):
        raise Refusal("tier_badges.refused.waits_not", subject=called(tx, spot.subject))
    note(tx, place, None, who.account, name_of(who.account, who.name), "waits_no_more", who.account)
    tx.answer(tx.content("tier_badges.waits_no_more", subject=called(tx, spot.subject)))
