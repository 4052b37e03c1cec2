"""Which invite somebody came in by: an answer that is called exact is the true one, whatever came in which order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hypothesis import example, given
from hypothesis import strategies as st

from xiaoer import Candidate, JoinSource
from xiaoer_discord.attribution import ABOUT, ADDRESS, Count, Tally, compare, judge, judge_missed

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=1)
ANN, BEN = "discord:1", "discord:2"


def counts(*, town: int = -1, **uses: int) -> dict[str, Count]:
    """Return invites with their uses; ``a`` is Ann's, ``b`` Ben's, ``one`` is for one person, ``town`` the server's."""
    by = {"a": ANN, "b": BEN}
    found = {
        code: Count(code, number, 1 if code.startswith("one") else 0, by=by.get(code)) for code, number in uses.items()
    }
    return found | ({"town": Count("town", town, public=True)} if town >= 0 else {})


def source(before: dict[str, Count], after: dict[str, Count], joins: int, *used_up: str) -> JoinSource:
    return judge(compare(before, after, LONG_AGO), joins, before | after, used_up)


def one_of(*codes: str, kind: str = "unknown") -> JoinSource:
    by = {"a": ANN, "b": BEN}
    return JoinSource(kind, "ambiguous", candidates=tuple(Candidate(ADDRESS + code, by.get(code)) for code in codes))  # type: ignore[arg-type]


def test_one_use_and_one_join_belong_together() -> None:
    assert source(counts(a=3, b=1), counts(a=4, b=1), 1) == JoinSource("referral", "exact", ANN, ADDRESS + "a")


def test_several_uses_of_one_invite_are_all_of_that_one() -> None:
    assert source(counts(a=3), counts(a=6), 3) == JoinSource("referral", "exact", ANN, ADDRESS + "a")


def test_the_servers_own_address_is_nobodys() -> None:
    expected = JoinSource("public_link", "exact", None, ADDRESS + "town")
    assert source(counts(a=1, town=5), counts(a=1, town=6), 1) == expected


def test_an_invite_that_is_new_began_at_zero() -> None:
    assert source(counts(), counts(b=1), 1) == JoinSource("referral", "exact", BEN, ADDRESS + "b")


def test_two_joins_by_two_invites_are_each_by_either() -> None:
    assert source(counts(a=1, b=1), counts(a=2, b=2), 2) == one_of("a", "b", kind="referral")


def test_an_invite_and_the_servers_own_address_are_two_ways_as_well() -> None:
    assert source(counts(a=1, town=1), counts(a=2, town=2), 2) == one_of("a", "town")


def test_fewer_uses_than_joins_say_nothing_of_anybody() -> None:
    assert source(counts(a=1), counts(a=2), 2) == one_of("a")
    assert source(counts(a=1), counts(a=1), 1) == JoinSource()


def test_more_uses_than_joins_say_nothing_of_anybody() -> None:
    assert source(counts(a=1), counts(a=3), 1) == one_of("a")


def test_an_invite_that_was_used_up_is_the_one_way_left() -> None:
    expected = JoinSource("referral", "inferred", None, ADDRESS + "one")
    assert source(counts(a=1, one=0), counts(a=1), 1, "one") == expected


def test_an_invite_that_vanished_without_a_word_may_have_been_revoked_long_before() -> None:
    assert source(counts(a=1, one=0), counts(a=1), 1) == one_of("one")


def test_of_two_that_were_used_up_it_may_have_been_either() -> None:
    assert source(counts(one=0, one_more=0), counts(), 1, "one", "one_more") == one_of("one", "one_more")


def test_one_that_was_revoked_beside_a_use_is_no_way() -> None:
    assert source(counts(a=1, one=0), counts(a=2), 1, "one").certainty == "exact"


def test_an_invite_that_was_over_before_is_no_way() -> None:
    over = Count("b", 0, until=NOON - timedelta(hours=1))
    assert judge(compare({"b": over}, {}, NOON), 1, {"b": over}) == JoinSource()
    assert judge(compare({"b": over}, {}, LONG_AGO), 1, {"b": over}) == JoinSource(
        "unknown", "ambiguous", candidates=(Candidate(ADDRESS + "b"),)
    )


def test_counters_that_went_back_and_addresses_that_changed_say_nothing() -> None:
    assert source(counts(a=3, b=1), counts(a=1, b=2), 1).certainty == "ambiguous"
    changed = counts(a=1) | {"new": Count("new", 9, public=True)}
    assert source(counts(a=1, town=8), changed, 1).certainty == "ambiguous"


def test_what_happened_while_nobody_listened_is_inferred_at_best() -> None:
    def missed(before: dict[str, Count], after: dict[str, Count], joins: int) -> str:
        return judge_missed(compare(before, after, LONG_AGO), joins, before | after).certainty

    assert missed(counts(a=1, b=1), counts(a=3, b=1), 2) == "inferred"
    assert missed(counts(a=1, b=1), counts(a=2, b=2), 2) == "ambiguous"
    assert missed(counts(a=1, one=0), counts(a=2), 1) == "ambiguous"
    assert missed(counts(a=1), counts(a=1), 1) == "unknown"


def test_an_invite_that_came_and_went_between_two_looks_is_known_from_what_was_told() -> None:
    tally = Tally()
    tally.look(counts(a=1))
    tally.made(Count("one", 0, 1, by=BEN))
    tally.deleted("one", 9.0)
    tally.hear("cid", 10.0, NOON)
    tally.look(counts(a=1))
    assert tally.conclude(last=False) is None
    assert tally.conclude(last=True) == JoinSource("referral", "inferred", BEN, ADDRESS + "one")


