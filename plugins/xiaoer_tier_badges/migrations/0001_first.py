"""The tables as they are first made."""

import sqlalchemy as sa
from alembic import op

from xiaoer import JSONText, Moment

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    _seats()
    _what_leads_to_them()
    _what_is_told_of_them()


def _seats() -> None:
    op.create_table(
        "tier_badges_seat",
        *[sa.Column(name, sa.String(), nullable=False) for name in ("community", "track", "subject")],
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("holder", sa.String()),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("community", "track", "subject", "number"),
        sqlite_with_rowid=False,
    )
    op.create_index("tier_badges_seat_holder", "tier_badges_seat", ["community", "holder"])


def _what_leads_to_them() -> None:
    op.create_table(
        "tier_badges_offer",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        *[sa.Column(name, sa.String(), nullable=False) for name in ("community", "track", "subject")],
        *[sa.Column(name, sa.String(), nullable=False) for name in ("account", "name")],
        sa.Column("number", sa.Integer()),
        *[sa.Column(name, sa.String(), nullable=False) for name in ("how", "state", "by")],
        *[sa.Column(name, Moment(), nullable=False) for name in ("made", "expires")],
        sqlite_autoincrement=True,
    )
    op.create_index("tier_badges_offer_account", "tier_badges_offer", ["community", "account"])
    op.create_index("tier_badges_offer_place", "tier_badges_offer", ["community", "track", "subject", "state"])
    op.create_table(
        "tier_badges_waiting",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        *[sa.Column(name, sa.String(), nullable=False) for name in ("community", "track", "subject")],
        *[sa.Column(name, sa.String(), nullable=False) for name in ("account", "name")],
        sa.Column("at", Moment(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("tier_badges_waiting_place", "tier_badges_waiting", ["community", "track", "subject", "id"])
    op.create_index("tier_badges_waiting_account", "tier_badges_waiting", ["community", "account"])
    op.create_table(
        "tier_badges_transfer",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        *[sa.Column(name, sa.String(), nullable=False) for name in ("community", "track", "subject")],
        sa.Column("number", sa.Integer(), nullable=False),
        *[sa.Column(name, sa.String(), nullable=False) for name in ("giver", "giver_name", "taker", "taker_name")],
        sa.Column("state", sa.String(), nullable=False),
        *[sa.Column(name, Moment(), nullable=False) for name in ("made", "expires")],
        sqlite_autoincrement=True,
    )
    for side in ("giver", "taker"):
        op.create_index(f"tier_badges_transfer_{side}", "tier_badges_transfer", ["community", side, "state"])


def _what_is_told_of_them() -> None:
    op.create_table(
        "tier_badges_trail",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        *[sa.Column(name, sa.String(), nullable=False) for name in ("community", "track", "subject")],
        sa.Column("number", sa.Integer()),
        *[sa.Column(name, sa.String(), nullable=False) for name in ("account", "name", "what", "by", "why")],
        sa.Column("at", Moment(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("tier_badges_trail_place", "tier_badges_trail", ["community", "track", "subject", "id"])
    op.create_table(
        "tier_badges_brought",
        *[sa.Column(name, sa.String(), nullable=False) for name in ("community", "newcomer", "inviter")],
        sa.PrimaryKeyConstraint("community", "newcomer"),
        sqlite_with_rowid=False,
    )
    op.create_index("tier_badges_brought_inviter", "tier_badges_brought", ["community", "inviter"])
    op.create_table(
        "tier_badges_board",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        *[sa.Column(name, sa.String(), nullable=False) for name in ("community", "track", "subject")],
        sa.Column("chats", JSONText(), nullable=False),
        sa.UniqueConstraint("community", "track", "subject"),
        sqlite_autoincrement=True,
    )
