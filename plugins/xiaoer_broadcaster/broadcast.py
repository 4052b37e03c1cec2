"""One post on its way to many chats: how far it is, and that it is held, let go or taken back."""

from __future__ import annotations

from typing import Any

from xiaoer import Batch, Refusal, Row, Text, Transaction, Who, one_line
from xiaoer_broadcaster.catalogue import listed
from xiaoer_broadcaster.peak import batch_of
from xiaoer_broadcaster.shelf import find
from xiaoer_broadcaster.statements import BECOME, NEWEST, POST

REASONS = 3
"""So many of the reasons for which chats did not get a post are told."""


def _newest(tx: Transaction) -> Row:
    row = tx.one(NEWEST, here=tx.community.id)
    if row is None:
        raise Refusal("broadcaster.refused.no_broadcast")
    return row


def status(tx: Transaction) -> None:
    """Show how far the newest post is.

    Raises:
        Refusal: nothing was posted yet.
    """
    row = _newest(tx)
    batch = Batch(tx, batch_of(row.id))
    progress = batch.progress()
    item = find(tx, row.item)
    about: dict[str, Any] = {"number": item.number, "title": item.headline, "slot": row.slot, "at": row.at}
    lines: list[Text] = [
        tx.text("broadcaster.broadcast.done", done=progress.done, total=progress.total),
        *[
            tx.text(f"broadcaster.broadcast.{name}", number=number)
            for name in ("waiting", "held", "failed", "unknown", "cancelled")
            if (number := getattr(progress, name))
        ],
    ]
    if progress.left is not None and progress.waiting:
        rate, left = round(progress.rate, 1), max(1, round(progress.left))
        lines.append(tx.text("broadcaster.broadcast.rate", rate=rate, count=left))
    lines += [_reason(tx, why, number) for why, number in batch.reasons()[:REASONS]]
    tx.answer(listed(tx.text("broadcaster.broadcast.title", **about), lines))


def _reason(tx: Transaction, why: str, number: int) -> Text:
    return tx.text("broadcaster.broadcast.reason", number=number, why=one_line(why, 80))


def pause(tx: Transaction) -> None:
    """Hold what has not been sent of the newest post.

    Raises:
        Refusal: there is nothing to hold.
    """
    row = _newest(tx)
    number = Batch(tx, batch_of(row.id)).hold()
    if not number:
        raise Refusal("broadcaster.refused.nothing_waits")
    tx.run(BECOME, here=tx.community.id, post=row.id, became="held")
    tx.answer(tx.content("broadcaster.broadcast.paused", count=number))


def resume(tx: Transaction) -> None:
    """Let go what is held of the newest post.

    Raises:
        Refusal: nothing is held.
    """
    row = _newest(tx)
    number = Batch(tx, batch_of(row.id)).resume()
    if not number:
        raise Refusal("broadcaster.refused.nothing_held")
    tx.run(BECOME, here=tx.community.id, post=row.id, became="posted")
    tx.answer(tx.content("broadcaster.broadcast.resumed", count=number))


def cancel(tx: Transaction, who: Who) -> None:
    """Take back what has not been sent of the newest post.

    Raises:
        Refusal: all of it is sent.
    """
    row = _newest(tx)
    number = Batch(tx, batch_of(row.id)).cancel()
    if not number:
        raise Refusal("broadcaster.refused.nothing_waits")
    tx.run(BECOME, here=tx.community.id, post=row.id, became="cancelled")
    tx.answer(tx.content("broadcaster.broadcast.cancelled_now", count=number))
    by = one_line(who.name, 24)
    tx.tell_admins(tx.content("broadcaster.report.cancelled", to="all", by=by, count=number, slot=row.slot))


def ended(tx: Transaction, post: int) -> None:
    """Tell the admins, once the window of a post is over, which of its chats have not got it."""
    row = tx.one(POST, here=tx.community.id, whose=post)
    if row is None or row.item is None:
        return
    batch = Batch(tx, batch_of(post))
    left = 0 if row.state == "cancelled" else batch.cancel()
    progress = batch.progress()
    missed = progress.failed + progress.unknown + left
    if not missed:
        return
    values: dict[str, Any] = {"number": row.item, "slot": row.slot, "count": missed, "total": progress.total}
    lines = [_reason(tx, why, number) for why, number in batch.reasons()[:REASONS]]
    tx.tell_admins(listed(tx.text("broadcaster.report.not_everywhere", to="all", **values), lines))
