"""A unit of work: everything that one event causes, stored together or not at all, and exactly once."""

from __future__ import annotations

import asyncio
import enum
import traceback
from collections.abc import Callable
from datetime import datetime
from functools import partial
from types import CoroutineType
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer.errors import Refusal, StoreError
from xiaoer.events import AnyEvent, encode_event
from xiaoer.scene import Scene
from xiaoer.statements import Statement
from xiaoer.store import Work, explained
from xiaoer.tables import faults, inbox, seen
from xiaoer.transaction import PARK, Transaction

if TYPE_CHECKING:
    from xiaoer.context import Effect
    from xiaoer.runtime import CommunityRuntime, PluginRuntime

REMEMBER = Statement(upsert(seen).values(key=bindparam("key"), at=bindparam("at")).on_conflict_do_nothing())
FAULT = Statement(
    insert(faults).values(
        community=bindparam("community"),
        plugin=bindparam("plugin"),
        what=bindparam("what"),
        reason=bindparam("reason"),
        at=bindparam("at"),
    )
)
SEEN = Statement(select(seen.c.key).where(seen.c.key == bindparam("key")))
FORGET = Statement(delete(seen).where(seen.c.key == bindparam("seen_key")))
UNPARK = Statement(delete(inbox).where(inbox.c.key == bindparam("parked")))


class Outcome(enum.Enum):
    """How an event became safe."""

    COMMITTED = "committed"
    """Its effects are stored."""
    DUPLICATE = "duplicate"
    """They were stored before."""
    PARKED = "parked"
    """It is stored itself, and its effects follow."""
    WITHDRAWN = "withdrawn"
    """What caused it was taken back meanwhile, so nothing of it is stored."""
    IGNORED = "ignored"
    """It belongs to no community, or a bot caused it."""


class Part:
    """What one plugin, the core or the adapter wants stored for one event.

    Args:
        scene: whose part it is.
        effects: functions of the transaction with their arguments, in order.
    """

    __slots__ = ("effects", "fault", "scene")

    def __init__(self, scene: Scene, effects: list[Effect]) -> None:
        self.scene = scene
        self.effects = effects
        self.fault: BaseException | None = None

    def apply(self, tx: Transaction, now: datetime) -> None:
        """Store it, or note in ``fault`` why not; what was stored of it is undone then.

        Raises:
            PartLost: the group has to start again, without this part.
        """
        tx.enter(self.scene, now)
        if self.fault is not None:
            return
        first = self.effects[0]
        # one statement is atomic by itself and needs no savepoint, which would cost as much as the statement
        alone = first[0] is Transaction.execute and len(self.effects) == 1
        fault = tx.attempt_alone(*first[1]) if alone else tx.attempt(self._run)
        if fault is not None:
            self.fault = explained(fault)
            tx.check()

    def _run(self, tx: Transaction) -> None:
        for function, args, values in self.effects:
            result = function(tx, *args, **values)
            if type(result) is CoroutineType:
                result.close()
                raise TypeError(f"{function.__qualname__}(tx, ...) is async, so nothing of it was done: write def")


