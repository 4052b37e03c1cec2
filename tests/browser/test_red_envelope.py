"""Two people and one envelope, in a real browser."""

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
plugins = ["red_envelope"]
[communities.town.chats]
main = ["web:town/main"]
[communities.town.red_envelope]
checkin = 100
"""


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    program = Program(tmp_path, CONFIG)
    yield program
    assert program.end(signal.SIGINT) == 0


async def test_two_people_share_an_envelope_and_both_see_who_got_what(
    program: Program, context: BrowserContext, tmp_path: Path
) -> None:
    ann, bob = await join(context, program, "Ann"), await join(context, program, "Bob")
    await say(ann, "/checkin")
    await expect(message(ann, "You have 100 points now")).to_be_visible()
    await say(ann, "/hongbao 88 2 Good luck")
    for page in (ann, bob):
        envelope = message(page, "Ann's red envelope")
        await expect(envelope).to_contain_text("Good luck")
        await expect(envelope.locator("img")).to_have_attribute("alt", "A red envelope from Ann: Good luck")
    await bob.screenshot(path=tmp_path / "closed.png")
    for page in (bob, ann):
        await message(page, "Ann's red envelope").get_by_role("button", name="Open").click()
        await expect(message(page, "points from Ann")).to_contain_text("only you see this")
    for page in (ann, bob):
        envelope = message(page, "Ann's red envelope")
        await expect(envelope).to_contain_text("All 2 shares are taken")
        await expect(envelope).to_contain_text("Luckiest hand")
        await expect(envelope.get_by_role("button", name="Open")).to_have_count(0)
        await expect(envelope.locator("img").last).to_have_attribute("alt", "Ann's red envelope, 2 of 2 shares taken")
    await bob.screenshot(path=tmp_path / "empty.png")
    assert await bob.evaluate("document.documentElement.scrollWidth <= innerWidth")
