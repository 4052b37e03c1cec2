"""The sandbox over HTTP: the real adapter in the real app, on a port of its own."""

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from xiaoer import (
    AdapterError,
    CommandUsed,
    ConfigError,
    Content,
    Context,
    NoConfig,
    Plugin,
    StoreError,
    command,
)
from xiaoer.app import App
from xiaoer.settings import load_settings
from xiaoer_web import WebAdapter
from xiaoer_welcome import Welcome

CONFIG = """
[xiaoer]
database = "town.db"
[adapters.web]
port = {port}
[communities.town]
name = "Town"
spaces = ["web:town"]
plugins = ["welcome"]
[communities.town.chats]
main = ["web:town/main"]
admins = ["web:town/admins"]
"""


def make(folder: Path, port: int = 0, plugin: type[Plugin[Any]] = Welcome) -> App:
    file = folder / "plugins.toml"
    file.write_text(CONFIG.format(port=port).replace("welcome", plugin.name), encoding="utf-8")
    settings = load_settings(file, {"web": WebAdapter}, {plugin.name: plugin}, {})
    return App(settings, {plugin.name: plugin}, {"web": WebAdapter}, b"a key for tests only")


class Visitor:
    """A browser without a face."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.base = app.addresses[0].rstrip("/")
        self.http = httpx.AsyncClient(base_url=self.base, headers={"origin": self.base})
        self.keys = count(1)

    async def do(self, me: str, **what: Any) -> httpx.Response:
        body = {"key": f"key-{next(self.keys):06}", "space": "web:town", "chat": "web:town/main", "me": me, **what}
        return await self.http.post("/do", json=body)

    async def join(self, name: str, **more: Any) -> str:
        answer = await self.do("newcomer", do="join", name=name, **more)
        me: str = answer.json()[0]["me"]
        await self.app.settled()
        return me

    async def page(self, me: str, chat: str = "") -> str:
        await self.app.settled()
        return (await self.http.get(f"/as/{me}", params={"chat": chat} if chat else {})).text

    async def hear(self, me: str, since: int, until: str) -> list[dict[str, Any]]:
        """Listen from a revision on until something is heard; return all that was heard."""
        heard: list[dict[str, Any]] = []
        async with self.http.stream("GET", "/stream", params={"as": f"web:town/{me}", "since": since}) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data: "):
                    heard += json.loads(line.removeprefix("data: "))
                    if until in line:
                        return heard
        return heard

    async def listeners(self, number: int) -> None:
        """Wait until so many pages listen."""
        hub = self.app._adapters["web"]._hub  # type: ignore[attr-defined]
        while len(hub._streams) < number:  # noqa: ASYNC110 - nothing says so
            await asyncio.sleep(0.001)


@pytest.fixture
async def visitor(tmp_path: Path) -> AsyncIterator[Visitor]:
    app = make(tmp_path)
    await app.start()
    visitor = Visitor(app)
    yield visitor
    await visitor.http.aclose()
    await app.stop()


async def test_a_newcomer_is_welcomed_with_the_rules_and_can_accept_them(visitor: Visitor) -> None:
    ann = await visitor.join("Ann")
    assert ann == "ann"
    page = await visitor.page(ann)
    assert "Welcome to Town" in page
    button = page.split('data-press="')[1].split('"')[0]
    message = page.split('data-id="')[1].split('"')[0]
    await visitor.do(ann, do="press", message=message, button=button)
    assert "Thank you, Ann" in await visitor.page(ann)


async def test_what_only_one_person_sees_is_on_nobody_elses_page_or_stream(visitor: Visitor) -> None:
    ann, bob = await visitor.join("Ann"), await visitor.join("Bob")
    await visitor.do(ann, do="write", text="/help")
    await visitor.do(ann, do="write", text="the end")
    assert "What you can ask for" in await visitor.page(ann)
    assert "What you can ask for" not in await visitor.page(bob)
    heard = await visitor.hear(bob, 0, "the end")
    assert not any("What you can ask for" in notice["html"] for notice in heard)


async def test_a_stream_that_begins_anew_tells_everything_since(visitor: Visitor) -> None:
    ann, bob = await visitor.join("Ann"), await visitor.join("Bob")
    for number in range(30):
        await visitor.do(ann, do="write", text=f"message {number}.")
    heard = await visitor.hear(bob, 0, "message 29.")
    said = [notice["id"] for notice in heard if notice["kind"] == "message" and "message" in notice["html"]]
    assert len([notice for notice in heard if "message " in notice["html"]]) >= 30
    assert len(said) == len(set(said))


async def test_the_same_request_asked_again_happens_once(visitor: Visitor) -> None:
    ann = await visitor.join("Ann")
    first = await visitor.do(ann, do="write", text="only once", key="the-same-key")
    second = await visitor.do(ann, do="write", text="only once", key="the-same-key")
    assert [first.json()[0]["outcome"], second.json()[0]["outcome"]] == ["committed", "duplicate"]
    assert (await visitor.page(ann)).count("only once</p>") == 1


async def test_several_things_at_once_happen_in_their_order(visitor: Visitor) -> None:
    ann = await visitor.join("Ann")
    head = {"do": "write", "space": "web:town", "chat": "web:town/main", "me": ann}
    batch = [{**head, "key": f"batch-{number:04}", "text": f"line {number:04}"} for number in range(200)]
    for start in range(0, 200, 40):
        await visitor.http.post("/do", json=batch[start : start + 40])
    page = await visitor.page(ann)
    places = [page.index(f"line {number:04}") for number in range(200 - 190, 200)]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "<img src=x onerror=y>", "{{ 7777*7777 }}", "&amp;", '" onclick="x']
)
async def test_what_people_type_is_never_markup(visitor: Visitor, text: str) -> None:
    ann = await visitor.join("Ann")
    await visitor.do(ann, do="write", text=text)
    page = await visitor.page(ann)
    heard = await visitor.hear(ann, 0, "data-own")
    for shown in (page, *(notice["html"] for notice in heard)):
        assert "<script>alert" not in shown
        assert "<img src=x" not in shown
        assert '" onclick="' not in shown
        assert "60481729" not in shown.split('class="text">')[-1]


async def test_words_are_edited_by_their_author_alone(visitor: Visitor) -> None:
    ann, bob = await visitor.join("Ann"), await visitor.join("Bob")
    await visitor.do(ann, do="write", text="first words", key="message-one")
    await visitor.do(bob, do="write", text="not mine", edits="web:message-one")
    assert "first words" in await visitor.page(bob)
    await visitor.do(ann, do="write", text="better words", edits="web:message-one")
    page = await visitor.page(bob)
    assert "better words" in page
    assert "edited" in page


async def test_reactions_are_counted_and_taken_back(visitor: Visitor) -> None:
    ann, bob = await visitor.join("Ann"), await visitor.join("Bob")
    await visitor.do(ann, do="write", text="tea?", key="message-one")
    for me in (ann, bob):
        await visitor.do(me, do="react", message="web:message-one", emoji="👍")
    assert "👍 2" in await visitor.page(ann)
    await visitor.do(ann, do="react", message="web:message-one", emoji="👍", on=False)
    assert "👍 1" in await visitor.page(ann)


async def test_people_come_by_link_or_are_pulled_in_and_leave_and_return(visitor: Visitor) -> None:
    ann = await visitor.join("Ann")
    assert "Ann invites you" in (await visitor.http.get("/join/ann", headers={"accept-language": "en"})).text
    bob = await visitor.join("Bob", how="link", by=ann)
    cat = await visitor.join("小猫", how="pulled", by=ann, locale="zh")
    assert "@小猫</span> 来到Town" in await visitor.page(cat)
    await visitor.do(bob, do="leave")
    assert '<li class="away"><a href="/as/bob"' in await visitor.page(ann)
    await visitor.do(bob, do="join", name="Bob")
    assert '<li class="away"><a href="/as/bob"' not in await visitor.page(ann)


async def test_the_admins_chat_is_there_for_those_who_help_run_the_community(visitor: Visitor) -> None:
    ann = await visitor.join("Ann")
    assert "web%3Atown/admins" not in await visitor.page(ann)
    answer = await visitor.http.post("/role", json={"space": "web:town", "me": ann, "role": "secretary"})
    assert answer.status_code == 200
    assert "web%3Atown/admins" in await visitor.page(ann)
    commands = await visitor.http.get("/commands", params={"space": "web:town", "as": ann})
    assert "rules set" in [command["path"] for command in commands.json()]


async def test_a_click_is_told_to_the_others_at_once(visitor: Visitor) -> None:
    ann, bob = await visitor.join("Ann"), await visitor.join("Bob")
    listening = asyncio.create_task(visitor.hear(bob, 0, "live!"))
    await visitor.listeners(1)
    await visitor.do(ann, do="write", text="live!")
    assert any("live!" in notice["html"] for notice in await listening)


async def test_time_jumps_to_the_next_timer_or_says_that_none_waits(visitor: Visitor) -> None:
    before = visitor.app.clock.now()
    due = visitor.app.scheduler.next_due()
    await visitor.app.settled()
    answer = await visitor.http.post("/clock", json={"minutes": 60})
    assert answer.status_code == 200
    assert (visitor.app.clock.now() - before).total_seconds() >= 3600
    await visitor.http.post("/clock", json={})
    await visitor.app.settled()
    after = visitor.app.scheduler.next_due()
    assert after is not None
    assert due is None or after > due


async def test_what_cannot_be_stored_is_said_and_can_be_asked_again(visitor: Visitor) -> None:
    ann = await visitor.join("Ann")
    submit = visitor.app.store.submit
    visitor.app.store.submit = lambda work: work.failed(StoreError("the disk is full: free some space"))  # type: ignore[method-assign]
    refused = await visitor.do(ann, do="write", text="keep me", key="keep-this-1")
    assert refused.status_code == 503
    assert "free some space" in refused.json()["error"]
    visitor.app.store.submit = submit  # type: ignore[method-assign]
    assert (await visitor.do(ann, do="write", text="keep me", key="keep-this-1")).json()[0]["outcome"] == "committed"
    assert (await visitor.page(ann)).count("keep me</p>") == 1


REFUSED: list[tuple[dict[str, str], int]] = [
    ({"host": "evil.example"}, 421),
    ({"host": "127.0.0.1.evil.example:80"}, 421),
    ({"origin": "http://evil.example"}, 403),
    ({"origin": "null"}, 403),
    ({"content-type": "text/plain"}, 415),
    ({"content-length": "99999999"}, 413),
]


@pytest.mark.parametrize(("headers", "status"), REFUSED)
async def test_only_our_own_pages_may_ask(visitor: Visitor, headers: dict[str, str], status: int) -> None:
    body = b"{}" if "content-length" not in headers else b"x" * 99_999
    if "content-length" in headers:
        headers = {}
    sent = {"content-type": "application/json", **headers}
    answer = await visitor.http.post("/do", content=body, headers=sent)
    assert answer.status_code == status
    assert "content-security-policy" in answer.headers


async def test_no_origin_and_other_methods_are_refused(visitor: Visitor) -> None:
    async with httpx.AsyncClient(base_url=visitor.base) as plain:
        assert (await plain.post("/do", json={})).status_code == 403
        assert (await plain.delete("/do")).status_code == 405
        assert (await plain.get("/nowhere")).status_code == 404
        assert (await plain.get("/as/nobody")).status_code == 303
        assert (await plain.get("/join/nobody")).status_code == 404
        assert (await plain.get("/static/../adapter.py")).status_code == 404


async def test_every_page_allows_nothing_but_our_own_files(visitor: Visitor) -> None:
    await visitor.join("Ann")
    for path in ("/", "/as/ann", "/static/room.js", "/nowhere"):
        answer = await visitor.http.get(path)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'")
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        if "html" in answer.headers["content-type"]:
            assert "<script>" not in answer.text
            assert " style=" not in answer.text
            assert " onclick=" not in answer.text


async def test_the_first_page_is_small(visitor: Visitor) -> None:
    total = 0
    for path in ("/", "/static/style.css", "/static/lobby.js", "/static/icon.svg"):
        total += len((await visitor.http.get(path)).content)
    assert total < 100_000


async def test_nonsense_is_refused_with_a_sentence(visitor: Visitor) -> None:
    await visitor.join("Ann")
    answer = await visitor.http.post("/do", content=b"{", headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert "not a request that the sandbox knows" in answer.json()["error"]
    assert (await visitor.do("nobody", do="write", text="x")).status_code == 404


async def test_everything_is_still_there_after_a_kill(tmp_path: Path) -> None:
    app = make(tmp_path)
    await app.start()
    visitor = Visitor(app)
    ann = await visitor.join("Ann")
    await visitor.do(ann, do="write", text="remember me")
    await visitor.http.aclose()
    await app.drop()
    again = make(tmp_path)
    await again.start()
    visitor = Visitor(again)
    page = await visitor.page(ann)
    assert "remember me" in page
    assert page.count("Welcome to Town") == 1
    await visitor.http.aclose()
    await again.stop()


class Kettle(Plugin[NoConfig]):
    """Answers when the water boils."""

    name = "kettle"
    boiling: ClassVar[asyncio.Event]

    @command("tea")
    async def tea(self, ctx: Context[NoConfig], event: CommandUsed) -> None:
        await self.boiling.wait()
        ctx.answer(Content(("here is your tea",)))


async def test_an_answer_that_takes_long_is_announced_to_who_asked_and_then_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xiaoer_web.site.SLOW", 0.0)
    Kettle.boiling = asyncio.Event()
    app = make(tmp_path, plugin=Kettle)
    await app.start()
    visitor = Visitor(app)
    ann, bob = await visitor.join("Ann"), await visitor.join("Bob")
    listening = asyncio.create_task(visitor.hear(ann, 0, "working"))
    other = asyncio.create_task(visitor.hear(bob, 0, "here is the end"))
    await visitor.listeners(2)
    asking = asyncio.create_task(visitor.do(ann, do="write", text="/tea", key="the-tea-order"))
    heard = await listening
    assert heard[-1]["id"] == "web:the-tea-order"
    Kettle.boiling.set()
    assert (await asking).status_code == 200
    assert "here is your tea" in await visitor.page(ann)
    await visitor.do(ann, do="write", text="here is the end")
    assert not any(notice["kind"] == "working" for notice in await other)
    await visitor.http.aclose()
    await app.stop()


async def test_a_port_that_is_taken_is_said_with_what_to_do(tmp_path: Path, visitor: Visitor) -> None:
    port = int(visitor.base.rpartition(":")[2])
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(AdapterError, match="choose another port"):
        await make(other, port).start()


def test_it_listens_on_this_machine_alone(tmp_path: Path) -> None:
    file = tmp_path / "plugins.toml"
    file.write_text(CONFIG.format(port='0\nhost = "0.0.0.0"'), encoding="utf-8")
    with pytest.raises(ConfigError, match="the sandbox lets everybody be anybody"):
        load_settings(file, {"web": WebAdapter}, {"welcome": Welcome}, {})


async def test_a_newcomer_whose_answer_was_lost_is_told_the_same_person_again(visitor: Visitor) -> None:
    first = (await visitor.do("newcomer", do="join", name="Ann", key="again-000001")).json()[0]
    again = (await visitor.do("newcomer", do="join", name="Ann", key="again-000001")).json()[0]
    other = (await visitor.do("newcomer", do="join", name="Ann", key="other-000001")).json()[0]
    assert (again["me"], again["outcome"]) == (first["me"], "duplicate")
    assert other["me"] != first["me"]
