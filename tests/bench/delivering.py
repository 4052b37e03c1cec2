"""What delivery makes of a platform: how many edits a hundred changes cost, and how soon people are answered.

Platform time is simulated, so that minutes take seconds; the app, the outbox and the commits are the real ones.
"""

from __future__ import annotations

import statistics
from typing import Any

import msgspec
from tests.bench.figures import Figure

from xiaoer import (
    Answer,
    CommandUsed,
    Content,
    Context,
    Limits,
    MessagePosted,
    NoConfig,
    Plugin,
    Send,
    SendMessage,
    command,
    on_message,
)
from xiaoer.testing import FakePlatform, Town, play
from xiaoer.testing.scene import MAIN

TELEGRAM = Limits(per_second=29.7, chat_pause=1.0, group_per_minute=20, change_pause=6.0)
CHATS = 1_000
PEOPLE = 40
ROUNDS = 3


class Crier(Plugin[NoConfig]):
    """Shows a board, tells many chats, and answers."""

    name = "crier"

    @on_message
    async def cry(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        """Change the board, or send to many."""
        if event.text == "all":
            for number in range(CHATS):
                chat = f"fake:town/{number}"
                ctx.request(SendMessage(chat=chat, content=Content(("hear",)), guarantee="at_most_once"))
        else:
            ctx.show("board", MAIN, Content((event.text,)))

    @command("ask")
    async def ask(self, ctx: Context[NoConfig], event: CommandUsed) -> None:
        """Answer."""
        ctx.answer(Content(("here",)))


async def delivering() -> list[Figure]:
    """Measure edits a hundred changes, and answers beside a broadcast."""
    edits = [await _edits() for _ in range(ROUNDS)]
    waits = [await _answers() for _ in range(ROUNDS)]
    words = f"a broadcast to {CHATS:,} chats, simulated time"
    return [
        Figure("show.edits_per_100_changes", "", tuple(edits), "one change a second, Telegram's limits", 20, False),
        Figure("delivery.interactive_p95_ms", "ms", tuple(waits), words, 500, False),
    ]


async def _edits() -> float:
    async with play(Crier, platform=FakePlatform(limits=TELEGRAM)) as town:
        for number in range(100):
            await town.say("ann", f"version {number}")
            await town.pass_time(seconds=1)
        await town.pass_time(seconds=10)
        (message,) = town.messages()
        if message.text != "version 99":
            raise SystemExit(f"the board ends as {message.text!r}: the figures are worth nothing")
        return float(message.edits)


async def _answers() -> float:
    """Return the 95th percentile of the time from a command to its answer while a broadcast runs, in ms."""
    async with play(Crier, platform=FakePlatform(limits=TELEGRAM)) as town:
        asked: dict[str, float] = {}
        answered: dict[str, float] = {}
        _note_answers(town, answered)
        await town.say("ann", "all")
        for number in range(PEOPLE):
            event = town.using(f"p{number}", "/ask")
            event = _elsewhere(event, f"fake:town/room{number}")
            asked[event.handle] = town.clock.monotonic()
            await town.app.pipeline.submit(event)
            await town.pass_time(seconds=0.5)
        await town.pass_time(seconds=CHATS / 29 + 5)
        if len(answered) != PEOPLE or sum(isinstance(r, Send) for r in town.fake.requests) != CHATS:
            raise SystemExit(
                f"{len(answered)} answers, {len(town.fake.requests)} requests: the figures are worth nothing"
            )
        waited = sorted((answered[handle] - asked[handle]) * 1000 for handle in asked)
        return statistics.quantiles(waited, n=20)[-1]


def _elsewhere(event: CommandUsed, chat: str) -> CommandUsed:
    return msgspec.structs.replace(event, chat=chat)


def _note_answers(town: Town, answered: dict[str, float]) -> None:
    perform = town.fake.perform

    def noted(request: Any) -> Any:
        if isinstance(request, Answer):
            answered[request.handle] = town.clock.monotonic()
        return perform(request)

    town.fake.perform = noted  # type: ignore[method-assign]
