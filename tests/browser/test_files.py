"""Files in a real browser: attached, shown or downloaded, kept by a command in answer, and sent again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from playwright.async_api import Browser, BrowserContext, FileChooser, FilePayload, Page, expect
from tests.browser.people import message, say
from tests.png import png

from xiaoer import (
    ActionEnded,
    CommandUsed,
    Content,
    Context,
    KeepFile,
    NoConfig,
    Plugin,
    Stored,
    Then,
    command,
    continuation,
)
from xiaoer.app import App
from xiaoer.settings import load_settings
from xiaoer_web import WebAdapter

pytestmark = pytest.mark.browser

CONFIG = """
[xiaoer.files]
largest = 1
[adapters.web]
port = 0
[communities.town]
name = "Town"
spaces = ["web:town"]
plugins = ["library"]
chats = { main = ["web:town/main"] }
"""
PHOTO: FilePayload = {"name": "tea.png", "mimeType": "image/png", "buffer": png("red")}
LETTER: FilePayload = {"name": "leaf.txt", "mimeType": "text/plain", "buffer": b"<script>alert(1)</script> tea"}
Here = Context[NoConfig]


class Library(Plugin[NoConfig]):
    """Keeps what is submitted, and shows it."""

    name: ClassVar[str] = "library"

    @command("submit", on_message=True)
    async def submit(self, ctx: Here, event: CommandUsed) -> None:
        quoted = event.quoted
        for file in quoted.attachments if quoted is not None else ():
            then = Then("kept", {"words": quoted.text if quoted is not None else ""})
            ctx.request(KeepFile(chat=event.chat or "", attachment=file, then=then))

    @continuation("kept")
    async def kept(self, ctx: Here, event: ActionEnded) -> None:
        if event.file is None:
            ctx.send("web:town/main", Content(ctx.text(event.why or "", to="all", **event.values)))
        else:
            words = (f"kept: {event.data['words']}",)
            ctx.send("web:town/main", Content(words, file=Stored(event.file, alt="a kept file")))


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    file = tmp_path / "plugins.toml"
    file.write_text(CONFIG, encoding="utf-8")
    plugins: dict[str, type[Plugin[Any]]] = {"library": Library}
    app = App(load_settings(file, {"web": WebAdapter}, plugins, {}), plugins, {"web": WebAdapter}, b"a key for tests")
    await app.start()
    yield app.addresses[0]
    await app.stop()


async def opened(context: BrowserContext, address: str) -> Page:
    """Return the page of somebody who has come in."""
    page = await context.new_page()
    await page.goto(address)
    await page.get_by_label("What shall we call you?").fill("Ann")
    await page.get_by_role("button", name="Come in").click()
    await page.wait_for_url("**/as/*")
    await page.wait_for_load_state()
    return page


async def attach(page: Page, file: FilePayload) -> None:
    """Choose a file and wait until it is posted."""
    await page.get_by_label("Attach a file").set_input_files(file)
    await expect(page.locator("#attached")).to_contain_text(f"Attached: {file['name']}")


async def answer(page: Page, words: str, said: str) -> None:
    """Answer a message."""
    await message(page, words).hover()
    await message(page, words).get_by_role("button", name="Reply").click()
    await say(page, said)


async def test_a_photo_is_attached_seen_kept_by_an_answer_and_shown_again(
    address: str, context: BrowserContext
) -> None:
    page = await opened(context, address)
    await attach(page, PHOTO)
    await say(page, "a script with a photo")
    await expect(page.get_by_role("img", name="tea.png")).to_be_visible()
    await expect(page.locator("#attached")).to_be_hidden()
    await answer(page, "a script with a photo", "/submit")
    again = message(page, "kept: a script with a photo").get_by_role("img", name="a kept file")
    await expect(again).to_be_visible()
    assert await again.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 320


async def test_a_file_needs_no_words_and_can_be_removed_again(address: str, context: BrowserContext) -> None:
    page = await opened(context, address)
    await attach(page, PHOTO)
    await page.get_by_role("button", name="Remove the file").click()
    await expect(page.locator("#attached")).to_be_hidden()
    await attach(page, {**PHOTO, "name": "second.png"})
    await page.locator("#text").press("Enter")
    await expect(page.get_by_role("img", name="second.png")).to_be_visible()
    assert await page.get_by_role("img", name="tea.png").count() == 0


async def test_what_is_no_picture_is_a_download_and_nothing_in_it_runs(address: str, context: BrowserContext) -> None:
    page = await opened(context, address)
    await attach(page, {**LETTER, "name": "page.html", "mimeType": "text/html"})
    await say(page, "a letter")
    link = message(page, "a letter").get_by_role("link", name="Download page.html")
    async with page.expect_download() as download:
        await link.click()
    saved = await (await download.value).path()
    assert await asyncio.to_thread(Path(saved).read_bytes) == LETTER["buffer"]
    answered = await context.request.get(f"{address.rstrip('/')}{await link.get_attribute('href')}")
    assert answered.headers["content-type"] == "text/plain; charset=utf-8"
    assert answered.headers["content-disposition"].startswith("attachment")
    assert answered.headers["x-content-type-options"] == "nosniff"


async def test_a_file_is_attached_by_dropping_and_by_the_keyboard_alone(address: str, context: BrowserContext) -> None:
    page = await opened(context, address)
    chosen: list[FileChooser] = []
    page.on("filechooser", lambda chooser: chosen.append(chooser))  # early: it takes effect without being waited for
    await page.evaluate(
        """() => { const data = new DataTransfer();
        data.items.add(new File(["tea"], "dropped.txt", { type: "text/plain" }));
        document.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })); }"""
    )
    await expect(page.locator("#attached")).to_contain_text("Attached: dropped.txt")
    await page.locator("#text").press("Enter")
    await expect(page.get_by_role("link", name="Download dropped.txt")).to_be_visible()
    await page.locator("#text").focus()
    await page.keyboard.press("Shift+Tab")
    assert await page.evaluate("document.activeElement.id") == "file"
    await page.keyboard.press("Enter")
    while not chosen:
        await page.wait_for_timeout(5)


async def test_a_file_that_is_too_large_is_told_in_the_form_or_by_the_plugin(
    address: str, context: BrowserContext
) -> None:
    page = await opened(context, address)
    await page.evaluate("document.body.dataset.largest")
    await page.evaluate(
        """() => { const data = new DataTransfer(), input = document.querySelector("#file");
        data.items.add(new File([new Uint8Array(20 * 2 ** 20 + 1)], "long.txt", { type: "text/plain" }));
        input.files = data.files;
        input.dispatchEvent(new Event("change", { bubbles: true })); }"""
    )
    await expect(page.locator("#composer .problem")).to_contain_text("at most 20 MB")
    await attach(page, {"name": "long.txt", "mimeType": "text/plain", "buffer": b"x" * (2**20 + 1)})
    await say(page, "a long one")
    await answer(page, "a long one", "/submit")
    await expect(message(page, "The file is too large: at most 1 MB are kept.")).to_be_visible()


async def test_what_is_written_after_a_file_comes_after_it(address: str, context: BrowserContext) -> None:
    page = await opened(context, address)
    gate: list[Any] = []
    await page.route("**/file?*", lambda route: gate.append(route))
    await page.get_by_label("Attach a file").set_input_files(PHOTO)
    await say(page, "first, with a file")
    await say(page, "second")
    while not gate:
        await page.wait_for_timeout(5)
    assert await message(page, "second").count() == 0
    await gate[0].continue_()
    await expect(message(page, "second")).to_be_visible()
    texts = await page.locator(".message .text").all_text_contents()
    assert texts[-2:] == ["first, with a file", "second"]


async def test_words_come_back_when_their_file_could_not_be_posted(address: str, context: BrowserContext) -> None:
    page = await opened(context, address)
    gate: list[Any] = []
    await page.route("**/file?*", lambda route: gate.append(route))
    await page.get_by_label("Attach a file").set_input_files(PHOTO)
    await say(page, "with a file")
    while not gate:
        await page.wait_for_timeout(5)
    await gate[0].fulfill(status=503, json={"error": "the disk is full"})
    await expect(page.locator("#composer .problem")).to_contain_text("the disk is full")
    await expect(page.locator("#text")).to_have_value("with a file")


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_form_and_the_files_fit(address: str, browser: Browser, width: int, scheme: Any) -> None:
    context = await browser.new_context(locale="en-GB", viewport={"width": width, "height": 720}, color_scheme=scheme)
    page = await opened(context, address)
    long = {**LETTER, "name": "a very long name of a file that goes on and on, " * 3 + ".txt"}
    await page.get_by_label("Attach a file").set_input_files(long)  # type: ignore[arg-type]
    await expect(page.locator("#attached")).to_contain_text("Attached")
    fits = "document.documentElement.scrollWidth <= window.innerWidth"
    assert await page.evaluate(fits)
    await say(page, "a letter")
    await attach(page, {"name": "wide.png", "mimeType": "image/png", "buffer": png("wide", width=1600, height=900)})
    await say(page, "a picture")
    await expect(page.get_by_role("img", name="wide.png")).to_be_visible()
    await page.evaluate("document.querySelector('.picture img').decode()")
    await expect(message(page, "a picture").locator(".text")).to_be_in_viewport()
    assert await page.evaluate(fits)
    await context.close()
