"""The library's rows: fetching items, storing them, and noting who did what."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from xiaoer import Refusal, Row, Transaction, Who, one_line
from xiaoer_broadcaster.item import NAME_LIMIT, Item
from xiaoer_broadcaster.statements import ADD, BRIEF, CHANGE, COUNTS, ITEM, NOTE

LIBRARY_LIMIT = 1_000
"""Items of one library: so many can be looked through within a transaction."""

NOTE_LIMIT = 120

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = ("expires", "day", "last")


def item_of(row: Row) -> Item:
    """Return the item in a row."""
    return Item(
        number=row.number,
        title=row.title,
        text=row.text,
        kind=row.kind,
        slot=row.slot,
        cadence=row.cadence,
        tags=tuple(row.tags),
        expires=_day(row.expires),
        most=row.most,
        teasers=None if row.teasers is None else tuple(row.teasers),
        author=row.author,
        author_name=row.author_name,
        state=row.state,
        day=_day(row.day),
        at_slot=row.at_slot,
        uses=row.uses,
        last=_day(row.last),
        last_at=row.last_at,
        digest=row.digest,
        file_name=row.file_name,
        mime=row.mime,
        source=row.source,
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _values(item: Item) -> dict[str, Any]:
    values = item._asdict()
    for name in _DAYS:
        values[name] = None if values[name] is None else values[name].isoformat()
    return values


def find(tx: Transaction, number: int) -> Item:
    """Return an item with its whole text.

    Raises:
        Refusal: there is none of that number here.
    """
    row = tx.one(ITEM, here=tx.community.id, nr=number)
    if row is None:
        raise Refusal("broadcaster.refused.unknown", number=number)
    return item_of(row)


def ready(tx: Transaction) -> list[Item]:
    """Return what may go out; of each text only its beginning."""
    return [item_of(row) for row in tx.all(BRIEF, here=tx.community.id)]


def next_number(tx: Transaction) -> int:
    """Return the number that the next item gets.

    Raises:
        Refusal: the library is full.
    """
    counted = tx.one(COUNTS, here=tx.community.id)
    if counted is None:
        return 1
    if counted.number >= LIBRARY_LIMIT:
        raise Refusal("broadcaster.refused.full", most=LIBRARY_LIMIT)
    number: int = counted.highest + 1
    return number


def add(tx: Transaction, item: Item, act: str, by: Who | None, note: str = "") -> None:
    """Put an item into the library."""
    tx.run(ADD, community=tx.community.id, made=tx.now, changed=tx.now, **_values(item))
    _note(tx, item, act, by, note)


def store(tx: Transaction, item: Item, act: str, by: Who | None, note: str = "") -> None:
    """Keep what has become of an item, and note who did it; its text must be the whole one."""
    values = {f"new_{name}": value for name, value in _values(item).items() if name != "number"}
    tx.run(CHANGE, here=tx.community.id, nr=item.number, moment=tx.now, **values)
    _note(tx, item, act, by, note)


def rows_of(community: str, items: Sequence[Item], act: str, by: Who, at: datetime) -> tuple[str, str]:
    """Return many items and what is noted of them as ``PUT`` and ``NOTE_ALL`` take them.

    Args:
        community: its id.
        items: as they become.
        act: what is done to them.
        by: who does it.
        at: when.
    """
    now = (at - _EPOCH) // timedelta(microseconds=1)
    here = {"community": community, "made": now, "changed": now}
    who = {"act": act, "by": by.account, "by_name": one_line(by.name, NAME_LIMIT), "at": now, "community": community}
    rows = [{**here, **_plain(item)} for item in items]
    notes = [{**who, "number": item.number, "state": item.state, "note": item.source} for item in items]
    return json.dumps(rows, ensure_ascii=False), json.dumps(notes, ensure_ascii=False)


def _plain(item: Item) -> dict[str, Any]:
    """Return an item as JSON holds it."""
    values = _values(item)
    if item.last_at is not None:
        values["last_at"] = (item.last_at - _EPOCH) // timedelta(microseconds=1)
    return values


def _note(tx: Transaction, item: Item, act: str, by: Who | None, note: str) -> None:
    tx.run(
        NOTE,
        community=tx.community.id,
        number=item.number,
        act=act,
        state=item.state,
        note=one_line(note, NOTE_LIMIT),
        by=by.account if by is not None else "",
        by_name=one_line(by.name, NAME_LIMIT) if by is not None else "",
        at=tx.now,
    )


def today(tx: Transaction) -> date:
    """Return the community's day."""
    return tx.now.astimezone(tx.community.timezone).date()
