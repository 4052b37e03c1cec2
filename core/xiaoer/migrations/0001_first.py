"""The core's first tables."""

import sqlalchemy as sa
from alembic import op

from xiaoer.tables import JSONText, Moment

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    _account()
    _fault()
    _inbox()
    _member()
    _outbox()
    _role()
    _seen()
    _shown()
    _timer()
    _value()


def _account() -> None:
    op.create_table(
        "xr_account",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=True),
        sa.Column("same_as", sa.String(), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("account"),
        sqlite_with_rowid=False,
    )


def _fault() -> None:
    op.create_table(
        "xr_fault",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("plugin", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _inbox() -> None:
    op.create_table(
        "xr_inbox",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("event", sa.LargeBinary(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("set_aside", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )


def _member() -> None:
    op.create_table(
        "xr_member",
        sa.Column("space", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("joined", Moment(), nullable=True),
        sa.Column("left", Moment(), nullable=True),
        sa.Column("source", JSONText(), nullable=True),
        sa.PrimaryKeyConstraint("space", "account"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_xr_member_community", "xr_member", ["community"], unique=False)


def _outbox() -> None:
    op.create_table(
        "xr_outbox",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("plugin", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("action", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("message", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "xr_outbox_open", "xr_outbox", ["state"], unique=False, sqlite_where=sa.text("state IN ('wanted', 'sending')")
    )


def _role() -> None:
    op.create_table(
        "xr_role",
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("community", "account"),
        sqlite_with_rowid=False,
    )


def _seen() -> None:
    op.create_table(
        "xr_seen",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_xr_seen_at", "xr_seen", ["at"], unique=False)


def _shown() -> None:
    op.create_table(
        "xr_shown",
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("plugin", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("action", sa.LargeBinary(), nullable=True),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("current", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("message", sa.String(), nullable=True),
        sa.Column("pinned", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("community", "plugin", "key", "chat"),
    )
    op.create_index("xr_shown_open", "xr_shown", ["state"], unique=False, sqlite_where=sa.text("state = 'open'"))


def _timer() -> None:
    op.create_table(
        "xr_timer",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("plugin", sa.String(), nullable=False),
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("due", Moment(), nullable=False),
        sa.Column("cron", sa.String(), nullable=True),
        sa.Column("data", JSONText(), nullable=False),
        sa.Column("misfire", sa.String(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("community", "plugin", "job", "due"),
        sqlite_autoincrement=True,
    )
    op.create_index("xr_timer_due", "xr_timer", ["due"], unique=False, sqlite_where=sa.text("state = 'waiting'"))


def _value() -> None:
    op.create_table(
        "xr_value",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", JSONText(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
    )
