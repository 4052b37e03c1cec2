"""The broadcaster's statements."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BindParameter,
    Integer,
    Select,
    String,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer import Statement, accounts_of
from xiaoer_broadcaster.item import READY
from xiaoer_broadcaster.tables import changes, items, messages, posts, presses, slots, teasers

_here = bindparam("here", type_=String)
_number = bindparam("nr", type_=Integer)
_theirs = accounts_of(bindparam("who", type_=String))

_of_item = [column for column in items.columns if column.name not in ("id", "community", "made", "changed")]
_brief = [column for column in _of_item if column.name != "text"]

ADD = Statement(
    insert(items).values({column.name: bindparam(column.name) for column in items.columns if column.name != "id"})
)
_new: dict[str, BindParameter[Any]] = {
    column.name: bindparam(f"new_{column.name}") for column in _of_item if column.name != "number"
}
_new["changed"] = bindparam("moment")
CHANGE = Statement(update(items).values(_new).where(items.c.community == _here, items.c.number == _number))
_given = func.json_each(bindparam("rows", type_=String)).table_valued("value")


def _fields(names: list[str]) -> Select[Any]:
    """Return the fields of each of many rows, which are given as one JSON text."""
    return select(*[func.json_extract(_given.c.value, f"$.{name}") for name in names]).where(true())


_whole = [column.name for column in items.columns if column.name != "id"]
_put = upsert(items).from_select(_whole, _fields(_whole))
PUT = Statement(
    _put.on_conflict_do_update(
        index_elements=["community", "number"],
        set_={name: _put.excluded[name] for name in _whole if name not in ("community", "number", "made")},
    )
)
"""Stores many items at once: one by one they would take longer than a transaction may."""
LATEST = Statement(select(func.coalesce(func.max(changes.c.id), 0).label("id")).where(changes.c.community == _here))
"""The newest change of the library; another one says that somebody has changed it meanwhile."""
INDEX = Statement(
    select(items.c.number, items.c.source, items.c.day, items.c.at_slot).where(items.c.community == _here)
)
AMONG = Statement(select(*_of_item).where(items.c.community == _here, items.c.number.in_(select(_given.c.value))))
ITEM = Statement(select(*_of_item).where(items.c.community == _here, items.c.number == _number))
LIBRARY = Statement(select(*_of_item).where(items.c.community == _here).order_by(items.c.number))
BRIEF = Statement(
    select(*_brief, func.substr(items.c.text, 1, 120).label("text"))
    .where(items.c.community == _here, items.c.state.in_(READY))
    .order_by(items.c.number)
)
"""What may go out, with the beginning of each text: enough to choose and to name one."""
LIST = Statement(
    select(*_brief, func.substr(items.c.text, 1, 120).label("text"))
    .where(items.c.community == _here, or_(bindparam("only") == "", items.c.state == bindparam("only")))
    .order_by(items.c.changed.desc(), items.c.number.desc())
    .limit(bindparam("limit"))
)
COUNTS = Statement(
    select(
        func.count().label("number"),
        func.coalesce(func.max(items.c.number), 0).label("highest"),
    ).where(items.c.community == _here)
)
SUBMITTED = Statement(
    select(func.count().label("number")).where(
        changes.c.community == _here,
        changes.c.by.in_(_theirs),
        changes.c.at >= bindparam("since"),
        changes.c.act == "submit",
    )
)
PLANNED = Statement(
    select(items.c.number).where(
        items.c.community == _here,
        items.c.state == "scheduled",
        items.c.day == bindparam("on_day"),
        items.c.at_slot == bindparam("in_slot"),
    )
)
OVERDUE = Statement(
    select(items.c.number, items.c.day, items.c.at_slot).where(
        items.c.community == _here, items.c.state == "scheduled", items.c.day < bindparam("before")
    )
)
FORGOTTEN = Statement(
    select(items.c.digest).where(
        items.c.community == _here,
        items.c.state.in_(["rejected", "withdrawn"]),
        items.c.changed < bindparam("before"),
        items.c.digest != "",
    )
)
FORGET = Statement(
    update(items)
    .values(text="", digest="", file_name="", mime="")
    .where(
        items.c.community == _here,
        items.c.state.in_(["rejected", "withdrawn"]),
        items.c.changed < bindparam("before"),
        or_(items.c.text != "", items.c.digest != ""),
    )
)

NOTE = Statement(
    insert(changes).values({column.name: bindparam(column.name) for column in changes.columns if column.name != "id"})
)
_noted = [column.name for column in changes.columns if column.name != "id"]
NOTE_ALL = Statement(insert(changes).from_select(_noted, _fields(_noted)))
HISTORY = Statement(
    select(changes.c.act, changes.c.state, changes.c.note, changes.c.by_name, changes.c.at)
    .where(changes.c.community == _here, changes.c.number == _number)
    .order_by(changes.c.id.desc())
    .limit(bindparam("limit"))
)

SLOTS = Statement(select(slots.c.slot, slots.c.window, slots.c.own, slots.c.since).where(slots.c.community == _here))
_slot = upsert(slots).values({column.name: bindparam(column.name) for column in slots.columns})
SET_SLOT = Statement(
    _slot.on_conflict_do_update(
        index_elements=["community", "slot"], set_={name: _slot.excluded[name] for name in ("window", "own", "since")}
    )
)
DROP_SLOT = Statement(delete(slots).where(slots.c.community == _here, slots.c.slot == bindparam("name")))

SETTLE = Statement(
    upsert(posts)
    .values({name: bindparam(name) for name in ("community", "day", "slot", "state", "item", "at", "deadline")})
    .on_conflict_do_nothing()
)
SETTLED = Statement(
    select(posts.c.id, posts.c.day, posts.c.slot, posts.c.state, posts.c.item, posts.c.at, posts.c.deadline).where(
        posts.c.community == _here, posts.c.day >= bindparam("since")
    )
)
POST = Statement(select(posts).where(posts.c.community == _here, posts.c.id == bindparam("whose")))
POST_AT = Statement(
    select(posts).where(
        posts.c.community == _here, posts.c.day == bindparam("on_day"), posts.c.slot == bindparam("in_slot")
    )
)
BECOME = Statement(
    update(posts).values(state=bindparam("became")).where(posts.c.id == bindparam("post"), posts.c.community == _here)
)
NEWEST = Statement(
    select(posts).where(posts.c.community == _here, posts.c.item.is_not(None)).order_by(posts.c.id.desc()).limit(1)
)
POSTS_OF = Statement(
    select(posts).where(posts.c.community == _here, posts.c.item == _number).order_by(posts.c.id.desc()).limit(5)
)
PURGE = Statement(
    delete(posts).where(
        posts.c.community == _here,
        posts.c.state.in_(["empty", "skipped", "missed"]),
        posts.c.at < bindparam("before"),
        posts.c.day < bindparam("first"),
    )
)

TEASED = Statement(
    upsert(teasers)
    .values({name: bindparam(name) for name in ("community", "day", "slot", "minutes", "item", "due")})
    .on_conflict_do_nothing()
)
TEASERS = Statement(
    select(teasers.c.id, teasers.c.minutes, teasers.c.item, teasers.c.due).where(
        teasers.c.community == _here, teasers.c.day == bindparam("on_day"), teasers.c.slot == bindparam("in_slot")
    )
)
TEASER = Statement(select(teasers).where(teasers.c.community == _here, teasers.c.id == bindparam("whose")))
TAKE_BACK = Statement(delete(teasers).where(teasers.c.id == bindparam("teaser")))
PURGE_TEASERS = Statement(delete(teasers).where(teasers.c.community == _here, teasers.c.due < bindparam("before")))

STANDS = Statement(
    upsert(messages)
    .values({name: bindparam(name) for name in ("chat", "message", "kind", "of", "until")})
    .on_conflict_do_nothing()
)
MESSAGES = Statement(
    select(messages.c.chat, messages.c.message).where(
        messages.c.kind == bindparam("what"), messages.c.of == bindparam("whose")
    )
)
CAME_BACK = Statement(
    select(
        func.count().label("chats"),
        func.coalesce(func.sum(messages.c.replies), 0).label("replies"),
        func.coalesce(func.sum(messages.c.reactions), 0).label("reactions"),
    ).where(messages.c.kind == "post", messages.c.of == bindparam("whose"))
)
_counted = (
    messages.c.chat == bindparam("there"),
    messages.c.message == bindparam("to"),
    messages.c.kind == "post",
    messages.c.until > bindparam("moment"),
)
REPLIED = Statement(update(messages).values(replies=messages.c.replies + 1).where(*_counted))
_reactions = messages.c.reactions + bindparam("more")
REACTED = Statement(update(messages).values(reactions=case((_reactions > 0, _reactions), else_=0)).where(*_counted))
CLEAR_MESSAGES = Statement(
    delete(messages).where(messages.c.kind == bindparam("what"), messages.c.of == bindparam("whose"))
)

PRESS = Statement(upsert(presses).values(post=bindparam("post"), account=bindparam("account")).on_conflict_do_nothing())
PRESSED = Statement(
    select(presses.c.account).where(presses.c.post == bindparam("whose"), presses.c.account.in_(_theirs)).limit(1)
)
PRESSES = Statement(select(func.count().label("number")).where(presses.c.post == bindparam("whose")))
CLEAR_PRESSES = Statement(delete(presses).where(presses.c.post == bindparam("whose")))
MEASURED = Statement(
    update(posts)
    .values(
        state="measured",
        replies=bindparam("counted_replies"),
        reactions=bindparam("counted_reactions"),
        presses=bindparam("counted_presses"),
    )
    .where(posts.c.id == bindparam("post"), posts.c.state.in_(["posted", "held", "cancelled"]))
)
