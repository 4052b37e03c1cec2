"""Why a referral stands as it does: the facts, one after the other, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xiaoer import Content, Part, Row, Text, Transaction, one_line, plain
from xiaoer_referral.config import ReferralConfig
from xiaoer_referral.statements import BROUGHT_BY, OF_PERSON

NAMED = 5
SHOWN = 10
NAME_LIMIT = 40


def why(tx: Transaction, account: str, name: str, config: ReferralConfig) -> None:
    """Tell how somebody came and what followed from it, and how it stands with those whom they brought."""
    here, person = tx.community.id, tx.person(account)
    called = one_line(name, NAME_LIMIT)
    parts: list[Part] = [*tx.text("referral.why.title", name=called)]
    rows = tx.all(OF_PERSON, here=here, who=person)
    if not rows:
        parts += ["\n", *tx.text("referral.why.nothing")]
    for row in rows[-NAMED:]:
        for fact in facts(tx, row, config):
            parts += ["\n", *fact]
    brought = tx.all(BROUGHT_BY, here=here, who=person, most=SHOWN)
    if brought:
        parts += ["\n", *tx.text("referral.why.brought", name=called)]
    for row in brought:
        parts += ["\n", *tx.text("referral.why.line", number=row.id, name=row.name), " ", *_fate(tx, row, config)]
    tx.answer(Content(tuple(parts)))


def facts(tx: Transaction, row: Row, config: ReferralConfig) -> Sequence[Text]:
    """Return what is known of a join and what was made of it, in the order in which it happened."""
    kind = plain(tx.text(f"referral.kind.{row.kind}"))
    sure = plain(tx.text(f"referral.certainty.{row.certainty}"))
    found = [tx.text("referral.why.came", number=row.id, name=row.name, at=row.at, kind=kind, certainty=sure)]
    if row.candidates:
        names = ", ".join(name for _, name in row.candidates[:NAMED])
        found.append(tx.text("referral.why.candidates", names=names))
    if row.again:
        found.append(tx.text("referral.why.again", name=row.name))
    if row.inviter is not None:
        found.append(tx.text("referral.why.inviter", name=row.inviter_name))
    found.append(_fate(tx, row, config))
    if row.decided:
        found.append(tx.text("referral.why.decided"))
    return found


def _fate(tx: Transaction, row: Row, config: ReferralConfig) -> Text:
    values: dict[str, Any] = {
        "name": row.name,
        "points": row.points,
        "due": row.due,
        "settled": row.settled or row.at,
        "messages": row.messages,
        "needed": config.messages,
        "hours": config.answer_hours,
    }
    text = tx.text(f"referral.state.{row.state}", **values)
    if not row.reason:
        return text
    return (*text, " ", *tx.text(f"referral.reason.{row.reason}", name=row.inviter_name))
