"""The line: what is lost and told again when the gateway, the REST API or the database fails, and who is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs
from tests.adapters.xiaoer_discord.town import DOWN, HISTORY, MENU, SEND, Town
from tests.simulators.discord import Fault, payloads
from tests.simulators.discord.gateway import Session
from tests.simulators.discord.world import P

from xiaoer import Content, Send, Statement, StoreError
from xiaoer.logs import configure
from xiaoer.secrets import Secrets
from xiaoer.tables import inbox, members
from xiaoer.testing import START

MEMBERS = "GET /guilds/{guild.id}/members"
PARKED = Statement(select(inbox.c.key).where(inbox.c.key.startswith("discord:interaction:")))
ROLES = Statement(select(members.c.account, members.c.role))


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path, {"Elder": "xiaoer"}) as found:
        await found.join("Ann")
        await found.settle()
        await found.clock.advance(1)
        yield found


@pytest.fixture
async def closed(tmp_path: Path) -> AsyncIterator[Town]:
    """A town whose app has not started yet."""
    found = Town(tmp_path)
    await found.open()
    yield found
    await found.app.stop()
    await found.close()


async def words(town: Town) -> list[str]:
    """Return what Ann wrote and did since she came, once all is done."""
    await town.settle()
    return [note.removeprefix("message Ann text: ") for note in (await town.told(1))[1:]]


async def lost(town: Town, session: str, end: Callable[[], None]) -> None:
    """Let a connection end, Ann go on meanwhile, and the bot come back."""
    await town.write("Ann", "before")
    await town.settle()
    coming = asyncio.ensure_future(town.back(session))
    await asyncio.sleep(0)
    end()
    for text in ("meanwhile 1", "meanwhile 2"):
        await town.write("Ann", text)
    await town.later(coming.done)
    await town.write("Ann", "after")


TOLD = ["before", "meanwhile 1", "meanwhile 2", "after"]


async def test_a_connection_that_breaks_is_taken_up_where_it_was(town: Town) -> None:
    await lost(town, "RESUME", town.server.disconnect)
    assert await words(town) == TOLD
    assert len(town.calls("IDENTIFY")) == 1


async def test_discord_may_ask_for_a_new_connection(town: Town) -> None:
    await lost(town, "RESUME", town.server.reconnect)
    assert await words(town) == TOLD


async def test_a_session_that_discord_does_not_know_any_more_is_begun_anew_and_loses_nothing(town: Town) -> None:
    def forget() -> None:
        town.server.forget_sessions()
        town.server.disconnect()

    await lost(town, "IDENTIFY", forget)
    assert await words(town) == TOLD
    assert len(town.calls("RESUME")) == 1


async def test_an_event_that_discord_py_cannot_read_ends_the_session_and_loses_nothing(town: Town) -> None:
    with capture_logs() as logs:
        await lost(town, "IDENTIFY", lambda: town.server.raw("MESSAGE_CREATE", {"id": "1"}))
        assert await words(town) == TOLD
    assert [log["task"] for log in logs if log["event"] == "adapter failed"] == ["discord"]
    assert town.app.failure is None


async def test_what_a_new_session_tells_at_once_waits_for_what_it_missed(town: Town) -> None:
    begin = town.server.begin

    def begun(session: Session) -> None:
        begin(session)
        town.server.write(town.channel, town.person("Ann"), "at once")

    town.server.begin = begun
    coming = asyncio.ensure_future(town.back("IDENTIFY"))
    await asyncio.sleep(0)
    town.server.forget_sessions()
    town.server.disconnect()
    await town.write("Ann", "meanwhile")
    await town.until(coming.done)
    assert await words(town) == ["meanwhile", "at once"]


async def test_whoever_comes_and_goes_twice_is_told_to_have_come_and_gone_twice(town: Town) -> None:
    for _ in range(2):
        await town.leave("Ann")
        await town.join("Ann")
    assert [word.partition(" ")[0] for word in await words(town)] == ["leave", "join"] * 2


async def test_a_command_that_came_just_before_a_crash_is_answered_after_it(town: Town) -> None:
    handle = await town.use("Ann", "wait")
    while not await town.app.store.report(PARKED):  # noqa: ASYNC110 - it happens in another thread
        await asyncio.sleep(0.002)
    await town.app.drop()
    town.gate.set()
    await town.begin()
    await town.connected()
    assert [seen.text for seen in await town.answers("Ann", handle)] == ["at last"]


async def test_a_reaction_that_is_told_again_after_a_break_happens_once(town: Town) -> None:
    message = await town.write("Ann", "tea")
    await town.settle()
    coming = asyncio.ensure_future(town.back("RESUME"))
    town.server.disconnect()
    await town.react("Ann", message, "👍")
    await town.until(coming.done)
    town.server.redeliver()
    assert await words(town) == ["tea", "reaction Ann 👍"]


async def test_what_the_bot_itself_reacts_is_not_told(town: Town) -> None:
    await town.write("Ann", "tea")
    message = next(reversed(town.channel.messages.values()))
    town.server.react(town.server.bot, message, "👍")
    town.server.unreact(town.server.bot, message, "👍")
    assert await words(town) == ["tea"]


async def test_a_gap_while_another_is_being_closed_is_told_in_its_order(town: Town) -> None:
    town.server.faults.next(MEMBERS, Fault(hang=True))
    await lost(town, "IDENTIFY", lambda: town.server.raw("MESSAGE_CREATE", {"id": "1"}))
    await town.until(lambda: town.calls(MEMBERS))
    await town.write("Ann", "held back")
    coming = asyncio.ensure_future(town.back("IDENTIFY"))
    await asyncio.sleep(0)
    town.server.forget_sessions()
    town.server.disconnect()
    await town.write("Ann", "in the second gap")
    await town.until(coming.done)
    await town.write("Ann", "at the end")
    await town.until(lambda: len(town.line._intake._held[town.guild.id]) == 3)
    for hanging in town.server._hanging:
        hanging.set()
    assert await words(town) == [*TOLD, "held back", "in the second gap", "at the end"]


async def test_a_server_that_was_out_of_order_goes_on_and_what_it_missed_is_told_before(town: Town) -> None:
    await out_of_order(town)
    town.server.sessions, sessions = {}, town.server.sessions
    await town.write("Ann", "meanwhile")  # told to nobody
    town.server.sessions = sessions
    town.server.raw("GUILD_CREATE", payloads.guild_create_json(town.guild, town.server.bot))
    await town.write("Ann", "after")
    assert await words(town) == ["meanwhile", "after"]


async def test_a_server_that_is_out_of_order_is_not_asked_what_was_missed(town: Town) -> None:
    await out_of_order(town)
    town.line._intake.lost.add(town.guild.id)
    await town.clock.advance(30)
    assert town.calls(MEMBERS) == []
    town.server.raw("GUILD_CREATE", payloads.guild_create_json(town.guild, town.server.bot))
    await town.settle()
    assert len(town.calls(MEMBERS)) == 1


async def out_of_order(town: Town) -> None:
    town.server.raw("GUILD_DELETE", {"id": str(town.guild.id), "unavailable": True})
    await town.until(lambda: [guild for guild in town.line._client.guilds if guild.unavailable])


async def test_admins_are_told_whenever_their_server_removes_the_bot(town: Town) -> None:
    async def remove(times: int) -> None:
        town.server.expel(town.guild)
        await town.until(lambda: len(town.reports) >= times)
        town.server.invite(town.guild)
        await town.settle()

    await remove(1)
    await remove(2)
    assert town.reports == ["discord.not_there"] * 2


async def test_a_server_that_takes_the_bot_back_is_served_again_with_commands_and_all(town: Town) -> None:
    town.server.expel(town.guild)
    town.guild.commands = []  # Discord forgets them
    await town.write("Ann", "without you")
    await town.clock.advance(1)
    town.server.invite(town.guild)
    await town.write("Ann", "welcome back")
    await town.until(lambda: town.server.commands(town.guild))
    assert await words(town) == ["without you", "welcome back"]


async def test_a_server_that_never_invited_the_bot_is_told_of_once(closed: Town) -> None:
    closed.others = ["discord:123456789012345678"]
    await closed.begin()
    await closed.until(lambda: closed.reports)
    coming = asyncio.ensure_future(closed.back("IDENTIFY"))
    await asyncio.sleep(0)
    closed.server.forget_sessions()
    closed.server.disconnect()
    await closed.until(coming.done)
    await closed.settle()
    assert closed.reports == ["discord.not_there"]


async def test_a_server_of_no_community_is_logged_once_and_not_heard(town: Town) -> None:
    with capture_logs() as logs:
        other = town.server.guild("Elsewhere", owner=town.person("Ann"))
        town.server.write(other.general, town.person("Ann"), "hello?")
        town.server.expel(other)
        town.server.invite(other)
        assert await words(town) == []
    assert [log["title"] for log in logs if "belongs to no community" in log["event"]] == ["Elsewhere"]


async def test_what_discord_did_not_hear_of_commands_is_said_again(closed: Town) -> None:
    closed.server.faults.next(MENU, DOWN)
    await closed.begin()
    await closed.until(lambda: closed.calls(MENU))
    assert closed.server.commands(closed.guild) == []
    await closed.later(lambda: closed.server.commands(closed.guild))


async def test_admins_are_told_where_discord_lets_the_bot_set_no_commands(closed: Town) -> None:
    closed.server.faults.next(MENU, Fault(403, "Missing Access", code=50001))
    await closed.begin()
    await closed.until(lambda: closed.reports)
    await closed.clock.advance(60)
    await closed.settle()
    assert (closed.reports, len(closed.calls(MENU))) == (["discord.no_commands"], 1)


async def test_commands_that_have_not_changed_are_not_set_again(town: Town) -> None:
    async with town.away():
        pass
    assert len(town.calls(MENU)) == 1


async def test_what_could_not_be_stored_is_fetched_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    submit, broken = town.app.pipeline.submit, ["full"]

    def full(event: Any, *args: Any, **kwargs: Any) -> Any:
        if getattr(event, "text", "") in broken:
            future = asyncio.get_running_loop().create_future()
            future.set_exception(StoreError("the disk is full"))
            return future
        return submit(event, *args, **kwargs)

    monkeypatch.setattr(town.app.pipeline, "submit", full)
    await town.write("Ann", "full")
    await town.write("Ann", "next")
    assert await words(town) == ["next"]
    broken.clear()
    await town.clock.advance(5)
    await town.until(lambda: town.calls(HISTORY))
    assert await words(town) == ["next", "full"]
    await town.clock.advance(30)
    assert len(town.calls(MEMBERS)) == 1


async def test_a_note_that_cannot_be_stored_is_made_later(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(guild: int, moment: object) -> None:
        tries.append(guild)
        raise StoreError("the disk is full")

    tries: list[int] = []
    await town.clock.advance(300)
    await town.write("Ann", "tea")
    await town.settle()
    monkeypatch.setattr(town.line._intake, "note_seen", full)
    with capture_logs() as logs:
        await town.clock.advance(15)
    assert len(tries) == 3
    assert not [log for log in logs if log["event"] == "adapter failed"]


async def test_after_a_crash_only_what_was_not_safe_is_fetched_again(town: Town) -> None:
    await town.write("Ann", "long ago")
    await town.clock.advance(600)
    await town.write("Ann", "tea")
    await town.settle()
    await town.clock.advance(6)
    await town.until(lambda: town.line._intake._noted[town.guild.id] > START + timedelta(minutes=8))
    await town.restart(kill=True)
    after = {int(call.params["after"]) for call in town.calls(HISTORY)}
    old = [message.id for message in town.channel.messages.values() if message.content == "long ago"]
    assert after
    assert min(after) > old[0]


async def test_roles_that_change_count_at_once(town: Town) -> None:
    async def role() -> str:
        await town.write("Ann", "who am I?")
        await town.settle()
        rows = await town.app.store.report(ROLES)
        return next(str(row.role) for row in rows if row.account == f"discord:{town.account('Ann')}")

    assert await role() == ""
    elder = town.server.role(town.guild, "Elder")
    town.server.grant(town.guild, town.person("Ann"), elder)
    assert await role() == "Elder"
    town.server.permit(town.guild, elder, int(P.ADMINISTRATOR))
    assert await role() == "administrator"


async def ended(town: Town, act: Callable[[], Any]) -> str:
    """Return why the adapter has ended after something, as the log says it."""
    with capture_logs() as logs:
        happening = act()
        if happening is not None:
            await happening
        await town.later(lambda: [log for log in logs if log["event"] == "adapter ended"])
    assert town.app.failure is None
    assert "xiaoer.adapter.ended" in town.reports
    return next(str(log["reason"]) for log in logs if log["event"] == "adapter ended")


async def test_a_token_that_is_not_good_ends_the_adapter_alone(closed: Town) -> None:
    closed.environ = {"DISCORD_TOKEN": "not.the.token"}
    assert "does not accept the token in DISCORD_TOKEN" in await ended(closed, closed.begin)


async def test_a_token_that_is_taken_back_ends_the_adapter_alone(town: Town) -> None:
    town.server.revoked = True
    assert "does not accept the token in DISCORD_TOKEN" in await ended(town, town.server.disconnect)


@pytest.mark.parametrize("intent", ["GUILD_MEMBERS", "MESSAGE_CONTENT"])
async def test_without_its_intents_the_bot_says_which_switches_are_off(closed: Town, intent: str) -> None:
    closed.server.missing_intents.add(intent)
    reason = await ended(closed, closed.begin)
    assert "Server Members Intent" in reason
    assert "Message Content Intent" in reason


async def test_no_log_holds_the_token_when_it_is_turned_away(closed: Town) -> None:
    closed.environ = {"DISCORD_TOKEN": "MTIzNDU2Nzg5MDEyMzQ1Njc4.GhIjKl.not-the-token-of-this-bot"}
    out = StringIO()
    take_back = configure("json", "debug", Secrets([]), out)
    try:
        await closed.begin()
        await closed.until(lambda: "adapter ended" in out.getvalue())
    finally:
        take_back()
    assert "not-the-token" not in out.getvalue()


async def test_what_is_being_said_is_ended_before_the_line_is_closed(town: Town) -> None:
    send = town.line._rest.send
    heard = asyncio.Event()

    async def slow(channel: int, rendered: Any, more: Any) -> int:
        heard.set()
        for _ in range(50):
            await asyncio.sleep(0)
        return await send(channel, rendered, more)

    town.line._rest.send = slow  # type: ignore[method-assign]
    saying = asyncio.ensure_future(town.perform(Send("first", town.chat, Content(("last words",)))))
    await heard.wait()
    await town.app.stop()
    assert (await saying).message is not None
    assert len(town.calls(SEND)) == 1
    await town.begin()


async def test_while_discord_cannot_be_reached_the_log_says_so_in_a_line_each_time(tmp_path: Path) -> None:
    town = Town(tmp_path)
    await town.open()
    await town.close()
    with capture_logs() as logs:
        await town.begin()
        await town.until(lambda: any(log["event"] == "adapter waits" for log in logs))
        await town.app.stop()
    waits = [log for log in logs if log["event"] == "adapter waits"]
    assert [(log["reason"], log["log_level"]) for log in waits] == [("Discord cannot be reached", "warning")]
    assert not [log for log in logs if log["event"] == "adapter failed"]
