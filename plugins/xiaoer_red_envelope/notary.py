"""What anybody may see of envelopes: how they stand, and the proof that a split was not changed."""

from __future__ import annotations

from collections.abc import Sequence

from xiaoer import Content, Part, Refusal, Row, Text, Transaction
from xiaoer_red_envelope.book import CLOSED, find
from xiaoer_red_envelope.split import canonical, verifies
from xiaoer_red_envelope.statements import HANDS, OPEN, PARTS


def listed(title: Text, lines: Sequence[Text]) -> Content:
    """Return a title with lines under it."""
    parts: list[Part] = [*title]
    for line in lines:
        parts += ["\n", *line]
    return Content(tuple(parts))


def status(tx: Transaction, number: int | None) -> None:
    """Show how an envelope stands, or all that are not closed."""
    if number is None:
        rows = tx.all(OPEN, here=tx.community.id)
        lines = [_line(tx, row) for row in rows]
        tx.answer(listed(tx.text("red_envelope.status.title" if rows else "red_envelope.status.none"), lines))
        return
    row = find(tx, number)
    hands = [tx.text("red_envelope.hand", name=hand.name, points=hand.points) for hand in tx.all(HANDS, of=number)]
    tx.answer(listed(_line(tx, row), hands))


def _line(tx: Transaction, row: Row) -> Text:
    state = tx.text(f"red_envelope.state.{row.state}", taken=row.taken, shares=row.shares, ends=row.ends)
    head = tx.text("red_envelope.status.line", number=row.id, name=row.sender_name, points=row.points)
    return (*head, *state)


def verify(tx: Transaction, number: int) -> None:
    """Show the split of a closed envelope with the hash that was published, and what that proves.

    Raises:
        Refusal: it is not closed, so the shares that are left must stay unknown.
    """
    row = find(tx, number)
    if row.state not in CLOSED:
        raise Refusal("red_envelope.refused.not_closed", number=number)
    parts = [part.points for part in tx.all(PARTS, of=number)]
    nonce = bytes.fromhex(row.nonce)
    key = "red_envelope.verified" if verifies(parts, nonce, row.digest) else "red_envelope.falsified"
    tx.answer(tx.content(key, number=number, text=canonical(parts, nonce), digest=row.digest))
