"""The referrals' statements."""

from __future__ import annotations

from sqlalchemy import Integer, String, bindparam, case, func, insert, or_, select, type_coerce, update
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer import Moment, Statement, accounts_of, person_of
from xiaoer_referral.tables import joins, links, people

OPEN = ("open", "declared", "pending", "flagged")
"""States in which a join's fate is not settled."""

BROUGHT = ("pending", "paid", "capped", "silent")
"""States in which somebody counts as brought."""

QUARTER = 900_000_000
"""Microseconds of a quarter of an hour, which every time zone's day is made of."""

_here = bindparam("here", type_=String)
_theirs = accounts_of(bindparam("who", type_=String))
_anybody = accounts_of(person_of(bindparam("account", type_=String)))
_mine = joins.c.community == _here

# people

NOTE = Statement(
    upsert(people)
    .values(community=bindparam("community"), account=bindparam("account"), since=bindparam("since"))
    .on_conflict_do_nothing()
)
NOTED = Statement(
    select(func.min(people.c.since).label("since")).where(people.c.community == _here, people.c.account.in_(_theirs))
)

PERSON = Statement(select(person_of(bindparam("account", type_=String)).label("person")))

# links

ADD_LINK = Statement(
    insert(links)
    .values(
        **{name: bindparam(name) for name in ("community", "space", "owner", "name", "made", "expires")},
        state="asked",
        uses=0,
    )
    .returning(links.c.id)
)
LINK = Statement(
    select(links)
    .where(
        links.c.community == _here,
        links.c.owner.in_(_theirs),
        links.c.space == bindparam("place"),
        links.c.state.in_(["asked", "live"]),
    )
    .order_by(links.c.id.desc())
    .limit(1)
)
LINK_BY_ID = Statement(select(links).where(links.c.community == _here, links.c.id == bindparam("number")))
OWNER = Statement(
    select(links.c.owner, links.c.name).where(links.c.community == _here, links.c.invite == bindparam("address"))
)
MADE = Statement(
    update(links).values(state="live", invite=bindparam("address")).where(links.c.id == bindparam("number"))
)
BECOME = Statement(update(links).values(state=bindparam("became")).where(links.c.id == bindparam("number")))
USED = Statement(
    update(links)
    .values(uses=links.c.uses + 1, used=bindparam("moment"))
    .where(links.c.community == _here, links.c.invite == bindparam("address"))
)
LIVE = Statement(
    select(links.c.id, links.c.space, links.c.invite).where(
        links.c.community == _here, links.c.owner.in_(_theirs), links.c.state.in_(["asked", "live"])
    )
)
ASKED_SINCE = Statement(
    select(func.count().label("number")).where(
        links.c.community == _here, links.c.owner.in_(_theirs), links.c.made >= bindparam("since")
    )
)
KEPT = Statement(
    select(func.count().label("number")).where(links.c.space == bindparam("place"), links.c.state == "live")
)
OLDEST = Statement(
    select(links)
    .where(links.c.space == bindparam("place"), links.c.state == "live")
    .order_by(func.coalesce(links.c.used, links.c.made), links.c.id)
    .limit(1)
)

# joins

ADD = Statement(
    insert(joins)
    .values({column.name: bindparam(column.name) for column in joins.columns if column.name != "id"})
    .returning(joins.c.id)
)
KNOWN = Statement(select(joins.c.id).where(_mine, joins.c.key == bindparam("event")))
JOIN = Statement(select(joins).where(_mine, joins.c.id == bindparam("number")))
NEWEST = Statement(
    select(joins)
    .where(_mine, joins.c.newcomer.in_(_theirs))
    .order_by((joins.c.state == "open").desc(), joins.c.id.desc())
    .limit(1)
)
"""The join that a person may be asked about: one that is open, else their last."""

