"""The tables as they are first made."""

import sqlalchemy as sa
from alembic import op

from xiaoer import JSONText, Moment

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "referral_link",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        *[sa.Column(name, sa.String(), nullable=False) for name in ("community", "space", "owner", "name")],
        sa.Column("invite", sa.String()),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("made", Moment(), nullable=False),
        sa.Column("expires", Moment()),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("used", Moment()),
        sqlite_autoincrement=True,
    )
    op.create_index("referral_link_owner", "referral_link", ["community", "owner", "space"])
    given = sa.text("invite IS NOT NULL")
    op.create_index("referral_link_invite", "referral_link", ["community", "invite"], unique=True, sqlite_where=given)
    op.create_index("referral_link_space", "referral_link", ["space", "state"])
    op.create_table(
        "referral_join",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        *[sa.Column(name, sa.String(), nullable=False) for name in ("community", "key", "space", "newcomer", "name")],
        sa.Column("at", Moment(), nullable=False),
        *[sa.Column(name, sa.String(), nullable=False) for name in ("kind", "certainty")],
        sa.Column("inviter", sa.String()),
        sa.Column("inviter_name", sa.String(), nullable=False),
        sa.Column("invite", sa.String()),
        sa.Column("candidates", JSONText(), nullable=False),
        sa.Column("again", sa.Integer(), nullable=False),
        *[sa.Column(name, sa.String(), nullable=False) for name in ("state", "reason")],
        *[sa.Column(name, sa.Integer(), nullable=False) for name in ("messages", "tries")],
        *[sa.Column(name, Moment()) for name in ("due", "settled")],
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("decided", sa.String(), nullable=False),
        sa.UniqueConstraint("community", "key"),
        sqlite_autoincrement=True,
    )
    op.create_index("referral_join_newcomer", "referral_join", ["community", "newcomer"])
    op.create_index("referral_join_inviter", "referral_join", ["community", "inviter", "state"])
    op.create_index("referral_join_invite", "referral_join", ["community", "invite", "at"])
    op.create_index("referral_join_at", "referral_join", ["community", "at"])
    op.create_table(
        "referral_person",
        *[sa.Column(name, sa.String(), nullable=False) for name in ("community", "account")],
        sa.Column("since", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("community", "account"),
        sqlite_with_rowid=False,
    )
