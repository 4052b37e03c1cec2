"""Roles and what they may do.

A person's role is the highest of three: named as owner in the file, given in the chat, or mapped from what they are on
the platform.
"""

from __future__ import annotations

from collections.abc import Mapping, Set

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer.communities import Community
from xiaoer.plugin import ROLES, Role
from xiaoer.statements import Statement
from xiaoer.tables import roles

PLATFORM_ROLES: dict[str, Role] = {
    "telegram:creator": "owner",
    "telegram:administrator": "secretary",
    "discord:owner": "owner",
    "discord:administrator": "secretary",
    "web:owner": "owner",
    "web:secretary": "secretary",
    "web:xiaoer": "xiaoer",
}
"""What platforms' roles mean where a community's own table does not say otherwise."""

GIVEN_ROLE = Statement(
    select(roles.c.role).where(roles.c.community == bindparam("community"), roles.c.account == bindparam("account"))
)
OWNERS = Statement(select(roles.c.account).where(roles.c.community == bindparam("community"), roles.c.role == "owner"))
_give = upsert(roles).values(
    community=bindparam("community"), account=bindparam("account"), role=bindparam("role"), at=bindparam("at")
)
GIVE_ROLE = Statement(
    _give.on_conflict_do_update(
        index_elements=["community", "account"], set_={"role": _give.excluded.role, "at": _give.excluded.at}
    )
)


def role_of(community: Community, account: str, platform_role: str, given: str | None) -> Role:
    """Return a person's role.

    Args:
        community: where.
        account: the person's account.
        platform_role: what they are on the platform; empty for an ordinary member.
        given: the role given in the chat, if one was.
    """
    found: set[str] = {"member"}
    if account in community.owners:
        found.add("owner")
    if given is not None:
        found.add(given)
    if platform_role:
        key = f"{account.partition(':')[0]}:{platform_role}"
        found.add(community.role_map.get(key, PLATFORM_ROLES.get(key, "member")))
    return _highest(found)


def _highest(found: Set[str]) -> Role:
    order = [str(role) for role in ROLES]
    return ROLES[min(order.index(role) for role in found)]


def least_role(capability: str, declared: Mapping[str, Role], grants: Mapping[str, str]) -> Role:
    """Return the least role that has a capability.

    Args:
        capability: for instance ``welcome.manage``.
        declared: what its plugin says.
        grants: what the community says instead.
    """
    granted = grants.get(capability)
    return declared.get(capability, "owner") if granted is None else _highest({granted})


def may(role: Role, capability: str, declared: Mapping[str, Role], grants: Mapping[str, str]) -> bool:
    """Return whether a role has a capability; see :func:`least_role`."""
    return ROLES.index(role) <= ROLES.index(least_role(capability, declared, grants))
