"""How urgent a requested action is, so that it can be told without reading it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column; answers that wait at this moment are put before all others."""
    op.add_column("xr_outbox", sa.Column("urgency", sa.Integer(), nullable=False, server_default="1"))
    op.execute("UPDATE xr_outbox SET urgency = 2 WHERE state = 'wanted' AND json_extract(action, '$.do') = 'answer'")
