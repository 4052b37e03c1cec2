"""What becomes of a roll of holders beside those that there are: which seats are given, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from xiaoer_tier_badges.roll import Entry, Fault
from xiaoer_tier_badges.seat import Place, Track


class Person(NamedTuple):
    """Whom a word of a roll means.

    Args:
        account: one of theirs.
        name: what they are called; empty when nobody here knows.
        known: whether they are in the community.
    """

    account: str
    name: str
    known: bool


class Taken(NamedTuple):
    """A number that was given or is held.

    Args:
        state: ``confirmed``, ``vacant``, ``retired`` or ``held``.
        person: the person whose it is, or was last.
        name: what they are called.
    """

    state: str
    person: str
    name: str


class Verdict(NamedTuple):
    """What becomes of a roll: the entries that are given, those that are so already, and what is wrong."""

    give: list[Entry]
    same: list[Entry]
    faults: list[Fault]


Seats = Mapping[tuple[Place, int], Taken]


def judge(entries: Iterable[Entry], persons: Mapping[str, str], seats: Seats, board: Mapping[str, Track]) -> Verdict:
    """Return what becomes of a roll.

    Args:
        entries: what it says; in it nobody has a seat twice.
        persons: the person whom each of its words means.
        seats: the numbers that were given or are held.
        board: the tracks by their ids.
    """
    verdict = Verdict([], [], [])
    theirs = {(place, taken.person): number for (place, number), taken in seats.items() if taken.state == "confirmed"}
    for entry in entries:
        person, taken = persons[entry.person], seats.get((entry.place, entry.number))
        if taken is not None and taken.state == "confirmed" and taken.person == person:
            verdict.same.append(entry)
        elif faults := list(_against(entry, person, taken, theirs, board[entry.place.track])):
            verdict.faults.extend(faults)
        else:
            verdict.give.append(entry)
    return verdict


def _against(
    entry: Entry, person: str, taken: Taken | None, theirs: Mapping[tuple[Place, str], int], track: Track
) -> Iterator[Fault]:
    """Yield what speaks against giving a seat to somebody."""

    def fault(key: str, **values: Any) -> Fault:
        return Fault(entry.line, f"tier_badges.import.{key}", values | {"number": entry.number})

    if taken is not None and taken.state == "confirmed":
        yield fault("taken", name=taken.name)
    elif taken is not None and taken.state == "held" and taken.person != person:
        yield fault("held", name=taken.name)
    elif taken is not None and (taken.state == "retired" or (taken.state == "vacant" and not track.refill)):
        yield fault("retired")
    other = theirs.get((entry.place, person))
    if other is not None:
        yield fault("has", other=other)
