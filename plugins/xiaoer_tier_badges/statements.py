"""The seats' statements."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, String, bindparam, delete, func, insert, literal_column, or_, select, union_all, update
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer import Statement, accounts_of, person_of
from xiaoer_tier_badges.tables import boards, brought, offers, seats, trail, transfers, waiting

_here = bindparam("here", type_=String)
_theirs = accounts_of(person_of(bindparam("who", type_=String)))


def _placed(table: Any) -> tuple[Any, ...]:
    return (
        table.c.community == _here,
        table.c.track == bindparam("of_track"),
        table.c.subject == bindparam("of_subject"),
    )


def _row(table: Any, *without: str) -> dict[str, Any]:
    return {column.name: bindparam(column.name) for column in table.columns if column.name not in ("id", *without)}


# seats

_given = select(seats.c.number).where(
    *_placed(seats), or_(seats.c.state != "vacant", bindparam("refill", type_=Integer) == 0)
)
_held = select(offers.c.number).where(*_placed(offers), offers.c.state == "open", offers.c.number.is_not(None))
_taken = union_all(_given, _held).subquery()
TAKEN = Statement(select(_taken.c.number))
"""The numbers of a subject that cannot be given now."""

TAKEN_COUNT = Statement(
    select(func.count(_taken.c.number.distinct()).label("count")).where(
        _taken.c.number <= bindparam("capacity", type_=Integer)
    )
)
"""How many of a subject's numbers up to its capacity cannot be given now."""

_give = upsert(seats).values(**_row(seats, "state"), state="confirmed")
GIVE = Statement(
    _give.on_conflict_do_update(
        index_elements=["community", "track", "subject", "number"],
        set_={name: _give.excluded[name] for name in ("state", "holder", "name", "since")},
        where=seats.c.state != "confirmed",
    )
)
"""Give a number to somebody, unless somebody has it: then no row is touched."""

VACATE = Statement(
    update(seats)
    .values(state=bindparam("became"), holder=None, since=bindparam("moment"))
    .where(*_placed(seats), seats.c.number == bindparam("nr"), seats.c.state == "confirmed")
)
HAND_ON = Statement(
    update(seats)
    .values(holder=bindparam("to"), name=bindparam("called"), since=bindparam("moment"))
    .where(
        *_placed(seats),
        seats.c.number == bindparam("nr"),
        seats.c.state == "confirmed",
        seats.c.holder == bindparam("giver"),
    )
)
SEAT = Statement(select(seats).where(*_placed(seats), seats.c.number == bindparam("nr")))
MINE = Statement(
    select(seats)
    .where(  # without the hints SQLite reads all seats of the community, however few are one person's
        func.likelihood(seats.c.community == _here, literal_column("0.9")),
        func.likelihood(seats.c.holder.in_(_theirs), literal_column("0.0001")),
        seats.c.state == "confirmed",
    )
    .order_by(seats.c.track, seats.c.subject, seats.c.number)
)
"""The seats of a person, whichever of their accounts took them."""

MINE_AT = Statement(
    select(seats)
    .where(*_placed(seats), seats.c.holder.in_(_theirs), seats.c.state == "confirmed")
    .order_by(seats.c.number)
    .limit(1)
)
HOLDERS = Statement(select(seats).where(*_placed(seats), seats.c.state == "confirmed").order_by(seats.c.number))
COUNTS = Statement(
    select(seats.c.track, seats.c.subject, func.count().label("count"))
    .where(seats.c.community == _here, seats.c.state == "confirmed")
    .group_by(seats.c.track, seats.c.subject)
)
DOUBLES = Statement(
    select(
        seats.c.track,
        seats.c.subject,
        person_of(seats.c.holder).label("person"),
        func.min(seats.c.number).label("first"),
        func.max(seats.c.number).label("last"),
    )
    .where(seats.c.community == _here, seats.c.state == "confirmed")
    .group_by(seats.c.track, seats.c.subject, person_of(seats.c.holder))
    .having(func.count() > 1)
)
"""Persons with several seats of one subject, because their accounts were linked afterwards."""

# offers

OFFER = Statement(insert(offers).values(**_row(offers, "state"), state="open").returning(offers.c.id))
OFFER_BY_ID = Statement(select(offers).where(offers.c.community == _here, offers.c.id == bindparam("nr")))
OFFERED = Statement(
    select(offers)
    .where(offers.c.community == _here, offers.c.account.in_(_theirs), offers.c.state == "open")
    .order_by(offers.c.number.is_(None), offers.c.id)
)
"""The open offers of a person, those that hold a number first."""

