"""The core's own bookkeeping: who people are and where they are members, whatever plugins say."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import ColumnElement, CompoundSelect, String, bindparam, func, or_, select, union_all
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer.events import ButtonPressed, JoinRequested, MemberJoined, MemberLeft, PlatformEvent, ReactionChanged, Who
from xiaoer.statements import Statement
from xiaoer.tables import Moment, accounts, members
from xiaoer.transaction import Transaction

if TYPE_CHECKING:
    from xiaoer.context import Effect

REMEMBERED = 50_000
"""So many memberships are known without asking the database; beyond that all are forgotten and noted again."""

FROM_AFAR = (ButtonPressed, ReactionChanged)
"""What somebody can do who has left and still sees the messages."""


def person_of(account: ColumnElement[str]) -> ColumnElement[str]:
    """Return the SQL expression for the person behind a column of accounts, so that linked accounts count once."""
    other = accounts.alias()
    stands = select(other.c.same_as).where(other.c.account == account).scalar_subquery()
    return func.coalesce(stands, account)


def accounts_of(person: ColumnElement[str]) -> CompoundSelect[str]:
    """Return the SQL query for all accounts of a person, for use in ``column.in_(...)``.

    What somebody did before their accounts were linked is noted under each of these.

    Args:
        person: the account that stands for them, as :meth:`~xiaoer.Transaction.person` returns it.
    """
    return union_all(select(person), select(accounts.c.account).where(accounts.c.same_as == person))


_account = upsert(accounts).values(
    account=bindparam("account"),
    name=bindparam("name"),
    locale=bindparam("locale"),
    at=bindparam("at"),
    handle=bindparam("handle"),
)
NOTE_ACCOUNT = Statement(
    _account.on_conflict_do_update(
        index_elements=["account"],
        set_={  # not every event of every platform tells both
            "name": func.coalesce(func.nullif(_account.excluded.name, ""), accounts.c.name),
            "locale": func.coalesce(_account.excluded.locale, accounts.c.locale),
            "handle": func.coalesce(func.nullif(_account.excluded.handle, ""), accounts.c.handle),
        },
    )
)
_member = upsert(members).values(
    space=bindparam("space"),
    account=bindparam("account"),
    community=bindparam("community"),
    role=bindparam("role"),
    joined=bindparam("joined"),
    source=bindparam("source"),
)
NOTE_MEMBER = Statement(
    _member.on_conflict_do_update(
        index_elements=["space", "account"],
        set_={"role": _member.excluded.role, "community": _member.excluded.community, "left": None},
    )
)
NOTE_FROM_AFAR = Statement(
    _member.on_conflict_do_update(
        index_elements=["space", "account"],
        set_={"role": _member.excluded.role, "community": _member.excluded.community},
    )
)
NOTE_JOIN = Statement(
    _member.on_conflict_do_update(
        index_elements=["space", "account"],
        set_={
            "role": _member.excluded.role,
            "community": _member.excluded.community,
            "joined": _member.excluded.joined,
            "source": _member.excluded.source,
            "left": None,
        },
    )
)
UNNOTED = timedelta(minutes=1)
"""Somebody's first words may be told so long before it is told that they came in."""

WAS_HERE = Statement(
    select(members.c.account)
    .join(accounts, accounts.c.account == members.c.account)
    .where(
        members.c.community == bindparam("here"),
        members.c.account.in_(accounts_of(person_of(bindparam("who", type_=String)))),
        or_(
            members.c.joined < bindparam("moment", type_=Moment),
            members.c.left.is_not(None),
            accounts.c.at < bindparam("noted", type_=Moment),
        ),
    )
    .limit(1)
)
"""Whether the person behind account ``who`` was here before ``moment``: they came, left, or were noted otherwise."""

_person = person_of(members.c.account)
_since = func.min(func.coalesce(members.c.joined, accounts.c.at))
MEMBERS_SINCE = Statement(
    select(_person.label("person"), func.max(accounts.c.name).label("name"), _since.label("since"))
    .join(accounts, accounts.c.account == members.c.account)
    .where(members.c.community == bindparam("here"), members.c.left.is_(None))
    .group_by(_person)
    .having(_since <= bindparam("until", type_=Moment))
    .order_by(_since, _person)
    .limit(bindparam("most"))
)
"""The persons who are in community ``here`` since ``until`` or longer, at most ``most``: ``person``, ``name``,
``since``; a report."""

NOTE_LEAVE = Statement(
    members.update()
    .values(left=bindparam("when"))
    .where(members.c.space == bindparam("of"), members.c.account == bindparam("who"))
)


class People:
    """Notes accounts and memberships when something about them is new."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[Who, bool]] = {}
        """As what somebody is noted, and whether as present: who has left can still press and react."""

    def effects(self, event: PlatformEvent) -> list[Effect]:
        """Return what has to be stored about the person behind an event; mostly nothing."""
        if isinstance(event, MemberLeft):
            return [(leave, (event,), {})]
        if isinstance(event, MemberJoined):
            return [(join, (event,), {})]
        if isinstance(event, JoinRequested):
            return [(knock, (event,), {})]
        who, present = self._known.get((event.space, event.who.account), (None, False))
        if who == event.who and (present or isinstance(event, FROM_AFAR)):
            return []
        return [(meet, (event,), {})]

    def stored(self, event: PlatformEvent) -> None:
        """Hear that what :meth:`effects` said is stored."""
        key = event.space, event.who.account
        if isinstance(event, JoinRequested):
            return
        if isinstance(event, MemberLeft):
            self._known.pop(key, None)
            return
        _, present = self._known.get(key, (None, False))
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[key] = event.who, present or not isinstance(event, FROM_AFAR)


def meet(tx: Transaction, event: PlatformEvent) -> None:
    """Note a person who did something; a press or a reaction is also possible for who has left."""
    _note(tx, event)
    tx.run(
        NOTE_FROM_AFAR if isinstance(event, FROM_AFAR) else NOTE_MEMBER,
        space=event.space,
        account=event.who.account,
        community=tx.community.id,
        role=event.who.role,
        joined=None,
        source=None,
    )


def join(tx: Transaction, event: MemberJoined) -> None:
    """Note a person who came in."""
    _note(tx, event)
    tx.run(
        NOTE_JOIN,
        space=event.space,
        account=event.who.account,
        community=tx.community.id,
        role=event.who.role,
        joined=event.at,
        source=msgspec.to_builtins(event.source),
    )


def knock(tx: Transaction, event: JoinRequested) -> None:
    """Note who somebody is that asks to be let in."""
    _note(tx, event)


def leave(tx: Transaction, event: MemberLeft) -> None:
    """Note a person who left."""
    _note(tx, event)
    tx.run(NOTE_LEAVE, of=event.space, who=event.who.account, when=event.at)


def _note(tx: Transaction, event: PlatformEvent) -> None:
    who = event.who
    handle = who.handle.casefold()
    tx.run(NOTE_ACCOUNT, account=who.account, name=who.name, locale=who.locale, at=event.at, handle=handle)
