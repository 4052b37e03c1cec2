"""The welcome's first tables."""

import sqlalchemy as sa
from alembic import op

from xiaoer import Moment

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "welcome_rules",
        sa.Column("community", sa.String(), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
    )
    op.create_table(
        "welcome_receipt",
        sa.Column("community", sa.String(), primary_key=True),
        sa.Column("person", sa.String(), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True),
        sa.Column("at", Moment(), nullable=False),
    )
    op.create_table(
        "welcome_asked",
        sa.Column("community", sa.String(), primary_key=True),
        sa.Column("person", sa.String(), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_table(
        "welcome_join",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("received", sa.String(), nullable=False),
        sa.Column("burst", sa.String()),
    )
    op.create_index("welcome_join_when", "welcome_join", ["community", "at"])
    op.create_index("welcome_join_who", "welcome_join", ["community", "person", "at"])
    op.create_table(
        "welcome_greeting",
        sa.Column("community", sa.String(), primary_key=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
    )
    op.create_table(
        "welcome_notice",
        sa.Column("community", sa.String(), primary_key=True),
        sa.Column("key", sa.String(), nullable=False),
    )
