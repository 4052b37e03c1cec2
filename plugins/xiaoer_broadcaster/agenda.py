"""What goes out in the coming two weeks, as it stands: a table in words, and what its picture is drawn from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from xiaoer import Content, Part, Picture, Text, Transaction, one_line, plain
from xiaoer_broadcaster.config import BroadcasterConfig
from xiaoer_broadcaster.item import Item, choose, went_out
from xiaoer_broadcaster.rota import rota
from xiaoer_broadcaster.shelf import ready, today
from xiaoer_broadcaster.slot import Occurrence, days_from

DAYS = 14
SHORT = 16
"""Characters of a title in the table."""

WORDS = 800
"""Characters of the table in words, so that it stands under its picture everywhere."""


class Entry(NamedTuple):
    """What goes out at one time.

    Args:
        found: when.
        item: what; None for nothing yet.
        sure: whether it is scheduled, and not only next in turn.
    """

    found: Occurrence
    item: Item | None
    sure: bool


def agenda(items: Iterable[Item], coming: Iterable[Occurrence]) -> list[Entry]:
    """Return what goes out at each of some times, in their order, if nothing changes until then."""
    library = {item.number: item for item in items}
    entries: list[Entry] = []
    for found in sorted(coming, key=lambda one: one.due):
        item = choose(library.values(), found.day, found.slot)
        entries.append(Entry(found, item, item is not None and item.state == "scheduled"))
        if item is not None:
            library[item.number] = went_out(item, found.day, found.due)
    return entries


def show(tx: Transaction, config: BroadcasterConfig) -> None:
    """Show the coming two weeks."""
    slots = rota(tx, config)
    days = days_from(today(tx), DAYS)
    coming = [found for found in slots.near(tx, DAYS + 1) if found.due > tx.now]
    entries = agenda(ready(tx), coming)
    title = tx.text("broadcaster.calendar.title", to="all", community=tx.community.name)
    picture = Picture("calendar", _drawing(tx, slots.names, days, entries), plain(title))
    filled = [entry for entry in entries if entry.item is not None]
    lead = tx.text("broadcaster.calendar.lead" if filled else "broadcaster.calendar.empty")
    tx.answer(Content(_in_words(tx, lead, filled), picture=picture if slots.names else None))


def _in_words(tx: Transaction, lead: Text, entries: Sequence[Entry]) -> Text:
    parts: list[Part] = [*lead]
    used = len(plain(lead))
    for number, entry in enumerate(entries):
        line = _line(tx, entry)
        used += len(plain(line)) + 1
        if used > WORDS:
            return (*parts, "\n", *tx.text("broadcaster.calendar.more", count=len(entries) - number))
        parts += ["\n", *line]
    return tuple(parts)


def _line(tx: Transaction, entry: Entry) -> Text:
    if entry.item is None:
        return ()
    key = "broadcaster.calendar.sure" if entry.sure else "broadcaster.calendar.likely"
    title, number = one_line(entry.item.headline, SHORT), entry.item.number
    return tx.text(key, day=_day(tx, entry.found.day), slot=entry.found.slot, number=number, title=title)


def _day(tx: Transaction, day: date) -> str:
    return f"{day:%m-%d} {plain(tx.text(f'broadcaster.weekday.{day.weekday()}'))}"


def _drawing(tx: Transaction, slots: Sequence[str], days: Sequence[date], entries: Sequence[Entry]) -> dict[str, Any]:
    """Return what the picture is drawn from; see :func:`xiaoer_broadcaster.sheet.calendar`."""
    cells = {(entry.found.day, entry.found.slot): entry for entry in entries if entry.item is not None}
    rows: list[dict[str, Any]] = []
    for day in days:
        row: list[list[Any]] = []
        for slot in slots:
            entry = cells.get((day, slot))
            item = entry.item if entry is not None else None
            text = f"{item.number} {one_line(item.headline, SHORT)}" if item is not None else ""
            row.append([text, entry is not None and entry.sure])
        rows.append({"day": _day(tx, day), "rest": day.weekday() >= 5, "cells": row})
    words = {
        name: plain(tx.text(f"broadcaster.calendar.{name}", community=one_line(tx.community.name, 24)))
        for name in ("title", "planned", "next")
    }
    return {**words, "slots": list(slots), "rows": rows}
