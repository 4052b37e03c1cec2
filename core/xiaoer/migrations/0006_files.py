"""Files that plugins keep."""

import sqlalchemy as sa
from alembic import op

from xiaoer.tables import Moment

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make room for them, and for who uses which."""
    op.create_table(
        "xr_file",
        sa.Column("digest", sa.String(), primary_key=True),
        sa.Column("mime", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
    )
    op.create_table(
        "xr_file_use",
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("plugin", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("community", "plugin", "digest"),
        sqlite_with_rowid=False,
    )
    op.create_index("xr_file_use_digest", "xr_file_use", ["digest"])
