"""Animals that do not fail, or not at once: bad answers, contexts that are kept, cancellations that are swallowed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest
from structlog.testing import capture_logs
from tests.zoo.animals import ENDLESS, RAISING
from tests.zoo.cage import Animal, Cage, Here, cage
from tests.zoo.shipping import ship

from xiaoer import (
    Button,
    ButtonPressed,
    CommandUsed,
    Content,
    Context,
    ContextClosed,
    MessagePosted,
    NoConfig,
    Plugin,
    Role,
    Row,
    Statement,
    button,
    command,
    on_message,
    screen,
)
from xiaoer.discovery import installed_plugins
from xiaoer.health import REST
from xiaoer.pipeline import CUT_AFTER, WORKERS
from xiaoer.roles import GIVEN_ROLE
from xiaoer.testing import ManualClock, play
from xiaoer.testing.scene import MAIN

RAISES = RAISING[0]
THREE = ("Ann", "Bob", "Cat")


async def sit_still(ctx: Here, event: Any, gate: asyncio.Event) -> None:
    """Do nothing wrong."""


TAME = Animal("sits still", sit_still)


async def bite_three(here: Cage) -> None:
    for name in THREE:
        await here.provoke(name)


async def test_what_a_hook_returns_means_nothing() -> None:
    class Babbler(Plugin[NoConfig]):
        name = "babbler"

        @on_message
        async def babble(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
            return cast("None", object())

    async with cage(TAME, "message", Babbler) as here:
        await here.provoke("Ann")
        assert [plugin for plugin, _, _ in await here.diary()] == ["before", "beast", "after"]
        assert here.failures == []


@pytest.mark.parametrize("passes", [True, False])
async def test_a_screen_that_returns_no_veto_has_failed(passes: bool) -> None:
    class Screener(Plugin[NoConfig]):
        name = "screener"
        fail_closed = not passes

        @screen
        async def look(self, ctx: Context[NoConfig], event: Any) -> None:
            return cast("None", "spam")

    async with cage(TAME, "join", Screener) as here:
        await here.town.say("ann", "hello")
        assert bool(await here.diary("before")) is passes
        (failure,) = here.failures
        assert str(failure["exc_info"]) == "screen returned str, not a Veto or None"


@pytest.mark.parametrize("text", ["/beast", "/help"])
async def test_who_is_stopped_by_a_broken_screener_of_safety_is_told(text: str) -> None:
    async with cage(RAISES, "screen, closed") as here:
        answer = await here.town.use("ann", text)
        assert answer is not None
        assert (answer.text, answer.only_to) == (here.words("xiaoer.failed"), "fake:ann")


async def test_a_screener_of_safety_keeps_the_gate_closed_while_it_is_paused() -> None:
    async with cage(RAISES, "screen, closed") as here:
        await bite_three(here)
        await here.town.say("dan", "hello")
        answer = await here.town.use("eve", "/help")
        assert answer is not None
        assert answer.text == here.words("xiaoer.button.off")
        assert await here.diary() == []


async def test_asking_a_paused_plugin_again_and_again_does_not_end_its_pause() -> None:
    async with cage(RAISES, "command") as here:
        await bite_three(here)
        for _ in range(3):
            await here.provoke("Dan")
            assert [one.text for one in here.answers("Dan")] == [here.words("xiaoer.button.off")]
        assert len(here.failures) == len(THREE)


async def test_what_goes_well_in_another_hook_does_not_hide_what_fails_in_the_same_event() -> None:
    async with cage(RAISES) as here:  # its screen goes well each time
        await bite_three(here)
        assert here.admins == [here.words("xiaoer.plugin.paused", plugin="beast", reason="ValueError: grr")]


async def test_after_a_failed_trial_it_rests_again_and_the_admins_hear_nothing_new() -> None:
    async with cage(RAISES) as here:
        await bite_three(here)
        await here.town.clock.advance(REST)
        await here.provoke("Dan")
        await here.provoke("Eve")
        assert len(here.failures) == len(THREE) + 1
        assert len(here.admins) == 1


def refusals(*attempts: Callable[[], Any]) -> int:
    """Return how many attempts are refused because the event is over."""
    refused = 0
    for attempt in attempts:
        try:
            attempt()
        except ContextClosed:
            refused += 1
    return refused


async def test_a_task_that_is_left_behind_can_do_nothing_with_its_context() -> None:
    found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def later(ctx: Here, event: Any, gate: asyncio.Event) -> None:
        await gate.wait()
        reads = [ctx.read(ENDLESS), ctx.report(ENDLESS)]
        refused = refusals(lambda: ctx.send(MAIN, Content(("late",))), lambda: ctx.emit(event))
        refused += refusals(*[lambda read=read: read.send(None) for read in reads])
        found.set_result(refused)

    async def leave(ctx: Here, event: Any, gate: asyncio.Event) -> None:
        tasks.append(asyncio.create_task(later(ctx, event, gate)))

    tasks: list[asyncio.Task[None]] = []
    async with cage(Animal("leaves a task", leave)) as here:
        await here.provoke("Ann")
        here.kind.gate.set()
        assert await found == 4
        await here.town.settle()
        assert here.town.messages() == []
        assert here.failures == []


async def test_a_context_that_is_kept_for_the_next_event_is_refused() -> None:
    kept: list[Here] = []

    async def keep(ctx: Here, event: Any, gate: asyncio.Event) -> None:
        kept.append(ctx)
        kept[0].send(MAIN, Content((f"{len(kept)}",)))

    async with cage(Animal("keeps its context", keep)) as here:
        await here.provoke("Ann")
        await here.provoke("Bob")
        (failure,) = here.failures
        assert isinstance(failure["exc_info"], ContextClosed)
        assert [message.text for message in here.town.messages()] == ["1"]


async def test_workers_whose_tasks_are_cancelled_by_hooks_go_on_working() -> None:
    async def cancel(ctx: Here, event: Any, gate: asyncio.Event) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()

    async with cage(Animal("cancels and returns", cancel)) as here:
        for _ in range(WORKERS + 1):
            await here.provoke("Ann")
        here.kind.wild = False
        await here.town.say("zoe", "after all")
        assert [plugin for plugin, _, who in await here.diary() if who == "Zoe"] == ["before", "beast", "after"]


async def test_the_plugin_behind_one_that_swallows_its_cancellation_has_its_full_time() -> None:
    class Pensive(Plugin[NoConfig]):
        name = "pensive"
        clock: ClassVar[ManualClock]

        @on_message
        async def think(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
            await self.clock.sleep(CUT_AFTER - 1)
            ctx.send(MAIN, Content(("At last",)))

    async def swallow(ctx: Here, event: Any, gate: asyncio.Event) -> None:
        try:
            await gate.wait()
        except asyncio.CancelledError:
            return

    async with cage(Animal("swallows", swallow), "message", Pensive) as here:
        Pensive.clock = here.town.clock
        here.town.app.pipeline.submit(here.town.writing("ann", "hello"))
        await here.town.clock.advance(2 * CUT_AFTER)
        await here.town.settle()
        assert [message.text for message in here.town.messages()] == ["At last"]
        assert here.failures == []


async def test_a_role_that_cannot_be_found_out_is_told_as_such_and_the_app_goes_on() -> None:
    class Guarded(Plugin[NoConfig]):
        name = "guarded"
        capabilities: ClassVar[dict[str, Role]] = {"guarded.do": "member"}

        @command("guarded", needs="guarded.do")
        async def do(self, ctx: Context[NoConfig], event: CommandUsed) -> None:
            """Never come to this."""

    async with cage(TAME, "join", Guarded) as here:
        town = here.town
        read = town.app.store.read

        async def never_roles(statement: Statement, /, **values: Any) -> list[Row]:
            if statement is GIVEN_ROLE:
                await asyncio.get_running_loop().create_future()
            return await read(statement, **values)

        town.app.store.read = never_roles  # type: ignore[method-assign]
        event = town.using("ann", "/guarded")
        here.handles["Ann"] = event.handle
        town.app.pipeline.submit(event)
        await town.clock.advance(CUT_AFTER + 0.5)
        await town.settle()
        assert [one.text for one in here.answers("Ann")] == [here.words("xiaoer.store.failed")]
        assert [what for _, what, _ in await here.diary()] == ["command", "command"]


async def test_two_plugins_may_have_buttons_of_one_name_and_each_is_its_own() -> None:
    def presser(plugin: str) -> type[Plugin[Any]]:
        class Presser(Plugin[NoConfig]):
            name = plugin

            @on_message
            async def show(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
                ctx.send(MAIN, Content((plugin,), ((Button("Go", "go"),),)))

            @button("go")
            async def go(self, ctx: Context[NoConfig], event: ButtonPressed, data: str) -> None:
                ctx.answer(Content((f"by {plugin}",)))

        return Presser

    async with play(presser("one"), presser("other")) as town:
        await town.say("ann", "hello")
        answers = [await town.press("ann", "go", message) for message in town.messages()]
        assert [answer.text for answer in answers if answer] == ["by one", "by other"]


TONGUES = """
class Animal(Plugin[NoConfig]):
    name = "tongues"

    @on_message
    async def hello(self, ctx, event):
        ctx.send(event.chat, ctx.content("tongues.hello", to=event.who, name=event.who.name))
        ctx.send(event.chat, ctx.content("tongues.nothing", to=event.who))
"""
PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "tongues.hello"\nmsgstr '


async def test_texts_that_are_missing_or_wrong_are_sent_as_they_are_and_logged_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ship(tmp_path, "tongues", TONGUES, locales__en=PO + '"Hello {nmae}"\n', locales__zh=PO + '"你好 {name}"\n')
    monkeypatch.syspath_prepend(tmp_path)
    with capture_logs() as logs:
        async with play(installed_plugins()["tongues"]) as town:
            for name, locale in (("ann", "en"), ("bob", "en"), ("cat", "zh")):
                town.person(name, locale=locale)
                await town.say(name, "hello")
            said = [message.text for message in town.messages()]
    assert said == [*["Hello {nmae}", "tongues.nothing"] * 2, "你好 Cat", "tongues.nothing"]
    found = [(entry["event"], entry["key"], entry["detail"]) for entry in logs if entry["event"].startswith("text ")]
    assert found == [
        ("text lacks values", "tongues.hello", "nmae"),
        ("text missing", "tongues.nothing", "en"),
        ("text missing", "tongues.nothing", "zh"),
    ]
