"""The way of an event from the adapter to the disk.

Workers run hooks; each event's unit waits in its community's lane until those before it are ready; then it goes to the
store. So hooks may overlap, and effects of one community are stored in the order its events came in.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from xiaoer.dispatch import Dispatcher, Visit
from xiaoer.errors import Refusal, StoreError
from xiaoer.events import AnyEvent, PlatformEvent
from xiaoer.people import People
from xiaoer.recovery import note_try
from xiaoer.runtime import CommunityRuntime, PluginRuntime
from xiaoer.tasks import Tasks
from xiaoer.transaction import Transaction
from xiaoer.units import Outcome, Parking, ParkingBeside, Part, Unit

if TYPE_CHECKING:
    from xiaoer.clocks import Clock, CommunityClock
    from xiaoer.store import Store

WORKERS = 64
"""How many events may be in hooks at the same time, those that take over ``PARK_AFTER`` not counted."""

IN_FLIGHT = 512
"""How many events may be between their hooks and the disk; more would starve the database thread."""

CROWD = WORKERS
"""So many events in hand are a crowd, for which delivery stands back."""

PARK_AFTER = 1.0
"""Seconds of platform time after which an event that is not stored yet is parked."""

ALONE = 1.0
"""Seconds of platform time that an event has for itself when it may be what ended the last run."""

CUT_AFTER = 10.0
"""Seconds of platform time after which a hook is cut."""

ABANDON_AFTER = 2.0
"""Seconds that a cut hook has to end; then it is left alone and its context refuses everything."""

STORE_AGAIN_AFTER = 1.0
"""Seconds of platform time after which a parked event that the storage failed is tried again."""

CAREFUL_FOR = timedelta(minutes=3)
"""How long, after a run that did not end well, events are parked before they are tried.

