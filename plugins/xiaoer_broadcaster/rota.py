"""The slots of a community as they are now: from the configuration, and from what was set in the chat over it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from xiaoer import Refusal, Transaction
from xiaoer_broadcaster.config import BroadcasterConfig
from xiaoer_broadcaster.item import refuse_word
from xiaoer_broadcaster.shelf import today
from xiaoer_broadcaster.slot import Occurrence, Window, days_from, occurrences, parse_window
from xiaoer_broadcaster.statements import DROP_SLOT, SET_SLOT, SETTLED, SLOTS

OFF = "off"
"""What is set for a slot that rests."""

AHEAD = 8
"""So many days are looked through for the next time of a slot: each is at least once a week."""

_ONE = timedelta(days=1)


class Slot(NamedTuple):
    """A slot as it is now.

    Args:
        name: its name.
        window: when it is; None while it rests.
        own: what was set in the chat; empty for what the configuration says.
        since: since when it is so; what began before is nobody's.
    """

    name: str
    window: Window | None
    own: str
    since: datetime


class Rota(NamedTuple):
    """All slots of a community, and what is settled of them.

    Args:
        slots: in the order of the configuration.
        settled: days and slots whose post went out or was left out.
        jitter: minutes by which posts are put off at most.
    """

    slots: tuple[Slot, ...]
    settled: frozenset[tuple[date, str]]
    jitter: int

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the slots."""
        return tuple(slot.name for slot in self.slots)

    def slot(self, name: str) -> Slot:
        """Return a slot.

        Raises:
            Refusal: there is none of that name.
        """
        for slot in self.slots:
            if slot.name == name.casefold():
                return slot
        raise refuse_word("slot", name, self.names)

    def open_on(self, tx: Transaction, slot: Slot, days: list[date]) -> Iterator[Occurrence]:
        """Yield a slot on those of some days on which it is and nothing has become of it."""
        if slot.window is None:
            return
        here, zone = tx.community.id, tx.community.timezone
        for found in occurrences(here, slot.name, slot.window, zone, self.jitter, days):
            if found.begin >= slot.since and (found.day, found.slot) not in self.settled:
                yield found

    def near(self, tx: Transaction, count: int) -> list[Occurrence]:
        """Return what is open from yesterday on, so many days in all, in the order in which it is due."""
        days = days_from(today(tx) - _ONE, count)
        found = [one for slot in self.slots for one in self.open_on(tx, slot, days)]
        return sorted(found, key=lambda one: (one.due, one.slot))

    def coming(self, tx: Transaction, name: str = "") -> Occurrence:
        """Return the next post, of one slot or of all.

        Raises:
            Refusal: there is none.
        """
        slot = self.slot(name) if name else None
        for found in self.near(tx, AHEAD + 2):
            if found.due > tx.now and (slot is None or found.slot == slot.name):
                return found
        raise Refusal("broadcaster.refused.no_coming")

    def on(self, tx: Transaction, name: str, day: date) -> Occurrence:
        """Return a slot on a day for which something can still be scheduled.

        Raises:
            Refusal: it is not on that day, it is over, or it was skipped.
        """
        slot = self.slot(name)
        found = next(self.open_on(tx, slot, [day]), None)
        if found is None or found.due <= tx.now:
            raise Refusal("broadcaster.refused.not_then", slot=slot.name, day=day)
        return found


def rota(tx: Transaction, config: BroadcasterConfig, at: datetime | None = None) -> Rota:
    """Return the slots as they are now; since when is noted where they have changed.

    Args:
        tx: the transaction.
        config: the community's.
        at: the time by which they have surely been so: that of a timer they have set; None for now.
    """
    here, now = tx.community.id, tx.now
    known = {row.slot: row for row in tx.all(SLOTS, here=here)}
    for name in known.keys() - config.slots.keys():
        tx.run(DROP_SLOT, here=here, name=name)
    slots: list[Slot] = []
    for name, configured in config.windows().items():
        row = known.get(name)
        own = row.own if row is not None else ""
        window = None if own == OFF else parse_window(own) or configured
        written = OFF if window is None else window.written
        since: datetime = row.since if row is not None else now
        if row is None or row.window != written or since > now:  # clocks were put back, or it has changed
            since = min(at or now, now)
            tx.run(SET_SLOT, community=here, slot=name, window=written, own=own, since=since)
        slots.append(Slot(name, window, own, since))
    rows = tx.all(SETTLED, here=here, since=(today(tx) - 2 * _ONE).isoformat())
    settled = frozenset((date.fromisoformat(row.day), row.slot) for row in rows)
    return Rota(tuple(slots), settled, config.jitter)


def set_slot(tx: Transaction, name: str, own: str, configured: Window) -> None:
    """Give a slot a window of the community's own, from now on."""
    window = parse_window(own) or configured
    written = OFF if own == OFF else window.written
    tx.run(SET_SLOT, community=tx.community.id, slot=name, window=written, own=own, since=tx.now)
