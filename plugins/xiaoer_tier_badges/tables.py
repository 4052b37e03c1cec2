"""What is remembered of seats: who has which number, who is offered one, who waits, and everything that was done."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, UniqueConstraint

from xiaoer import JSONText, Moment

metadata = MetaData()

seats = Table(
    "tier_badges_seat",
    metadata,
    Column("community", String, primary_key=True),
    Column("track", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("state", String, nullable=False),
    Column("holder", String),
    Column("name", String, nullable=False),
    Column("since", Moment, nullable=False),
    Index("tier_badges_seat_holder", "community", "holder"),
    sqlite_with_rowid=False,
)
"""Numbers that were ever given: ``confirmed`` with whose it is, ``vacant`` or ``retired`` with whose it was last."""

offers = Table(
    "tier_badges_offer",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("community", String, nullable=False),
    Column("track", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("account", String, nullable=False),
    Column("name", String, nullable=False),
    Column("number", Integer),
    Column("how", String, nullable=False),
    Column("state", String, nullable=False),
    Column("by", String, nullable=False),
    Column("made", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Index("tier_badges_offer_account", "community", "account"),
    Index("tier_badges_offer_place", "community", "track", "subject", "state"),
    sqlite_autoincrement=True,
)
"""Offers; one with a ``number`` holds it until it expires. ``how`` is what it was made for, ``waitlist`` included."""

waiting = Table(
    "tier_badges_waiting",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("community", String, nullable=False),
    Column("track", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("account", String, nullable=False),
    Column("name", String, nullable=False),
    Column("at", Moment, nullable=False),
    Index("tier_badges_waiting_place", "community", "track", "subject", "id"),
    Index("tier_badges_waiting_account", "community", "account"),
    sqlite_autoincrement=True,
)
"""The waiting lists, in the order of asking."""

transfers = Table(
    "tier_badges_transfer",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("community", String, nullable=False),
    Column("track", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("giver", String, nullable=False),
    Column("giver_name", String, nullable=False),
    Column("taker", String, nullable=False),
    Column("taker_name", String, nullable=False),
    Column("state", String, nullable=False),
    Column("made", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Index("tier_badges_transfer_giver", "community", "giver", "state"),
    Index("tier_badges_transfer_taker", "community", "taker", "state"),
    sqlite_autoincrement=True,
)
"""Seats that their holders want to hand on, until the others agree."""

trail = Table(
    "tier_badges_trail",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("community", String, nullable=False),
    Column("track", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("number", Integer),
    Column("account", String, nullable=False),
    Column("name", String, nullable=False),
    Column("what", String, nullable=False),
    Column("by", String, nullable=False),
    Column("why", String, nullable=False),
    Column("at", Moment, nullable=False),
    Index("tier_badges_trail_place", "community", "track", "subject", "id"),
    sqlite_autoincrement=True,
)
"""Everything that was done: ``what`` to whose seat, ``by`` whom (empty for the machine) and ``why``."""

brought = Table(
    "tier_badges_brought",
    metadata,
    Column("community", String, primary_key=True),
    Column("newcomer", String, primary_key=True),
    Column("inviter", String, nullable=False),
    Index("tier_badges_brought_inviter", "community", "inviter"),
    sqlite_with_rowid=False,
)
"""Who was brought by whom, as it was confirmed."""

boards = Table(
    "tier_badges_board",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("community", String, nullable=False),
    Column("track", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("chats", JSONText, nullable=False),
    UniqueConstraint("community", "track", "subject"),
    sqlite_autoincrement=True,
)
"""Subjects whose seats stand with a button, for everybody to take one, and where."""
