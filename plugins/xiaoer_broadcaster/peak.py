"""What is decided at the peaks inside the transaction: what goes out, what is announced, what comes next."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

from xiaoer import TREASURY, Batch, Ledger, Row, SendMessage, Then, Transaction
from xiaoer_broadcaster import poster
from xiaoer_broadcaster.config import BroadcasterConfig
from xiaoer_broadcaster.item import Item, choose, went_out
from xiaoer_broadcaster.rota import AHEAD, Rota, rota
from xiaoer_broadcaster.shelf import find, ready, store, today
from xiaoer_broadcaster.slot import Occurrence, teaser_now
from xiaoer_broadcaster.statements import (
    FORGET,
    FORGOTTEN,
    OVERDUE,
    POST,
    POST_AT,
    PURGE,
    PURGE_TEASERS,
    SETTLE,
    TEASED,
    TEASER,
    TEASERS,
)
from xiaoer_broadcaster.teasing import take_back, teasers_of

Report: TypeAlias = tuple[str, dict[str, Any]]
"""A text for the admins, with its values."""

PUNCTUAL = timedelta(minutes=1)
"""A post that goes out so much after its time is in time."""

MEASURED_AFTER = timedelta(hours=24)
"""So long after a post what came back is counted."""

KEPT = timedelta(days=30)
"""So long slots without a post are remembered, and the texts of what was taken off."""

STALE = 5
"""A teaser is not sent any more when this part of its time is over: it would say the wrong one."""

PART = 200
"""Chats of one transaction: what goes to more is asked for in parts."""


def look(tx: Transaction, config: BroadcasterConfig, at: datetime | None = None) -> None:
    """Do what is due: post, announce, and note what could not go out; then set the timers for what comes next.

    Args:
        tx: the transaction.
        config: the community's.
        at: when the timer was due that asks for it.
    """
    slots = rota(tx, config, at)
    items = {item.number: item for item in ready(tx)}
    reports: list[Report] = []
    for found in slots.near(tx, 2):
        if found.due <= tx.now:
            reports += _settle(tx, config, found, items)
    slots = rota(tx, config)
    for found in slots.near(tx, 3):
        if found.due > tx.now:
            _tease(tx, config, found, items)
    plan(tx, config, slots, list(items.values()))
    _report(tx, reports)


def _report(tx: Transaction, reports: list[Report]) -> None:
    """Tell the admins, after all else: the first date that a program writes out takes longer than a transaction may."""
    for key, values in reports:
        tx.tell_admins(tx.content(key, to="all", **values))


def _settle(tx: Transaction, config: BroadcasterConfig, found: Occurrence, items: dict[int, Item]) -> list[Report]:
    """Let a slot have its post, or note that it has none; return what the admins are to be told."""
    item = choose(items.values(), found.day, found.slot)
    chats = _chats(tx, config)
    in_time = tx.now - found.due <= PUNCTUAL or (config.misfire == "late" and tx.now <= found.deadline)
    goes_out = item is not None and bool(chats) and in_time
    state = "posted" if goes_out else "empty" if item is None else "missed"
    if not tx.run(
        SETTLE,
        community=tx.community.id,
        day=found.day.isoformat(),
        slot=found.slot,
        state=state,
        item=item.number if item is not None and goes_out else None,
        at=tx.now,
        deadline=found.deadline,
    ):
        return []
    if item is None:
        return []
    if goes_out:
        items[item.number] = _put_out(tx, config, found, item)
        return []
    items[item.number] = release(tx, item, "miss")
    take_back(tx, found.day, found.slot)
    why = "broadcaster.report.missed" if chats else "broadcaster.report.no_chats"
    return [(why, {"slot": found.slot, "when": found.due, "number": item.number, "title": item.headline})]


def _chats(tx: Transaction, config: BroadcasterConfig) -> list[str]:
    return list(dict.fromkeys(chat for purpose in config.chats for chat in tx.community.chats.get(purpose, ())))


def _put_out(tx: Transaction, config: BroadcasterConfig, found: Occurrence, item: Item) -> Item:
    row = post_at(tx, found.day, found.slot)
    after = went_out(find(tx, item.number), found.day, tx.now)
    store(tx, after, "post", None, f"{found.day.isoformat()} {found.slot}")
    spread(tx, config, row.id, 0)
    tx.schedule(f"ended.{row.id}", found.deadline + PUNCTUAL, {"post": row.id})
    tx.schedule(f"measure.{row.id}", tx.now + MEASURED_AFTER, {"post": row.id})
    if config.points and ":" in after.author:
        Ledger(tx).move(
            TREASURY,
            after.author,
            config.points,
            key=f"post:{after.number}:{row.id}",
            reason="broadcaster.reason.post",
            note=f"№{after.number}",
        )
    if ":" in after.author:
        values: dict[str, Any] = {"points": config.points} if config.points else {}
        key = "posted_points" if config.points else "posted"
        tx.tell(
            after.author, tx.content(f"broadcaster.told.{key}", to=tx.who(after.author), number=after.number, **values)
        )
    return after


def post_at(tx: Transaction, day: date, slot: str) -> Row:
    """Return the post of a slot that is settled."""
    row = tx.one(POST_AT, here=tx.community.id, on_day=day.isoformat(), in_slot=slot)
    assert row is not None  # noqa: S101 - just settled
    return row


def spread(tx: Transaction, config: BroadcasterConfig, post: int, start: int) -> None:
    """Ask for a post's messages, from one of its chats on, and for the rest later where there are many.

    Args:
        tx: the transaction.
        config: the community's.
        post: its id.
        start: how many chats were asked for.
    """
    row = tx.one(POST, here=tx.community.id, whose=post)
    if row is None or row.item is None or row.state == "cancelled":
        return
    content = tx.scene.signed(poster.post(tx, find(tx, row.item), post, config))
    chats = _chats(tx, config)
    for chat in chats[start : start + PART]:
        tx.request(
            SendMessage(
                chat=chat,
                content=content,
                guarantee="at_most_once",
                then=Then("posted", {"post": post, "chat": chat}),
                deadline=row.deadline,
                batch=batch_of(post),
            )
        )
    if row.state == "held":
        Batch(tx, batch_of(post)).hold()
    if start + PART < len(chats):
        tx.schedule(f"part.{post}.{start + PART}", tx.now, {"post": post, "start": start + PART})


def batch_of(post: int) -> str:
    """Return the name of a post's broadcast."""
    return f"post:{post}"


