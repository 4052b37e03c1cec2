"""The line: when updates are acknowledged, and what it does when Telegram says no, or nothing."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs
from tests.adapters.xiaoer_telegram.town import Town
from tests.simulators.telegram import Fault

from xiaoer import Content, Receipt, Request, Send, SendMessage, StoreError, Transaction, TryLater, Unreachable
from xiaoer.lines import ENDED
from xiaoer_telegram import TelegramAdapter

CONFLICT = Fault(
    409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as found:
        yield found


@pytest.fixture
async def closed(tmp_path: Path) -> AsyncIterator[Town]:
    """A town whose app has not started yet."""
    found = Town(tmp_path)
    await found.open()
    yield found
    found.gate.set()
    await found.app.stop()
    await found.close()


def newest(town: Town) -> int:
    return int(town.api.updates[-1]["update_id"])


async def test_an_update_is_acknowledged_when_it_is_stored(town: Town) -> None:
    await town.write("Usher", "tea")
    await town.until(lambda: town.api.confirmed == newest(town) + 1)
    assert [row[2] for row in await town.told(1)] == ["text: tea"]


async def test_a_slow_update_is_acknowledged_once_it_is_parked_and_not_before(town: Town) -> None:
    await town.use("Usher", "wait")
    await town.write("Usher", "tea")
    slow = newest(town) - 1
    await town.until(lambda: town.app.pipeline.in_hand == 2)
    await town.clock.advance(0.9)
    assert town.api.confirmed <= slow
    await town.clock.advance(0.6)
    await town.until(lambda: town.api.confirmed == newest(town) + 1)
    assert town.app.pipeline.in_hand == 1


async def test_what_could_not_be_stored_is_told_again_and_happens_once(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit, fails, seen = town.app.pipeline.submit, iter([False, True]), list[Any]()

    def sometimes(event: Any, *args: Any, **more: Any) -> asyncio.Future[Any]:
        seen.append(event)
        if not next(fails, False):
            return submit(event, *args, **more)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        future.set_exception(StoreError("the disk is full"))
        return future

    monkeypatch.setattr(town.app.pipeline, "submit", sometimes)
    for word in ("one", "two", "three"):
        await town.write("Usher", word)
    await town.told(2)
    assert town.api.confirmed <= newest(town) - 2
    await town.later(lambda: town.api.confirmed == newest(town) + 1)
    assert [row[2] for row in await town.told(3)] == ["text: one", "text: three", "text: two"]
    assert [event.text for event in seen] == ["one", "two", "three", "two", "three"]


async def test_an_update_that_cannot_be_read_holds_up_nobody(town: Town) -> None:
    await town.write("Usher", "one")
    town.api.updates.append({"update_id": newest(town) + 1, "message": {"message_id": "?"}})
    town.api.updates.append({"update_id": newest(town) + 1, "a_new_kind": {}})
    next(town.api._next_update), next(town.api._next_update)
    with capture_logs() as logs:
        await town.write("Usher", "two")
        assert [row[2] for row in await town.told(2)] == ["text: one", "text: two"]
    assert [(log["event"], log["kinds"]) for log in logs if "kinds" in log] == [
        ("telegram update not understood", ["message"])
    ]


async def test_another_program_on_the_same_token_is_told_to_admins_once(town: Town) -> None:
    for _ in range(3):
        town.api.faults.next("getUpdates", CONFLICT)
        await town.write("Usher", "tea")
        await town.until(lambda: town.api.calls("getUpdates")[-1].status == 409)
        await town.later(lambda: town.api.waiting)
    assert len(await town.told(3)) == 3
    assert town.reports == ["telegram.conflict"]


async def test_a_webhook_is_removed_so_that_updates_come_here(closed: Town) -> None:
    closed.api.webhook = "https://elsewhere.example/"
    await closed.begin()
    await closed.connected()
    await closed.write("Usher", "tea")
    assert len(await closed.told(1)) == 1
    assert closed.reports == []


async def test_a_webhook_that_cannot_be_removed_now_is_removed_later(closed: Town) -> None:
    closed.api.webhook = "https://elsewhere.example/"
    closed.api.faults.next("deleteWebhook", Fault(500, "Internal Server Error"))
    with capture_logs() as logs:
        await closed.begin()
        await closed.later(lambda: closed.api.waiting)
    assert len(closed.api.calls("deleteWebhook")) == 2
    assert "adapter failed" not in [log["event"] for log in logs]


async def test_a_request_to_wait_is_honoured_to_the_second(town: Town) -> None:
    town.api.faults.next("getUpdates", Fault(429, retry_after=30))
    await town.write("Usher", "one")
    await town.until(lambda: not town.api.waiting and town.api.calls("getUpdates")[-1].status == 429)
    await town.clock.advance(0.1)
    asked = len(town.api.calls("getUpdates"))
    await town.clock.advance(29.5)
    assert len(town.api.calls("getUpdates")) == asked
    await town.clock.advance(0.5)
    await town.until(lambda: len(town.api.calls("getUpdates")) > asked)
    await town.until(lambda: town.api.waiting)


PAGES = [
    Fault(page=True),
    Fault(500, "Internal Server Error: restart"),
    Fault(429, "Too Many Requests"),
    Fault(drop="before"),
    Fault(drop="after"),
    Fault(302),  # to itself, until aiohttp has had enough
]


@pytest.mark.parametrize("fault", PAGES, ids=["page", "restart", "429", "before", "after", "redirects"])
@pytest.mark.parametrize(
    "method", ["getMe", "getChatAdministrators", "deleteEphemeralMessage", "getUpdates", "setMyCommands"]
)
async def test_whatever_fails_for_a_while_is_tried_until_it_goes(closed: Town, fault: Fault, method: str) -> None:
    closed.api.faults.next(method, fault, count=20 if fault.status == 302 else 2)
    await closed.begin()
    await closed.write("Usher", "tea")
    await closed.later(lambda: closed.api.waiting and len(closed.api.commands) == 6)
    assert [row[2] for row in await closed.told(1)] == ["text: tea"]
    assert closed.app.failure is None


def tries(logs: Sequence[Any]) -> list[Any]:
    return [log for log in logs if log["event"] == "telegram cannot be reached"]


async def test_a_server_that_is_not_there_is_asked_again_ever_more_seldom(closed: Town) -> None:
    closed.section = 'api_base = "http://127.0.0.1:1"'
    with capture_logs() as logs:
        await closed.begin()
        began = closed.clock.monotonic()
        tried = [began]
        while len(tried) < 6:
            await closed.later(lambda: len(tries(logs)) >= len(tried))
            tried.append(closed.clock.monotonic())
    pauses = [after - before for before, after in pairwise(tried[1:])]
    assert all(1.4 * 2**number > pause > 0.4 * 2**number for number, pause in enumerate(pauses)), pauses
    with pytest.raises(TryLater):
        await closed.perform(Send("1", closed.space, Content(("x",))))


async def _fails(town: Town, times: int) -> float:
    """Let polls fail so often; return how long it takes until one goes well."""
    before, began = len(town.api.calls("getUpdates")), town.clock.monotonic()
    town.api.faults.next("getUpdates", Fault(500, "Internal Server Error"), count=times)
    await town.write("Usher", "tea")
    await town.later(lambda: len(town.api.calls("getUpdates")) > before + times and town.api.waiting)
    return town.clock.monotonic() - began


async def test_after_it_went_well_the_first_pause_is_short_again(town: Town) -> None:
    assert await _fails(town, 5) > 10
    assert await _fails(town, 1) < 8


REFUSED: dict[str, Callable[[Town], object]] = {
    "revoked": lambda town: setattr(town.api, "revoked", True),
    "unknown": lambda town: town.api.faults.next("getMe", Fault(404, "Not Found")),
    "malformed": lambda town: town.environ.update(TELEGRAM_TOKEN="no token at all"),
}


@pytest.mark.parametrize("how", REFUSED)
async def test_a_token_that_is_not_accepted_ends_the_adapter_and_not_the_app(closed: Town, how: str) -> None:
    REFUSED[how](closed)
    with capture_logs() as logs:
        await closed.begin()
        await closed.until(lambda: closed.reports)
    assert closed.reports == ["xiaoer.adapter.ended"]
    (reason,) = [log["reason"] for log in logs if log["event"] == "adapter ended"]
    assert reason.startswith("Telegram does not accept the token in TELEGRAM_TOKEN: get a new one")
    assert closed.app.failure is None
    with pytest.raises(Unreachable, match="Telegram has ended, and the log says why") as caught:
        await closed.perform(Send("1", closed.space, Content(("x",))))
    assert caught.value.after == ENDED


async def test_what_waits_for_an_adapter_that_has_ended_is_asked_for_seldom(
    closed: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    REFUSED["revoked"](closed)
    await closed.begin()
    await closed.until(lambda: closed.reports)
    asked: list[str] = []
    perform = TelegramAdapter.perform

    async def counted(adapter: TelegramAdapter, request: Request) -> Receipt:
        asked.append(request.id)
        return await perform(adapter, request)

    monkeypatch.setattr(TelegramAdapter, "perform", counted)
    scene = closed.app.runtimes["town0"].plugins["probe"].scene

    def ask(tx: Transaction) -> None:
        tx.enter(scene, tx.now)
        tx.request(SendMessage(chat=closed.space, content=Content(("x",))))

    await closed.app.store.transact(ask)
    await closed.until(lambda: asked)
    for _ in range(100):
        await closed.clock.advance(1.0)
        await closed.app.settled()
    assert len(asked) == 1
    assert closed.app.delivery.waiting == 1


async def test_a_token_that_is_revoked_while_running_ends_the_adapter(town: Town) -> None:
    town.api.revoked = True
    await town.write("Usher", "tea")
    await town.until(lambda: town.reports)
    assert town.reports == ["xiaoer.adapter.ended"]
    assert town.app.failure is None


async def test_senders_whose_admins_cannot_be_asked_wait_and_then_are_taken_in_without(closed: Town) -> None:
    closed.api.faults.next("getChatAdministrators", Fault(500, "Internal Server Error"), count=10)
    await closed.begin()
    await closed.until(lambda: closed.api.waiting)
    await closed.write("Usher", "tea")
    await closed.until(lambda: len(closed.api.calls("getChatAdministrators")) == 2)
    assert closed.api.confirmed <= newest(closed)
    await closed.later(lambda: closed.api.confirmed > newest(closed))
    assert len(await closed.told(1)) == 1
    assert len(closed.api.calls("getChatAdministrators")) == 4


async def test_a_stop_in_the_midst_of_a_poll_takes_no_time(town: Town) -> None:
    assert town.api.waiting
    began = time.monotonic()
    await town.app.stop()
    assert time.monotonic() - began < 0.25  # which is what aiogram alone would wait
    await town.begin()


async def test_a_stop_lets_a_message_on_its_way_arrive(town: Town) -> None:
    town.api.faults.next("sendMessage", Fault(hang=True))
    sending = asyncio.create_task(town.perform(Send("1", town.space, Content(("tea",)))))
    await town.until(lambda: town.api.calls("sendMessage"))
    stopping = asyncio.create_task(town.app.stop())
    await asyncio.sleep(0.01)
    town.api.let_go()
    assert (await sending).message is not None
    await stopping
    await town.begin()


async def test_the_token_is_in_no_log(closed: Town) -> None:
    redirects = (Fault(302),) * 20
    faults = (Fault(page=True), Fault(drop="before"), Fault(500, "Internal Server Error"), *redirects)
    for method in ("getMe", "getChatAdministrators", "getUpdates", "setMyCommands"):
        closed.api.faults.next(method, *faults)
    with capture_logs(processors=[structlog.processors.format_exc_info]) as logs:
        await closed.begin()
        await closed.later(lambda: closed.api.waiting and len(closed.api.commands) == 6)
    text = json.dumps(logs, default=str)
    assert "TooManyRedirects" in text  # whose own words name the address
    assert closed.api.token not in text
