"""What the broadcaster remembers: the library, who did what to it, the slots, what went out, and what came back."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, UniqueConstraint

from xiaoer import JSONText, Moment

metadata = MetaData()

items = Table(
    "broadcaster_item",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("community", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("title", String, nullable=False),
    Column("text", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("slot", String, nullable=False),
    Column("cadence", String, nullable=False),
    Column("tags", JSONText, nullable=False),
    Column("expires", String),
    Column("most", Integer, nullable=False),
    Column("teasers", JSONText),
    Column("author", String, nullable=False),
    Column("author_name", String, nullable=False),
    Column("state", String, nullable=False),
    Column("day", String),
    Column("at_slot", String, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("last", String),
    Column("last_at", Moment),
    Column("digest", String, nullable=False),
    Column("file_name", String, nullable=False),
    Column("mime", String, nullable=False),
    Column("source", String, nullable=False),
    Column("made", Moment, nullable=False),
    Column("changed", Moment, nullable=False),
    UniqueConstraint("community", "number"),
    Index("broadcaster_item_state", "community", "state"),
    sqlite_autoincrement=True,
)
"""The library; days are written ``2026-12-01``. The text of what was taken off is erased after 30 days."""

changes = Table(
    "broadcaster_change",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("community", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("act", String, nullable=False),
    Column("state", String, nullable=False),
    Column("note", String, nullable=False),
    Column("by", String, nullable=False),
    Column("by_name", String, nullable=False),
    Column("at", Moment, nullable=False),
    Index("broadcaster_change_of", "community", "number", "id"),
    Index("broadcaster_change_by", "community", "by", "at"),
)
"""What was done to each item, by whom and when; ``by`` is empty for what Xiaoer did."""

slots = Table(
    "broadcaster_slot",
    metadata,
    Column("community", String, primary_key=True),
    Column("slot", String, primary_key=True),
    Column("window", String, nullable=False),
    Column("own", String, nullable=False),
    Column("since", Moment, nullable=False),
    sqlite_with_rowid=False,
)
"""The slots as they are now, and since when: what began before is nobody's.

``own`` is what was set in the chat over the configuration, ``off`` for a slot that rests.
"""

posts = Table(
    "broadcaster_post",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("community", String, nullable=False),
    Column("day", String, nullable=False),
    Column("slot", String, nullable=False),
    Column("state", String, nullable=False),
    Column("item", Integer),
    Column("at", Moment, nullable=False),
    Column("deadline", Moment, nullable=False),
    Column("replies", Integer, nullable=False, server_default="0"),
    Column("reactions", Integer, nullable=False, server_default="0"),
    Column("presses", Integer, nullable=False, server_default="0"),
    UniqueConstraint("community", "day", "slot"),
    sqlite_autoincrement=True,
)
"""What became of each slot of each day, once: ``posted``, ``held``, ``cancelled``, ``measured``, ``empty``,
``skipped`` or ``missed``.
"""

teasers = Table(
    "broadcaster_teaser",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("community", String, nullable=False),
    Column("day", String, nullable=False),
    Column("slot", String, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("item", Integer, nullable=False),
    Column("due", Moment, nullable=False),
    UniqueConstraint("community", "day", "slot", "minutes"),
    sqlite_autoincrement=True,
)
"""The teasers that went out; one that was taken back is not here any more."""

messages = Table(
    "broadcaster_message",
    metadata,
    Column("chat", String, primary_key=True),
    Column("message", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("of", Integer, nullable=False),
    Column("until", Moment, nullable=False),
    Column("replies", Integer, nullable=False, server_default="0"),
    Column("reactions", Integer, nullable=False, server_default="0"),
    Index("broadcaster_message_of", "kind", "of"),
    sqlite_with_rowid=False,
)
"""The messages of posts (``kind`` is ``post``) and teasers (``teaser``), and what came back ``until`` a moment."""

presses = Table(
    "broadcaster_press",
    metadata,
    Column("post", Integer, primary_key=True),
    Column("account", String, primary_key=True),
    sqlite_with_rowid=False,
)
"""Who pressed the button of a post; erased when the post is measured."""
