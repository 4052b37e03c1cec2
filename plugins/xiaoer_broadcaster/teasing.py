"""Teasers that stand: where, and how they are taken back."""

from __future__ import annotations

from datetime import date

from xiaoer import ActionEnded, Batch, Transaction
from xiaoer_broadcaster.statements import CLEAR_MESSAGES, MESSAGES, STANDS, TAKE_BACK, TEASER, TEASERS


def teasers_of(teaser: int) -> str:
    """Return the name of a teaser's broadcast."""
    return f"teaser:{teaser}"


def take_back(tx: Transaction, day: date, slot: str) -> None:
    """Take the teasers of a post back that does not come: those that stand, and those on their way."""
    for row in tx.all(TEASERS, here=tx.community.id, on_day=day.isoformat(), in_slot=slot):
        for message in tx.all(MESSAGES, what="teaser", whose=row.id):
            tx.delete(message.chat, message.message)
        Batch(tx, teasers_of(row.id)).cancel()
        tx.run(CLEAR_MESSAGES, what="teaser", whose=row.id)
        tx.run(TAKE_BACK, teaser=row.id)


def stands(tx: Transaction, event: ActionEnded) -> None:
    """Note where a teaser stands, or delete it when it was taken back meanwhile."""
    if event.message is None:
        return
    teaser, chat = event.data["teaser"], event.data["chat"]
    row = tx.one(TEASER, here=tx.community.id, whose=teaser)
    if row is None:
        tx.delete(chat, event.message)
    else:
        tx.run(STANDS, chat=chat, message=event.message, kind="teaser", of=teaser, until=row.due)