def release(tx: Transaction, item: Item, act: str) -> Item:
    """Take an item off the calendar and return it as it is then."""
    if item.state != "scheduled":
        return item
    after = find(tx, item.number)._replace(state="approved", day=None, at_slot="")
    store(tx, after, act, None)
    return after


def _tease(tx: Transaction, config: BroadcasterConfig, found: Occurrence, items: dict[int, Item]) -> None:
    """Announce a post if it is time, and keep its item for it from then on."""
    item = choose(items.values(), found.day, found.slot)
    if item is None:
        return
    here, day = tx.community.id, found.day.isoformat()
    rows = tx.all(TEASERS, here=here, on_day=day, in_slot=found.slot)
    minutes = teaser_now(found.due, minutes_of(item, config), [row.minutes for row in rows], tx.now)
    if minutes is None:
        return
    tx.run(TEASED, community=here, day=day, slot=found.slot, minutes=minutes, item=item.number, due=found.due)
    row = next(row for row in tx.all(TEASERS, here=here, on_day=day, in_slot=found.slot) if row.minutes == minutes)
    if item.state != "scheduled":
        item = find(tx, item.number)._replace(state="scheduled", day=found.day, at_slot=found.slot)
        store(tx, item, "announce", None, f"{day} {found.slot}")
        items[item.number] = item
    announce(tx, config, row.id, 0)


def announce(tx: Transaction, config: BroadcasterConfig, teaser: int, start: int) -> None:
    """Ask for a teaser's messages, as :func:`spread` does for a post's; none comes after its post."""
    row = tx.one(TEASER, here=tx.community.id, whose=teaser)
    if row is None or row.due <= tx.now:
        return
    content = poster.teaser(tx, find(tx, row.item), row.due)
    chats = _chats(tx, config)
    for chat in chats[start : start + PART]:
        tx.request(
            SendMessage(
                chat=chat,
                content=content,
                guarantee="at_most_once",
                then=Then("teased", {"teaser": teaser, "chat": chat}),
                deadline=tx.now + max((row.due - tx.now) / STALE, timedelta(seconds=20)),
                key=f"teaser:{row.day}:{row.slot}",
                batch=teasers_of(teaser),
            )
        )
    if start + PART < len(chats):
        tx.schedule(f"teased.{teaser}.{start + PART}", tx.now, {"teaser": teaser, "start": start + PART})


def minutes_of(item: Item, config: BroadcasterConfig) -> tuple[int, ...]:
    """Return how many minutes before its post an item is announced."""
    return config.teasers if item.teasers is None else item.teasers


def plan(tx: Transaction, config: BroadcasterConfig, slots: Rota, items: list[Item]) -> None:
    """Set the timers of the next post of each slot and of its teasers; those that are set already stay."""
    done: set[str] = set()
    for found in slots.near(tx, AHEAD + 2):
        if found.slot in done or found.due <= tx.now:
            continue
        done.add(found.slot)
        tx.schedule(f"slot.{found.slot}", found.due)
        item = choose(items, found.day, found.slot)
        for minutes in minutes_of(item, config) if item is not None else ():
            moment = found.due - timedelta(minutes=minutes)
            if moment > tx.now:
                tx.schedule(f"tease.{found.slot}", moment)


def replan(tx: Transaction, config: BroadcasterConfig) -> None:
    """Set the timers anew after something has changed."""
    slots = rota(tx, config)
    for name in slots.names:
        tx.unschedule(f"slot.{name}")
        tx.unschedule(f"tease.{name}")
    plan(tx, config, slots, ready(tx))
    for found in slots.near(tx, 2):
        if found.due <= tx.now:
            tx.schedule(f"slot.{found.slot}", found.due)


def purge(tx: Transaction) -> None:
    """Forget what nothing depends on any more, and free what was scheduled for a slot that never came."""
    here, before = tx.community.id, tx.now - KEPT
    tx.run(PURGE, here=here, before=before, first=(today(tx) - KEPT).isoformat())
    tx.run(PURGE_TEASERS, here=here, before=before)
    for row in tx.all(FORGOTTEN, here=here, before=before):
        tx.forget_file(row.digest)
    tx.run(FORGET, here=here, before=before)
    reports: list[Report] = []
    for row in tx.all(OVERDUE, here=here, before=(today(tx) - timedelta(days=1)).isoformat()):
        item = release(tx, find(tx, row.number), "miss")
        values = {"number": item.number, "title": item.headline, "slot": row.at_slot}
        reports.append(("broadcaster.report.never_came", values | {"day": date.fromisoformat(row.day)}))
    _report(tx, reports)
