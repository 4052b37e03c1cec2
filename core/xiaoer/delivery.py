"""From the outbox to the platforms: what was committed is performed as declared.

*At most once* is marked before it is tried, so a crash in mid-air leaves it unknown, which is reported and not
repeated. *At least once* is tried until the platform has said yes or never. What a message should look like (``show``)
is a state, not a queue: delivery brings the platform there, whatever happened in between.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import structlog

from xiaoer.actions import AnswerPerson, AnyAction, DeleteMessage, SendMessage, ShowMessage
from xiaoer.adapter import Adapter, Answer, Delete, Edit, Pin, Receipt, Request, Send
from xiaoer.errors import DeliveryError, Hopeless, NotPrivately, StoreError, TryLater, Unclear
from xiaoer.outbox import (
    OPEN_ACTIONS,
    OPEN_SHOWN,
    UNKNOWN_ACTIONS,
    Entry,
    Shown,
    end,
    mark_sending,
    mark_unknown,
    put_back,
    settle,
)

if TYPE_CHECKING:
    from xiaoer.clocks import Clock, CommunityClock
    from xiaoer.dispatch import Report
    from xiaoer.store import Store
    from xiaoer.tasks import Tasks

BATCH = 1_000
"""How many open actions are taken into memory at once."""

FIRST_RETRY = 1.0
LAST_RETRY = 300.0
"""Seconds between tries: doubled each time from the first to the last, less up to a half at random."""

ANSWER_LIFETIME = timedelta(minutes=15)
"""The time after which an answer is not worth giving any more; Discord's interaction tokens last that long."""

CORE = "xiaoer"
"""The name under which the core itself asks for actions."""


@dataclass
class _Lane:
    """What is to be done in one chat, one after the other; answers first."""

    answers: deque[Entry]
    others: deque[Entry | Shown]
    busy: bool = False

    def pop(self) -> Entry | Shown | None:
        if self.answers:
            return self.answers.popleft()
        return self.others.popleft() if self.others else None


