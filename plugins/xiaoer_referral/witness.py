"""What newcomers and those whom they name say about who brought whom."""

from __future__ import annotations

from datetime import timedelta

from xiaoer import Button, Named, Refusal, Row, Transaction, Who, one_line, plain
from xiaoer_referral.book import NAME_LIMIT, consider, find
from xiaoer_referral.config import ReferralConfig
from xiaoer_referral.question import NOBODY
from xiaoer_referral.statements import JOIN, NAME, NEWEST

TRIES = 3
"""So often a newcomer may name somebody, because each who is named gets a message."""


def press(tx: Transaction, who: Who, data: str, config: ReferralConfig) -> None:
    """Take the button that a newcomer pressed for whom they mean.

    Raises:
        Refusal: it is too late, or is not asked any more.
    """
    number, _, choice = data.partition(".")
    row = _sayable(tx, who, tx.one(JOIN, here=tx.community.id, number=int(number)), config)
    if choice == NOBODY:
        tx.run(NAME, number=row.id, became="none", certain="declared", by=None, called="", because="nobody", more=0)
        tx.answer(tx.content("referral.who.nobody"))
        return
    account, name = row.candidates[int(choice)]
    _name(tx, who, row, Named(account, name))


def declare(tx: Transaction, who: Who, named: Named, config: ReferralConfig) -> None:
    """Take a newcomer's word for who brought them; it counts when whom they name agrees.

    Raises:
        Refusal: they cannot say so; it says why.
    """
    row = tx.one(NEWEST, here=tx.community.id, who=tx.person(who.account))
    _name(tx, who, _sayable(tx, who, row, config), named)


def _sayable(tx: Transaction, who: Who, row: Row | None, config: ReferralConfig) -> Row:
    """Return the join of which somebody may still say who brought them.

    Raises:
        Refusal: there is none.
    """
    if row is None or tx.person(row.newcomer) != tx.person(who.account):
        raise Refusal("referral.refused.no_join")
    if row.state == "declared":
        raise Refusal("referral.refused.waits", name=row.inviter_name)
    if row.inviter is not None:
        raise Refusal("referral.refused.known", name=row.inviter_name)
    if row.state != "open":
        raise Refusal("referral.refused.not_asked")
    if tx.now > row.at + timedelta(hours=config.answer_hours):
        raise Refusal("referral.refused.late", hours=config.answer_hours)
    if row.tries >= TRIES:
        raise Refusal("referral.refused.tries", count=TRIES)
    return row


def _name(tx: Transaction, who: Who, row: Row, named: Named) -> None:
    if tx.person(named.account) == tx.person(who.account):
        raise Refusal("referral.refused.yourself")
    if not tx.is_member(named.account):
        raise Refusal("referral.refused.gone", name=named.name)
    called = one_line(named.name, NAME_LIMIT)
    tx.run(
        NAME,
        number=row.id,
        became="declared",
        certain="declared",
        by=named.account,
        called=called,
        because="",
        more=1,
    )
    them = tx.who(named.account)
    buttons = tuple(
        Button(plain(tx.text(f"referral.agree.{name}", to=them)), name, str(row.id)) for name in ("yes", "no")
    )
    tx.tell(named.account, tx.content("referral.agree.ask", to=them, buttons=(buttons,), name=row.name))
    tx.answer(tx.content("referral.who.said", name=called))


def agree(tx: Transaction, who: Who, number: int, yes: bool, config: ReferralConfig) -> None:
    """Take the word of whom a newcomer named.

    Raises:
        Refusal: they were not named, or it is settled.
    """
    row = tx.one(JOIN, here=tx.community.id, number=number)
    if row is None or row.inviter is None or tx.person(row.inviter) != tx.person(who.account):
        raise Refusal("referral.refused.not_you")
    if row.state != "declared":
        raise Refusal("referral.refused.settled", number=number)
    if yes:
        consider(tx, row, config)
        tx.answer(tx.content("referral.agree.done", name=row.name))
        tx.tell(row.newcomer, tx.content("referral.agree.told", to=tx.who(row.newcomer), name=row.inviter_name))
        return
    certain = "ambiguous" if row.candidates else "unknown"
    tx.run(NAME, number=row.id, became="open", certain=certain, by=None, called="", because="denied", more=0)
    tx.answer(tx.content("referral.agree.denied", name=row.name))
    tx.tell(row.newcomer, tx.content("referral.agree.not", to=tx.who(row.newcomer), name=row.inviter_name))


def show(tx: Transaction, who: Who, config: ReferralConfig) -> None:
    """Tell somebody who brought them, or how to say so."""
    row = tx.one(NEWEST, here=tx.community.id, who=tx.person(who.account))
    row = _sayable(tx, who, row, config)
    tx.answer(tx.content("referral.who.how", hours=config.answer_hours, at=find(tx, row.id).at))
