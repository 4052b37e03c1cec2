"""The state of the rooms: what is stored with an event, and what is stored when the bot speaks."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

import msgspec
from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer import Content, Row, Statement, Transaction
from xiaoer_web import files
from xiaoer_web.gallery import hung, shown, take_down
from xiaoer_web.tables import counter, members, messages
from xiaoer_web.translate import AnyRequest, Join, Leave, Press, React, Strip, Write

HISTORY = 200
"""So many messages of a chat a page begins with."""

BURST = 500
"""So many changes are read at once."""

NEXT_REV = Statement(update(counter).values(rev=counter.c.rev + 1).returning(counter.c.rev))
REV = Statement(select(counter.c.rev))
_member = upsert(members).values(
    space=bindparam("space"),
    id=bindparam("id"),
    name=bindparam("name"),
    locale=bindparam("locale"),
    role="member",
    here=bindparam("here"),
    rev=bindparam("rev"),
    key=bindparam("key"),
)
COME = Statement(
    _member.on_conflict_do_update(
        index_elements=["space", "id"],
        set_={"name": _member.excluded.name, "here": _member.excluded.here, "rev": _member.excluded.rev},
    )
)
GO = Statement(
    update(members)
    .values(here=False, rev=bindparam("now"))
    .where(members.c.space == bindparam("room"), members.c.id == bindparam("person"))
)
LET_IN = Statement(
    update(members)
    .values(here=True, rev=bindparam("now"))
    .where(members.c.space == bindparam("room"), members.c.id == bindparam("person"))
)
ROLE = Statement(
    update(members)
    .values(role=bindparam("became"), rev=bindparam("now"))
    .where(members.c.space == bindparam("room"), members.c.id == bindparam("person"))
)
POST = Statement(
    upsert(messages)
    .values(
        id=bindparam("id"),
        space=bindparam("space"),
        chat=bindparam("chat"),
        author=bindparam("author"),
        name=bindparam("name"),
        kind=bindparam("kind"),
        content=bindparam("content"),
        only_to=bindparam("only_to"),
        reply_to=bindparam("reply_to"),
        pinned=False,
        edited=False,
        deleted=False,
        reactions={},
        at=bindparam("at"),
        seq=bindparam("rev"),
        rev=bindparam("rev"),
        picture=bindparam("picture"),
        file=bindparam("file"),
    )
    .on_conflict_do_nothing()
)
REWORD = Statement(
    update(messages)
    .values(content=bindparam("words"), edited=True, rev=bindparam("now"))
    .where(messages.c.id == bindparam("message"), messages.c.author == bindparam("person"))
)
CHANGE = Statement(
    update(messages)
    .values(content=bindparam("words"), picture=bindparam("looks"), file=bindparam("hangs"), rev=bindparam("now"))
    .where(messages.c.id == bindparam("message"), messages.c.author.is_(None), messages.c.deleted.is_(False))
)
DELETE = Statement(
    update(messages)
    .values(deleted=True, picture=None, file=None, rev=bindparam("now"))
    .where(messages.c.id == bindparam("message"))
)
PIN = Statement(
    update(messages)
    .values(pinned=bindparam("stuck"), rev=bindparam("now"))
    .where(messages.c.id == bindparam("message"))
)
REACTIONS = Statement(select(messages.c.reactions).where(messages.c.id == bindparam("message")))
REACT = Statement(
    update(messages)
    .values(reactions=bindparam("marks"), rev=bindparam("now"))
    .where(messages.c.id == bindparam("message"))
)
MEMBER = Statement(select(members).where(members.c.space == bindparam("room"), members.c.id == bindparam("person")))
MEMBERS = Statement(select(members).order_by(members.c.space, members.c.rev))
TOUCH = Statement(
    update(members)
    .values(rev=bindparam("now"))
    .where(members.c.space == bindparam("room"), members.c.id == bindparam("person"))
)
TOUCH_ALL = Statement(update(members).values(rev=bindparam("now")).where(members.c.space == bindparam("room")))
CHANGED = Statement(select(messages).where(messages.c.rev > bindparam("since")).order_by(messages.c.rev).limit(BURST))
CHANGED_MEMBERS = Statement(select(members).where(members.c.rev > bindparam("since")).order_by(members.c.rev))
_newest = (
    select(messages)
    .where(
        messages.c.chat == bindparam("chat"),
        messages.c.deleted.is_(False),
        or_(messages.c.only_to.is_(None), messages.c.only_to == bindparam("person")),
    )
    .order_by(messages.c.seq.desc())
    .limit(HISTORY)
)
SEEN = Statement(_newest)
SEEN_ALONE = Statement(
    select(messages).where(
        messages.c.id == bindparam("message"),
        messages.c.deleted.is_(False),
        or_(messages.c.only_to.is_(None), messages.c.only_to == bindparam("person")),
    )
)
OWN = Statement(
    select(messages)
    .where(
        messages.c.space == bindparam("room"),
        messages.c.deleted.is_(False),
        messages.c.only_to == bindparam("person"),
    )
    .order_by(messages.c.seq.desc())
    .limit(HISTORY)
)
"""What only one person sees, over all chats of a room."""


class Member(Protocol):
    """A member as a row of ``MEMBERS``."""

    space: str
    id: str
    name: str
    locale: str
    role: str
    here: bool
    rev: int


def next_rev(tx: Transaction) -> int:
    """Return the next revision."""
    row = tx.one(NEXT_REV)
    if row is None:
        raise AssertionError("the sandbox's counter is gone")
    rev: int = row.rev
    return rev


def store(tx: Transaction, request: AnyRequest, name: str, at: datetime) -> None:
    """Store what a person does, with the event that it is."""
    rev = next_rev(tx)
    match request:
        case Join():
            come(tx, request, here=True)
        case Leave():
            go(tx, request.space, request.me)
        case Write() if request.edits is not None:
            words = msgspec.to_builtins(files.reworded(tx, request.edits, request.text))
            tx.run(REWORD, message=request.edits, person=request.me, words=words, now=rev)
        case Write():
            private, content = request.is_command, files.posted(tx, request.text, request.attach, request.called)
            tx.run(
                POST,
                id=f"web:{request.key}",
                space=request.space,
                chat=request.chat,
                author=request.me,
                name=name,
                kind=request.kind,
                content=msgspec.to_builtins(content),
                only_to=request.me if private else None,
                reply_to=request.reply_to,
                at=at,
                rev=rev,
                picture=None,
                file=content.file.digest if content.file is not None else None,
            )
        case React():
            _react(tx, request, rev)
        case Press() | Strip():
            pass  # pressing leaves nothing to see; what follows from it does


def come(tx: Transaction, request: Join, *, here: bool) -> None:
    """Note who comes in, or stands before the door."""
    rev = next_rev(tx)
    member = {"space": request.space, "id": request.me, "name": request.name, "locale": request.locale}
    tx.run(COME, **member, here=here, rev=rev, key=request.key)


def let_in(tx: Transaction, space: str, person: str) -> None:
    """Let somebody in who stands before the door."""
    tx.run(LET_IN, room=space, person=person, now=next_rev(tx))


def go(tx: Transaction, space: str, person: str) -> None:
    """Note who is not here any more."""
    tx.run(GO, room=space, person=person, now=next_rev(tx))


def touch(tx: Transaction, space: str, person: str | None = None) -> None:
    """Let pages hear that somebody, or the whole room, looks different."""
    if person is None:
        tx.run(TOUCH_ALL, room=space, now=next_rev(tx))
    else:
        tx.run(TOUCH, room=space, person=person, now=next_rev(tx))


def _react(tx: Transaction, request: React, rev: int) -> None:
    row = tx.one(REACTIONS, message=request.message)
    if row is None:
        return
    marks: dict[str, list[str]] = row.reactions
    people = [person for person in marks.get(request.emoji, []) if person != request.me]
    marks[request.emoji] = [*people, request.me] if request.on else people
    tx.run(REACT, message=request.message, marks={emoji: who for emoji, who in marks.items() if who}, now=rev)


def speak(
    tx: Transaction, name: str, chat: str, content: Content, at: datetime, only_to: str | None, reply_to: str | None
) -> None:
    """Store what the bot says; the same id is one message, which says what was asked for last."""
    stored, picture = hung(tx, files.hung(tx, content, at))
    file = stored.file.digest if stored.file is not None else None
    posted = tx.run(
        POST,
        id=name,
        space=chat.partition("/")[0],
        chat=chat,
        author=None,
        name="",
        kind="text",
        content=msgspec.to_builtins(stored),
        only_to=only_to,
        reply_to=reply_to,
        at=at,
        rev=next_rev(tx),
        picture=picture,
        file=file,
    )
    if not posted:
        change(tx, name, content, at)


def change(tx: Transaction, message: str, content: Content, at: datetime) -> int:
    """Change what the bot said and return how many messages that were."""
    before, had = shown(tx, message), files.hangs(tx, message)
    stored, picture = hung(tx, files.hung(tx, content, at))
    file = stored.file.digest if stored.file is not None else None
    words = msgspec.to_builtins(stored)
    number = tx.run(CHANGE, message=message, words=words, looks=picture, hangs=file, now=next_rev(tx))
    for name in {before, picture}:
        take_down(tx, name)
    for digest in {had, file}:
        files.take_down(tx, digest)
    return number


def remove(tx: Transaction, message: str) -> None:
    """Take a message away."""
    picture, file = shown(tx, message), files.hangs(tx, message)
    tx.run(DELETE, message=message, now=next_rev(tx))
    take_down(tx, picture)
    files.take_down(tx, file)


def pin(tx: Transaction, message: str, pinned: bool) -> None:
    """Pin a message or unpin it."""
    tx.run(PIN, message=message, stuck=pinned, now=next_rev(tx))


def act_as(tx: Transaction, space: str, person: str, role: str) -> None:
    """Give a member a role in the room."""
    tx.run(ROLE, room=space, person=person, became=role, now=next_rev(tx))


def sees(member: Member, row: Row) -> bool:
    """Return whether a member sees a message, given that they see its chat."""
    only_to: Any = row.only_to
    return only_to is None or only_to == member.id
