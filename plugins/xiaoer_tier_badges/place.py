"""Which subject somebody means, and how many of its seats are taken."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from xiaoer import Refusal, Row, Transaction
from xiaoer_tier_badges.config import TierBadgesConfig
from xiaoer_tier_badges.seat import Place, Subject, Track, find_places, lowest_free
from xiaoer_tier_badges.statements import FIRST_WAITING, MINE_AT, TAKEN, TAKEN_COUNT
from xiaoer_tier_badges.wording import called, listed


class Spot(NamedTuple):
    """A subject and the track that it belongs to."""

    track: Track
    subject: Subject

    @property
    def place(self) -> Place:
        """Its ids."""
        return self.subject.place


def here(tx: Transaction, place: Place) -> dict[str, Any]:
    """Return what statements about a place are asked with."""
    return {"here": tx.community.id, "of_track": place.track, "of_subject": place.subject}


def spot_of(config: TierBadgesConfig, place: Place) -> Spot | None:
    """Return a subject by its ids; None for one that the configuration does not have any more."""
    track = config.board.get(place.track)
    subject = None if track is None else track.subjects.get(place.subject)
    return Spot(track, subject) if track is not None and subject is not None else None


def spot_at(config: TierBadgesConfig, track: str, subject: str) -> Spot:
    """Return a subject by its ids.

    Raises:
        Refusal: the configuration does not have it any more.
    """
    spot = spot_of(config, Place(track, subject))
    if spot is None:
        raise Refusal("tier_badges.refused.gone", subject=f"{track}/{subject}")
    return spot


def meant(tx: Transaction, config: TierBadgesConfig, word: str, among: Collection[Place] = ()) -> Spot:
    """Return the subject that somebody means.

    Args:
        tx: the transaction.
        config: the community's.
        word: what they typed; empty for what goes without saying.
        among: the subjects that they have to do with, one of which they mean when they do not say more.

    Raises:
        Refusal: there is no such subject, or several could be meant.
    """
    subjects = find_places(config.board, word, tx.community.name)
    if len(subjects) > 1:
        subjects = [one for one in subjects if one.place in among] or subjects
    if len(subjects) == 1:
        return Spot(config.board[subjects[0].place.track], subjects[0])
    if subjects:
        raise Refusal("tier_badges.refused.which", subjects=listed(tx, subjects))
    every = find_places(config.board, "", tx.community.name)
    raise Refusal("tier_badges.refused.no_subject", word=word, subjects=listed(tx, every))


def seat_at(tx: Transaction, place: Place, account: str) -> Row | None:
    """Return the seat that the person behind an account has there."""
    return tx.one(MINE_AT, **here(tx, place), who=account)


def free_number(tx: Transaction, spot: Spot) -> int | None:
    """Return the number that is given next; None when all are taken."""
    if free_seats(tx, spot) == 0:  # which is known much sooner than the numbers are read
        return None
    taken = {row.number for row in tx.all(TAKEN, **here(tx, spot.place), refill=int(spot.track.refill))}
    return lowest_free(spot.track.capacity, taken)


def free_seats(tx: Transaction, spot: Spot) -> int:
    """Return how many numbers can be given."""
    track = spot.track
    row = tx.one(TAKEN_COUNT, **here(tx, spot.place), refill=int(track.refill), capacity=track.capacity)
    taken: int = 0 if row is None else row.count
    return track.capacity - taken


def somebody_waits(tx: Transaction, place: Place) -> bool:
    """Return whether anybody is on the waiting list."""
    return tx.one(FIRST_WAITING, **here(tx, place)) is not None


def check_member(tx: Transaction, account: str) -> None:
    """Make sure that somebody is in the community.

    Raises:
        Refusal: they are not.
    """
    if not tx.is_member(account):
        raise Refusal("tier_badges.refused.no_member")


def check_seatless(tx: Transaction, spot: Spot, account: str, name: str = "") -> None:
    """Make sure that somebody has no seat of a subject.

    Args:
        tx: the transaction.
        spot: the subject.
        account: whose.
        name: what they are called, when somebody else is told.

    Raises:
        Refusal: they have one.
    """
    seat = seat_at(tx, spot.place, account)
    if seat is not None:
        key = "tier_badges.refused.seated_other" if name else "tier_badges.refused.seated"
        raise Refusal(key, number=seat.number, subject=called(tx, spot.subject), name=name)
