"""The sandbox's first tables."""

import sqlalchemy as sa
from alembic import op

from xiaoer import JSONText, Moment

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    _members()
    _messages()
    counter = op.create_table(
        "web_counter",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("rev", sa.Integer(), nullable=False),
    )
    op.bulk_insert(counter, [{"id": 1, "rev": 0}])


def _members() -> None:
    op.create_table(
        "web_member",
        sa.Column("space", sa.String(), primary_key=True),
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("here", sa.Boolean(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
    )
    op.create_index("ix_web_member_rev", "web_member", ["rev"])


def _messages() -> None:
    op.create_table(
        "web_message",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("author", sa.String()),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("content", JSONText(), nullable=False),
        sa.Column("only_to", sa.String()),
        sa.Column("reply_to", sa.String()),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("edited", sa.Boolean(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("reactions", JSONText(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
    )
    op.create_index("ix_web_message_rev", "web_message", ["rev"])
    op.create_index("web_message_chat", "web_message", ["chat", "seq"])
