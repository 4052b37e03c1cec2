"""The message that a command was used on."""

from __future__ import annotations

from typing import cast

import msgspec
from sqlalchemy import bindparam, select

from xiaoer import Content, MessageKind, Quoted, Row, Statement, Who
from xiaoer_web.people import Person
from xiaoer_web.tables import messages

ANSWERED = Statement(
    select(messages).where(
        messages.c.id == bindparam("message"), messages.c.chat == bindparam("place"), messages.c.deleted.is_(False)
    )
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
    return Quoted(row.id, who, msgspec.convert(row.content, Content).plain, cast("MessageKind", row.kind))
