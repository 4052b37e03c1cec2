"""Broadcasts: many messages under one name, held, let go and taken back together, whose progress shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select, update

from xiaoer.actions import Guarantee, SendMessage, Then
from xiaoer.content import Content
from xiaoer.statements import Statement
from xiaoer.tables import outbox
from xiaoer.transaction import Transaction

RATE_OVER = timedelta(minutes=1)
"""The rate of a broadcast is that of its last minute."""

_of = (
    outbox.c.community == bindparam("of"),
    outbox.c.plugin == bindparam("by"),
    outbox.c.batch == bindparam("name"),
)
PROGRESS = Statement(
    select(
        outbox.c.state,
        func.count().label("number"),
        func.max(outbox.c.ended).label("last"),
        func.count().filter(outbox.c.ended > bindparam("since")).label("lately"),
        func.min(outbox.c.ended).filter(outbox.c.ended > bindparam("since_too")).label("first"),
    )
    .where(*_of)
    .group_by(outbox.c.state)
)
REASONS = Statement(
    select(outbox.c.reason, func.count().label("number"))
    .where(*_of, outbox.c.state.in_(["failed", "unknown"]))
    .group_by(outbox.c.reason)
    .order_by(func.count().desc(), outbox.c.reason)
    .limit(10)
)
HOLD = Statement(update(outbox).values(state="held").where(*_of, outbox.c.state == "wanted"))
LET_GO = Statement(update(outbox).values(state="wanted").where(*_of, outbox.c.state == "held"))
CANCEL = Statement(
    update(outbox)
    .values(state="cancelled", reason="it was taken back", action=None, ended=bindparam("moment"))
    .where(*_of, outbox.c.state.in_(["wanted", "held"]))
)


class Progress(NamedTuple):
    """How far a broadcast is.

    Args:
        waiting: messages still to be sent; one that is just being sent is among them.
        held: those that are held.
        done: those that were sent.
        failed: those that cannot be.
        unknown: those of which nobody can tell.
        cancelled: those that were taken back.
        rate: messages a second over the last minute; 0 when there were none.
        left: seconds until the rest is sent at that rate; None when it cannot be told.
    """

    waiting: int
    held: int
    done: int
    failed: int
    unknown: int
    cancelled: int
    rate: float
    left: float | None

    @property
    def total(self) -> int:
        """How many messages it has."""
        return self.waiting + self.held + self.done + self.failed + self.unknown + self.cancelled


class Batch:
    """One broadcast of a plugin: the messages it asked for with :meth:`send`, or one by one with ``batch=name``.

    Args:
        tx: the transaction.
        name: the plugin's name for it.
    """

    def __init__(self, tx: Transaction, name: str) -> None:
        self._tx = tx
        self._bound: dict[str, Any] = {"of": tx.community.id, "by": tx.scene.plugin, "name": name}

    def send(
        self,
        chats: Iterable[str],
        content: Content,
        *,
        guarantee: Guarantee = "at_most_once",
        deadline: datetime | None = None,
        then: Then | None = None,
    ) -> int:
        """Ask for a message to many chats and return how many they are; ten thousand take a moment.

        Args:
            chats: where, each once.
            content: what it says.
            guarantee: of each, as for :class:`~xiaoer.SendMessage`; so are ``deadline`` and ``then``.
            deadline: likewise.
            then: likewise.
        """
        signed, name = self._tx.scene.signed(content), str(self._bound["name"])
        actions = [
            SendMessage(chat=chat, content=signed, guarantee=guarantee, deadline=deadline, then=then, batch=name)
            for chat in dict.fromkeys(chats)
        ]
        self._tx.request_all(actions)
        return len(actions)

    def progress(self) -> Progress:
        """Return how far it is."""
        since = self._tx.now - RATE_OVER
        return progress_of(self._tx.all(PROGRESS, **self._bound, since=since, since_too=since))

    def reasons(self) -> list[tuple[str, int]]:
        """Return why messages could not be sent, and how many each, the most frequent first."""
        return [(row.reason or "", row.number) for row in self._tx.all(REASONS, **self._bound)]

    def hold(self) -> int:
        """Hold what waits, and return how many messages that are; one that is just being sent goes on."""
        return self._tx.run(HOLD, **self._bound)

    def resume(self) -> int:
        """Let what is held go on, and return how many messages that are."""
        number = self._tx.run(LET_GO, **self._bound)
        self._tx.reopened()
        return number

    def cancel(self) -> int:
        """Take back what waits or is held, and return how many messages that are; their ``then`` is not told."""
        return self._tx.run(CANCEL, moment=self._tx.now, **self._bound)


def progress_of(rows: list[Any]) -> Progress:
    """Return the progress that rows of ``PROGRESS`` tell."""
    numbers = {row.state: row.number for row in rows}
    ended = [row for row in rows if row.state in ("done", "failed", "unknown") and row.lately]
    lately = sum(row.lately for row in ended)
    seconds = 0.0
    if ended:
        seconds = (max(row.last for row in ended) - min(row.first for row in ended)).total_seconds()
    rate = (lately - 1) / seconds if lately > 1 and seconds > 0 else 0.0
    waiting = numbers.get("wanted", 0) + numbers.get("sending", 0)
    return Progress(
        waiting,
        numbers.get("held", 0),
        numbers.get("done", 0),
        numbers.get("failed", 0),
        numbers.get("unknown", 0),
        numbers.get("cancelled", 0),
        rate,
        waiting / rate if rate > 0 else None,
    )
