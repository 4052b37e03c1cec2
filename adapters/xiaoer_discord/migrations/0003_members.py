"""Which role stands for which badge or invite, who was made to wear it, and what stood before a gate are remembered."""

import sqlalchemy as sa
from alembic import op

from xiaoer import JSONText

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make room for it."""
    op.create_table(
        "discord_badge",
        sa.Column("guild", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("plugin", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("role", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
    )
    op.create_table(
        "discord_wearer",
        sa.Column("guild", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("user", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("role", sa.BigInteger(), primary_key=True, autoincrement=False),
    )
    op.create_table(
        "discord_marker",
        sa.Column("role", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("guild", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
    )
    op.create_table(
        "discord_gate",
        sa.Column("channel", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("guild", sa.BigInteger(), nullable=False),
        sa.Column("plugin", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("before", JSONText(), nullable=False),
    )
