"""What is remembered of badges, gates and imports, and the statements for it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    Index,
    Integer,
    Select,
    String,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    true,
    union,
    union_all,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer import JSONText, Moment, Statement, accounts_of, person_of
from xiaoer_tier_badges.tables import metadata, offers, seats, trail, transfers, waiting

worn = Table(
    "tier_badges_worn",
    metadata,
    Column("community", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("space", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("kinds", JSONText, nullable=False),
    Column("state", String, nullable=False),
    Column("why", String, nullable=False),
    Column("named", JSONText, nullable=False),
    Column("told", String, nullable=False),
    Column("since", Moment, nullable=False),
    Column("repairs", Integer, nullable=False),
    Column("warned", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""What somebody was last given to wear: ``asked``, ``worn``, or ``unseen`` with why, of which they were ``told`` once.

``repairs`` counts those since ``since``; ``warned`` says whether admins know that somebody takes the badges each time.
"""

standing = Table(
    "tier_badges_standing",
    metadata,
    Column("community", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("chat", String, primary_key=True),
    Column("due", Moment, nullable=False),
    Column("state", String, nullable=False),
    sqlite_with_rowid=False,
)
"""Who is in a gated chat and does not qualify any more: in ``grace`` until ``due``, or ``over`` and left there."""

gated = Table(
    "tier_badges_gated",
    metadata,
    Column("community", String, primary_key=True),
    Column("chat", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("state", String, nullable=False),
    sqlite_with_rowid=False,
)
"""The chats within spaces that have a gate: ``asked``, ``shut`` or ``failed``; the badge that lets in is called so."""

rolls = Table(
    "tier_badges_roll",
    metadata,
    Column("community", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("digest", String, nullable=False),
    Column("at", Moment, nullable=False),
    Index("tier_badges_roll_at", "community", "at"),
    sqlite_with_rowid=False,
)
"""Imports that wait for the word of whoever asked for them."""

_here = bindparam("here", type_=String)
_who = bindparam("who", type_=String)
_theirs = accounts_of(person_of(_who))


def _at(table: Any) -> Any:
    return and_(table.c.community == _here, table.c.account == _who)


# what is worn

WORN = Statement(select(worn).where(_at(worn), worn.c.space == bindparam("place")))
WORN_BY = Statement(
    select(worn).where(worn.c.community == _here, worn.c.account.in_(_theirs)).order_by(worn.c.space, worn.c.account)
)
_wear = upsert(worn).values(
    **{name: bindparam(name) for name in ("community", "account", "space", "kinds", "since")},
    version=1,
    state="asked",
    why="",
    named={},
    told="",
    repairs=0,
    warned=0,
)
WEAR = Statement(
    _wear.on_conflict_do_update(
        index_elements=["community", "account", "space"],
        set_={"version": worn.c.version + 1, "kinds": _wear.excluded.kinds, "state": "asked"},
    ).returning(worn.c.version)
)
SEEN = Statement(
    update(worn)
    .values(state=bindparam("became"), why=bindparam("reason"), named=bindparam("names"), told=bindparam("said"))
    .where(_at(worn), worn.c.space == bindparam("place"), worn.c.version == bindparam("asked"))
)
REPAIRED = Statement(
    update(worn)
    .values(since=bindparam("began"), repairs=bindparam("number"), warned=bindparam("said"))
    .where(_at(worn), worn.c.space == bindparam("place"))
)
BARE = Statement(delete(worn).where(_at(worn), worn.c.space == bindparam("place")))

# whom badges and gates concern

_after, _most = bindparam("after", type_=String), bindparam("most", type_=Integer)
_concerned = [
    select(seats.c.holder.label("account")).where(seats.c.community == _here, seats.c.state == "confirmed"),
    select(worn.c.account).where(worn.c.community == _here),
    select(standing.c.account).where(standing.c.community == _here),
]


def _next(some: Select[tuple[str]]) -> Select[Any]:
    """Return the next accounts of a query alone, so that the others are not read."""
    account = next(iter(some.selected_columns))
    return select(some.where(account > _after).order_by(account).limit(_most).subquery().c[0])


_nexts = union(*[_next(some) for some in _concerned]).subquery()
CONCERNED = Statement(select(_nexts.c[0].label("account")).order_by(_nexts.c[0]).limit(_most))
"""The next accounts that hold seats, wear badges or are in a gated chat without qualifying, in their order."""

_all_concerned = union(*_concerned).subquery()
CONCERNS = Statement(select(func.count(person_of(_all_concerned.c[0]).distinct()).label("people")))

HELD_FOR = Statement(
    select(offers.c.track, offers.c.subject, offers.c.number).where(
        offers.c.community == _here,
        offers.c.account.in_(_theirs),
        offers.c.state == "open",
        offers.c.number.is_not(None),
    )
)

# gates

STANDING = Statement(select(standing).where(_at(standing), standing.c.chat == bindparam("place")))
STAND = Statement(
    upsert(standing)
    .values(
        **{name: bindparam(name) for name in ("community", "account", "chat", "due")},
        state="grace",
    )
    .on_conflict_do_nothing()
)
STAND_OVER = Statement(
    update(standing).values(state="over").where(_at(standing), standing.c.chat == bindparam("place"))
)
STAND_DOWN = Statement(delete(standing).where(_at(standing), standing.c.chat == bindparam("place")))
STANDS = Statement(select(standing).where(_at(standing)))
GATED = Statement(select(gated).where(gated.c.community == _here).order_by(gated.c.chat))
_gate = upsert(gated).values(**{name: bindparam(name) for name in ("community", "chat", "name")}, state="asked")
GATE = Statement(
    _gate.on_conflict_do_update(
        index_elements=["community", "chat"], set_={"name": _gate.excluded.name, "state": "asked"}
    )
)
GATE_IS = Statement(
    update(gated)
    .values(state=bindparam("became"))
    .where(gated.c.community == _here, gated.c.chat == bindparam("place"))
)
OPEN = Statement(delete(gated).where(gated.c.community == _here, gated.c.chat == bindparam("place")))

# imports

_roll = upsert(rolls).values(**{name: bindparam(name) for name in ("community", "account", "digest", "at")})
PROPOSE = Statement(
    _roll.on_conflict_do_update(
        index_elements=["community", "account"], set_={"digest": _roll.excluded.digest, "at": _roll.excluded.at}
    )
)
ROLL = Statement(select(rolls).where(_at(rolls)))
NO_ROLL = Statement(delete(rolls).where(_at(rolls)))
OLD_ROLLS = Statement(select(rolls).where(rolls.c.community == _here, rolls.c.at < bindparam("moment", type_=Moment)))

_given = func.json_each(bindparam("rows", type_=String)).table_valued("value")


def _fields(names: list[str]) -> Select[Any]:
    """Return the fields of each of many rows, which are given as one JSON text."""
    return select(*[func.json_extract(_given.c.value, f"$.{name}") for name in names]).where(true())


PERSONS = Statement(select(_given.c.value.label("account"), person_of(_given.c.value).label("person")))
"""The person behind each of many accounts, which are given as one JSON list."""

_seat = [column.name for column in seats.columns]
_gives = upsert(seats).from_select(_seat, _fields(_seat))
GIVE_ALL = Statement(
    _gives.on_conflict_do_update(
        index_elements=["community", "track", "subject", "number"],
        set_={name: _gives.excluded[name] for name in ("state", "holder", "name", "since")},
        where=seats.c.state != "confirmed",
    )
)
"""Give many numbers, but none that somebody has."""

_note = [column.name for column in trail.columns if column.name != "id"]
NOTE_ALL = Statement(insert(trail).from_select(_note, _fields(_note)))

_of_track, _of_subject = bindparam("of_track", type_=String), bindparam("of_subject", type_=String)


def _placed(table: Any) -> Any:
    return and_(table.c.community == _here, table.c.track == _of_track, table.c.subject == _of_subject)


_in_place = union_all(
    select(seats.c.number, seats.c.state, person_of(seats.c.holder).label("person"), seats.c.name).where(
        _placed(seats)
    ),
    select(offers.c.number, literal("held").label("state"), person_of(offers.c.account), offers.c.name).where(
        _placed(offers), offers.c.state == "open", offers.c.number.is_not(None)
    ),
).subquery()
IN_PLACE = Statement(select(_in_place))
"""The numbers of a subject that were given, and behind them those that are held."""

_pending = union(
    select(person_of(waiting.c.account).label("person")).where(_placed(waiting)),
    select(person_of(offers.c.account)).where(_placed(offers), offers.c.state == "open"),
    select(person_of(transfers.c.taker)).where(_placed(transfers), transfers.c.state == "open"),
).subquery()
PENDING_AT = Statement(select(_pending).where(_pending.c.person.in_(select(person_of(_given.c.value)))))
"""Who of many accounts, given as a JSON list, waits for a seat of a subject, is offered one, or may take one over."""

ALL_HOLDERS = Statement(
    select(seats)
    .where(seats.c.community == _here, seats.c.state == "confirmed")
    .order_by(seats.c.track, seats.c.subject, seats.c.number)
)
