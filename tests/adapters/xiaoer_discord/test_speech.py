"""What the bot does on Discord, and what it makes of Discord's refusals."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from io import StringIO
from pathlib import Path

import pytest
from discord.http import Route
from tests.adapters.xiaoer_discord.town import CALLBACK, SEND, Town
from tests.simulators.discord import Fault
from tests.simulators.discord.world import P

from xiaoer import (
    Button,
    Content,
    Delete,
    DeliveryError,
    Edit,
    Hopeless,
    NotPrivately,
    Pin,
    Request,
    Send,
    TryLater,
    Unclear,
    Unreachable,
)
from xiaoer.logs import configure
from xiaoer.secrets import Secrets

TEA = Content(("tea",))
PIN = "PUT /channels/{channel.id}/messages/pins/{message.id}"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as found:
        yield found


async def fails(town: Town, request: Request) -> DeliveryError:
    """Return what a request fails with."""
    with pytest.raises(DeliveryError) as caught:
        await town.perform(request)
    return caught.value


async def sent(town: Town, content: Content = TEA, name: str = "first") -> str:
    """Let the bot say something, and return the message's id."""
    return (await town.perform(Send(name, town.chat, content))).message or ""


async def texts(town: Town) -> list[str]:
    return [seen.text for seen in await town.seen("Usher")]


async def test_what_is_sent_twice_under_one_name_stands_once(town: Town) -> None:
    assert await sent(town) == await sent(town)
    assert await texts(town) == ["tea"]
    await sent(town, name="second")
    assert await texts(town) == ["tea", "tea"]


async def test_a_message_of_which_the_answer_was_lost_is_unclear_and_stands_once_when_sent_again(town: Town) -> None:
    town.server.faults.next(SEND, Fault(drop="after"))
    assert isinstance(await fails(town, Send("first", town.chat, TEA)), Unclear)
    assert await texts(town) == ["tea"]
    await sent(town)
    assert await texts(town) == ["tea"]


async def test_a_message_of_which_the_answer_was_lost_says_what_is_wanted_when_it_is_sent_again(town: Town) -> None:
    town.server.faults.next(SEND, Fault(drop="after"))
    assert isinstance(await fails(town, Send("first", town.chat, TEA)), Unclear)
    await sent(town, Content(("coffee",), ((Button("Sip", "sip", id="sip"),),)))
    (seen,) = await town.seen("Usher")
    assert (seen.text, seen.buttons) == ("coffee", ("Sip",))
    await sent(town, Content(("coffee",)))
    assert (await town.seen("Usher"))[0].buttons == ()


async def test_a_message_that_a_plugin_sends_stands_once_though_the_answer_was_lost(town: Town) -> None:
    town.server.faults.next(SEND, Fault(drop="after"))
    await town.write("Usher", "card please")
    await town.later(lambda: len(town.calls(SEND)) == 2)
    assert await texts(town) == ["A card"]


async def test_a_wait_that_is_too_long_for_discord_py_comes_back_with_its_seconds(town: Town) -> None:
    town.server.faults.next(SEND, Fault(429, retry_after=45.5))
    error = await fails(town, Send("first", town.chat, TEA))
    assert isinstance(error, TryLater)
    assert error.after == 45.5


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(503, "Service Unavailable"), Unclear),
        (Fault(401, "401: Unauthorized"), TryLater),
        (Fault(403, "Missing Permissions", code=50013), Hopeless),
        (Fault(404, "Unknown Channel", code=10003), Hopeless),
        (Fault(drop="before"), Unclear),
    ],
    ids=lambda value: str(getattr(value, "status", "")),
)
async def test_each_refusal_means_wait_or_give_up_or_nobody_knows(
    town: Town, fault: Fault, kind: type[DeliveryError]
) -> None:
    town.server.faults.next(SEND, fault)
    assert type(await fails(town, Send("first", town.chat, TEA))) is kind


async def test_where_nothing_listens_nothing_was_sent(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Route, "BASE", "http://127.0.0.1:1")
    assert isinstance(await fails(town, Send("first", town.chat, TEA)), Unreachable)


async def test_what_one_person_alone_should_see_is_written_to_them_and_can_be_changed_and_deleted(town: Town) -> None:
    usher = f"discord:{town.account('Usher')}"
    receipt = await town.perform(Send("first", town.chat, TEA, only_to=usher))
    (message,) = town.server.direct(town.person("Usher"))
    assert receipt.message == f"{message.id}@{message.channel.id}"
    await town.perform(Edit("first/2", town.chat, receipt.message, Content(("coffee",))))
    assert message.content == "coffee"
    await town.perform(Delete("first/3", town.chat, receipt.message))
    assert message.deleted


async def test_whoever_takes_no_private_messages_is_not_written_to(town: Town) -> None:
    town.person("Usher").accepts_direct = False
    usher = f"discord:{town.account('Usher')}"
    assert isinstance(await fails(town, Send("first", town.chat, TEA, only_to=usher)), NotPrivately)
    assert await texts(town) == []


async def test_people_of_other_platforms_cannot_be_written_to(town: Town) -> None:
    assert isinstance(await fails(town, Send("first", town.chat, TEA, only_to="telegram:5")), NotPrivately)


async def test_a_message_that_is_gone_is_deleted(town: Town) -> None:
    message = await sent(town)
    for name in ("once", "twice"):
        await town.perform(Delete(name, town.chat, message))
    assert await texts(town) == []


async def test_a_message_that_may_not_be_deleted_is_not(town: Town) -> None:
    town.server.overwrite(town.channel, town.server.bot, deny=int(P.MANAGE_MESSAGES))
    message = await town.write("Usher", "mine")
    assert isinstance(await fails(town, Delete("first", town.chat, message)), Hopeless)


