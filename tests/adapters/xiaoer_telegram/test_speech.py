"""What the bot does on Telegram, and what it never does: show everybody what is one person's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.xiaoer_telegram.seen import in_group, in_private, to
from tests.adapters.xiaoer_telegram.town import Town
from tests.simulators.telegram import Fault

from xiaoer import (
    Bold,
    Content,
    Delete,
    DeliveryError,
    Edit,
    Hopeless,
    NotPrivately,
    Pin,
    Request,
    Send,
    StoreError,
    TryLater,
    Unclear,
    Unreachable,
)
from xiaoer_telegram.chats import MOVES

PSST = Content(("Psst",))


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as found:
        await found.join("Ann")
        await found.join("Ben")
        yield found
        assert not any("parse_mode" in call.params for call in found.api.journal)


@pytest.fixture
async def plain(tmp_path: Path) -> AsyncIterator[Town]:
    """A town in which the bot is no admin."""
    async with Town(tmp_path, admin=False) as found:
        await found.join("Ann")
        await found.join("Ben")
        yield found


FAULTS: list[tuple[Fault, type[DeliveryError], float | None]] = [
    (Fault(429, retry_after=17), TryLater, 17),
    (Fault(429, "Too Many Requests"), TryLater, 5),
    (Fault(400, "Bad Request: not enough rights to send text messages to the chat"), Hopeless, None),
    (Fault(403, "Forbidden: bot was kicked from the supergroup chat"), Hopeless, None),
    (Fault(404, "Not Found: method not found"), Hopeless, None),
    (Fault(413, "Request Entity Too Large"), Hopeless, None),
    (Fault(401, "Unauthorized"), Unreachable, 60),
    (Fault(500, "Internal Server Error: restart"), Unclear, None),
    (Fault(418, "I'm a teapot"), Unclear, None),
    (Fault(page=True), Unclear, None),
    (Fault(drop="before"), Unclear, None),
    (Fault(drop="after"), Unclear, None),
    (Fault(302), Unclear, None),
]


@pytest.mark.parametrize(("fault", "kind", "after"), FAULTS, ids=[f"{f[0].status}{f[0].drop}" for f in FAULTS])
async def test_an_error_says_whether_to_wait_or_to_give_up_or_that_nobody_knows(
    town: Town, fault: Fault, kind: type[DeliveryError], after: float | None
) -> None:
    town.api.faults.next("sendMessage", fault, count=10 if fault.status == 302 else 1)
    with pytest.raises(DeliveryError) as caught:
        await town.perform(Send("1", town.space, PSST))
    assert type(caught.value) is kind
    assert getattr(caught.value, "after", None) == after
    assert town.api.token not in str(caught.value)
    assert in_group(town, "Ann") == (["Psst"] if fault.drop == "after" else [])


async def test_where_no_connection_can_be_made_nothing_was_sent(town: Town) -> None:
    await town.api.stop_listening()
    await asyncio.sleep(0.01)  # until the connections that were open are seen to be closed
    with pytest.raises(Unreachable) as caught:
        await town.perform(Send("1", town.space, PSST))
    assert caught.value.after == 2


async def test_a_message_that_was_sent_counts_whatever_else_the_answer_holds(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(town.api, "as_json", lambda message: {"message_id": message.id, "of_a_later_version": True})
    assert (await town.perform(Send("1", town.space, PSST))).message == str(town.group.last)


async def test_a_message_answers_another_one_if_that_is_still_there(town: Town) -> None:
    asked = await town.write("Ann", "tea?")
    for reply in (asked, "99999", f"{asked}@{town.account('Ann')}", "e5@6"):  # the last two stand elsewhere
        await town.perform(Send("1", town.space, PSST, reply_to=reply))
    answered = [message.reply_to for message in town.api.said(town.group, town.person("Ann"))]
    assert answered == [int(asked), None, None, None]


async def test_a_message_is_cut_where_telegram_would_refuse_it(town: Town) -> None:
    await town.perform(Send("1", town.space, Content((Bold("🍵" * 3000), "and more"))))
    (text,) = in_group(town, "Ann")
    assert len(text.encode("utf-16-le")) // 2 <= 4096


async def test_a_message_is_changed_and_one_that_looks_so_already_is_left(town: Town) -> None:
    sent = (await town.perform(Send("1", town.space, PSST))).message or ""
    for _ in range(2):
        await town.perform(Edit("2", town.space, sent, Content((Bold("new"),))))
    assert [(seen.text, seen.edits) for seen in await town.seen("Ann")] == [("new", 1)]


async def test_a_message_that_is_gone_cannot_be_changed_and_need_not_be_deleted(town: Town) -> None:
    with pytest.raises(Hopeless, match="message to edit not found"):
        await town.perform(Edit("1", town.space, "99999", PSST))
    await town.perform(Delete("2", town.space, "99999"))


async def test_a_message_is_deleted_whoever_wrote_it_and_refused_without_the_right(town: Town) -> None:
    written = [await town.write("Ann", word) for word in ("one", "two")]
    await town.perform(Delete("1", town.space, written[0]))
    town.group.rights = {}
    with pytest.raises(Hopeless, match="message can't be deleted"):
        await town.perform(Delete("2", town.space, written[1]))
    assert int(written[0]) not in town.group.messages
    assert int(written[1]) in town.group.messages


async def test_a_message_is_pinned_and_unpinned(town: Town) -> None:
    sent = (await town.perform(Send("1", town.space, PSST))).message or ""
    for pinned in (True, False):
        await town.perform(Pin("2", town.space, sent, pinned))
        assert town.group.messages[int(sent)].pinned is pinned


async def test_what_one_person_sees_is_changed_and_deleted_but_not_pinned(town: Town) -> None:
    sent = (await town.perform(Send("1", town.space, PSST, only_to=to(town, "Ann")))).message or ""
    await town.perform(Edit("2", town.space, sent, Content(("new",))))
    assert (in_group(town, "Ann"), in_group(town, "Ben")) == (["new"], [])
    with pytest.raises(Hopeless, match="cannot be pinned"):
        await town.perform(Pin("3", town.space, sent, True))
    await town.perform(Delete("4", town.space, sent))
    assert in_group(town, "Ann") == []


async def test_what_stands_in_a_private_chat_is_changed_pinned_and_deleted_there(plain: Town) -> None:
    plain.api.write_private(plain.person("Ann"), "/start")
    await plain.settle()
    public = (await plain.perform(Send("0", plain.space, Content(("public",))))).message
    sent = (await plain.perform(Send("1", plain.space, PSST, only_to=to(plain, "Ann")))).message or ""
    await plain.perform(Edit("2", plain.space, sent, Content(("new",))))
    await plain.perform(Pin("3", plain.space, sent, True))
    message = plain.api.private(plain.person("Ann"))[-1]
    assert (message.text, message.pinned) == ("new", True)
    await plain.perform(Delete("4", plain.space, sent))
    assert "new" not in in_private(plain, "Ann")
    assert plain.group.messages[int(public or 0)].text == "public"


@pytest.mark.parametrize("name", ["", "e5", "x", "²", "5@", "e5@x", "1" * 30])
async def test_what_is_no_message_is_given_up_at_once(town: Town, name: str) -> None:
    requests: list[Request] = [
        Edit("1", town.space, name, PSST),
        Delete("2", town.space, name),
        Pin("3", town.space, name, True),
        Send("4", town.space, PSST, reply_to=name),
    ]
    for request in requests:
        with pytest.raises(Hopeless):
            await town.perform(request)


async def test_an_admin_bot_shows_one_person_something_in_the_group(town: Town) -> None:
    await town.perform(Send("1", town.space, PSST, only_to=to(town, "Ann")))
    assert (in_group(town, "Ann"), in_group(town, "Ben"), in_private(town, "Ann")) == (["Psst"], [], [])


async def test_another_bot_shows_it_in_private_if_it_may(plain: Town) -> None:
    plain.person("Ann").started = True
    await plain.perform(Send("1", plain.space, PSST, only_to=to(plain, "Ann")))
    assert (in_group(plain, "Ann"), in_private(plain, "Ann")) == ([], ["Psst"])


@pytest.mark.parametrize("blocked", [False, True], ids=["never started", "blocked"])
async def test_whoever_cannot_be_written_to_is_not_shown_it_at_all(plain: Town, blocked: bool) -> None:
    plain.person("Ann").started = plain.person("Ann").blocked = blocked
    with pytest.raises(NotPrivately):
        await plain.perform(Send("1", plain.space, PSST, only_to=to(plain, "Ann")))
    assert (in_group(plain, "Ann"), in_group(plain, "Ben")) == ([], [])


async def test_everybody_sees_it_only_where_that_was_declared(plain: Town) -> None:
    await plain.write("Ann", "only me")
    await plain.settle()
    assert in_group(plain, "Ben") == []
    await plain.write("Ann", "only me or all")
    await plain.settle()
    assert in_group(plain, "Ben") == ["Psst"]


async def test_somebody_who_left_is_shown_it_in_private(town: Town) -> None:
    town.person("Ann").started = True
    town.group.members[town.person("Ann").id] = "left"
    await town.perform(Send("1", town.space, PSST, only_to=to(town, "Ann")))
    assert in_private(town, "Ann") == ["Psst"]


@pytest.mark.parametrize(("hides", "hidden"), [("never", False), ("10.2", True), ("10.3", True)])
async def test_a_server_of_any_version_shows_nobody_else_what_is_one_persons(
    tmp_path: Path, hides: Any, hidden: bool
) -> None:
    town = Town(tmp_path)
    town.api.hides = hides
    async with town:
        await town.join("Ann")
        await town.join("Ben")
        town.person("Ann").started = True
        await town.perform(Send("1", town.space, PSST, only_to=to(town, "Ann")))
        assert in_group(town, "Ben") == []
        assert (in_group(town, "Ann"), in_private(town, "Ann")) == ((["Psst"], []) if hidden else ([], ["Psst"]))
        assert all(call.params["chat_id"] == town.account("Ann") or hidden for call in town.api.calls("sendMessage"))


async def test_a_server_that_shows_everybody_is_not_trusted_again(town: Town) -> None:
    town.api.hides = "leaks"
    town.person("Ann").started = True
    for number in range(3):
        await town.perform(Send(str(number), town.space, PSST, only_to=to(town, "Ann")))
    assert (in_group(town, "Ben"), in_private(town, "Ann")) == ([], ["Psst"] * 3)
    sent = [call.params["chat_id"] for call in town.api.calls("sendMessage")]
    assert sent.count(str(town.group.id)) == 1


async def test_a_move_that_cannot_be_noted_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Town(tmp_path, kind="group") as village:
        before = len(village.api.updates)
        village.group = village.api.migrate(village.group)
        del village.api.updates[before:]

        async def full(*_: object, **__: object) -> None:
            raise StoreError("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(village.app.store, "transact", full)
            with pytest.raises(Unreachable):
                await village.perform(Send("1", village.space, PSST))
        assert await village.app.store.read(MOVES) == []
        await village.perform(Send("1", village.space, PSST))
        assert in_group(village, "Usher") == ["Psst"]
        assert [row.now for row in await village.app.store.read(MOVES)] == [village.group.id]
