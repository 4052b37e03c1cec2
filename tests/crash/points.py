"""Named moments at which a process ends itself, as a power cut would."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from collections.abc import Callable
from typing import Any

from xiaoer import outbox, scheduler, store, units
from xiaoer.adapter import Adapter

Kill = Callable[[], None]


class Fuse:
    """Ends the process when it was lit so many times.

    Args:
        times: how often.
        after: seconds from then on.
    """

    def __init__(self, times: int, after: float = 0.0) -> None:
        self._left = times
        self._after = after

    def light(self) -> None:
        """Come one nearer to the end."""
        self._left -= 1
        if self._left != 0:
            return
        if self._after:
            timer = threading.Timer(self._after, end)
            timer.daemon = True
            timer.start()
        else:
            end()


def end() -> None:
    """End the process at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def _around(owner: Any, name: str, *, before: Kill | None = None, after: Kill | None = None) -> None:
    """Let a function do something before or after its work."""
    original = getattr(owner, name)

    def replaced(*args: Any, **kwargs: Any) -> Any:
        if before is not None:
            before()
        result = original(*args, **kwargs)
        if after is not None:
            after()
        return result

    setattr(owner, name, replaced)


def _at_statement(prefix: str, light: Kill) -> None:
    prepare = store.Store._prepare_writer

    def prepared(self: store.Store, connection: sqlite3.Connection) -> None:
        prepare(self, connection)
        connection.set_trace_callback(lambda sql: light() if sql.startswith(prefix) else None)

    store.Store._prepare_writer = prepared  # type: ignore[method-assign]


def _around_performing(adapter: type[Adapter], *, before: Kill | None = None, after: Kill | None = None) -> None:
    perform = adapter.perform

    async def performed(self: Adapter, request: Any) -> Any:
        if before is not None:
            before()
        receipt = await perform(self, request)
        if after is not None:
            after()
        return receipt

    adapter.perform = performed  # type: ignore[method-assign]


def _around_delivered(name: str, *, before: Kill | None = None, after: Kill | None = None) -> None:
    from xiaoer import delivery

    _around(outbox, name, before=before, after=after)
    setattr(delivery, name, getattr(outbox, name))


Setter = Callable[[int, type[Adapter]], None]

POINTS: dict[str, Setter] = {
    "before apply": lambda n, _: _around(units.Unit, "apply", before=Fuse(n).light),
    "after apply": lambda n, _: _around(units.Unit, "apply", after=Fuse(n).light),
    "before a part": lambda n, _: _around(units.Part, "apply", before=Fuse(n).light),
    "begin": lambda n, _: _at_statement("BEGIN", Fuse(n).light),
    "before commit": lambda n, _: _at_statement("COMMIT", Fuse(n).light),
    "in commit": lambda n, _: _at_statement("COMMIT", Fuse(n, 0.0004).light),
    "after commit": lambda n, _: _around(store.Store, "_apply", after=Fuse(n).light),
    "before a send": lambda n, adapter: _around_performing(adapter, before=Fuse(n).light),
    "in a send": lambda n, adapter: _around_performing(adapter, before=Fuse(n, 0.003).light),
    "after a send": lambda n, adapter: _around_performing(adapter, after=Fuse(n).light),
    "marked as being sent": lambda n, _: _around_delivered("mark_sending", after=Fuse(n).light),
    "noting what was sent": lambda n, _: _around_delivered("end", before=Fuse(n).light),
    "noting what is shown": lambda n, _: _around_delivered("settle", after=Fuse(n).light),
    "before parking": lambda n, _: _around(units.Parking, "apply", before=Fuse(n).light),
    "after parking": lambda n, _: _around(units.Parking, "committed", before=Fuse(n).light),
    "firing a timer": lambda n, _: _around(scheduler, "_settled", before=Fuse(n).light),
    "after a timer": lambda n, _: _around(scheduler, "_settled", after=Fuse(n).light),
}
"""How to end at the nth time that a moment comes."""
