"""What a ``function(tx, ...)`` may do inside the group's transaction: read, decide, write, request."""

from __future__ import annotations

import sqlite3
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer import filing
from xiaoer.actions import (
    AnswerPerson,
    AnyAction,
    Asked,
    SendMessage,
    ShowMessage,
    conclusion,
    decode_action,
    encode_action,
    urgency_of,
)
from xiaoer.allowance import Allowance
from xiaoer.content import Content, Text
from xiaoer.errors import FileRefused, Refusal
from xiaoer.events import AnyEvent, PlatformEvent, Who, encode_event
from xiaoer.filing import FileRules
from xiaoer.plugin import MERGE, ROLES, Misfire, Role
from xiaoer.roles import GIVEN_ROLE, role_of
from xiaoer.scene import Addressee, Scene, Voice
from xiaoer.statements import Compiled, Row, Statement
from xiaoer.tables import accounts, inbox, members, outbox, shown, timers

GAVE_WAY = "a newer one took its place"
"""How an action ended whose plugin asked for another one of the same name."""

REQUEST = Statement(
    insert(outbox).values(
        community=bindparam("community"),
        plugin=bindparam("plugin"),
        chat=bindparam("chat"),
        action=bindparam("action"),
        state="wanted",
        urgency=bindparam("urgency"),
        unprompted=bindparam("unprompted"),
        key=bindparam("key"),
        batch=bindparam("batch"),
        at=bindparam("at"),
        tries=0,
    )
)
KEYED = Statement(
    select(outbox.c.id, outbox.c.action, outbox.c.unprompted).where(
        outbox.c.community == bindparam("of"),
        outbox.c.plugin == bindparam("by"),
        outbox.c.chat == bindparam("place"),
        outbox.c.key == bindparam("name"),
        outbox.c.state == "wanted",
    )
)
REPLACED = Statement(
    update(outbox)
    .values(state="cancelled", reason=GAVE_WAY, action=None, ended=bindparam("moment"))
    .where(outbox.c.id == bindparam("entry"))
)
_show = upsert(shown).values(
    community=bindparam("community"),
    plugin=bindparam("plugin"),
    key=bindparam("key"),
    chat=bindparam("chat"),
    action=bindparam("action"),
    wanted=1,
    current=0,
    epoch=0,
    pinned=0,
    state="open",
    unprompted=bindparam("unprompted"),
)
SHOW = Statement(
    _show.on_conflict_do_update(
        index_elements=["community", "plugin", "key", "chat"],
        set_={
            "action": _show.excluded.action,
            "wanted": shown.c.wanted + 1,
            "state": "open",
            "reason": None,
            "unprompted": _show.excluded.unprompted,
        },
    )
)
_schedule = upsert(timers).values(
    community=bindparam("community"),
    plugin=bindparam("plugin"),
    job=bindparam("job"),
    due=bindparam("due"),
    data=bindparam("data"),
    misfire=bindparam("misfire"),
    late=bindparam("late"),
    state="waiting",
)
SCHEDULE = Statement(
    _schedule.on_conflict_do_update(
        index_elements=["community", "plugin", "job", "due"],
        set_={name: _schedule.excluded[name] for name in ("cron", "data", "misfire", "late", "state")},
        where=timers.c.state == "cancelled",
    )
)
UNSCHEDULE = Statement(
    update(timers)
    .values(state="cancelled")
    .where(
        timers.c.community == bindparam("of"),
        timers.c.plugin == bindparam("by"),
        timers.c.job == bindparam("name"),
        timers.c.state == "waiting",
    )
)
PARK = Statement(
    upsert(inbox)
    .values(
        key=bindparam("key"),
        community=bindparam("community"),
        event=bindparam("event"),
        at=bindparam("at"),
        tries=bindparam("tries"),
    )
    .on_conflict_do_nothing()
)
WHO = Statement(
    select(accounts.c.name, accounts.c.locale, accounts.c.handle).where(accounts.c.account == bindparam("account"))
)
SAME_AS = Statement(select(accounts.c.same_as).where(accounts.c.account == bindparam("account")))
ALL_SAME = Statement(
    select(accounts.c.account).where(accounts.c.same_as == bindparam("person")).order_by(accounts.c.account)
)
PRESENT = Statement(
    select(members.c.space)
    .where(members.c.community == bindparam("here"), members.c.account == bindparam("who"), members.c.left.is_(None))
    .order_by(members.c.space)
)
IS_MEMBER = Statement(
    select(members.c.account)
    .where(members.c.community == bindparam("here"), members.c.account == bindparam("who"), members.c.left.is_(None))
    .limit(1)
)
SINCE = Statement(
    select(func.min(func.coalesce(members.c.joined, accounts.c.at)).label("since"))
    .join(accounts, accounts.c.account == members.c.account)
    .where(members.c.community == bindparam("here"), members.c.account == bindparam("who"), members.c.left.is_(None))
)

