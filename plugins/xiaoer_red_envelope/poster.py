"""What an envelope looks like in a chat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xiaoer import Button, Content, Part, Picture, Row, Transaction, plain
from xiaoer_red_envelope.envelope import luckiest

LINES = 10
"""So many of those who have a share are named; the others are counted."""


def poster(tx: Transaction, row: Row, hands: Sequence[tuple[str, int]], guests: Sequence[str]) -> Content:
    """Return an envelope's message: who sent it, who has what, the hash of its split, and the button.

    Args:
        tx: the transaction.
        row: the envelope.
        hands: who has how much, in their order.
        guests: for whom alone it is.
    """
    greeting = row.greeting or plain(tx.text("red_envelope.greeting", to="all"))
    parts: list[Part] = [
        *tx.text("red_envelope.title", to="all", name=row.sender_name),
        f"\n{greeting}\n",
        *tx.text(f"red_envelope.kind.{row.kind}", to="all", points=row.points, shares=row.shares, names=_list(guests)),
        "\n",
        *tx.text(f"red_envelope.state.{row.state}", to="all", taken=row.taken, shares=row.shares, ends=row.ends),
    ]
    for name, points in hands[-LINES:]:
        parts += ["\n", *tx.text("red_envelope.hand", to="all", name=name, points=points)]
    if len(hands) > LINES:
        parts += ["\n", *tx.text("red_envelope.more", to="all", count=len(hands) - LINES)]
    best = luckiest(hands)
    if row.state == "empty" and best is not None and row.kind != "equal" and len(hands) > 1:
        parts += ["\n", *tx.text("red_envelope.luckiest", to="all", name=best[0], points=best[1])]
    parts += ["\n", *tx.text("red_envelope.digest", to="all", number=row.id, digest=row.digest)]
    label = plain(tx.text("red_envelope.open", to="all"))
    buttons = ((Button(label, "open", str(row.id)),),) if row.state == "open" else ()
    return Content(tuple(parts), buttons, _picture(tx, row, greeting, hands))


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)


def _picture(tx: Transaction, row: Row, greeting: str, hands: Sequence[tuple[str, int]]) -> Picture:
    """Return the cover while it is open, which does not change with each share, and then the result."""
    data: dict[str, Any] = {
        "sender": row.sender_name,
        "greeting": greeting,
        "points": row.points,
        "shares": row.shares,
        "locale": tx.community.locale,
    }
    if row.state in ("open", "waiting"):
        alt = plain(tx.text("red_envelope.alt.cover", to="all", name=row.sender_name, greeting=greeting))
        return Picture("cover", data | {"kind": row.kind, "opened": 0}, alt)
    best = luckiest(hands)
    top = sorted(hands, key=lambda hand: -hand[1])[:LINES]
    data |= {
        "hands": [list(hand) for hand in top],
        "more": max(0, len(hands) - LINES),
        "luckiest": best[0] if best is not None and row.kind != "equal" and len(hands) > 1 else None,
        "state": row.state,
    }
    alt = plain(tx.text("red_envelope.alt.result", to="all", name=row.sender_name, taken=row.taken, shares=row.shares))
    return Picture("result", data, alt)
