"""What an envelope may be, and who may open it when: pure rules."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, TypeAlias

from xiaoer import Refusal
from xiaoer_red_envelope.config import RedEnvelopeConfig

Kind: TypeAlias = Literal["lucky", "equal", "exclusive", "password"]

GREETING_LIMIT = 60
WORD_LIMIT = 30
NAME_LIMIT = 24
"""Characters of a greeting, of a password, and of a name that an envelope shows."""

PEOPLE = 50
"""So many people an exclusive envelope can be for."""

_TIME = re.compile(r"([01]?\d|2[0-3])[:：]([0-5]\d)")


class Wish(NamedTuple):
    """What somebody wants to send.

    Args:
        kind: how it is shared out.
        points: how many in all.
        shares: into how many.
        greeting: a few words.
        word: what has to be said, of a password envelope.
        opens: when, if later.
    """

    kind: Kind
    points: int
    shares: int
    greeting: str = ""
    word: str = ""
    opens: datetime | None = None


class Sent(NamedTuple):
    """What a person has sent today."""

    envelopes: int
    points: int


def check(wish: Wish, sent: Sent, config: RedEnvelopeConfig) -> None:
    """Refuse what cannot be sent.

    Raises:
        Refusal: it says why, and what can be.
    """
    if wish.points < 1 or wish.shares < 1:
        raise Refusal("red_envelope.refused.none")
    if wish.points > config.most_points:
        raise Refusal("red_envelope.refused.too_many_points", most=config.most_points)
    if wish.shares > config.most_shares:
        raise Refusal("red_envelope.refused.too_many_shares", most=config.most_shares)
    if wish.shares > wish.points:
        raise Refusal("red_envelope.refused.thin", points=wish.points, shares=wish.shares)
    if wish.kind == "equal" and wish.points % wish.shares:
        low = wish.points - wish.points % wish.shares
        raise Refusal("red_envelope.refused.uneven", shares=wish.shares, low=low, high=low + wish.shares)
    if len(wish.greeting) > GREETING_LIMIT:
        raise Refusal("red_envelope.refused.long_greeting", most=GREETING_LIMIT)
    if wish.kind == "password" and not 1 <= len(wish.word) <= WORD_LIMIT:
        raise Refusal("red_envelope.refused.word", most=WORD_LIMIT)
    if sent.envelopes >= config.envelopes_a_day:
        raise Refusal("red_envelope.refused.envelopes_today", most=config.envelopes_a_day)
    if sent.points + wish.points > config.points_a_day:
        left = max(0, config.points_a_day - sent.points)
        raise Refusal("red_envelope.refused.points_today", most=config.points_a_day, left=left)


def said(text: str) -> str:
    """Return a password as it is compared: width, case and outer spaces make no difference."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def opening(typed: str, now: datetime) -> datetime:
    """Return the moment that ``20:30`` means: today, or tomorrow when that is past.

    Args:
        typed: what somebody wrote.
        now: the community's time, in its zone.

    Raises:
        Refusal: it is no time.
    """
    found = _TIME.fullmatch(typed.strip())
    if found is None:
        raise Refusal("red_envelope.refused.time", value=typed)
    moment = now.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
    return moment if moment > now else moment + timedelta(days=1)


def luckiest(hands: Sequence[tuple[str, int]]) -> tuple[str, int] | None:
    """Return who has most, the first of several; None while nobody has anything."""
    return max(hands, key=lambda hand: hand[1], default=None)


class Typed(NamedTuple):
    """An envelope that was asked for in plain words: ``发红包 88 10 恭喜``; None is what could not be read."""

    points: int | None
    shares: int | None
    greeting: str


def in_words(text: str, words: Iterable[str]) -> Typed | None:
    """Return the envelope that a message asks for; None when it is an ordinary message."""
    plain = unicodedata.normalize("NFKC", text).strip()
    for word in words:
        head = unicodedata.normalize("NFKC", word).strip()
        rest = plain[len(head) :]
        if head and plain.startswith(head) and (not rest or rest[0].isspace() or rest[0].isdigit()):
            numbers = re.fullmatch(r"\s*(\d{1,18})\s+(\d{1,18})(?:\s+(.*))?", rest, re.DOTALL | re.ASCII)
            if numbers is None:
                return Typed(None, None, "")
            return Typed(int(numbers[1]), int(numbers[2]), numbers[3] or "")
    return None


def words_in(text: str) -> list[str]:
    """Return the people who are named in a text, with spaces or commas of any width between them."""
    return [word for word in re.split(r"[\s,，、]+", text) if word][:PEOPLE]