PLATFORM_ROLES = Statement(
    select(members.c.role).where(
        members.c.community == bindparam("here"), members.c.account == bindparam("who"), members.c.left.is_(None)
    )
)


@dataclass
class Requested:
    """What a group asked for beside its rows: looked at once it is committed."""

    actions: int = 0
    reopened: bool = False
    timers: int = 0
    events: list[AnyEvent] = field(default_factory=lambda: [])
    after: list[Callable[[], None]] = field(default_factory=lambda: [])


ANY_FILE = FileRules()

STORAGE_FAILURES = (
    "SQLITE_FULL",
    "SQLITE_IOERR",
    "SQLITE_NOMEM",
    "SQLITE_CORRUPT",
    "SQLITE_NOTADB",
    "SQLITE_READONLY",
    "SQLITE_BUSY",
    "SQLITE_LOCKED",
    "SQLITE_CANTOPEN",
)
"""What SQLite says when the storage is at fault and not the statement."""


def says_storage_failed(error: BaseException | None) -> bool:
    """Return whether an error of SQLite means that the storage is at fault, and not what was asked of it."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorname", "").startswith(STORAGE_FAILURES)


def _of_storage(error: BaseException) -> bool:
    """Return whether the storage failed; what a plugin does with a file of its own is the plugin's failure."""
    if not says_storage_failed(error):
        return False
    *_, (innermost, _) = traceback.walk_tb(error.__traceback__)
    return str(innermost.f_globals.get("__name__")).partition(".")[0] == "xiaoer"


class PartLost(Exception):
    """A part's failure took the whole transaction with it, so its group starts again without that part."""


