"""The Discord adapter's first table."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "discord_guild",
        sa.Column("guild", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("menu", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("guild"),
    )
