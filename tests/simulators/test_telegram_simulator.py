"""The simulated Bot API is as strict as Telegram's, and forgets and repeats what Telegram forgets and repeats."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.simulators.telegram import BotApi, Fault, Group

from xiaoer.testing import ManualClock

EVERYTHING = ["message", "chat_member", "my_chat_member", "callback_query", "message_reaction", "edited_message"]


class Api(BotApi):
    """The server, and a client for it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        super().__init__(now=self.clock.now)
        self.client = httpx.AsyncClient()

    async def ask(self, method: str, *, token: str = "", **params: Any) -> dict[str, Any]:
        """Ask as aiogram does, and return the answer."""
        form = {key: value if isinstance(value, str) else json.dumps(value) for key, value in params.items()}
        response = await self.client.post(f"{self.base}/bot{token or self.token}/{method}", data=form)
        found: dict[str, Any] = response.json()
        assert response.status_code == found.get("error_code", 200)
        return found

    async def poll(self, **params: Any) -> list[Any]:
        """Return the updates that there are now."""
        found: list[Any] = (await self.ask("getUpdates", timeout=0, **params))["result"]
        return found


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    async with Api() as found:
        yield found
        await found.client.aclose()


@pytest.fixture
def group(api: Api) -> Group:
    found = api.group(admin=True)
    found.members[api.user("Ann").id] = "member"
    return found


def ann(api: Api) -> Any:
    return next(user for user in api.users.values() if user.name == "Ann")


HALF = [{"type": "bold"}]
WRONG: list[tuple[str, dict[str, Any], int, str]] = [
    ("sendMesage", {"chat_id": 1, "text": "x"}, 404, "Not Found: method not found"),
    ("sendDice", {"chat_id": 1}, 404, "Not Found: method not found in the simulator: SendDice"),
    ("sendMessage", {"chat_id": 1, "text": "x", "parsemode": "HTML"}, 400, "Bad Request: unknown parameter parsemode"),
    ("sendMessage", {"chat_id": 1}, 400, "Bad Request: sendMessage: ('text',) Field required"),
    ("sendMessage", {"chat_id": 1, "text": "x", "entities": "bold"}, 400, "Bad Request: can't parse entities"),
    (
        "sendMessage",
        {"chat_id": 1, "text": "x", "entities": [{"type": "bold"}]},
        400,
        "Bad Request: can't parse entities",
    ),
    (
        "sendMessage",
        {"chat_id": 1, "text": "x", "message_thread_id": "one"},
        400,
        "Bad Request: can't parse message_th",
    ),
    ("sendMessage", {"chat_id": 1, "text": "x" * 4097}, 400, "Bad Request: message is too long"),
    ("sendMessage", {"chat_id": 1, "text": "🍵" * 2049}, 400, "Bad Request: message is too long"),
    ("answerCallbackQuery", {"callback_query_id": "1", "text": "x" * 201}, 400, "Bad Request: MESSAGE_TOO_LONG"),
    ("setMyCommands", {"commands": [{"command": "Tea", "description": "x"}]}, 400, "Bad Request: BOT_COMMAND_INVALID"),
]


@pytest.mark.parametrize(("method", "params", "status", "words"), WRONG)
async def test_what_telegram_would_not_take_is_refused_and_remembered(
    api: Api, method: str, params: dict[str, Any], status: int, words: str
) -> None:
    answer = await api.ask(method, **params)
    assert (answer["ok"], answer["error_code"]) == (False, status)
    assert answer["description"].startswith(words)
    assert len(api.refused) == 1


async def test_a_wrong_and_a_revoked_token_are_not_accepted(api: Api) -> None:
    assert (await api.ask("getMe", token="42:OTHER"))["description"] == "Unauthorized"
    assert (await api.ask("getMe"))["result"]["username"] == "xiaoer_bot"
    api.revoked = True
    assert (await api.ask("getMe"))["error_code"] == 401


