"""Submissions are counted by who submits, and not by who wrote."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the index for it in place of the other."""
    op.drop_index("broadcaster_item_author", "broadcaster_item")
    op.create_index("broadcaster_change_by", "broadcaster_change", ["community", "by", "at"])
