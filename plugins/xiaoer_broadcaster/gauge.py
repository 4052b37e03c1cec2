"""What came back to a post: counted while it stands, and noted after a day; no message is kept for it."""

from __future__ import annotations

from xiaoer import ActionEnded, Refusal, Transaction, Who
from xiaoer_broadcaster.peak import MEASURED_AFTER
from xiaoer_broadcaster.shelf import find, store
from xiaoer_broadcaster.statements import (
    CAME_BACK,
    CLEAR_MESSAGES,
    CLEAR_PRESSES,
    MEASURED,
    POST,
    PRESS,
    PRESSED,
    PRESSES,
    STANDS,
)


def stands(tx: Transaction, event: ActionEnded) -> None:
    """Note where a post stands."""
    row = tx.one(POST, here=tx.community.id, whose=event.data["post"])
    if row is not None and event.message is not None and row.state != "measured":
        until = row.at + MEASURED_AFTER
        tx.run(STANDS, chat=event.data["chat"], message=event.message, kind="post", of=row.id, until=until)


def press(tx: Transaction, who: Who, post: int) -> None:
    """Count somebody who likes a post, once a person.

    Raises:
        Refusal: they have said so already, or too late.
    """
    row = tx.one(POST, here=tx.community.id, whose=post)
    if row is None or row.state == "measured":
        raise Refusal("broadcaster.refused.measured")
    if tx.one(PRESSED, whose=post, who=tx.person(who.account)) is not None:
        raise Refusal("broadcaster.refused.pressed")
    tx.run(PRESS, post=post, account=who.account)
    counted = tx.one(PRESSES, whose=post)
    tx.answer(tx.content("broadcaster.pressed", count=counted.number if counted is not None else 1))


def measure(tx: Transaction, post: int) -> None:
    """Note what came back to a post in its first day."""
    row = tx.one(POST, here=tx.community.id, whose=post)
    came, pressed = tx.one(CAME_BACK, whose=post), tx.one(PRESSES, whose=post)
    if row is None or row.item is None or came is None or pressed is None:
        return
    counted = {
        "counted_replies": came.replies,
        "counted_reactions": came.reactions,
        "counted_presses": pressed.number,
    }
    if not tx.run(MEASURED, post=post, **counted):
        return
    tx.run(CLEAR_MESSAGES, what="post", whose=post)
    tx.run(CLEAR_PRESSES, whose=post)
    item = find(tx, row.item)
    if item.state == "posted" and item.last is not None and item.last.isoformat() == row.day:
        note = f"{came.replies} / {came.reactions} / {pressed.number}"
        store(tx, item._replace(state="measured"), "measure", None, note)
