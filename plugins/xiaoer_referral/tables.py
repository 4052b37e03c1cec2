"""What referrals remember; the points themselves are in the ledger."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, UniqueConstraint

from xiaoer import JSONText, Moment

metadata = MetaData()

links = Table(
    "referral_link",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("community", String, nullable=False),
    Column("space", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("name", String, nullable=False),
    Column("invite", String),
    Column("state", String, nullable=False),
    Column("made", Moment, nullable=False),
    Column("expires", Moment),
    Column("uses", Integer, nullable=False),
    Column("used", Moment),
    Index("referral_link_owner", "community", "owner", "space"),
    Index("referral_link_invite", "community", "invite", unique=True, sqlite_where=Column("invite").is_not(None)),
    Index("referral_link_space", "space", "state"),
    sqlite_autoincrement=True,
)
"""Personal links: ``asked``, ``live``, ``failed`` or ``revoked``; one that is good no more still says whose it was."""

joins = Table(
    "referral_join",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("community", String, nullable=False),
    Column("key", String, nullable=False),
    Column("space", String, nullable=False),
    Column("newcomer", String, nullable=False),
    Column("name", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", String, nullable=False),
    Column("certainty", String, nullable=False),
    Column("inviter", String),
    Column("inviter_name", String, nullable=False),
    Column("invite", String),
    Column("candidates", JSONText, nullable=False),
    Column("again", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("messages", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due", Moment),
    Column("settled", Moment),
    Column("points", Integer, nullable=False),
    Column("decided", String, nullable=False),
    UniqueConstraint("community", "key"),
    Index("referral_join_newcomer", "community", "newcomer"),
    Index("referral_join_inviter", "community", "inviter", "state"),
    Index("referral_join_invite", "community", "invite", "at"),
    Index("referral_join_at", "community", "at"),
    sqlite_autoincrement=True,
)
"""Joins, each with how it came about and what became of it.

``state`` is ``none`` (nobody brought them), ``open`` (they may still say who), ``declared`` (they said so, and who was
named has not answered), ``pending``, ``flagged`` (an admin decides), ``paid``, ``capped``, ``silent``, ``left`` or
``refused``; ``reason`` is why. ``again`` is 1 when the person was here before. ``candidates`` are pairs of who it may
have been and their name. ``decided`` is the admin who did.
"""

people = Table(
    "referral_person",
    metadata,
    Column("community", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("since", Moment, nullable=False),
    sqlite_with_rowid=False,
)
"""Accounts that came or left, and when that was first noted: who comes again is no newcomer."""
