"""The tables as they are first made."""

import sqlalchemy as sa
from alembic import op

from xiaoer import JSONText, Moment

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "red_envelope_envelope",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        *[sa.Column(name, sa.String(), nullable=False) for name in ("community", "kind", "state", "sender")],
        sa.Column("sender_name", sa.String(), nullable=False),
        *[sa.Column(name, sa.Integer(), nullable=False) for name in ("points", "shares", "taken")],
        *[sa.Column(name, sa.String(), nullable=False) for name in ("greeting", "word")],
        sa.Column("chats", JSONText(), nullable=False),
        *[sa.Column(name, Moment(), nullable=False) for name in ("made", "opens", "ends")],
        *[sa.Column(name, sa.String(), nullable=False) for name in ("nonce", "digest")],
        sqlite_autoincrement=True,
    )
    op.create_index("red_envelope_sent", "red_envelope_envelope", ["community", "sender", "made"])
    op.create_index(
        "red_envelope_word", "red_envelope_envelope", ["community", "word"], sqlite_where=sa.text("word != ''")
    )
    op.create_table(
        "red_envelope_share",
        *[sa.Column(name, sa.Integer(), nullable=False) for name in ("envelope", "number", "points")],
        sa.Column("account", sa.String()),
        sa.Column("name", sa.String(), nullable=False, server_default=""),
        sa.Column("at", Moment()),
        sa.PrimaryKeyConstraint("envelope", "number"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "red_envelope_hand",
        "red_envelope_share",
        ["envelope", "account"],
        unique=True,
        sqlite_where=sa.text("account IS NOT NULL"),
    )
    op.create_table(
        "red_envelope_guest",
        sa.Column("envelope", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("envelope", "account"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "red_envelope_checkin",
        *[sa.Column(name, sa.String(), nullable=False) for name in ("community", "account", "day")],
        sa.Column("streak", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("community", "account"),
        sqlite_with_rowid=False,
    )