async def test_updates_are_told_until_they_are_confirmed(api: Api, group: Group) -> None:
    for word in ("one", "two", "three"):
        api.write(group, ann(api), word)
    first = await api.poll()
    assert await api.poll() == first
    assert [update["message"]["text"] for update in first] == ["one", "two", "three"]
    assert await api.poll(offset=first[0]["update_id"] + 1, limit=1) == first[1:2]
    assert await api.poll() == first[1:]
    assert await api.poll(offset=first[-1]["update_id"] + 1) == []


async def test_a_negative_offset_keeps_the_last_ones(api: Api, group: Group) -> None:
    for word in ("one", "two", "three"):
        api.write(group, ann(api), word)
    assert [update["message"]["text"] for update in await api.poll(offset=-2)] == ["two", "three"]
    assert len(await api.poll()) == 2


async def test_a_long_poll_ends_when_something_happens(api: Api, group: Group) -> None:
    polling = asyncio.create_task(api.ask("getUpdates", timeout=50))
    while not api.waiting:  # noqa: ASYNC110 - it happens over a socket
        await asyncio.sleep(0.001)
    api.write(group, ann(api), "tea")
    assert [update["message"]["text"] for update in (await polling)["result"]] == ["tea"]


async def test_the_older_of_two_polls_is_ended(api: Api) -> None:
    older = asyncio.create_task(api.ask("getUpdates", timeout=50))
    while not api.waiting:  # noqa: ASYNC110 - it happens over a socket
        await asyncio.sleep(0.001)
    assert await api.poll() == []
    answer = await older
    assert answer["error_code"] == 409
    assert answer["description"].startswith("Conflict: terminated by other getUpdates request")


async def test_updates_go_to_the_webhook_until_it_is_removed(api: Api) -> None:
    api.webhook = "https://elsewhere.example/"
    assert (await api.ask("getUpdates", timeout=0))["error_code"] == 409
    assert (await api.ask("deleteWebhook"))["ok"]
    assert await api.poll() == []


async def test_what_was_not_asked_for_when_it_happened_is_never_told(api: Api, group: Group) -> None:
    api.join(group, ann(api))
    await api.poll(allowed_updates=EVERYTHING)
    api.join(group, ann(api))
    await api.poll()
    api.join(group, ann(api))
    kinds = [next(key for key in update if key != "update_id") for update in await api.poll()]
    assert kinds == ["message", "chat_member", "message", "chat_member", "message"]
    await api.poll(allowed_updates=[])
    api.join(group, ann(api))
    assert "message" in (await api.poll())[-1]
    assert len(await api.poll()) == 6


async def test_only_an_admin_is_told_of_members_and_reactions_and_of_what_is_not_meant_for_it(api: Api) -> None:
    group, user = api.group(), api.user("Ann")
    await api.poll(allowed_updates=EVERYTHING)
    api.join(group, user)
    message = api.write(group, user, "tea")
    api.react(group, user, message, "👍")
    assert [update["message"].get("new_chat_members") is not None for update in await api.poll()] == [True]
    api.write(group, user, "/help")
    api.promote(group, api.bot)
    api.react(group, user, message, "👍")
    api.write(group, user, "tea")
    told = [next(key for key in update if key != "update_id") for update in await api.poll()]
    assert told == ["message", "message", "my_chat_member", "message_reaction", "message"]


async def test_a_bot_hears_its_own_service_messages_and_not_its_own_words(api: Api, group: Group) -> None:
    group.rights["can_pin_messages"] = True
    sent = (await api.ask("sendMessage", chat_id=group.id, text="hello"))["result"]
    assert await api.poll() == []
    await api.ask("pinChatMessage", chat_id=group.id, message_id=sent["message_id"])
    (update,) = await api.poll()
    assert update["message"]["pinned_message"]["text"] == "hello"


