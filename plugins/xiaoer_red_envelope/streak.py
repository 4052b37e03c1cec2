"""What a daily check-in is worth: pure rules."""

from __future__ import annotations

from datetime import date, timedelta

from xiaoer_red_envelope.config import RedEnvelopeConfig


def days_in_a_row(today: date, last: date | None, streak: int) -> int | None:
    """Return how many days in a row it is with today; None when today has been counted already.

    A day that lies ahead, because the clock was put back, counts as today.

    Args:
        today: the community's day.
        last: the day of the last check-in.
        streak: how many in a row it was then.
    """
    if last is not None and last >= today:
        return None
    return streak + 1 if last == today - timedelta(days=1) else 1


def worth(streak: int, config: RedEnvelopeConfig) -> int:
    """Return the points of a check-in that is the so-manieth in a row."""
    return config.checkin + config.streak_bonus * min(streak - 1, config.streak_days)
