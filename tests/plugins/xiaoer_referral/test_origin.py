"""How somebody came is never guessed."""

import pytest

from xiaoer import Candidate, JoinSource
from xiaoer_referral.origin import Origin, Owner, origin

OWNERS = {"mine": Owner("fake:ann", "Ann")}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (JoinSource("referral", "exact", invite="mine"), Origin("referral", "exact", "fake:ann")),
        (JoinSource("referral", "inferred", invite="mine"), Origin("referral", "inferred", "fake:ann")),
        (JoinSource("referral", "exact", by="fake:bob", invite="other"), Origin("referral", "exact", "fake:bob")),
        (JoinSource("pulled_in", "exact", by="fake:bob"), Origin("pulled_in", "exact", "fake:bob")),
        (JoinSource("public_link", "exact", by="fake:bob"), Origin("public_link", "exact", None)),
        (JoinSource("name", "exact"), Origin("name", "exact", None)),
        (JoinSource("referral", "unknown", by="fake:bob"), Origin("referral", "unknown", None)),
        (JoinSource(), Origin("unknown", "unknown", None)),
    ],
)
def test_somebody_was_brought_only_where_it_is_sure(source: JoinSource, found: Origin) -> None:
    assert origin(source, OWNERS) == found


def test_of_several_invites_each_may_have_been_it_also_when_it_is_one() -> None:
    several = (Candidate("mine"), Candidate("x", "fake:bob"), Candidate("y", "fake:bob"), Candidate("z"))
    found = origin(JoinSource("referral", "ambiguous", candidates=several), OWNERS)
    assert found == Origin("referral", "ambiguous", None, ("fake:ann", "fake:bob"))
    one = origin(JoinSource("referral", "ambiguous", candidates=(Candidate("mine"),)), OWNERS)
    assert (one.inviter, one.candidates) == (None, ("fake:ann",))


def test_only_who_may_have_been_brought_is_asked() -> None:
    assert origin(JoinSource(), OWNERS).asks
    assert not origin(JoinSource("name", "exact"), OWNERS).asks
    assert not origin(JoinSource("referral", "exact", invite="mine"), OWNERS).asks
