"""Events on their way from the adapter to the disk."""

import asyncio
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from sqlalchemy import bindparam, insert, select

from xiaoer import (
    Button,
    ButtonPressed,
    CommandUsed,
    Content,
    Context,
    MemberJoined,
    MemberLeft,
    MessagePosted,
    NoConfig,
    Outcome,
    Plugin,
    ReactionChanged,
    Statement,
    StoreError,
    Transaction,
    Veto,
    Who,
    button,
    on_button,
    on_command,
    on_join,
    on_leave,
    on_message,
    on_reaction,
    screen,
)
from xiaoer.events import encode_event
from xiaoer.pipeline import ABANDON_AFTER, CAREFUL_FOR, CUT_AFTER, PARK_AFTER, WORKERS
from xiaoer.recovery import TRIES
from xiaoer.tables import faults, inbox, members, seen, values
from xiaoer.testing import Town, play, rest
from xiaoer.testing.scene import MAIN, SPACE
from xiaoer.transaction import PARK

LOG = Statement(insert(values).values(name=bindparam("name"), value=bindparam("value")))
LOGGED = Statement(select(values.c.name, values.c.value).where(values.c.name.like("log.%")).order_by(values.c.name))
SEEN = Statement(select(seen.c.key))
INBOX = Statement(select(inbox.c.key, inbox.c.tries, inbox.c.set_aside))
FAULTS = Statement(select(faults.c.plugin, faults.c.what, faults.c.reason))
MEMBERS = Statement(select(members.c.account, members.c.joined, members.c.left, members.c.source))


def log(tx: Transaction, name: str) -> None:
    tx.run(LOG, name=f"log.{name}", value=1)


