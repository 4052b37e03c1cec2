"""From the outbox to the platforms: what was committed is performed as declared.

*At most once* is marked before it is tried, so a crash in mid-air leaves it unknown, which is reported and not
repeated. *At least once* is tried until the platform has said yes or never. What a message should look like (``show``)
is a state, not a queue: delivery brings the platform there, whatever happened in between. Only what waits is kept in
memory, not what it says; that is read when its turn comes, so it is always what is wanted now.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Hashable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import structlog

from xiaoer.actions import ANSWER, BESIDE, MEMBER, AnswerPerson, Gained, KeepFile, SendMessage, lane_of
from xiaoer.adapter import Adapter, Limits, Pin, Receipt, Request
from xiaoer.attaching import Files, ending, put_away
from xiaoer.budget import UNPOST
from xiaoer.errors import (
    DeliveryError,
    Gone,
    Hopeless,
    NotPermitted,
    NotPrivately,
    StoreError,
    TryLater,
    Unclear,
    Unreachable,
)
from xiaoer.filing import Copy
from xiaoer.outbox import (
    ACTION,
    OPEN_ACTIONS,
    OPEN_SHOWN,
    SHOWN,
    UNKNOWN_ACTIONS,
    Entry,
    Place,
    Shown,
    end,
    mark_sending,
    mark_unknown,
    note,
    put_back,
    settle,
)
from xiaoer.pacing import Lane, Pacer, Todo
from xiaoer.performing import appearance, pause, publicly, translate
from xiaoer.pictures import Pictures
from xiaoer.restraint import Restraint

if TYPE_CHECKING:
    from xiaoer.clocks import Clock, CommunityClock
    from xiaoer.communities import Community
    from xiaoer.statements import Row
    from xiaoer.store import Store
    from xiaoer.tasks import Tasks
    from xiaoer.transaction import Transaction

Tell: TypeAlias = Callable[["Transaction", str, str, dict[str, Any]], None]

IN_HAND = 50_000
"""So many open actions, and as many messages to be shown, are known in memory at once."""

AGAIN = 1.0
"""Seconds of platform time after which an outbox that could not be read or noted in is looked at again."""

ANSWER_LIFETIME = timedelta(minutes=15)
"""The time after which an answer is not worth giving any more; Discord's interaction tokens last that long."""

CORE = "xiaoer"
"""The name under which the core itself asks for actions."""


