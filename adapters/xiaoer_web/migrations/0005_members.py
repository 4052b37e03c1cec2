"""People wear badges, chats have gates, and rooms are entered on request."""

import sqlalchemy as sa
from alembic import op

from xiaoer import JSONText

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make room for them."""
    op.create_table(
        "web_badge",
        sa.Column("space", sa.String(), primary_key=True),
        sa.Column("person", sa.String(), primary_key=True),
        sa.Column("plugin", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column("colour", sa.Integer()),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "web_gate",
        sa.Column("chat", sa.String(), primary_key=True),
        sa.Column("plugin", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table("web_entry_on_request", sa.Column("space", sa.String(), primary_key=True), sqlite_with_rowid=False)
    op.create_table(
        "web_request",
        sa.Column("handle", sa.String(), primary_key=True),
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("source", JSONText(), nullable=False),
        sa.UniqueConstraint("space", "person"),
        sqlite_with_rowid=False,
    )
