"""What red envelopes remember; the points themselves are in the ledger."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, MetaData, String, Table

from xiaoer import JSONText, Moment

metadata = MetaData()

envelopes = Table(
    "red_envelope_envelope",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("community", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("state", String, nullable=False),
    Column("sender", String, nullable=False),
    Column("sender_name", String, nullable=False),
    Column("points", Integer, nullable=False),
    Column("shares", Integer, nullable=False),
    Column("taken", Integer, nullable=False),
    Column("greeting", String, nullable=False),
    Column("word", String, nullable=False),
    Column("chats", JSONText, nullable=False),
    Column("made", Moment, nullable=False),
    Column("opens", Moment, nullable=False),
    Column("ends", Moment, nullable=False),
    Column("nonce", String, nullable=False),
    Column("digest", String, nullable=False),
    Index("red_envelope_sent", "community", "sender", "made"),
    Index("red_envelope_word", "community", "word", sqlite_where=Column("word") != ""),
    sqlite_autoincrement=True,
)
"""Envelopes: ``waiting``, ``open``, ``empty``, ``expired`` or ``cancelled``; ``taken`` counts the shares handed out.

``word`` is what has to be said, and is erased when the envelope is closed.
"""

shares = Table(
    "red_envelope_share",
    metadata,
    Column("envelope", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("points", Integer, nullable=False),
    Column("account", String),
    Column("name", String, nullable=False, server_default=""),
    Column("at", Moment),
    Index("red_envelope_hand", "envelope", "account", unique=True, sqlite_where=Column("account").is_not(None)),
    sqlite_with_rowid=False,
)
"""The shares of an envelope, drawn when it is made and handed out in the order of ``number``."""

guests = Table(
    "red_envelope_guest",
    metadata,
    Column("envelope", Integer, primary_key=True),
    Column("account", String, primary_key=True),
    Column("name", String, nullable=False),
    sqlite_with_rowid=False,
)
"""For whom an exclusive envelope is."""

checkins = Table(
    "red_envelope_checkin",
    metadata,
    Column("community", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("day", String, nullable=False),
    Column("streak", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""The last check-in of each account, and how many days in a row it was."""
