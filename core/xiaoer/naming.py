"""Whom people mean: by a mention, by the name behind the @, or by the name that everybody sees."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, func, or_, select

from xiaoer.errors import Refusal
from xiaoer.people import person_of
from xiaoer.statements import Row, Statement
from xiaoer.tables import accounts, members

_MENTION = re.compile(r"<@!?(\d+)>")
"""How Discord writes a mention (Discord docs, Message Formatting)."""

NAMED = Statement(
    select(accounts.c.account, accounts.c.name, accounts.c.handle, person_of(accounts.c.account).label("person"))
    .join(members, members.c.account == accounts.c.account)
    .where(
        members.c.community == bindparam("here"),
        members.c.left.is_(None),
        or_(
            accounts.c.account == bindparam("word"),
            accounts.c.handle == bindparam("folded"),
            accounts.c.name == bindparam("plain"),
            func.lower(accounts.c.name) == bindparam("folded"),
        ),
    )
    .distinct()
    .order_by(accounts.c.account)
    .limit(20)
)
"""The members whom a word may mean."""


def asked_for(word: str) -> dict[str, str]:
    """Return what :data:`NAMED` is asked with for a word that somebody typed."""
    mention = _MENTION.fullmatch(word)
    account = f"discord:{mention[1]}" if mention else word
    plain = word.removeprefix("@").strip()
    return {"word": account, "plain": plain, "folded": plain.casefold()}


class Named(NamedTuple):
    """A member whom somebody means."""

    account: str
    name: str


def meant(word: str, rows: Sequence[Row]) -> Named:
    """Return the member whom a word means, from those whom it may mean.

    An account or a handle is meant before a name, which several may have.

    Raises:
        Refusal: nobody here is called so, or several are.
    """
    asked = asked_for(word)
    exact = [row for row in rows if row.account == asked["word"]] or [
        row for row in rows if row.handle and row.handle == asked["folded"]
    ]
    found = exact or rows
    if not found or not asked["plain"]:  # an empty name would be that of all who have none
        raise Refusal("xiaoer.person.unknown", name=asked["plain"])
    if len({row.person for row in found}) > 1:
        raise Refusal("xiaoer.person.several", name=asked["plain"])
    return Named(found[0].account, found[0].name)
