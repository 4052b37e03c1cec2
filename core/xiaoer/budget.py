"""The notification budget: so many posts an hour in each chat that nobody asked for, over all plugins.

What a timer causes counts, and what follows from that; what a person causes does not, nor what one person alone sees,
nor what admins are told in their chat. Messages that mention people are counted apart. What is over the budget waits
for its turn, the earliest deadline first, and beyond its deadline it is given up and reported. Hours are those of
community time, and no hour has more posts than allowed, wherever it begins and however the clock is moved.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from sqlalchemy import bindparam, delete, func, insert, select

from xiaoer.actions import AnyAction, SendMessage, ShowMessage
from xiaoer.clocks import LAST
from xiaoer.communities import Community
from xiaoer.content import Mention
from xiaoer.statements import Statement
from xiaoer.tables import outbox, posts

if TYPE_CHECKING:
    from collections.abc import Hashable

    from xiaoer.pacing import Todo
    from xiaoer.transaction import Transaction

Kind: TypeAlias = Literal["post", "mention"]

HOUR = timedelta(hours=1)
AFTER, SECOND = timedelta(microseconds=1), timedelta(seconds=1)
NEVER = LAST + timedelta(days=1)

POST = Statement(
    insert(posts).values(mark=bindparam("mark"), chat=bindparam("chat"), kind=bindparam("kind"), at=bindparam("at"))
)
POSTED = Statement(select(posts.c.at).where(posts.c.mark == bindparam("what")))
POSTS = Statement(
    select(posts.c.at)
    .where(posts.c.chat == bindparam("place"), posts.c.kind == bindparam("sort"), posts.c.at > bindparam("since"))
    .order_by(posts.c.at)
)
UNPOST = Statement(delete(posts).where(posts.c.mark == bindparam("what")))
UNPROMPTED = Statement(
    select(outbox.c.chat, func.count().label("number"))
    .where(outbox.c.state == "wanted", outbox.c.unprompted == 1, outbox.c.community == bindparam("here"))
    .group_by(outbox.c.chat)
)
"""How many actions that nobody caused wait in each chat of a community; a report."""


def kind_of(community: Community | None, action: AnyAction) -> Kind | None:
    """Return how an action counts that nobody caused; None when it does not.

    Args:
        community: its community; None when the configuration does not have it any more.
        action: what is asked for.
    """
    if not isinstance(action, SendMessage | ShowMessage) or action.content is None:
        return None
    if action.only_to is not None and not action.public_instead:
        return None
    if community is not None and action.chat in community.chats.get("admins", ()):
        return None
    return "mention" if any(isinstance(part, Mention) for part in action.content.text) else "post"


def allowed(community: Community | None, kind: Kind) -> int:
    """Return how many posts of a kind one chat is given an hour."""
    budget = (community or Community("", "")).budget
    return budget.posts if kind == "post" else budget.mentions


def next_free(times: Sequence[datetime], now: datetime, most: int) -> datetime:
    """Return the first moment, from now on, at which another post makes no hour fuller than allowed.

    Args:
        times: when posts were given; also later ones than now, where the clock was put back.
        now: this moment.
        most: how many an hour may have.
    """
    moments = [now, *sorted(time + HOUR for time in times if time + HOUR > now)]
    return next(at for at in moments if sum(abs(time - at) < HOUR for time in times) < most)


def take(tx: Transaction, mark: str, chat: str, kind: Kind, most: int) -> datetime | None:
    """Count a post, once however often it is tried; return when it may be tried again when there is no room for it.

    Args:
        tx: the transaction.
        mark: what it is.
        chat: where.
        kind: how it counts.
        most: how many an hour may have.
    """
    if tx.one(POSTED, what=mark) is not None:
        return None
    times = [row.at for row in tx.all(POSTS, place=chat, sort=kind, since=tx.now - HOUR)]
    free = next_free(times, tx.now, most)
    if free > tx.now:
        return free
    tx.run(POST, mark=mark, chat=chat, kind=kind, at=tx.now)
    return None


class Where(NamedTuple):
    """One chat's budget of one kind."""

    chat: str
    kind: Kind


class Withheld:
    """What waits because its chat was given enough this hour.

    One at a time is let go for a chat, because only trying it shows whether there is room; the next follows it.

    Attributes:
        marks: what waits.
    """

    def __init__(self) -> None:
        self.marks: set[Hashable] = set()
        self._waiting: dict[Where, list[tuple[datetime, int, Todo]]] = {}
        self._free: dict[Where, datetime] = {}
        self._tried: dict[Hashable, Where] = {}
        self._order = count()

    @property
    def moment(self) -> datetime | None:
        """When something may be let go, or is over its deadline; None when nothing waits for a moment.

        A second's moments are looked at together, because there may be one for each of ten thousand chats.
        """
        tried = set(self._tried.values())
        moments = [
            queue[0][0] if where in tried else min(self._free[where], queue[0][0])
            for where, queue in self._waiting.items()
        ]
        return min(moments).replace(microsecond=0) + SECOND if moments else None

    def must_wait(self, where: Where, mark: Hashable) -> datetime | None:
        """Return until when something waits without being tried, because others wait before it; None if it need not."""
        return None if mark in self._tried else self._free.get(where)

    def add(self, where: Where, todo: Todo, free: datetime, deadline: datetime | None) -> None:
        """Let something wait.

        Args:
            where: for which budget.
            todo: what.
            free: when there is room.
            deadline: when it is not worth doing any more.
        """
        self._tried.pop(todo.mark, None)
        self.marks.add(todo.mark)
        self._free[where] = free
        over = NEVER if deadline is None else min(deadline + AFTER, NEVER)
        heapq.heappush(self._waiting.setdefault(where, []), (over, next(self._order), todo))

    def due(self, now: datetime) -> list[tuple[str, Todo]]:
        """Let go, of each chat, what is over its deadline, and one more where there may be room."""
        found: list[tuple[str, Todo]] = []
        for where in list(self._waiting):
            queue = self._waiting[where]
            while queue and queue[0][0] <= now:
                found.append((where.chat, self._let_go(where)))
            if queue and self._free[where] <= now and where not in self._tried.values():
                found.append((where.chat, self._let_go(where)))
            if not queue:
                del self._waiting[where], self._free[where]
        return found

    def tried(self, mark: Hashable) -> bool:
        """Return whether something was let go and is being tried."""
        return mark in self._tried

    def served(self, mark: Hashable) -> bool:
        """Hear that something was tried, and return whether it had waited, so that the next may be let go."""
        return self._tried.pop(mark, None) is not None

    def wake(self, mark: Hashable) -> tuple[str, Todo] | None:
        """Let go of something out of turn, because a person has caused it meanwhile; None when it does not wait."""
        for where, queue in self._waiting.items():
            for entry in queue:
                if entry[2].mark == mark:
                    queue.remove(entry)
                    heapq.heapify(queue)
                    self.marks.discard(mark)
                    if not queue:
                        del self._waiting[where], self._free[where]
                    return where.chat, entry[2]
        return None

    def _let_go(self, where: Where) -> Todo:
        *_, todo = heapq.heappop(self._waiting[where])
        self.marks.discard(todo.mark)
        self._tried[todo.mark] = where
        return todo