OFFERED_AT = Statement(
    select(offers)
    .where(*_placed(offers), offers.c.account.in_(_theirs), offers.c.state == "open")
    .order_by(offers.c.number.is_(None), offers.c.id)
)
LAST_OFFER_AT = Statement(
    select(offers).where(*_placed(offers), offers.c.account.in_(_theirs)).order_by(offers.c.id.desc()).limit(1)
)
OPEN_OFFERS = Statement(
    select(func.count().label("count")).where(*_placed(offers), offers.c.state == "open", offers.c.number.is_(None))
)
SETTLE_OFFER = Statement(
    update(offers).values(state=bindparam("became")).where(offers.c.id == bindparam("nr"), offers.c.state == "open")
)
HAD_OFFERS = Statement(select(person_of(offers.c.account).label("person")).where(*_placed(offers)).distinct())
"""Everybody who was ever offered a seat of a subject."""

SEATED = Statement(
    select(person_of(seats.c.holder).label("person")).where(*_placed(seats), seats.c.state == "confirmed").distinct()
)

# the waiting lists

WAIT = Statement(insert(waiting).values(**_row(waiting)))
FIRST_WAITING = Statement(select(waiting).where(*_placed(waiting)).order_by(waiting.c.id).limit(1))
WAITING = Statement(select(waiting).where(*_placed(waiting)).order_by(waiting.c.id))
WAITS_AT = Statement(
    select(waiting).where(*_placed(waiting), waiting.c.account.in_(_theirs)).order_by(waiting.c.id).limit(1)
)
WAITS = Statement(
    select(waiting).where(waiting.c.community == _here, waiting.c.account.in_(_theirs)).order_by(waiting.c.id)
)
AHEAD = Statement(select(func.count().label("count")).where(*_placed(waiting), waiting.c.id <= bindparam("nr")))
NOT_WAITING = Statement(delete(waiting).where(*_placed(waiting), waiting.c.account.in_(_theirs)))
WAITING_PLACES = Statement(select(waiting.c.track, waiting.c.subject).where(waiting.c.community == _here).distinct())

# transfers

ASK = Statement(insert(transfers).values(**_row(transfers, "state"), state="open").returning(transfers.c.id))
TRANSFER = Statement(select(transfers).where(transfers.c.community == _here, transfers.c.id == bindparam("nr")))
TRANSFERS_OF = Statement(
    select(transfers)
    .where(
        transfers.c.community == _here,
        transfers.c.state == "open",
        or_(transfers.c.giver.in_(_theirs), transfers.c.taker.in_(_theirs)),
    )
    .order_by(transfers.c.id)
)
TRANSFERS_AT = Statement(
    select(transfers).where(*_placed(transfers), transfers.c.number == bindparam("nr"), transfers.c.state == "open")
)
SETTLE_TRANSFER = Statement(
    update(transfers)
    .values(state=bindparam("became"))
    .where(transfers.c.id == bindparam("nr"), transfers.c.state == "open")
)

# the trail

NOTE = Statement(insert(trail).values(**_row(trail)))
TRAIL = Statement(
    select(trail)
    .where(
        *_placed(trail),
        or_(bindparam("nr", type_=Integer) == 0, trail.c.number == bindparam("nr", type_=Integer)),
    )
    .order_by(trail.c.id.desc())
    .limit(bindparam("most", type_=Integer))
)
"""What was done to the seats of a subject, the newest first; ``nr`` 0 for all of them."""

NOTED = Statement(
    select(trail.c.id)
    .where(*_placed(trail), trail.c.number == bindparam("nr"), trail.c.what == bindparam("act"))
    .limit(1)
)

# who brought whom

BROUGHT = Statement(
    upsert(brought)
    .values(community=bindparam("community"), newcomer=bindparam("newcomer"), inviter=bindparam("inviter"))
    .on_conflict_do_nothing()
)
BROUGHT_BY = Statement(
    select(func.count().label("count")).where(brought.c.community == _here, brought.c.inviter.in_(_theirs))
)
INVITERS = Statement(
    select(person_of(brought.c.inviter).label("person"), func.count().label("count"))
    .where(brought.c.community == _here)
    .group_by(person_of(brought.c.inviter))
    .having(func.count() >= bindparam("least", type_=Integer))
    .order_by(func.count().desc(), person_of(brought.c.inviter))
    .limit(bindparam("most", type_=Integer))
)
"""Who brought at least so many people, those who brought most first."""

# the boards

_board = upsert(boards).values(**_row(boards))
OPEN_BOARD = Statement(
    _board.on_conflict_do_update(
        index_elements=["community", "track", "subject"], set_={"chats": _board.excluded.chats}
    )
)
BOARD = Statement(select(boards).where(*_placed(boards)))
BOARD_BY_ID = Statement(select(boards).where(boards.c.community == _here, boards.c.id == bindparam("nr")))
