"""Who came by whom, as a tree: pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

DEEPEST = 8
"""So many generations are shown."""


class Pair(NamedTuple):
    """Somebody and who brought them: persons, with their names."""

    newcomer: str
    name: str
    inviter: str
    inviter_name: str


class Branch(NamedTuple):
    """A line of the tree: how deep it stands, who it is, and how many came by them in all generations."""

    depth: int
    name: str
    below: int


class Tree:
    """Who came by whom. Each person has one who brought them, the first noted; whoever closes a circle begins anew.

    Args:
        pairs: in the order in which they came.
    """

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self._parent: dict[str, str] = {}
        self._children: dict[str, list[str]] = {}
        self._names: dict[str, str] = {}
        for pair in pairs:
            self._names.setdefault(pair.inviter, pair.inviter_name)
            self._names[pair.newcomer] = pair.name
            if pair.newcomer not in self._parent and not self._is_under(pair.inviter, pair.newcomer):
                self._parent[pair.newcomer] = pair.inviter
                self._children.setdefault(pair.inviter, []).append(pair.newcomer)

    def _is_under(self, person: str, other: str) -> bool:
        while person != other:
            if person not in self._parent:
                return False
            person = self._parent[person]
        return True

    def roots(self) -> list[str]:
        """Return who brought somebody and was brought by nobody, those first by whom most came."""
        found = [one for one in self._children if one not in self._parent]
        return sorted(found, key=lambda one: (-self.below(one), one))

    def below(self, person: str) -> int:
        """Return how many came by a person, over all generations."""
        number, open_ = 0, [person]
        while open_:
            children = self._children.get(open_.pop(), [])
            number += len(children)
            open_ += children
        return number

    def branches(self, most: int, root: str | None = None) -> tuple[list[Branch], int]:
        """Return the lines of the tree from top to bottom, at most so many, and how many persons are left out.

        Args:
            most: lines.
            root: the person from whom on; None for all.
        """
        roots = self.roots() if root is None else [root]
        open_ = [(0, one) for one in reversed(roots) if one in self._names]
        total = sum(1 + self.below(one) for _, one in open_)
        lines: list[Branch] = []
        while open_ and len(lines) < most:
            depth, one = open_.pop()
            lines.append(Branch(depth, self._names[one], self.below(one)))
            if depth < DEEPEST:
                open_ += [(depth + 1, child) for child in reversed(self._children.get(one, []))]
        return lines, total - len(lines)
