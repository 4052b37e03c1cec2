"""What people do in the browser."""

from __future__ import annotations

from typing import Any

from playwright.async_api import BrowserContext, Page
from tests.program import Program


async def join(context: BrowserContext, program: Program, name: str) -> Page:
    """Come in under a name, in a tab of one's own."""
    page = await context.new_page()
    await page.goto(program.address)
    await page.get_by_label("What shall we call you?").fill(name)
    await page.get_by_role("button", name="Come in").click()
    await page.wait_for_url("**/as/*")
    await page.wait_for_load_state()
    return page


async def say(page: Page, text: str) -> None:
    """Type a message or a command and send it."""
    await page.locator("#text").fill(text)
    await page.locator("#text").press("Enter")


def message(page: Page, text: str) -> Any:
    """Return the messages that hold a text."""
    return page.locator(".message", has_text=text)
