"""Gates: which chats admit only holders of which seats, and why somebody is not admitted. Pure rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Literal, NamedTuple, TypeAlias

from pydantic import AfterValidator, Field

from xiaoer import Settings
from xiaoer_tier_badges.badge import Held, place_name
from xiaoer_tier_badges.seat import Track

Reason: TypeAlias = Literal["unseated", "elsewhere", "rank", "unconfirmed"]
"""Why somebody is not admitted: they have no seat, none of this kind, none of these ranks, or not confirmed it yet."""

_CHAT = re.compile(r"[a-z]+:[^\s/]+(/\S+)?")


def _chat(text: str) -> str:
    if not _CHAT.fullmatch(text):
        raise ValueError("write a chat as platform:id, telegram:-1001234 or discord:111/222 for instance")
    return text


def _link(text: str) -> str:
    if text and not re.fullmatch(r"(https|http|tg|discord)://\S+", text):
        raise ValueError("write an address that begins with https://")
    return text


class Gate(Settings):
    """``[[….gates]]``: a chat that only holders of some seats are admitted to."""

    chat: Annotated[str, AfterValidator(_chat)] = Field(
        description="A Telegram group or sandbox that people ask to join, or a chat within a Discord server or sandbox."
    )
    track: str = Field(description="The track of which a seat admits.")
    subject: str = Field(default="", description="The subject of which a seat admits; any of the track when empty.")
    ranks: list[str] = Field(default=[], description="The ranks that are admitted; all when empty.")
    link: Annotated[str, AfterValidator(_link)] = Field(
        default="", max_length=300, description="Where those are sent who are not admitted."
    )
    grace_days: int = Field(
        default=7, ge=0, le=365, description="Days that somebody has who does not qualify any more."
    )
    remove: bool = Field(
        default=False,
        description="Whether they are moved out then; admins and owners never are. If not, they are told.",
    )

    @property
    def space(self) -> str:
        """The space that its chat is in, or is."""
        return self.chat.partition("/")[0]

    @property
    def whole(self) -> bool:
        """Whether its chat is a whole space, which people ask to be let into."""
        return "/" not in self.chat

    @property
    def kind(self) -> str:
        """The kind of the badge that lets in."""
        return f"pass.{self.chat}"


class Misfit(NamedTuple):
    """What is wrong with a gate: where, under which key, and a sentence that says what is allowed."""

    nr: int
    key: str
    message: str


def misfits(gates: Sequence[Gate], board: Mapping[str, Track]) -> Iterator[Misfit]:
    """Yield what in some gates does not fit the tracks."""
    seen: set[str] = set()
    for nr, gate in enumerate(gates):
        if gate.chat in seen:
            yield Misfit(nr, "chat", f"{gate.chat} has a gate already: give each chat one")
        seen.add(gate.chat)
        track = board.get(gate.track)
        if track is None:
            yield Misfit(nr, "track", f"there is no track {gate.track}: name {_choice(board)}")
            continue
        if gate.subject and gate.subject not in track.subjects:
            yield Misfit(nr, "subject", f"{track.id} has no subject {gate.subject}: name {_choice(track.subjects)}")
        ranks = [rank.id for rank in track.ranks]
        wrong = [rank for rank in gate.ranks if rank not in ranks]
        if wrong:
            yield Misfit(nr, "ranks", f"{track.id} has no rank {wrong[0]}: name {_choice(ranks)}")


def _choice(names: Iterable[str]) -> str:
    return " or ".join(names)


def admits(gate: Gate, board: Mapping[str, Track], seats: Iterable[Held]) -> bool:
    """Say whether somebody with these confirmed seats is admitted."""
    return any(_fits(gate, seat) and _ranked(gate, board, seat) for seat in seats)


def _fits(gate: Gate, seat: Held) -> bool:
    return seat.place.track == gate.track and gate.subject in ("", seat.place.subject)


def _ranked(gate: Gate, board: Mapping[str, Track], seat: Held) -> bool:
    track = board.get(seat.place.track)
    rank = track.rank(seat.number) if track is not None and seat.place.subject in track.subjects else None
    return rank is not None and (not gate.ranks or rank.id in gate.ranks)


def why_not(gate: Gate, board: Mapping[str, Track], seats: Sequence[Held], offered: Sequence[Held]) -> Reason | None:
    """Return why somebody is not admitted; None when they are.

    Args:
        gate: which chat.
        board: the tracks by their ids.
        seats: their confirmed seats.
        offered: the seats that are held for them until they confirm them.
    """
    if admits(gate, board, seats):
        return None
    if admits(gate, board, offered):
        return "unconfirmed"
    if not seats:
        return "unseated"
    return "rank" if any(_fits(gate, seat) for seat in seats) else "elsewhere"


def wanted(gate: Gate, board: Mapping[str, Track], language: str) -> str:
    """Return the seats that a gate admits, in words: ``杭州 · 创始`` for instance."""
    track = board.get(gate.track)
    if track is None:
        return gate.track
    if not gate.subject:
        place = track.names.said(language) or track.id
    elif gate.subject in track.subjects:
        place = place_name(track, gate.subject, language)
    else:
        place = gate.subject
    ranks = [rank.names.said(language) for rank in track.ranks if rank.id in gate.ranks]
    return f"{place} · {', '.join(ranks)}" if ranks else place
