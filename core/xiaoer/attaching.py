"""Kept files of messages: read just before a message goes out, and stored when one was fetched."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING

import msgspec
import structlog

from xiaoer.actions import NOTHING, AnyAction, Gained, KeepFile
from xiaoer.adapter import Answer, Edit, Fetch, Receipt, Request, Send
from xiaoer.content import Content, Stored
from xiaoer.errors import DeliveryError, FileRefused, Gone, Hopeless
from xiaoer.filing import ABOUT, FILE, Copy, FileRules, examined, fitting, keep, too_large
from xiaoer.outbox import Entry, end

if TYPE_CHECKING:
    from xiaoer.store import Store
    from xiaoer.transaction import Transaction

KEPT = 32 * 2**20
"""Bytes of files that stay in memory, so that what goes to a hundred chats is read once."""

REMEMBERED = 1_000
"""So many missing files are remembered, each of which is logged once."""


class Files:
    """Brings messages their files, and files their place.

    Args:
        store: holds them.
        rules: what may be kept.
    """

    def __init__(self, store: Store, rules: FileRules) -> None:
        self._store = store
        self._rules = rules
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0
        self._told: set[tuple[str, str, str]] = set()

    async def loaded(self, community: str, plugin: str, request: Request) -> Request:
        """Return a request with its file; without it where it is not kept any more, which is logged once.

        Args:
            community: whose message it is.
            plugin: whose file it is.
            request: what a platform is to be asked for.

        Raises:
            StoreError: it cannot be read.
        """
        if isinstance(request, Fetch):
            return msgspec.structs.replace(request, limit=self._rules.limit)
        if not isinstance(request, Send | Edit | Answer) or request.content.file is None:
            return request
        content, file = request.content, request.content.file
        place = {"of": community, "by": plugin, "which": file.digest}
        rows = await self._store.read(ABOUT, **place)
        data = await self._data(place) if rows else None
        if data is None:
            self._complain(community, plugin, file.digest)
            return msgspec.structs.replace(request, content=without_file(content))
        mime = rows[0].mime
        whole = Stored(file.digest, fitting(file.name or rows[0].name, mime), mime, file.alt, data)
        return msgspec.structs.replace(request, content=msgspec.structs.replace(content, file=whole))

    async def _data(self, place: dict[str, str]) -> bytes | None:
        digest = place["which"]
        kept = self._kept.get(digest)
        if kept is not None:
            self._kept.move_to_end(digest)
            return kept
        rows = await self._store.report(FILE, **place)
        if not rows:
            return None
        data: bytes = rows[0].data
        self._remember(digest, data)
        return data

    def _remember(self, digest: str, data: bytes) -> None:
        self._size += len(data) - len(self._kept.pop(digest, b""))
        self._kept[digest] = data
        while self._size > KEPT:
            self._size -= len(self._kept.popitem(last=False)[1])

    def _complain(self, community: str, plugin: str, digest: str) -> None:
        what = community, plugin, digest
        if what in self._told:
            return
        if len(self._told) >= REMEMBERED:
            self._told.clear()
        self._told.add(what)
        structlog.get_logger().error("file left out: it is not kept", community=community, plugin=plugin, file=digest)

    async def fetched(self, action: KeepFile, result: Receipt | DeliveryError) -> Copy | DeliveryError:
        """Return the file that a platform handed out, as it is kept, or why it is not."""
        if isinstance(result, FileRefused) and not result.key:
            return too_large(self._rules)
        if isinstance(result, DeliveryError):
            return result
        if result.data is None:
            return Hopeless("the platform handed out nothing")
        file = action.attachment
        try:  # in a thread, because a large file takes longer to be looked at than others should wait
            return await asyncio.to_thread(examined, result.data, file.name, file.mime, self._rules)
        except FileRefused as error:
            return error


def ending(action: AnyAction, error: DeliveryError) -> Gained:
    """Return what a plugin is told beside the reason why an action failed."""
    if isinstance(error, Hopeless) and error.key:
        return Gained(why=error.key, values=error.values)
    if not isinstance(action, KeepFile):
        return NOTHING
    if isinstance(error, Gone):
        return Gained(why="xiaoer.file.gone")
    return Gained(why="xiaoer.file.not_fetched", values={"reason": error.reason})


def put_away(tx: Transaction, entry: Entry, copy: Copy) -> None:
    """Keep a file that was fetched, and tell its plugin."""
    end(tx, entry, "done", None, None, Gained(file=keep(tx, entry.community, entry.plugin, copy)))


def without_file(content: Content) -> Content:
    """Return a content without its file, for which its alternative text stands where there is no other."""
    if content.file is None:
        return content
    text = content.text if content.plain.strip() else (content.file.alt or content.file.name,)
    return msgspec.structs.replace(content, text=text, file=None)
