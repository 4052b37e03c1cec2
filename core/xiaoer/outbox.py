"""What is still to be performed, as rows: requested actions, and messages that do not look as they should yet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec
from sqlalchemy import bindparam, select, update

from xiaoer.actions import NOTHING, AnyAction, Asked, Gained, ShowMessage, conclusion, decode_action
from xiaoer.adapter import Delete, Pin, Receipt, Request
from xiaoer.statements import Row, Statement
from xiaoer.tables import outbox, shown
from xiaoer.transaction import Transaction

OPEN_ACTIONS = Statement(
    select(outbox.c.id, outbox.c.chat, outbox.c.urgency)
    .where(outbox.c.state == "wanted", outbox.c.id > bindparam("after"))
    .order_by(outbox.c.id)
    .limit(bindparam("limit"))
)
_entry = (
    outbox.c.id,
    outbox.c.community,
    outbox.c.plugin,
    outbox.c.chat,
    outbox.c.at,
    outbox.c.action,
    outbox.c.tries,
    outbox.c.unprompted,
)
ACTION = Statement(select(*_entry).where(outbox.c.id == bindparam("entry"), outbox.c.state == "wanted"))
UNKNOWN_ACTIONS = Statement(select(*_entry).where(outbox.c.state == "sending").order_by(outbox.c.id))
SENDING = Statement(
    update(outbox)
    .values(state="sending", tries=outbox.c.tries + 1)
    .where(outbox.c.id == bindparam("entry"), outbox.c.state == "wanted")
)
AGAIN = Statement(
    update(outbox).values(state="wanted", tries=bindparam("tried")).where(outbox.c.id == bindparam("entry"))
)
ENDED = Statement(
    update(outbox)
    .values(
        state=bindparam("became"),
        message=bindparam("sent"),
        reason=bindparam("why"),
        ended=bindparam("moment"),
        action=None,
    )
    .where(outbox.c.id == bindparam("entry"))
)
OPEN_SHOWN = Statement(
    select(shown.c.community, shown.c.plugin, shown.c.key, shown.c.chat, shown.c.message, shown.c.unprompted)
    .where(shown.c.state == "open")
    .limit(bindparam("limit"))
)
SHOWN = Statement(
    select(
        shown.c.community,
        shown.c.plugin,
        shown.c.key,
        shown.c.chat,
        shown.c.action,
        shown.c.wanted,
        shown.c.epoch,
        shown.c.message,
        shown.c.pinned,
        shown.c.unprompted,
    ).where(
        shown.c.community == bindparam("of"),
        shown.c.plugin == bindparam("by"),
        shown.c.key == bindparam("name"),
        shown.c.chat == bindparam("place"),
        shown.c.state == "open",
    )
)
SETTLE = Statement(
    update(shown)
    .values(
        current=bindparam("version"),
        message=bindparam("sent"),
        epoch=bindparam("age"),
        pinned=bindparam("is_pinned"),
        reason=bindparam("why"),
    )
    .where(
        shown.c.community == bindparam("of"),
        shown.c.plugin == bindparam("by"),
        shown.c.key == bindparam("name"),
        shown.c.chat == bindparam("place"),
    )
)
NOTE_SHOWN = Statement(
    update(shown)
    .values(message=bindparam("sent"), epoch=bindparam("age"), pinned=bindparam("is_pinned"))
    .where(
        shown.c.community == bindparam("of"),
        shown.c.plugin == bindparam("by"),
        shown.c.key == bindparam("name"),
        shown.c.chat == bindparam("place"),
    )
)
CLOSE = Statement(
    update(shown)
    .values(state="settled", action=None)
    .where(
        shown.c.community == bindparam("of"),
        shown.c.plugin == bindparam("by"),
        shown.c.key == bindparam("name"),
        shown.c.chat == bindparam("place"),
        shown.c.wanted == bindparam("version"),
    )
)


MID_AIR = "the program ended in mid-air"
"""How an action ended that a kill interrupted between sending and noting it."""


@dataclass(frozen=True)
class Entry:
    """A requested action."""

    id: int
    community: str
    plugin: str
    chat: str
    at: datetime
    action: AnyAction
    tries: int
    unprompted: bool

    @classmethod
    def of(cls, row: Row) -> Entry:
        """Return the entry in a row of ``ACTION``."""
        action = decode_action(row.action)
        return cls(row.id, row.community, row.plugin, row.chat, row.at, action, row.tries, bool(row.unprompted))

    @property
    def mark(self) -> str:
        """How it is named where posts are counted."""
        return f"action/{self.id}"


class Place(NamedTuple):
    """Which message: whose, by what name, and where."""

    community: str
    plugin: str
    key: str
    chat: str

    def bound(self) -> dict[str, str]:
        """Return it as the statements take it."""
        return {"of": self.community, "by": self.plugin, "name": self.key, "place": self.chat}


@dataclass(frozen=True)
class Shown:
    """A message that does not look as it should."""

    community: str
    plugin: str
    key: str
    chat: str
    action: ShowMessage
    wanted: int
    epoch: int
    message: str | None
    pinned: bool
    unprompted: bool

    @property
    def place(self) -> Place:
        """Which message it is."""
        return Place(self.community, self.plugin, self.key, self.chat)

    def after(self, request: Request, receipt: Receipt) -> Shown:
        """Return it as it stands when a request for it was performed."""
        if isinstance(request, Delete):
            return self.away()
        if isinstance(request, Pin):
            return replace(self, pinned=request.pinned)
        return replace(self, message=receipt.message or self.message)

    def away(self) -> Shown:
        """Return it as it stands when its message is not there any more."""
        return replace(self, message=None, pinned=False, epoch=self.epoch + 1)

    @property
    def request(self) -> str:
        """The id of its first sending, the same at every try."""
        return f"show/{self.community}/{self.plugin}/{self.key}/{self.chat}/{self.epoch}"

    @property
    def mark(self) -> str:
        """How it is named where posts are counted."""
        return self.request

    @classmethod
    def of(cls, row: Row) -> Shown:
        """Return the message in a row of ``SHOWN``."""
        action = decode_action(row.action)
        if not isinstance(action, ShowMessage):
            raise AssertionError(f"xr_shown holds a {type(action).__name__}")
        return cls(
            row.community,
            row.plugin,
            row.key,
            row.chat,
            action,
            row.wanted,
            row.epoch,
            row.message,
            bool(row.pinned),
            bool(row.unprompted),
        )


def mark_sending(tx: Transaction, entry: int) -> bool:
    """Note that an action is about to be tried once; return whether it still should be."""
    return tx.run(SENDING, entry=entry) == 1


def put_back(tx: Transaction, entry: Entry) -> None:
    """Note that an action surely did not happen and waits for another try."""
    tx.run(AGAIN, entry=entry.id, tried=entry.tries + 1)


def mark_unknown(tx: Transaction, row: Row) -> None:
    """Note that nobody can tell whether an action happened, and tell its plugin if it asked to be told.

    Args:
        tx: the transaction.
        row: the action's row of ``UNKNOWN_ACTIONS``.
    """
    try:
        end(tx, Entry.of(row), "unknown", None, MID_AIR)
    except msgspec.MsgspecError:  # a newer version wrote it, and nobody here can tell who asked to be told
        tx.run(ENDED, entry=row.id, became="unknown", sent=None, why=MID_AIR, moment=tx.now)


def end(
    tx: Transaction,
    entry: Entry,
    state: Literal["done", "failed", "unknown"],
    message: str | None,
    reason: str | None,
    gained: Gained = NOTHING,
) -> None:
    """Note how an action ended, and tell its plugin if it asked to be told."""
    tx.run(ENDED, entry=entry.id, became=state, sent=message, why=reason, moment=tx.now)
    asked = Asked(entry.id, entry.community, entry.plugin, not entry.unprompted)
    told = conclusion(asked, entry.action, tx.now, message=message, error=reason, gained=gained)
    if told is not None:
        tx.emit(told)


def note(tx: Transaction, entry: Shown) -> None:
    """Note how far a message was brought, before it is tried again."""
    tx.run(NOTE_SHOWN, sent=entry.message, age=entry.epoch, is_pinned=int(entry.pinned), **entry.place.bound())


def settle(tx: Transaction, entry: Shown, reason: str | None) -> bool:
    """Note how a message looks now; return whether it should look different again meanwhile."""
    place = entry.place.bound()
    tx.run(
        SETTLE,
        version=entry.wanted,
        sent=entry.message,
        age=entry.epoch,
        is_pinned=int(entry.pinned),
        why=reason,
        **place,
    )
    return tx.run(CLOSE, version=entry.wanted, **place) == 0
