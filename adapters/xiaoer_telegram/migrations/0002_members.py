"""What is remembered of tags and of answered join requests."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "telegram_tag",
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("plugin", sa.String(), nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("space", "account", "plugin"),
    )
    op.create_table(
        "telegram_reply",
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("request"),
    )
    op.create_index("ix_telegram_reply_at", "telegram_reply", ["at"])
