"""What an operator can set about seats: tracks, subjects, ranks, and how people come by a seat."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from xiaoer import Settings
from xiaoer_tier_badges.gate import Gate, misfits
from xiaoer_tier_badges.seat import (
    How,
    Names,
    Place,
    Rank,
    Span,
    Subject,
    Terms,
    Track,
    faults,
    parse_numbers,
    standard_ranks,
)

SEATS = 199
"""Seats of a subject, where the configuration does not say otherwise."""

MOST_SEATS = 9_999

_ID = re.compile(r"[a-z][a-z0-9_-]{0,23}")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")


def _id(name: str) -> str:
    if not _ID.fullmatch(name):
        raise ValueError("an id is small letters, digits, - and _, at most 24, beginning with a letter")
    return name


def _numbers(text: str) -> str:
    if parse_numbers(text) is None:
        raise ValueError("write the first and the last number, 11-50 for instance, or one number")
    return text


def _colour(text: str) -> str:
    if not _COLOUR.fullmatch(text):
        raise ValueError("write red, green and blue as six hexadecimal digits, #C9A227 for instance")
    return text


Id = Annotated[str, AfterValidator(_id)]
Name = Annotated[str, Field(max_length=40)]


class RankConfig(Settings):
    """``[….ranks.<rank>]``: what the holders of a range of numbers are."""

    numbers: Annotated[str, AfterValidator(_numbers)] = Field(
        description="Its numbers, `11-50` for instance; the ranks of a track share all numbers out, without a gap."
    )
    zh: Name = Field(default="", description="What it is called in Chinese, without emoji where Telegram shows it.")
    en: Name = Field(default="", description="What it is called in English; without both it is called by its key.")
    colour: Annotated[str, AfterValidator(_colour)] | None = Field(
        default=None, description="The colour of its badge, `#C9A227` for instance."
    )


class OfferConfig(Settings):
    """How people come by a seat; what a subject does not say its track does, and then the plugin."""

    offer: How | None = Field(
        default=None,
        description="What seats are offered for: by admins alone (`hand`, who may always), or by themselves to those "
        "who have so many points, brought so many people, or are here for so long.",
    )
    points: int | None = Field(
        default=None, ge=1, le=1_000_000_000, description='For `offer = "points"`: points that they must have.'
    )
    referrals: int | None = Field(
        default=None, ge=1, le=100_000, description='For `offer = "referrals"`: people whom they must have brought.'
    )
    joined_days: int | None = Field(
        default=None, ge=0, le=36_500, description='For `offer = "joined"`: days since which they must be here.'
    )
    open: bool | None = Field(
        default=None, description="Whether everybody may take a seat by `/seat confirm` while there is one."
    )


class SubjectConfig(OfferConfig):
    """``[….subjects.<subject>]``: one company, one city or one shop."""

    zh: Name = Field(default="", description="What it is called in Chinese.")
    en: Name = Field(default="", description="What it is called in English; without both it is called by its key.")


class TrackConfig(OfferConfig):
    """``[….tracks.<track>]``: a kind of subjects, each with its seats."""

    zh: Name = Field(default="", description="What it is called in Chinese.")
    en: Name = Field(default="", description="What it is called in English; without both it is called by its key.")
    capacity: int = Field(default=SEATS, ge=1, le=MOST_SEATS, description="Seats of each subject.")
    vacant: Literal["refill", "retire"] = Field(
        default="refill",
        description="What becomes of a number that falls vacant: it is given again, or never (`retire`).",
    )
    ranks: dict[Id, RankConfig] = Field(
        default={},
        max_length=20,
        description="The ranks; without any, 1-10 are founding, 11-50 initiating and the others partners.",
    )
    subjects: dict[Id, SubjectConfig] = Field(
        default={},
        max_length=500,
        description="The subjects; without any there is one, `main`, which is called like the community.",
    )

    @model_validator(mode="after")
    def _shared_out(self) -> Any:
        found = [
            InitErrorDetails(
                type=PydanticCustomError("seat_numbers", "{why}", {"why": fault.message}),
                loc=("ranks", fault.rank, "numbers"),
                input=self.ranks[fault.rank].numbers,
            )
            for fault in faults(self._spans(), self.capacity)
        ]
        if found:
            raise ValidationError.from_exception_data("ranks", found)
        return self

    def _spans(self) -> list[Span]:
        parsed = {key: parse_numbers(rank.numbers) for key, rank in self.ranks.items()}
        return [Span(key, *ends) for key, ends in parsed.items() if ends is not None]

    def ladder(self) -> tuple[Rank, ...]:
        """Return the ranks, from the lowest numbers to the highest."""
        if not self.ranks:
            return standard_ranks(self.capacity)
        written = self.ranks
        return tuple(
            Rank(span.rank, span.first, span.last, named(span.rank, written[span.rank]), _red_green_blue(written, span))
            for span in sorted(self._spans(), key=lambda one: one.first)
        )


def _red_green_blue(ranks: dict[str, RankConfig], span: Span) -> int | None:
    colour = ranks[span.rank].colour
    return None if colour is None else int(colour[1:], 16)


def named(key: str, section: RankConfig | SubjectConfig | TrackConfig) -> Names:
    """Return what something is called, by its key where nothing else is written."""
    return Names(section.zh, section.en) if section.zh or section.en else Names(key, key)


class TierBadgesConfig(Settings):
    """``[communities.<id>.tier_badges]``: the seats, how people come by them, and what others see of them."""

    tracks: dict[Id, TrackConfig] = Field(
        default={},
        max_length=12,
        description="Kinds of subjects, for instance companies, cities and shops; without any there is one, `partner`.",
    )
    offer: How = Field(
        default="hand",
        description="What seats are offered for, where track and subject do not say otherwise: by admins alone "
        "(`hand`), or by themselves to those who have the points, brought the people, or are here long enough.",
    )
    points: int = Field(default=1_000, ge=1, le=1_000_000_000, description="Points that an offer for points takes.")
    referrals: int = Field(
        default=10, ge=1, le=100_000, description="Confirmed referrals that an offer for referrals takes."
    )
    joined_days: int = Field(default=30, ge=0, le=36_500, description="Days here that an offer for joining takes.")
    open: bool = Field(default=False, description="Whether everybody may take a seat without an offer.")
    offer_days: int = Field(default=7, ge=1, le=365, description="After so many days an offer is over.")
    transfer_days: int = Field(
        default=3, ge=1, le=365, description="Days in which who is asked to take a seat over may agree."
    )
    registry: Literal["names", "redacted"] = Field(
        default="names", description="Whether the registry tells names, or their first letters alone."
    )
    on_leave: Literal["keep", "vacate"] = Field(
        default="keep", description="What becomes of the seat of somebody who leaves the community for good."
    )
    grace_days: int = Field(
        default=7, ge=0, le=365, description="Days in which somebody who left may come back and has the seat still."
    )
    gates: list[Gate] = Field(
        default=[], max_length=50, description="Chats that admit only holders of some seats; see below."
    )

    @model_validator(mode="after")
    def _gated(self) -> Any:
        found = [
            InitErrorDetails(
                type=PydanticCustomError("seat_gate", "{why}", {"why": wrong.message}),
                loc=("gates", wrong.nr, wrong.key),
                input=getattr(self.gates[wrong.nr], wrong.key),
            )
            for wrong in misfits(self.gates, self.board)
        ]
        if found:
            raise ValidationError.from_exception_data("gates", found)
        return self

    @cached_property
    def board(self) -> dict[str, Track]:
        """The tracks by their ids."""
        sections = self.tracks or {"partner": TrackConfig(zh="合伙人", en="Partners")}
        return {key: self._track(key, section) for key, section in sections.items()}

    def _track(self, key: str, section: TrackConfig) -> Track:
        if section.subjects:
            subjects = {
                one: Subject(Place(key, one), named(one, subject), self._terms(section, subject))
                for one, subject in section.subjects.items()
            }
        else:
            subjects = {"main": Subject(Place(key, "main"), Names(), self._terms(section, section))}
        refill = section.vacant == "refill"
        return Track(key, named(key, section), section.capacity, section.ladder(), subjects, refill)

    def _terms(self, track: TrackConfig, subject: OfferConfig) -> Terms:
        def said(name: str) -> Any:
            given = (getattr(section, name) for section in (subject, track))
            return next((value for value in given if value is not None), getattr(self, name))

        return Terms(said("offer"), said("points"), said("referrals"), said("joined_days"), said("open"))
