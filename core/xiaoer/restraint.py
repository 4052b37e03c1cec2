"""Keeping what nobody asked for to the budget of its chat: it is held back until there is room, or it is too late."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

from xiaoer.budget import Where, Withheld, allowed, kind_of, take
from xiaoer.clocks import first_of
from xiaoer.outbox import Entry, Shown
from xiaoer.pacing import Todo

if TYPE_CHECKING:
    from xiaoer.clocks import CommunityClock
    from xiaoer.communities import Community
    from xiaoer.store import Store
    from xiaoer.tasks import Tasks


class Restraint:
    """Holds messages back that nobody asked for, when their chat was given enough.

    Args:
        store: where posts are counted.
        clock: community time, whose hours count.
        tasks: keeps the waiting.
        community: finds a community by its id; None when the configuration does not have it any more.
        release: lets something be tried (chat, what).
    """

    def __init__(
        self,
        store: Store,
        clock: CommunityClock,
        tasks: Tasks,
        community: Callable[[str], Community | None],
        release: Callable[[str, Todo], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._tasks = tasks
        self._community = community
        self._release = release
        self._withheld = Withheld()
        self._changed = asyncio.Event()
        self._watching = False

    @property
    def idle(self) -> bool:
        """Whether nothing is let go before time passes."""
        moment = self._withheld.moment
        return moment is None or moment > self._clock.now()

    def __contains__(self, mark: Hashable) -> bool:
        return mark in self._withheld.marks

    def tried(self, mark: Hashable) -> bool:
        """Return whether something was held back before it is tried now."""
        return self._withheld.tried(mark)

    async def holds(self, entry: Entry | Shown, todo: Todo) -> bool:
        """Return whether something must wait, which is then seen to; else it is counted, once for all tries.

        Raises:
            StoreError: it cannot be counted.
        """
        community = self._community(entry.community)
        kind = kind_of(community, entry.action) if entry.unprompted else None
        if kind is None:
            return False
        where = Where(entry.chat, kind)
        free = self._withheld.must_wait(where, todo.mark)
        if free is None:
            free = await self._store.transact(take, entry.mark, entry.chat, kind, allowed(community, kind))
        if free is None:
            return False
        self._withheld.add(where, todo, free, entry.action.deadline)
        self._look()
        return True

    def served(self, mark: Hashable) -> None:
        """Hear that something was tried, so that the next of its chat may be."""
        if self._withheld.served(mark):
            self._look()

    def wake(self, mark: Hashable) -> None:
        """Let something go out of turn, because a person has caused it meanwhile."""
        found = self._withheld.wake(mark)
        if found is not None:
            self._release(*found)

    def _look(self) -> None:
        self._changed.set()
        if not self._watching and self._withheld.marks:
            self._watching = True
            self._tasks.spawn(self._watch(), "budget")

    async def _watch(self) -> None:
        while self._withheld.marks:
            self._changed.clear()
            for chat, todo in self._withheld.due(self._clock.now()):
                self._release(chat, todo)
            await first_of(self._clock.wait(self._withheld.moment), self._changed.wait())
        self._watching = False