async def test_a_group_that_has_moved_says_where(api: Api) -> None:
    group = api.group(kind="group")
    new = api.migrate(group)
    answer = await api.ask("sendMessage", chat_id=group.id, text="x")
    assert answer["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
    assert answer["parameters"] == {"migrate_to_chat_id": new.id}
    moves = [(update["message"]["chat"]["id"], update["message"]) for update in await api.poll()]
    assert [chat for chat, _ in moves] == [group.id, new.id]
    assert (moves[0][1]["migrate_to_chat_id"], moves[1][1]["migrate_from_chat_id"]) == (new.id, group.id)


async def test_somebody_who_never_wrote_or_has_blocked_the_bot_is_not_written_to(api: Api) -> None:
    user = api.user("Ann")
    answers = [await api.ask("sendMessage", chat_id=user.id, text="x")]
    api.write_private(user, "/start")
    answers.append(await api.ask("sendMessage", chat_id=user.id, text="x"))
    user.blocked = True
    answers.append(await api.ask("sendMessage", chat_id=user.id, text="x"))
    assert [answer.get("description") for answer in answers] == [
        "Forbidden: bot can't initiate conversation with a user",
        None,
        "Forbidden: bot was blocked by the user",
    ]


async def _card(api: Api, group: Group) -> Any:
    keyboard = {"inline_keyboard": [[{"text": "go", "callback_data": "x"}]]}
    sent = await api.ask("sendMessage", chat_id=group.id, text="card", reply_markup=keyboard)
    return group.messages[sent["result"]["message_id"]]


async def test_a_press_is_answered_once_and_within_its_time(api: Api, group: Group) -> None:
    card = await _card(api, group)
    first, second = (api.press(ann(api), card, "go") for _ in range(2))
    assert (await api.ask("answerCallbackQuery", callback_query_id=first.id, text="hi"))["ok"]
    again = await api.ask("answerCallbackQuery", callback_query_id=first.id)
    await api.clock.advance(151)
    late = await api.ask("answerCallbackQuery", callback_query_id=second.id)
    assert [answer["description"][:27] for answer in (again, late)] == ["Bad Request: query is too o"] * 2
    assert (first.text, second.answered) == ("hi", False)


async def test_a_message_for_one_person_is_seen_by_that_person(api: Api, group: Group) -> None:
    other = api.user("Ben")
    group.members[other.id] = "member"
    only = {"receiver_user_id": ann(api).id}
    sent = (await api.ask("sendMessage", chat_id=group.id, text="psst", ephemeral_message_parameters=only))["result"]
    assert (sent["message_id"], bool(sent["ephemeral_message_id"])) == (0, True)
    assert ([m.text for m in api.said(group, ann(api))], api.said(group, other)) == (["psst"], [])


async def test_a_bot_that_is_no_admin_shows_one_person_something_in_answer_and_soon(api: Api, group: Group) -> None:
    card = await _card(api, group)
    api.promote(group, api.bot, "member")
    press = api.press(ann(api), card, "go")

    async def show(**more: Any) -> str:
        only = {"receiver_user_id": ann(api).id, **more}
        answer = await api.ask("sendMessage", chat_id=group.id, text="psst", ephemeral_message_parameters=only)
        return str(answer.get("description", "shown"))

    assert [await show(), await show(callback_query_id=press.id)] == ["Bad Request: BOT_NOT_ADMIN", "shown"]
    await api.clock.advance(16)
    assert await show(callback_query_id=press.id) == "Bad Request: BOT_NOT_ADMIN"


async def test_faults_hit_once_and_before_or_after_the_work(api: Api, group: Group) -> None:
    api.faults.next(
        "sendMessage", Fault(drop="before"), Fault(drop="after"), Fault(page=True), Fault(429, retry_after=3)
    )
    for _ in range(2):
        with pytest.raises(httpx.TransportError):
            await api.ask("sendMessage", chat_id=group.id, text="x")
    page = await api.client.post(f"{api.base}/bot{api.token}/sendMessage", data={"chat_id": "1", "text": "x"})
    assert (page.status_code, page.headers["content-type"][:9]) == (502, "text/html")
    assert (await api.ask("sendMessage", chat_id=group.id, text="x"))["parameters"] == {"retry_after": 3}
    assert len(api.said(group, ann(api))) == 1
    assert (await api.ask("sendMessage", chat_id=group.id, text="x"))["ok"]
