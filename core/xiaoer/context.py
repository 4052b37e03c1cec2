"""What a hook is given: it reads, and it queues what shall happen when all hooks of the event have ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

import structlog

from xiaoer.actions import AnyAction
from xiaoer.errors import ContextClosed, StoreError
from xiaoer.events import AnyEvent
from xiaoer.filing import FILE
from xiaoer.naming import NAMED, Named, asked_for, meant
from xiaoer.people import UNNOTED, WAS_HERE
from xiaoer.plugin import MERGE, Misfire
from xiaoer.scene import Scene, Voice
from xiaoer.transaction import Transaction, says_storage_failed

if TYPE_CHECKING:
    from xiaoer.statements import Row, Statement
    from xiaoer.store import Store

C = TypeVar("C", covariant=True)
A = ParamSpec("A")
Effect: TypeAlias = tuple[Callable[..., object], tuple[Any, ...], dict[str, Any]]

EFFECTS = 1_000
"""So many effects one plugin may queue for one event; more would hold up everybody who is stored with it."""


class Context(Voice, Generic[C]):
    """One plugin's part of one event.

    Nothing that is queued happens before all hooks of the event have ended; then all of it commits together, and what
    platforms shall do is done after that. When the hook raises, its own part is forgotten, and nobody else's.

    Attributes:
        config: the community's configuration of this plugin.
        now: the community's time, in its time zone.
        unread: why the storage could not be read; then the event is tried again if the hook fails. The core's.
    """

    __slots__ = ("_closed", "_store", "_utc", "config", "effects", "scene", "unread")

    def __init__(self, scene: Scene, config: C, now: datetime, store: Store) -> None:
        self.scene = scene
        self.config = config
        self.effects: list[Effect] = []
        self._utc = now
        self._store = store
        self._closed = False
        self.unread: StoreError | None = None

    @property
    def now(self) -> datetime:
        """The community's time, in its time zone."""
        return self._utc.astimezone(self.scene.community.timezone)

    @property
    def timezone(self) -> ZoneInfo:
        """The community's time zone."""
        return self.scene.community.timezone

    @property
    def log(self) -> structlog.stdlib.BoundLogger:
        """A logger that names the plugin and the community."""
        logger: structlog.stdlib.BoundLogger = structlog.get_logger()
        return logger.bind(plugin=self.scene.plugin, community=self.scene.community.id)

    def close(self) -> None:
        """Refuse everything from now on; the core's."""
        self._closed = True

    def _queue(self, function: Callable[..., object], *args: Any, **values: Any) -> None:
        if self._closed:
            raise self._over()
        effects = self.effects
        if len(effects) >= EFFECTS:
            raise StoreError(
                f"plugin {self.scene.plugin} queues over {EFFECTS} effects for one event: "
                "write many rows with one statement, and do long work in parts, by a timer each"
            )
        effects.append((function, args, values))

    def _over(self) -> ContextClosed:
        return ContextClosed(
            f"plugin {self.scene.plugin} uses a context after its event was over: queue before the hook returns"
        )

    def write(self, statement: Statement, /, **values: Any) -> None:
        """Queue one write.

        Raises:
            ValueRefused: a value does not fit its column.
        """
        compiled = statement.compiled
        self._queue(Transaction.execute, compiled.sql, compiled.bind(values))

    def transact(
        self, function: Callable[Concatenate[Transaction, A], None], *args: A.args, **values: A.kwargs
    ) -> None:
        """Queue ``function(tx, ...)``, which decides inside the transaction."""
        self._queue(function, *args, **values)

    def request(self, action: AnyAction) -> None:
        """Queue an action."""
        self._queue(Transaction.request, action)

    def schedule(self, job: str, due: datetime, data: dict[str, Any] | None = None, misfire: Misfire = MERGE) -> None:
        """Queue a one-time timer; see :meth:`Transaction.schedule`."""
        self._queue(Transaction.schedule, job, due, data, misfire)

    def unschedule(self, job: str) -> None:
        """Queue the cancellation of a job's waiting timers."""
        self._queue(Transaction.unschedule, job)

    def emit(self, event: AnyEvent) -> None:
        """Queue a fact for the community's plugins."""
        self._queue(Transaction.emit, event)

    async def read(self, statement: Statement, /, **values: Any) -> list[Row]:
        """Return the rows of a short read of what is committed: for showing, not for deciding."""
        if self._closed:
            raise self._over()
        return await self._rows(self._store.read(statement, **values))

    async def find(self, word: str) -> Named:
        """Return the member whom somebody means by a mention, a handle or a name.

        Raises:
            Refusal: nobody here is called so, or several are.
        """
        return meant(word, await self.read(NAMED, here=self.scene.community.id, **asked_for(word)))

    async def was_here(self, account: str, before: datetime) -> bool:
        """Return whether the person behind an account was in the community before, as far as it is committed.

        Args:
            account: any of theirs.
            before: when they came in this time.
        """
        here = self.scene.community.id
        return bool(await self.read(WAS_HERE, here=here, who=account, moment=before, noted=before - UNNOTED))

    async def file(self, digest: str) -> Row | None:
        """Return a file that this plugin keeps here, with its ``data``; see :meth:`Transaction.file`."""
        found = await self.report(FILE, of=self.scene.community.id, by=self.scene.plugin, which=digest)
        return found[0] if found else None

    async def report(self, statement: Statement, /, **values: Any) -> list[Row]:
        """Return the rows of a long read, which runs on a connection of its own."""
        if self._closed:
            raise self._over()
        return await self._rows(self._store.report(statement, **values))

    async def _rows(self, read: Awaitable[list[Row]]) -> list[Row]:
        try:
            return await read
        except StoreError as error:
            if says_storage_failed(error.__cause__):
                self.unread = error
            raise