async def test_a_message_that_is_gone_cannot_be_changed(town: Town) -> None:
    message = await sent(town)
    await town.perform(Delete("first/2", town.chat, message))
    error = await fails(town, Edit("first/3", town.chat, message, TEA))
    assert isinstance(error, Hopeless)
    assert error.reason == "Unknown Message (10008)"


async def test_a_change_takes_buttons_away_that_are_not_wanted_any_more(town: Town) -> None:
    message = await sent(town, Content(("tea",), ((Button("more", "b", id="b1"),),)))
    assert [seen.buttons for seen in await town.seen("Usher")] == [("more",)]
    await town.perform(Edit("first/2", town.chat, message, TEA))
    assert [seen.buttons for seen in await town.seen("Usher")] == [()]


async def test_a_message_is_pinned_and_unpinned(town: Town) -> None:
    message = await sent(town)
    for pinned in (True, False):
        await town.perform(Pin("first/pin", town.chat, message, pinned))
        assert town.channel.messages[int(message)].pinned is pinned


async def test_without_the_right_to_pin_nothing_is_pinned(town: Town) -> None:
    town.server.overwrite(town.channel, town.server.bot, deny=int(P.PIN_MESSAGES))
    message = await sent(town)
    assert isinstance(await fails(town, Pin("first/pin", town.chat, message, True)), Hopeless)


async def test_a_reply_shows_what_it_answers(town: Town) -> None:
    question = await town.write("Usher", "which tea?")
    await town.perform(Send("first", town.chat, TEA, reply_to=question))
    (answer,) = town.server.seen(town.channel, town.person("Usher"))
    assert str(answer.reply_to.id if answer.reply_to else None) == question


async def test_a_reply_is_a_plain_message_where_the_history_may_not_be_read(town: Town) -> None:
    question = await town.write("Usher", "which tea?")
    town.server.overwrite(town.channel, town.server.bot, deny=int(P.READ_MESSAGE_HISTORY))
    await town.perform(Send("first", town.chat, TEA, reply_to=question))
    assert await texts(town) == ["tea"]


async def test_a_server_itself_is_spoken_to_where_it_tells_who_comes_in(town: Town) -> None:
    await town.perform(Send("first", town.space, TEA))
    assert [message.content for message in town.server.seen(town.guild.general, town.person("Usher"))] == ["tea"]


async def test_where_the_bot_may_not_write_it_takes_the_next_channel(town: Town) -> None:
    town.server.overwrite(town.guild.general, town.server.bot, deny=int(P.SEND_MESSAGES))
    await town.later(lambda: town.line._guilds.front_door(town.space) != town.guild.general.id)
    await town.perform(Send("first", town.space, TEA))
    assert await texts(town) == ["tea"]


async def test_a_server_without_a_channel_for_the_bot_cannot_be_spoken_to(town: Town) -> None:
    for channel in (town.channel, town.guild.general):
        town.server.overwrite(channel, town.server.bot, deny=int(P.VIEW_CHANNEL))
    guild = town.line._client.get_guild(town.guild.id)
    assert guild is not None
    await town.until(lambda: not any(channel.permissions_for(guild.me).view_channel for channel in guild.channels))
    assert isinstance(await fails(town, Send("first", town.space, TEA)), Hopeless)


async def test_a_server_that_is_out_of_order_is_spoken_to_later(town: Town) -> None:
    town.server.raw("GUILD_DELETE", {"id": str(town.guild.id), "unavailable": True})
    await town.until(lambda: [guild for guild in town.line._client.guilds if guild.unavailable])
    assert isinstance(await fails(town, Send("first", town.space, TEA)), TryLater)


async def test_a_server_that_removed_the_bot_is_not_spoken_to(town: Town) -> None:
    await town.until(town.line._client.is_ready)
    town.server.expel(town.guild)
    await town.until(lambda: not town.line._client.guilds)
    assert isinstance(await fails(town, Send("first", town.space, TEA)), Hopeless)


async def test_no_log_holds_the_token_of_an_interaction(town: Town) -> None:
    out = StringIO()
    take_back = configure("json", "debug", Secrets([town.server.token]), out)
    logging.getLogger("discord").setLevel(logging.DEBUG)
    try:
        town.server.faults.next(CALLBACK, Fault(429, retry_after=0.01), Fault(404, "Unknown interaction", code=10062))
        handle = await town.use("Usher", "echo", text="tea")
        await town.settle()
    finally:
        take_back()
    assert "/callback" in out.getvalue()
    assert town._asked[handle].token not in out.getvalue()
    assert town.server.token not in out.getvalue()


async def test_before_the_bot_has_logged_in_it_is_asked_again(tmp_path: Path) -> None:
    town = Town(tmp_path)
    await town.open()
    town.server.faults.next("GET /users/@me", Fault(hang=True))
    await town.begin()
    try:
        await town.until(lambda: town.calls("GET /users/@me"))
        assert isinstance(await fails(town, Send("first", town.chat, TEA)), TryLater)
    finally:
        await town.app.stop()
        await town.close()


async def test_before_discord_has_told_of_a_server_it_is_spoken_to_later(tmp_path: Path) -> None:
    town = Town(tmp_path)
    await town.open()
    town.server.silence()
    await town.begin()
    try:
        await town.until(lambda: town.calls("GET /oauth2/applications/@me"))
        await town.until(lambda: town.line._client.application_id)
        assert isinstance(await fails(town, Send("first", town.space, TEA)), TryLater)
    finally:
        town.server.speak()
        await town.app.stop()
        await town.close()
