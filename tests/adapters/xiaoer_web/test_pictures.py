"""Pictures in the sandbox: stored once, served to its own pages, and gone with the last message that shows them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import URL, create_engine, inspect, select
from tests.png import png

from xiaoer import Answer, Content, Delete, Edit, Hopeless, Picture, Receipt, Request, Send, Statement
from xiaoer.app import App
from xiaoer.migration import migrate
from xiaoer.settings import load_settings
from xiaoer_web import WebAdapter
from xiaoer_web.rooms import SEEN
from xiaoer_web.tables import metadata, pictures

CONFIG = """
[xiaoer]
database = "town.db"
[adapters.web]
port = 0
[communities.town]
name = "Town"
spaces = ["web:town"]
chats = { main = ["web:town/main"] }
"""
PLACE = "web:town/main"
STORED = Statement(select(pictures.c.png))
NOBODY = "0" * 64


class Room:
    """A room, with Ann and Bob in it."""

    def __init__(self, app: App) -> None:
        self.app = app
        base = app.addresses[0].rstrip("/")
        self.http = httpx.AsyncClient(base_url=base, headers={"origin": base})

    async def come(self, name: str) -> None:
        body = {"key": f"join-{name}-1", "space": "web:town", "chat": PLACE, "me": "newcomer", "do": "join"}
        assert (await self.http.post("/do", json=body | {"name": name})).status_code == 200

    async def perform(self, request: Request) -> Receipt:
        return await self.app._adapters["web"].perform(request)

    async def page(self, name: str) -> str:
        return (await self.http.get(f"/as/{name}")).text

    async def addresses(self, name: str) -> list[str]:
        """Return the addresses of the pictures on somebody's page."""
        return [piece.split('"')[0] for piece in (await self.page(name)).split('<img src="')[1:]]

    async def stored(self) -> list[bytes]:
        return sorted(row.png for row in await self.app.store.report(STORED))


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    file = tmp_path / "plugins.toml"
    file.write_text(CONFIG, encoding="utf-8")
    app = App(load_settings(file, {"web": WebAdapter}, {}, {}), {}, {"web": WebAdapter}, b"a key for tests only")
    await app.start()
    found = Room(app)
    for name in ("ann", "bob"):
        await found.come(name)
    yield found
    await found.http.aclose()
    await app.stop()


def shows(picture: str, alt: str = "", **more: Any) -> Content:
    return Content(("look",), (), Picture("cover", {"secret": "of the plugin"}, alt or picture, png(picture, **more)))


def send(name: str, content: Content, only_to: str | None = None) -> Send:
    return Send(name, PLACE, content, None, only_to)


async def test_a_picture_stands_on_the_page_with_its_size_and_its_alternative_text(room: Room) -> None:
    await room.perform(send("1", shows("red", '"red" <b>& more', width=64, height=36)))
    page = await room.page("ann")
    assert 'alt="&#34;red&#34; &lt;b&gt;&amp; more" width="64" height="36"' in page
    (row,) = [row for row in await room.app.store.report(SEEN, chat=PLACE, person="ann") if row.author is None]
    assert "of the plugin" not in page + str(row.content)
    assert await room.addresses("ann") == await room.addresses("bob") != []


async def test_a_picture_is_served_as_what_it_is_and_kept_for_ever(room: Room) -> None:
    await room.perform(send("1", shows("red")))
    (address,) = await room.addresses("ann")
    answer = await room.http.get(address)
    assert (answer.content, answer.headers["content-type"]) == (png("red"), "image/png")
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "img-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("name", [NOBODY, "x", "%2e%2e", "' OR 1=1 --"])
async def test_where_there_is_no_picture_nothing_is_served(room: Room, name: str) -> None:
    await room.perform(send("1", shows("red")))
    assert (await room.http.get(f"/picture/{name}")).status_code == 404


async def test_a_foreign_page_is_not_served(room: Room) -> None:
    await room.perform(send("1", shows("red")))
    (address,) = await room.addresses("ann")
    assert (await room.http.get(address, headers={"host": "evil.example"})).status_code == 421


async def test_the_address_of_one_persons_picture_is_on_nobody_elses_page(room: Room) -> None:
    await room.perform(send("1", shows("red"), "web:ann"))
    await room.perform(Answer("2", PLACE, "web:x", shows("blue"), True, "web:ann"))
    assert [len(await room.addresses(name)) for name in ("ann", "bob")] == [2, 0]


