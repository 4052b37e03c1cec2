"""What the last run left behind: events that were acknowledged and whose effects are not stored yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import structlog
from sqlalchemy import bindparam, select, update

from xiaoer.events import AnyEvent, Event, decode_event, encode_event
from xiaoer.statements import Statement
from xiaoer.tables import inbox
from xiaoer.transaction import PARK, Transaction
from xiaoer.units import REMEMBER, SEEN

if TYPE_CHECKING:
    from xiaoer.dispatch import Report
    from xiaoer.store import Store

TRIES = 3
"""So many times the process may end during an event; then it is set aside."""

SUSPICIOUS = 2
"""After so many times an event is tried alone, so that others are not taken for what ends the process."""

LEFT = Statement(
    select(inbox.c.key, inbox.c.community, inbox.c.event, inbox.c.tries)
    .where(inbox.c.set_aside.is_(None))
    .order_by(inbox.c.at, inbox.c.key)
)
TRY = Statement(update(inbox).values(tries=inbox.c.tries + 1).where(inbox.c.key == bindparam("parked")))
TRY_TOGETHER = Statement(
    update(inbox).values(tries=inbox.c.tries + 1).where(inbox.c.set_aside.is_(None), inbox.c.tries < SUSPICIOUS)
)
SET_ASIDE = Statement(update(inbox).values(set_aside=bindparam("why")).where(inbox.c.key == bindparam("parked")))


async def recover(store: Store, report: Report, *, clean: bool) -> list[tuple[AnyEvent, bool]]:
    """Return the parked events in the order they came, each with whether it has to be tried alone.

    An event during which the process ended three times, or that cannot be read any more, is set aside and reported.

    Args:
        store: where they are.
        report: tells admins.
        clean: whether the last run ended well, so that none of them is to blame for its end.
    """
    events: list[tuple[AnyEvent, bool]] = []
    for row in await store.read(LEFT):
        reason = ""
        if row.tries >= TRIES and not clean:
            reason = f"the program ended {TRIES} times while it was tried"
        else:
            try:
                events.append((decode_event(row.event), row.tries >= SUSPICIOUS and not clean))
            except msgspec.MsgspecError as error:
                reason = f"it cannot be read: {error}"
        if reason:
            await store.transact(_set_aside, row.key, reason)
            structlog.get_logger().error("event set aside", community=row.community, event_key=row.key, reason=reason)
            report(row.community, "xiaoer.event.set_aside", {"key": row.key, "reason": reason})
    if events and not clean:
        await store.transact(Transaction.run, TRY_TOGETHER)
    return events


async def note_try(store: Store, event: AnyEvent) -> None:
    """Note that an event is about to be tried, so that one during which the process ends again and again is found."""
    await store.transact(Transaction.run, TRY, parked=event.key)


def keep(tx: Transaction, community: str, event: Event) -> bool:
    """Put an event into the inbox that is submitted later; return whether it is there, because it is new."""
    if tx.one(SEEN, key=event.key) is not None:
        return False
    tx.run(PARK, key=event.key, community=community, event=encode_event(event), at=tx.now, tries=0)
    return True


def _set_aside(tx: Transaction, key: str, reason: str) -> None:
    tx.run(SET_ASIDE, parked=key, why=reason)
    tx.run(REMEMBER, key=key, at=int(tx.now.timestamp()) // 3600)  # the platform may tell it again
