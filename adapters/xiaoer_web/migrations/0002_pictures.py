"""Messages have pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make room for them."""
    op.create_table(
        "web_picture",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("png", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.add_column("web_message", sa.Column("picture", sa.String()))
    op.create_index("web_message_picture", "web_message", ["picture"], sqlite_where=sa.text("picture IS NOT NULL"))
