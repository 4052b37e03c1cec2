"""What is decided about seats inside the transaction: offered, confirmed, declined, given up, taken away."""

from __future__ import annotations

from typing import Any, NamedTuple

from xiaoer import Named, Refusal, Row, Transaction, Who, one_line
from xiaoer_tier_badges import board, handover, merit, offering, seating, waitlist, wearing
from xiaoer_tier_badges.config import TierBadgesConfig
from xiaoer_tier_badges.holders import note
from xiaoer_tier_badges.place import (
    Spot,
    check_member,
    check_seatless,
    free_number,
    here,
    meant,
    spot_at,
    spot_of,
)
from xiaoer_tier_badges.seat import Place
from xiaoer_tier_badges.statements import LAST_OFFER_AT, MINE, OFFER_BY_ID, OFFERED, SEAT, TAKEN
from xiaoer_tier_badges.wording import called, name_of, rank_of, signed

WHY_LIMIT = 200


class Wish(NamedTuple):
    """What an admin wants to offer: of which subject as it was typed, and which number, if one is named."""

    subject: str
    number: int | None


def offer(tx: Transaction, who: Who, to: Named, wish: Wish, config: TierBadgesConfig) -> None:
    """Let an admin offer somebody a seat; a number that is named is held for them.

    Raises:
        Refusal: they have one, or are offered one, or there is none.
    """
    spot = meant(tx, config, wish.subject)
    place, subject, name = spot.place, called(tx, spot.subject), name_of(to.account, to.name)
    if not tx.is_member(to.account):
        raise Refusal("tier_badges.refused.no_member_other", name=name)
    check_seatless(tx, spot, to.account, name)
    older = offering.good_offer(tx, place, to.account)
    if older is not None:
        raise Refusal("tier_badges.refused.offered_already", name=name, subject=subject, until=older.expires)
    _check_free(tx, spot, wish.number)
    offering.make(tx, config, spot, to.account, to.name, "hand", number=wish.number, by=signed(who))
    key = "tier_badges.offer.made" if wish.number is None else "tier_badges.offer.made_number"
    tx.answer(tx.content(key, name=name, subject=subject, number=wish.number, days=config.offer_days))


def _check_free(tx: Transaction, spot: Spot, number: int | None) -> None:
    subject, capacity = called(tx, spot.subject), spot.track.capacity
    if number is None:
        if free_number(tx, spot) is None:
            raise Refusal("tier_badges.refused.full", subject=subject, capacity=capacity, place=str(spot.place))
        return
    if not 1 <= number <= capacity:
        raise Refusal("tier_badges.refused.no_number", subject=subject, capacity=capacity)
    taken = {row.number for row in tx.all(TAKEN, **here(tx, spot.place), refill=int(spot.track.refill))}
    if number in taken:
        raise Refusal("tier_badges.refused.taken", subject=subject, number=number)


def pressed(tx: Transaction, who: Who, number: int, config: TierBadgesConfig) -> None:
    """Give somebody the seat that an offer is for, by its button.

    Raises:
        Refusal: it is not theirs, is over, or they cannot have a seat.
    """
    row = _offer(tx, who, number)
    spot = spot_at(config, row.track, row.subject)
    if row.state in ("declined", "withdrawn") and not spot.subject.terms.open:
        check_seatless(tx, spot, who.account)
        if offering.good_offer(tx, spot.place, who.account) is None:
            raise Refusal("tier_badges.refused.offer_closed", subject=called(tx, spot.subject))
    take(tx, who, spot, config)


def _offer(tx: Transaction, who: Who, number: int) -> Row:
    row = tx.one(OFFER_BY_ID, here=tx.community.id, nr=number)
    if row is None or tx.person(row.account) != tx.person(who.account):
        raise Refusal("tier_badges.refused.not_yours")
    return row


def confirm(tx: Transaction, who: Who, word: str, config: TierBadgesConfig) -> None:
    """Give somebody the seat that they are offered, were asked to take over, or may simply take.

    Raises:
        Refusal: they cannot have it; it says why.
    """
    asked = handover.asked_of(tx, who.account)
    offered = tx.all(OFFERED, here=tx.community.id, who=who.account)
    spot = meant(tx, config, word, {Place(row.track, row.subject) for row in (*asked, *offered)})
    agreed = next((row for row in asked if (row.track, row.subject) == spot.place), None)
    if agreed is not None and offering.good_offer(tx, spot.place, who.account) is None:
        handover.agree(tx, who, agreed, config)
    else:
        take(tx, who, spot, config)


def take(tx: Transaction, who: Who, spot: Spot, config: TierBadgesConfig) -> None:
    """Give somebody the number that is held for them or the lowest that is free; without one they wait.

    Raises:
        Refusal: they are no member, have a seat or have no offer; it says how to come by one.
    """
    check_member(tx, who.account)
    check_seatless(tx, spot, who.account)
    waitlist.fill(tx, config, spot.place)  # there may be more seats than there were
    found = offering.good_offer(tx, spot.place, who.account)
    if found is None:
        _check_allowed(tx, who, spot)
    held = found is not None and found.number is not None and found.number <= spot.track.capacity
    number = found.number if found is not None and held else free_number(tx, spot)
    subject = called(tx, spot.subject)
    if number is None:
        offering.withdraw(tx, offering.open_offers(tx, spot.place, who.account))
        position = waitlist.line_up(tx, spot, who)
        tx.answer(tx.content("tier_badges.full", subject=subject, capacity=spot.track.capacity, position=position))
        return
    if found is not None:
        offering.settle(tx, found, "confirmed")
    seating.give(tx, config, spot, number, who)
    rank = rank_of(tx, spot.track, number)
    certificate = wearing.paper(tx, config, spot.place, number)
    tx.answer(tx.content("tier_badges.confirmed", picture=certificate, number=number, rank=rank, subject=subject))


