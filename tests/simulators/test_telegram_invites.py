"""The simulated Bot API makes invite links and lets people in by them as Telegram does (Bot API, ChatInviteLink)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.simulators.telegram import BotApi, Group, TurnedAwayError, User
from tests.simulators.telegram.invites import GONE, NO_RIGHT

from xiaoer.testing import ManualClock


class Api(BotApi):
    """The server, with a group in which the bot may invite, and a client for it."""

    def __init__(self) -> None:
        self.time = ManualClock()
        super().__init__(now=self.time.now)
        self.client = httpx.AsyncClient()
        self.place: Group = self.group(admin=True)
        self.place.rights = {"can_invite_users": True}
        self.allowed = frozenset({"chat_member", "message"})

    async def ask(self, method: str, **params: Any) -> Any:
        """Ask; return the result, else what Telegram says."""
        form = {"chat_id": str(self.place.id)} | {key: str(value) for key, value in params.items()}
        answer = await self.client.post(f"{self.base}/bot{self.token}/{method}", data=form)
        found: dict[str, Any] = answer.json()
        return found.get("result", found.get("description"))

    async def link(self, **params: Any) -> str:
        """Make a link and return its address."""
        address: str = (await self.ask("createChatInviteLink", **params))["invite_link"]
        return address

    def told(self) -> dict[str, Any]:
        """Return what the last change of a member said."""
        found: dict[str, Any] = [one["chat_member"] for one in self.updates if "chat_member" in one][-1]
        return found


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    async with Api() as found:
        yield found
        await found.client.aclose()


def turned_away(api: Api, user: User, address: str) -> bool:
    try:
        api.links.enter(user, address)
    except TurnedAwayError:
        return True
    return False


async def test_a_link_says_what_was_asked_for(api: Api) -> None:
    until = int(api.now().timestamp()) + 60
    found = await api.ask("createChatInviteLink", name="  Ann  Lee ", expire_date=until, member_limit=2)
    assert (found["name"], found["expire_date"], found["member_limit"]) == ("Ann Lee", until, 2)
    assert (found["creator"]["id"], found["is_primary"], found["is_revoked"]) == (api.bot.id, False, False)


async def test_a_join_by_a_link_names_it_to_its_creator_and_hides_it_from_others(api: Api) -> None:
    ann, boss, mine = api.user("Ann"), api.user("Boss"), await api.link()
    api.links.enter(ann, mine)
    assert api.told()["invite_link"]["invite_link"] == mine
    theirs = api.links.make(api.place, boss)
    api.links.enter(ann, theirs.address)
    hidden = api.told()["invite_link"]["invite_link"]
    assert hidden.endswith("...")
    assert hidden != theirs.address


async def test_a_limit_counts_who_is_still_there(api: Api) -> None:
    ann, ben, link = api.user("Ann"), api.user("Ben"), await api.link(member_limit=1)
    assert not turned_away(api, ann, link)
    assert turned_away(api, ben, link)
    api.leave(api.place, ann)
    assert not turned_away(api, ben, link)


async def test_nobody_comes_in_by_a_link_that_is_revoked_or_over(api: Api) -> None:
    ann, over = api.user("Ann"), await api.link(expire_date=int(api.now().timestamp()) + 60)
    revoked = await api.link()
    assert (await api.ask("revokeChatInviteLink", invite_link=revoked))["is_revoked"]
    await api.time.advance(60)
    assert [turned_away(api, ann, link) for link in (over, revoked, "https://t.me/+none")] == [True, True, True]
    assert await api.ask("revokeChatInviteLink", invite_link=revoked) == GONE


async def test_who_asks_to_come_in_is_let_in_by_an_admin(api: Api) -> None:
    ann, boss, link = api.user("Ann"), api.user("Boss"), await api.link(creates_join_request=True)
    assert turned_away(api, ann, link)
    api.links.enter(ann, link, let_in_by=boss)
    told = api.told()
    assert (told["from"]["id"], told["via_join_request"]) == (boss.id, True)
    assert told["invite_link"]["invite_link"] == link


async def test_what_telegram_refuses_is_refused_in_its_words(api: Api) -> None:
    now = int(api.now().timestamp())
    refused = [
        await api.ask("createChatInviteLink", expire_date=now - 1),
        await api.ask("createChatInviteLink", member_limit=1, creates_join_request=True),
        await api.ask("revokeChatInviteLink", invite_link="https://t.me/+none"),
    ]
    api.place.rights = {}
    refused.append(await api.ask("createChatInviteLink"))
    assert refused == [
        "Bad Request: EXPIRE_DATE_INVALID",
        "Bad Request: member limit can't be specified for links requiring administrator approval",
        GONE,
        NO_RIGHT,
    ]


async def test_a_link_is_changed_and_the_primary_one_replaced(api: Api) -> None:
    link = await api.link(member_limit=1)
    assert (await api.ask("editChatInviteLink", invite_link=link, name="New"))["name"] == "New"
    first, second = await api.ask("exportChatInviteLink"), await api.ask("exportChatInviteLink")
    assert turned_away(api, api.user("Ann"), first)
    api.links.enter(api.user("Ben"), second)
    assert api.told()["invite_link"]["is_primary"]
