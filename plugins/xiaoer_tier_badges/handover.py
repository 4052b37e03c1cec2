"""A seat is handed on: the holder asks, the other agrees, and both happen at once or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from xiaoer import Button, Named, Refusal, Row, Transaction, Who, plain
from xiaoer_tier_badges import board, waitlist, wearing
from xiaoer_tier_badges.config import TierBadgesConfig
from xiaoer_tier_badges.holders import changed, note
from xiaoer_tier_badges.place import Spot, check_member, check_seatless, here, seat_at, spot_at, spot_of
from xiaoer_tier_badges.seat import Place
from xiaoer_tier_badges.seating import end_transfer, stays_yours, wants_nothing_more
from xiaoer_tier_badges.statements import ASK, HAND_ON, TRANSFER, TRANSFERS_AT, TRANSFERS_OF
from xiaoer_tier_badges.wording import called, name_of, rank_of


def ask(tx: Transaction, who: Who, to: Named, spot: Spot, config: TierBadgesConfig) -> None:
    """Ask somebody whether they take a seat over; whom its holder asked before is asked no more.

    Raises:
        Refusal: there is no seat to hand on, or the other cannot have it.
    """
    place, subject = spot.place, called(tx, spot.subject)
    seat = _own(tx, who, spot)
    if tx.person(to.account) == tx.person(who.account):
        raise Refusal("tier_badges.refused.to_yourself")
    if not tx.is_member(to.account):
        raise Refusal("tier_badges.refused.no_member_other", name=to.name)
    check_seatless(tx, spot, to.account, name_of(to.account, to.name))
    for row in tx.all(TRANSFERS_AT, **here(tx, place), nr=seat.number):
        _call_off(tx, row, spot)
    taker, expires = name_of(to.account, to.name), tx.now + timedelta(days=config.transfer_days)
    made = tx.one(
        ASK,
        community=tx.community.id,
        track=place.track,
        subject=place.subject,
        number=seat.number,
        giver=seat.holder,
        giver_name=seat.name,
        taker=to.account,
        taker_name=taker,
        made=tx.now,
        expires=expires,
    )
    assert made is not None  # noqa: S101 - just written
    tx.schedule(f"transfer.{made.id}", expires, {"transfer": made.id})
    note(tx, place, seat.number, seat.holder, seat.name, "asked", who.account, taker)
    _ask(tx, spot, made.id, seat, to.account)
    tx.answer(tx.content("tier_badges.transfer.asked", name=taker, number=seat.number, subject=subject, until=expires))


def _own(tx: Transaction, who: Who, spot: Spot) -> Row:
    seat = seat_at(tx, spot.place, who.account)
    if seat is None:
        raise Refusal("tier_badges.refused.no_seat", subject=called(tx, spot.subject))
    return seat


def _ask(tx: Transaction, spot: Spot, transfer: int, seat: Row, taker: str) -> None:
    row = tx.one(TRANSFER, here=tx.community.id, nr=transfer)
    assert row is not None  # noqa: S101 - just written
    them = tx.who(taker)
    buttons = (
        (
            Button(plain(tx.text("tier_badges.transfer.yes", to=them)), "agree", str(transfer)),
            Button(plain(tx.text("tier_badges.transfer.no", to=them)), "refuse", str(transfer)),
        ),
    )
    values: dict[str, Any] = {
        "name": seat.name,
        "number": seat.number,
        "rank": rank_of(tx, spot.track, seat.number, them),
        "subject": called(tx, spot.subject, them),
        "until": row.expires,
    }
    tx.tell(taker, tx.content("tier_badges.transfer.told", to=them, buttons=buttons, **values))


def find(tx: Transaction, who: Who, number: int) -> Row:
    """Return a transfer that somebody was asked to agree to.

    Raises:
        Refusal: there is none, or somebody else was asked.
    """
    row = tx.one(TRANSFER, here=tx.community.id, nr=number)
    if row is None or tx.person(row.taker) != tx.person(who.account):
        raise Refusal("tier_badges.refused.not_yours")
    return row


def asked_of(tx: Transaction, account: str) -> list[Row]:
    """Return the transfers that the person behind an account may agree to."""
    person = tx.person(account)
    found = tx.all(TRANSFERS_OF, here=tx.community.id, who=account)
    return [row for row in found if tx.person(row.taker) == person and row.expires > tx.now]


def asked_by(tx: Transaction, account: str) -> list[Row]:
    """Return the transfers that the person behind an account asked for."""
    person = tx.person(account)
    found = tx.all(TRANSFERS_OF, here=tx.community.id, who=account)
    return [row for row in found if tx.person(row.giver) == person and row.expires > tx.now]


def agree(tx: Transaction, who: Who, row: Row, config: TierBadgesConfig) -> None:
    """Hand a seat on to who was asked and agrees; the number keeps its rank.

    Raises:
        Refusal: it is over, the seat is not the other's any more, or they cannot have it.
    """
    spot = spot_at(config, row.track, row.subject)
    place, subject = spot.place, called(tx, spot.subject)
    if row.state != "open" or row.expires <= tx.now:
        raise Refusal("tier_badges.refused.transfer_over", name=row.giver_name)
    check_member(tx, who.account)
    check_seatless(tx, spot, who.account)
    name = name_of(who.account, who.name)
    handed = tx.run(
        HAND_ON, **here(tx, place), nr=row.number, giver=row.giver, to=who.account, called=name, moment=tx.now
    )
    if not handed:
        raise Refusal("tier_badges.refused.transfer_over", name=row.giver_name)
    end_transfer(tx, row, "done")
    wants_nothing_more(tx, spot, who.account)
    changed(tx, config, place, row.number, row.giver, row.giver_name, "handed_on", row.giver, name)
    changed(tx, config, place, row.number, who.account, name, "taken_over", who.account, row.giver_name)
    rank = rank_of(tx, spot.track, row.number)
    certificate = wearing.paper(tx, config, place, row.number)
    tx.answer(tx.content("tier_badges.confirmed", picture=certificate, number=row.number, rank=rank, subject=subject))
    them = tx.who(row.giver)
    values: dict[str, Any] = {"name": name, "number": row.number, "subject": called(tx, spot.subject, them)}
    tx.tell(row.giver, tx.content("tier_badges.transfer.done", to=them, **values))
    waitlist.fill(tx, config, place)
    board.refresh(tx, config, place)


def refuse(tx: Transaction, row: Row, config: TierBadgesConfig) -> None:
    """Take somebody's word that they do not want a seat that another would hand on.

    Raises:
        Refusal: it is over.
    """
    spot = spot_at(config, row.track, row.subject)
    if not end_transfer(tx, row, "declined"):
        raise Refusal("tier_badges.refused.transfer_over", name=row.giver_name)
    place = Place(row.track, row.subject)
    note(tx, place, row.number, row.giver, row.giver_name, "refused", row.taker)
    tx.answer(tx.content("tier_badges.transfer.refused", name=row.giver_name, subject=called(tx, spot.subject)))
    stays_yours(tx, spot, row)


def take_back(tx: Transaction, row: Row, config: TierBadgesConfig) -> None:
    """Let a holder keep their seat after all."""
    spot = spot_at(config, row.track, row.subject)
    _call_off(tx, row, spot)
    note(tx, spot.place, row.number, row.giver, row.giver_name, "kept", row.giver)
    tx.answer(tx.content("tier_badges.transfer.kept", number=row.number, subject=called(tx, spot.subject)))


def _call_off(tx: Transaction, row: Row, spot: Spot) -> None:
    end_transfer(tx, row, "withdrawn")
    them = tx.who(row.taker)
    values: dict[str, Any] = {"name": row.giver_name, "number": row.number, "subject": called(tx, spot.subject, them)}
    tx.tell(row.taker, tx.content("tier_badges.transfer.off", to=them, **values))


def expire(tx: Transaction, number: int, config: TierBadgesConfig) -> None:
    """Let a seat stay whose it is, because the other did not answer in time."""
    row = tx.one(TRANSFER, here=tx.community.id, nr=number)
    if row is None or row.state != "open" or row.expires > tx.now:
        return
    end_transfer(tx, row, "expired")
    place = Place(row.track, row.subject)
    note(tx, place, row.number, row.giver, row.giver_name, "unanswered", "", row.taker_name)
    spot = spot_of(config, place)
    if spot is None:
        return
    them = tx.who(row.giver)
    values: dict[str, Any] = {"name": row.taker_name, "number": row.number, "subject": called(tx, spot.subject, them)}
    tx.tell(row.giver, tx.content("tier_badges.transfer.unanswered", to=them, **values))
