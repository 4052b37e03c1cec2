"""The welcome's statements."""

from __future__ import annotations

from sqlalchemy import String, bindparam, delete, exists, func, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer import Statement, accounts_of, person_of
from xiaoer_welcome.tables import asked, greetings, joins, notices, receipts, rules

_here = bindparam("here", type_=String)
_person = bindparam("who", type_=String)
_theirs = accounts_of(_person)

CURRENT = Statement(
    select(rules.c.version, rules.c.text).where(rules.c.community == _here).order_by(rules.c.version.desc()).limit(1)
)
ADD_RULES = Statement(
    insert(rules).values(
        community=bindparam("community"),
        version=bindparam("version"),
        text=bindparam("text"),
        by=bindparam("by"),
        at=bindparam("at"),
    )
)
HISTORY = Statement(
    select(
        rules.c.version,
        rules.c.by,
        rules.c.at,
        select(func.count(person_of(receipts.c.person).distinct()))
        .select_from(receipts)
        .where(receipts.c.community == rules.c.community, receipts.c.version == rules.c.version)
        .scalar_subquery()
        .label("accepted"),
    )
    .where(rules.c.community == _here)
    .order_by(rules.c.version.desc())
    .limit(10)
)
RECEIPT = Statement(
    upsert(receipts)
    .values(
        community=bindparam("community"), person=bindparam("person"), version=bindparam("version"), at=bindparam("at")
    )
    .on_conflict_do_nothing()
)
ACCEPTS = Statement(
    select(receipts.c.version).where(
        receipts.c.community == _here, receipts.c.person.in_(_theirs), receipts.c.version == bindparam("number")
    )
)
_newest = select(func.max(rules.c.version)).where(rules.c.community == _here).scalar_subquery()
OUTDATED = Statement(
    select(_newest.label("version"))
    .select_from(receipts)
    .where(
        receipts.c.community == _here,
        receipts.c.person.in_(_theirs),
        ~exists().where(asked.c.community == _here, asked.c.person == _person, asked.c.version >= _newest),
    )
    .group_by(receipts.c.community)
    .having(func.max(receipts.c.version) < _newest)
)
"""One row with the newest version, for somebody who accepted an older one and was not asked about the newest."""
_asked = upsert(asked).values(
    community=bindparam("community"), person=bindparam("person"), version=bindparam("version")
)
ASKED = Statement(
    _asked.on_conflict_do_update(index_elements=["community", "person"], set_={"version": _asked.excluded.version})
)
LAST_WELCOME = Statement(
    select(func.max(joins.c.at).label("at")).where(
        joins.c.community == _here, joins.c.person.in_(_theirs), joins.c.received != "silently"
    )
)
RECENT = Statement(
    select(joins.c.received, joins.c.burst)
    .where(joins.c.community == _here, joins.c.at > bindparam("since"))
    .order_by(joins.c.id)
)
IN_BURST = Statement(
    select(func.count().label("number")).where(joins.c.community == _here, joins.c.burst == bindparam("key"))
)
ADD_JOIN = Statement(
    insert(joins).values(
        community=bindparam("community"),
        person=bindparam("person"),
        at=bindparam("at"),
        received=bindparam("received"),
        burst=bindparam("burst"),
    )
)
GREETING = Statement(select(greetings.c.text).where(greetings.c.community == _here))
_greeting = upsert(greetings).values(
    community=bindparam("community"), text=bindparam("text"), by=bindparam("by"), at=bindparam("at")
)
SET_GREETING = Statement(
    _greeting.on_conflict_do_update(
        index_elements=["community"],
        set_={"text": _greeting.excluded.text, "by": _greeting.excluded.by, "at": _greeting.excluded.at},
    )
)
NOTICE = Statement(select(notices.c.key).where(notices.c.community == _here))
_notice = upsert(notices).values(community=bindparam("community"), key=bindparam("key"))
SET_NOTICE = Statement(_notice.on_conflict_do_update(index_elements=["community"], set_={"key": _notice.excluded.key}))
STATS = Statement(
    select(joins.c.received, func.count().label("number"))
    .where(joins.c.community == _here, joins.c.at > bindparam("since"))
    .group_by(joins.c.received)
)
ACCEPTED = Statement(
    select(func.count(person_of(receipts.c.person).distinct()).label("number")).where(
        receipts.c.community == _here, receipts.c.at > bindparam("since")
    )
)
PURGE = Statement(delete(joins).where(joins.c.community == _here, joins.c.at < bindparam("before")))
