"""Pictures of messages: drawn by their plugin just before a message goes out, and stored nowhere.

A plugin may take its time over a picture or never be done. So each is drawn in a thread of its own, one of a plugin at
a time, and nobody waits long for it: the message goes out without. Threads of a pool would not do, because a program
that ends waits for them, and because one plugin could hold all of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec
import structlog

from xiaoer.adapter import Answer, Edit, Request, Send
from xiaoer.content import Content, Picture
from xiaoer.errors import PluginError
from xiaoer.plugin import PictureSpec, Plugin, marked
from xiaoer.units import describe

if TYPE_CHECKING:
    from xiaoer.clocks import Clock

Draw: TypeAlias = Callable[[dict[str, Any]], bytes]

LIMIT = 5 * 2**20
"""Bytes of a picture; Telegram takes 10 MB (Bot API, sendPhoto), Discord 10 MiB (Discord docs, Uploading Files)."""

PATIENCE = 3.0
"""Seconds of platform time after which a message goes out without its picture."""

KEPT = 16 * 2**20
"""Bytes of drawn pictures that are kept, so that what goes to a hundred chats is drawn once."""

REMEMBERED = 1_000
"""So many causes of failures are remembered, each of which is logged once."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
"""How a PNG begins (PNG specification, 5.2 and 11.2.1)."""


class PictureTable:
    """What draws the pictures of plugins.

    Args:
        plugins: (name, plugin).

    Raises:
        PluginError: a plugin declares a picture twice.
    """

    def __init__(self, plugins: Iterable[tuple[str, Plugin[Any]]]) -> None:
        self._draws: dict[tuple[str, str], Draw] = {}
        for name, plugin in plugins:
            for function, spec in marked(plugin):
                if isinstance(spec, PictureSpec):
                    if (name, spec.name) in self._draws:
                        raise PluginError(name, f"picture {spec.name} is declared twice")
                    self._draws[name, spec.name] = function

    def find(self, plugin: str, name: str) -> Draw | None:
        """Return what draws a picture; None when its plugin does not declare it, or not any more."""
        return self._draws.get((plugin, name))


class Undrawn(NamedTuple):
    """Why there is no picture.

    Args:
        reason: in words.
        error: what the plugin raised, if it did.
    """

    reason: str
    error: BaseException | None = None


class Pictures:
    """Draws what messages show.

    Args:
        table: what draws it.
        clock: platform time.
    """

    def __init__(self, table: PictureTable, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._turns: dict[str, asyncio.Lock] = {}
        self._late: dict[str, asyncio.Future[object]] = {}
        self._kept: OrderedDict[tuple[str, str, bytes], bytes] = OrderedDict()
        self._size = 0
        self._told: set[tuple[str, str, str]] = set()

    async def drawn(self, plugin: str, request: Request) -> Request:
        """Return a request with its picture drawn; without it when it cannot be, which is logged once for each cause.

        Args:
            plugin: whose picture it is.
            request: what a platform is to be asked for.
        """
        if not isinstance(request, Send | Edit | Answer) or request.content.picture is None:
            return request
        content, picture = request.content, request.content.picture
        png = await self._png(plugin, picture)
        if isinstance(png, Undrawn):
            self._complain(plugin, picture.name, png)
            return msgspec.structs.replace(request, content=without_picture(content))
        shown = msgspec.structs.replace(picture, png=png)
        return msgspec.structs.replace(request, content=msgspec.structs.replace(content, picture=shown))

    async def _png(self, plugin: str, picture: Picture) -> bytes | Undrawn:
        draw = self._table.find(plugin, picture.name)
        if draw is None:
            return Undrawn("the plugin declares no such picture")
        key = plugin, picture.name, msgspec.json.encode(picture.data, order="sorted")
        async with self._turns.setdefault(plugin, asyncio.Lock()):
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
            png = checked(await self._draw(plugin, draw, msgspec.json.decode(key[2])))
            if isinstance(png, bytes):
                self._keep(key, png)
            return png

    async def _draw(self, plugin: str, draw: Draw, data: dict[str, Any]) -> object:
        """Return what a plugin draws, in time or as ``Undrawn``."""
        late = self._late.get(plugin)
        if late is not None and not late.done():
            return Undrawn("the plugin is still at another picture")
        loop = asyncio.get_running_loop()
        drawn: asyncio.Future[object] = loop.create_future()

        def work() -> None:
            result = _attempt(draw, data)
            with contextlib.suppress(RuntimeError):  # nobody waits any more: the loop has ended
                loop.call_soon_threadsafe(drawn.set_result, result)

        threading.Thread(target=work, name=f"xiaoer-picture-{plugin}", daemon=True).start()
        patience = asyncio.ensure_future(self._clock.sleep(PATIENCE))
        waits: set[asyncio.Future[Any]] = {drawn, patience}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            patience.cancel()
        if not drawn.done():
            self._late[plugin] = drawn
            return Undrawn(f"it took longer than {PATIENCE:g} s")
        return drawn.result()

    def _keep(self, key: tuple[str, str, bytes], png: bytes) -> None:
        self._kept[key] = png
        self._size += len(png)
        while self._size > KEPT:
            self._size -= len(self._kept.popitem(last=False)[1])

    def _complain(self, plugin: str, name: str, undrawn: Undrawn) -> None:
        cause = plugin, name, undrawn.reason
        if cause in self._told:
            return
        if len(self._told) >= REMEMBERED:
            self._told.clear()
        self._told.add(cause)
        structlog.get_logger().error(
            "picture left out", plugin=plugin, picture=name, reason=undrawn.reason, exc_info=undrawn.error
        )


def checked(drawn: object) -> bytes | Undrawn:
    """Return what a plugin drew, if it is a picture that can be shown."""
    if isinstance(drawn, Undrawn):
        return drawn
    if isinstance(drawn, BaseException):
        return Undrawn(describe(drawn), drawn)
    if not isinstance(drawn, bytes):
        return Undrawn(f"it must be bytes, and is {type(drawn).__name__}")
    if not drawn.startswith(_SIGNATURE):
        return Undrawn("it must be a PNG")
    if len(drawn) > LIMIT:
        return Undrawn(f"it has {len(drawn)} bytes, and may have {LIMIT}")
    return drawn


def without_picture(content: Content) -> Content:
    """Return a content without its picture, for which its alternative text stands where there is no other."""
    if content.picture is None:
        return content
    text = content.text if content.plain.strip() else (content.picture.alt,)
    return msgspec.structs.replace(content, text=text, picture=None)


def _attempt(draw: Draw, data: dict[str, Any]) -> object:
    try:
        return draw(data)
    except BaseException as error:  # noqa: BLE001 - bulkhead "hook": drawing is the plugin's
        return error