class Writer(Plugin[NoConfig]):
    """Writes down each message, and asks for an echo."""

    name = "writer"

    @on_message
    async def write(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        ctx.transact(log, event.text)
        ctx.send(MAIN, ctx.content("writer.echo", text=event.text))


class Raiser(Plugin[NoConfig]):
    """Queues and then fails, when it is told to."""

    name = "raiser"

    @on_message
    async def write(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        ctx.transact(log, f"raiser.{event.text}")
        if "raise" in event.text:
            raise ValueError("the hook is broken")
        if "exit" in event.text:
            raise SystemExit(3)
        if "late" in event.text:
            ctx.transact(fail)


def park(tx: Transaction, event: MessagePosted, tries: int) -> None:
    tx.run(PARK, key=event.key, community="town", event=encode_event(event), at=event.at, tries=tries)


def fail(tx: Transaction) -> None:
    raise ValueError("the function is broken")


class Sleeper(Plugin[NoConfig]):
    """Waits until it is let go, when it is told to."""

    name = "sleeper"
    gates: ClassVar[dict[str, asyncio.Event]] = {}
    stubborn: ClassVar[bool] = False

    @on_message
    async def wait(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        gate = self.gates.get(event.text)
        while gate is not None and not gate.is_set():
            try:
                await gate.wait()
            except asyncio.CancelledError:
                if not self.stubborn:
                    raise
        ctx.transact(log, f"slept.{event.text}")


@pytest.fixture(autouse=True)
def _gates() -> None:
    Sleeper.gates.clear()
    Sleeper.stubborn = False


async def logged(town: Town) -> list[str]:
    return [row.name.removeprefix("log.") for row in await town.rows(LOGGED)]


def message(town: Town, text: str, **changes: Any) -> MessagePosted:
    event = MessagePosted(
        key=town.key("message"), at=town.now(), space=SPACE, chat=MAIN, who=town.person("ann"), message="1", text=text
    )
    return (
        event
        if not changes
        else MessagePosted(**{**{f: getattr(event, f) for f in event.__struct_fields__}, **changes})
    )


async def test_state_and_request_of_an_event_are_stored_together_and_performed() -> None:
    async with play(Writer) as town:
        assert await town.say("ann", "hello") is Outcome.COMMITTED
        assert await logged(town) == ["hello"]
        assert len(town.messages()) == 1


async def test_the_same_event_told_twice_changes_state_once() -> None:
    async with play(Writer) as town:
        await town.say("ann", "hello")
        assert await town.tell_again() is Outcome.DUPLICATE
        event = message(town, "again")
        assert sorted(o.value for o in await town.tell_at_once(event, event, event)) == [
            "committed",
            "duplicate",
            "duplicate",
        ]
        assert len(town.messages()) == 2


async def test_an_event_told_again_after_a_restart_changes_nothing() -> None:
    async with play(Writer) as town:
        await town.say("ann", "hello")
        await town.restart(kill=True)
        await town.tell_again()
        assert len(town.messages()) == 1
        assert await town.rows(INBOX) == []


@pytest.mark.parametrize("how", ["raise", "exit", "late"])
async def test_a_plugin_that_fails_loses_its_own_part_only(how: str) -> None:
    async with play(Raiser, Writer) as town:
        assert await town.say("ann", how) is Outcome.COMMITTED
        assert await logged(town) == [how]
        assert [row.plugin for row in await town.rows(FAULTS)] == ["raiser"]


async def test_three_failing_persons_pause_a_plugin_and_the_admins_hear_of_it_once() -> None:
    async with play(Raiser, Writer) as town:
        for name in ("ann", "bob", "cat"):
            await town.say(name, f"raise {name}")
        await town.say("dan", "fine")
        assert "raiser.fine" not in await logged(town)
        admins = [m.text for m in town.messages("fake:town/admins")]
        assert len(admins) == 1
        assert "raiser" in admins[0]
        await town.pass_time(minutes=5)
        await town.say("dan", "again")
        assert "raiser.again" in await logged(town)
        assert len(town.messages("fake:town/admins")) == 2


async def test_effects_are_stored_in_the_order_events_came_though_hooks_overlap() -> None:
    async with play(Sleeper, Writer) as town:
        Sleeper.gates["slow"] = asyncio.Event()
        slow = town.app.pipeline.submit(message(town, "slow"))
        quick = town.app.pipeline.submit(message(town, "quick"))
        await rest()
        assert not quick.done(), "what came later waits for what came first"
        Sleeper.gates["slow"].set()
        await asyncio.gather(slow, quick)
        await town.settle()
        assert [m.text for m in town.messages()] == ["writer.echo", "writer.echo"]
        rows = await town.rows(Statement(select(values.c.name).where(values.c.name.like("log.%"))))
        assert len(rows) == 4


async def test_an_event_that_takes_over_a_second_is_parked_and_the_next_ones_pass() -> None:
    async with play(Sleeper, Writer) as town:
        gate = Sleeper.gates["slow"] = asyncio.Event()
        slow = town.app.pipeline.submit(message(town, "slow"))
        quick = town.app.pipeline.submit(message(town, "quick"))
        await town.clock.advance(PARK_AFTER + 0.5)
        assert await slow is Outcome.PARKED
        assert await quick is Outcome.COMMITTED
        assert [row.key for row in await town.rows(INBOX)] != []
        assert "slow" not in await logged(town)
        gate.set()
        await town.settle()
        assert "slow" in await logged(town)
        assert await town.rows(INBOX) == []


async def test_what_was_parked_is_done_after_a_kill_and_once() -> None:
    async with play(Sleeper, Writer) as town:
        Sleeper.gates["slow"] = asyncio.Event()
        slow = town.app.pipeline.submit(message(town, "slow"))
        await town.clock.advance(PARK_AFTER + 0.5)
        assert await slow is Outcome.PARKED
        Sleeper.gates.clear()
        await town.restart(kill=True)
        assert "slow" in await logged(town)
        assert await town.rows(INBOX) == []
        assert len(town.messages()) == 1


async def die_of(town: Town, event: MessagePosted, times: int) -> None:
    """Let the process end so many times while an event is tried that is parked."""
    Sleeper.gates[event.text] = asyncio.Event()
    deadly = town.app.pipeline.submit(event)
    await town.clock.advance(PARK_AFTER + 0.5)
    assert await deadly is Outcome.PARKED
    for _ in range(times):
        await town.restart_without_waiting()


async def test_an_event_during_which_the_process_ended_three_times_is_set_aside_and_told() -> None:
    async with play(Sleeper, Writer) as town:
        event = message(town, "deadly")
        await die_of(town, event, 3)
        await town.settle()
        (row,) = await town.rows(INBOX)
        assert row.set_aside is not None
        assert any("ended" in m.text for m in town.messages("fake:town/admins"))
        await town.tell(event)  # the platform may tell it again: it is not tried again
        assert "deadly" not in await logged(town)


async def test_an_event_during_which_the_process_ended_twice_is_tried_again() -> None:
    async with play(Sleeper, Writer) as town:
        await die_of(town, message(town, "unlucky"), 2)
        Sleeper.gates["unlucky"].set()
        await town.settle()
        assert "unlucky" in await logged(town)
        assert await town.rows(INBOX) == []


async def test_an_end_that_was_asked_for_is_no_third_one() -> None:
    async with play(Sleeper, Writer) as town:
        event = message(town, "unlucky")
        await town.app.store.transact(park, event, TRIES)  # as it is left when the disk was full then
        await town.restart()
        assert (await town.rows(INBOX), "unlucky" in await logged(town)) == ([], True)


@pytest.mark.parametrize("late", [timedelta(seconds=1), CAREFUL_FOR / 2, timedelta(hours=3)], ids=str)
async def test_after_an_end_by_a_fault_what_happened_before_it_is_parked_before_it_is_tried(late: timedelta) -> None:
    async with play(Sleeper) as town:
        event = message(town, "redelivered")
        await town.restart(kill=True)
        await town.clock.advance(late.total_seconds())
        Sleeper.gates["redelivered"] = asyncio.Event()
        assert await town.app.pipeline.submit(event) is Outcome.PARKED
        assert [(row.key, row.tries) for row in await town.rows(INBOX)] == [(event.key, 1)]
        Sleeper.gates["redelivered"].set()
        await town.settle()
        assert (await logged(town), await town.rows(INBOX)) == (["slept.redelivered"], [])


@pytest.mark.parametrize("kill", [False, True], ids=["asked to", "killed"])
async def test_nothing_is_parked_before_it_is_tried_once_all_went_well(kill: bool) -> None:
    async with play(Sleeper) as town:
        await town.restart(kill=kill)
        if kill:
            await town.clock.advance(2 * CAREFUL_FOR.total_seconds())
        assert await town.app.pipeline.submit(message(town, "hello")) is Outcome.COMMITTED


async def test_what_cannot_be_parked_after_an_end_by_a_fault_is_neither_tried_nor_acknowledged() -> None:
    async with play(Sleeper) as town:
        event = message(town, "redelivered")
        await town.restart(kill=True)
        Sleeper.gates["redelivered"] = asyncio.Event()
        await town.app.store._writer.execute("PRAGMA query_only=1")
        with pytest.raises(StoreError, match="read-only"):
            await town.app.pipeline.submit(event)
        assert town.app.pipeline.in_hand == 0
        await town.app.store._writer.execute("PRAGMA query_only=0")
        Sleeper.gates["redelivered"].set()
        assert await town.tell(event) is Outcome.PARKED
        assert await logged(town) == ["slept.redelivered"]


async def test_a_hook_that_hangs_is_cut_and_the_other_plugins_get_their_turn() -> None:
    async with play(Sleeper, Writer) as town:
        Sleeper.gates["hang"] = asyncio.Event()
        town.app.pipeline.submit(message(town, "hang"))
        await town.clock.advance(CUT_AFTER + 1)
        await town.settle()
        assert await logged(town) == ["hang"]
        assert [row.plugin for row in await town.rows(FAULTS)] == ["sleeper"]


async def test_a_hook_that_eats_the_cancellation_is_left_alone_and_can_do_nothing_any_more() -> None:
    async with play(Sleeper, Writer) as town:
        gate = Sleeper.gates["hang"] = asyncio.Event()
        Sleeper.stubborn = True
        town.app.pipeline.submit(message(town, "hang"))
        await town.clock.advance(CUT_AFTER + ABANDON_AFTER + 1)
        await town.settle()
        assert await logged(town) == ["hang"]
        gate.set()
        await town.settle()
        assert await logged(town) == ["hang"]
        assert await town.say("bob", "next") is Outcome.COMMITTED


class Bouncer(Plugin[NoConfig]):
    """Lets nobody say spam, and fails on demand."""

    name = "bouncer"

    @screen
    async def look(self, ctx: Context[NoConfig], event: Any) -> Veto | None:
        text = getattr(event, "text", "")
        if "crash" in text:
            raise ValueError("the screener is broken")
        return Veto("spam") if "spam" in text else None


class StrictBouncer(Bouncer):
    name = "strict"
    fail_closed = True


async def test_a_veto_stops_the_plugins_but_not_the_cores_own_bookkeeping() -> None:
    async with play(Writer, Bouncer) as town:
        assert await town.say("ann", "spam") is Outcome.COMMITTED
        assert await logged(town) == []
        assert [row.account for row in await town.rows(MEMBERS)] == ["fake:ann"]


async def test_a_broken_screener_lets_pass_unless_it_guards_safety() -> None:
    async with play(Writer, Bouncer) as town:
        await town.say("ann", "crash")
        assert await logged(town) == ["crash"]
    async with play(Writer, StrictBouncer) as town:
        await town.say("ann", "crash")
        assert await logged(town) == []


class Observer(Plugin[NoConfig]):
    """Writes down what it hears of."""

    name = "observer"
    heard: ClassVar[list[str]] = []

    @on_join
    async def joined(self, ctx: Context[NoConfig], event: MemberJoined) -> None:
        ctx.send(MAIN, Content(("hello",), ((Button("Wave", "wave", "7"),),)))
        self.heard.append(f"join {event.source.kind}")

    @on_leave
    async def left(self, ctx: Context[NoConfig], event: MemberLeft) -> None:
        self.heard.append("leave")

    @on_message
    async def wrote(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        self.heard.append(f"{event.kind} {event.reply_to} {event.edited}")

    @on_reaction
    async def reacted(self, ctx: Context[NoConfig], event: ReactionChanged) -> None:
        self.heard.append(f"reaction {event.added}")

    @button("wave")
    async def wave(self, ctx: Context[NoConfig], event: ButtonPressed, data: str) -> None:
        self.heard.append(f"wave {data}")

    @on_button
    async def pressed(self, ctx: Context[NoConfig], event: ButtonPressed) -> None:
        self.heard.append("button")

    @on_command
    async def used(self, ctx: Context[NoConfig], event: CommandUsed) -> None:
        self.heard.append(f"command {event.text}")


async def test_every_hook_hears_of_its_event() -> None:
    Observer.heard.clear()
    async with play(Observer) as town:
        await town.join("ann")
        await town.press("ann", "wave")
        await town.say("ann", "look", kind="photo", reply_to="m1")
        await town.say("ann", "look!", edits="of-ann-1")
        await town.react("ann", "m1", "👍")
        await town.use("ann", "/help")
        await town.leave("ann")
    assert Observer.heard == [
        "join name",
        "wave 7",
        "button",
        "photo m1 False",
        "text None True",
        "reaction ('👍',)",
        "command help",
        "leave",
    ]


async def test_other_bots_and_unknown_spaces_are_ignored() -> None:
    async with play(Writer) as town:
        bot = message(town, "hello", who=Who("fake:robot", "Robot", bot=True))
        elsewhere = message(town, "hello", space="fake:elsewhere")
        assert await town.tell(bot) is Outcome.IGNORED
        assert await town.tell(elsewhere) is Outcome.IGNORED
        assert await logged(town) == []


async def test_joins_and_leaves_are_kept_with_how_surely_they_are_known() -> None:
    async with play(Writer) as town:
        await town.join("ann")
        await town.leave("ann")
        (row,) = await town.rows(MEMBERS)
        assert row.joined is not None
        assert row.left is not None
        assert row.source["certainty"] == "exact"
        await town.say("ann", "back")
        (row,) = await town.rows(MEMBERS)
        assert row.left is None


async def test_what_an_adapter_stores_with_an_event_is_stored_once_with_it() -> None:
    async with play(Writer) as town:
        event = message(town, "hello")
        for _ in range(2):
            await town.app.pipeline.submit(event, (lambda tx: log(tx, "adapter"),))
        assert sorted(await logged(town)) == ["adapter", "hello"]


async def test_what_an_adapter_stores_with_an_event_is_stored_when_it_is_parked_and_survives_a_kill() -> None:
    async with play(Sleeper, Writer) as town:
        Sleeper.gates["slow"] = asyncio.Event()
        parked = town.app.pipeline.submit(message(town, "slow"), (lambda tx: log(tx, "adapter"),))
        await town.clock.advance(PARK_AFTER + 0.5)
        assert await parked is Outcome.PARKED
        assert await logged(town) == ["adapter"]
        Sleeper.gates.clear()
        await town.restart(kill=True)
        assert sorted(await logged(town)) == ["adapter", "slept.slow", "slow"]


async def test_what_an_adapter_stores_with_a_parked_event_is_stored_once() -> None:
    async with play(Sleeper, Writer) as town:
        gate = Sleeper.gates["slow"] = asyncio.Event()
        town.app.pipeline.submit(message(town, "slow"), (lambda tx: log(tx, "adapter"),))
        await town.clock.advance(PARK_AFTER + 0.5)
        gate.set()
        await town.settle()
        assert sorted(await logged(town)) == ["adapter", "slept.slow", "slow"]
        assert await town.rows(FAULTS) == []


async def test_an_event_that_cannot_be_stored_is_not_acknowledged() -> None:
    async with play(Writer) as town:
        town.app.store.submit = lambda work: work.failed(StoreError("the disk is full"))  # type: ignore[method-assign]
        with pytest.raises(StoreError, match="disk is full"):
            await town.app.pipeline.submit(message(town, "hello"))
        del town.app.store.submit
        assert await logged(town) == []


async def test_an_event_that_is_told_once_is_parked_while_its_hooks_run_and_survives_a_kill() -> None:
    async with play(Sleeper, Writer) as town:
        Sleeper.gates["slow"] = asyncio.Event()
        told = town.app.pipeline.submit(message(town, "slow"), park=True)
        assert await told is Outcome.PARKED
        assert len(await town.rows(INBOX)) == 1
        Sleeper.gates.clear()
        await town.restart(kill=True)
        assert "slow" in await logged(town)
        assert await town.rows(INBOX) == []


async def test_an_event_that_is_told_once_and_quickly_done_is_stored_once() -> None:
    async with play(Writer) as town:
        events = [message(town, f"quick {number}") for number in range(50)]
        for event in [*events, *events]:
            town.app.pipeline.submit(event, park=True)
        await town.settle()
        assert sorted(await logged(town)) == sorted(f"quick {number}" for number in range(50))
        assert await town.rows(INBOX) == []


async def test_a_press_or_a_reaction_of_somebody_who_has_left_does_not_bring_them_back() -> None:
    async with play(Writer) as town:
        await town.join("ann")
        await town.leave("ann")
        await town.react("ann", "m1", "👍")
        assert [row.left is None for row in await town.rows(MEMBERS)] == [False]
        await town.say("ann", "back again")
        assert [row.left is None for row in await town.rows(MEMBERS)] == [True]


async def test_a_crowd_is_one_while_more_is_in_hand_than_hooks_can_run_at_once() -> None:
    async with play() as town:
        told = [town.app.pipeline.submit(town.writing(f"p{number}", "hello")) for number in range(WORKERS)]
        assert town.app.pipeline.crowded
        await asyncio.gather(*told)
        await town.settle()
        assert not town.app.pipeline.crowded