class Delivery:
    """Performs what is in the outbox.

    Args:
        store: holds it.
        clock: community time, for deadlines; its platform time is for waiting.
        adapters: by platform.
        tasks: keeps what is under way.
        tell: tells a community's admins within a transaction (transaction, community, text key, values).
        pictures: draws the pictures of messages.
        community: finds a community by its id; None when the configuration does not have it any more.
        files: brings messages their files, and files their place.
        pressed: whether so much comes in that delivery should stand back.
    """

    def __init__(
        self,
        store: Store,
        clock: CommunityClock,
        adapters: Mapping[str, Adapter],
        tasks: Tasks,
        tell: Tell,
        pictures: Pictures,
        community: Callable[[str], Community | None],
        files: Files,
        pressed: Callable[[], bool],
    ) -> None:
        self._store = store
        self._clock = clock
        self._platform: Clock = clock.platform
        self._adapters = adapters
        self._tasks = tasks
        self._tell = tell
        self._pictures = pictures
        self._restraint = Restraint(store, clock, tasks, community, self._release)
        self._files = files
        self._pressed = pressed
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._collecting = True
        self._more = False
        self._taken = 0
        self._anew = False
        self._pacers: dict[str, Pacer] = {}
        self._alarms: dict[str, asyncio.Task[None]] = {}
        self._in_hand: set[Hashable] = set()
        self._unnoted: dict[Hashable, tuple[Callable[[Transaction], bool | None], Todo | None]] = {}

    def wake(self, *, anew: bool = False) -> None:
        """Look into the outbox: a commit has put something there.

        Args:
            anew: whether something older than the newest that was seen is to be done again.
        """
        self._anew = self._anew or anew
        self._wake.set()

    @property
    def waiting(self) -> int:
        """How many actions and messages to be shown are known and not done."""
        return len(self._in_hand)

    @property
    def idle(self) -> bool:
        """Whether nothing is left to do before time passes."""
        busy = self._wake.is_set() or self._collecting or any(p.under_way for p in self._pacers.values())
        return not busy and self._restraint.idle

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
            for platform in self._pacers:
                self._pump(platform)
            self._collecting = False
            self._idle.set()

    async def _recover(self) -> None:
        while True:
            try:
                for row in await self._store.read(UNKNOWN_ACTIONS):
                    await self._store.transact(self._lose, row)
                    structlog.get_logger().warning(
                        "action unknown", community=row.community, chat=row.chat, action=row.id
                    )
            except StoreError as error:
                structlog.get_logger().error("outbox not read", reason=str(error))
                await self._platform.sleep(AGAIN)
            else:
                return

    def _lose(self, tx: Transaction, row: Row) -> None:
        mark_unknown(tx, row)
        self._tell(tx, row.community, "xiaoer.delivery.unknown", {"chat": row.chat})

    async def _collect(self) -> None:
        room = IN_HAND + len(self._in_hand)
        if self._anew:
            self._anew, self._taken = False, 0
        try:
            actions = await self._store.read(OPEN_ACTIONS, after=self._taken, limit=IN_HAND)
            shown = await self._store.read(OPEN_SHOWN, limit=room)
        except StoreError as error:
            structlog.get_logger().error("outbox not read", reason=str(error))
            self._wake_later()
            return
        self._more = len(actions) >= IN_HAND or len(shown) >= room
        for row in actions:
            self._taken = row.id
            paced = row.urgency not in (MEMBER, BESIDE, ANSWER)
            self._take(lane_of(row.chat, row.urgency), Todo(row.id, row.urgency, paced=paced))
        for row in shown:
            place = Place(row.community, row.plugin, row.key, row.chat)
            self._take(row.chat, Todo(place, changes=row.message is not None))
            if not row.unprompted and place in self._restraint:
                self._restraint.wake(place)

    def _take(self, chat: str, todo: Todo) -> None:
        if todo.mark not in self._in_hand:
            self._in_hand.add(todo.mark)
            self._pacer(chat.partition(":")[0]).add(chat, todo, self._platform.monotonic())

    def _release(self, chat: str, todo: Todo) -> None:
        """Let something be tried that was held back."""
        platform = chat.partition(":")[0]
        self._pacer(platform).add(chat, todo, self._platform.monotonic())
        self._pump(platform)

    def _pacer(self, platform: str) -> Pacer:
        if platform not in self._pacers:
            adapter = self._adapters.get(platform)
            self._pacers[platform] = (
                Pacer(adapter.limits, adapter.is_group) if adapter is not None else Pacer(Limits(), _never)
            )
        return self._pacers[platform]

    def _pump(self, platform: str) -> None:
        """Begin whatever may begin now on a platform, and come back when more may."""
        pacer, now = self._pacers[platform], self._platform.monotonic()
        pressed = self._pressed()
        while (turn := pacer.next(now, pressed=pressed)) is not None:
            lane, todo = turn
            self._tasks.spawn(self._serve(platform, lane, todo), f"deliver {lane.chat}")
        alarm = self._alarms.pop(platform, None)
        if alarm is not None:
            alarm.cancel()
        if pacer.again < math.inf:
            self._alarms[platform] = self._tasks.spawn(self._ring(platform, pacer.again - now), f"alarm {platform}")

    async def _ring(self, platform: str, seconds: float) -> None:
        await self._platform.sleep(seconds)
        del self._alarms[platform]
        self._pump(platform)

    async def _serve(self, platform: str, lane: Lane, todo: Todo) -> None:
        pacer = self._pacers[platform]
        later: Todo | None = None
        try:
            if todo.mark in self._unnoted:
                later = await self._note(todo)
            elif isinstance(todo.mark, Place):
                later = await self._show(pacer, lane, todo, todo.mark)
            else:
                later = await self._action(pacer, lane, todo)
        except StoreError as error:
            structlog.get_logger().error("delivery not noted", chat=lane.chat, reason=str(error))
            pacer.wait(lane, AGAIN, self._platform.monotonic(), asked=False)
            later = todo
        if later is not None:
            pacer.put_back(lane, later)
        elif todo.mark not in self._restraint:
            self._in_hand.discard(todo.mark)
        self._restraint.served(todo.mark)
        pacer.done(lane, todo, self._platform.monotonic())
        self._pump(platform)
        if self._more and len(self._in_hand) < IN_HAND // 2:
            self._wake.set()
        self._idle.set()

    async def _noting(
        self, todo: Todo, note: Callable[[Transaction], bool | None], again: Todo | None = None
    ) -> Todo | None:
        """Note how something ended; where that fails the noting alone is repeated, because the platform has done it.

        Args:
            todo: what it was.
            note: notes it, and may say whether it has to be done again.
            again: what waits then; with it ``note`` need not say so.
        """
        self._unnoted[todo.mark] = note, again
        return await self._note(todo)

    async def _note(self, todo: Todo) -> Todo | None:
        note, again = self._unnoted[todo.mark]
        more = await self._store.transact(note)
        del self._unnoted[todo.mark]
        return again if more is not False else None

    def _later(self, pacer: Pacer, lane: Lane, todo: Todo, error: DeliveryError) -> Todo:
        """Let something be tried again: the whole chat waits when the platform asks, else what is less urgent."""
        now, seconds = self._platform.monotonic(), pause(todo.tries + 1, error)
        if isinstance(error, TryLater) or todo.urgency == ANSWER:
            asked = isinstance(error, TryLater) and not isinstance(error, Unreachable)
            pacer.wait(lane, seconds, now, asked=asked)
        else:
            lane.others_at = now + seconds
        return todo._replace(tries=todo.tries + 1)

    async def _action(self, pacer: Pacer, lane: Lane, todo: Todo) -> Todo | None:
        rows = await self._store.read(ACTION, entry=todo.mark)
        if not rows:
            self._in_hand.discard(todo.mark)  # it ended meanwhile, or is held and will be taken anew
            return None
        entry = Entry.of(rows[0])
        action = entry.action
        expires = entry.at + ANSWER_LIFETIME if isinstance(action, AnswerPerson) else action.deadline
        if expires is not None and self._clock.now() > expires:
            return await self._end(todo, entry, self._too_late(todo))
        try:
            adapter = self._adapter(entry.chat)
            request = translate(adapter, f"action/{entry.id}", entry.plugin, action)
        except Hopeless as error:
            return await self._end(todo, entry, error)
        if todo.urgency == ANSWER and not todo.paced and adapter.is_paced(request):
            todo = todo._replace(paced=True)
            if not pacer.claim(lane, todo, self._platform.monotonic()):
                return todo
        if await self._restraint.holds(entry, todo):
            return None
        request = await self._pictures.drawn(entry.plugin, request)
        request = await self._files.loaded(entry.community, entry.plugin, request)
        return await self._try(pacer, lane, todo, entry, adapter, request)

    def _too_late(self, todo: Todo) -> Hopeless:
        if self._restraint.tried(todo.mark):
            return Hopeless("the chat was given enough posts this hour, and then its time was over")
        return Hopeless("its time is over")

    async def _try(
        self, pacer: Pacer, lane: Lane, todo: Todo, entry: Entry, adapter: Adapter, request: Request
    ) -> Todo | None:
        action = entry.action
        once = isinstance(action, AnswerPerson) or (
            isinstance(action, SendMessage) and action.guarantee == "at_most_once"
        )
        if once and not await self._store.transact(mark_sending, entry.id):
            return None
        result = await self._perform(adapter, request)
        if isinstance(result, NotPrivately) and (instead := publicly(request, action)) is not None:
            result = await self._perform(adapter, instead)
        if isinstance(result, TryLater) or (isinstance(result, Unclear) and not once):
            later = self._later(pacer, lane, todo, result)
            return await self._noting(todo, lambda tx: put_back(tx, entry), later) if once else later
        return await self._end(todo, entry, result)

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

    async def _end(self, todo: Todo, entry: Entry, result: Receipt | Copy | DeliveryError) -> Todo | None:
        if isinstance(entry.action, KeepFile) and not isinstance(result, Copy):
            result = await self._files.fetched(entry.action, result)
        if isinstance(result, Copy):
            copy = result
            return await self._noting(todo, lambda tx: put_away(tx, entry, copy))
        if isinstance(result, Receipt):
            message, gained = result.message, Gained(invite=result.invite)
            return await self._noting(todo, lambda tx: end(tx, entry, "done", message, None, gained))
        return await self._noting(todo, lambda tx: self._fail(tx, entry, result))

    def _fail(self, tx: Transaction, entry: Entry, error: DeliveryError) -> None:
        state: Literal["unknown", "failed"] = "unknown" if isinstance(error, Unclear) else "failed"
        end(tx, entry, state, None, error.reason, ending(entry.action, error))
        _give_back(tx, entry, error)
        self._complain(tx, entry, error)

    def _complain(self, tx: Transaction, entry: Entry | Shown, error: DeliveryError) -> None:
        unknown = isinstance(error, Unclear)
        structlog.get_logger().warning(
            "action unknown" if unknown else "action failed",
            community=entry.community,
            plugin=entry.plugin,
            chat=entry.chat,
            reason=error.reason,
        )
        if isinstance(error, NotPermitted):
            return  # the adapter has told them already
        if entry.plugin == CORE or isinstance(entry.action, AnswerPerson | KeepFile):
            return  # the core's own messages to admins must not cause others; whoever asks is told, and may ask again
        if isinstance(error, Hopeless) and error.key and entry.action.then is not None:
            return  # its plugin hears why, in words for people
        if isinstance(entry.action, SendMessage) and entry.action.batch is not None:
            return  # of ten thousand chats some are always gone: the broadcast's progress tells of them together
        if unknown:
            self._tell(tx, entry.community, "xiaoer.delivery.unknown", {"chat": entry.chat})
        else:
            values = {"chat": entry.chat, "reason": error.reason}
            self._tell(tx, entry.community, "xiaoer.delivery.failed", values)

    async def _show(self, pacer: Pacer, lane: Lane, todo: Todo, place: Place) -> Todo | None:
        rows = await self._store.read(SHOWN, **place.bound())
        if not rows:
            return None
        entry = stood = Shown.of(rows[0])
        try:
            adapter = self._adapter(entry.chat)
            steps = appearance(adapter, entry)
        except Hopeless as error:
            return await self._settle(todo, entry, error)
        if entry.message is None and steps:
            if entry.action.deadline is not None and self._clock.now() > entry.action.deadline:
                return await self._settle(todo, entry, self._too_late(todo))
            if await self._restraint.holds(entry, todo):
                return None
        for request in steps:
            if isinstance(request, Pin):
                request = Pin(request.id, request.chat, entry.message or "", request.pinned)
            request = await self._pictures.drawn(entry.plugin, request)
            request = await self._files.loaded(entry.community, entry.plugin, request)
            result = await self._perform(adapter, request)
            if isinstance(result, NotPrivately) and (instead := publicly(request, entry.action)) is not None:
                result = await self._perform(adapter, instead)
            if isinstance(result, TryLater | Unclear):
                later = self._later(pacer, lane, todo._replace(changes=entry.message is not None), result)
                return await self._noting(todo, _partly(entry), later)
            if isinstance(result, Gone) and stood.message is not None:
                # somebody deleted it, or a kill came between its deletion and the note of that
                return await self._noting(todo, _partly(entry.away()), todo._replace(changes=False))
            if isinstance(result, DeliveryError):
                return await self._settle(todo, entry, result)
            entry = entry.after(request, result)
        return await self._settle(todo, entry, None)

    async def _settle(self, todo: Todo, entry: Shown, error: DeliveryError | None) -> Todo | None:
        """Note how a message looks now; let it wait again when it should look different meanwhile."""
        again = todo._replace(changes=entry.message is not None, tries=0)
        return await self._noting(todo, lambda tx: self._settled(tx, entry, error), again)

    def _settled(self, tx: Transaction, entry: Shown, error: DeliveryError | None) -> bool:
        if error is not None:
            _give_back(tx, entry, error)
            self._complain(tx, entry, error)
        return settle(tx, entry, None if error is None else error.reason)

    def _adapter(self, chat: str) -> Adapter:
        platform = chat.partition(":")[0]
        adapter = self._adapters.get(platform)
        if adapter is None:
            raise Hopeless(f"there is no adapter for {platform}: add [adapters.{platform}] to plugins.toml")
        return adapter

    def _wake_later(self) -> None:
        self._anew = True  # what could not be noted is still open
        self._tasks.spawn(self._wake_after(AGAIN), "outbox again")

    async def _wake_after(self, seconds: float) -> None:
        await self._platform.sleep(seconds)
        self._wake.set()


def _partly(entry: Shown) -> Callable[[Transaction], None]:
    """Return what notes how far a message was brought."""
    return lambda tx: note(tx, entry)


def _give_back(tx: Transaction, entry: Entry | Shown, error: DeliveryError) -> None:
    """Let a post that surely was not made not count."""
    if entry.unprompted and not isinstance(error, Unclear):
        tx.run(UNPOST, what=entry.mark)


def _never(chat: str) -> bool:
    del chat
    return False
