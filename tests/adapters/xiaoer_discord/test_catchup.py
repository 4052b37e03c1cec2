"""What was missed: fetched from channels and the member list, and told as it would have been."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs
from tests.adapters.xiaoer_discord.town import DOWN, HISTORY, Town
from tests.simulators.discord import Fault, payloads
from tests.simulators.discord.world import Member, P

from xiaoer import Membership, Statement
from xiaoer.tables import members
from xiaoer.testing import START, ManualClock
from xiaoer_discord import catchup
from xiaoer_discord.intake import MARGIN, REMEMBERED, moment_of
from xiaoer_discord.translate import stamp

MEMBERS = Statement(select(members.c.account, members.c.role, members.c.left))


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    """A town in which moments are told as exactly as Discord tells them."""
    clock = ManualClock(datetime(2026, 3, 2, 4, 0, 0, 521254, tzinfo=UTC))
    async with Town(tmp_path, {"Elder": "xiaoer"}, clock) as found:
        await found.join("Ann")
        await found.settle()
        await clock.advance(1)
        yield found


async def notes(town: Town) -> list[str]:
    """Return everything that was noted, once all is done."""
    await town.settle()
    return await town.told(0)


async def test_what_was_written_while_nobody_listened_is_told_in_its_order(town: Town) -> None:
    thread = town.server.thread(town.channel, "tea talk")
    async with town.away():
        for number, place in enumerate([town.channel, thread, town.guild.general, town.channel]):
            town.server.write(place, town.person("Ann"), f"word {number}")
            await town.clock.advance(1)
    assert await notes(town) == ["join Ann unknown unknown", *(f"message Ann text: word {n}" for n in range(4))]


async def test_what_was_told_before_is_not_told_again(town: Town) -> None:
    await town.write("Ann", "tea")
    before = await notes(town)
    async with town.away():
        pass
    assert town.calls(HISTORY)
    assert await notes(town) == before


async def test_who_came_while_nobody_listened_is_told_once(town: Town) -> None:
    async with town.away():
        await town.join("Ben")
    town.server.redeliver()
    assert (await notes(town)).count("join Ben unknown unknown") == 1


async def test_who_left_while_nobody_listened_is_told_once(town: Town) -> None:
    async with town.away():
        await town.leave("Ann")
    async with town.away():
        pass
    assert (await notes(town)).count("leave Ann") == 1


async def test_who_left_and_came_back_meanwhile_is_told_both(town: Town) -> None:
    async with town.away():
        await town.leave("Ann")
        await town.join("Ann")
    assert [note.partition(" ")[0] for note in await notes(town)] == ["join", "leave", "join"]


async def test_whoever_was_not_seen_to_come_can_leave_twice(town: Town) -> None:
    town.guild.members[town.person("Cid").id] = Member(town.person("Cid"), START)  # before the bot
    await town.write("Cid", "hello")
    await town.settle()
    await town.leave("Cid")
    await town.settle()
    async with town.away():
        await town.join("Cid")
        await town.clock.advance(timedelta(hours=25).total_seconds())
    await town.write("Cid", "here again")
    await town.settle()
    await town.leave("Cid")
    told = ["message Cid text: hello", "leave Cid", "message Cid text: here again", "leave Cid"]
    assert [note for note in await notes(town) if "Cid" in note] == told


async def test_whoever_came_back_unseen_and_leaves_much_later_is_told_to_have_left(town: Town) -> None:
    await town.leave("Ann")
    await town.settle()
    async with town.away():
        await town.join("Ann")
        await town.clock.advance(timedelta(hours=25).total_seconds())
    await town.write("Ann", "here again")
    await town.settle()
    async with town.away():
        pass
    await town.leave("Ann")
    assert (await notes(town))[-3:] == ["leave Ann", "message Ann text: here again", "leave Ann"]


async def test_whoever_came_while_nobody_listened_can_leave_as_often(town: Town) -> None:
    for _ in range(2):
        async with town.away():
            await town.join("Ben")
        await town.leave("Ben")
        await town.settle()
    assert [note.partition(" ")[0] for note in await notes(town) if "Ben" in note] == ["join", "leave"] * 2


async def test_a_leave_that_is_still_being_stored_has_the_same_name_when_it_is_looked_for(town: Town) -> None:
    guilds, ann = town.line._guilds, int(town.account("Ann"))
    live = guilds.since(town.guild.id, ann)
    guilds.went(town.guild.id, ann)
    (found,) = catchup._went(town.guild.id, {ann: Membership("Ann", None)}, guilds)
    assert live is not None
    assert found.key == f"discord:leave:{town.guild.id}:{ann}:{stamp(live)}"


async def test_what_is_older_than_a_day_is_not_told(town: Town) -> None:
    async with town.away():
        await town.write("Ann", "old news")
        await town.clock.advance(timedelta(hours=25).total_seconds())
        await town.write("Ann", "news")
    assert [note for note in await notes(town) if "news" in note] == ["message Ann text: news"]


async def test_of_too_many_messages_the_first_are_told_and_the_log_says_so(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catchup, "MOST", 3)
    busy = town.server.channel(town.guild, "busy")
    with capture_logs() as logs:
        async with town.away():
            for number in range(5):
                town.server.write(busy, town.person("Ann"), f"word {number}")
        told = [note for note in await notes(town) if "word" in note]
    assert told == [f"message Ann text: word {number}" for number in range(3)]
    assert [log["fetched"] for log in logs if log["event"] == "discord: more was written than is fetched"] == [3]


async def test_more_messages_than_one_page_holds_are_all_told_in_order(town: Town) -> None:
    async with town.away():
        for number in range(230):
            await town.write("Ann", f"word {number}")
    told = [note for note in await notes(town) if "word" in note]
    assert told == [f"message Ann text: word {number}" for number in range(230)]


async def test_what_may_not_be_read_is_left_out_and_the_rest_is_told(town: Town) -> None:
    hidden = town.server.channel(town.guild, "hidden")
    deaf = town.server.channel(town.guild, "deaf")
    town.server.overwrite(deaf, town.server.bot, deny=int(P.READ_MESSAGE_HISTORY))
    async with town.away():
        for channel in (hidden, deaf, town.channel):
            town.server.write(channel, town.person("Ann"), f"in {channel.name}")
        asked = len(town.calls(HISTORY))
        town.server.faults.next(HISTORY, Fault(403, "Missing Access", code=50001))
        town.guild.channels.sort(key=lambda channel: channel is not hidden)  # so that the fault is its
    told = [note for note in await notes(town) if "text: in" in note]
    assert told == ["message Ann text: in tea"]
    places = [call.params["channel.id"] for call in town.calls(HISTORY)[asked:]]
    assert places[0] == str(hidden.id)
    assert str(deaf.id) not in places


async def test_a_thread_of_a_channel_that_nobody_told_of_stops_nothing(town: Town) -> None:
    strange = town.server.channel(town.guild, "strange")
    thread = town.server.thread(strange, "in it")
    async with town.away():
        for place in (thread, town.channel):
            town.server.write(place, town.person("Ann"), f"in {place.name}")
        town.guild.channels.remove(strange)
    assert [note for note in await notes(town) if "text: in" in note] == ["message Ann text: in tea"]


async def test_a_message_that_discord_py_cannot_read_is_left_out_and_the_rest_is_told(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = payloads.message_json

    def poisoned(message: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        found = made(message, *args, **kwargs)
        if message.content == "poison":
            del found["type"]
        return found

    with capture_logs() as logs:
        async with town.away():
            for text in ("before", "poison", "behind"):
                await town.write("Ann", text)
            monkeypatch.setattr("tests.simulators.discord.messages.message_json", poisoned)
        told = [note for note in await notes(town) if "message Ann" in note]
    assert told == ["message Ann text: before", "message Ann text: behind"]
    assert sum(log["event"] == "discord: message not understood" for log in logs) == 1


async def test_a_writer_keeps_their_role_though_history_does_not_tell_it(town: Town) -> None:
    town.server.grant(town.guild, town.person("Ann"), town.server.role(town.guild, "Elder"))
    async with town.away():
        await town.write("Ann", "tea")
    await town.settle()
    rows = await town.app.store.report(MEMBERS)
    assert [row.role for row in rows if row.account == f"discord:{town.account('Ann')}"] == ["Elder"]


async def test_other_bots_are_not_told_of(town: Town) -> None:
    async with town.away():
        robot = town.server.user("Robot", bot=True)
        town.server.join(town.guild, robot)
        town.server.write(town.channel, robot, "beep")
    assert await notes(town) == ["join Ann unknown unknown"]


async def test_what_discord_does_not_tell_at_first_is_fetched_later_and_told_once(town: Town) -> None:
    town.server.faults.next(HISTORY, DOWN)
    async with town.away():
        await town.write("Ann", "missed")
    await town.write("Ann", "live")
    assert await town.told(2) == ["join Ann unknown unknown", "message Ann text: live"]
    await town.later(lambda: len(town.calls(HISTORY)) >= 2)
    assert (await notes(town))[1:] == ["message Ann text: live", "message Ann text: missed"]


async def test_how_far_all_is_safe_is_noted_as_soon_as_what_was_missed_is_stored(town: Town) -> None:
    async with town.away():
        await town.clock.advance(600.0)
        await town.write("Ann", "news")
        written = town.clock.now()
    assert "message Ann text: news" in await notes(town)
    (row,) = await town.app.store.report(REMEMBERED, which=town.guild.id)
    assert written - MARGIN - timedelta(seconds=1) <= moment_of(row) <= written