class Transaction(Voice):
    """The open transaction, as one plugin's part of one event sees it: everything applied before is visible.

    A function that gets it must touch nothing else, because it may run again when its group has to be repeated.

    Args:
        connection: the writing connection, inside the group's transaction.
        requested: collects what is asked for.
        now: community time.
        allowance: the time that a part may take.
        rules: which files may be kept.

    Attributes:
        withdrawn: whether the part that was applied last has said so of its event; the core's.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        requested: Requested,
        now: datetime,
        allowance: Allowance | None = None,
        rules: FileRules = ANY_FILE,
    ) -> None:
        self._connection = connection
        self._requested = requested
        self.now = now
        self.withdrawn = False
        self._savepoint_wanted = self._savepoint_set = False
        self._allowance = allowance or Allowance()
        self._rules = rules

    def attempt(self, function: Callable[[Transaction], object], *, writes_once: bool = False) -> BaseException | None:
        """Run a part and return what it raised, its writes undone, or None; the core's.

        The caller remembers the failure and then calls :meth:`check`. The savepoint is set before the first write: most
        parts that are refused have written nothing, and setting one and taking it back costs as much as they do.

        Args:
            function: the part.
            writes_once: whether one statement, which comes last, is all that it writes; that needs no savepoint.

        Raises:
            sqlite3.Error: the storage failed, not the part.
        """
        connection, requested = self._connection, self._requested
        mark = requested.actions, requested.timers, len(requested.events), len(requested.after)
        self._allowance.begin()
        self._savepoint_wanted, self._savepoint_set = not writes_once, False
        try:
            function(self)
            self._allowance.end()
            if self._savepoint_set:
                connection.execute("RELEASE part")
        except BaseException as error:  # bulkhead "transact": a plugin's function takes nobody else with it
            self._allowance.end()
            if _of_storage(error):
                raise
            if connection.in_transaction:
                if self._savepoint_set:
                    connection.execute("ROLLBACK TO part")
                    connection.execute("RELEASE part")
                requested.actions, requested.timers = mark[:2]
                del requested.events[mark[2] :], requested.after[mark[3] :]
            if isinstance(error, Refusal):
                error.__traceback__ = None  # nobody reads it, and it would keep the event in a cycle
            return error
        finally:
            self._savepoint_wanted = False
        return None

    def _before_writing(self) -> None:
        if self._savepoint_wanted and not self._savepoint_set:
            self._connection.execute("SAVEPOINT part")
            self._savepoint_set = True

    def _execute(self, compiled: Compiled, values: dict[str, Any]) -> sqlite3.Cursor:
        bound = compiled.bind(values)
        if compiled.writes:
            self._before_writing()
        return self._connection.execute(compiled.sql, bound)

    def attempt_alone(self, sql: str, values: dict[str, Any]) -> BaseException | None:
        """Run a part that is one statement, as :meth:`attempt` does."""
        self._allowance.begin()
        try:
            self._connection.execute(sql, values)
        except Exception as error:  # bulkhead "transact": a value may be one that SQLite cannot take
            if _of_storage(error):
                raise
            return error
        finally:
            self._allowance.end()
        return None

    def check(self) -> None:
        """Go on, unless a failed part took the whole transaction with it, as an interrupted write does; the core's.

        Raises:
            PartLost: start the group again, without the part.
        """
        if not self._connection.in_transaction:
            raise PartLost

    def enter(self, scene: Scene, now: datetime) -> None:
        """Say whose part comes next and what the community's time is; the core's."""
        self.scene = scene
        self.now = now
        self.withdrawn = False

    def withdraw(self) -> None:
        """Say that what caused the event was taken back, so that nothing else of it is stored; the core's."""
        self.withdrawn = True

    def execute(self, sql: str, values: dict[str, Any]) -> int:
        """Run a compiled statement with bound values; the core's."""
        self._before_writing()
        return self._connection.execute(sql, values).rowcount

    def one(self, statement: Statement, /, **values: Any) -> Row | None:
        """Return the first row, or None."""
        compiled = statement.compiled
        rows = compiled.rows(self._execute(compiled, values))
        return rows[0] if rows else None

    def all(self, statement: Statement, /, **values: Any) -> list[Row]:
        """Return all rows."""
        compiled = statement.compiled
        return compiled.rows(self._execute(compiled, values))

    def run(self, statement: Statement, /, **values: Any) -> int:
        """Write and return how many rows it touched."""
        compiled = statement.compiled
        return self._execute(compiled, values).rowcount

    def request(self, action: AnyAction) -> None:
        """Ask for an action; it is performed after the commit."""
        if isinstance(action, ShowMessage):
            self.run(
                SHOW,
                community=self.scene.community.id,
                plugin=self.scene.plugin,
                key=action.key,
                chat=action.chat,
                action=encode_action(action),
                unprompted=int(not self.scene.prompted),
            )
        else:
            if isinstance(action, SendMessage) and action.key is not None:
                self._make_way(action.chat, action.key)
            self.run(REQUEST, **self._asked(action))
        self._requested.actions += 1

    def request_all(self, actions: Sequence[SendMessage]) -> None:
        """Ask for many messages at once; the core's, whose time does not count as the plugin's."""
        compiled = REQUEST.compiled
        with self._allowance.core():
            rows = [compiled.bind(self._asked(action)) for action in actions]
            self._before_writing()
            self._connection.executemany(compiled.sql, rows)
        self._requested.actions += len(rows)

    def _asked(self, action: AnyAction) -> dict[str, Any]:
        """Return an action as a row of the outbox."""
        message = action if isinstance(action, SendMessage) else None
        return {
            "community": self.scene.community.id,
            "plugin": self.scene.plugin,
            "chat": action.chat,
            "action": encode_action(action),
            "urgency": urgency_of(action),
            "unprompted": int(not self.scene.prompted),
            "key": message.key if message is not None else None,
            "batch": message.batch if message is not None else None,
            "at": self.now,
        }

    def _make_way(self, chat: str, key: str) -> None:
        """End what waits under a name, because something newer takes its place."""
        for row in self.all(KEYED, of=self.scene.community.id, by=self.scene.plugin, place=chat, name=key):
            self.run(REPLACED, entry=row.id, moment=self.now)
            asked = Asked(row.id, self.scene.community.id, self.scene.plugin, not row.unprompted)
            told = conclusion(asked, decode_action(row.action), self.now, error=GAVE_WAY)
            if told is not None:
                self.emit(told)

    def text(self, key: str, /, *, to: Addressee = None, **values: Any) -> Text:
        """Return a text as :meth:`~xiaoer.scene.Voice.text` does; finding the words is the core's time."""
        with self._allowance.core():
            return super().text(key, to=to, **values)

    def schedule(self, job: str, due: datetime, data: dict[str, Any] | None = None, misfire: Misfire = MERGE) -> None:
        """Set a one-time timer; the same job at the same time is one timer.

        Args:
            job: the plugin's name for it; ``on_schedule`` gets it back.
            due: when, with a time zone, in community time.
            data: small JSON state that comes back with it.
            misfire: what becomes of it when it cannot fire in time.
        """
        self.run(
            SCHEDULE,
            community=self.scene.community.id,
            plugin=self.scene.plugin,
            job=job,
            due=due,
            data=data or {},
            misfire=misfire.policy,
            late=int(misfire.late.total_seconds()),
        )
        self._requested.timers += 1

    def unschedule(self, job: str) -> int:
        """Cancel the waiting timers of a job and return how many there were."""
        self._requested.timers += 1
        return self.run(UNSCHEDULE, of=self.scene.community.id, by=self.scene.plugin, name=job)

    def keep_file(self, data: bytes, name: str, mime: str = "") -> str:
        """Keep a file and return its digest; kept twice, it has to be forgotten twice.

        Args:
            data: its bytes.
            name: what it is called.
            mime: what it is said to be, which counts only where its content does not tell.

        Raises:
            Refusal: it is empty, too large, or of a kind that is not kept.
        """
        try:
            copy = filing.examined(data, name, mime, self._rules)
        except FileRefused as error:
            raise Refusal(error.key, **error.values) from error
        return filing.keep(self, self.scene.community.id, self.scene.plugin, copy)

    def file(self, digest: str) -> Row | None:
        """Return a file that this plugin keeps here: ``digest``, ``mime``, ``name``, ``size``, ``data``, ``at``."""
        return filing.find(self, self.scene.community.id, self.scene.plugin, digest)

    def forget_file(self, digest: str) -> bool:
        """Keep a file once less; return whether it was kept. What others keep stays theirs."""
        return filing.forget(self, self.scene.community.id, self.scene.plugin, digest)

    def refuse(self, key: str, values: dict[str, object]) -> None:
        """Tell the person who asked, and nobody else, why they cannot have it; the core's."""
        scene = self.scene
        asker = scene.asker
        if asker is None:
            return
        words = scene.words.text(asker.who.locale, scene.community, key, values)
        self.request(
            AnswerPerson(
                chat=asker.chat, handle=asker.handle, content=Content(words), private=True, to=asker.who.account
            )
        )

    def after(self, call: Callable[[], None]) -> None:
        """Call something, in the loop, once this is on the disk; an adapter's, for what it keeps in memory."""
        self._requested.after.append(call)

    def reopened(self) -> None:
        """Let delivery look at the whole outbox after the commit; the core's."""
        self._requested.actions += 1
        self._requested.reopened = True

    def changed_timers(self) -> None:
        """Let the scheduler look at the timers after the commit; the core's."""
        self._requested.timers += 1

    def emit(self, event: AnyEvent) -> None:
        """Tell a fact to the community's plugins, as a new event that is safe with this commit."""
        community = self.scene.community.id if isinstance(event, PlatformEvent) else event.community
        self.run(PARK, key=event.key, community=community, event=encode_event(event), at=self.now, tries=1)
        self._requested.events.append(event)

    def places_for(self, account: str) -> list[str]:
        """Return where somebody can be told something; first the chats of spaces that they are in."""
        spaces = {row.space for row in self.all(PRESENT, here=self.scene.community.id, who=account)}
        return sorted(super().places_for(account), key=lambda place: place.partition("/")[0] not in spaces)

    def who(self, account: str) -> Who:
        """Return whose account it is as far as it was told, to speak to them in their language with ``to=``."""
        row = self.one(WHO, account=account)
        if row is None:
            return Who(account, "")
        return Who(account, row.name, row.locale, handle=row.handle or "")

    def person(self, account: str) -> str:
        """Return the account that stands for the person behind an account: itself, unless accounts are linked."""
        row = self.one(SAME_AS, account=account)
        return row.same_as if row is not None and row.same_as is not None else account

    def accounts_of(self, account: str) -> tuple[str, ...]:
        """Return all accounts of the person behind an account, the one that stands for them first.

        What a person did before their accounts were linked is noted under each of these.
        """
        person = self.person(account)
        return person, *[row.account for row in self.all(ALL_SAME, person=person)]

    def is_member(self, account: str) -> bool:
        """Return whether the person behind an account is in the community, with whichever of their accounts."""
        here = self.scene.community.id
        return any(self.one(IS_MEMBER, here=here, who=one) is not None for one in self.accounts_of(account))

    def role(self, account: str) -> Role:
        """Return the highest role of the person behind an account, as far as platforms have told it."""
        here = self.scene.community
        found: list[Role] = ["member"]
        for one in self.accounts_of(account):
            given = self.one(GIVEN_ROLE, community=here.id, account=one)
            platform = [row.role for row in self.all(PLATFORM_ROLES, here=here.id, who=one)]
            found.extend(role_of(here, one, told, None if given is None else given.role) for told in platform or [""])
        return min(found, key=ROLES.index)

    def since(self, account: str) -> datetime | None:
        """Return since when the person behind an account is in the community, with whichever of their accounts.

        Of whom it was not told when they came, it is when they were first noted. None for who is no member.
        """
        here = self.scene.community.id
        rows = [self.one(SINCE, here=here, who=one) for one in self.accounts_of(account)]
        return min((row.since for row in rows if row is not None and row.since is not None), default=None)

    def memberships(self, account: str) -> list[tuple[str, str]]:
        """Return where in the community the person behind an account is: each space, with their account there."""
        here = self.scene.community.id
        return [(row.space, one) for one in self.accounts_of(account) for row in self.all(PRESENT, here=here, who=one)]
