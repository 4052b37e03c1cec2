"""The split: exact, fair to every place in the row, and bound by its hash."""

import hashlib
import runpy
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiaoer_red_envelope import split

ROOT = Path(__file__).parents[3]
NONCE = bytes(range(16))
KNOWN = "39414c8bc18e1f6805f939f96592eae58dbb8015f7f7e80d5b5ac726f4d4f6f4"
"""What `sha256sum` said of (3, 1, 4) with this nonce."""

SPLITS = st.integers(1, 200).flatmap(lambda shares: st.tuples(st.integers(shares, 100_000), st.just(shares)))
SMALL = [(points, shares) for shares in (2, 3, 4) for points in range(4, 8)]

Rule = Callable[[int, int, split.Below], tuple[int, ...]]
Row = tuple[Fraction, ...]


def outcomes(rule: Rule, points: int, shares: int) -> Iterator[tuple[tuple[int, ...], Fraction]]:
    """Yield every split that chance can bring, with how likely this way to it is."""
    ways: list[list[int]] = [[]]
    while ways:
        way = ways.pop()
        asked: list[int] = []

        def below(n: int, way: list[int] = way, asked: list[int] = asked) -> int:
            asked.append(n)
            if len(asked) > len(way):
                ways.extend([*way, other] for other in range(1, n))
                way.append(0)
            return way[len(asked) - 1]

        parts = rule(points, shares, below)
        chance = Fraction(1)
        for n in asked:
            chance /= n
        yield parts, chance


def chances(rule: Rule, points: int, shares: int) -> list[dict[int, Fraction]]:
    """Return for each place in the row how likely each size of share is."""
    places: list[dict[int, Fraction]] = [defaultdict(Fraction) for _ in range(shares)]
    total = Fraction(0)
    for parts, chance in outcomes(rule, points, shares):
        total += chance
        for place, part in zip(places, parts, strict=True):
            place[part] += chance
    assert total == 1
    return places


def means(rule: Rule, points: int, shares: int) -> Row:
    return tuple(
        sum((size * chance for size, chance in place.items()), Fraction()) for place in chances(rule, points, shares)
    )


@given(SPLITS, st.randoms())
def test_the_lucky_split_is_exact_and_leaves_nobody_without(size: tuple[int, int], chance: Random) -> None:
    points, shares = size
    parts = split.draw(points, shares, chance.randrange)
    assert (sum(parts), len(parts)) == (points, shares)
    assert min(parts) >= 1


@given(SPLITS)
def test_even_the_greediest_chance_leaves_one_for_everybody(size: tuple[int, int]) -> None:
    points, shares = size
    parts = split.unshuffled(points, shares, lambda n: n - 1)
    assert sum(parts) == points
    assert min(parts) >= 1


@given(SPLITS, st.randoms())
def test_shuffling_keeps_the_shares_as_they_are(size: tuple[int, int], chance: Random) -> None:
    parts = split.unshuffled(*size, chance.randrange)
    assert sorted(split.shuffled(parts, chance.randrange)) == sorted(parts)


@pytest.mark.parametrize(("points", "shares"), SMALL)
def test_every_place_has_exactly_the_same_chances(points: int, shares: int) -> None:
    first, *others = chances(split.draw, points, shares)
    assert all(other == first for other in others)


def test_every_order_of_the_shares_is_exactly_as_likely() -> None:
    orders: dict[tuple[int, ...], Fraction] = defaultdict(Fraction)
    for row, chance in outcomes(lambda _, __, below: split.shuffled((1, 2, 3, 4), below), 10, 4):
        orders[row] += chance
    assert set(orders.values()) == {Fraction(1, 24)}
    assert len(orders) == 24


def test_the_mean_of_every_share_is_the_mean_of_all() -> None:
    assert means(split.draw, 7, 3) == (Fraction(7, 3),) * 3


def test_without_shuffling_the_last_would_get_more() -> None:
    row = means(split.unshuffled, 15, 10)
    assert sum(row) == 15
    assert row[0] == Fraction(3, 2)
    assert round(float(row[-1]), 3) == 1.766


def test_a_share_can_be_nearly_twice_the_mean() -> None:
    assert {part for parts, _ in outcomes(split.draw, 8, 2) for part in parts} == set(range(1, 8))


@pytest.mark.parametrize(("points", "shares"), [(0, 1), (1, 0), (3, 4), (-1, 1), (5, -1)])
def test_what_cannot_be_split_is_refused(points: int, shares: int) -> None:
    with pytest.raises(ValueError, match="cannot be split"):
        split.draw(points, shares, lambda _: 0)
    with pytest.raises(ValueError, match="cannot be split"):
        split.equal(points, shares)


def test_equal_shares_are_of_one_size() -> None:
    assert split.equal(88, 8) == (11,) * 8


def test_equal_shares_that_do_not_come_out_even_are_refused() -> None:
    with pytest.raises(ValueError, match="88 points do not come out even in 10 shares"):
        split.equal(88, 10)


def test_the_hash_is_that_of_the_published_format() -> None:
    text = b"xiaoer-envelope-v1\n000102030405060708090a0b0c0d0e0f\n3,1,4"
    assert split.canonical((3, 1, 4), NONCE).encode() == text
    assert split.commit((3, 1, 4), NONCE) == hashlib.sha256(text).hexdigest()


def test_the_hash_never_changes_between_versions() -> None:
    assert split.commit((3, 1, 4), NONCE) == KNOWN


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="there is no sha256sum here")
def test_anyone_can_check_the_hash_with_sha256sum() -> None:
    text = split.canonical((15,), NONCE)
    told = subprocess.run(["sha256sum"], input=text.encode(), capture_output=True, check=True).stdout.decode()
    assert told.split()[0] == split.commit((15,), NONCE)


@given(SPLITS, st.binary(min_size=16, max_size=16))
def test_the_true_split_verifies(size: tuple[int, int], nonce: bytes) -> None:
    parts = split.draw(*size, lambda n: n // 2)
    assert split.verifies(parts, nonce, split.commit(parts, nonce))
    assert split.verifies(parts, nonce, f" {split.commit(parts, nonce).upper()}\n")


@pytest.mark.parametrize("parts", [(1, 3, 4), (3, 1), (3, 1, 5), (3, 14), (31, 4), ()])
def test_another_split_does_not_verify(parts: tuple[int, ...]) -> None:
    assert not split.verifies(parts, NONCE, split.commit((3, 1, 4), NONCE))


def test_another_nonce_does_not_verify() -> None:
    assert not split.verifies((3, 1, 4), bytes(16), split.commit((3, 1, 4), NONCE))


@pytest.mark.parametrize("length", [0, 15, 17])
def test_a_nonce_has_128_bits(length: int) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        split.commit((1,), bytes(length))


def test_the_plot_in_the_docs_shows_this_rule() -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "draw_split.py"))
    row = [float(mean) for mean in means(split.unshuffled, 15, 10)]
    assert [mean for mean, _ in tool["moments"](15, 10)] == pytest.approx(row)
    assert tool["picture"]() == (ROOT / "docs" / "images" / "split.svg").read_text(encoding="utf-8")
