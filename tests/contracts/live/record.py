"""What an adapter hears and what it performs, noted as it passes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from xiaoer import (
    Adapter,
    Answer,
    AnyEvent,
    Button,
    CommandForm,
    Content,
    Delete,
    Edit,
    Host,
    Outcome,
    Receipt,
    Request,
    Send,
    Transaction,
)
from xiaoer.events import PlatformEvent

E = TypeVar("E", bound=PlatformEvent)


class Record:
    """What passed through one adapter, also over restarts.

    Attributes:
        events: what it heard, each once.
        performed: what it performed with success, with what the platform said.
        ready: set once it is connected.
    """

    def __init__(self) -> None:
        self.events: list[PlatformEvent] = []
        self.performed: list[tuple[Request, Receipt]] = []
        self.ready = asyncio.Event()
        self._keys: set[str] = set()
        self._news = asyncio.Event()

    def heard(self, event: AnyEvent) -> None:
        """Note an event; one that is told again is the same."""
        if isinstance(event, PlatformEvent) and event.key not in self._keys:
            self._keys.add(event.key)
            self.events.append(event)
            self._news.set()

    async def next(self, after: int, kind: type[E], fits: Callable[[E], bool]) -> E:
        """Return the first fitting event behind so many others, when it is there."""
        while True:
            for event in self.events[after:]:
                if isinstance(event, kind) and fits(event):
                    return event
            self._news.clear()
            await self._news.wait()


class Listening:
    """The core as an adapter sees it, with an ear at the door.

    Args:
        host: the core.
        record: takes down what is said.
    """

    def __init__(self, host: Host, record: Record) -> None:
        self._host = host
        self._record = record

    def __getattr__(self, name: str) -> Any:
        return getattr(self._host, name)

    def submit(
        self, event: AnyEvent, *writes: Callable[[Transaction], None], park: bool = False
    ) -> asyncio.Future[Outcome]:
        """Note an event and pass it on."""
        stored = self._host.submit(event, *writes, park=park)
        self._record.heard(event)
        return stored

    def command_forms(self, community: str) -> tuple[CommandForm, ...]:
        """Return the commands, for which an adapter asks as soon as it is connected and begins to listen."""
        self._record.ready.set()
        return self._host.command_forms(community)


def recording(kind: type[Adapter], record: Record) -> type[Adapter]:
    """Return an adapter class that is recorded; it stays in its package, where its texts and migrations are."""

    def begin(self: Adapter, settings: BaseModel, host: Host) -> None:
        kind.__init__(self, settings, cast("Host", Listening(host, record)))

    async def perform(self: Adapter, request: Request) -> Receipt:
        receipt = await kind.perform(self, request)
        record.performed.append((request, receipt))
        return receipt

    return type(kind.__name__, (kind,), {"__init__": begin, "perform": perform, "__module__": kind.__module__})


@dataclass
class Standing:
    """A message of the bot as it stands.

    Args:
        id: the platform's; one of ours where it says none.
        content: what it says.
        only_to: the account that alone sees it; empty for everybody.
        handle: the command or pressed button that it answers.
        edits: how often it was changed.
        gone: whether it was deleted.
    """

    id: str
    content: Content
    only_to: str = ""
    handle: str = ""
    edits: int = 0
    gone: bool = False

    @property
    def buttons(self) -> dict[str, Button]:
        """Its buttons by what they say."""
        return {button.label: button for row in self.content.buttons for button in row}


def standing(performed: Iterable[tuple[Request, Receipt]]) -> list[Standing]:
    """Return the messages of the bot, in the order in which they came to be."""
    found: dict[str, Standing] = {}
    for number, (request, receipt) in enumerate(performed, 1):
        name = receipt.message or f"answer {number}"
        match request:
            case Send():
                found[name] = Standing(name, request.content, request.only_to or "")
            case Answer():
                only_to = request.to if request.private else ""
                found[name] = Standing(name, request.content, only_to, request.handle)
            case Edit() if request.message in found:
                found[request.message].content = request.content
                found[request.message].edits += 1
            case Delete() if request.message in found:
                found[request.message].gone = True
            case _:
                pass
    return list(found.values())
