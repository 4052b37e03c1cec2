"""What the welcome remembers."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, MetaData, String, Table

from xiaoer import Moment

metadata = MetaData()

rules = Table(
    "welcome_rules",
    metadata,
    Column("community", String, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("text", String, nullable=False),
    Column("by", String, nullable=False),
    Column("at", Moment, nullable=False),
)
"""The rules' versions, counted from 1; ``by`` is an account, empty for the first one."""

receipts = Table(
    "welcome_receipt",
    metadata,
    Column("community", String, primary_key=True),
    Column("person", String, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
)
"""Who accepted which version, and when."""

asked = Table(
    "welcome_asked",
    metadata,
    Column("community", String, primary_key=True),
    Column("person", String, primary_key=True),
    Column("version", Integer, nullable=False),
)
"""Up to which version somebody who accepted an older one was asked again."""

joins = Table(
    "welcome_join",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("community", String, nullable=False),
    Column("person", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("received", String, nullable=False),
    Column("burst", String),
    Index("welcome_join_when", "community", "at"),
    Index("welcome_join_who", "community", "person", "at"),
)
"""Joins of the last 30 days; ``received`` is ``alone``, ``together`` or ``silently``.

``burst`` names the common welcome.
"""

greetings = Table(
    "welcome_greeting",
    metadata,
    Column("community", String, primary_key=True),
    Column("text", String, nullable=False),
    Column("by", String, nullable=False),
    Column("at", Moment, nullable=False),
)
"""A community's own greeting."""

notices = Table(
    "welcome_notice",
    metadata,
    Column("community", String, primary_key=True),
    Column("key", String, nullable=False),
)
"""Under which key the newest notice is shown."""
