"""The order of roles that stand for badges."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xiaoer_discord.roles import arranged

EVERYONE = 0


def after(roles: list[int], places: dict[int, int]) -> list[int]:
    """Return the roles as they stand after the moves, the lowest first."""
    at = {role: index for index, role in enumerate(roles)} | dict(arranged(roles, places))
    return sorted(roles, key=lambda role: at[role])


def test_roles_in_order_are_not_moved() -> None:
    assert arranged([EVERYONE, 5, 9, 4], {4: 1, 5: 2}) == []
    assert arranged([EVERYONE, 5, 9, 4], {}) == []


def test_roles_change_places_among_themselves_and_what_is_between_them_keeps_its_own() -> None:
    assert arranged([EVERYONE, 7, 4, 9, 5, 8], {4: 1, 5: 2}) == [(5, 2), (9, 3), (4, 4)]


@given(st.lists(st.integers(1, 50), unique=True), st.data())
def test_after_the_moves_lower_orders_stand_above_and_nothing_else_moved(some: list[int], data: st.DataObject) -> None:
    roles = [EVERYONE, *some]
    ours = data.draw(st.sets(st.sampled_from(some))) if some else set()
    places = {role: data.draw(st.integers(0, 3)) for role in ours}
    new = after(roles, places)
    assert [role for role in new if role not in places] == [role for role in roles if role not in places]
    assert [new.index(role) for role in roles if role not in places] == [
        index for index, role in enumerate(roles) if role not in places
    ]
    stand = [places[role] for role in new if role in places]
    assert stand == sorted(stand, reverse=True)
    assert arranged(new, places) == []
