"""What the Discord adapter itself remembers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table

from xiaoer import JSONText

metadata = MetaData()

guilds = Table(
    "discord_guild",
    metadata,
    Column("guild", BigInteger, primary_key=True, autoincrement=False),
    Column("seen", BigInteger, nullable=False),
    Column("menu", String, nullable=False),
)
"""How far each guild's events are safe, in milliseconds since 1970, and a digest of the commands that were set last."""

invites = Table(
    "discord_invite",
    metadata,
    Column("guild", BigInteger, primary_key=True, autoincrement=False),
    Column("known", JSONText, nullable=False),
)
"""The invites of each guild as they were last looked at, so that after a gap it can be told which were used."""

badges = Table(
    "discord_badge",
    metadata,
    Column("guild", BigInteger, primary_key=True, autoincrement=False),
    Column("plugin", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("role", BigInteger, nullable=False),
    Column("place", Integer, nullable=False),
)
"""Which role stands for a plugin's kind of badge, and the kind's order: lower stands above."""

wearers = Table(
    "discord_wearer",
    metadata,
    Column("guild", BigInteger, primary_key=True, autoincrement=False),
    Column("user", BigInteger, primary_key=True, autoincrement=False),
    Column("role", BigInteger, primary_key=True, autoincrement=False),
)
"""Who was made to wear which of these roles, so that after a gap it can be told whose were changed by hand."""

markers = Table(
    "discord_marker",
    metadata,
    Column("role", BigInteger, primary_key=True, autoincrement=False),
    Column("guild", BigInteger, nullable=False),
    Column("code", String, nullable=False),
    Column("until", BigInteger, nullable=True),
)
"""Which role marks which invite, and when that is over; the code is empty until the invite is made."""

gates = Table(
    "discord_gate",
    metadata,
    Column("channel", BigInteger, primary_key=True, autoincrement=False),
    Column("guild", BigInteger, nullable=False),
    Column("plugin", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("before", JSONText, nullable=False),
)
"""Which badge opens a channel, and what was said there before of who may see it."""