def test_an_invite_that_was_deleted_long_before_is_no_way() -> None:
    tally = Tally()
    tally.look(counts(a=1, one=0))
    tally.deleted("one", 9.0)
    tally.hear("cid", 10.0 + ABOUT.total_seconds(), NOON)
    tally.look(counts(a=1))
    assert tally.conclude(last=True) == JoinSource()


def test_where_somebody_may_not_have_been_heard_of_nothing_is_exact() -> None:
    tally = Tally()
    tally.look(counts(a=1))
    tally.hear("cid", 10.0, NOON)
    tally.look(counts(a=2))
    assert tally.conclude(last=False, sure=False) is None
    assert tally.conclude(last=True, sure=False) == one_of("a")


def test_more_uses_than_joins_may_be_of_somebody_who_is_heard_of_next() -> None:
    tally = Tally()
    tally.look(counts(a=1))
    tally.hear("cid", 10.0, NOON)
    tally.look(counts(a=2, b=1))
    assert tally.conclude(last=False) is None
    tally.hear("dan", 11.0, NOON)
    assert tally.conclude(last=False) == one_of("a", "b", kind="referral")


def test_uses_of_which_nobody_heard_are_not_taken_for_those_of_whoever_comes_next() -> None:
    tally = Tally()
    tally.look(counts(a=1))
    tally.hear("cid", 10.0, NOON)
    tally.look(counts(a=3))
    assert tally.conclude(last=True) == one_of("a")
    tally.hear("dan", 15.0, NOON)
    tally.look(counts(a=3))
    assert tally.conclude(last=True) == JoinSource()


def test_a_late_counter_is_not_taken_for_somebody_elses() -> None:
    tally = Tally()
    tally.look(counts(a=1))
    tally.hear("cid", 10.0, NOON)  # by a, and counted late
    tally.look(counts(a=1))
    assert tally.conclude(last=True) == JoinSource()
    tally.hear("dan", 15.0, NOON)  # by no invite
    tally.look(counts(a=2))
    assert tally.conclude(last=True) == one_of("a")


def test_after_a_while_the_next_join_can_be_told_again() -> None:
    tally = Tally()
    tally.look(counts(a=1))
    tally.hear("cid", 10.0, NOON)
    tally.look(counts(a=1))
    tally.conclude(last=True)
    tally.look(counts(a=2))
    tally.forget(10.0)
    tally.hear("dan", 50.0, NOON)
    tally.look(counts(a=2, b=1))
    assert tally.conclude(last=False) == JoinSource("referral", "exact", BEN, ADDRESS + "b")


class Coming(NamedTuple):
    """Somebody comes in: by which invite, None for another way; when it is counted, and when it is heard of."""

    code: str | None
    counted: int
    heard: int


LAG = 3
"""So much later than it was counted a join is heard of at most, and so long a look is judged after it was taken."""

KEPT = 40
"""So much later than it was heard of a join is counted at most."""

comings = st.builds(
    lambda code, moment, late, lag: Coming(code, moment + late, moment + min(lag, late + LAG)),
    st.sampled_from(["a", "b", "one", None]),
    st.integers(0, 60),
    st.integers(0, KEPT - LAG),
    st.integers(0, LAG),
)


def seen(people: Iterable[Coming], moment: int, gone: set[str]) -> dict[str, Count]:
    """Return what a look shows at a moment."""
    used = [person.code for person in people if person.code is not None and person.counted <= moment]
    found = {code: Count(code, used.count(code), 1 if code == "one" else 0) for code in ("a", "b", "one")}
    return {code: count for code, count in found.items() if not (count.limit and count.uses) and code not in gone}


@given(
    people=st.lists(comings, min_size=1, max_size=8),
    revoked=st.one_of(st.none(), st.integers(0, 60)),
    looks=st.sets(st.integers(0, 110), max_size=14),
    patience=st.integers(1, 3),
)
@example(people=[Coming("a", 20, 1), Coming(None, 30, 30)], revoked=None, looks={2, 10, 31}, patience=1)
@example(people=[Coming(None, 5, 5), Coming("a", 5, 8)], revoked=None, looks={6, 7}, patience=1)
def test_an_answer_that_is_called_exact_is_the_true_one(
    people: list[Coming], revoked: int | None, looks: set[int], patience: int
) -> None:
    people = [
        person for n, person in enumerate(people) if person.code != "one" or "one" not in [p.code for p in people[:n]]
    ]
    tally, waiting, tried = Tally(), dict[str, Coming](), 0
    tally.look(seen([], -1, set()))
    for moment in range(-1, 130):
        for number, person in enumerate(people):
            if person.heard == moment:
                tally.hear(str(number), float(moment), NOON + timedelta(seconds=moment))
                waiting[str(number)] = person
        if moment == revoked:
            tally.deleted("one", float(moment))
        if moment - LAG in looks and waiting:
            gone = {"one"} if revoked is not None and moment - LAG >= revoked else set[str]()
            tally.look(seen(people, moment - LAG, gone))
            tried += 1
            answer = tally.conclude(last=tried > patience)
            if answer is not None:
                true = {None if person.code is None else ADDRESS + person.code for person in waiting.values()}
                if answer.certainty == "exact":
                    assert true == {answer.invite}
                waiting.clear()
                tried = 0
        oldest = tally.oldest
        if not waiting and oldest is not None and oldest <= moment - KEPT:
            gone = {"one"} if revoked is not None and moment >= revoked else set[str]()
            tally.look(seen(people, moment, gone))
            tally.forget(float(moment - KEPT))
