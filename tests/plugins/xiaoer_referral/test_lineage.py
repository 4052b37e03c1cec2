"""Who came by whom is a tree, whatever was noted."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from xiaoer_referral.lineage import DEEPEST, Branch, Pair, Tree


def pair(newcomer: str, inviter: str) -> Pair:
    return Pair(newcomer, newcomer.upper(), inviter, inviter.upper())


people = st.sampled_from("abcdef")


@given(st.lists(st.builds(pair, people, people), max_size=20), st.integers(1, 10))
def test_everybody_stands_in_it_once_or_is_counted(pairs: list[Pair], most: int) -> None:
    tree = Tree(pairs)
    lines, more = tree.branches(most)
    everybody, _ = tree.branches(99)
    assert lines == everybody[:most]
    assert len(lines) + more == len(everybody) == len({line.name for line in everybody})
    assert {each.name for each in pairs if each.newcomer != each.inviter} <= {line.name for line in everybody}


def test_a_circle_begins_anew_where_it_closes() -> None:
    lines, more = Tree([pair("b", "a"), pair("c", "b"), pair("a", "c")]).branches(9)
    assert (lines, more) == ([Branch(0, "A", 2), Branch(1, "B", 1), Branch(2, "C", 0)], 0)


def test_who_came_twice_stays_with_the_first() -> None:
    lines, _ = Tree([pair("b", "a"), pair("b", "c"), pair("d", "c")]).branches(9)
    assert [line.name for line in lines] == ["A", "B", "C", "D"]


def test_what_is_too_deep_is_counted() -> None:
    names = "abcdefghijklmn"
    lines, more = Tree([pair(one, before) for before, one in itertools.pairwise(names)]).branches(99)
    assert (len(lines), more) == (DEEPEST + 1, len(names) - DEEPEST - 1)
