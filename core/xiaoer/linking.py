"""Accounts of one person: linked by a code that is shown to one of them and typed with another.

One account stands for the person; the others point to it (``same_as``), at most one step deep. Nothing else is
rewritten, so what an account had before stays noted under its own name, and plugins look at all of
:meth:`~xiaoer.Transaction.accounts_of`.
"""

from __future__ import annotations

import secrets
import unicodedata
from datetime import timedelta

from sqlalchemy import bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer.attempts import count_try, may_try
from xiaoer.content import Bold
from xiaoer.errors import Refusal
from xiaoer.events import Who
from xiaoer.secrets import UNMISTAKABLE
from xiaoer.statements import Statement
from xiaoer.tables import accounts, links
from xiaoer.transaction import Transaction

LIFETIME = timedelta(minutes=10)
"""How long a code can be typed."""

_offer = upsert(links).values(
    community=bindparam("community"), account=bindparam("account"), code=bindparam("code"), until=bindparam("until")
)
OFFER = Statement(
    _offer.on_conflict_do_update(
        index_elements=["community", "account"], set_={"code": _offer.excluded.code, "until": _offer.excluded.until}
    )
)
OFFERED = Statement(
    select(links.c.account).where(
        links.c.community == bindparam("here"), links.c.code == bindparam("typed"), links.c.until > bindparam("moment")
    )
)
WITHDRAW = Statement(delete(links).where(links.c.community == bindparam("here"), links.c.account == bindparam("who")))
FORGET = Statement(delete(links).where(links.c.until <= bindparam("moment")))
POINT = Statement(
    update(accounts)
    .values(same_as=func.nullif(bindparam("stands"), accounts.c.account))
    .where(or_(accounts.c.account == bindparam("old"), accounts.c.same_as == bindparam("old")))
)
PART = Statement(update(accounts).values(same_as=None).where(accounts.c.account == bindparam("who")))
NAME = Statement(select(accounts.c.name).where(accounts.c.account == bindparam("who")))


def new_code() -> str:
    """Return a code of 40 random bits, in letters and digits that nobody mistakes for one another."""
    letters = "".join(secrets.choice(UNMISTAKABLE) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def tidy(code: str) -> str:
    """Return a typed code as it was shown, however it is written."""
    narrow = unicodedata.normalize("NFKC", code)  # Chinese keyboards also type letters of full width
    letters = "".join(letter for letter in narrow.upper() if letter.isalnum())
    return f"{letters[:4]}-{letters[4:]}"


def offer(tx: Transaction, who: Who, code: str) -> None:
    """Show somebody a code; an older one of theirs is good no more."""
    tx.run(FORGET, moment=tx.now)
    tx.run(OFFER, community=tx.community.id, account=who.account, code=code, until=tx.now + LIFETIME)
    minutes = int(LIFETIME.total_seconds() // 60)
    tx.answer(tx.content("xiaoer.link.code", code=Bold(f"/link {code}"), minutes=minutes))


def accept(tx: Transaction, who: Who, code: str) -> None:
    """Link the account that typed a code with the one that was shown it, and tell both."""
    here, tries = tx.community.id, f"link.{tx.community.id}.{who.account}"
    row = tx.one(OFFERED, here=here, typed=tidy(code), moment=tx.now) if may_try(tx, tries) else None
    if row is None:
        if may_try(tx, tries):
            count_try(tx, tries)
        tx.refuse("xiaoer.link.wrong", {})  # not raised, because the count must stay
        return
    other: str = row.account
    if other == who.account:
        raise Refusal("xiaoer.link.own")
    stands = tx.person(other)
    if stands == tx.person(who.account):
        raise Refusal("xiaoer.link.already", name=_name(tx, other))
    tx.run(WITHDRAW, here=here, who=other)
    tx.run(POINT, stands=stands, old=tx.person(who.account))
    tx.answer(tx.content("xiaoer.link.done", name=Bold(_name(tx, other)), platform=_platform(other)))
    _tell(tx, other, "xiaoer.link.done", who)


def part(tx: Transaction, who: Who) -> None:
    """Take an account out of its person again, and tell both sides."""
    others = [account for account in tx.accounts_of(who.account) if account != who.account]
    if not others:
        raise Refusal("xiaoer.link.none")
    if tx.person(who.account) == who.account:
        tx.run(POINT, stands=others[0], old=who.account)  # another one stands for those that stay together
    tx.run(PART, who=who.account)
    names = ", ".join(f"{_name(tx, account)} ({_platform(account)})" for account in others)
    tx.answer(tx.content("xiaoer.link.undone", names=names))
    for account in others:
        _tell(tx, account, "xiaoer.link.left", who)


def _tell(tx: Transaction, account: str, key: str, who: Who) -> None:
    tx.tell(account, tx.content(key, to="all", name=Bold(who.name), platform=_platform(who.account)))


def _name(tx: Transaction, account: str) -> str:
    row = tx.one(NAME, who=account)
    name: str = account if row is None else row.name
    return name


def _platform(account: str) -> str:
    platform = account.partition(":")[0]
    return {"web": "Web"}.get(platform, platform.capitalize())
