"""The ledger, the names by which people are called, and a quick way to what one account is in a community."""

import sqlalchemy as sa
from alembic import op

from xiaoer.tables import Moment

revision = "0004"
down_revision = "0003"

BOOK = """
CREATE TRIGGER xr_transfer_booked AFTER INSERT ON xr_transfer BEGIN
  INSERT OR IGNORE INTO xr_balance (community, holder, points)
    VALUES (NEW.community, NEW.source, 0), (NEW.community, NEW.target, 0);
  UPDATE xr_balance SET points = points - NEW.points WHERE community = NEW.community AND holder = NEW.source;
  UPDATE xr_balance SET points = points + NEW.points WHERE community = NEW.community AND holder = NEW.target;
END
"""
"""Balances follow transfers in the database itself, so no code can write one without the other."""

NEVER = """
CREATE TRIGGER xr_transfer_{what} BEFORE {what} ON xr_transfer BEGIN
  SELECT RAISE(ABORT, 'the ledger is never changed, only reversed');
END
"""


def upgrade() -> None:
    """Make the tables, the triggers that keep them true, and the column."""
    op.create_table(
        "xr_transfer",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("leg", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("reverses", sa.Integer()),
        sa.CheckConstraint("points > 0 AND typeof(points) = 'integer' AND source <> target", name="xr_transfer_true"),
        sa.UniqueConstraint("community", "key", "leg"),
        sqlite_autoincrement=True,
    )
    op.create_index("xr_transfer_source", "xr_transfer", ["community", "source", "id"])
    op.create_index("xr_transfer_target", "xr_transfer", ["community", "target", "id"])
    op.create_index(
        "xr_transfer_reversed", "xr_transfer", ["reverses"], unique=True, sqlite_where=sa.text("reverses IS NOT NULL")
    )
    op.create_table(
        "xr_balance",
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.CheckConstraint("points >= 0 OR holder = 'treasury'", name="xr_balance_true"),
        sa.PrimaryKeyConstraint("community", "holder"),
        sqlite_with_rowid=False,
    )
    op.execute(BOOK)
    for what in ("UPDATE", "DELETE"):
        op.execute(NEVER.format(what=what))
    op.add_column("xr_account", sa.Column("handle", sa.String(), nullable=False, server_default=""))
    op.create_index("xr_member_account", "xr_member", ["account", "community"])
    op.create_index("xr_account_handle", "xr_account", ["handle"], sqlite_where=sa.text("handle != ''"))
