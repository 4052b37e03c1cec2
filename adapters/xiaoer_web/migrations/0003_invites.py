"""People come in by invites."""

import sqlalchemy as sa
from alembic import op

from xiaoer import Moment

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make room for them."""
    op.create_table(
        "web_invite",
        sa.Column("code", sa.String(), primary_key=True),
        sa.Column("request", sa.String(), nullable=False, unique=True),
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("expires", Moment()),
        sa.Column("uses", sa.Integer()),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "web_entry",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("code", sa.String(), nullable=False),
        sqlite_with_rowid=False,
    )
