"""What is shown of the library: lists, and one item with its history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xiaoer import Bold, Content, Part, Text, Transaction
from xiaoer_broadcaster.item import Item
from xiaoer_broadcaster.shelf import find, item_of
from xiaoer_broadcaster.statements import HISTORY, LIST, POSTS_OF

LINES, CHANGES = 20, 8
"""Items of a list, and changes of one item that are shown."""


def listed(title: Text, lines: Sequence[Text]) -> Content:
    """Return a title with lines under it."""
    parts: list[Part] = [*title]
    for line in lines:
        parts += ["\n", *line]
    return Content(tuple(parts))


def show_list(tx: Transaction, state: str) -> None:
    """Show the items that were changed last, or those in a state."""
    rows = tx.all(LIST, here=tx.community.id, only=state, limit=LINES + 1)
    lines = [_line(tx, item_of(row)) for row in rows[:LINES]]
    if len(rows) > LINES:
        lines.append(tx.text("broadcaster.list.more"))
    tx.answer(listed(tx.text("broadcaster.list.title" if rows else "broadcaster.list.none"), lines))


def _line(tx: Transaction, item: Item) -> Text:
    state = tx.text(f"broadcaster.state.{item.state}")
    if item.state == "scheduled" and item.day is not None:
        state = tx.text("broadcaster.list.planned", day=item.day, slot=item.at_slot)
    return tx.text("broadcaster.list.line", number=item.number, state=state, title=item.headline)


def show(tx: Transaction, number: int) -> None:
    """Show an item: what is known of it, what it says, and what was done to it."""
    item = find(tx, number)
    parts: list[Part] = [Bold(f"№{item.number} {item.headline}"), "\n", *_about(tx, item)]
    for row in tx.all(POSTS_OF, here=tx.community.id, nr=number):
        values: dict[str, Any] = {"at": row.at, "slot": row.slot}
        if row.state == "measured":
            values |= {"replies": row.replies, "reactions": row.reactions, "presses": row.presses}
        key = "broadcaster.show.measured" if row.state == "measured" else "broadcaster.show.posted"
        parts += ["\n", *tx.text(key, **values)]
    parts += ["\n\n", item.text or "…", "\n"]
    for row in tx.all(HISTORY, here=tx.community.id, nr=number, limit=CHANGES):
        act = tx.text(f"broadcaster.act.{row.act}")
        about = " · ".join(word for word in (row.by_name, row.note) if word)
        line = tx.text("broadcaster.show.change_by", about=about, act=act, at=row.at) if about else ()
        parts += ["\n", *(line or tx.text("broadcaster.show.change", act=act, at=row.at))]
    tx.answer(Content(tuple(parts)))


def _about(tx: Transaction, item: Item) -> Text:
    lines: list[Text] = [
        tx.text(f"broadcaster.state.{item.state}"),
        tx.text("broadcaster.show.kind", kind=item.kind, slot=item.slot, cadence=item.cadence),
        tx.text("broadcaster.show.uses", uses=item.uses),
    ]
    if item.left is not None:
        lines.append(tx.text("broadcaster.show.left", left=item.left))
    if item.day is not None:
        lines.append(tx.text("broadcaster.list.planned", day=item.day, slot=item.at_slot))
    if item.expires is not None:
        lines.append(tx.text("broadcaster.show.expires", day=item.expires))
    if item.tags:
        lines.append((" ".join(f"#{tag}" for tag in item.tags),))
    if item.teasers:
        lines.append(tx.text("broadcaster.show.teasers", minutes=", ".join(map(str, item.teasers))))
    if item.author_name:
        lines.append(tx.text("broadcaster.credit", name=item.author_name))
    parts: list[Part] = []
    for number, line in enumerate(lines):
        parts += [*([" · "] if number else []), *line]
    return tuple(parts)
