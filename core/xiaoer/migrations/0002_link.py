"""Codes that link accounts, and a quick way to the accounts of a person."""

import sqlalchemy as sa
from alembic import op

from xiaoer.tables import Moment

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table and the index."""
    op.create_table(
        "xr_link",
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("community", "account"),
        sqlite_with_rowid=False,
    )
    op.create_index("xr_account_same", "xr_account", ["same_as"], sqlite_where=sa.text("same_as IS NOT NULL"))
