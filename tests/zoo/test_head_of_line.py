"""One slow event holds up nobody else: it is parked, acknowledged, and done when it is done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

from tests.contracts.probe import NOTES, make_table, note
from tests.contracts.telegram_stage import TelegramStage

from xiaoer import Context, MessagePosted, NoConfig, Outcome, Plugin, Who, on_message
from xiaoer.app import App
from xiaoer.pipeline import ABANDON_AFTER, CUT_AFTER, PARK_AFTER, WATCH_EVERY, WORKERS
from xiaoer.settings import load_settings
from xiaoer.testing import FakeAdapter, FakePlatform, ManualClock

TAKES = 5.0
"""Seconds of platform time that the slow plugin takes."""

SOON = PARK_AFTER + WATCH_EVERY
"""Seconds of platform time after which whoever waited behind a slow event must be served."""


class Slow(Plugin[NoConfig]):
    """Takes long over some messages, and for ever over others."""

    name = "slow"
    clock: ClassVar[ManualClock]

    @on_message
    async def think(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        """Think, then note."""
        if event.text.startswith("slow"):
            await self.clock.sleep(TAKES)
        elif event.text.startswith("hang"):
            await asyncio.get_running_loop().create_future()
        ctx.transact(note, "thought", event.who.name, event.text, "")


def slow(clock: ManualClock) -> type[Slow]:
    return type("Slow", (Slow,), {"clock": clock, "__module__": __name__})


CONFIG = """
[xiaoer]
database = "town.db"
[adapters.fake]
[communities.one]
name = "One"
spaces = ["fake:one"]
plugins = ["slow"]
[communities.other]
name = "Other"
spaces = ["fake:other"]
plugins = ["slow"]
"""


class Towns:
    """Two communities of one bot."""

    def __init__(self, app: App, clock: ManualClock) -> None:
        self.app = app
        self.clock = clock
        self._keys = iter(range(1_000_000))

    def say(self, space: str, name: str, text: str) -> asyncio.Future[Outcome]:
        """Let somebody write."""
        who = Who(f"fake:{name}", name)
        key = f"fake:{next(self._keys)}"
        event = MessagePosted(key=key, at=self.clock.now(), space=space, chat=space, who=who, message=key, text=text)
        return self.app.pipeline.submit(event)

    async def left(self, number: int) -> None:
        """Return when so many events are left in hand."""
        while self.app.pipeline.in_hand != number:  # noqa: ASYNC110 - it depends on the thread of the database
            await asyncio.sleep(0.001)

    async def thought(self) -> list[str]:
        """Return what was noted."""
        return [row.what for row in await self.app.store.report(NOTES)]


@asynccontextmanager
async def towns(folder: Path) -> AsyncIterator[Towns]:
    clock = ManualClock()
    file = folder / "plugins.toml"
    file.write_text(CONFIG, encoding="utf-8")
    plugins: dict[str, type[Plugin[Any]]] = {"slow": slow(clock)}
    adapters = {"fake": FakeAdapter.on(FakePlatform())}
    app = App(load_settings(file, adapters, plugins, {}), plugins, adapters, b"a key that only tests sign with!", clock)
    await app.start()
    await app.store.transact(make_table)
    try:
        yield Towns(app, clock)
        assert app.failure is None
    except BaseException:
        await app.drop()  # a failed test leaves somebody hanging
        raise
    await app.stop()


async def test_whoever_comes_behind_a_slow_event_is_served_after_a_second(tmp_path: Path) -> None:
    async with towns(tmp_path) as here:
        first = here.say("fake:one", "Ann", "slow")
        behind = [here.say("fake:one", name, "quick") for name in ("Bob", "Cat")]
        await here.clock.advance(SOON)
        assert await asyncio.gather(first, *behind) == [Outcome.PARKED, Outcome.COMMITTED, Outcome.COMMITTED]
        assert await here.thought() == ["quick", "quick"]
        await here.clock.advance(TAKES - SOON)
        await here.app.settled()
        assert await here.thought() == ["quick", "quick", "slow"]


async def test_another_community_does_not_wait_at_all(tmp_path: Path) -> None:
    async with towns(tmp_path) as here:
        here.say("fake:one", "Ann", "slow")
        assert await here.say("fake:other", "Bob", "quick") is Outcome.COMMITTED
        await here.clock.advance(TAKES)


async def test_more_hanging_events_than_workers_keep_nobody_waiting_for_longer(tmp_path: Path) -> None:
    async with towns(tmp_path) as here:
        hanging = [here.say("fake:one", f"p{number}", "hang") for number in range(3 * WORKERS)]
        behind = here.say("fake:other", "Bob", "quick")
        for _ in range(3):
            await here.clock.advance(SOON)
        assert set(await asyncio.gather(*hanging, behind)) == {Outcome.PARKED}
        await here.left(len(hanging))
        assert await here.thought() == ["quick"]
        await here.clock.advance(CUT_AFTER + ABANDON_AFTER)
        await here.app.settled()


async def test_what_stood_in_for_slow_workers_is_gone_when_they_are_done(tmp_path: Path) -> None:
    async with towns(tmp_path) as here:
        for number in range(WORKERS):
            here.say("fake:one", f"p{number}", "slow")
        await here.clock.advance(SOON)
        assert workers() > WORKERS
        await here.clock.advance(TAKES)
        await here.app.settled()
        assert workers() == WORKERS


def workers() -> int:
    return sum(task.get_name() == "worker" for task in asyncio.all_tasks())


async def test_after_its_rest_a_hanging_plugin_is_tried_by_one_event_alone(tmp_path: Path) -> None:
    async with towns(tmp_path) as here:
        for number in range(3):
            here.say("fake:one", f"p{number}", "hang")
        await here.clock.advance(CUT_AFTER + WATCH_EVERY)
        await here.app.settled()
        await here.clock.advance(300)
        for number in range(20):
            here.say("fake:one", f"q{number}", "hang")
        await here.clock.advance(SOON)
        await here.left(1)
        await here.clock.advance(CUT_AFTER)


async def test_telegrams_offset_moves_while_the_slow_event_is_still_at_work(tmp_path: Path) -> None:
    clock = ManualClock()
    async with TelegramStage(tmp_path, slow(clock), clock=clock) as stage:
        pipeline = stage.app.pipeline
        await stage.write("Ann", "slow")
        await stage.until(lambda: pipeline.in_hand == 1)
        await stage.write("Bob", "quick")
        last = stage.api.updates[-1]["update_id"]
        assert stage.api.confirmed < last
        await clock.advance(SOON)
        await stage.until(lambda: stage.api.waiting and stage.api.confirmed == last + 1)
        await stage.until(lambda: pipeline.in_hand == 1)
        assert await noted(stage) == ["quick"]
        await clock.advance(TAKES)
        await stage.app.settled()
        assert await noted(stage) == ["quick", "slow"]


async def noted(stage: TelegramStage) -> list[str]:
    return [row.what for row in await stage.app.store.report(NOTES) if row.kind == "thought" and row.who != "Usher"]


async def test_a_slow_event_that_was_acknowledged_to_telegram_is_done_once_after_a_kill(tmp_path: Path) -> None:
    clock = ManualClock()
    async with TelegramStage(tmp_path, slow(clock), clock=clock) as stage:
        await stage.write("Ann", "slow")
        last = stage.api.updates[-1]["update_id"]
        await stage.until(lambda: stage.app.pipeline.in_hand == 1)
        await clock.advance(SOON)
        await stage.until(lambda: stage.api.confirmed == last + 1)
        restarting = asyncio.ensure_future(stage.restart(kill=True))
        await stage.until(lambda: stage.app.pipeline.in_hand)
        while not restarting.done():
            await clock.advance(0.5)
            await asyncio.sleep(0.001)
        await clock.advance(TAKES)
        await stage.repeat()
        await stage.settle()
        assert await noted(stage) == ["slow"]
