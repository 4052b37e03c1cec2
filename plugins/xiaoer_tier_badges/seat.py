"""Seats, the ranks that their numbers have, and which number is given next: pure rules."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

How: TypeAlias = Literal["hand", "points", "referrals", "joined"]
SeatState: TypeAlias = Literal["confirmed", "vacant", "retired"]
"""A number that was given: somebody has it, it can be given again, or it never is."""

OfferState: TypeAlias = Literal["open", "confirmed", "declined", "expired", "withdrawn"]
TransferState: TypeAlias = Literal["open", "done", "declined", "expired", "withdrawn"]


class Names(NamedTuple):
    """What something is called in both languages; one that is missing is said in the other."""

    zh: str = ""
    en: str = ""

    def said(self, language: str) -> str:
        """Return what it is called in a language."""
        return (self.zh or self.en) if language == "zh" else (self.en or self.zh)


class Place(NamedTuple):
    """Where seats are: a track and one of its subjects, by their ids."""

    track: str
    subject: str

    def __str__(self) -> str:
        return f"{self.track}/{self.subject}"


class Rank(NamedTuple):
    """What the holders of a range of numbers are.

    Args:
        id: its key in the configuration.
        first: its first number.
        last: its last number.
        names: what it is called.
        colour: red, green and blue in 24 bits; None for none.
    """

    id: str
    first: int
    last: int
    names: Names
    colour: int | None = None


class Terms(NamedTuple):
    """How people come by a seat.

    Args:
        how: what an offer is made for.
        points: points that they must have.
        referrals: confirmed referrals that they must have.
        days: days since which they must be here.
        open: whether everybody may take a seat while there is one.
    """

    how: How
    points: int
    referrals: int
    days: int
    open: bool


class Subject(NamedTuple):
    """One company, one city or one shop, with its seats.

    Args:
        place: where it is.
        names: what it is called; empty for the community's own name.
        terms: how people come by a seat of it.
    """

    place: Place
    names: Names
    terms: Terms


class Track(NamedTuple):
    """A kind of subjects and the seats that each of them has.

    Args:
        id: its key in the configuration.
        names: what it is called.
        capacity: seats of each subject.
        ranks: from the lowest numbers to the highest; together they are all numbers.
        subjects: by their ids.
        refill: whether a number that falls vacant is given again.
    """

    id: str
    names: Names
    capacity: int
    ranks: tuple[Rank, ...]
    subjects: Mapping[str, Subject]
    refill: bool

    def rank(self, number: int) -> Rank | None:
        """Return the rank of a number; None for one that the configuration has no rank for any more."""
        return next((rank for rank in self.ranks if rank.first <= number <= rank.last), None)


class Fault(NamedTuple):
    """What is wrong with a range of numbers: of which rank, and a sentence that says what is allowed."""

    rank: str
    message: str


class Span(NamedTuple):
    """A range of numbers as it is written, of one rank."""

    rank: str
    first: int
    last: int


def parse_numbers(text: str) -> tuple[int, int] | None:
    """Return the first and the last number of a written range, ``11-50`` or ``7``; None when it is none."""
    first, dash, last = text.replace("–", "-").partition("-")
    ends = [first.strip(), last.strip() if dash else first.strip()]
    if not all(end.isascii() and end.isdigit() and len(end) <= 6 for end in ends):
        return None
    low, high = int(ends[0]), int(ends[1])
    return (low, high) if 1 <= low <= high else None


def faults(spans: Sequence[Span], capacity: int) -> Iterator[Fault]:
    """Yield what keeps ranges from being all numbers from 1 to the capacity, each in one rank."""
    before: Span | None = None
    for span in sorted(spans, key=lambda one: (one.first, one.last)):
        begins = 1 if before is None else before.last + 1
        if before is not None and span.first <= before.last:
            both = _written(span.first, min(span.last, before.last))
            yield Fault(span.rank, f"{both} {_is(both)} in rank {before.rank} too: begin at {begins}")
        elif span.first > begins:
            gap = _written(begins, span.first - 1)
            yield Fault(span.rank, f"{gap} before it {_is(gap)} in no rank: begin at {begins}")
        if span.last > capacity:
            yield Fault(span.rank, f"there are {capacity} seats: end at {capacity} at most, or raise capacity")
        before = span if before is None or span.last > before.last else before
    if before is not None and before.last < capacity:
        gap = _written(before.last + 1, capacity)
        yield Fault(before.rank, f"{gap} behind it {_is(gap)} in no rank: end at {capacity}, or lower capacity")


def _written(first: int, last: int) -> str:
    return f"number {first}" if first == last else f"numbers {first}-{last}"


def _is(numbers: str) -> str:
    return "are" if "-" in numbers else "is"


def standard_ranks(capacity: int) -> tuple[Rank, ...]:
    """Return the ranks of a track that lists none: 1–10 founding, 11–50 initiating, the others partner."""
    ends = (
        ("founding", 1, 10, Names("创始", "Founding"), 0xC9A227),
        ("initiating", 11, 50, Names("发起", "Initiating"), 0x7B5EA7),
        ("partner", 51, capacity, Names("合伙", "Partner"), 0x2E7D8C),
    )
    return tuple(
        Rank(name, first, min(last, capacity), names, colour)
        for name, first, last, names, colour in ends
        if first <= capacity
    )


def lowest_free(capacity: int, taken: Collection[int]) -> int | None:
    """Return the lowest number that nobody has, holds or had for good; None when there is none.

    Args:
        capacity: how many numbers there are.
        taken: those that cannot be given.
    """
    return next((number for number in range(1, capacity + 1) if number not in taken), None)


def find_places(tracks: Mapping[str, Track], word: str, community: str) -> list[Subject]:
    """Return the subjects that somebody means: by ids, ``city/hangzhou`` or ``hangzhou``, or by what they are called.

    Args:
        tracks: where to look.
        word: what they typed; empty means all.
        community: what a subject without a name is called.
    """
    subjects = [subject for track in tracks.values() for subject in track.subjects.values()]
    asked = _folded(word)
    if not asked:
        return subjects
    exact = [subject for subject in subjects if _folded(str(subject.place)) == asked]
    return exact or [subject for subject in subjects if asked in set(_called(tracks, subject, community))]


def _called(tracks: Mapping[str, Track], subject: Subject, community: str) -> Iterable[str]:
    own = [subject.place.subject, *(name for name in subject.names if name)]
    if not any(subject.names):
        own.append(community)
    track = tracks[subject.place.track]
    kinds = [subject.place.track, *(name for name in track.names if name)]
    yield from map(_folded, own)
    yield from (_folded(f"{kind}/{name}") for kind in kinds for name in own)
    if len(track.subjects) == 1:
        yield from map(_folded, kinds)


def _folded(word: str) -> str:
    return "/".join(part.strip() for part in word.casefold().replace("／", "/").split("/"))
