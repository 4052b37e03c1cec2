"""Pictures in a real browser: they open, they fade into each other, they fit; and they rest for whoever wants that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect
from tests.png import png

from xiaoer import (
    Button,
    ButtonPressed,
    Content,
    Context,
    MessagePosted,
    NoConfig,
    Picture,
    Plugin,
    button,
    on_message,
    picture,
)
from xiaoer.app import App
from xiaoer.settings import load_settings
from xiaoer_web import WebAdapter

pytestmark = pytest.mark.browser

CONFIG = """
[adapters.web]
port = 0
[communities.town]
name = "Town"
spaces = ["web:town"]
plugins = ["envelope"]
chats = { main = ["web:town/main"] }
"""
COLOURS = {"closed": (179, 57, 43), "open": (222, 178, 84)}


def envelope(state: str, width: int = 640, height: int = 360) -> Content:
    shows = Picture("cover", {"state": state, "width": width, "height": height}, f"an envelope, {state}")
    return Content((f"A red envelope, {state}",), ((Button("Open it", "open"), Button("Leave it", "leave")),), shows)


class Envelope(Plugin[NoConfig]):
    """An envelope that opens."""

    name: ClassVar[str] = "envelope"

    @on_message
    async def lay(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        if event.text.startswith("envelope"):
            sizes = [int(size) for size in event.text.split()[1:]] or [640, 360]
            ctx.show("envelope", event.chat or "", envelope("closed", *sizes))

    @button("open", answer="none")
    async def unseal(self, ctx: Context[NoConfig], event: ButtonPressed, data: str) -> None:
        ctx.show("envelope", event.chat or "", envelope("open"))

    @button("leave", answer="none")
    async def leave(self, ctx: Context[NoConfig], event: ButtonPressed, data: str) -> None:
        """Do nothing."""

    @picture("cover")
    def cover(self, data: dict[str, Any]) -> bytes:
        return png(data["state"], COLOURS[data["state"]], data["width"], data["height"])


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    file = tmp_path / "plugins.toml"
    file.write_text(CONFIG, encoding="utf-8")
    plugins: dict[str, type[Plugin[Any]]] = {"envelope": Envelope}
    settings = load_settings(file, {"web": WebAdapter}, plugins, {})
    app = App(settings, plugins, {"web": WebAdapter}, b"a key for tests only")
    await app.start()
    yield app.addresses[0]
    await app.stop()


async def laid(context: BrowserContext, address: str, sizes: str = "") -> Page:
    """Return a page on which an envelope lies."""
    page = await context.new_page()
    await page.goto(address)
    await page.get_by_label("What shall we call you?").fill("Ann")
    await page.get_by_role("button", name="Come in").click()
    await page.wait_for_url("**/as/*")
    await page.locator("#text").fill(f"envelope {sizes}".strip())
    await page.locator("#text").press("Enter")
    await expect(page.get_by_role("img", name="an envelope, closed")).to_be_visible()
    await page.evaluate("document.querySelector('.picture img').decode()")
    await page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished))")  # it has come in
    return page


async def noted(page: Page) -> None:
    """Note which animations begin."""
    await page.evaluate(
        """() => { window.begun = [];
        addEventListener("animationstart", (event) => begun.push(event.animationName)); }"""
    )


async def settled(page: Page) -> None:
    """Wait until the opened envelope is there and nothing moves any more."""
    await expect(page.get_by_role("img", name="an envelope, open")).to_be_visible()
    await expect(page.locator(".picture img")).to_have_count(1)
    await expect(page.locator(".opening")).to_have_count(0)


async def test_a_picture_opens_when_a_button_is_pressed_and_fades_into_the_next(
    address: str, context: BrowserContext
) -> None:
    page = await laid(context, address)
    await noted(page)
    await page.get_by_role("button", name="Open it").click()
    await settled(page)
    begun = await page.evaluate("begun")
    assert {"open", "fade"} <= set(begun)
    assert "come" not in begun, "a message that changes does not come in anew"


async def test_a_press_that_changes_nothing_opens_the_picture_and_leaves_it(
    address: str, context: BrowserContext
) -> None:
    page = await laid(context, address)
    await noted(page)
    await page.get_by_role("button", name="Leave it").click()
    await expect(page.locator(".opening")).to_have_count(1)
    await expect(page.locator(".opening")).to_have_count(0)
    assert await page.evaluate("begun") == ["open"]
    await expect(page.get_by_role("img", name="an envelope, closed")).to_be_visible()


async def test_nothing_moves_for_whoever_wants_it_still(address: str, browser: Browser) -> None:
    context = await browser.new_context(locale="en-GB", reduced_motion="reduce")
    page = await laid(context, address)
    await noted(page)
    await page.get_by_role("button", name="Open it").click()
    await settled(page)
    assert await page.evaluate("begun") == []
    await context.close()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("sizes", ["1600 900", "60 1100", "24 24"], ids=["wide", "tall", "tiny"])
async def test_a_picture_fits_and_keeps_its_form(
    address: str, browser: Browser, width: int, scheme: Any, sizes: str
) -> None:
    context = await browser.new_context(locale="en-GB", viewport={"width": width, "height": 720}, color_scheme=scheme)
    page = await laid(context, address, sizes)
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    box = await page.locator(".picture img").bounding_box()
    assert box is not None
    assert round(box["x"] + box["width"]) <= width
    assert round(box["height"]) <= 480
    wide, high = map(int, sizes.split())
    if high <= 480:
        assert abs(box["width"] / box["height"] - wide / high) < 0.05
    await page.get_by_role("button", name="Leave it").click()
    for moment in (315, 585):  # where it turns most
        await page.evaluate(
            """(moment) => { const turning = document.querySelector(".picture").getAnimations()[0];
            turning.pause(); turning.currentTime = moment; }""",
            moment,
        )
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    await context.close()