def _check_allowed(tx: Transaction, who: Who, spot: Spot) -> None:
    terms, subject = spot.subject.terms, called(tx, spot.subject)
    if terms.open:
        return
    had = merit.of(tx, terms, who.account)
    if merit.suffices(terms, had):
        return
    last = tx.one(LAST_OFFER_AT, **here(tx, spot.place), who=who.account)
    if last is not None and last.state in ("open", "expired"):
        raise Refusal("tier_badges.refused.offer_expired", subject=subject, at=last.expires)
    raise merit.refusal(terms, had, subject)


def declined(tx: Transaction, who: Who, number: int, config: TierBadgesConfig) -> None:
    """Take somebody's word, by its button, that they do not want what an offer is for.

    Raises:
        Refusal: it is not theirs, or it is over.
    """
    _decline(tx, who, _offer(tx, who, number), config)


def decline(tx: Transaction, who: Who, word: str, config: TierBadgesConfig) -> None:
    """Take somebody's word that they do not want a seat, or want to keep the one that they were about to hand on.

    Raises:
        Refusal: there is nothing to decline.
    """
    offered = [row for row in tx.all(OFFERED, here=tx.community.id, who=who.account) if row.expires > tx.now]
    asked, asks = handover.asked_of(tx, who.account), handover.asked_by(tx, who.account)
    every = (*offered, *asked, *asks)
    if not every:
        raise Refusal("tier_badges.refused.nothing")
    place = meant(tx, config, word, {Place(row.track, row.subject) for row in every}).place
    for rows, what in ((offered, "offer"), (asked, "asked"), (asks, "asks")):
        row = next((row for row in rows if (row.track, row.subject) == place), None)
        if row is None:
            continue
        if what == "offer":
            _decline(tx, who, row, config)
        elif what == "asked":
            handover.refuse(tx, row, config)
        else:
            handover.take_back(tx, row, config)
        return
    raise Refusal("tier_badges.refused.nothing")


def _decline(tx: Transaction, who: Who, row: Row, config: TierBadgesConfig) -> None:
    spot = spot_at(config, row.track, row.subject)
    subject = called(tx, spot.subject)
    if row.expires <= tx.now or not offering.settle(tx, row, "declined"):
        raise Refusal("tier_badges.refused.offer_closed", subject=subject)
    note(tx, spot.place, row.number, row.account, row.name, "declined", who.account)
    tx.answer(tx.content("tier_badges.declined", subject=subject))
    waitlist.fill(tx, config, spot.place)
    board.refresh(tx, config, spot.place)


def expire(tx: Transaction, number: int, config: TierBadgesConfig) -> None:
    """Let an offer be over that nobody answered; a number that it held goes to who waits."""
    row = tx.one(OFFER_BY_ID, here=tx.community.id, nr=number)
    if row is None or row.state != "open" or row.expires > tx.now:
        return
    offering.settle(tx, row, "expired")
    place = Place(row.track, row.subject)
    note(tx, place, row.number, row.account, row.name, "expired")
    spot = spot_of(config, place)
    if spot is not None:
        them = tx.who(row.account)
        subject = called(tx, spot.subject, them)
        tx.tell(row.account, tx.content("tier_badges.offer.expired", to=them, subject=subject))
        waitlist.fill(tx, config, place)
        board.refresh(tx, config, place)


def give_up(tx: Transaction, who: Who, word: str, number: int, why: str, config: TierBadgesConfig) -> None:
    """Let somebody give up a seat; they name its number, so that it is never given up by mistake.

    Raises:
        Refusal: it is not theirs.
    """
    spot = meant(tx, config, word, {Place(row.track, row.subject) for row in _seats(tx, who)})
    subject = called(tx, spot.subject)
    mine = [row for row in _seats(tx, who) if (row.track, row.subject) == spot.place]
    seat = next((row for row in mine if row.number == number), None)
    if not mine:
        raise Refusal("tier_badges.refused.no_seat", subject=subject)
    if seat is None:
        raise Refusal("tier_badges.refused.other_number", subject=subject, number=mine[0].number)
    seating.vacate(tx, config, seat, who.account, one_line(why, WHY_LIMIT))
    key = "tier_badges.vacated" if spot.track.refill else "tier_badges.vacated_for_good"
    tx.answer(tx.content(key, subject=subject, number=number))


def _seats(tx: Transaction, who: Who) -> list[Row]:
    return tx.all(MINE, here=tx.community.id, who=who.account)


def revoke(tx: Transaction, who: Who, word: str, number: int, why: str, config: TierBadgesConfig) -> None:
    """Let an admin take a seat from somebody, with a reason, which they are told.

    Raises:
        Refusal: nobody has it.
    """
    spot = meant(tx, config, word)
    subject = called(tx, spot.subject)
    seat = tx.one(SEAT, **here(tx, spot.place), nr=number)
    if seat is None or seat.state != "confirmed":
        raise Refusal("tier_badges.refused.nobody_has", subject=subject, number=number)
    why = one_line(why, WHY_LIMIT)
    seating.vacate(tx, config, seat, signed(who), why, "revoked")
    tx.answer(tx.content("tier_badges.revoked", subject=subject, number=number, name=seat.name))
    them = tx.who(seat.holder)
    values: dict[str, Any] = {"subject": called(tx, spot.subject, them), "number": number, "why": why}
    tx.tell(seat.holder, tx.content("tier_badges.revoked_yours", to=them, **values))
