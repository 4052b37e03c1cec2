"""Files in the sandbox: posted apart, stored once, handed out so that nothing in them runs, gone with their message."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from tests.adapters.xiaoer_web.test_pictures import CONFIG, PLACE, Room, send
from tests.png import png

from xiaoer import Attachment, Content, Delete, Edit, Fetch, FileRefused, Gone, Statement, Stored
from xiaoer.app import App
from xiaoer.settings import load_settings
from xiaoer_web import WebAdapter
from xiaoer_web.files import LARGEST, UNUSED, headers_of, shown_as
from xiaoer_web.quoting import ANSWERED, quoted
from xiaoer_web.tables import files

STORED = Statement(select(files.c.data))
LEAF = b"<svg onload='alert(1)'/>"
BYTES = {"content-type": "application/octet-stream"}
KEYS = count(1)


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


async def post(room: Room, data: bytes, name: str = "leaf.svg", **headers: str) -> httpx.Response:
    where = {"space": "web:town", "as": "ann", "name": name}
    return await room.http.post("/file", params=where, content=data, headers=BYTES | headers)


async def write(room: Room, **what: Any) -> str:
    """Let Ann write, and return the message's id."""
    key = f"write-{next(KEYS):05}"
    body = {"key": key, "space": "web:town", "chat": PLACE, "me": "ann", "do": "write", **what}
    answer = await room.http.post("/do", json=body)
    assert answer.status_code == 200, answer.text
    return f"web:{key}"


async def stored(room: Room) -> list[bytes]:
    return sorted(row.data for row in await room.app.store.report(STORED))


def carries(text: str, data: bytes, mime: str = "text/plain", name: str = "leaf.txt", alt: str = "") -> Content:
    return Content((text,), file=Stored(sha256(data).hexdigest(), name, mime, alt, data))


async def test_a_file_is_posted_and_hangs_on_the_message_that_names_it(room: Room) -> None:
    told = (await post(room, png("red"), "tea.png")).json()
    assert told == {"attach": sha256(png("red")).hexdigest(), "called": "tea.png", "kind": "photo"}
    await write(room, text="", **told)
    page = await room.page("bob")
    assert f'<img src="/file/{told["attach"]}" alt="tea.png"' in page
    assert (await room.http.get(f"/file/{told['attach']}")).content == png("red")


@pytest.mark.parametrize(
    ("mime", "kind", "shown"),
    [
        ("image/png", "image/png", "image"),
        ("video/mp4", "video/mp4", "video"),
        ("text/plain", "text/plain; charset=utf-8", "download"),
        ("application/pdf", "application/pdf", "download"),
        ("image/svg+xml", "application/octet-stream", "download"),
        ("text/html", "application/octet-stream", "download"),
        ("application/xhtml+xml", "application/octet-stream", "download"),
    ],
)
def test_only_pictures_and_videos_are_shown_and_all_else_is_a_download(mime: str, kind: str, shown: str) -> None:
    headers = headers_of(mime, '茶".html')
    assert (headers["content-type"], shown_as(mime)) == (kind, shown)
    wanted = None if shown != "download" else "attachment; filename*=UTF-8''%E8%8C%B6%22.html"
    assert headers.get("content-disposition") == wanted


async def test_what_could_run_is_a_text_to_be_downloaded(room: Room) -> None:
    told = (await post(room, LEAF)).json()
    await write(room, text="look", **told)
    answer = await room.http.get(f"/file/{told['attach']}")
    assert (told["kind"], answer.headers["content-type"]) == ("file", "text/plain; charset=utf-8")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert 'download="leaf.svg"' in await room.page("bob")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"content-type": "application/json"}, 415),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "multipart/form-data"}, 415),
    ],
)
async def test_only_our_own_pages_post_files_and_in_one_way_only(
    room: Room, headers: dict[str, str], status: int
) -> None:
    assert (await post(room, LEAF, **headers)).status_code == status
    assert await stored(room) == []


async def test_a_file_that_is_empty_too_large_or_nobodys_is_refused_with_a_sentence(room: Room) -> None:
    empty, large = await post(room, b""), await post(room, b"x" * (LARGEST + 1))
    assert (empty.status_code, empty.json()["error"]) == (400, "The file is empty: choose another one.")
    assert (large.status_code, large.text) == (413, "That is too much at once: at most 20 MB.")
    where = {"space": "web:town", "as": "nobody", "name": "x"}
    assert (await room.http.post("/file", params=where, content=b"x", headers=BYTES)).status_code == 404
    assert await stored(room) == []


