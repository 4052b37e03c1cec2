"""Events on their way in: in which order, and how far everything counts as safe."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from xiaoer import AnyEvent, MessagePosted, Outcome, ReactionChanged, StoreError, Who
from xiaoer.testing import rest
from xiaoer_discord.intake import MARGIN, Intake
from xiaoer_discord.translate import stamp

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
TOWN, OTHER = 1, 2


class Core:
    """Takes events in when a test says so, and keeps what is noted."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.parked: list[bool] = []
        self.open: list[asyncio.Future[Outcome]] = []
        self.noted: list[tuple[int, int]] = []
        self.store = self

    def submit(self, event: AnyEvent, *, park: bool) -> asyncio.Future[Outcome]:
        self.events.append(event.key)
        self.parked.append(park)
        self.open.append(asyncio.get_running_loop().create_future())
        return self.open[-1]

    async def transact(self, function: Callable[..., None], guild: int, seen: int) -> None:
        self.noted.append((guild, seen))

    def store_all(self) -> None:
        for future in self.open:
            future.set_result(Outcome.PARKED)
        self.open.clear()


class Inlet(Intake):
    """An intake with its core."""

    def __init__(self) -> None:
        self.core = Core()
        core: Any = self.core
        super().__init__(core)


@pytest.fixture
def intake() -> Inlet:
    return Inlet()


def message(key: str, minutes: float = 0) -> MessagePosted:
    at = NOW + timedelta(minutes=minutes)
    return MessagePosted(
        key=key, at=at, space="discord:1", chat="discord:1/2", who=Who("discord:5", "Ann"), message="7"
    )


def safe(minutes: float) -> int:
    return stamp(NOW + timedelta(minutes=minutes) - MARGIN)


async def test_an_event_is_parked_before_it_is_tried(intake: Inlet) -> None:
    intake.take(TOWN, message("a"))
    assert intake.core.parked == [True]


async def test_what_was_missed_comes_before_what_was_told_meanwhile(intake: Inlet) -> None:
    turn = intake.hold(TOWN)
    intake.take(TOWN, message("later"))
    assert intake.core.events == []
    intake.release(TOWN, turn, [message("missed 1"), message("missed 2")])
    intake.take(TOWN, message("now"))
    assert intake.core.events == ["missed 1", "missed 2", "later", "now"]


async def test_one_server_does_not_wait_for_another(intake: Inlet) -> None:
    intake.hold(OTHER)
    intake.take(TOWN, message("here"))
    assert intake.core.events == ["here"]


async def test_whoever_was_overtaken_by_another_gap_lets_nothing_pass(intake: Inlet) -> None:
    first = intake.hold(TOWN)
    second = intake.hold(TOWN)
    intake.take(TOWN, message("later"))
    intake.release(TOWN, first, [message("half of it")])
    assert intake.core.events == []
    intake.release(TOWN, second, [message("all of it")])
    assert intake.core.events == ["all of it", "later"]


async def test_nothing_counts_as_safe_before_it_is_stored(intake: Inlet) -> None:
    intake.take(TOWN, message("a", 5))
    noting = asyncio.ensure_future(intake.keep_note())
    await rest()
    assert intake.core.noted == []
    intake.core.store_all()
    await noting
    assert intake.core.noted == [(TOWN, safe(5))]


async def test_what_comes_while_others_are_stored_does_not_count_yet(intake: Inlet) -> None:
    intake.take(TOWN, message("a", 5))
    noting = asyncio.ensure_future(intake.keep_note())
    await rest()
    intake.core.store_all()
    intake.take(TOWN, message("b", 9))
    await noting
    assert intake.core.noted == [(TOWN, safe(5))]


async def test_nothing_is_noted_twice_or_backwards(intake: Inlet) -> None:
    for key, minutes in [("a", 5), ("b", 5), ("c", 3), ("d", 6)]:
        intake.take(TOWN, message(key, minutes))
        intake.core.store_all()
        await intake.keep_note()
    assert intake.core.noted == [(TOWN, safe(5)), (TOWN, safe(6))]


async def test_a_message_that_comes_late_does_not_lead_back(intake: Inlet) -> None:
    for key, minutes in [("a", 5), ("late", 3)]:
        intake.take(TOWN, message(key, minutes))
    intake.core.store_all()
    await intake.keep_note()
    assert intake.core.noted == [(TOWN, safe(5))]


async def test_nothing_counts_as_safe_while_a_gap_is_open(intake: Inlet) -> None:
    intake.take(TOWN, message("a", 5))
    intake.core.store_all()
    turn = intake.hold(TOWN)
    await intake.keep_note()
    assert intake.core.noted == []
    intake.release(TOWN, turn)
    await intake.keep_note()
    assert intake.core.noted == [(TOWN, safe(5))]


async def test_nothing_counts_as_safe_once_something_could_not_be_stored(intake: Inlet) -> None:
    intake.take(TOWN, message("a", 5))
    intake.take(TOWN, message("b", 6))
    intake.core.open.pop(0).set_exception(StoreError("the disk is full"))
    intake.core.store_all()
    await intake.keep_note()
    assert (intake.core.noted, intake.lost) == ([], {TOWN})


async def test_what_tells_the_time_by_our_own_clock_says_nothing_about_discords(intake: Inlet) -> None:
    at = NOW + timedelta(minutes=9)
    who = Who("discord:5", "Ann")
    intake.take(TOWN, ReactionChanged(key="r", at=at, space="discord:1", who=who, message="7", added=("👍",)))
    intake.core.store_all()
    await intake.keep_note()
    assert intake.core.noted == []
