"""Files hang on messages."""

import sqlalchemy as sa
from alembic import op

from xiaoer import Moment

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make room for them."""
    op.create_table(
        "web_file",
        sa.Column("digest", sa.String(), primary_key=True),
        sa.Column("mime", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
    )
    op.add_column("web_message", sa.Column("file", sa.String()))
    op.create_index("web_message_file", "web_message", ["file"], sqlite_where=sa.text("file IS NOT NULL"))
