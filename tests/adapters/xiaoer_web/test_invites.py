"""Invites of the sandbox: who is let in, who is not, and what they read then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from tests.adapters.xiaoer_web.test_sandbox import Visitor, make

from xiaoer import Hopeless, Invite, Revoke, StoreError
from xiaoer.app import App


class Door(Visitor):
    """A visitor who comes by invites."""

    async def ask(self, name: str = "action/1", **fields: Any) -> str:
        """Let the bot make an invite."""
        receipt = await self.app._adapters["web"].perform(Invite(name, "web:town", **fields))
        return receipt.invite or ""

    async def revoke(self, address: str) -> None:
        """Let the bot revoke one."""
        await self.app._adapters["web"].perform(Revoke("action/9", "web:town", address))

    async def read(self, address: str, **params: str) -> tuple[int, str]:
        """Open an address."""
        page = await self.http.get(f"{address}{''.join(f'&{key}={value}' for key, value in params.items())}")
        return page.status_code, page.text

    async def enter(self, address: str, name: str = "Ann", **more: Any) -> tuple[int, str]:
        """Come in by an address; return what is said."""
        answer = await self.do("newcomer", do="join", name=name, invite=address.partition("=")[2], **more)
        found = answer.json()
        return answer.status_code, found["error"] if answer.status_code != 200 else found[0]["outcome"]


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    app = make(tmp_path)
    await app.start()
    yield app
    await app.stop()


@pytest.fixture
async def door(app: App) -> AsyncIterator[Door]:
    door = Door(app)
    yield door
    await door.http.aclose()


async def test_an_invite_is_an_address_of_the_first_page_that_says_into_which_room_it_leads(door: Door) -> None:
    address = await door.ask()
    assert address.startswith(f"{door.base}/?invite=")
    status, page = await door.read(address, lang="en")
    assert (status, "You are invited to Town." in page) == (200, True)
    assert "有人邀请你来Town。" in (await door.read(address, lang="zh"))[1]


async def test_the_same_request_makes_one_invite(door: Door) -> None:
    assert await door.ask("action/7") == await door.ask("action/7")
    assert await door.ask("action/8") != await door.ask("action/7")


async def test_of_many_at_once_no_more_come_in_than_may(door: Door) -> None:
    address = await door.ask(uses=2)
    said = await asyncio.gather(*(door.enter(address, f"Guest {number}") for number in range(6)))
    assert sorted(status for status, _ in said) == [200, 200, 410, 410, 410, 410]


async def test_a_join_that_is_asked_again_is_let_in_again_and_counted_once(door: Door) -> None:
    address = await door.ask(uses=1)
    assert await door.enter(address, key="the-same-key") == (200, "committed")
    assert await door.enter(address, key="the-same-key") == (200, "duplicate")
    assert (await door.enter(address, "Ben"))[0] == 410


@pytest.mark.parametrize(
    ("why", "english", "chinese"),
    [
        ("unknown", "There is no such invite.", "没有这个邀请。"),
        ("revoked", "This invite was revoked.", "这个邀请已经作废。"),
        ("expired", "The time of this invite is over.", "这个邀请已经过期。"),
        ("used_up", "As many people as may have come in", "这个邀请的名额已经用完。"),
    ],
)
async def test_who_is_not_let_in_reads_why_and_what_to_do(door: Door, why: str, english: str, chinese: str) -> None:
    now = door.app.clock.now()
    address = await door.ask(uses=1, expires=now if why == "expired" else now + timedelta(hours=1))
    if why == "unknown":
        address = f"{door.base}/?invite=nothing"
    if why == "revoked":
        await door.revoke(address)
    if why == "used_up":
        await door.enter(address, "Ben")
    assert (await door.read(address, lang="en"))[0] == 410
    assert english in (await door.read(address, lang="en"))[1]
    assert chinese in (await door.read(address, lang="zh"))[1]
    status, sentence = await door.enter(address, locale="zh")
    assert (status, chinese in sentence, "发给你的人" in sentence) == (410, True, True)


async def test_what_is_no_invite_cannot_be_revoked(door: Door) -> None:
    for address in (f"{door.base}/?invite=nothing", "https://elsewhere.example/x", ""):
        with pytest.raises(Hopeless, match="there is no invite"):
            await door.revoke(address)


async def test_invites_and_who_came_by_them_are_known_after_a_restart(tmp_path: Path) -> None:
    first = make(tmp_path)
    await first.start()
    door = Door(first)
    address, gone = await door.ask("action/1", uses=1), await door.ask("action/2")
    await door.enter(address)
    await door.revoke(gone)
    await door.http.aclose()
    await first.stop()
    second = make(tmp_path)
    await second.start()
    door = Door(second)
    closed = [(await door.enter(one, "Ben", key=key))[0] for one, key in ((address, "later-one"), (gone, "later-two"))]
    await door.http.aclose()
    await second.stop()
    assert closed == [410, 410]


async def test_a_join_that_could_not_be_stored_uses_nothing_up(door: Door) -> None:
    address = await door.ask(uses=1)
    full = StoreError("the disk is full: free some space")
    with patch.object(door.app.store, "submit", lambda work: work.failed(full)):
        assert (await door.enter(address))[0] == 503
    assert (await door.enter(address))[0] == 200
