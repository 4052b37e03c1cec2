"""So many posts an hour that nobody asked for; what people ask for is never held back."""

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiaoer import (
    ActionEnded,
    Budget,
    CommandUsed,
    Content,
    Context,
    Hopeless,
    Mention,
    MessagePosted,
    NoConfig,
    Plugin,
    ScheduleDue,
    SendMessage,
    ShowMessage,
    Then,
    command,
    continuation,
    on_message,
    on_schedule,
)
from xiaoer.budget import HOUR, next_free
from xiaoer.testing import Town, play
from xiaoer.testing.scene import ADMINS, MAIN

TIMES = st.lists(st.integers(0, 4 * 3600), max_size=30)
START = datetime(2026, 3, 2, tzinfo=UTC)


class Clerk(Plugin[NoConfig]):
    """Asks for what the test wants when its timer comes due, at once and again after what it is told."""

    name = "clerk"
    wants: ClassVar[list[Any]] = []
    prompted: ClassVar[list[Any]] = []
    told: ClassVar[list[tuple[str, str | None]]] = []

    @on_message
    async def hear(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        for action in self.prompted:
            ctx.request(action)
        ctx.schedule(f"after {event.key}", ctx.now + timedelta(seconds=1))

    @on_schedule
    async def due(self, ctx: Context[NoConfig], event: ScheduleDue) -> None:
        for action in self.wants:
            ctx.request(action)

    @continuation("went")
    async def went(self, ctx: Context[NoConfig], event: ActionEnded) -> None:
        self.told.append((str(event.data.get("text")), event.error))
        if event.data.get("again"):
            ctx.send(MAIN, Content(("and again",)))

    @command("hello")
    async def hello(self, ctx: Context[NoConfig], event: CommandUsed) -> None:
        ctx.answer(Content(("hello",)))


def post(text: str, **more: Any) -> SendMessage:
    return SendMessage(chat=more.pop("chat", MAIN), content=Content((text,)), **more)


def board(text: str | None, **more: Any) -> ShowMessage:
    return ShowMessage(chat=MAIN, key="board", content=None if text is None else Content((text,)), **more)


@pytest.fixture(autouse=True)
def _no_wishes() -> None:
    Clerk.wants, Clerk.prompted, Clerk.told = [], [], []


async def ring(town: Town, *actions: Any) -> None:
    """Let a timer ask for actions."""
    Clerk.wants, Clerk.prompted = list(actions), []
    await town.say("ann", "go")
    await town.pass_time(seconds=2)


def texts(town: Town, chat: str = MAIN) -> list[str]:
    return [message.text for message in town.messages(chat)]


async def test_what_is_over_the_budget_waits_until_an_hour_has_passed() -> None:
    async with play(Clerk, budget=Budget(2, 1)) as town:
        await ring(town, post("one"), post("two"), post("three"), post("four"), post("five"))
        assert texts(town) == ["one", "two"]
        await town.pass_time(minutes=59)
        assert texts(town) == ["one", "two"]
        await town.pass_time(minutes=2)
        assert texts(town) == ["one", "two", "three", "four"]
        await town.pass_time(hours=1)
        assert texts(town) == ["one", "two", "three", "four", "five"]


async def test_what_a_person_causes_is_never_held_back() -> None:
    async with play(Clerk, budget=Budget(1, 1)) as town:
        await ring(town, post("one"), post("two"))
        Clerk.wants, Clerk.prompted = [], [post("prompted"), board("shown")]
        await town.say("ann", "go")
        answer = await town.use("ann", "/hello")
        assert texts(town)[:3] == ["one", "prompted", "shown"]
        assert answer is not None


async def test_what_follows_from_a_timer_counts_too_and_what_follows_from_a_person_does_not() -> None:
    async with play(Clerk, budget=Budget(1, 1)) as town:
        again = Then("went", {"again": True})
        Clerk.prompted = [post("by a person", then=again)]
        await town.say("ann", "go")
        assert texts(town) == ["by a person", "and again"]
        await town.pass_time(seconds=2)
        await ring(town, post("by a timer", then=again))
        assert texts(town) == ["by a person", "and again", "by a timer"]
        await town.pass_time(hours=1, seconds=2)
        assert texts(town)[3:] == ["and again"]


async def test_one_person_alone_and_the_admins_are_told_at_once() -> None:
    async with play(Clerk, budget=Budget(1, 1)) as town:
        await ring(town, post("one"), post("two", only_to="fake:ann"), post("three", chat=ADMINS), post("four"))
        assert texts(town) == ["one", "two"]
        assert texts(town, ADMINS) == ["three"]


async def test_every_chat_has_a_budget_of_its_own_and_mentions_another() -> None:
    async with play(Clerk, budget=Budget(1, 1)) as town:
        calls = [SendMessage(chat=MAIN, content=Content((Mention("fake:ann", "Ann"), f" {n}"))) for n in (1, 2)]
        await ring(town, post("one"), *calls, post("elsewhere", chat="fake:town/other"), post("two"))
        assert texts(town) == ["one", "Ann 1"]
        assert texts(town, "fake:town/other") == ["elsewhere"]
        await town.pass_time(hours=1, seconds=2)
        assert texts(town) == ["one", "Ann 1", "Ann 2", "two"]


async def test_the_same_key_takes_the_place_of_what_waits_and_its_plugin_hears_so() -> None:
    async with play(Clerk, budget=Budget(1, 1)) as town:
        first = post("old news", key="news", then=Then("went", {"text": "old"}))
        await ring(town, post("one"), first)
        await ring(town, post("new news", key="news", then=Then("went", {"text": "new"})))
        assert Clerk.told == [("old", "a newer one took its place")]
        await town.pass_time(hours=1, seconds=2)
        assert texts(town) == ["one", "new news"]
        assert Clerk.told[1:] == [("new", None)]


async def test_what_is_over_its_deadline_is_given_up_and_reported() -> None:
    async with play(Clerk, budget=Budget(1, 1)) as town:
        deadline = town.now() + timedelta(minutes=20)
        late = post("late", deadline=deadline, then=Then("went", {"text": "late"}))
        await ring(town, post("one"), post("patient"), late)
        await town.pass_time(minutes=21)
        (report,) = texts(town, ADMINS)
        assert "the chat was given enough posts this hour" in report
        assert Clerk.told == [("late", "the chat was given enough posts this hour, and then its time was over")]
        await town.pass_time(hours=1)
        assert texts(town) == ["one", "patient"]


async def test_the_earliest_deadline_goes_first() -> None:
    async with play(Clerk, budget=Budget(1, 1)) as town:
        soon = town.now() + timedelta(hours=2)
        await ring(town, post("one"), post("whenever"), post("soon", deadline=soon))
        await town.pass_time(hours=1, seconds=2)
        assert texts(town) == ["one", "soon"]


async def test_a_shown_message_counts_when_it_appears_and_not_when_it_changes() -> None:
    async with play(Clerk, budget=Budget(1, 1)) as town:
        await ring(town, board("first"))
        await ring(town, board("second"))
        assert texts(town) == ["second"]
        await ring(town, post("over"))
        assert texts(town) == ["second"]


async def test_a_shown_message_that_is_held_back_goes_when_a_person_changes_it_and_says_the_newest() -> None:
    async with play(Clerk, budget=Budget(1, 1)) as town:
        await ring(town, post("one"), board("held back"))
        assert texts(town) == ["one"]
        Clerk.wants, Clerk.prompted = [], [board("wanted by ann")]
        await town.say("ann", "go")
        assert texts(town) == ["one", "wanted by ann"]


async def test_what_waits_is_remembered_over_a_kill_and_counted_once() -> None:
    async with play(Clerk, budget=Budget(2, 1)) as town:
        await ring(town, post("one"), post("two"), post("three"))
        await town.restart(kill=True)
        assert texts(town) == ["one", "two"]
        await town.pass_time(hours=1, seconds=2)
        assert texts(town) == ["one", "two", "three"]


async def test_what_could_not_be_posted_does_not_count() -> None:
    async with play(Clerk, budget=Budget(1, 1)) as town:
        town.fake.failures.append(Hopeless("kicked"))
        await ring(town, post("one"), post("two"))
        assert texts(town) == ["two"]


async def test_time_that_is_moved_lets_what_waits_go() -> None:
    async with play(Clerk, budget=Budget(1, 1)) as town:
        await ring(town, post("one"), post("two"))
        town.app.clock.move(town.app.clock.offset + timedelta(hours=1, seconds=2))
        await town.settle()
        assert texts(town) == ["one", "two"]


async def test_the_budget_can_be_looked_at() -> None:
    async with play(Clerk, budget=Budget(2, 3), timezone="UTC") as town:
        answer = await town.use("ann", "/budget")
        assert answer is not None
        assert answer.text.splitlines()[1] == f"{MAIN}: 0 of 2, with mentions 0 of 3"
        await ring(town, post("one"), post("two"), post("three"))
        answer = await town.use("ann", "/budget")
        assert answer is not None
        line = answer.text.splitlines()[1]
        assert line.startswith(f"{MAIN}: 2 of 2, with mentions 0 of 3; 1 waiting, room again at ")


@given(TIMES, st.integers(1, 7))
def test_no_hour_is_fuller_than_allowed_wherever_the_clock_is(moments: list[int], most: int) -> None:
    times: list[datetime] = []
    for seconds in moments:  # in any order, as when the clock is put back
        now = START + timedelta(seconds=seconds)
        if next_free(times, now, most) == now:
            times.append(now)
    for begin in times:
        assert sum(begin <= time < begin + HOUR for time in times) <= most


@given(TIMES, st.integers(0, 4 * 3600), st.integers(1, 7))
def test_the_next_moment_with_room_is_found(moments: list[int], seconds: int, most: int) -> None:
    times = [START + timedelta(seconds=moment) for moment in moments]
    now = START + timedelta(seconds=seconds)
    free = next_free(times, now, most)
    assert free >= now
    assert sum(abs(time - free) < HOUR for time in times) < most
    earlier = free - timedelta(seconds=1)
    assert earlier < now or sum(abs(time - earlier) < HOUR for time in times) >= most
