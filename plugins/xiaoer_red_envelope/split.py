"""How an envelope's points are split into shares, and how everybody can check it later: pure rules."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeAlias

Below: TypeAlias = Callable[[int], int]
"""Returns an integer from 0 to n - 1, each as likely as the others: ``secrets.randbelow``."""

NONCE_BYTES = 16
"""Without a nonce of this length, small splits could be found out from their hash by trying them all."""

FORMAT = "xiaoer-envelope-v1"


def draw(points: int, shares: int, below: Below) -> tuple[int, ...]:
    """Split points by luck into shares of at least 1, every place in the row with the same chances.

    Each share is drawn uniformly below twice the mean of what is left, so that its mean is this mean (the *double-mean*
    split). In integers that favours the last: 15 points in 10 shares give the first 1.50 and the last 1.77 on average.
    Hence the shares are shuffled.

    Args:
        points: how many to split.
        shares: into how many; at most ``points``.
        below: the source of chance.

    Raises:
        ValueError: there is no share, or there are more shares than points.
    """
    return shuffled(unshuffled(points, shares, below), below)


def unshuffled(points: int, shares: int, below: Below) -> tuple[int, ...]:
    """Return the shares in the order in which they were drawn, which is not fair: see :func:`draw`."""
    _check(points, shares)
    parts: list[int] = []
    for waiting in range(shares, 1, -1):
        # Never too much for the others: with m points a head for k >= 2 people, 2m - 1 <= km - (k - 1).
        highest = max(1, 2 * points // waiting - 1)
        parts.append(1 + below(highest))
        points -= parts[-1]
    return (*parts, points)


def shuffled(parts: Sequence[int], below: Below) -> tuple[int, ...]:
    """Return the shares in any order, each as likely as the others (Fisher and Yates, as in Knuth, 3.4.2 P)."""
    row = list(parts)
    for last in range(len(row) - 1, 0, -1):
        other = below(last + 1)
        row[last], row[other] = row[other], row[last]
    return tuple(row)


def equal(points: int, shares: int) -> tuple[int, ...]:
    """Split points into shares of one size.

    Raises:
        ValueError: there is no share, there are more shares than points, or the shares do not come out even.
    """
    _check(points, shares)
    if points % shares:
        raise ValueError(f"{points} points do not come out even in {shares} shares")
    return (points // shares,) * shares


def canonical(parts: Sequence[int], nonce: bytes) -> str:
    """Return the text whose SHA-256 is published: three lines, without a line end after the last.

    Whoever has the shares and the nonce checks with ``printf '%s' "$text" | sha256sum``.

    Raises:
        ValueError: the nonce does not have 128 bits.
    """
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"a nonce has {NONCE_BYTES} bytes, this one {len(nonce)}")
    return f"{FORMAT}\n{nonce.hex()}\n{','.join(map(str, parts))}"


def commit(parts: Sequence[int], nonce: bytes) -> str:
    """Return the hash that is published with the envelope: it binds the split and does not tell it.

    Args:
        parts: the shares, in the order in which they are handed out.
        nonce: 16 bytes that nobody can guess, told when the envelope is closed.
    """
    return hashlib.sha256(canonical(parts, nonce).encode("ascii")).hexdigest()


def verifies(parts: Sequence[int], nonce: bytes, digest: str) -> bool:
    """Say whether these shares, in this order, are those of which the hash was published."""
    return commit(parts, nonce) == digest.strip().lower()


def _check(points: int, shares: int) -> None:
    if not 1 <= shares <= points:
        raise ValueError(f"{points} points cannot be split into {shares} shares of at least 1")
