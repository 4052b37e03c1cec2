"""Commands and pressed buttons: Discord wants a first answer within three seconds, so late ones are announced."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypeAlias

import structlog

from xiaoer import Answer, ButtonPressed, Clock, CommandUsed, Outcome, Patience, Visibility
from xiaoer_discord.faults import ANSWERED, FAILURES, TOO_LATE, UNKNOWN_MESSAGE, UNREADABLE, has_code
from xiaoer_discord.render import Rendered
from xiaoer_discord.rest import HIDDEN, LOADING, Rest

PATIENCE = 2.0
"""Seconds of platform time after which an answer is announced; three are allowed (Discord docs, Responding)."""

REMEMBERED = 10_000
"""So many interactions are remembered; tokens are good for 15 minutes."""


State: TypeAlias = Literal["open", "unsure", "hidden", "shown", "noticed", "answered"]


@dataclass
class Interaction:
    """What has been said to Discord about one command or pressed button.

    Args:
        name: its id.
        token: its token, which is never logged.
        button: whether it is a pressed button.
        state: ``hidden`` or ``shown`` when a message was announced that one person or everybody will see, ``noticed``
            when it was taken silently, ``unsure`` when something may have been said that we do not know of.
    """

    name: str
    token: str = field(repr=False)
    button: bool
    state: State = "open"
    lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)


def read(handle: str, state: State) -> Interaction:
    """Return the interaction that a handle names."""
    name, _, token = handle[1:].partition("/")
    return Interaction(name, token, handle.startswith("b"), state)


class Interactions:
    """Answers commands and pressed buttons.

    Args:
        clock: platform time.
        rest: reaches Discord.
        spawn: keeps a background task as long as the connection.
    """

    def __init__(self, clock: Clock, rest: Rest, spawn: Callable[[Coroutine[Any, Any, None]], None]) -> None:
        self._rest = rest
        self._spawn = spawn
        self._known: OrderedDict[str, Interaction] = OrderedDict()
        self._over = False
        self._patience = Patience(clock, PATIENCE, spawn)

    def end(self) -> None:
        """Stop waiting; an event that is stored later finds nobody who could be told."""
        self._over = True

    def opened(self, event: CommandUsed | ButtonPressed, answered: Visibility, stored: asyncio.Future[Outcome]) -> None:
        """Hear of a command or pressed button that was taken in.

        Args:
            event: what was asked.
            answered: who will see the answer.
            stored: done when the event is safe.
        """
        if event.handle in self._known:
            return  # Discord told it twice
        known = self._known[event.handle] = read(event.handle, "open")
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        stored.add_done_callback(_look_at)
        self._patience.wait(partial(self._look_after, known, answered))
        if answered == "none":
            stored.add_done_callback(lambda _: self._look_after(known, answered))

    def _look_after(self, known: Interaction, answered: Visibility) -> None:
        if known.state == "open" and not self._over:
            self._spawn(self._take_notice(known, answered))

    async def _take_notice(self, known: Interaction, answered: Visibility) -> None:
        async with known.lock:
            if known.state == "open":
                try:
                    await self._announce(known, answered)
                except (*FAILURES, *UNREADABLE) as error:
                    log = structlog.get_logger()
                    log.warning("discord: late answer not announced", interaction=known.name, reason=str(error))

    async def _announce(self, known: Interaction, answered: Visibility) -> None:
        known.state = "unsure"
        if known.button and answered == "none":
            await self._rest.announce(known.name, known.token, 6, {})
            known.state = "noticed"
            return
        hidden = answered != "public"
        await self._rest.announce(known.name, known.token, 5, {"flags": HIDDEN} if hidden else {})
        known.state = "hidden" if hidden else "shown"
        if answered == "none":  # a command must be answered with something, which is taken away at once
            await self._rest.take_back(known.token)
            known.state = "noticed"

    async def answer(self, request: Answer, rendered: Rendered) -> bool:
        """Answer in the way that is still open; return whether one was.

        Raises:
            discord.HTTPException: Discord will not have it.
        """
        known = self._known.get(request.handle) or read(request.handle, "unsure")
        async with known.lock:
            try:
                await self._say(known, rendered, private=request.private)
            except FAILURES as error:
                if has_code(error, *TOO_LATE):
                    return False
                raise
            known.state = "answered"
            return True

    async def _say(self, known: Interaction, rendered: Rendered, *, private: bool) -> None:
        flags = {"flags": HIDDEN} if private else {}
        if known.state in ("open", "unsure"):
            first, known.state = known.state == "open", "unsure"
            try:
                await self._rest.respond(known.name, known.token, rendered, flags)
            except FAILURES as error:
                if not has_code(error, ANSWERED):
                    raise
            else:
                return
            if first:
                return  # discord.py itself asked twice, as it does after a 502, and the first time had been heard
            await self._look(known)
        if known.state == ("hidden" if private else "shown"):
            await self._rest.fill(known.token, rendered)
            return
        if known.state in ("hidden", "shown"):  # who sees an announced message is fixed, so it is taken away
            await self._rest.take_back(known.token)
            known.state = "noticed"
        await self._rest.follow_up(known.token, rendered, flags)

    async def _look(self, known: Interaction) -> None:
        """Take away what was announced before a restart; the original of a button may also be what it is under."""
        try:
            flags = await self._rest.flags_of_original(known.token)
            if flags & LOADING:
                await self._rest.take_back(known.token)
        except FAILURES as error:
            if not has_code(error, UNKNOWN_MESSAGE):
                raise
        known.state = "noticed"


def _look_at(stored: asyncio.Future[Outcome]) -> None:
    """Hear whether an event could be stored; if not, the core has said so and goes on trying."""
    if not stored.cancelled():
        stored.exception()