class Delivery:
    """Performs what is in the outbox.

    Args:
        store: holds it.
        clock: community time, for deadlines; its platform time is for waiting.
        adapters: by platform.
        tasks: keeps the lanes.
        report: tells a community's admins (community, text key, values).
    """

    def __init__(
        self, store: Store, clock: CommunityClock, adapters: Mapping[str, Adapter], tasks: Tasks, report: Report
    ) -> None:
        self._store = store
        self._clock = clock
        self._platform: Clock = clock.platform
        self._adapters = adapters
        self._tasks = tasks
        self._report = report
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._collecting = True
        self._more = False
        self._taken = 0
        self._asleep = 0
        self._lanes: dict[str, _Lane] = defaultdict(lambda: _Lane(deque(), deque()))
        self._in_hand: set[object] = set()

    def wake(self) -> None:
        """Look into the outbox: a commit has put something there."""
        self._wake.set()

    @property
    def idle(self) -> bool:
        """Whether nothing is left to do before time passes."""
        return not (self._wake.is_set() or self._collecting or len(self._lanes) > self._asleep)

    async def settled(self) -> None:
        """Return when nothing is left to do before time passes."""
        while not self.idle:
            self._idle.clear()
            await self._idle.wait()

    async def run(self) -> None:
        """Report what the last run left in mid-air, then deliver for ever."""
        await self._recover()
        self._wake.set()
        while True:
            await self._wake.wait()
            self._collecting = True
            self._wake.clear()
            await self._collect()
            self._collecting = False
            self._idle.set()

    async def _recover(self) -> None:
        for row in await self._store.read(UNKNOWN_ACTIONS):
            await self._store.transact(mark_unknown, row.id)
            structlog.get_logger().warning("action unknown", community=row.community, chat=row.chat, action=row.id)
            self._report(row.community, "xiaoer.delivery.unknown", {"chat": row.chat})

    async def _collect(self) -> None:
        room = BATCH + len(self._in_hand)
        try:
            actions = await self._store.read(OPEN_ACTIONS, after=self._taken, limit=BATCH)
            shown = await self._store.read(OPEN_SHOWN, limit=room)
        except StoreError as error:
            structlog.get_logger().error("outbox not read", reason=str(error))
            self._wake_later()
            return
        self._more = len(actions) >= BATCH or len(shown) >= room
        for row in actions:
            self._taken = row.id
            if row.id not in self._in_hand:
                self._take(Entry.of(row))
        for row in shown:
            if (row.community, row.plugin, row.key, row.chat) not in self._in_hand:
                self._take(Shown.of(row))

    def _take(self, entry: Entry | Shown) -> None:
        self._in_hand.add(entry.mark)
        lane = self._lanes[entry.chat]
        if isinstance(entry, Entry) and isinstance(entry.action, AnswerPerson):
            lane.answers.append(entry)
        else:
            lane.others.append(entry)
        if not lane.busy:
            lane.busy = True
            self._tasks.spawn(self._serve(entry.chat, lane), f"lane {entry.chat}")

    async def _serve(self, chat: str, lane: _Lane) -> None:
        while (entry := lane.pop()) is not None:
            try:
                again = await (self._show(entry) if isinstance(entry, Shown) else self._do(entry))
            except StoreError as error:
                # The outbox still holds it; it is taken up again from there.
                structlog.get_logger().error("delivery not noted", chat=chat, reason=str(error))
                self._wake_later()
                again = False
            self._in_hand.discard(entry.mark)
            if again:
                self._wake.set()
        del self._lanes[chat]
        if self._more and len(self._in_hand) < BATCH // 2:
            self._wake.set()
        self._idle.set()

    async def _do(self, entry: Entry) -> bool:
        action = entry.action
        expires = entry.at + ANSWER_LIFETIME if isinstance(action, AnswerPerson) else action.deadline
        if expires is not None and self._clock.now() > expires:
            return await self._end(entry, Hopeless("its time is over"))
        try:
            adapter = self._adapter(entry.chat)
            request = translate(adapter, f"action/{entry.id}", action)
        except Hopeless as error:
            return await self._end(entry, error)
        once = isinstance(action, AnswerPerson) or (
            isinstance(action, SendMessage) and action.guarantee == "at_most_once"
        )
        tries = entry.tries
        while True:
            if once and not await self._store.transact(mark_sending, entry.id):
                return False
            result = await self._perform(adapter, request)
            if isinstance(result, TryLater):
                if once:
                    await self._store.transact(put_back, entry)
            elif isinstance(result, NotPrivately) and (instead := publicly(request, action)) is not None:
                request = instead
                if once:
                    await self._store.transact(put_back, entry)
                continue
            elif once or not isinstance(result, Unclear):
                return await self._end(entry, result)
            tries += 1
            await self._sleep(pause(tries, result))

    async def _perform(self, adapter: Adapter, request: Request) -> Receipt | DeliveryError:
        try:
            return await adapter.perform(request)
        except DeliveryError as error:
            return error
        except Exception as error:  # noqa: BLE001 - bulkhead "delivery": an adapter's fault is one action's, not the lane's
            structlog.get_logger().error(
                "adapter failed", platform=adapter.platform, request=request.id, exc_info=error
            )
            return Unclear(f"{type(error).__name__} in the adapter")

    async def _end(self, entry: Entry, result: Receipt | DeliveryError) -> bool:
        if isinstance(result, Receipt):
            await self._store.transact(end, entry, "done", result.message, None)
            return False
        unknown = isinstance(result, Unclear)
        await self._store.transact(end, entry, "unknown" if unknown else "failed", None, result.reason)
        self._complain(entry, result)
        return False

    def _complain(self, entry: Entry | Shown, error: DeliveryError) -> None:
        unknown = isinstance(error, Unclear)
        structlog.get_logger().warning(
            "action unknown" if unknown else "action failed",
            community=entry.community,
            plugin=entry.plugin,
            chat=entry.chat,
            reason=error.reason,
        )
        if entry.plugin == CORE or isinstance(entry.action, AnswerPerson):
            return  # the core's own messages to admins must not cause others; whoever asks again is answered again
        if unknown:
            self._report(entry.community, "xiaoer.delivery.unknown", {"chat": entry.chat})
        else:
            self._report(entry.community, "xiaoer.delivery.failed", {"chat": entry.chat, "reason": error.reason})

    async def _show(self, entry: Shown) -> bool:
        try:
            adapter = self._adapter(entry.chat)
            steps = appearance(adapter, entry)
        except Hopeless as error:
            return await self._settle(entry, entry.message, entry.pinned, error)
        message, pinned = entry.message, entry.pinned
        for request in steps:
            if isinstance(request, Pin):
                request = Pin(request.id, request.chat, message or "", request.pinned)
            result = await self._insist(adapter, request)
            if isinstance(result, NotPrivately) and (instead := publicly(request, entry.action)) is not None:
                result = await self._insist(adapter, instead)
            if isinstance(result, DeliveryError):
                return await self._settle(entry, message, pinned, result)
            if isinstance(request, Delete):
                message, pinned = None, False
            elif isinstance(request, Pin):
                pinned = request.pinned
            else:
                message = result.message or message
        return await self._settle(entry, message, pinned, None)

    async def _insist(self, adapter: Adapter, request: Request) -> Receipt | DeliveryError:
        tries = 0
        while True:
            result = await self._perform(adapter, request)
            if not isinstance(result, TryLater | Unclear):
                return result
            tries += 1
            await self._sleep(pause(tries, result))

    async def _sleep(self, seconds: float) -> None:
        self._asleep += 1
        self._idle.set()
        try:
            await self._platform.sleep(seconds)
        finally:
            self._asleep -= 1

    async def _settle(self, entry: Shown, message: str | None, pinned: bool, error: DeliveryError | None) -> bool:
        reason = None if error is None else error.reason
        if error is not None:
            self._complain(entry, error)
        return await self._store.transact(settle, entry, message, pinned=pinned, reason=reason)

    def _adapter(self, chat: str) -> Adapter:
        platform = chat.partition(":")[0]
        adapter = self._adapters.get(platform)
        if adapter is None:
            raise Hopeless(f"there is no adapter for {platform}: add [adapters.{platform}] to plugins.toml")
        return adapter

    def _wake_later(self) -> None:
        self._taken = 0  # what could not be noted is still open
        self._tasks.spawn(self._wake_after(FIRST_RETRY), "outbox again")

    async def _wake_after(self, seconds: float) -> None:
        await self._platform.sleep(seconds)
        self._wake.set()


