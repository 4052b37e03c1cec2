from hypothesis import given
from hypothesis import strategies as st

from xiaoer import Community
from xiaoer.plugin import ROLES, Role
from xiaoer.roles import least_role, may, role_of

roles = st.sampled_from(ROLES)
TOWN = Community("town", "Town", owners=("web:boss",), role_map={"web:chief": "secretary"})


@given(roles, st.none() | roles, st.booleans())
def test_the_highest_of_all_roles_counts(on_platform: Role, given_in_chat: Role | None, owner: bool) -> None:
    account = "web:boss" if owner else "web:ann"
    found = role_of(TOWN, account, on_platform, given_in_chat)
    expected = [on_platform, *([given_in_chat] if given_in_chat else []), *(["owner"] if owner else [])]
    assert ROLES.index(found) == min(ROLES.index(role) for role in expected)


def test_a_communitys_own_table_says_what_a_platforms_role_means() -> None:
    assert role_of(TOWN, "web:ann", "chief", None) == "secretary"
    assert role_of(TOWN, "telegram:1", "creator", None) == "owner"
    assert role_of(TOWN, "web:ann", "unheard of", None) == "member"


@given(roles, roles, st.none() | roles)
def test_a_grant_of_the_community_counts_before_what_the_plugin_says(
    role: Role, declared: Role, grant: Role | None
) -> None:
    grants = {} if grant is None else {"x.do": str(grant)}
    needed = least_role("x.do", {"x.do": declared}, grants)
    assert needed == (grant or declared)
    assert may(role, "x.do", {"x.do": declared}, grants) == (ROLES.index(role) <= ROLES.index(needed))


def test_what_nobody_declared_only_the_owner_may() -> None:
    assert least_role("x.do", {}, {}) == "owner"
