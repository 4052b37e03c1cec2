"""What an app holds: every container that is reachable from it, by the names on the way there."""

import gc
import os
import sqlite3
import threading
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import func, select

from xiaoer.app import App
from xiaoer.statements import Statement
from xiaoer.tables import metadata

COUNTS = {name: Statement(select(func.count().label("number")).select_from(t)) for name, t in metadata.tables.items()}
CONTAINERS = (dict, list, set, deque)


class Reading(NamedTuple):
    """What was there at one moment.

    Args:
        containers: how much is in each container, by its way from the app.
        kinds: how many objects there are of each kind.
        rows: how many rows each table of the core has.
        tasks: how many tasks there are.
        files: how many files are open, the threads counted with them.
        resident: bytes of memory.
    """

    containers: dict[str, int]
    kinds: Counter[str]
    rows: dict[str, int]
    tasks: int
    files: int
    resident: int

    def growth(self, before: "Reading", allowed: int) -> list[str]:
        """Return a line for each thing there is more of, by more than is allowed."""
        lines = [*_more("in ", self.containers, before.containers, allowed)]
        lines += _more("objects ", self.kinds, before.kinds, allowed)
        lines += _more("rows of ", self.rows, before.rows, allowed)
        lines += _more(
            "", {"tasks": self.tasks, "files": self.files}, {"tasks": before.tasks, "files": before.files}, 0
        )
        return lines


def _more(what: str, now: dict[str, int], before: dict[str, int], allowed: int) -> Iterator[str]:
    for name, number in now.items():
        if number > before.get(name, 0) + allowed:
            yield f"{number - before.get(name, 0)} more {what}{name}: {before.get(name, 0)} became {number}"


async def read(app: App, tasks: int) -> Reading:
    """Return what an app holds now."""
    gc.collect()
    kinds = Counter(f"{type(one).__module__}.{type(one).__qualname__}" for one in gc.get_objects())
    del kinds["weakref.ReferenceType"]  # what they are about is counted; others of this process make them too
    rows = {name: (await app.store.report(count))[0].number for name, count in COUNTS.items()}
    return Reading(dict(containers(app)), kinds, rows, tasks, open_files() + threading.active_count(), resident())


def open_files() -> int:
    """Return how many files this process has open; 0 where the system does not say."""
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        return 0


def resident() -> int:
    """Return the bytes of memory that this process has; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def containers(root: object) -> Iterator[tuple[str, int]]:
    """Yield the way to each container that is reachable through the core's own objects, and how much is in it."""
    met: set[int] = set()
    waiting: deque[tuple[str, object]] = deque([("app", root)])
    while waiting:
        way, thing = waiting.popleft()
        if id(thing) in met:
            continue
        met.add(id(thing))
        if isinstance(thing, CONTAINERS):
            yield way, len(thing)
            inside: Any = thing.values() if isinstance(thing, dict) else thing
            waiting.extend((f"{way}[]", one) for one in inside)
        elif type(thing).__module__.startswith("xiaoer") and not isinstance(thing, type | sqlite3.Connection):
            waiting.extend((f"{way}.{name}", value) for name, value in attributes(thing))


def attributes(thing: object) -> Iterator[tuple[str, object]]:
    """Yield an object's attributes, those in slots too."""
    yield from getattr(thing, "__dict__", {}).items()
    for kind in type(thing).__mro__:
        names = kind.__dict__.get("__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            if hasattr(thing, name):
                yield name, getattr(thing, name)
