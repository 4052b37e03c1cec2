"""The badges of a person, from their seats: pure rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from xiaoer import Badge
from xiaoer_tier_badges.seat import Place, Rank, Track

TAG = 16
"""Characters of a tag (Bot API, setChatMemberTag)."""

NAME = 60
"""Characters of a badge's name; Discord takes 100 of a role's (Discord docs, Guild Resource)."""

_TRACKS, _SUBJECTS = 100, 1_000
PASSES = 100 * _TRACKS * _SUBJECTS
"""The order of what only lets in somewhere: below all ranks."""


class Held(NamedTuple):
    """A confirmed seat of somebody: where it is and its number."""

    place: Place
    number: int


def badges_of(board: Mapping[str, Track], seats: Iterable[Held], language: str) -> tuple[Badge, ...]:
    """Return what somebody wears, the most important first: one badge of each rank of each subject.

    A seat of which the configuration does not speak any more has no badge.

    Args:
        board: the tracks by their ids.
        seats: theirs.
        language: ``zh`` or ``en``, in which ranks and subjects are called.
    """
    found: dict[str, tuple[int, int, Badge]] = {}
    for seat in sorted(seats, key=lambda one: one.number):
        track = board.get(seat.place.track)
        rank = track.rank(seat.number) if track is not None else None
        if track is None or rank is None or seat.place.subject not in track.subjects:
            continue
        badge = _badge(board, track, seat, rank, language)
        found.setdefault(badge.kind, (badge.order // (_TRACKS * _SUBJECTS), seat.number, badge))
    return tuple(badge for *_, badge in sorted(found.values(), key=lambda one: (one[0], one[1], one[2].order)))


def _badge(board: Mapping[str, Track], track: Track, seat: Held, rank: Rank, language: str) -> Badge:
    step = track.ranks.index(rank)
    order = (step * _TRACKS + list(board).index(track.id)) * _SUBJECTS + list(track.subjects).index(seat.place.subject)
    called = rank.names.said(language)
    return Badge(
        kind=f"{track.id}.{seat.place.subject}.{rank.id}",
        name=f"{place_name(track, seat.place.subject, language)} · {called}"[:NAME],
        tag=tag(called, seat.number),
        colour=rank.colour,
        order=order,
    )


def place_name(track: Track, subject: str, language: str) -> str:
    """Return what a subject is called on badges: like its track where it has no name of its own."""
    return track.subjects[subject].names.said(language) or track.names.said(language) or track.id


def tag(rank: str, number: int) -> str:
    """Return the few words of a badge, ``创始·07`` for instance: the number whole, the rank as far as there is room."""
    end = f"·{number:02}"
    return f"{rank[: TAG - len(end)]}{end}"