def pause(tries: int, error: DeliveryError) -> float:
    """Return the seconds to wait before another try: what the platform asks for, else a growing, jittered time."""
    backoff = min(LAST_RETRY, FIRST_RETRY * 2 ** min(tries - 1, 16))
    jittered = backoff * (1.0 - random.random() / 2)  # noqa: S311 - spreads load, guards nothing
    return max(error.after, 0.0) if isinstance(error, TryLater) else jittered


def translate(adapter: Adapter, name: str, action: AnyAction) -> Request:
    """Return the request that does an action, or the declared next best where the platform lacks a capability.

    Raises:
        Hopeless: the platform cannot do it, and nothing was declared instead.
    """
    can = adapter.capabilities
    match action:
        case AnswerPerson():
            if action.private and "private_answer" not in can:
                raise Hopeless(f"{adapter.platform} cannot answer privately")
            return Answer(name, action.chat, action.handle, action.content, action.private, action.to)
        case SendMessage():
            only_to = _only_to(adapter, action)
            return Send(name, action.chat, action.content, action.reply_to, only_to)
        case DeleteMessage():
            if "delete" not in can:
                raise Hopeless(f"{adapter.platform} cannot delete messages")
            return Delete(name, action.chat, action.message)
        case ShowMessage():
            raise AssertionError("a show is kept as a state, not in the outbox")


def appearance(adapter: Adapter, entry: Shown) -> list[Request]:
    """Return the requests that make a message look as it should, in order.

    Raises:
        Hopeless: the platform cannot do it.
    """
    action, message = entry.action, entry.message
    version = f"{entry.request}/{entry.wanted}"
    if action.content is None:
        return [] if message is None else [Delete(version, entry.chat, message)]
    only_to = _only_to(adapter, action)
    steps: list[Request] = []
    if message is None:
        steps.append(Send(entry.request, entry.chat, action.content, None, only_to))
    else:
        if "edit" not in adapter.capabilities:
            raise Hopeless(f"{adapter.platform} cannot change messages")
        steps.append(Edit(version, entry.chat, message, action.content, only_to))
    if action.pinned != entry.pinned and "pin" in adapter.capabilities:
        steps.append(Pin(f"{version}/pin", entry.chat, message or "", action.pinned))
    return steps


def _only_to(adapter: Adapter, action: SendMessage | ShowMessage) -> str | None:
    if action.only_to is None or "only_to" in adapter.capabilities:
        return action.only_to
    if action.public_instead:
        return None
    if "direct" not in adapter.capabilities:
        raise NotPrivately(f"{adapter.platform} cannot show a message to one person only")
    return action.only_to


def publicly(request: Request, action: AnyAction) -> Request | None:
    """Return the request for everybody that was declared for when one person alone cannot be reached; None if not."""
    declared = isinstance(action, SendMessage | ShowMessage) and action.public_instead
    if declared and isinstance(request, Send) and request.only_to is not None:
        return msgspec.structs.replace(request, only_to=None)
    return None