Telegram tells a pressed button again for 150 s, without when that was (Bot API server, source).
"""

NEVER = datetime.min.replace(tzinfo=UTC)

WATCH_EVERY = 0.25
"""Seconds between two looks of the watchdog."""


class _Worker:
    """One task that takes events and runs their hooks."""

    __slots__ = ("cut_at", "replaced", "since", "task", "visit")

    def __init__(self) -> None:
        self.task: asyncio.Task[None] | None = None
        self.visit: Visit | None = None
        self.since = 0.0
        self.cut_at = 0.0
        self.replaced = False


class Pipeline:
    """Takes events in and makes them safe.

    Args:
        store: where effects go.
        dispatcher: calls hooks.
        clock: community time.
        runtimes: the communities.
        tasks: keeps the workers.
    """

    def __init__(
        self,
        store: Store,
        dispatcher: Dispatcher,
        clock: CommunityClock,
        runtimes: Iterable[CommunityRuntime],
        tasks: Tasks,
    ) -> None:
        self._store = store
        self._dispatcher = dispatcher
        self._clock = clock
        self._platform: Clock = clock.platform
        self._communities = {runtime.community.id: runtime for runtime in runtimes}
        self._spaces = {space: runtime for runtime in self._communities.values() for space in runtime.community.spaces}
        self._people = People()
        self._tasks = tasks
        self._workers: set[_Worker] = set()
        self._waiting: deque[Unit] = deque()
        self._idle: deque[asyncio.Future[None]] = deque()
        self._called = False
        self._in_store = 0
        self._open: dict[Unit, float] = {}
        self._laid_by: dict[PluginRuntime, list[Unit]] = {}
        self._drained = asyncio.Event()
        self._arrived = asyncio.Event()
        self._careful_until = 0.0
        self._careful_before = NEVER
        self._finishing = False

    def start(self, *, careful: bool = False) -> None:
        """Begin to work.

        Args:
            careful: whether the last run did not end well: events that come in during the next minutes, and those that
                happened until then whenever they come, are parked before they are tried, because one of them may be
                what ended it.
        """
        if careful:
            self._careful_until = self._platform.monotonic() + CAREFUL_FOR.total_seconds()
            self._careful_before = self._clock.now() + CAREFUL_FOR
        for _ in range(WORKERS):
            self._hire(None)
        self._tasks.spawn(self._watch(), "watchdog")

    async def drain(self) -> None:
        """Return when everything that came in is stored."""
        while self._open:
            self._drained.clear()
            await self._drained.wait()

    async def finish(self) -> None:
        """Return when everything that came in is stored, or is safe in the inbox because it cannot be stored now."""
        self._finishing = True
        await self.drain()

    @property
    def in_hand(self) -> int:
        """How many events came in and are not stored yet."""
        return len(self._open)

    @property
    def crowded(self) -> bool:
        """Whether so many events are in hand that everything else should stand back."""
        return len(self._open) >= CROWD

    def submit(
        self,
        event: AnyEvent,
        writes: tuple[Callable[[Transaction], None], ...] = (),
        *,
        parked: bool = False,
        park: bool = False,
    ) -> asyncio.Future[Outcome]:
        """Take an event in; see :meth:`xiaoer.Host.submit`.

        Args:
            event: what happened.
            writes: what else is stored with it, before everything else that it causes.
            parked: whether the inbox holds it already.
            park: whether it is parked while it is tried, because its platform would not tell it again.
        """
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        unit = self._enter(event, writes, future, parked=parked)
        if unit is None:
            future.set_result(Outcome.IGNORED)
        elif not parked and (event.at < self._careful_before or self._open[unit] < self._careful_until):
            unit.parked = True
            self._store.submit(Parking(unit, self._begin, self._not_parked))
        else:
            if park and not parked:
                self._store.submit(ParkingBeside(unit))
            self._queue(unit)
        return future

    def take_up(self, left: Iterable[tuple[AnyEvent, bool]]) -> None:
        """Take in what the last run left in the inbox; events that come later stay behind it.

        Args:
            left: the events in their order, each with whether it is tried alone, because it may be what ended the last
                runs: then it is noted as tried and has a second for itself, before the others.
        """
        loop = asyncio.get_running_loop()
        suspicious: list[Unit] = []
        others: list[Unit] = []
        for event, alone in left:
            unit = self._enter(event, (), loop.create_future(), parked=True)
            if unit is not None:
                unit.held = True
                (suspicious if alone else others).append(unit)
        if suspicious:
            self._tasks.spawn(self._one_by_one(suspicious, others), "recovery")
        else:
            self._let_go(others)

    async def _one_by_one(self, suspicious: list[Unit], others: list[Unit]) -> None:
        for unit in suspicious:
            try:
                await note_try(self._store, unit.event)
            except StoreError as error:
                structlog.get_logger().warning("try not noted", event_key=unit.event.key, reason=str(error))
            self._let_go([unit])
            alone = asyncio.ensure_future(self._platform.sleep(ALONE))
            waits: set[asyncio.Future[Any]] = {alone, unit.future}
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            alone.cancel()
        self._let_go(others)

    def _let_go(self, units: list[Unit]) -> None:
        now = self._platform.monotonic()
        for unit in units:
            unit.held = False
            del self._open[unit]
            self._open[unit] = now  # its time begins now
            self._queue(unit)

    def _enter(
        self,
        event: AnyEvent,
        writes: tuple[Callable[[Transaction], None], ...],
        future: asyncio.Future[Outcome],
        *,
        parked: bool,
    ) -> Unit | None:
        """Put an event into its community's lane; None when it belongs to no community."""
        runtime = self._runtime(event)
        if runtime is None:
            return None
        unit = Unit(event, runtime, self._clock.now(), future, self._stored, parked=parked)
        if writes:
            unit.writes = Part(runtime.core, [(write, (), {}) for write in writes])
        if isinstance(event, PlatformEvent):
            news = self._people.effects(event)
            if news:
                unit.news = True
                unit.parts.append(Part(runtime.core, news))
        runtime.lane.append(unit)
        if not self._open:
            self._arrived.set()
        self._open[unit] = self._platform.monotonic()
        return unit

    def _queue(self, unit: Unit) -> None:
        self._waiting.append(unit)
        if not self._called:
            self._call_worker()

    def _begin(self, unit: Unit) -> None:
        """Try an event that is parked now, unless it was dealt with before or taken back."""
        if unit.outcome is Outcome.COMMITTED:
            self._queue(unit)
        else:
            unit.parked = False  # what the inbox may hold of it is the record of one set aside
            self._ready(unit)

    def _runtime(self, event: AnyEvent) -> CommunityRuntime | None:
        if isinstance(event, PlatformEvent):
            return None if event.who.bot else self._spaces.get(event.space)
        return self._communities.get(event.community)

    def _call_worker(self) -> None:
        idle = self._idle
        while idle:
            rest = idle.popleft()
            if not rest.done():
                rest.set_result(None)
                self._called = True
                return

    def _hire(self, visit: Visit | None) -> None:
        worker = _Worker()
        self._workers.add(worker)
        worker.task = self._tasks.spawn(self._work(worker, visit), "worker")

    async def _work(self, worker: _Worker, visit: Visit | None) -> None:
        loop = asyncio.get_running_loop()
        waiting = self._waiting
        while True:
            if visit is None:
                while not waiting or self._in_store >= IN_FLIGHT:
                    rest = loop.create_future()
                    self._idle.append(rest)
                    try:
                        await rest
                    except asyncio.CancelledError as error:
                        self._raise_if_meant(worker, error)
                    self._called = False
                unit = waiting.popleft()
                if waiting and not self._called:
                    self._call_worker()  # for the case that this worker is held up
                if unit.runtime.troubled and (resting := self._dispatcher.resting(unit)) is not None:
                    self._lay_by(unit, resting)
                    continue
                visit = Visit(unit)
            worker.visit = visit
            worker.since = self._platform.monotonic()
            try:
                await self._dispatcher.visit(visit)
            except (asyncio.CancelledError, GeneratorExit) as error:
                self._raise_if_meant(worker, error)
                visit = self._dispatcher.take_over(visit, error)
                continue
            if visit.left:
                return
            worker.visit = None
            self._visited(visit.unit)
            visit = None
            if worker.replaced:
                self._workers.discard(worker)
                return

    def _raise_if_meant(self, worker: _Worker, error: BaseException) -> None:
        """Raise again what ends the worker itself; what a plugin raised or did to the task is the plugin's failure."""
        task = worker.task
        try:
            alive = task is not None and task is asyncio.current_task()
        except RuntimeError:  # there is no loop any more, and the coroutine is being thrown away
            alive = False
        if task is None or not alive or self._tasks.stopping:
            raise error
        while task.cancelling():
            task.uncancel()

    def _visited(self, unit: Unit) -> None:
        """Let what hooks have done be stored, unless the storage could not be read for one of them."""
        if (error := unit.unread) is None:
            self._ready(unit)
            return
        structlog.get_logger().error("event not tried", event_key=unit.event.key, reason=str(error))
        unit.begin_again()
        if (unit.parked or unit.parking) and not self._finishing:
            self._tasks.spawn(self._try_again(unit), "try again")
        else:
            self._drop(unit, error)

    async def _try_again(self, unit: Unit) -> None:
        await self._platform.sleep(STORE_AGAIN_AFTER)
        self._queue(unit)

    def _drop(self, unit: Unit, error: StoreError) -> None:
        """Store nothing of an event; whoever waits for it hears why."""
        unit.ready = True  # so that it is not parked any more
        if not unit.overtaken:
            unit.runtime.lane.remove(unit)
            self._advance(unit.runtime.lane)
        if not unit.future.done():
            unit.future.set_exception(error)
        self._close(unit)

    def _lay_by(self, unit: Unit, plugin: PluginRuntime) -> None:
        """Keep in the inbox what is meant for a plugin that rests, until it is back."""
        if unit.parked:
            self._wait_for(plugin, unit)
        else:
            unit.parked = True
            self._store.submit(Parking(unit, partial(self._wait_for, plugin), self._not_parked, tries=0))

    def _not_parked(self, unit: Unit, error: StoreError) -> None:
        unit.parked = False
        self._drop(unit, error)

    def _wait_for(self, plugin: PluginRuntime, unit: Unit) -> None:
        if unit.outcome is not Outcome.COMMITTED:
            self._begin(unit)
            return
        self._let_pass(unit)
        self._close(unit)
        self._laid_by.setdefault(plugin, []).append(unit)
        if len(self._laid_by[plugin]) == 1:
            self._tasks.spawn(self._until_back(plugin), "laid by")

    async def _until_back(self, plugin: PluginRuntime) -> None:
        while (left := plugin.health.resting_until - self._platform.monotonic()) > 0.0:
            await self._platform.sleep(left)
        self._resume(plugin)

    def _resume(self, plugin: PluginRuntime) -> None:
        """Try what was laid by for a plugin; what comes while it is on trial is laid by again."""
        for unit in self._laid_by.pop(plugin, ()):
            self._arrived.set()
            self._open[unit] = self._platform.monotonic()
            self._queue(unit)

    def _close(self, unit: Unit) -> None:
        self._open.pop(unit, None)
        if not self._open:
            self._drained.set()

    def _ready(self, unit: Unit) -> None:
        unit.ready = True
        if unit.overtaken:
            self._hand_over(unit)
        else:
            self._advance(unit.runtime.lane)

    def _advance(self, lane: deque[Unit]) -> None:
        while lane and (lane[0].ready or lane[0].slow):
            unit = lane.popleft()
            if unit.ready:
                self._hand_over(unit)
            else:
                unit.overtaken = True

    def _hand_over(self, unit: Unit) -> None:
        self._in_store += 1
        self._store.submit(unit)

    def _stored(self, unit: Unit, error: StoreError | None) -> None:
        self._in_store -= 1
        if self._waiting and not self._called:
            self._call_worker()
        if error is not None and unit.parked and not self._finishing:
            self._tasks.spawn(self._again(unit), "store again")
            return
        if error is None:
            self._note(unit)
        self._close(unit)

    def _note(self, unit: Unit) -> None:
        if unit.news and isinstance(unit.event, PlatformEvent):
            self._people.stored(unit.event)
        if not (unit.failed_parts or unit.runtime.troubled):
            return
        failed = {plugin for plugin, _ in unit.faults}
        for part in unit.parts:
            plugin = unit.runtime.plugins.get(part.scene.plugin)
            if plugin is not None and part.fault is not None and not isinstance(part.fault, Refusal):
                self._dispatcher.failed(unit, plugin, part.fault)
                failed.add(plugin.name)
        for plugin in unit.well:
            if plugin.health.troubled and plugin.name not in failed:
                self._dispatcher.succeeded(unit.runtime, plugin)
                self._resume(plugin)

    async def _again(self, unit: Unit) -> None:
        await self._platform.sleep(STORE_AGAIN_AFTER)
        self._hand_over(unit)

    async def _watch(self) -> None:
        while True:
            if not self._open:
                self._arrived.clear()
                await self._arrived.wait()
            await self._platform.sleep(WATCH_EVERY)
            now = self._platform.monotonic()
            self._park(now)
            for worker in list(self._workers):
                self._look_after(worker, now)

    def _park(self, now: float) -> None:
        for unit, since in list(self._open.items()):
            if now - since < PARK_AFTER:
                return
            if unit.ready or unit.slow or unit.held:
                continue
            if unit.parked:
                self._let_pass(unit)
            else:
                unit.parked = True
                self._store.submit(Parking(unit, self._let_pass))

    def _let_pass(self, unit: Unit) -> None:
        unit.slow = True
        self._advance(unit.runtime.lane)

    def _look_after(self, worker: _Worker, now: float) -> None:
        visit, task = worker.visit, worker.task
        if visit is None or task is None:
            return
        if visit.cut:
            if now - worker.cut_at >= ABANDON_AFTER:
                self._workers.discard(worker)
                error = TimeoutError("it took too long and would not be cut off")
                self._hire(self._dispatcher.take_over(visit, error))
        elif now - worker.since >= CUT_AFTER:
            visit.cut = True
            worker.cut_at = worker.since = now
            task.cancel()
        elif now - worker.since >= PARK_AFTER and not worker.replaced:
            worker.replaced = True
            self._hire(None)
