"""What speaks against a reward: pure rules, the gravest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple, TypeAlias

from xiaoer import MessagePosted

Scruple: TypeAlias = Literal["self", "ring", "rejoin", "mass"]

FAR = 100
"""So many persons are looked at for a ring."""

FINAL = ("self", "rejoin")
"""Of these no admin can make a reward, because they are facts and no suspicions."""


class Case(NamedTuple):
    """What is known of a referral.

    Args:
        inviter: the person who brought somebody.
        newcomer: the person who came.
        again: whether they had been here before.
        lately: how many came by the same invite within the hour, they among them.
    """

    inviter: str
    newcomer: str
    again: bool
    lately: int


def scruples(case: Case, above: Callable[[str], Iterable[str]], mass: int) -> tuple[Scruple, ...]:
    """Return what speaks against a reward.

    Args:
        case: what is known.
        above: returns the persons who brought a person.
        mass: so many may come by one invite in an hour.
    """
    if case.inviter == case.newcomer:
        return ("self",)
    found: list[tuple[Scruple, bool]] = [
        ("ring", is_above(case.inviter, case.newcomer, above)),
        ("rejoin", case.again),
        ("mass", case.lately > mass),
    ]
    return tuple(name for name, true in found if true)


def is_above(person: str, other: str, above: Callable[[str], Iterable[str]]) -> bool:
    """Return whether another person brought somebody, be it over others."""
    seen, open_ = {person}, [person]
    while open_ and len(seen) <= FAR:
        for one in above(open_.pop()):
            if one == other:
                return True
            if one not in seen:
                seen.add(one)
                open_.append(one)
    return False


def is_real(event: MessagePosted) -> bool:
    """Return whether a message shows that somebody takes part: a word, a picture, but no edit, sticker or lone dot."""
    if event.edited or event.kind in ("sticker", "other"):
        return False
    return event.kind != "text" or any(letter.isalnum() for letter in event.text)