async def test_requests_that_are_no_files_stay_small(room: Room) -> None:
    answer = await room.http.post(
        "/do", content=b"[" + b" " * 70_000 + b"]", headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.text) == (413, "That is too much at once: at most 64 kB.")


async def test_nothing_and_no_file_is_nothing_that_can_be_written(room: Room) -> None:
    body = {"key": "write-nothing", "space": "web:town", "chat": PLACE, "me": "ann", "do": "write", "text": ""}
    answer = await room.http.post("/do", json=body)
    assert answer.status_code == 400
    assert "attach a file" in answer.json()["error"]


async def test_the_same_bytes_under_two_names_are_stored_once_and_called_as_each_was(room: Room) -> None:
    for name in ("one.txt", "two.txt"):
        await write(room, text=name, **(await post(room, b"tea", name)).json())
    page = await room.page("bob")
    assert 'download="one.txt"' in page
    assert 'download="two.txt"' in page
    assert await stored(room) == [b"tea"]


async def test_a_message_whose_words_are_edited_keeps_its_file(room: Room) -> None:
    message = await write(room, text="one", **(await post(room, b"tea")).json())
    await write(room, text="two", edits=message)
    page = await room.page("bob")
    assert 'download="leaf.svg"' in page
    assert "two" in page


async def test_a_file_goes_with_the_last_message_that_has_it(room: Room) -> None:
    for name in ("1", "2"):
        await room.perform(send(name, carries("look", b"tea")))
    await room.perform(Delete("1/d", PLACE, "1"))
    assert await stored(room) == [b"tea"]
    await room.perform(Edit("2/2", PLACE, "2", carries("look", b"cake")))
    assert await stored(room) == [b"cake"]
    await room.perform(Edit("2/3", PLACE, "2", Content(("only words",))))
    assert await stored(room) == []
    await room.perform(Edit("2/4", PLACE, "2", carries("look", b"tea")))
    await room.perform(Delete("2/d", PLACE, "2"))
    assert await stored(room) == []


async def test_a_file_that_no_message_came_for_is_thrown_away_when_another_is_posted(room: Room) -> None:
    await post(room, b"left alone")
    await write(room, text="", **(await post(room, b"used")).json())
    await room.app._adapters["web"].host.move_clock(UNUSED + timedelta(minutes=1))
    await post(room, b"newest")
    assert await stored(room) == [b"newest", b"used"]


async def test_what_is_said_twice_is_what_was_said_last_and_leaves_nothing_behind(room: Room) -> None:
    await room.perform(send("1", carries("look", b"tea")))
    await room.perform(send("1", carries("look", b"cake")))
    assert await stored(room) == [b"cake"]


async def test_the_alternative_text_stands_beside_a_download_and_in_a_picture(room: Room) -> None:
    await room.perform(send("1", carries("look", b"tea", alt="a <leaf>")))
    await room.perform(send("2", carries("look", png("red"), "image/png", "red.png", 'a "red" field')))
    page = await room.page("ann")
    assert "<span>a &lt;leaf&gt;</span>" in page
    assert 'alt="a &#34;red&#34; field"' in page


async def test_a_file_is_handed_out_to_be_kept_as_far_as_it_may(room: Room) -> None:
    told = (await post(room, b"tea")).json()
    await write(room, text="", **told)
    attachment = Attachment("file", "leaf.txt", "text/plain", 3, told["attach"])
    assert (await room.perform(Fetch("1", PLACE, attachment, 3))).data == b"tea"
    with pytest.raises(FileRefused):
        await room.perform(Fetch("1", PLACE, attachment, 2))
    with pytest.raises(Gone):
        await room.perform(Fetch("1", PLACE, Attachment("file", "", "", None, "0" * 64), 3))


async def test_a_message_that_somebody_does_not_see_is_not_quoted_to_them(room: Room) -> None:
    await room.perform(send("1", Content(("psst",)), "web:ann"))
    (row,) = await room.app.store.read(ANSWERED, message="1", place=PLACE)
    ann, bob = (room.app._adapters["web"]._people.find("web:town", name) for name in ("ann", "bob"))  # type: ignore[attr-defined]
    found = quoted(row, ann, None)
    assert found is not None
    assert (found.text, found.who) == ("psst", None)
    assert quoted(row, bob, None) is None
    assert await room.app.store.read(ANSWERED, message="1", place="web:town/admins") == []
