"""What the Telegram adapter itself remembers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table

metadata = MetaData()

moves = Table(
    "telegram_move",
    metadata,
    Column("was", BigInteger, primary_key=True, autoincrement=False),
    Column("now", BigInteger, nullable=False, index=True),
)
"""Groups that became supergroups: the id in ``plugins.toml``, and the one that Telegram uses now."""

menus = Table(
    "telegram_menu",
    metadata,
    Column("scope", String, primary_key=True),
    Column("digest", String, nullable=False),
)
"""Which command menus stand where: a digest of what was set last."""

tags = Table(
    "telegram_tag",
    metadata,
    Column("space", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("plugin", String, primary_key=True),
    Column("tag", String, nullable=False),
    Column("place", Integer, nullable=False),
)
"""The tags that plugins gave to somebody; the one with the highest place was given last."""

replies = Table(
    "telegram_reply",
    metadata,
    Column("request", String, primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
)
"""Which join requests were answered in words, and when, in seconds; kept for a day."""
