"""Coming into the sandbox by an invite, in a real browser."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import BrowserContext, expect
from sqlalchemy import select
from tests.adapters.xiaoer_web.test_sandbox import make

from xiaoer import Invite, JoinSource, Revoke, Statement
from xiaoer.app import App
from xiaoer.tables import members

pytestmark = pytest.mark.browser

SOURCES = Statement(select(members.c.source))


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    app = make(tmp_path)
    await app.start()
    yield app
    await app.stop()


async def test_whoever_opens_an_invite_comes_in_by_it_until_it_is_revoked(app: App, context: BrowserContext) -> None:
    adapter = app._adapters["web"]
    address = (await adapter.perform(Invite("action/1", "web:town"))).invite or ""
    page = await context.new_page()
    await page.goto(address)
    await expect(page.locator(".invited")).to_have_text("You are invited to Town.")
    await page.get_by_role("link", name="中文").click()
    await expect(page.locator(".invited")).to_have_text("有人邀请你来Town。")
    await page.locator("input[name=name]").fill("Ann")
    await page.get_by_role("button").first.click()
    await page.wait_for_url("**/as/ann")
    (row,) = await app.store.report(SOURCES)
    assert msgspec.convert(row.source, JoinSource) == JoinSource("referral", "exact", invite=address)
    await adapter.perform(Revoke("action/2", "web:town", address))
    late = await context.new_page()
    await late.goto(address)
    await expect(late.locator("main")).to_contain_text("This invite was revoked. Ask whoever sent it to you")
