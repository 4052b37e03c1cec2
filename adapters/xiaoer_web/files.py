"""The files of messages: stored once, as long as a message has them, and handed out so that nothing in them runs.

A picture or a video is shown; everything else is a download, whatever it pretends to be.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, TypeAlias
from urllib.parse import quote

import msgspec
from sqlalchemy import bindparam, delete, exists, select
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer import (
    Content,
    Fetch,
    FileRefused,
    Gone,
    MessageKind,
    Receipt,
    Row,
    Statement,
    Store,
    Stored,
    Transaction,
    mime_of,
    one_line,
)
from xiaoer_web.tables import files, messages

LARGEST = 20 * 2**20
"""Bytes of a file that somebody posts; as much as Telegram hands out to bots (Bot API, getFile)."""

UNUSED = timedelta(hours=1)
"""How long a file is kept that no message has yet."""

NAME = 100
"""Characters of a file's name."""

SHOWN: dict[str, Literal["image", "video"]] = {
    "image/png": "image",
    "image/jpeg": "image",
    "image/gif": "image",
    "image/webp": "image",
    "video/mp4": "video",
}
"""What is shown, and how; a picture that can hold scripts (SVG) is not among it."""

PLAIN = frozenset({"text/plain", "application/pdf"})
"""What a download may be called beside a heap of bytes."""

Show: TypeAlias = Literal["image", "video", "download"]

KEEP = Statement(
    upsert(files)
    .values(
        digest=bindparam("digest"),
        mime=bindparam("mime"),
        name=bindparam("name"),
        size=bindparam("size"),
        data=bindparam("data"),
        at=bindparam("at"),
    )
    .on_conflict_do_nothing()
)
LOOK = Statement(
    select(files.c.mime, files.c.name, files.c.size, files.c.data).where(files.c.digest == bindparam("wanted"))
)
ABOUT = Statement(select(files.c.mime, files.c.name).where(files.c.digest == bindparam("wanted")))
HANGS = Statement(select(messages.c.file).where(messages.c.id == bindparam("message")))
SAYS = Statement(select(messages.c.content).where(messages.c.id == bindparam("message")))
FORGET = Statement(
    delete(files).where(files.c.digest == bindparam("unused"), ~exists().where(messages.c.file == bindparam("unused")))
)
TIDY = Statement(
    delete(files).where(files.c.at < bindparam("before"), ~exists().where(messages.c.file == files.c.digest))
)


class Upload(NamedTuple):
    """A file that somebody is about to post."""

    digest: str
    mime: str
    name: str
    data: bytes

    @property
    def kind(self) -> MessageKind:
        """What a message with it carries."""
        return kind_of(self.mime)


def read(data: bytes, name: str) -> Upload:
    """Return a file that somebody is about to post; what it is, its content says."""
    return Upload(hashlib.sha256(data).hexdigest(), mime_of(data), one_line(name, NAME) or "file", data)


def kind_of(mime: str) -> MessageKind:
    """Return what a message with a file carries."""
    kinds: dict[Show, MessageKind] = {"image": "photo", "video": "video", "download": "file"}
    return kinds[shown_as(mime)]


def shown_as(mime: str) -> Show:
    """Return how a file is shown."""
    return SHOWN.get(mime, "download")


def headers_of(mime: str, name: str) -> dict[str, str]:
    """Return how a file is handed out: what is not shown is a download (RFC 6266, 4)."""
    if mime in SHOWN:
        return {"content-type": mime}
    kind = f"{mime}; charset=utf-8" if mime == "text/plain" else mime if mime in PLAIN else "application/octet-stream"
    return {"content-type": kind, "content-disposition": f"attachment; filename*=UTF-8''{quote(name)}"}


def lay(tx: Transaction, upload: Upload, at: datetime) -> None:
    """Store a file that a message is about to have; one that none came for is thrown away."""
    tx.run(TIDY, before=at - UNUSED)
    _keep(tx, upload, at)


def _keep(tx: Transaction, upload: Upload, at: datetime) -> None:
    data = upload.data
    tx.run(KEEP, digest=upload.digest, mime=upload.mime, name=upload.name, size=len(data), data=data, at=at)


def posted(tx: Transaction, text: str, digest: str | None, name: str) -> Content:
    """Return what somebody posts, with its file if that is there, which may have had another name before."""
    row = tx.one(ABOUT, wanted=digest) if digest is not None else None
    words = (text,) if text else ()
    return Content(
        words,
        file=Stored(digest, one_line(name, NAME) or row.name, row.mime)
        if digest is not None and row is not None
        else None,
    )


def reworded(tx: Transaction, message: str, text: str) -> Content:
    """Return what a message says when its words are changed and its file stays."""
    row = tx.one(SAYS, message=message)
    file = msgspec.convert(row.content, Content).file if row is not None else None
    return Content((text,), file=file)


def hung(tx: Transaction, content: Content, at: datetime) -> Content:
    """Store the file of what the bot says; return the content as it is stored with its message."""
    file = content.file
    if file is None or not file.data:
        return msgspec.structs.replace(content, file=None)
    _keep(tx, Upload(file.digest, file.mime, file.name, file.data), at)
    return msgspec.structs.replace(content, file=msgspec.structs.replace(file, data=b""))


def hangs(tx: Transaction, message: str) -> str | None:
    """Return the file that a message has; None for none."""
    row = tx.one(HANGS, message=message)
    digest: str | None = row.file if row is not None else None
    return digest


def take_down(tx: Transaction, digest: str | None) -> None:
    """Delete a file that no message has any more."""
    if digest is not None:
        tx.run(FORGET, unused=digest)


async def fetch(store: Store, request: Fetch) -> Receipt:
    """Return the bytes of a file that hangs on a message.

    Raises:
        FileRefused: it has too many.
        Gone: its message is gone.
    """
    rows: list[Row] = await store.report(LOOK, wanted=request.attachment.handle)
    if not rows:
        raise Gone("the file is not there any more")
    if rows[0].size > request.limit:
        raise FileRefused
    return Receipt(data=rows[0].data)
