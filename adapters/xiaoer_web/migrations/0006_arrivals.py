"""By which join somebody first came is remembered, so that it can be asked for again."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make room for it."""
    op.add_column("web_member", sa.Column("key", sa.String(), nullable=False, server_default=""))
