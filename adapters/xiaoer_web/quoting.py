"""The message that a command was used on."""

from __future__ import annotations

from typing import cast

import msgspec
from sqlalchemy import bindparam, select

from xiaoer import Attachment, Content, MessageKind, Quoted, Row, Statement, Who
from xiaoer_web.files import kind_of
from xiaoer_web.people import Person
from xiaoer_web.tables import files, messages

ANSWERED = Statement(
    select(messages, files.c.size.label("size"))
    .outerjoin(files, files.c.digest == messages.c.file)
    .where(messages.c.id == bindparam("message"), messages.c.chat == bindparam("place"), messages.c.deleted.is_(False))
)


def quoted(row: Row, reader: Person, author: Person | None) -> Quoted | None:
    """Return a message as a command is used on it; None when the person who uses it does not see it.

    Args:
        row: the message.
        reader: who uses the command.
        author: who wrote it; None for the bot.
    """
    if row.only_to not in (None, reader.id):
        return None
    who = author.who if author is not None else Who(f"web:{row.author}", row.name) if row.author else None
    content = msgspec.convert(row.content, Content)
    file = content.file
    attached = (
        (Attachment(kind_of(file.mime), file.name, file.mime, row.size, file.digest),) if file is not None else ()
    )
    return Quoted(row.id, who, content.plain, cast("MessageKind", row.kind), attached)
