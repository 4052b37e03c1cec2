"""Whose turn it is: what waits for a platform, chat by chat, in the order that keeps to its limits and wastes nothing.

Answers to people go first, and those that cost nothing, as what is shown over the chat for a press, go beside each
other, so that nobody waits for the others of a crowd. All else goes one after the other in a chat. Of the rest, what a
person caused goes before what goes out to many; and of equals, the chat that needs longest at its own pace goes first,
because all others can be served while it rests. A slot of the whole platform is due at a fixed time after the last one,
never after a pause, so that lateness does not add up.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Hashable
from itertools import count
from typing import NamedTuple

from xiaoer.actions import ANSWER, PROMPT
from xiaoer.adapter import Limits

AT_ONCE, PRESSED = 64, 4
"""So many requests of a platform are under way at the same time, the second while a crowd comes in.

Each one costs time that those who still wait for a place would need; so all of them have their places sooner, and the
last of them has an answer sooner as well.
"""

LAG = 0.25
"""Seconds of slots that may be made up for when this process was late."""

SLOWEST = 8.0
"""A chat that keeps asking to wait is served this many times more slowly at most."""

SLOWER, FASTER = 1.5, 0.98
"""How much more slowly a chat is served after it asked to wait, and how much of that is left after each success."""

CROWD, CROWD_WITHIN = 3, 10.0
"""When so many chats ask to wait within so many seconds, it is the platform that asks."""

MINUTE = 60.0
KEPT = 1_000
"""So many chats are remembered before those that have nothing to do are forgotten."""


class Todo(NamedTuple):
    """Something that waits.

    Args:
        mark: what it is.
        urgency: ``MEMBER``, ``BESIDE``, ``ANSWER``, ``PROMPT`` or ``BROADCAST``.
        changes: whether it changes a message that stands already.
        tries: how often it was tried.
        paced: whether it is known to count towards the limits; of an answer that is not known before it is read, and
            what is done beside the messages does not.
    """

    mark: Hashable
    urgency: int = PROMPT
    changes: bool = False
    tries: int = 0
    paced: bool = True


class Lane:
    """One chat: what waits for it, and when it may have the next.

    ``answers`` may cost nothing, ``spoken`` are those that turned out to cost something, ``changes`` are of messages
    that stand, and ``others`` the rest. ``holder`` is what is under way of all that goes one after the other.

    Args:
        chat: which.
        limits: the platform's.
        group: whether the limit of groups holds for it.
    """

    __slots__ = (
        "_limits",
        "_times",
        "answers",
        "changes",
        "changes_at",
        "chat",
        "free_at",
        "holder",
        "others",
        "others_at",
        "slower",
        "spoken",
        "under_way",
        "version",
    )

    def __init__(self, chat: str, limits: Limits, *, group: bool) -> None:
        self.chat = chat
        self.answers: deque[Todo] = deque()
        self.spoken: deque[Todo] = deque()
        self.changes: deque[Todo] = deque()
        self.others: deque[Todo] = deque()
        self.holder: Hashable = None
        self.under_way = 0
        self.version = 0
        self.free_at = self.others_at = self.changes_at = -math.inf
        self.slower = 1.0
        self._limits = limits
        remembered = limits.group_per_minute if group and limits.group_per_minute else 1
        self._times: deque[float] = deque(maxlen=remembered)

    def __bool__(self) -> bool:
        return bool(self.answers or self.spoken or self.changes or self.others)

    @property
    def paced_at(self) -> float:
        """When the platform takes the next message for this chat."""
        times, limits = self._times, self._limits
        if not times:
            return -math.inf
        due = times[-1] + limits.chat_pause * self.slower
        if times.maxlen and times.maxlen > 1 and len(times) == times.maxlen:
            due = max(due, times[0] + MINUTE * self.slower)
        return due

    @property
    def rest(self) -> float:
        """How many seconds it needs at its own pace for all that waits."""
        pause = self._limits.chat_pause
        if self._times.maxlen and self._times.maxlen > 1:
            pause = max(pause, MINUTE / self._times.maxlen)
        return (len(self.answers) + len(self.spoken) + len(self.changes) + len(self.others)) * max(pause, 1.0)

    @property
    def urgency(self) -> int:
        """How urgent its next is; an answer that may cost nothing comes before all others."""
        if self.answers:
            return ANSWER + 1
        queue = self.spoken or self.changes or self.others
        return queue[0].urgency if queue else 0

    def ready_at(self) -> float:
        """When something may be done."""
        if self.answers:
            return self.free_at
        if self.holder is not None:
            return math.inf
        found, paced_at = math.inf, max(self.free_at, self.paced_at)
        if self.spoken:
            found = paced_at
        if self.changes:
            found = min(found, max(self.others_at, paced_at, self.changes_at))
        if self.others:
            found = min(found, max(self.others_at, paced_at))
        return found

    def take(self, now: float) -> Todo | None:
        """Return what may be done now, answers first, then changes of what stands already."""
        if now < self.free_at:
            return None
        if self.answers:
            return self.answers.popleft()
        if self.holder is not None or now < self.paced_at:
            return None
        if self.spoken:
            return self.spoken.popleft()
        if now < self.others_at:
            return None
        if self.changes and now >= self.changes_at:
            return self.changes.popleft()
        return self.others.popleft() if self.others else None

    def add(self, todo: Todo, *, first: bool = False) -> None:
        """Let something wait, behind the others of its kind or before them."""
        if todo.urgency == ANSWER:
            queue = self.spoken if todo.paced else self.answers
        else:
            queue = self.changes if todo.changes else self.others
        if first:
            queue.appendleft(todo)
        else:
            queue.append(todo)

    def count(self, now: float, todo: Todo) -> None:
        """Note that the chat is given a message."""
        self._times.append(now)
        self.slower = max(1.0, self.slower * FASTER)
        if todo.changes:
            self.changes_at = now + self._limits.change_pause

    def idle(self, now: float) -> bool:
        """Whether nothing waits and nothing has to be remembered."""
        return not self and not self.under_way and now >= max(self.free_at, self.changes_at, self.paced_at) + MINUTE


class Pacer:
    """All chats of one platform.

    Args:
        limits: what the platform takes.
        is_group: whether the limit of groups holds for a chat.

    Attributes:
        under_way: how many requests have begun and not ended.
        again: after :meth:`next` said None, when to ask again; infinity for when something changes.
    """

    def __init__(self, limits: Limits, is_group: Callable[[str], bool]) -> None:
        self.under_way = 0
        self.again = math.inf
        self.lanes: dict[str, Lane] = {}
        self._limits = limits
        self._is_group = is_group
        self._pause = 1.0 / limits.per_second if limits.per_second else 0.0
        self._slower = 1.0
        self._due = -math.inf
        self._ready: list[tuple[int, float, int, Lane, int]] = []
        self._resting: list[tuple[float, int, Lane, int]] = []
        self._order = count()
        self._asked: deque[tuple[float, str]] = deque(maxlen=CROWD)
        self._kept = KEPT

    def add(self, chat: str, todo: Todo, now: float) -> None:
        """Let something wait for its chat."""
        lane = self.lanes.get(chat)
        if lane is None:
            if len(self.lanes) >= self._kept:
                self._forget(now)
            lane = self.lanes[chat] = Lane(chat, self._limits, group=self._is_group(chat))
        lane.add(todo)
        self._place(lane, now)

    def next(self, now: float, *, pressed: bool = False) -> tuple[Lane, Todo] | None:
        """Return whose turn it is; None when nothing may be done before ``again``.

        Args:
            now: this moment.
            pressed: whether a crowd comes in, so that little should be done at once.

        What is returned counts as given, and its chat waits until :meth:`done`, but for answers that may cost nothing.
        """
        self.again = math.inf
        if self.under_way >= (PRESSED if pressed else AT_ONCE):
            return None
        self._rise(now)
        while self._ready:
            urgency, _, _, lane, version = self._ready[0]
            if version != lane.version:
                heapq.heappop(self._ready)
                continue
            if -urgency <= ANSWER and now < self._due:
                self.again = self._due
                return None
            heapq.heappop(self._ready)
            todo = lane.take(now)
            if todo is None:
                self._place(lane, now)
                self._rise(now)
                continue
            if todo.paced:
                self._give(lane, todo, now)
            elif todo.urgency != ANSWER:
                lane.holder = todo.mark
            lane.under_way += 1
            self.under_way += 1
            self._place(lane, now)
            return lane, todo
        if self._resting:
            self.again = self._resting[0][0]
        return None

    def claim(self, lane: Lane, todo: Todo, now: float) -> bool:
        """Count something that turns out to be paced; return whether it may be done now."""
        if lane.holder is not None or now < max(self._due, lane.paced_at):
            return False
        self._give(lane, todo, now)
        return True

    def put_back(self, lane: Lane, todo: Todo) -> None:
        """Let something wait again, before the others of its kind; an answer that turned out paced, behind them."""
        lane.add(todo, first=todo.urgency != ANSWER or todo.tries > 0)

    def wait(self, lane: Lane, seconds: float, now: float, *, asked: bool = True) -> None:
        """Give a chat nothing for some time.

        Args:
            lane: the chat.
            seconds: how long.
            now: this moment.
            asked: whether the platform asked for it, which is then served more slowly from now on.
        """
        lane.free_at = max(lane.free_at, now + seconds)
        if not asked:
            return
        lane.slower = min(SLOWEST, lane.slower * SLOWER)
        self._asked.append((now, lane.chat))
        recent = {chat for moment, chat in self._asked if now - moment <= CROWD_WITHIN}
        if self._pause and len(recent) >= CROWD:
            self._due = max(self._due, now + seconds)
            self._slower = min(SLOWEST, self._slower * SLOWER)
            self._asked.clear()

    def done(self, lane: Lane, todo: Todo, now: float) -> None:
        """Hear that what was under way has ended."""
        if lane.holder == todo.mark:
            lane.holder = None
        lane.under_way -= 1
        self.under_way -= 1
        self._place(lane, now)

    def _give(self, lane: Lane, todo: Todo, now: float) -> None:
        lane.holder = todo.mark
        lane.count(now, todo)
        if self._pause:
            self._slower = max(1.0, self._slower * FASTER)
            self._due = max(self._due, now - LAG) + self._pause * self._slower

    def _place(self, lane: Lane, now: float) -> None:
        if not lane:
            return
        lane.version += 1
        at = lane.ready_at()
        if at == math.inf:
            return
        if at <= now:
            heapq.heappush(self._ready, (-lane.urgency, -lane.rest, next(self._order), lane, lane.version))
        else:
            heapq.heappush(self._resting, (at, next(self._order), lane, lane.version))

    def _rise(self, now: float) -> None:
        while self._resting and (self._resting[0][0] <= now or self._resting[0][3] != self._resting[0][2].version):
            _, _, lane, version = heapq.heappop(self._resting)
            if version == lane.version:
                self._place(lane, now)

    def _forget(self, now: float) -> None:
        self.lanes = {chat: lane for chat, lane in self.lanes.items() if not lane.idle(now)}
        self._kept = max(KEPT, 2 * len(self.lanes))
