"""Whose turn it is: limits are kept, nothing is wasted, nobody is forgotten."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiaoer.actions import ANSWER, BROADCAST, PROMPT
from xiaoer.adapter import Limits
from xiaoer.pacing import AT_ONCE, CROWD, PRESSED, SLOWEST, Lane, Pacer, Todo

TELEGRAM = Limits(per_second=29.7, chat_pause=1.0, group_per_minute=20, change_pause=6.0)


def group(chat: str) -> bool:
    return chat.startswith("-")


@dataclass
class Bucket:
    """A token bucket, as a platform counts.

    Args:
        size: what may come at once.
        rate: what comes back a second.
    """

    size: float
    rate: float
    at: float = 0.0
    violations: int = 0
    left: float = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.size

    def take(self, now: float) -> None:
        self.left = min(self.size, self.left + (now - self.at) * self.rate)
        self.at = now
        if self.left < 1 - 1e-9:
            self.violations += 1
        self.left -= 1


@dataclass
class Platform:
    """A platform that counts what it is given, served by a pacer in simulated time."""

    pacer: Pacer
    chance: random.Random
    now: float = 0.0
    given: list[tuple[float, str, Todo]] = field(default_factory=lambda: [])
    whole: Bucket = field(default_factory=lambda: Bucket(30, 30))
    groups: dict[str, Bucket] = field(default_factory=lambda: {})
    chats: dict[str, float] = field(default_factory=lambda: {})
    flight: list[tuple[float, int, Lane, Todo]] = field(default_factory=lambda: [])

    def serve(self, until: float = float("inf")) -> None:
        """Serve until nothing waits, or until a moment; a request takes 20 to 200 ms, and now and then we are late."""
        while True:
            turn = self.pacer.next(self.now)
            if turn is not None:
                self._give(*turn)
                continue
            wakes = [self.pacer.again, *(found[0] for found in self.flight[:1])]
            if min(wakes) == float("inf") or min(wakes) > until:
                return
            late = 0.05 if self.chance.random() < 0.01 else 0.0
            self.now = max(self.now, min(wakes)) + late
            while self.flight and self.flight[0][0] <= self.now:
                self.pacer.done(*heapq.heappop(self.flight)[2:], self.now)

    def _give(self, lane: Lane, todo: Todo) -> None:
        assert self.now >= self.chats.get(lane.chat, -9.0) + 1.0 - 1e-9 or not todo.paced
        self.given.append((self.now, lane.chat, todo))
        if todo.paced:
            self.whole.take(self.now)
            self.chats[lane.chat] = self.now
            if group(lane.chat):
                self.groups.setdefault(lane.chat, Bucket(20, 20 / 60, self.now)).take(self.now)
        heapq.heappush(self.flight, (self.now + self.chance.uniform(0.02, 0.2), len(self.given), lane, todo))

    @property
    def violations(self) -> int:
        return self.whole.violations + sum(bucket.violations for bucket in self.groups.values())


def platform(seed: int = 1) -> Platform:
    return Platform(Pacer(TELEGRAM, group), random.Random(seed))  # noqa: S311 - delays of a simulation


def test_ten_thousand_chats_are_reached_at_the_full_allowance_also_beside_a_busy_group() -> None:
    town = platform()
    for number in range(10_000):
        town.pacer.add(f"{number}", Todo(number, BROADCAST), 0.0)
    for number in range(200):
        town.pacer.add("-1", Todo(("busy", number), BROADCAST), 0.0)
    town.serve()
    alone = max(moment for moment, chat, _ in town.given if chat != "-1")
    busy = max(moment for moment, chat, _ in town.given if chat == "-1")
    assert len({todo.mark for _, _, todo in town.given}) == 10_200
    assert (10_000 + 110) / 30 / alone >= 0.98  # the busy group has some of its slots meanwhile
    assert (9 * 60 + 19) / busy >= 0.98  # 20 a minute, one a second
    assert town.violations == 0


@given(
    st.lists(
        st.tuples(st.sampled_from(["1", "2", "-1", "-2"]), st.sampled_from([ANSWER, PROMPT, BROADCAST]), st.booleans()),
        max_size=120,
    ),
    st.integers(0, 1000),
)
def test_limits_are_kept_and_everything_is_served_once(waiting: list[tuple[str, int, bool]], seed: int) -> None:
    town = platform(seed)
    for number, (chat, urgency, flag) in enumerate(waiting):
        answer = urgency == ANSWER
        todo = Todo(number, urgency, changes=flag and not answer, paced=not (flag and answer))
        town.pacer.add(chat, todo, town.now)
        town.serve(until=town.now + town.chance.random())
    town.serve()
    assert sorted(todo.mark for _, _, todo in town.given) == list(range(len(waiting)))  # type: ignore[type-var]
    assert town.violations == 0


@given(st.lists(st.sampled_from([ANSWER, PROMPT, BROADCAST]), max_size=60))
def test_what_waits_for_one_chat_keeps_its_order(urgencies: list[int]) -> None:
    town = platform()
    for number, urgency in enumerate(urgencies):
        town.pacer.add("1", Todo(number, urgency), 0.0)
    town.serve()
    for answers in (True, False):
        marks = [todo.mark for _, _, todo in town.given if (todo.urgency == ANSWER) is answers]
        assert marks == sorted(marks)  # type: ignore[type-var]


def test_answers_go_before_what_people_caused_and_that_before_what_goes_out_to_many() -> None:
    town = platform()
    for chat, urgency in (("1", BROADCAST), ("2", PROMPT), ("3", ANSWER)):
        town.pacer.add(chat, Todo(chat, urgency), 0.0)
    town.serve()
    assert [chat for _, chat, _ in town.given] == ["3", "2", "1"]


def test_an_answer_that_costs_nothing_waits_for_no_limit() -> None:
    town = platform()
    for number in range(50):
        town.pacer.add("-1", Todo(number, BROADCAST), 0.0)
    town.serve(until=25.0)
    assert town.pacer.again > town.now + 10  # the group rests
    town.pacer.add("-1", Todo("press", ANSWER, paced=False), town.now)
    turn = town.pacer.next(town.now)
    assert turn is not None
    assert turn[1].mark == "press"


def test_answers_that_cost_nothing_go_beside_each_other_and_beside_what_is_under_way() -> None:
    pacer = Pacer(TELEGRAM, group)
    pacer.add("-1", Todo("post"), 0.0)
    for number in range(AT_ONCE):
        pacer.add("-1", Todo(number, ANSWER, paced=False), 0.0)
    pacer.add("-1", Todo("another post"), 0.0)
    begun = []
    while (turn := pacer.next(0.0)) is not None:
        begun.append(turn)
    assert [todo.mark for _, todo in begun] == list(range(AT_ONCE))
    for turn in begun:
        pacer.done(*turn, 0.0)
    post = pacer.next(0.0)
    assert post is not None
    assert post[1].mark == "post"
    assert pacer.next(5.0) is None  # one after the other


def test_answers_that_turn_out_to_cost_something_keep_their_order() -> None:
    pacer = Pacer(Limits(), group)
    for number in range(3):
        pacer.add("-1", Todo(number, ANSWER, paced=False), 0.0)
    turns = [turn for _ in range(3) if (turn := pacer.next(0.0)) is not None]
    claimed = [todo.mark for lane, todo in turns if pacer.claim(lane, todo, 0.0)]
    assert claimed == [0]
    for lane, todo in turns[1:]:
        pacer.put_back(lane, todo._replace(paced=True))
        pacer.done(lane, todo, 0.0)
    assert pacer.next(0.0) is None
    pacer.done(*turns[0], 0.0)
    for number in (1, 2):
        turn = pacer.next(0.0)
        assert turn is not None
        assert turn[1].mark == number
        pacer.done(*turn, 0.0)


def test_an_answer_that_turns_out_to_cost_something_waits_for_its_turn() -> None:
    pacer = Pacer(TELEGRAM, group)
    pacer.add("-1", Todo(1), 0.0)
    first = pacer.next(0.0)
    assert first is not None
    pacer.done(*first, 0.1)
    pacer.add("-1", Todo(2, ANSWER, paced=False), 0.1)
    turn = pacer.next(0.1)
    assert turn is not None
    lane, todo = turn
    assert not pacer.claim(lane, todo, 0.1)
    pacer.put_back(lane, todo._replace(paced=True))
    pacer.done(lane, todo, 0.1)
    assert pacer.next(0.1) is None
    assert pacer.again == pytest.approx(1.0)
    assert pacer.next(1.0) is not None


def test_changes_of_messages_in_a_chat_are_few_and_go_before_new_ones() -> None:
    town = platform()
    for number in range(3):
        town.pacer.add("-1", Todo(("new", number)), 0.0)
        town.pacer.add("-1", Todo(("change", number), changes=True), 0.0)
    town.serve()
    changes = [moment for moment, _, todo in town.given if todo.changes]
    assert town.given[0][2].changes
    assert all(later - earlier >= 6.0 for earlier, later in pairwise(changes))


def test_a_chat_that_asks_to_wait_is_given_nothing_so_long_and_less_from_then_on() -> None:
    pacer = Pacer(TELEGRAM, group)
    for number in range(3):
        pacer.add("1", Todo(number), 0.0)
    turn = pacer.next(0.0)
    assert turn is not None
    pacer.wait(turn[0], 7.0, 0.0)
    pacer.done(*turn, 0.0)
    assert pacer.next(6.9) is None
    assert pacer.next(7.0) is not None
    pacer.done(*turn, 7.0)
    assert pacer.next(8.1) is None  # one a second was too much
    for _ in range(50):
        pacer.wait(turn[0], 0.0, 8.1)
    assert turn[0].slower == SLOWEST


def test_when_a_crowd_of_chats_asks_to_wait_all_do() -> None:
    pacer = Pacer(TELEGRAM, group)
    for number in range(CROWD + 1):
        pacer.add(str(number), Todo(number), 0.0)
    for number in range(CROWD):
        turn = pacer.next(number / 10)
        assert turn is not None
        pacer.wait(turn[0], 5.0, number / 10)
        pacer.done(*turn, number / 10)
    assert pacer.next(1.0) is None
    assert pacer.again >= 5.0


def test_a_missing_connection_is_no_reason_to_be_slower() -> None:
    pacer = Pacer(TELEGRAM, group)
    pacer.add("1", Todo(1), 0.0)
    turn = pacer.next(0.0)
    assert turn is not None
    pacer.wait(turn[0], 5.0, 0.0, asked=False)
    assert turn[0].slower == 1.0


def test_without_limits_as_much_is_under_way_as_is_good_and_one_at_a_time_for_a_chat() -> None:
    pacer = Pacer(Limits(), lambda chat: False)
    for number in range(2 * AT_ONCE):
        pacer.add(str(number % (AT_ONCE + 5)), Todo(number), 0.0)
    begun = []
    while (turn := pacer.next(0.0)) is not None:
        begun.append(turn[0].chat)
    assert len(begun) == len(set(begun)) == AT_ONCE


def test_chats_that_have_nothing_to_do_are_forgotten() -> None:
    pacer = Pacer(TELEGRAM, group)
    for number in range(20_000):
        now = float(number)
        pacer.add(str(number), Todo(number), now)
        turn = pacer.next(now)
        assert turn is not None
        pacer.done(*turn, now)
    assert len(pacer.lanes) <= 2_000


def test_little_is_done_at_once_while_a_crowd_comes_in_and_all_of_it_afterwards() -> None:
    pacer = Pacer(Limits(), lambda chat: False)
    for number in range(AT_ONCE):
        pacer.add(f"fake:{number}", Todo(number, ANSWER, paced=False), 0.0)
    pressed = [pacer.next(0.0, pressed=True) for _ in range(AT_ONCE)]
    assert sum(turn is not None for turn in pressed) == PRESSED
    left = [pacer.next(0.0) for _ in range(AT_ONCE)]
    assert sum(turn is not None for turn in left) == AT_ONCE - PRESSED
