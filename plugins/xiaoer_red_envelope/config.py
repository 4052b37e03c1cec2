"""What an operator can set about points and red envelopes."""

from __future__ import annotations

from pydantic import Field

from xiaoer import Settings


class RedEnvelopeConfig(Settings):
    """``[communities.<id>.red_envelope]``: points, check-ins and envelopes."""

    most_points: int = Field(default=10_000, ge=1, le=1_000_000, description="Points in one envelope, at most.")
    most_shares: int = Field(default=100, ge=1, le=200, description="Shares of one envelope, at most.")
    envelopes_a_day: int = Field(default=20, ge=1, le=1_000, description="Envelopes that one person sends a day.")
    points_a_day: int = Field(
        default=20_000, ge=1, le=10_000_000, description="Points that one person sends in envelopes a day."
    )
    hours: int = Field(default=24, ge=1, le=168, description="After so many hours what is left goes back.")
    own: bool = Field(default=True, description="Whether senders may take a share of their own envelope.")
    everywhere: bool = Field(
        default=True, description="Whether an envelope is open in all main chats; else only where it was sent."
    )
    words: tuple[str, ...] = Field(
        default=(),
        description='Words that send an envelope without a command, for instance `发红包` in "发红包 88 10".',
    )
    checkin: int = Field(default=10, ge=0, le=10_000, description="Points for the daily check-in; 0 for none.")
    streak_bonus: int = Field(
        default=2, ge=0, le=1_000, description="Points more for each day in a row before, up to `streak_days`."
    )
    streak_days: int = Field(default=7, ge=0, le=365, description="So many days in a row count for the bonus.")
