"""The red envelopes' statements."""

from __future__ import annotations

from sqlalchemy import String, bindparam, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer import Statement, accounts_of, person_of
from xiaoer_red_envelope.tables import checkins, envelopes, guests, shares

_here = bindparam("here", type_=String)
_theirs = accounts_of(bindparam("who", type_=String))

ADD = Statement(
    insert(envelopes).values(
        {column.name: bindparam(column.name) for column in envelopes.columns if column.name != "id"}
    )
)
NEWEST = Statement(select(func.max(envelopes.c.id).label("id")).where(envelopes.c.community == _here))
ENVELOPE = Statement(select(envelopes).where(envelopes.c.community == _here, envelopes.c.id == bindparam("number")))
ADD_SHARE = Statement(
    insert(shares).values(envelope=bindparam("envelope"), number=bindparam("number"), points=bindparam("points"))
)
ADD_GUEST = Statement(
    upsert(guests)
    .values(envelope=bindparam("envelope"), account=bindparam("account"), name=bindparam("name"))
    .on_conflict_do_nothing()
)
GUESTS = Statement(select(guests.c.account, guests.c.name).where(guests.c.envelope == bindparam("of")))
IS_GUEST = Statement(
    select(guests.c.account).where(guests.c.envelope == bindparam("of"), guests.c.account.in_(_theirs)).limit(1)
)
PARTS = Statement(select(shares.c.points).where(shares.c.envelope == bindparam("of")).order_by(shares.c.number))
SHARE = Statement(
    select(shares.c.points).where(shares.c.envelope == bindparam("of"), shares.c.number == bindparam("nr"))
)
MINE = Statement(
    select(shares.c.points).where(shares.c.envelope == bindparam("of"), shares.c.account.in_(_theirs)).limit(1)
)
"""What a person has of an envelope, with whichever of their accounts."""
_whoever = accounts_of(person_of(bindparam("who", type_=String))).subquery()
_held = (
    select(shares.c.points)  # joined, because SQLite looks through all shares for what is IN a list
    .select_from(_whoever.join(shares, shares.c.account == next(iter(_whoever.columns))))
    .where(shares.c.envelope == envelopes.c.id)
    .limit(1)
    .scalar_subquery()
)
CLAIMED = Statement(
    select(
        envelopes.c.id,
        envelopes.c.kind,
        envelopes.c.state,
        envelopes.c.sender,
        envelopes.c.sender_name,
        envelopes.c.shares,
        envelopes.c.taken,
        envelopes.c.word,
        envelopes.c.opens,
        envelopes.c.ends,
        _held.label("mine"),
    ).where(envelopes.c.community == _here, envelopes.c.id == bindparam("number"))
)
"""What has to be known of an envelope when account ``who`` wants a share; ``mine`` is what they have of it already.

One statement, because a whole crowd presses at once and most of it hears that there is nothing left.
"""
HANDS = Statement(
    select(shares.c.name, shares.c.points)
    .where(shares.c.envelope == bindparam("of"), shares.c.account.is_not(None))
    .order_by(shares.c.number)
)
TAKE = Statement(
    update(shares)
    .values(account=bindparam("taker"), name=bindparam("called"), at=bindparam("moment"))
    .where(shares.c.envelope == bindparam("of"), shares.c.number == bindparam("nr"), shares.c.account.is_(None))
)
COUNT = Statement(
    update(envelopes)
    .values(taken=envelopes.c.taken + 1, state=bindparam("became"), word=bindparam("kept"))
    .where(envelopes.c.id == bindparam("of"))
)
BECOME = Statement(
    update(envelopes).values(state=bindparam("became"), word="").where(envelopes.c.id == bindparam("of"))
)
BY_WORD = Statement(
    select(envelopes)
    .where(envelopes.c.community == _here, envelopes.c.word == bindparam("said"), envelopes.c.word != "")
    .order_by(envelopes.c.id)
)
SENT = Statement(
    select(func.count().label("number"), func.coalesce(func.sum(envelopes.c.points), 0).label("points")).where(
        envelopes.c.community == _here,
        envelopes.c.sender.in_(_theirs),
        envelopes.c.made >= bindparam("since"),
        envelopes.c.state != "cancelled",
    )
)
OPEN = Statement(
    select(envelopes)
    .where(envelopes.c.community == _here, envelopes.c.state.in_(["waiting", "open"]))
    .order_by(envelopes.c.id)
    .limit(10)
)
LAST_CHECKIN = Statement(
    select(checkins.c.day, checkins.c.streak)
    .where(checkins.c.community == _here, checkins.c.account.in_(_theirs))
    .order_by(checkins.c.day.desc(), checkins.c.streak.desc())
    .limit(1)
)
_checkin = upsert(checkins).values(
    community=bindparam("community"), account=bindparam("account"), day=bindparam("day"), streak=bindparam("streak")
)
CHECK_IN = Statement(
    _checkin.on_conflict_do_update(
        index_elements=["community", "account"],
        set_={"day": _checkin.excluded.day, "streak": _checkin.excluded.streak},
    )
)
