"""The real program in a real browser."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, expect
from tests.browser.people import join, message, say
from tests.program import Program

pytestmark = pytest.mark.browser

CONFIG = """
[adapters.web]
port = {port}
[communities.town]
name = "Town"
spaces = ["web:town"]
plugins = ["welcome"]
[communities.town.chats]
main = ["web:town/main"]
admins = ["web:town/admins"]
[communities.town.welcome]
notice = "0 9 * * *"
"""


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    program = Program(tmp_path, CONFIG)
    yield program
    if program.process.poll() is None:
        assert program.end(signal.SIGINT) == 0


async def test_somebody_comes_in_is_welcomed_accepts_talks_and_asks_for_help(
    program: Program, context: BrowserContext
) -> None:
    page = await join(context, program, "Ann")
    await expect(message(page, "Welcome to Town, @Ann!")).to_contain_text("only you see this")
    await page.get_by_role("button", name="I accept").click()
    await expect(message(page, "Thank you, Ann")).to_be_visible()
    await say(page, "hello, everybody")
    await expect(message(page, "hello, everybody")).to_be_visible()
    await say(page, "/help")
    await expect(message(page, "What you can ask for")).to_contain_text("/rules show")


async def test_two_tabs_are_two_people_and_see_each_other_at_once(program: Program, context: BrowserContext) -> None:
    ann, bob = await join(context, program, "Ann"), await join(context, program, "Bob")
    await expect(ann.locator("#people")).to_contain_text("Bob")
    await say(ann, "tea is ready")
    await expect(message(bob, "tea is ready")).to_be_visible()
    await message(bob, "tea is ready").hover()
    await message(bob, "tea is ready").get_by_role("button", name="👍").click()
    await expect(message(ann, "tea is ready")).to_contain_text("👍 1")
    assert "Welcome to Town, <span" not in await bob.content() or "@Ann" not in await bob.content()
    assert await message(bob, "@Ann").count() == 0, "what only Ann sees is not in Bob's page at all"


async def test_two_hundred_messages_typed_without_a_pause_arrive_in_order(
    program: Program, context: BrowserContext
) -> None:
    ann, bob = await join(context, program, "Ann"), await join(context, program, "Bob")
    await ann.evaluate(
        """() => { const field = document.getElementById("text");
        for (let n = 0; n < 200; n++) { field.value = `line ${n}.`; field.form.requestSubmit(); } }"""
    )
    await expect(message(bob, "line 199.")).to_be_visible()
    said = await bob.locator(".message .text").all_inner_texts()
    assert [text for text in said if text.startswith("line ")] == [f"line {number}." for number in range(200)]


async def test_words_are_edited_and_replied_to_under_everybodys_eyes(program: Program, context: BrowserContext) -> None:
    ann, bob = await join(context, program, "Ann"), await join(context, program, "Bob")
    await say(ann, "frist words")
    await message(ann, "frist words").hover()
    await message(ann, "frist words").get_by_role("button", name="Edit").click()
    await say(ann, "first words")
    await expect(message(bob, "first words")).to_contain_text("edited")
    assert await message(bob, "frist").count() == 0
    await message(bob, "first words").hover()
    await message(bob, "first words").get_by_role("button", name="Reply").click()
    await say(bob, "second words")
    await expect(message(ann, "second words")).to_contain_text("↳ first words")


async def test_slash_commands_complete_by_keyboard(program: Program, context: BrowserContext) -> None:
    page = await join(context, program, "Ann")
    await page.locator("#text").press_sequentially("/ru")
    options = page.get_by_role("option")
    await expect(options.first).to_contain_text("/rules show")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await expect(page.locator("#text")).to_have_value("/rules test ")
    await page.keyboard.type("hello")
    await page.keyboard.press("Enter")
    await expect(message(page, "touches none of the listed topics")).to_be_visible()


async def test_a_first_word_that_means_something_alone_is_sent_as_it_is(
    program: Program, context: BrowserContext
) -> None:
    page = await join(context, program, "Ann")
    await page.locator("#text").press_sequentially("/rules")
    await expect(page.get_by_role("option").first).to_contain_text("/rules show")
    await page.keyboard.press("Enter")
    await expect(message(page, "/rules").last).to_be_visible()
    await expect(page.locator("#text")).to_have_value("")


async def test_the_claim_code_opens_what_owners_may_and_roles_can_be_tried(
    program: Program, context: BrowserContext
) -> None:
    page = await join(context, program, "Ann")
    await say(page, "/rules set Be kind to the waiter.")
    await expect(message(page, "secretary")).to_be_visible()
    await say(page, f"/claim {program.code}")
    await expect(message(page, "You are now the owner")).to_be_visible()
    await say(page, "/rules set Be kind to the waiter.")
    await expect(message(page, "Our rules have changed")).to_contain_text("Be kind to the waiter.")
    await page.get_by_label("Act as").select_option("xiaoer")
    await page.get_by_role("link", name="Admins").click()
    await expect(page.get_by_role("link", name="Admins")).to_have_attribute("aria-current", "page")


async def test_time_can_be_moved_to_the_next_timer(program: Program, context: BrowserContext) -> None:
    page = await join(context, program, "Ann")
    await page.get_by_role("button", name="A day on").click()
    await page.get_by_role("button", name="To the next timer").click()
    for _ in range(2):
        await page.get_by_role("button", name="To the next timer").click()
    await expect(message(page, "A friendly reminder of our rules")).to_be_visible()
    await expect(page.locator("#pinned")).to_contain_text("friendly reminder")


async def test_a_kill_in_the_middle_loses_nothing_and_the_page_goes_on_by_itself(
    program: Program, context: BrowserContext
) -> None:
    ann, bob = await join(context, program, "Ann"), await join(context, program, "Bob")
    await say(ann, "before the kill")
    await expect(message(bob, "before the kill")).to_be_visible()
    program.end(signal.SIGKILL)
    await say(ann, "in the dark")
    await expect(ann.locator("#composer .problem")).to_be_visible()
    program.start()
    await expect(message(bob, "in the dark")).to_be_visible(timeout=20_000)
    await say(ann, "after the kill")
    await expect(message(bob, "after the kill")).to_be_visible()
    said = [text for text in await bob.locator(".message .text").all_inner_texts() if "kill" in text or "dark" in text]
    assert said == ["before the kill", "in the dark", "after the kill"]


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_runs_out_of_the_window(program: Program, browser: Browser, width: int, scheme: Any) -> None:
    context = await browser.new_context(locale="en-GB", viewport={"width": width, "height": 720}, color_scheme=scheme)
    page = await join(context, program, "W" * 40)
    await say(page, "x" * 300)
    await expect(message(page, "xxx")).to_be_visible()
    for address in (page.url, program.address):
        await page.goto(address)
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    await context.close()
