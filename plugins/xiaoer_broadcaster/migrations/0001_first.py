"""The tables as they are first made."""

import sqlalchemy as sa
from alembic import op

from xiaoer import JSONText, Moment

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    _library()
    _slots()
    _messages()


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def _counters(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=False, server_default="0") for name in names]


def _library() -> None:
    op.create_table(
        "broadcaster_item",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        *_texts("community"),
        *_numbers("number"),
        *_texts("title", "text", "kind", "slot", "cadence"),
        sa.Column("tags", JSONText(), nullable=False),
        sa.Column("expires", sa.String()),
        *_numbers("most"),
        sa.Column("teasers", JSONText()),
        *_texts("author", "author_name", "state"),
        sa.Column("day", sa.String()),
        *_texts("at_slot"),
        *_numbers("uses"),
        sa.Column("last", sa.String()),
        sa.Column("last_at", Moment()),
        *_texts("digest", "file_name", "mime", "source"),
        sa.Column("made", Moment(), nullable=False),
        sa.Column("changed", Moment(), nullable=False),
        sa.UniqueConstraint("community", "number"),
        sqlite_autoincrement=True,
    )
    op.create_index("broadcaster_item_state", "broadcaster_item", ["community", "state"])
    op.create_index("broadcaster_item_author", "broadcaster_item", ["community", "author", "made"])
    op.create_table(
        "broadcaster_change",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        *_texts("community"),
        *_numbers("number"),
        *_texts("act", "state", "note", "by", "by_name"),
        sa.Column("at", Moment(), nullable=False),
    )
    op.create_index("broadcaster_change_of", "broadcaster_change", ["community", "number", "id"])


def _slots() -> None:
    op.create_table(
        "broadcaster_slot",
        *_texts("community", "slot", "window", "own"),
        sa.Column("since", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("community", "slot"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "broadcaster_post",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        *_texts("community", "day", "slot", "state"),
        sa.Column("item", sa.Integer()),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("deadline", Moment(), nullable=False),
        *_counters("replies", "reactions", "presses"),
        sa.UniqueConstraint("community", "day", "slot"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "broadcaster_teaser",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        *_texts("community", "day", "slot"),
        *_numbers("minutes", "item"),
        sa.Column("due", Moment(), nullable=False),
        sa.UniqueConstraint("community", "day", "slot", "minutes"),
        sqlite_autoincrement=True,
    )


def _messages() -> None:
    op.create_table(
        "broadcaster_message",
        *_texts("chat", "message", "kind"),
        *_numbers("of"),
        sa.Column("until", Moment(), nullable=False),
        *_counters("replies", "reactions"),
        sa.PrimaryKeyConstraint("chat", "message"),
        sqlite_with_rowid=False,
    )
    op.create_index("broadcaster_message_of", "broadcaster_message", ["kind", "of"])
    op.create_table(
        "broadcaster_press",
        *_numbers("post"),
        *_texts("account"),
        sa.PrimaryKeyConstraint("post", "account"),
        sqlite_with_rowid=False,
    )
