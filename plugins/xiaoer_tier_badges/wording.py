"""How seats, subjects and people are called, in the language of whoever hears of them."""

from __future__ import annotations

from collections.abc import Iterable

from xiaoer import Addressee, Transaction, Who, one_line
from xiaoer_tier_badges.seat import Subject, Track

NAME_LIMIT = 32
LISTED = 12
"""So many subjects are listed in a sentence."""


def language(tx: Transaction, to: Addressee = None) -> str:
    """Return the language in which something is said, as :meth:`~xiaoer.Transaction.text` chooses it."""
    asker = tx.scene.asker
    if to is None and asker is not None and asker.private:
        to = asker.who
    for locale in (to.locale if isinstance(to, Who) else None, tx.community.locale):
        spoken = (locale or "").replace("_", "-").partition("-")[0].lower()
        if spoken in ("zh", "en"):
            return spoken
    return "en"


def called(tx: Transaction, subject: Subject, to: Addressee = None) -> str:
    """Return what a subject is called."""
    return subject.names.said(language(tx, to)) or tx.community.name


def listed(tx: Transaction, subjects: Iterable[Subject]) -> str:
    """Return subjects in one line, each with what can be typed for it; many are cut."""
    found = list(subjects)
    names = [f"{called(tx, one)} ({one.place})" for one in found[:LISTED]]
    return ", ".join([*names, "…"] if len(found) > LISTED else names)


def rank_of(tx: Transaction, track: Track, number: int, to: Addressee = None) -> str:
    """Return what the rank of a number is called; an en dash for one without a rank."""
    rank = track.rank(number)
    return rank.names.said(language(tx, to)) if rank is not None else "–"


def name_of(account: str, name: str) -> str:
    """Return the name under which somebody is noted."""
    return one_line(name, NAME_LIMIT) or account


def signed(who: Who) -> str:
    """Return how the trail names an admin who did something: by name and account."""
    return f"{name_of(who.account, who.name)} ({who.account})"


def redacted(name: str) -> str:
    """Return a name of which only the first letter is told."""
    return f"{name[:1]}…"
