"""What admins decide about referrals that look strange, and what is found out about those that were paid."""

from __future__ import annotations

from typing import Any, Literal

from xiaoer import Content, Ledger, Part, Refusal, Row, Transaction, Who, plain
from xiaoer_referral.book import against, paid_under, rewarded, settle, wait
from xiaoer_referral.config import ReferralConfig
from xiaoer_referral.scruple import FINAL
from xiaoer_referral.statements import ALIKE, AUDIT, AUDITED, DOUBT, DOUBTED, JOIN, TWICE

Decision = Literal["approve", "refuse"]
SHOWN = 20


def review(tx: Transaction) -> None:
    """Flag rewards whose two people, or two of whose newcomers, turned out to be one; what was paid stays."""
    here = tx.community.id
    found = {row.id: ("self", row) for row in tx.all(ALIKE, here=here)}
    found |= {row.id: ("twice", row) for row in tx.all(TWICE, here=here) if row.id not in found}
    for reason, row in found.values():
        tx.run(DOUBT, number=row.id, because=reason)
        why = plain(tx.text(f"referral.reason.{reason}", to="all", name=row.inviter_name))
        values: dict[str, Any] = {"number": row.id, "name": row.name, "inviter": row.inviter_name, "why": why}
        tx.tell_admins(tx.content("referral.audit.told", to="all", **values))


def listing(tx: Transaction) -> None:
    """Show what waits for an admin."""
    review(tx)
    here = tx.community.id
    rows = tx.all(AUDIT, here=here, most=SHOWN)
    parts: list[Part] = [*tx.text("referral.audit.title" if rows else "referral.audit.nothing")]
    for row in rows:
        parts += ["\n", *_line(tx, row)]
    waiting = tx.one(AUDITED, here=here)
    if waiting is not None and waiting.number > len(rows):
        parts += ["\n", *tx.text("referral.more", count=waiting.number - len(rows))]
    tx.answer(Content(tuple(parts)))


def _line(tx: Transaction, row: Row) -> tuple[Part, ...]:
    why = plain(tx.text(f"referral.reason.{row.reason}", name=row.inviter_name))
    key = "referral.audit.paid" if row.state == "paid" else "referral.audit.line"
    return tx.text(key, number=row.id, name=row.name, inviter=row.inviter_name, at=row.at, why=why)


def decide(tx: Transaction, who: Who, number: int, decision: Decision | None, config: ReferralConfig) -> None:
    """Take an admin's decision about a referral.

    Raises:
        Refusal: there is none that waits for it, or it cannot be decided so.
    """
    review(tx)
    row = tx.one(JOIN, here=tx.community.id, number=number)
    if row is None or not _waits(row):
        raise Refusal("referral.refused.not_flagged", number=number)
    if decision is None:
        tx.answer(Content(_line(tx, row)))
    elif row.state == "paid":
        _decide_paid(tx, who, row, decision)
    elif decision == "refuse":
        settle(tx, row, "refused", row.reason, admin=who.account)
        tx.answer(tx.content("referral.audit.refused", number=number, name=row.name))
    else:
        _approve(tx, who, row, config)


def _waits(row: Row) -> bool:
    return bool(row.state == "flagged" or (row.state == "paid" and row.reason in DOUBTED))


def _approve(tx: Transaction, who: Who, row: Row, config: ReferralConfig) -> None:
    for reason in against(tx, row, config):
        if reason in FINAL:
            raise Refusal(f"referral.refused.final_{reason}", name=row.inviter_name)
    had = rewarded(tx, row.inviter)
    if had.total >= config.total or had.today >= config.daily:
        raise Refusal("referral.refused.cap", name=row.inviter_name, daily=config.daily, total=config.total)
    wait(tx, row, who.account)
    tx.answer(tx.content("referral.audit.approved", number=row.id, name=row.name))


def _decide_paid(tx: Transaction, who: Who, row: Row, decision: Decision) -> None:
    if decision == "approve":
        settle(tx, row, "paid", "kept", points=row.points, admin=who.account)
        tx.answer(tx.content("referral.audit.kept", number=row.id, name=row.name))
        return
    if row.points:
        Ledger(tx).reverse(paid_under(row), reason="referral.ledger.back", by=who.account, note=row.name)
    settle(tx, row, "refused", row.reason, admin=who.account)
    tx.answer(tx.content("referral.audit.back", number=row.id, name=row.name, points=row.points))
