"""A script, its approval and the evening peak, in a real browser."""

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
plugins = ["broadcaster"]
[communities.town.chats]
main = ["web:town/main"]
[communities.town.broadcaster]
teasers = [30]
[communities.town.broadcaster.slots]
evening = "20:30-22:00"
"""


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    program = Program(tmp_path, CONFIG)
    yield program
    assert program.end(signal.SIGINT) == 0


async def to_the_next_timer(page: Page) -> str:
    """Jump to the next timer and return what the clock shows then."""
    before = await page.locator("#clock").get_attribute("datetime")
    await page.get_by_role("button", name="To the next timer").click()
    await expect(page.locator("#clock")).not_to_have_attribute("datetime", before or "")
    return (await page.locator("#clock").inner_text()).split()[-1]


async def test_one_submits_another_approves_and_at_the_evening_peak_a_teaser_comes_and_then_the_post(
    program: Program, context: BrowserContext, tmp_path: Path
) -> None:
    ann, bob = await join(context, program, "Ann"), await join(context, program, "Bob")
    await say(ann, "/script submit Spring tea is here: come and taste it")
    await expect(message(ann, "Thank you. It is No. 1")).to_contain_text("only you see this")
    await say(ann, "/script approve 1")
    await expect(message(ann, "secretary")).to_be_visible()
    await say(bob, f"/claim {program.code}")
    await expect(message(bob, "You are now the owner")).to_be_visible()
    while await to_the_next_timer(bob) != "04:03":
        pass  # so that the next one is that of the teaser, whatever time it is
    await say(bob, "/script approve 1")
    await expect(message(bob, "is approved and goes out when it is its turn")).to_be_visible()
    await expect(message(ann, "Your script No. 1 is approved")).to_contain_text("only you see this")
    await say(bob, "/script calendar")
    await expect(message(bob, "The coming two weeks").locator("img")).to_be_visible()
    teaser, post = message(ann, "minutes: Spring tea is here"), message(ann, "✍️ Ann")
    assert await to_the_next_timer(bob) == "20:00"
    await expect(teaser).to_contain_text("⏰ In 30 minutes")
    assert await post.count() == 0, "the teaser comes before its post"
    assert await to_the_next_timer(bob) == "20:30"
    await expect(post).to_contain_text("Spring tea is here: come and taste it")
    await expect(message(bob, "✍️ Ann")).to_be_visible()
    await message(bob, "✍️ Ann").get_by_role("button", name="Useful").click()
    await expect(message(bob, "1 person finds this useful")).to_contain_text("only you see this")
    await ann.screenshot(path=tmp_path / "posted.png")
    assert await ann.evaluate("document.documentElement.scrollWidth <= innerWidth")
