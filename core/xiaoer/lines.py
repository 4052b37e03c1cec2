"""Adapters whose library takes long to load: it is loaded beside everything else, and the line kept alive."""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING, ClassVar, Protocol

from xiaoer.adapter import Adapter, Receipt, Request
from xiaoer.errors import Unreachable

if TYPE_CHECKING:
    from pydantic import BaseModel

    from xiaoer.host import Host

AGAIN = 1.0
"""Seconds after which to ask again while there is no line yet."""

ENDED = 300.0
"""Seconds after which to ask again when there will be none in this run: what has a deadline is set aside then."""


class Line(Protocol):
    """A connection to a platform, made anew each time the last one broke: ``Line(host, settings)``."""

    async def run(self) -> None:
        """Take events in until it breaks.

        Raises:
            AdapterError: beginning again cannot help.
        """
        ...

    async def close(self) -> None:
        """Hang up; called once, however it ended."""
        ...

    async def perform(self, request: Request) -> Receipt:
        """Do what is asked; see :meth:`Adapter.perform`."""
        ...


class LineAdapter(Adapter):
    """An adapter whose library is loaded in a thread once it starts; until then everything else goes on.

    Attributes:
        line: the class of the line, for instance ``xiaoer_telegram.line:Line``; only its module loads the library.
        title: what people call the platform.
    """

    line: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, settings: BaseModel, host: Host) -> None:
        super().__init__(settings, host)
        self._settings = settings
        self._line: Line | None = None
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Begin to load and connect; the log says when that is done."""
        self._running = self.host.supervise(self._run, self.platform)
        return f"{self.title} (connecting)"

    async def _run(self) -> None:
        module, _, name = self.line.partition(":")
        kind = getattr(await asyncio.to_thread(importlib.import_module, module), name)
        line: Line = kind(self.host, self._settings)
        self._line = line
        try:
            await line.run()
        finally:
            self._line = None
            await line.close()

    async def stop(self) -> None:
        """Hang up."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])

    async def perform(self, request: Request) -> Receipt:
        """Do what is asked."""
        if self._running is not None and self._running.done():
            raise Unreachable(ENDED, f"{self.title} has ended, and the log says why: see to it and start Xiaoer again")
        if self._line is None:
            raise Unreachable(AGAIN, f"{self.title} is not connected yet")
        return await self._line.perform(request)
