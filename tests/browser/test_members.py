"""Asking to be let in, a badge and the chat behind its gate, live in real browsers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect
from tests.adapters.xiaoer_web import test_sandbox
from tests.adapters.xiaoer_web.test_members import ROOM, SEAT, Ear, Town
from tests.browser.people import message, say

from xiaoer import Gate, Wear
from xiaoer.app import App

pytestmark = pytest.mark.browser


@pytest.fixture
async def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[App]:
    main = f'main = ["web:town/main", "{ROOM}"]'
    monkeypatch.setattr(test_sandbox, "CONFIG", test_sandbox.CONFIG.replace('main = ["web:town/main"]', main))
    Ear.heard = []
    app = test_sandbox.make(tmp_path, plugin=Ear)
    await app.start()
    yield app
    await app.stop()


async def come(context: BrowserContext, town: Town, name: str, button: str) -> Page:
    """Come to the door, as far as it lets somebody."""
    page = await context.new_page()
    await page.goto(town.base)
    await page.get_by_label("What shall we call you?").fill(name)
    await page.get_by_role("button", name=button).click()
    await page.wait_for_url("**/as/*")
    await page.wait_for_load_state()
    return page


async def test_somebody_asks_in_wears_a_badge_enters_the_hall_and_loses_both(app: App, context: BrowserContext) -> None:
    town = Town(app)
    ann = await come(context, town, "Ann", "Come in")
    async with ann.expect_navigation():
        await ann.get_by_label("Act as").select_option("owner")
    async with ann.expect_response("**/entry"):
        await ann.get_by_label("People ask to be let in").check()
    bob = await come(context, town, "Bob", "Ask to be let in")
    await expect(bob.locator("#outside")).to_contain_text("You asked to be let in.")
    await expect(bob.locator("#composer")).to_be_hidden()
    await expect(ann.locator("#people")).to_contain_text("waits at the door")
    await town.decide("bob", True, "Welcome, Bob")
    await expect(message(bob, "Welcome, Bob")).to_contain_text("only you see this")
    await say(bob, "good morning")
    await expect(message(ann, "good morning")).to_be_visible()

    await town.perform(Gate("action/7", ROOM, "seats", SEAT))
    await expect(bob.locator("#chats")).not_to_contain_text("founders")
    await town.perform(Wear("action/8", "web:town", "seats", "web:bob", (SEAT,)))
    badge = message(ann, "good morning").locator(".badge")
    await expect(badge).to_contain_text("创始·07")
    await expect(badge).to_have_attribute("title", "Founding partner")
    await bob.get_by_role("link", name="founders").click()
    await say(bob, "the hall is open")
    await expect(message(bob, "the hall is open")).to_be_visible()

    await ann.get_by_role("button", name="Take 创始·07 from Bob").click()
    await expect(badge).to_have_count(0)
    await expect(message(bob, "good morning")).to_be_visible()
    await expect(message(bob, "the hall is open")).to_have_count(0)
    await expect(bob.locator("#chats")).not_to_contain_text("founders")
    await town.http.aclose()
