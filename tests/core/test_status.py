"""What the operator is told about a program, and what is never told."""

import asyncio
import contextlib
import io
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from rich.console import Console

from xiaoer import (
    Batch,
    Content,
    Context,
    Cron,
    Hopeless,
    Limits,
    MessagePosted,
    NoConfig,
    Plugin,
    Transaction,
    TryLater,
    Unclear,
    on_message,
)
from xiaoer.board import board, duration
from xiaoer.events import encode_event
from xiaoer.logs import MASK, Redactor
from xiaoer.pipeline import PARK_AFTER
from xiaoer.recovery import TRIES
from xiaoer.secrets import Secrets
from xiaoer.status import Status
from xiaoer.survey import survey
from xiaoer.testing import FakePlatform, Town, play, rest
from xiaoer.testing.scene import MAIN, SPACE
from xiaoer.transaction import PARK

HIDDEN = "the token of the bot"
SAID = "what ann said"


class Speaker(Plugin[NoConfig]):
    """Says, shows, fails or waits, as it is told to."""

    name = "speaker"
    gate: ClassVar[asyncio.Event]

    def timers(self, config: NoConfig) -> tuple[Cron, ...]:
        return (Cron("tea", "0 16 * * *"),)

    @on_message
    async def speak(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        if "wait" in event.text:
            await self.gate.wait()
        if "fail" in event.text:
            raise ValueError(f"no such number: {event.text}")
        if "all" in event.text:
            ctx.transact(tell_all)
        if "show" in event.text:
            ctx.show("card:7", MAIN, Content((event.text,)))
        if "once" in event.text:
            ctx.send(MAIN, Content((event.text,)), guarantee="at_most_once")
        if "say" in event.text:
            ctx.send(MAIN, Content((event.text,)))


def tell_all(tx: Transaction) -> None:
    Batch(tx, "news").send([f"{MAIN}{number}" for number in range(20)], Content(("news",)))


@pytest.fixture(autouse=True)
def _gate() -> None:
    Speaker.gate = asyncio.Event()


def look(town: Town) -> Status:
    redact = Redactor(Secrets([HIDDEN]))
    return survey(town.app.settings, [("xiaoer", "xiaoer")], town.clock.now(), redact)


def seen(status: Status, width: int = 200) -> str:
    out = io.StringIO()
    Console(file=out, width=width).print(board(status, {}))
    return out.getvalue()


def park(tx: Transaction, event: MessagePosted, at: Any) -> None:
    tx.run(PARK, key=event.key, community="town", event=encode_event(event), at=at, tries=TRIES)


async def test_a_parked_event_is_told_with_its_age() -> None:
    async with play(Speaker) as town:
        told = town.app.pipeline.submit(town.writing("ann", "wait"))
        await rest()
        await town.clock.advance(PARK_AFTER)
        await told
        await town.clock.advance(4)
        (parked,) = look(town).parked
        assert (parked.community, parked.events, round(parked.age)) == ("town", 1, 5)
        Speaker.gate.set()


async def test_an_event_that_is_set_aside_is_told_with_its_key_and_the_reason() -> None:
    async with play(Speaker) as town:
        event = town.writing("ann", SAID)
        await town.app.store.transact(park, event, town.now())
        await town.restart(kill=True)
        await town.clock.advance(60)
        status = look(town)
        assert status.parked == []
        assert status.set_aside_total == 1
        (aside,) = status.set_aside
        assert (aside.key, aside.kind, aside.tries, aside.age) == (event.key, "message", TRIES, 60.0)
        assert aside.reason == f"the program ended {TRIES} times while it was tried"


async def test_what_waits_for_a_platform_is_counted() -> None:
    async with play(Speaker) as town:
        town.fake.failures.extend([TryLater(3600, "wait")] * 5)
        await town.say("ann", "say it and show it")
        await town.clock.advance(7)
        (waiting,) = look(town).waiting
        assert (waiting.platform, waiting.actions, waiting.messages, waiting.in_mid_air) == ("fake", 1, 1, 0)
        assert waiting.age == 7.0


async def test_a_broadcast_under_way_is_told_with_its_progress_its_rate_and_the_time_left() -> None:
    async with play(Speaker, platform=FakePlatform(limits=Limits(per_second=2))) as town:
        town.fake.failures.append(Hopeless("kicked"))
        await town.say("ann", "tell all")
        await town.pass_time(seconds=4.9)
        (line,) = look(town).broadcasts
        assert (line.community, line.plugin, line.name, line.total, line.failed) == ("town", "speaker", "news", 20, 1)
        assert line.done + line.failed + line.waiting == 20
        assert line.rate == pytest.approx(2, rel=0.2)
        assert line.left == pytest.approx(line.waiting / 2, rel=0.2)
        row = next(row for row in seen(look(town)).splitlines() if "news" in row)
        assert f"{line.done} of 20" in row
        assert "━" in row
        await town.pass_time(seconds=20)
        assert look(town).broadcasts == []


async def test_what_was_put_aside_is_told_with_the_platforms_reason_newest_first() -> None:
    async with play(Speaker) as town:
        town.fake.failures.extend([Hopeless("bot was kicked"), None, Unclear("connection broke"), None])
        await town.say("ann", "say")
        await town.say("ann", "once")
        status = look(town)
        assert [(line.chat, line.state, line.reason) for line in status.put_aside] == [
            (MAIN, "unknown", "connection broke"),
            (MAIN, "failed", "bot was kicked"),
        ]
        assert status.put_aside_total == 2
        assert status.waiting == []


async def test_a_message_that_could_not_be_shown_is_told_with_its_reason() -> None:
    async with play(Speaker) as town:
        town.fake.failures.append(Hopeless("not enough rights"))
        await town.say("ann", "show")
        (line,) = look(town).not_shown
        assert (line.plugin, line.key, line.chat, line.reason) == ("speaker", "card:7", MAIN, "not enough rights")


async def test_timers_are_told_by_when_they_are_due_and_those_of_switched_off_plugins_are_counted(
    tmp_path: Path,
) -> None:
    file = tmp_path / "town.db"
    async with play(Speaker, file=file) as town:
        status = look(town)
        (timer,) = status.timers
        assert (timer.job, timer.seconds, status.timers_waiting, status.timers_off) == ("tea", 4 * 3600.0, 1, 0)
    async with play(file=file) as town:
        status = look(town)
        assert (status.timers, status.timers_waiting, status.timers_off) == ([], 0, 1)


async def test_the_last_fault_of_a_plugin_is_told_by_its_kind_alone() -> None:
    async with play(Speaker) as town:
        await town.say("ann", f"fail: {SAID}")
        await town.say("ben", f"fail: {SAID}")
        await town.clock.advance(3)
        (fault,) = look(town).faults
        assert (fault.plugin, fault.what, fault.error, fault.total) == ("speaker", "MessagePosted", "ValueError", 2)
        assert fault.age == 3.0


async def test_nothing_that_anybody_wrote_and_no_token_is_told() -> None:
    async with play(Speaker) as town:
        town.fake.failures.extend([Hopeless(f"https://api/bot{HIDDEN}/send"), None, TryLater(3600, "wait")])
        await town.say("ann", f"say {SAID}")
        await town.say("ann", f"say {SAID}, fail")
        await town.say("ann", f"say and show {SAID}")
        await town.app.store.transact(park, town.writing("ann", SAID), town.now())
        status = look(town)
        told = seen(status) + msgspec.json.encode(status).decode()
        assert MASK in told
        assert SAID not in told
        assert HIDDEN not in told


async def test_what_a_platform_says_is_neither_obeyed_by_a_terminal_nor_taken_for_markup() -> None:
    async with play(Speaker) as town:
        town.fake.failures.append(Hopeless("\x1b[2J[red]\u202egone[/red]\n\nxx"))
        await town.say("ann", "say")
        told = seen(look(town))
        assert "[2J[red] gone[/red]  xx" in told
        assert not {"\x1b", "\u202e"} & set(told)


async def test_long_lists_are_cut_and_say_so() -> None:
    async with play(Speaker) as town:
        town.fake.failures.extend([Hopeless("no")] * 25 + [None] * 100)
        await town.tell_at_once(*[town.writing("ann", "say") for _ in range(25)])
        status = look(town)
        assert (len(status.put_aside), status.put_aside_total) == (20, 25)
        assert "Deliveries put aside (20 of 25)" in seen(status)


async def test_it_is_told_whether_the_program_runs_and_nothing_is_written(tmp_path: Path) -> None:
    file = tmp_path / "town.db"
    async with play(Speaker, file=file) as town:
        await town.say("ann", "say")
        before = file.read_bytes(), file.with_name("town.db-wal").read_bytes()
        status = look(town)
        assert (status.running, status.problem) == (True, None)
        assert (file.read_bytes(), file.with_name("town.db-wal").read_bytes()) == before
    status = look(town)
    assert (status.running, status.problem) == (False, None)
    assert status.database is not None
    assert status.database.size == file.stat().st_size
    assert [(schema.name, schema.state) for schema in status.database.schema] == [("xiaoer", "current")]


async def test_communities_and_adapters_are_told_before_there_is_a_database(tmp_path: Path) -> None:
    file = tmp_path / "town.db"
    async with play(Speaker, file=file) as town:
        pass
    file.unlink()
    status = look(town)
    assert status.problem == f"database {file}: there is none yet: xiaoer run makes it"
    assert (status.adapters, [community.id for community in status.communities]) == (["fake"], ["town"])
    assert SPACE in seen(status)
    assert "none yet" in seen(status)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("UPDATE xr_schema_xiaoer SET version_num = '0001'", "of an older version: the next start brings them up"),
        ("UPDATE xr_schema_xiaoer SET version_num = '9999'", "of a newer version: install that version"),
    ],
)
async def test_tables_of_another_version_are_said_to_be_so(tmp_path: Path, change: str, sentence: str) -> None:
    file = tmp_path / "town.db"
    async with play(Speaker, file=file) as town:
        pass
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute(change)
        connection.commit()
    status = look(town)
    assert status.problem is not None
    assert sentence in status.problem
    assert sentence in seen(status, 300)


async def test_a_file_that_is_no_database_is_said_to_be_so(tmp_path: Path) -> None:
    file = tmp_path / "town.db"
    async with play(Speaker, file=file) as town:
        pass
    file.write_text("Dear friend, this is a letter. " * 200)
    assert "it is not a SQLite database" in str(look(town).problem)


async def test_in_a_sandbox_ages_are_those_of_community_time() -> None:
    async with play(Speaker) as town:
        town.fake.failures.append(Hopeless("no"))
        await town.say("ann", "say")
        await town.app.store.transact(moved, 3600)
        (line,) = look(town).put_aside
        assert line.age == 3600.0


def moved(tx: Transaction, seconds: int) -> None:
    tx.execute("INSERT INTO xr_value VALUES ('clock.offset', :seconds)", {"seconds": str(seconds)})


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=42), "42 s"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(days=9), "9 d"),
        (timedelta(seconds=-5), "-5 s"),
    ],
)
def test_spans_of_time_are_told_in_one_unit(span: timedelta, words: str) -> None:
    assert duration(span.total_seconds()) == words
