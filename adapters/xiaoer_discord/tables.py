"""What the Discord adapter itself remembers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, MetaData, String, Table

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
