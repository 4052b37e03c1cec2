"""What the bot must tell a community's admins: in the admins' chat, else privately to the owners."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog

from xiaoer.content import Content
from xiaoer.errors import StoreError
from xiaoer.transaction import Transaction

if TYPE_CHECKING:
    from xiaoer.runtime import CommunityRuntime
    from xiaoer.store import Store
    from xiaoer.tasks import Tasks


class Reports:
    """Tells admins.

    Args:
        store: the messages go into its outbox.
        tasks: keeps the writing.
        runtimes: the communities.
    """

    def __init__(self, store: Store, tasks: Tasks, runtimes: Mapping[str, CommunityRuntime]) -> None:
        self._store = store
        self._tasks = tasks
        self._runtimes = runtimes
        self._open: set[asyncio.Task[None]] = set()

    @property
    def open(self) -> int:
        """How many reports are being written."""
        return len(self._open)

    async def told(self) -> None:
        """Return when every report is written."""
        await asyncio.gather(*self._open, return_exceptions=True)

    def tell(self, community: str, key: str, values: dict[str, Any]) -> None:
        """Tell a community's admins a text; what cannot be stored is in the log all the same."""
        runtime = self._runtimes.get(community)
        structlog.get_logger().info("told admins", community=community, text=key, **values)
        if runtime is not None:
            task = self._tasks.spawn(self._tell(runtime, key, values), "report")
            self._open.add(task)
            task.add_done_callback(self._open.discard)

    def tell_within(self, tx: Transaction, community: str, key: str, values: dict[str, Any]) -> None:
        """Tell a community's admins a text within a transaction, so that it is told exactly when the rest is stored."""
        runtime = self._runtimes.get(community)
        if runtime is not None:
            words = runtime.core.words.text(None, runtime.community, key, values)
            _tell(tx, runtime, Content(words))

    async def _tell(self, runtime: CommunityRuntime, key: str, values: dict[str, Any]) -> None:
        words = runtime.core.words.text(None, runtime.community, key, values)
        try:
            await self._store.transact(_tell, runtime, Content(words))
        except StoreError as error:
            structlog.get_logger().error("admins not told", community=runtime.community.id, reason=str(error))


def _tell(tx: Transaction, runtime: CommunityRuntime, content: Content) -> None:
    tx.enter(runtime.core, tx.now)
    tx.tell_admins(content)
