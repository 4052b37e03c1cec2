"""One person's link, another who comes in by it, and the points after three days, in a real browser."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect
from tests.browser.people import join, message, say
from tests.program import Program

pytestmark = pytest.mark.browser

CONFIG = """
[adapters.web]
port = {port}
[communities.town]
name = "Town"
spaces = ["web:town"]
plugins = ["referral"]
[communities.town.chats]
main = ["web:town/main"]
"""


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    program = Program(tmp_path, CONFIG)
    yield program
    assert program.end(signal.SIGINT) == 0


async def a_day_later(page: Page) -> None:
    """Move time on by a day."""
    before = await page.locator("#clock").get_attribute("datetime")
    await page.locator("[data-jump='1440']").click()
    await expect(page.locator("#clock")).not_to_have_attribute("datetime", before or "")


async def test_who_brings_somebody_sees_the_count_and_gets_points_after_three_days(
    program: Program, context: BrowserContext
) -> None:
    ann = await join(context, program, "Ann")
    await say(ann, "/invite me")
    link = message(ann, "Your link for Web:").get_by_role("link")
    address = await link.get_attribute("href") or ""
    bob = await context.new_page()
    await bob.goto(address)
    await bob.get_by_label("What shall we call you?").fill("Bob")
    await bob.get_by_role("button").first.click()
    await bob.wait_for_url("**/as/*")
    await bob.wait_for_load_state()
    await say(ann, "/invite me")
    await expect(message(ann, "Whom you brought: 1 · waiting 1")).to_contain_text("only you see this")
    await say(bob, "What a nice place")
    await expect(message(bob, "What a nice place")).to_be_visible()
    for _ in range(4):
        await a_day_later(ann)
    await expect(message(ann, "Bob, whom you brought, has stayed: 20 points for you")).to_be_visible()
    await say(ann, "/invite tree")
    tree = message(ann, "Who came by whom")
    await expect(tree).to_contain_text("└ Bob")
    await expect(tree.locator("img")).to_be_visible()
    await expect(message(bob, "20 points")).to_have_count(0)
