"""What unprompted posts a chat was given, which broadcast an action is part of, and when it ended."""

import sqlalchemy as sa
from alembic import op

from xiaoer.tables import Moment

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("xr_outbox", sa.Column("unprompted", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("xr_outbox", sa.Column("key", sa.String()))
    op.add_column("xr_outbox", sa.Column("batch", sa.String()))
    op.add_column("xr_outbox", sa.Column("ended", Moment()))
    op.add_column("xr_shown", sa.Column("unprompted", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(
        "xr_outbox_key",
        "xr_outbox",
        ["community", "plugin", "chat", "key"],
        sqlite_where=sa.text("""\"key\" IS NOT NULL AND state = 'wanted'"""),
    )
    op.create_index(
        "xr_outbox_batch",
        "xr_outbox",
        ["community", "plugin", "batch", "state"],
        sqlite_where=sa.text("batch IS NOT NULL"),
    )
    op.create_table(
        "xr_post",
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("mark"),
        sqlite_with_rowid=False,
    )
    op.create_index("xr_post_chat", "xr_post", ["chat", "kind", "at"])
