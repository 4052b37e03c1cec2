"""The core's own tables and the two column types that plugins may use beside SQLAlchemy's.

Names start with ``xr_``. There are no foreign keys between the core and plugins.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import CheckConstraint, Column, Index, Integer, LargeBinary, MetaData, String, Table, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """A moment with a time zone, kept as microseconds since 1970 in UTC."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Return the moment as the database keeps it."""
        del dialect
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Return the moment as Python has it."""
        del dialect
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class JSONText(TypeDecorator[Any]):
    """A small value kept as JSON."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:
        """Return the value as the database keeps it."""
        del dialect
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any:
        """Return the value as Python has it."""
        del dialect
        return None if value is None else msgspec.json.decode(value)


metadata = MetaData()

seen = Table(
    "xr_seen",
    metadata,
    Column("key", String, primary_key=True),
    Column("at", Integer, nullable=False, index=True),
    sqlite_with_rowid=False,
)
"""The keys of events whose effects are committed; ``at`` is the hour since 1970, in community time."""

inbox = Table(
    "xr_inbox",
    metadata,
    Column("key", String, primary_key=True),
    Column("community", String, nullable=False),
    Column("event", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
    Column("tries", Integer, nullable=False, default=0),
    Column("set_aside", String),
)
"""Events that were acknowledged before their effects were committed; ``set_aside`` says why one is not tried again."""

outbox = Table(
    "xr_outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("community", String, nullable=False),
    Column("plugin", String, nullable=False),
    Column("chat", String, nullable=False),
    Column("action", LargeBinary),
    Column("state", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("tries", Integer, nullable=False, default=0),
    Column("message", String),
    Column("reason", String),
    Column("urgency", Integer, nullable=False, server_default="1"),
    Column("unprompted", Integer, nullable=False, server_default="0"),
    Column("key", String),
    Column("batch", String),
    Column("ended", Moment),
    Index("xr_outbox_open", "state", sqlite_where=Column("state").in_(["wanted", "sending"])),
    Index(
        "xr_outbox_key",
        "community",
        "plugin",
        "chat",
        "key",
        sqlite_where=Column("key").is_not(None) & (Column("state") == "wanted"),
    ),
    Index("xr_outbox_batch", "community", "plugin", "batch", "state", sqlite_where=Column("batch").is_not(None)),
    sqlite_autoincrement=True,
)
"""Requested actions: ``wanted``, ``held``, ``sending``, ``done``, ``failed``, ``unknown`` or ``cancelled``.

``action`` is erased at the end, and ``ended`` says when that was. Ids are never given again, because they name the
request to the platform. ``urgency`` is 4 for what is done to members and 3 for files, both beside messages, 2 for
answers and invites, 1 for what else a person caused, 0 for what goes out to many; ``unprompted`` is 1 for what nobody
caused.
``key`` names what a newer request takes the place of, ``batch`` the broadcast it is part of.
"""

shown = Table(
    "xr_shown",
    metadata,
    Column("community", String, primary_key=True),
    Column("plugin", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("chat", String, primary_key=True),
    Column("action", LargeBinary),
    Column("wanted", Integer, nullable=False),
    Column("current", Integer, nullable=False, default=0),
    Column("epoch", Integer, nullable=False, default=0),
    Column("message", String),
    Column("pinned", Integer, nullable=False, default=0),
    Column("state", String, nullable=False),
    Column("reason", String),
    Column("unprompted", Integer, nullable=False, server_default="0"),
    Index("xr_shown_open", "state", sqlite_where=Column("state") == "open"),
)
"""What messages should look like (``wanted`` counts the versions) and what they look like (``current``).

``epoch`` counts how often one was taken away; ``state`` is ``open`` or ``settled``; ``unprompted`` is 1 when nobody
caused the newest version.
"""

posts = Table(
    "xr_post",
    metadata,
    Column("mark", String, primary_key=True),
    Column("chat", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("at", Moment, nullable=False),
    Index("xr_post_chat", "chat", "kind", "at"),
    sqlite_with_rowid=False,
)
"""Unprompted posts that a chat was given, by what they are; ``kind`` is ``post`` or ``mention``."""

timers = Table(
    "xr_timer",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("community", String, nullable=False),
    Column("plugin", String, nullable=False),
    Column("job", String, nullable=False),
    Column("due", Moment, nullable=False),
    Column("cron", String),
    Column("data", JSONText, nullable=False),
    Column("misfire", String, nullable=False),
    Column("late", Integer, nullable=False),
    Column("state", String, nullable=False),
    UniqueConstraint("community", "plugin", "job", "due"),
    Index("xr_timer_due", "due", sqlite_where=Column("state") == "waiting"),
    sqlite_autoincrement=True,
)
"""Timers: ``waiting``, ``off``, ``fired``, ``skipped`` or ``cancelled``; ``late`` in seconds.

``cron`` is a recurring one's expression with its zone behind it.
"""

accounts = Table(
    "xr_account",
    metadata,
    Column("account", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("locale", String),
    Column("same_as", String),
    Column("at", Moment, nullable=False),
    Column("handle", String, nullable=False, server_default=""),
    Index("xr_account_same", "same_as", sqlite_where=Column("same_as").is_not(None)),
    Index("xr_account_handle", "handle", sqlite_where=Column("handle") != ""),
    sqlite_with_rowid=False,
)
"""Accounts; ``same_as`` points to the account that stands for the person when accounts are linked.

``handle`` is the name by which others write to them, in small letters and without the @.
"""

links = Table(
    "xr_link",
    metadata,
    Column("community", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("code", String, nullable=False),
    Column("until", Moment, nullable=False),
    sqlite_with_rowid=False,
)
"""Codes that link accounts: shown to ``account``, good ``until``."""

members = Table(
    "xr_member",
    metadata,
    Column("space", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("community", String, nullable=False, index=True),
    Column("role", String, nullable=False),
    Column("joined", Moment),
    Column("left", Moment),
    Column("source", JSONText),
    Index("xr_member_account", "account", "community"),
    sqlite_with_rowid=False,
)
"""Who is in which space, since when, how they came and what they are there."""

roles = Table(
    "xr_role",
    metadata,
    Column("community", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("at", Moment, nullable=False),
    sqlite_with_rowid=False,
)
"""Roles given in the chat, for instance by a claim code."""

faults = Table(
    "xr_fault",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("community", String, nullable=False),
    Column("plugin", String, nullable=False),
    Column("what", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("at", Moment, nullable=False),
)
"""What plugins failed at, and what automatic acts were done and why."""

kept_files = Table(
    "xr_file",
    metadata,
    Column("digest", String, primary_key=True),
    Column("mime", String, nullable=False),
    Column("name", String, nullable=False),
    Column("size", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
)
"""Files, each once, named by the SHA-256 of its bytes; one that nobody uses is thrown away."""

file_uses = Table(
    "xr_file_use",
    metadata,
    Column("community", String, primary_key=True),
    Column("plugin", String, primary_key=True),
    Column("digest", String, primary_key=True),
    Column("uses", Integer, nullable=False),
    Index("xr_file_use_digest", "digest"),
    sqlite_with_rowid=False,
)
"""Which plugin of which community keeps which file, and how often it was told to."""

values = Table(
    "xr_value",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", JSONText, nullable=False),
    sqlite_with_rowid=False,
)
"""Single values, for instance the offset of community time."""

transfers = Table(
    "xr_transfer",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("community", String, nullable=False),
    Column("key", String, nullable=False),
    Column("leg", Integer, nullable=False),
    Column("source", String, nullable=False),
    Column("target", String, nullable=False),
    Column("points", Integer, nullable=False),
    Column("reason", String, nullable=False),
    Column("note", String, nullable=False),
    Column("by", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("reverses", Integer),
    CheckConstraint("points > 0 AND typeof(points) = 'integer' AND source <> target", name="xr_transfer_true"),
    UniqueConstraint("community", "key", "leg"),
    Index("xr_transfer_source", "community", "source", "id"),
    Index("xr_transfer_target", "community", "target", "id"),
    Index("xr_transfer_reversed", "reverses", unique=True, sqlite_where=Column("reverses").is_not(None)),
    sqlite_autoincrement=True,
)
"""Points that went from one holder to another; triggers refuse every change and carry each into ``xr_balance``.

A holder is an account, ``treasury``, or what a plugin keeps for somebody (``<plugin>/<name>``). ``leg`` counts the
accounts that one person pays from.
"""

balances = Table(
    "xr_balance",
    metadata,
    Column("community", String, primary_key=True),
    Column("holder", String, primary_key=True),
    Column("points", Integer, nullable=False),
    CheckConstraint("points >= 0 OR holder = 'treasury'", name="xr_balance_true"),
    sqlite_with_rowid=False,
)
"""What each holder has; only the treasury may owe, and what it owes is what all others have."""