async def test_a_picture_that_many_messages_show_is_stored_once_and_stays_till_the_last_is_gone(room: Room) -> None:
    for name in ("1", "2", "3"):
        await room.perform(send(name, shows("red")))
    assert await room.stored() == [png("red")]
    await room.perform(Delete("1/d", PLACE, "1"))
    await room.perform(Edit("2/2", PLACE, "2", Content(("only words",))))
    assert await room.stored() == [png("red")]
    await room.perform(Edit("3/2", PLACE, "3", shows("blue")))
    assert await room.stored() == [png("blue")]
    await room.perform(Delete("3/d", PLACE, "3"))
    assert await room.stored() == []


async def test_a_picture_is_changed_and_taken_away(room: Room) -> None:
    await room.perform(send("1", shows("red")))
    (before,) = await room.addresses("ann")
    await room.perform(Edit("1/2", PLACE, "1", shows("blue")))
    (after,) = await room.addresses("ann")
    assert (await room.http.get(after)).content == png("blue")
    assert (await room.http.get(before)).status_code == 404
    await room.perform(Edit("1/3", PLACE, "1", Content(("only words",))))
    assert await room.addresses("ann") == []


async def test_a_picture_that_did_not_change_stays(room: Room) -> None:
    await room.perform(send("1", shows("red")))
    before = await room.addresses("ann")
    await room.perform(Edit("1/2", PLACE, "1", shows("red", "in other words")))
    assert await room.addresses("ann") == before
    assert await room.stored() == [png("red")]


async def test_what_is_said_twice_shows_what_was_asked_for_last_and_leaves_nothing_behind(room: Room) -> None:
    await room.perform(send("1", shows("red")))
    await room.perform(send("1", shows("blue")))
    (address,) = await room.addresses("ann")
    assert (await room.http.get(address)).content == png("blue")
    assert await room.stored() == [png("blue")]


async def test_a_message_that_is_gone_gets_no_picture(room: Room) -> None:
    await room.perform(send("1", Content(("look",))))
    await room.perform(Delete("1/d", PLACE, "1"))
    for message in ("1", "never there"):
        with pytest.raises(Hopeless, match="message to edit not found"):
            await room.perform(Edit("1/2", PLACE, message, shows("red")))
    assert await room.stored() == []


async def test_an_open_page_is_told_of_the_new_picture(room: Room) -> None:
    await room.perform(send("1", shows("red")))
    async with room.http.stream("GET", "/stream", params={"as": "web:town/ann"}) as stream:
        lines = stream.aiter_lines()
        assert await anext(lines) == ": here"
        await room.perform(Edit("1/2", PLACE, "1", shows("blue")))
        told = [line async for line in _first(lines)]
    (address,) = await room.addresses("ann")
    assert address in told[0]


async def _first(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    async for line in lines:
        if line.startswith("data: "):
            yield line
            return


def test_a_file_that_is_brought_up_to_date_has_the_tables_that_the_code_declares(tmp_path: Path) -> None:
    migrated, created = tmp_path / "a.db", tmp_path / "b.db"
    assert migrate(migrated, [("xiaoer", "xiaoer"), ("web", "xiaoer_web")]) == []
    engines = [create_engine(URL.create("sqlite", database=str(file))) for file in (migrated, created)]
    metadata.create_all(engines[1])
    found = [inspect(engine) for engine in engines]
    for table in metadata.tables:
        columns = [[(one["name"], str(one["type"]), one["nullable"]) for one in of.get_columns(table)] for of in found]
        assert columns[0] == columns[1]
        indices = [{one["name"]: one["column_names"] for one in of.get_indexes(table)} for of in found]
        assert indices[0] == indices[1]
    for engine in engines:
        engine.dispose()


async def looked(room: Room, name: str, message: str) -> tuple[int, str]:
    answer = await room.http.get(f"/look/{message}", params={"as": name})
    return answer.status_code, answer.text


async def test_a_picture_has_a_page_of_its_own_with_its_words_and_the_way_back(room: Room) -> None:
    await room.perform(send("action/1 ?", shows("red", '"red" <b>')))
    (link,) = [piece.split('"')[0] for piece in (await room.page("ann")).split('<a href="/look/')[1:]]
    page = (await room.http.get(f"/look/{link}")).text
    assert 'alt="&#34;red&#34; &lt;b&gt;"' in page
    assert '<p class="text">look</p>' in page
    assert f'href="/as/ann?chat={PLACE}"' in page


async def test_only_who_sees_a_message_sees_the_page_of_its_picture(room: Room) -> None:
    await room.perform(send("1", shows("red"), "web:ann"))
    assert [(await looked(room, name, "1"))[0] for name in ("ann", "bob")] == [200, 404]


async def test_where_no_picture_is_shown_the_page_says_so(room: Room) -> None:
    await room.perform(send("1", Content(("only words",))))
    for message in ("1", "2", "../1"):
        status, page = await looked(room, "ann", message)
        assert (status, "go back to the chat" in page or "no such page" in page) == (404, True)
