"""The pictures of messages: stored once, as long as a message shows them."""

from __future__ import annotations

import hashlib

import msgspec
from sqlalchemy import bindparam, delete, exists, select
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer import Content, Picture, Statement, Transaction
from xiaoer_web.tables import messages, pictures

KEEP = Statement(upsert(pictures).values(name=bindparam("name"), png=bindparam("png")).on_conflict_do_nothing())
LOOK = Statement(select(pictures.c.png).where(pictures.c.name == bindparam("wanted")))
SHOWS = Statement(select(messages.c.picture).where(messages.c.id == bindparam("message")))
FORGET = Statement(
    delete(pictures).where(
        pictures.c.name == bindparam("unused"), ~exists().where(messages.c.picture == bindparam("unused"))
    )
)


def hung(tx: Transaction, content: Content) -> tuple[Content, str | None]:
    """Store the picture of a content; return the content as it is stored with its message, and the picture's name.

    What is stored with the message is the name and the size instead of what the picture was drawn from.
    """
    picture = content.picture
    if picture is None or not picture.png:
        return msgspec.structs.replace(content, picture=None), None
    name = hashlib.sha256(picture.png).hexdigest()
    tx.run(KEEP, name=name, png=picture.png)
    width, height = (int.from_bytes(picture.png[at : at + 4], "big") for at in (16, 20))  # PNG specification, 11.2.1
    stored = Picture(name, {"width": width, "height": height}, picture.alt)
    return msgspec.structs.replace(content, picture=stored), name


def shown(tx: Transaction, message: str) -> str | None:
    """Return the name of the picture that a message shows; None for none."""
    row = tx.one(SHOWS, message=message)
    name: str | None = row.picture if row is not None else None
    return name


def take_down(tx: Transaction, name: str | None) -> None:
    """Delete a picture that no message shows any more."""
    if name is not None:
        tx.run(FORGET, unused=name)
