"""A seat is offered, confirmed and shown, in a real browser."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect
from tests.browser.people import join, message, say
from tests.program import Program

pytestmark = pytest.mark.browser

CONFIG = """
[adapters.web]
port = {port}
[communities.town]
name = "Town"
spaces = ["web:town"]
plugins = ["tier_badges"]
[communities.town.chats]
main = ["web:town/main"]
[communities.town.grants]
"tier_badges.manage" = "member"
"""


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    program = Program(tmp_path, CONFIG)
    yield program
    assert program.end(signal.SIGINT) == 0


async def test_an_offer_is_confirmed_by_its_button_and_comes_with_a_certificate_that_can_be_read(
    program: Program, context: BrowserContext, tmp_path: Path
) -> None:
    boss, ann = await join(context, program, "Boss"), await join(context, program, "Ann")
    await say(boss, "/seat offer Ann partner 7")
    offer = message(ann, "is held for you")
    await expect(offer).to_contain_text("only you see this")
    await offer.get_by_role("button").first.click()
    await expect(message(ann, "is yours")).to_be_visible()
    certificate = message(ann, "is yours").locator("img")
    await expect(certificate).to_have_attribute("alt", "Certificate of seat 7 in Town for Ann")
    await expect(certificate).to_have_js_property("naturalWidth", 1000)
    await expect(message(boss, "is yours")).to_have_count(0)
    await ann.set_viewport_size({"width": 390, "height": 844})
    assert await ann.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await certificate.screenshot(path=tmp_path / "certificate.png")
    await say(boss, "/badge show Ann")
    await expect(message(boss, "Founding·07").locator("img")).to_be_visible()
    await say(boss, "/seat registry")
    await expect(message(boss, "Ann").last).to_contain_text("7")
