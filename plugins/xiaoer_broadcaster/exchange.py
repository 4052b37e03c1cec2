"""Taking a folder into the library: all of it, or nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from xiaoer import Content, Context, Part, Refusal, Transaction, Who
from xiaoer_broadcaster.config import BroadcasterConfig
from xiaoer_broadcaster.folder import name_of
from xiaoer_broadcaster.frontmatter import Fault, Page
from xiaoer_broadcaster.item import SAID, Item
from xiaoer_broadcaster.peak import replan
from xiaoer_broadcaster.shelf import LIBRARY_LIMIT, item_of, rows_of
from xiaoer_broadcaster.statements import AMONG, INDEX, LATEST, NOTE_ALL, PUT
from xiaoer_broadcaster.teasing import take_back

KEPT = ("author", "author_name")
"""What an item keeps when its file does not say it."""

FAULTS = 20
"""So many faults are told; the others are counted."""


class Known(NamedTuple):
    """What an import must know of every item: its number, the file it was read from, and when it is scheduled."""

    number: int
    source: str
    day: str | None
    at_slot: str


class Merged(NamedTuple):
    """What a folder makes of a library.

    Args:
        new: items that come to it.
        changed: items as they were and as they become.
        same: how many stay as they are.
    """

    new: list[Item]
    changed: list[tuple[Item, Item]]
    same: int


def numbered(index: Iterable[Known], pages: Iterable[Page]) -> list[Page]:
    """Return the files of a folder with the number of each: its own, that of the item it was read into, or the next.

    Args:
        index: what there is.
        pages: the files.
    """
    known = list(index)
    pages = list(pages)
    sources = {one.source: one.number for one in known if one.source}
    highest = max([*[one.number for one in known], *[page.item.number for page in pages]], default=0)
    found: list[Page] = []
    for page in pages:
        number = page.item.number or sources.get(page.file, 0)
        if not number:
            number = highest = highest + 1
        found.append(page._replace(item=page.item._replace(number=number)))
    return found


def merged(library: Mapping[int, Item], pages: Iterable[Page]) -> Merged:
    """Return what the files of a folder, each with its number, make of the items that there are of these numbers."""
    result = Merged([], [], 0)
    for page in pages:
        before = library.get(page.item.number)
        item = renewed(before, page)
        if before is None:
            result.new.append(item)
        elif before == item:
            result = result._replace(same=result.same + 1)
        else:
            result.changed.append((before, item))
    return result


def renewed(before: Item | None, page: Page) -> Item:
    """Return what a file makes of an item: what it says, but no use of it is forgotten, nor who wrote it.

    Args:
        before: the item as it was; None for a new one.
        page: the file, with the item's number.
    """
    item = page.item
    if page.file == name_of(item.number) and not (before is not None and before.source):
        item = item._replace(source="")  # the name that it has anyway
    if before is None:
        return item
    kept = {name: getattr(before, name) for name in KEPT if name not in page.said}
    if "state" not in page.said:
        said = any(getattr(item, name) != getattr(before, name) for name in SAID)
        kept |= {"state": "edited", "day": None, "at_slot": ""} if said else _planned(before)
    if "file" not in page.said:
        kept |= {"digest": before.digest, "file_name": before.file_name, "mime": before.mime}
    return item._replace(
        **kept,
        uses=max(item.uses, before.uses),
        last=max(filter(None, (item.last, before.last)), default=None),
        last_at=max(filter(None, (item.last_at, before.last_at)), default=None),
    )


def _planned(item: Item) -> dict[str, Any]:
    return {"state": item.state, "day": item.day, "at_slot": item.at_slot}


def check(index: Iterable[Known], result: Merged) -> None:
    """Refuse what the library cannot be.

    Raises:
        Refusal: two items would go out at the same time, or there would be too many.
    """
    after = {one.number: (one.day, one.at_slot) for one in index}
    items = [*result.new, *[item for _, item in result.changed]]
    after |= {item.number: (item.day.isoformat() if item.day is not None else None, item.at_slot) for item in items}
    times: dict[tuple[str, str], int] = {}
    for number, (day, slot) in after.items():
        other = number if day is None else times.setdefault((day, slot), number)
        if day is not None and other != number:
            raise Refusal("broadcaster.refused.taken", day=date.fromisoformat(day), slot=slot, number=other)
    if len(after) > LIBRARY_LIMIT:
        raise Refusal("broadcaster.refused.full", most=LIBRARY_LIMIT)


class Prepared(NamedTuple):
    """An import, made ready outside of the transaction, where it takes longer than a transaction may.

    Args:
        latest: the newest change of the library that it was made for.
        rows: the items, as JSON.
        notes: what is noted of them, as JSON.
        freed: the days and slots that something leaves.
        new: how many items are new.
        changed: how many are changed.
        same: how many stay as they are.
    """

    latest: int
    rows: str
    notes: str
    freed: list[tuple[date, str]]
    new: int
    changed: int
    same: int


async def prepare(ctx: Context[BroadcasterConfig], who: Who, pages: Sequence[Page]) -> Prepared:
    """Make an import ready.

    Args:
        ctx: the command's.
        who: who asks.
        pages: the files, in which nothing is wrong.

    Raises:
        Refusal: it cannot be taken in.
    """
    here = ctx.community.id
    latest: int = (await ctx.report(LATEST, here=here))[0].id
    index = [Known(*row) for row in await ctx.report(INDEX, here=here)]
    pages = numbered(index, pages)
    numbers = json.dumps([page.item.number for page in pages])
    library = {row.number: item_of(row) for row in await ctx.report(AMONG, here=here, rows=numbers)}
    pages = [page if await _is_kept(ctx, page, library) else _without_file(page) for page in pages]

    def ready() -> Prepared:
        result = merged(library, pages)
        check(index, result)
        after = [*result.new, *[item for _, item in result.changed]]
        rows, notes = rows_of(here, after, "import", who, ctx.now)
        times = [(old, (new.day, new.at_slot)) for old, new in result.changed]
        freed = [
            (old.day, old.at_slot) for old, time in times if old.day is not None and (old.day, old.at_slot) != time
        ]
        return Prepared(latest, rows, notes, freed, len(result.new), len(result.changed), result.same)

    return await asyncio.to_thread(ready)


def take_in(tx: Transaction, ready: Prepared, dry: bool, config: BroadcasterConfig) -> None:
    """Take a folder's items into the library, or say what would become of it.

    Args:
        tx: the transaction.
        ready: the import.
        dry: whether nothing is written.
        config: the community's.

    Raises:
        Refusal: somebody has changed the library meanwhile.
    """
    row = tx.one(LATEST, here=tx.community.id)
    if row is None or row.id != ready.latest:
        raise Refusal("broadcaster.refused.changed_meanwhile")
    if not dry:
        tx.run(PUT, rows=ready.rows)
        tx.run(NOTE_ALL, rows=ready.notes)
        for day, slot in ready.freed:
            take_back(tx, day, slot)
        replan(tx, config)
    key = "broadcaster.import.would" if dry else "broadcaster.import.done"
    tx.answer(tx.content(key, new=ready.new, changed=ready.changed, same=ready.same))


async def _is_kept(ctx: Context[BroadcasterConfig], page: Page, library: Mapping[int, Item]) -> bool:
    """Say whether there is a copy of a file here; only one that is new to its item has to be looked for."""
    before, digest = library.get(page.item.number), page.item.digest
    return bool(digest) and ((before is not None and before.digest == digest) or await ctx.file(digest) is not None)


def _without_file(page: Page) -> Page:
    """Return a page without its file, of which there is no copy here.

    Raises:
        Refusal: it has nothing else.
    """
    if page.item.digest and not page.item.text:
        raise Refusal("broadcaster.refused.no_copy", file=page.file)
    return page._replace(item=page.item._replace(digest="", file_name="", mime=""))


def told(voice: Context[BroadcasterConfig], key: str, faults: Sequence[Fault]) -> Content:
    """Return what is wrong with files, a line each."""
    parts: list[Part] = [*voice.text(key, count=len(faults))]
    for fault in faults[:FAULTS]:
        values: dict[str, Any] = fault.why.values
        why = voice.text(fault.why.key, **values)
        line = f":{fault.line}" if fault.line else ""
        parts += [f"\n{fault.file}{line}: ", *why]
    if len(faults) > FAULTS:
        parts += ["\n", *voice.text("broadcaster.import.more", count=len(faults) - FAULTS)]
    return Content(tuple(parts))
