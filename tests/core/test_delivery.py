"""From the outbox to the platform."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from xiaoer import (
    ActionEnded,
    Answer,
    Content,
    Context,
    Hopeless,
    Limits,
    MessagePosted,
    NoConfig,
    Plugin,
    Receipt,
    Request,
    Send,
    SendMessage,
    ShowMessage,
    StoreError,
    Then,
    TryLater,
    Unclear,
    Unreachable,
    continuation,
    on_message,
)
from xiaoer.performing import FIRST_RETRY, LAST_RETRY, pause
from xiaoer.statements import Statement
from xiaoer.tables import outbox, shown
from xiaoer.testing import FakePlatform, Town, play, rest
from xiaoer.testing.scene import ADMINS, MAIN

OUTBOX = Statement(select(outbox.c.state, outbox.c.reason, outbox.c.action, outbox.c.message).order_by(outbox.c.id))
SHOWN = Statement(select(shown.c.wanted, shown.c.current, shown.c.state, shown.c.message, shown.c.reason))


class Speaker(Plugin[NoConfig]):
    """Asks for whatever the test says."""

    name = "speaker"
    wants: list[Any]

    @on_message
    async def speak(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        for action in type(self).wants:
            ctx.request(action)

    @continuation("said")
    async def said(self, ctx: Context[NoConfig], event: ActionEnded) -> None:
        ctx.send(ADMINS, Content((f"{event.data['n']} {event.message is not None} {event.error}",)))


def words(text: str) -> Content:
    return Content((text,))


def say(text: str, **more: Any) -> SendMessage:
    return SendMessage(chat=MAIN, content=words(text), **more)


def show(text: str | None, **more: Any) -> ShowMessage:
    return ShowMessage(chat=MAIN, key="board", content=None if text is None else words(text), **more)


async def ask(town: Town, *actions: Any) -> None:
    Speaker.wants = list(actions)
    await town.say("ann", "go")


def texts(town: Town) -> list[str]:
    return [message.text for message in town.messages()]


async def test_what_was_asked_for_is_done_in_order_and_then_forgotten() -> None:
    async with play(Speaker) as town:
        await ask(town, say("one"), say("two"), say("three"))
        assert texts(town) == ["one", "two", "three"]
        assert {(row.state, row.action) for row in await town.rows(OUTBOX)} == {("done", None)}


async def test_a_platform_that_asks_to_wait_is_waited_for() -> None:
    async with play(Speaker) as town:
        town.fake.failures.append(TryLater(7.0, "Too Many Requests: retry after 7"))
        Speaker.wants = [say("one")]
        await town.app.pipeline.submit(town.writing("ann", "go"))
        await town.until(lambda: len(town.fake.requests) == 1)
        await town.clock.advance(6.9)
        assert len(town.fake.requests) == 1
        await town.pass_time(seconds=0.2)
        assert texts(town) == ["one"]


@pytest.mark.parametrize("guarantee", ["at_most_once", "at_least_once"])
async def test_an_unclear_end_is_repeated_only_where_that_is_declared(guarantee: Any) -> None:
    async with play(Speaker) as town:
        town.fake.failures.append(Unclear("connection reset"))
        Speaker.wants = [say("one", guarantee=guarantee)]
        await town.app.pipeline.submit(town.writing("ann", "go"))
        await town.until(lambda: len(town.fake.requests) >= 1)
        await town.pass_time(seconds=2)
        if guarantee == "at_least_once":
            assert texts(town) == ["one"]
        else:
            assert texts(town) == []
            assert len(town.messages(ADMINS)) == 1


async def test_what_cannot_be_done_is_reported_once_and_does_not_hold_up_the_rest() -> None:
    async with play(Speaker) as town:
        town.fake.failures.append(Hopeless("Forbidden: bot was kicked"))
        await ask(town, say("one"), say("two"))
        assert texts(town) == ["two"]
        (report,) = town.messages(ADMINS)
        assert "bot was kicked" in report.text


async def test_a_report_that_cannot_be_delivered_causes_no_further_report() -> None:
    async with play(Speaker) as town:
        town.fake.failures.extend([Hopeless("kicked"), Hopeless("kicked there too")])
        await ask(town, say("one"))
        assert town.messages(ADMINS) == []
        assert [row.state for row in await town.rows(OUTBOX)] == ["failed", "failed"]


async def test_an_adapter_that_breaks_harms_one_action_only() -> None:
    async with play(Speaker) as town:
        town.fake.failures.append(RuntimeError("a bug"))
        await ask(town, say("one", guarantee="at_most_once"), say("two"))
        assert texts(town) == ["two"]


async def test_an_action_past_its_deadline_is_not_done() -> None:
    async with play(Speaker) as town:
        await ask(town, say("late", deadline=town.now() - timedelta(seconds=1)))
        assert texts(town) == []


async def test_a_crash_in_mid_air_repeats_at_least_once_and_reports_at_most_once() -> None:
    async with play(Speaker) as town:
        town.fake.failures.extend([TryLater(60.0, "wait"), TryLater(60.0, "wait")])
        Speaker.wants = [say("often", guarantee="at_least_once")]
        await town.app.pipeline.submit(town.writing("ann", "go"))
        await town.until(lambda: len(town.fake.requests) == 1)
        town.fake.failures.clear()
        await town.restart(kill=True)
        assert texts(town) == ["often"]


async def test_an_action_that_was_being_tried_at_the_crash_is_unknown_and_not_repeated() -> None:
    async with play(Speaker) as town:
        town.fake.hang = True
        Speaker.wants = [say("once", guarantee="at_most_once")]
        await town.app.pipeline.submit(town.writing("ann", "go"))
        await town.until(lambda: len(town.fake.requests) == 1)
        town.fake.hang = False
        await town.restart(kill=True)
        assert texts(town) == []
        assert (await town.rows(OUTBOX))[0].state == "unknown"
        assert len(town.messages(ADMINS)) == 1


async def test_a_shown_message_is_sent_once_and_then_changed() -> None:
    async with play(Speaker) as town:
        await ask(town, show("1"))
        await ask(town, show("2", pinned=True))
        (message,) = town.messages()
        assert (message.text, message.edits, message.pinned) == ("2", 1, True)
        await ask(town, show(None))
        assert town.messages() == []
        await ask(town, show("3"))
        assert texts(town) == ["3"]


async def test_a_shown_message_that_somebody_deleted_is_sent_anew_under_another_id_when_it_changes() -> None:
    async with play(Speaker) as town:
        await ask(town, show("1"))
        town.fake.messages.clear()
        await ask(town, show("2", pinned=True))
        (message,) = town.messages()
        assert (message.text, message.pinned) == ("2", True)
        assert len({request.id for request in town.fake.requests if isinstance(request, Send)}) == 2
        assert town.messages(ADMINS) == []


async def test_a_message_that_is_deleted_again_and_again_before_it_is_pinned_is_given_up() -> None:
    class Hungry(FakePlatform):
        """Swallows every message at once."""

        def perform(self, request: Request) -> Receipt:
            receipt = super().perform(request)
            if request.chat == MAIN:
                self.messages.clear()
            return receipt

    async with play(Speaker, platform=Hungry()) as town:
        await ask(town, show("1", pinned=True))
        (row,) = await town.rows(SHOWN)
        assert (row.state, row.reason) == ("settled", "message to edit not found")


async def test_quick_changes_become_few_edits_and_always_the_final_one() -> None:
    async with play(Speaker) as town:
        await ask(town, *[show(str(n)) for n in range(50)])
        (message,) = town.messages()
        assert message.text == "49"
        assert len(town.fake.requests) <= 2
        (row,) = await town.rows(SHOWN)
        assert (row.wanted, row.current, row.state) == (50, 50, "settled")


async def test_a_plugin_hears_once_how_its_action_ended() -> None:
    async with play(Speaker) as town:
        town.fake.failures.extend([None, Hopeless("no")])
        await ask(town, say("a", then=Then("said", {"n": 1})), say("b", then=Then("said", {"n": 2})))
        reports = sorted(m.text for m in town.messages(ADMINS))
        assert "1 True None" in reports
        assert "2 False no" in reports


async def test_a_message_for_one_person_is_posted_for_all_only_where_that_is_declared() -> None:
    async with play(Speaker, platform=FakePlatform(capabilities=frozenset({"edit"}))) as town:
        await ask(town, say("secret", only_to="fake:ann"), say("notice", only_to="fake:ann", public_instead=True))
        (message,) = town.messages()
        assert (message.text, message.only_to) == ("notice", None)


async def test_a_private_answer_never_falls_back_to_a_public_one() -> None:
    async with play(Speaker, platform=FakePlatform(capabilities=frozenset({"edit"}))) as town:
        assert await town.use("ann", "/help") is None
        assert not any(isinstance(request, Answer) for request in town.fake.requests)


async def test_answers_overtake_what_waits_in_the_same_chat() -> None:
    async with play(Speaker) as town:
        town.fake.failures.append(TryLater(5.0, "wait"))
        Speaker.wants = [say(str(n)) for n in range(5)]
        await town.app.pipeline.submit(town.writing("ann", "go"))
        await town.until(lambda: len(town.fake.requests) == 1)
        asking = town.using("bob", "/help")
        await town.app.pipeline.submit(asking)
        await rest()
        await town.pass_time(seconds=6)
        kinds = [type(request) for request in town.fake.requests]
        assert kinds.index(Answer) <= 2  # behind the one that was tried before it came, and one that is under way


GROUP = Limits(per_second=30, chat_pause=1.0, group_per_minute=20, change_pause=6.0)


async def test_a_chat_is_given_no_more_than_its_platform_takes() -> None:
    async with play(Speaker, platform=FakePlatform(limits=GROUP)) as town:
        await ask(town, *[say(str(n)) for n in range(25)])
        assert texts(town) == ["0"]
        await town.pass_time(seconds=30)
        assert texts(town) == [str(n) for n in range(20)]
        await town.pass_time(seconds=40)
        assert texts(town) == [str(n) for n in range(25)]


async def test_a_card_is_changed_at_most_every_six_seconds_and_always_to_the_final_version() -> None:
    async with play(Speaker, platform=FakePlatform(limits=GROUP)) as town:
        for number in range(30):
            await ask(town, show(str(number)))
            await town.pass_time(seconds=1)
        await town.pass_time(seconds=6)
        (message,) = town.messages()
        assert message.text == "29"
        assert message.edits <= 6


async def test_what_failed_waits_alone_and_answers_are_given_meanwhile() -> None:
    async with play(Speaker) as town:
        town.fake.failures.append(Unclear("connection reset"))
        await ask(town, say("one", guarantee="at_least_once"))
        assert texts(town) == []
        answer = await town.use("bob", "/help")
        assert answer is not None
        await town.pass_time(seconds=2)
        assert texts(town) == [answer.text, "one"]


async def test_a_platform_that_cannot_be_reached_gets_everything_in_order_once_it_can() -> None:
    async with play(Speaker) as town:
        town.fake.failures.extend([Unreachable(2.0, "no connection")] * 3)
        await ask(town, say("one"), say("two", guarantee="at_most_once"), say("three"))
        await town.pass_time(seconds=10)
        assert texts(town) == ["one", "two", "three"]


async def test_a_card_that_was_sent_and_not_pinned_yet_is_not_sent_again() -> None:
    async with play(Speaker) as town:
        town.fake.failures.extend([None, TryLater(5.0, "wait")])
        await ask(town, show("1", pinned=True))
        await town.restart(kill=True)
        await town.pass_time(seconds=6)
        (message,) = town.messages()
        assert message.pinned
        assert sum(isinstance(request, Send) for request in town.fake.requests) == 1


async def test_what_a_person_caused_goes_before_what_goes_out_to_many() -> None:
    async with play(Speaker, platform=FakePlatform(limits=Limits(per_second=1))) as town:
        many = [SendMessage(chat=f"fake:town/{n}", content=words("all"), guarantee="at_most_once") for n in range(5)]
        await ask(town, *many, SendMessage(chat="fake:town/x", content=words("welcome")))
        await town.pass_time(seconds=2)
        assert town.fake.requests[0].chat == "fake:town/x"


@given(
    st.integers(1, 100),
    st.one_of(st.builds(Unclear, st.just("x")), st.builds(TryLater, st.floats(0, 1e6), st.just("x"))),
)
def test_a_pause_is_never_shorter_than_asked_and_never_endless(tries: int, error: Any) -> None:
    seconds = pause(tries, error)
    if isinstance(error, TryLater):
        assert seconds >= error.after
    else:
        assert FIRST_RETRY / 2 <= seconds <= LAST_RETRY


@pytest.mark.parametrize("what", ["say", "once", "show"])
async def test_what_was_done_and_could_not_be_noted_is_not_done_again(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with play(Speaker) as town:
        store = town.app.store
        transact = store.transact
        full = True

        async def failing(function: Any, *args: Any, **values: Any) -> Any:
            if full and town.fake.requests:
                raise StoreError("the disk is full")
            return await transact(function, *args, **values)

        monkeypatch.setattr(store, "transact", failing)
        chosen: dict[str, Any] = {
            "say": say("one"),
            "once": say("one", guarantee="at_most_once"),
            "show": show("one"),
        }
        Speaker.wants = [chosen[what]]
        await town.app.pipeline.submit(town.writing("ann", "go"))
        await town.until(lambda: len(town.fake.requests) == 1)
        await town.pass_time(seconds=20)
        full = False
        await town.pass_time(seconds=3)
        assert len(town.fake.requests) == 1
        assert town.app.delivery.waiting == 0
        rows = [row.state for row in await town.rows(OUTBOX if what != "show" else SHOWN)]
        assert rows == (["done"] if what != "show" else ["settled"])