OF_PERSON = Statement(select(joins).where(_mine, joins.c.newcomer.in_(_theirs)).order_by(joins.c.id))
OPEN_OF = Statement(select(joins).where(_mine, joins.c.newcomer.in_(_anybody), joins.c.state.in_(OPEN)))
COUNT = Statement(
    update(joins)
    .values(messages=joins.c.messages + 1)
    .where(
        _mine,
        joins.c.newcomer.in_(_anybody),
        joins.c.state.in_(OPEN),
        joins.c.messages < bindparam("enough", type_=Integer),
    )
    .returning(joins.c.id, joins.c.state, joins.c.messages, joins.c.due)
)
SETTLE = Statement(
    update(joins)
    .values(
        state=bindparam("became"),
        reason=bindparam("because"),
        settled=func.coalesce(joins.c.settled, bindparam("moment", type_=Moment)),
        points=bindparam("paid"),
        decided=bindparam("admin"),
    )
    .where(joins.c.id == bindparam("number"))
)
WAIT = Statement(
    update(joins)
    .values(
        state="pending",
        reason=bindparam("because"),
        due=bindparam("moment"),
        settled=None,
        decided=bindparam("admin"),
    )
    .where(joins.c.id == bindparam("number"))
)
NAME = Statement(
    update(joins)
    .values(
        state=bindparam("became"),
        certainty=bindparam("certain"),
        inviter=bindparam("by"),
        inviter_name=bindparam("called"),
        reason=bindparam("because"),
        tries=joins.c.tries + bindparam("more", type_=Integer),
    )
    .where(joins.c.id == bindparam("number"))
)
ABOVE = Statement(
    select(person_of(joins.c.inviter).label("person"))
    .where(_mine, joins.c.newcomer.in_(_theirs), joins.c.inviter.is_not(None), joins.c.state != "declared")
    .distinct()
)
LATELY = Statement(
    select(func.count().label("number")).where(
        _mine,
        joins.c.at > bindparam("since", type_=Moment),
        joins.c.at <= bindparam("until", type_=Moment),
        joins.c.inviter == bindparam("by"),
        func.coalesce(joins.c.invite, "") == bindparam("address", type_=String),
    )
)
FLAG_MASS = Statement(
    update(joins)
    .values(state="flagged", reason="mass")
    .where(
        _mine,
        joins.c.at > bindparam("since", type_=Moment),
        joins.c.inviter == bindparam("by"),
        func.coalesce(joins.c.invite, "") == bindparam("address", type_=String),
        joins.c.state == "pending",
        joins.c.decided == "",
    )
)
FLAGGED_SINCE = Statement(
    select(func.count().label("number")).where(
        _mine, joins.c.inviter == bindparam("by"), joins.c.state == "flagged", joins.c.at > bindparam("since")
    )
)
ASKED_LATELY = Statement(
    select(func.count().label("number")).where(_mine, joins.c.at > bindparam("since"), joins.c.state == "open")
)
REWARDED = Statement(
    select(
        func.count().label("total"),
        func.coalesce(func.sum(case((joins.c.settled >= bindparam("since", type_=Moment), 1), else_=0)), 0).label(
            "today"
        ),
    ).where(_mine, joins.c.inviter.in_(_theirs), joins.c.state == "paid")
)
COUNTS = Statement(
    select(joins.c.state, func.count().label("number"), func.sum(joins.c.points).label("points"))
    .where(_mine, joins.c.inviter.in_(_theirs))
    .group_by(joins.c.state)
)
ALIKE = Statement(
    select(joins)
    .where(
        _mine,
        joins.c.state == "paid",
        joins.c.reason == "",
        person_of(joins.c.inviter) == person_of(joins.c.newcomer),
    )
    .order_by(joins.c.id)
)
"""Rewards whose two people turned out to be one."""

_first = (
    select(func.min(joins.c.id))
    .where(_mine, joins.c.state == "paid")
    .group_by(person_of(joins.c.newcomer))
    .scalar_subquery()
)
TWICE = Statement(
    select(joins)
    .where(_mine, joins.c.state == "paid", joins.c.reason == "", joins.c.id.not_in(_first))
    .order_by(joins.c.id)
)
"""Rewards for somebody for whom there had been one already."""

DOUBT = Statement(update(joins).values(reason=bindparam("because")).where(joins.c.id == bindparam("number")))
DOUBTED = ("self", "twice")
AUDIT = Statement(
    select(joins)
    .where(_mine, or_(joins.c.state == "flagged", (joins.c.state == "paid") & joins.c.reason.in_(DOUBTED)))
    .order_by(joins.c.id)
    .limit(bindparam("most", type_=Integer))
)
AUDITED = Statement(
    select(func.count().label("number")).where(
        _mine, or_(joins.c.state == "flagged", (joins.c.state == "paid") & joins.c.reason.in_(DOUBTED))
    )
)

# reports

_inviter = person_of(joins.c.inviter)
TOP = Statement(
    select(
        _inviter.label("person"),
        func.max(joins.c.inviter_name).label("name"),
        func.count().label("number"),
        func.sum(joins.c.points).label("points"),
    )
    .where(_mine, joins.c.inviter.is_not(None), joins.c.state.in_(["paid", "capped"]))
    .group_by(_inviter)
    .order_by(func.count().desc(), _inviter)
    .limit(bindparam("most", type_=Integer))
)
PAIRS = Statement(
    select(
        person_of(joins.c.newcomer).label("newcomer"),
        joins.c.name,
        _inviter.label("inviter"),
        joins.c.inviter_name,
    )
    .where(_mine, joins.c.inviter.is_not(None), joins.c.state.in_(BROUGHT))
    .order_by(joins.c.id)
    .limit(bindparam("most", type_=Integer))
)
SOURCES = Statement(
    select(
        (type_coerce(joins.c.at, Integer) // QUARTER).label("quarter"),
        joins.c.kind,
        joins.c.certainty,
        func.count().label("number"),
    )
    .where(_mine, joins.c.at >= bindparam("since"))
    .group_by(type_coerce(joins.c.at, Integer) // QUARTER, joins.c.kind, joins.c.certainty)
)
BROUGHT_BY = Statement(
    select(joins)
    .where(_mine, joins.c.inviter.in_(_theirs))
    .order_by(joins.c.id.desc())
    .limit(bindparam("most", type_=Integer))
)
