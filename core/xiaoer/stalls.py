"""Finding the call that keeps the event loop, or the thread of the database, from doing anything else."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import NamedTuple

import structlog


class Stall(NamedTuple):
    """A call that blocks the event loop, or all writing.

    Args:
        seconds: for how long there has been silence.
        module: whose function it is, for instance ``xiaoer_welcome.plugin``.
        function: the function.
        line: the line in it, counted from 1 in its file.
        stack: all calls of the thread, as a traceback shows them.
    """

    seconds: float
    module: str
    function: str
    line: int
    stack: str


class StallWatch:
    """Watches one event loop from a thread of its own and reports each blocking call once, while it blocks.

    With ``writing`` it also watches the thread of the database, where a plugin's ``function(tx)`` may block; what takes
    long there without a plugin is a slow disk and nobody's call.

    Args:
        packages: import names of the plugins and adapters, which may be blamed although they are installed beside
            the libraries.
        writing: tells which thread has been writing since when, in seconds of ``monotonic``; None while none is.
        limit: seconds of silence after which the loop counts as blocked.
        beat: seconds between two signs of life.
        monotonic: tells seconds that only ever grow.
        wait: waits so many seconds and returns whether to stop; by default until :meth:`stop`.
    """

    def __init__(
        self,
        packages: Iterable[str] = (),
        *,
        writing: Callable[[], tuple[int, float] | None] = lambda: None,
        limit: float = 1.0,
        beat: float = 0.1,
        monotonic: Callable[[], float] = time.monotonic,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        self._packages = frozenset(packages)
        self._writing = writing
        self._limit = limit
        self._every = beat
        self._monotonic = monotonic
        self._stopping = threading.Event()
        self._wait = self._stopping.wait if wait is None else wait
        self._alive = self._checked = monotonic()
        self._reported: float | None = None
        self._reported_writing: float | None = None
        self._loop_thread = 0
        self._timer: asyncio.TimerHandle | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to watch the running loop, in its thread."""
        loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._stopping.clear()
        self._checked = self._monotonic()
        self._beat(loop)
        self._thread = threading.Thread(target=self._watch, name="xiaoer-stalls", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching and wait for the thread's end; a second call does nothing."""
        self._stopping.set()
        if self._timer is not None:
            self._timer.cancel()
        if self._thread is not None:
            self._thread.join()
        self._timer = self._thread = None

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        self._alive = self._monotonic()
        self._timer = loop.call_later(self._every, self._beat, loop)

    def _watch(self) -> None:
        while not self._wait(self._limit / 4):
            self.check()

    def check(self) -> Stall | None:
        """Look once, from any thread but the loop's.

        Returns:
            The stall that was found and logged; None when the loop lives or its stall was logged before.
        """
        now, alive = self._monotonic(), self._alive
        asleep, self._checked = now - self._checked > self._limit, now
        # A watcher that was late itself saw the whole process stand still, which is nobody's call.
        if asleep:
            return None
        if now - alive < self._limit or self._reported == alive:
            return self._check_writing(now)
        innermost = sys._current_frames().get(self._loop_thread)  # pyright: ignore[reportPrivateUsage]
        if innermost is None:
            return None
        stall = _stall(now - alive, innermost, self._culprit(innermost) or innermost)
        if self._alive != alive:
            return None
        self._reported = alive
        structlog.get_logger().warning("event loop blocked", **stall._asdict())
        return stall

    def _check_writing(self, now: float) -> Stall | None:
        writing = self._writing()
        if writing is None or now - writing[1] < self._limit or self._reported_writing == writing[1]:
            return None
        innermost = sys._current_frames().get(writing[0])  # pyright: ignore[reportPrivateUsage]
        culprit = None if innermost is None else self._culprit(innermost)
        if innermost is None or culprit is None or self._writing() != writing:
            return None
        self._reported_writing = writing[1]
        stall = _stall(now - writing[1], innermost, culprit)
        structlog.get_logger().warning("database blocked", **stall._asdict())
        return stall

    def _culprit(self, innermost: FrameType) -> FrameType | None:
        return next((frame for frame in _outwards(innermost) if self._may_be_blamed(frame)), None)

    def _may_be_blamed(self, frame: FrameType) -> bool:
        package = _module(frame).partition(".")[0]
        if package in self._packages:
            return True
        file = frame.f_code.co_filename
        library = package in sys.stdlib_module_names or "site-packages" in file or "dist-packages" in file
        return not library and package != "xiaoer"


def _stall(seconds: float, innermost: FrameType, culprit: FrameType) -> Stall:
    return Stall(
        seconds=round(seconds, 3),
        module=_module(culprit),
        function=culprit.f_code.co_qualname,
        line=culprit.f_lineno,
        stack="".join(traceback.format_stack(innermost)).rstrip("\n"),
    )


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "?"))
