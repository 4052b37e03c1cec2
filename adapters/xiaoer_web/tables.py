"""What the sandbox itself remembers: its members, its messages, their pictures and files.

``rev`` counts all visible changes of all rooms; a browser that knows all up to a revision asks for what is newer.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, UniqueConstraint

from xiaoer import JSONText, Moment

metadata = MetaData()

members = Table(
    "web_member",
    metadata,
    Column("space", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("locale", String, nullable=False),
    Column("role", String, nullable=False),
    Column("here", Boolean, nullable=False),
    Column("rev", Integer, nullable=False, index=True),
    Column("key", String, nullable=False, server_default=""),
)
"""``key`` is that of the join that somebody first came by: asked for again, it is still theirs."""

messages = Table(
    "web_message",
    metadata,
    Column("id", String, primary_key=True),
    Column("space", String, nullable=False),
    Column("chat", String, nullable=False),
    Column("author", String),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("content", JSONText, nullable=False),
    Column("only_to", String),
    Column("reply_to", String),
    Column("pinned", Boolean, nullable=False),
    Column("edited", Boolean, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("reactions", JSONText, nullable=False),
    Column("at", Moment, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("rev", Integer, nullable=False, index=True),
    Column("picture", String),
    Column("file", String),
    Index("web_message_chat", "chat", "seq"),
    Index("web_message_file", "file", sqlite_where=Column("file").is_not(None)),
    Index("web_message_picture", "picture", sqlite_where=Column("picture").is_not(None)),
)
"""``author`` is a member's id, empty for the bot; ``seq`` is the revision in which the message appeared."""

pictures = Table(
    "web_picture",
    metadata,
    Column("name", String, primary_key=True),
    Column("png", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""The pictures of messages, each once, named by a hash of what it looks like; one that no message shows is deleted."""

invites = Table(
    "web_invite",
    metadata,
    Column("code", String, primary_key=True),
    Column("request", String, nullable=False, unique=True),
    Column("space", String, nullable=False),
    Column("address", String, nullable=False),
    Column("name", String, nullable=False),
    Column("expires", Moment),
    Column("uses", Integer),
    Column("revoked", Boolean, nullable=False),
    sqlite_with_rowid=False,
)
"""Invites; ``address`` is what was told when one was made, though the sandbox may listen elsewhere today."""

entries = Table(
    "web_entry",
    metadata,
    Column("key", String, primary_key=True),
    Column("code", String, nullable=False),
    sqlite_with_rowid=False,
)
"""Who came in by which invite: the key of the join, so that one that is asked again is counted once."""

files = Table(
    "web_file",
    metadata,
    Column("digest", String, primary_key=True),
    Column("mime", String, nullable=False),
    Column("name", String, nullable=False),
    Column("size", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
)
"""The files of messages, each once, named by the SHA-256 of its bytes; one that no message has is deleted."""

badges = Table(
    "web_badge",
    metadata,
    Column("space", String, primary_key=True),
    Column("person", String, primary_key=True),
    Column("plugin", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("place", Integer, nullable=False),
    Column("name", String, nullable=False),
    Column("tag", String, nullable=False),
    Column("colour", Integer),
    sqlite_with_rowid=False,
)
"""What members wear; ``place`` orders the badges of one plugin, the most important one first."""

gates = Table(
    "web_gate",
    metadata,
    Column("chat", String, primary_key=True),
    Column("plugin", String, nullable=False),
    Column("kind", String, nullable=False),
    sqlite_with_rowid=False,
)
"""The badges that chats are only seen with."""

on_request = Table("web_entry_on_request", metadata, Column("space", String, primary_key=True), sqlite_with_rowid=False)
"""The rooms that nobody comes into by themselves."""

requests = Table(
    "web_request",
    metadata,
    Column("handle", String, primary_key=True),
    Column("space", String, nullable=False),
    Column("chat", String, nullable=False),
    Column("person", String, nullable=False),
    Column("source", JSONText, nullable=False),
    UniqueConstraint("space", "person"),
    sqlite_with_rowid=False,
)
"""Who waits to be let in, under the key of the event that told it; what is decided is deleted."""

counter = Table(
    "web_counter", metadata, Column("id", Integer, primary_key=True), Column("rev", Integer, nullable=False)
)
"""One row: the newest revision."""
