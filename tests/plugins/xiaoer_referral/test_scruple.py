"""What speaks against a reward, by the rule alone."""

from collections.abc import Iterable

import pytest

from xiaoer import MessagePosted, Who
from xiaoer.events import MessageKind
from xiaoer.testing import START
from xiaoer_referral.scruple import FAR, Case, is_above, is_real, scruples

ABOVE = {"c": ["b"], "b": ["a"]}


def above(person: str) -> Iterable[str]:
    return ABOVE.get(person, [])


@pytest.mark.parametrize(
    ("case", "found"),
    [
        (Case("a", "x", False, 1), ()),
        (Case("a", "a", True, 99), ("self",)),
        (Case("c", "a", False, 1), ("ring",)),
        (Case("a", "c", False, 1), ()),
        (Case("a", "x", True, 6), ("rejoin", "mass")),
        (Case("c", "a", True, 1), ("ring", "rejoin")),
        (Case("a", "x", False, 5), ()),
    ],
)
def test_all_that_speaks_against_it_is_named(case: Case, found: tuple[str, ...]) -> None:
    assert scruples(case, above, 5) == found


def test_a_ring_is_looked_for_over_others_and_not_for_ever() -> None:
    chain = {str(number): [str(number + 1)] for number in range(10 * FAR)}
    assert is_above("0", str(FAR // 2), lambda one: chain.get(one, []))
    assert not is_above("0", "nobody", lambda one: [one, "0"])
    assert not is_above("0", str(9 * FAR), lambda one: chain.get(one, []))


@pytest.mark.parametrize(
    ("text", "kind", "edited", "real"),
    [
        ("hi", "text", False, True),
        ("你好", "text", False, True),
        ("", "photo", False, True),
        ("hi", "text", True, False),
        ("…!", "text", False, False),
        ("", "sticker", False, False),
    ],
)
def test_a_message_is_real_when_it_says_or_shows_something(
    text: str, kind: MessageKind, edited: bool, real: bool
) -> None:
    who = Who("fake:ann", "Ann")
    message = MessagePosted(key="k", at=START, space="s", who=who, message="m", kind=kind, text=text, edited=edited)
    assert is_real(message) is real
