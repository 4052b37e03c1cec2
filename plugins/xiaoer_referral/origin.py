"""How somebody came, as the community knows it: pure rules, which never guess."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from xiaoer import JoinSource

BRINGS = ("referral", "pulled_in")
"""The ways of coming in by which somebody brings somebody."""

SURE = ("exact", "inferred")


class Owner(NamedTuple):
    """Whose a link is: their account, and the name they had."""

    account: str
    name: str


class Origin(NamedTuple):
    """How somebody came.

    Args:
        kind: the way, as in :class:`~xiaoer.JoinSource`.
        certainty: how surely it is known.
        inviter: the account that brought them; None where that is not known, or nobody did.
        candidates: the accounts that it may have been, when it is ambiguous.
    """

    kind: str
    certainty: str
    inviter: str | None
    candidates: tuple[str, ...] = ()

    @property
    def asks(self) -> bool:
        """Whether the newcomer may say who brought them, because nothing else does."""
        return self.inviter is None and self.certainty in ("ambiguous", "unknown")


def invites_of(source: JoinSource) -> tuple[str, ...]:
    """Return the addresses of the invites that a join may have been by."""
    return tuple(one for one in (source.invite, *(each.invite for each in source.candidates)) if one is not None)


def origin(source: JoinSource, owners: Mapping[str, Owner]) -> Origin:
    """Return how somebody came.

    Args:
        source: what the platform tells.
        owners: whose the links are that the bot made, by address.
    """
    if source.certainty == "ambiguous":
        who = [owners[one.invite].account if one.invite in owners else one.by for one in source.candidates]
        return Origin(source.kind, "ambiguous", None, tuple(dict.fromkeys(one for one in who if one is not None)))
    if source.certainty not in SURE:
        return Origin(source.kind, "unknown", None)
    if source.invite is not None and source.invite in owners:
        return Origin("referral", source.certainty, owners[source.invite].account)
    return Origin(source.kind, source.certainty, source.by if source.kind in BRINGS else None)
