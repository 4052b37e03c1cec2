"""The watch on the event loop."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from xiaoer.stalls import Stall, StallWatch

Blocker = Callable[[threading.Event, threading.Event], None]


class Time:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Ticks:
    """Waits that end when the test says so."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self.given: queue.Queue[bool] = queue.Queue()

    def __call__(self, seconds: float) -> bool:
        self.asked.release()
        return self.given.get()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def ticks() -> Iterator[Ticks]:
    ticks = Ticks()
    yield ticks
    ticks.given.put(True)


def blocking_handler(until: threading.Event, reached: threading.Event) -> None:
    reached.set()
    until.wait()


def while_blocked(look: Callable[[], Any], block: Blocker = blocking_handler) -> Any:
    """Block this thread in a function, let another thread look, and return what it saw."""
    until, reached, seen = threading.Event(), threading.Event(), list[Any]()

    def other() -> None:
        reached.wait()
        seen.append(look())
        until.set()

    thread = threading.Thread(target=other)
    thread.start()
    block(until, reached)
    thread.join()
    return seen[0]


async def watching(time: Time, ticks: Ticks) -> StallWatch:
    watch = StallWatch(monotonic=time, wait=ticks, beat=0)
    watch.start()
    return watch


def stop(watch: StallWatch, ticks: Ticks) -> None:
    ticks.given.put(True)
    watch.stop()


def after(time: Time, watch: StallWatch, seconds: float) -> Callable[[], Stall | None]:
    """Return a look at the watch after so many seconds, in steps as its thread would take."""

    def look() -> Stall | None:
        found: list[Stall] = []
        for _ in range(round(seconds / 0.25)):
            time.now += 0.25
            if stall := watch.check():
                found.append(stall)
        assert len(found) <= 1
        return found[0] if found else None

    return look


async def test_a_blocking_call_is_named_with_its_module_function_and_stack(time: Time, ticks: Ticks) -> None:
    watch = await watching(time, ticks)
    with capture_logs() as logs:
        stall = while_blocked(after(time, watch, 2))
    stop(watch, ticks)
    assert stall is not None
    assert (stall.module, stall.function) == (__name__, "blocking_handler")
    assert "until.wait()" in stall.stack
    assert stall.seconds >= 1.0
    assert [(entry["log_level"], entry["event"], entry["function"]) for entry in logs] == [
        ("warning", "event loop blocked", "blocking_handler")
    ]


async def test_a_stall_is_logged_once_however_long_it_lasts(time: Time, ticks: Ticks) -> None:
    watch = await watching(time, ticks)
    with capture_logs() as logs:
        while_blocked(after(time, watch, 60))
    stop(watch, ticks)
    assert len(logs) == 1


async def test_the_next_stall_is_logged_again(time: Time, ticks: Ticks) -> None:
    watch = await watching(time, ticks)
    with capture_logs() as logs:
        for _ in range(2):
            while_blocked(after(time, watch, 2))
            await beats(time)
    stop(watch, ticks)
    assert len(logs) == 2


async def beats(time: Time) -> None:
    """Let the loop live for a few turns."""
    time.now += 0.001
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_loop_that_lives_is_left_alone(time: Time, ticks: Ticks) -> None:
    watch = await watching(time, ticks)
    for _ in range(20):
        time.now += 0.5
        await beats(time)
        assert watch.check() is None
    stop(watch, ticks)


async def test_a_short_block_is_not_a_stall(time: Time, ticks: Ticks) -> None:
    watch = await watching(time, ticks)
    assert while_blocked(after(time, watch, 0.75)) is None
    stop(watch, ticks)


async def test_a_process_that_was_asleep_as_a_whole_blames_nobody(time: Time, ticks: Ticks) -> None:
    watch = await watching(time, ticks)

    def wake() -> Stall | None:
        time.now += 3600
        return watch.check()

    assert while_blocked(wake) is None
    stop(watch, ticks)


def made_up(source: str, name: str, file: str, **names: Any) -> Any:
    """Return the function ``f`` of a module that seems to be installed somewhere."""
    module: dict[str, Any] = {"__name__": name, **names}
    exec(compile(source, file, "exec"), module)  # noqa: S102
    return module["f"]


async def test_an_installed_plugin_is_blamed_and_not_the_core_or_library_it_called(time: Time, ticks: Ticks) -> None:
    watch = StallWatch(["shop"], monotonic=time, wait=ticks)
    watch.start()
    library = made_up(
        "def f(until, reached): reached.set(); until.wait()", "requests.api", "/x/site-packages/requests/api.py"
    )
    core = made_up("def f(*events): return library(*events)", "xiaoer.pipeline", "/x/xiaoer/p.py", library=library)
    plugin = made_up("def f(*events): return core(*events)", "shop.sale", "/x/site-packages/shop/sale.py", core=core)
    stall = while_blocked(after(time, watch, 2), plugin)
    stop(watch, ticks)
    assert stall is not None
    assert stall.module == "shop.sale"


@pytest.mark.parametrize(("module", "blamed"), [("shop.sale", ["shop.sale"]), ("xiaoer.store", [])])
async def test_a_plugin_that_blocks_the_database_is_named_once_and_a_slow_disk_is_nobody(
    time: Time, ticks: Ticks, module: str, blamed: list[str]
) -> None:
    until, reached = threading.Event(), threading.Event()
    block = made_up("def f(until, reached): reached.set(); until.wait()", module, f"/x/site-packages/{module}.py")
    thread = threading.Thread(target=block, args=(until, reached), daemon=True)
    watch = StallWatch(["shop"], writing=lambda: (thread.ident or 0, 100.0), monotonic=time, wait=ticks, beat=0)
    watch.start()
    thread.start()
    reached.wait()
    found: list[Stall | None] = []
    for _ in range(8):
        time.now += 0.25
        await beats(time)
        found.append(watch.check())
    until.set()
    thread.join()
    stop(watch, ticks)
    assert [stall.module for stall in found if stall] == blamed


async def test_the_thread_looks_each_time_its_wait_ends_and_ends_with_the_watch(time: Time, ticks: Ticks) -> None:
    watch = await watching(time, ticks)
    with capture_logs() as logs:

        def pass_time() -> None:
            for _ in range(8):
                ticks.asked.acquire()
                time.now += 0.25
                ticks.given.put(False)
            ticks.asked.acquire()

        while_blocked(pass_time)
    assert len(logs) == 1
    stop(watch, ticks)
    assert "xiaoer-stalls" not in {thread.name for thread in threading.enumerate()}


async def test_stopping_twice_or_before_the_start_does_nothing() -> None:
    watch = StallWatch()
    watch.stop()
    watch.start()
    watch.stop()
    watch.stop()
    assert "xiaoer-stalls" not in {thread.name for thread in threading.enumerate()}


async def test_a_watch_that_was_stopped_can_be_started_again() -> None:
    watch = StallWatch()
    for _ in range(2):
        watch.start()
        assert "xiaoer-stalls" in {thread.name for thread in threading.enumerate()}
        watch.stop()
