"""What invites were last looked at to have been used is remembered."""

import sqlalchemy as sa
from alembic import op

from xiaoer import JSONText

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make room for it."""
    op.create_table(
        "discord_invite",
        sa.Column("guild", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("known", JSONText(), nullable=False),
    )