class Unit(Work):
    """Everything that one event causes.

    Args:
        event: the event.
        runtime: its community.
        now: community time when it came in.
        future: what the adapter waits for.
        parked: whether the inbox holds it.
    """

    __slots__ = (
        "event",
        "failed_parts",
        "faults",
        "future",
        "held",
        "news",
        "now",
        "on_stored",
        "outcome",
        "overtaken",
        "parked",
        "parking",
        "parts",
        "ready",
        "runtime",
        "slow",
        "unread",
        "well",
        "writes",
        "written",
    )

    def __init__(
        self,
        event: AnyEvent,
        runtime: CommunityRuntime,
        now: datetime,
        future: asyncio.Future[Outcome],
        on_stored: Callable[[Unit, StoreError | None], None],
        *,
        parked: bool = False,
    ) -> None:
        self.event = event
        self.runtime = runtime
        self.now = now
        self.future = future
        self.on_stored = on_stored
        self.parked = parked
        self.parking = False
        self.parts: list[Part] = []
        self.faults: list[tuple[str, str]] = []
        self.well: tuple[PluginRuntime, ...] = ()
        self.ready = False
        self.writes: Part | None = None
        self.written = False
        self.news = False
        self.failed_parts = False
        self.held = False
        self.slow = False
        self.unread: StoreError | None = None
        self.overtaken = False
        self.outcome = Outcome.COMMITTED

    def apply(self, tx: Transaction) -> None:
        """Store it, in the database thread."""
        now = self.now
        if self.outcome is Outcome.WITHDRAWN:
            return
        if not tx.execute(REMEMBER.sql, {"key": self.event.key, "at": int(now.timestamp()) // 3600}):
            self.outcome = Outcome.DUPLICATE
        elif self.apply_writes(tx):
            for part in self.parts:
                self._apply_part(tx, part)
            for plugin, reason in self.faults:
                self._record(tx, plugin, reason)
        else:
            tx.run(FORGET, seen_key=self.event.key)  # what was taken back may be wanted again, under the same key
        if self.parked:
            tx.run(UNPARK, parked=self.event.key)

    def apply_writes(self, tx: Transaction) -> bool:
        """Store what came with the event, once; return whether the event is still to be stored."""
        if self.writes is not None and not self.written:
            self._apply_part(tx, self.writes)
            if tx.withdrawn:
                self.outcome = Outcome.WITHDRAWN
                return False
        return True

    def _apply_part(self, tx: Transaction, part: Part) -> None:
        part.apply(tx, self.now)
        if part.fault is not None:
            self._failed(tx, part, part.fault)

    def _failed(self, tx: Transaction, part: Part, fault: BaseException) -> None:
        self.failed_parts = True
        if isinstance(fault, Refusal):
            error = tx.attempt(partial(refuse, refusal=fault), writes_once=True)
            if error is None:
                return
            part.fault = fault = error
            tx.check()
        tx.refuse("xiaoer.failed", {})
        self._record(tx, part.scene.plugin, describe(fault))

    def _record(self, tx: Transaction, plugin: str, reason: str) -> None:
        what = type(self.event).__name__
        tx.run(FAULT, community=self.runtime.community.id, plugin=plugin, what=what, reason=reason, at=self.now)

    def begin_again(self) -> None:
        """Forget what hooks have done for it."""
        del self.parts[1 if self.news else 0 :]
        self.faults.clear()
        self.well = ()
        self.unread = None

    def committed(self) -> None:
        """Hear that it is stored."""
        if not self.future.done():
            self.future.set_result(self.outcome)
        self.on_stored(self, None)

    def failed(self, error: StoreError) -> None:
        """Hear that nothing of it was stored."""
        if not self.future.done():
            self.future.set_exception(error)
        self.on_stored(self, error)


def refuse(tx: Transaction, refusal: Refusal) -> None:
    """Tell the person who asked why they cannot have it; this may fail, because the refusal is a plugin's."""
    tx.refuse(refusal.key, refusal.values)


def describe(error: BaseException) -> str:
    """Return an error in one line, as admins and the log read it, whatever it is that was raised."""
    said = str(traceback.TracebackException(type(error), error, None))  # it survives a __str__ that raises
    text = " ".join(said.split())[:200].encode(errors="backslashreplace").decode()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class Parking(Work):
    """Puts an event that takes long into the inbox, so that it may be acknowledged.

    Args:
        unit: the event's.
        on_parked: hears when that is stored, or could not be.
        on_failed: hears when it could not be; None when ``on_parked`` does.
        tries: how often it was tried by then, counting the try that goes on or follows at once.
    """

    __slots__ = ("_on_failed", "_on_parked", "_tries", "unit")

    def __init__(
        self,
        unit: Unit,
        on_parked: Callable[[Unit], None],
        on_failed: Callable[[Unit, StoreError], None] | None = None,
        tries: int = 1,
    ) -> None:
        self.unit = unit
        self._tries = tries
        self._on_parked = on_parked
        self._on_failed = on_failed

    def apply(self, tx: Transaction) -> None:
        """Store the event itself, if its effects are not stored already."""
        unit = self.unit
        if tx.one(SEEN, key=unit.event.key) is not None:
            unit.outcome = Outcome.DUPLICATE
            return
        if not unit.apply_writes(tx):  # the inbox keeps the event alone, so what belongs to it goes now
            return
        unit.written = True
        tx.run(
            PARK,
            key=unit.event.key,
            community=unit.runtime.community.id,
            event=encode_event(unit.event),
            at=unit.now,
            tries=self._tries,
        )

    def committed(self) -> None:
        """Let the adapter acknowledge it and the community's next events pass."""
        if not self.unit.future.done():
            outcome = self.unit.outcome
            self.unit.future.set_result(Outcome.PARKED if outcome is Outcome.COMMITTED else outcome)
        self._on_parked(self.unit)

    def failed(self, error: StoreError) -> None:
        """Leave everything as it was: the event is not safe, and its adapter hears so when its effects fail too."""
        self.unit.written = False
        self.unit.outcome = Outcome.COMMITTED
        if self._on_failed is not None:
            self._on_failed(self.unit, error)
        else:
            self._on_parked(self.unit)


class ParkingBeside(Parking):
    """Puts an event into the inbox while its hooks run, because its platform would not tell it again.

    When they have ended by then nothing has to be parked: their effects are in this group or in the next.

    Args:
        unit: the event's.
    """

    __slots__ = ()

    def __init__(self, unit: Unit) -> None:
        super().__init__(unit, _ignore)
        unit.parking = True

    def apply(self, tx: Transaction) -> None:
        """Store the event itself, unless its effects are stored or about to be."""
        unit = self.unit
        unit.parked = not unit.ready and tx.one(SEEN, key=unit.event.key) is None
        if unit.parked:
            super().apply(tx)

    def committed(self) -> None:
        """Let the adapter know that it is safe, if it was parked."""
        self.unit.parking = False
        if self.unit.parked:
            super().committed()

    def failed(self, error: StoreError) -> None:
        """Leave it to its effects whether it is safe."""
        self.unit.parked = self.unit.parking = False
        super().failed(error)


def _ignore(unit: Unit) -> None:
    del unit
