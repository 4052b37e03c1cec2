"""What an operator can set about invites and rewards."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from xiaoer import Settings


class ReferralConfig(Settings):
    """``[communities.<id>.referral]``: what a referral is worth, when it counts, and what looks strange."""

    points: int = Field(default=20, ge=0, le=100_000, description="Points for who brought somebody; 0 for none.")
    stay_days: int = Field(
        default=3, ge=0, le=365, description="Days that a newcomer stays before who brought them is rewarded."
    )
    messages: int = Field(
        default=1,
        ge=0,
        le=1_000,
        description="Messages that a newcomer writes before that; edits, stickers and commands do not count.",
    )
    patience_days: int = Field(
        default=30, ge=1, le=365, description="After so many days a newcomer who has not written counts for nothing."
    )
    daily: int = Field(default=10, ge=1, le=10_000, description="Rewards that one person gets a day, at most.")
    total: int = Field(default=200, ge=1, le=1_000_000, description="Rewards that one person gets in all, at most.")
    mass: int = Field(
        default=20,
        ge=1,
        le=100_000,
        description="More joins than this in an hour by one invite are not paid until an admin decides.",
    )
    answer_hours: int = Field(
        default=48,
        ge=1,
        le=168,
        description="Hours in which newcomers can say who brought them, where it is not known.",
    )
    questions: int = Field(
        default=30,
        ge=0,
        le=1_000,
        description="Newcomers who are asked in an hour, so that a raid is not answered; 0: none.",
    )
    expires_days: int = Field(
        default=0, ge=0, le=365, description="Days that a personal link is good; 0 for always. Discord takes 7 at most."
    )
    links_a_day: int = Field(default=10, ge=1, le=1_000, description="Links that one person is given a day.")
    most_links: dict[str, Annotated[int, Field(ge=1, le=100_000)]] = Field(
        default={"discord": 800},
        description="Personal links that are kept at most on a platform; the one unused for longest gives way.",
    )
