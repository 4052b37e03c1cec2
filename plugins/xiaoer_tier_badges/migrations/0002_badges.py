"""What is worn, who stands in gated chats, the gates themselves, and imports that wait."""

import sqlalchemy as sa
from alembic import op

from xiaoer import JSONText, Moment

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "tier_badges_worn",
        *[sa.Column(name, sa.String(), nullable=False) for name in ("community", "account", "space")],
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kinds", JSONText(), nullable=False),
        *[sa.Column(name, sa.String(), nullable=False) for name in ("state", "why")],
        sa.Column("named", JSONText(), nullable=False),
        sa.Column("told", sa.String(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        *[sa.Column(name, sa.Integer(), nullable=False) for name in ("repairs", "warned")],
        sa.PrimaryKeyConstraint("community", "account", "space"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tier_badges_standing",
        *[sa.Column(name, sa.String(), nullable=False) for name in ("community", "account", "chat")],
        sa.Column("due", Moment(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("community", "account", "chat"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tier_badges_gated",
        *[sa.Column(name, sa.String(), nullable=False) for name in ("community", "chat", "name", "state")],
        sa.PrimaryKeyConstraint("community", "chat"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tier_badges_roll",
        *[sa.Column(name, sa.String(), nullable=False) for name in ("community", "account", "digest")],
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("community", "account"),
        sqlite_with_rowid=False,
    )
    op.create_index("tier_badges_roll_at", "tier_badges_roll", ["community", "at"])
