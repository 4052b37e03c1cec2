"""Pictures: drawn when a message goes out, and never in anybody's way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec
import pytest
from sqlalchemy import select
from structlog.testing import capture_logs
from tests.png import png, title

from xiaoer import (
    Content,
    Context,
    MessagePosted,
    NoConfig,
    NotPrivately,
    Picture,
    Plugin,
    PluginError,
    SendMessage,
    ShowMessage,
    Statement,
    on_message,
    picture,
)
from xiaoer.actions import decode_action, encode_action
from xiaoer.pictures import KEPT, LIMIT, PATIENCE
from xiaoer.registry import Registry
from xiaoer.tables import outbox, shown
from xiaoer.testing import FakePlatform, Town, play, rest
from xiaoer.testing.scene import MAIN

STORED = (Statement(select(outbox.c.action)), Statement(select(shown.c.action)))


class Painter(Plugin[NoConfig]):
    """Sends whatever the test says, and draws however the test says."""

    name = "painter"
    wants: ClassVar[list[Any]] = []
    drawn: ClassVar[list[dict[str, Any]]] = []
    gate: ClassVar[threading.Event] = threading.Event()

    @on_message
    async def speak(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        for action in self.wants:
            ctx.request(action)

    @picture("cover")
    def cover(self, data: dict[str, Any]) -> bytes:
        self.drawn.append(dict(data))
        data.clear()  # what it is given is its own
        return png(f"number {self.drawn[-1]['n']}")

    @picture("odd")
    def odd(self, data: dict[str, Any]) -> bytes:
        if data["what"] == "raise":
            raise LookupError("no such colour")
        if data["what"] == "exit":
            raise SystemExit(3)
        if data["what"] == "wait":
            self.gate.wait()
        made: dict[str, Any] = {"text": "a picture", "jpeg": b"\xff\xd8\xff", "large": png("") + bytes(LIMIT)}
        found: bytes = made.get(data["what"], png("in time"))
        return found


class Other(Plugin[NoConfig]):
    """Has a picture of its own."""

    name = "other"

    @on_message
    async def speak(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        if event.text == "both":
            ctx.send("fake:town/other", content("other's", number(1)))

    @picture("cover")
    def cover(self, data: dict[str, Any]) -> bytes:
        return png("the other's")


def number(n: int) -> Picture:
    return Picture("cover", {"n": n}, f"number {n}")


def content(text: str, shows: Picture | None) -> Content:
    return Content((text,), (), shows)


def say(text: str, shows: Picture | None, **more: Any) -> SendMessage:
    return SendMessage(chat=MAIN, content=content(text, shows), **more)


def show(text: str, shows: Picture | None) -> ShowMessage:
    return ShowMessage(chat=MAIN, key="board", content=content(text, shows))


def odd(what: str) -> Picture:
    return Picture("odd", {"what": what}, "something odd")


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    Painter.wants, Painter.drawn, Painter.gate = [], [], threading.Event()
    yield
    Painter.gate.set()
    for thread in drawing():
        thread.join(5)


async def ask(town: Town, *actions: Any, text: str = "go") -> None:
    Painter.wants = list(actions)
    await town.say("ann", text)


def seen(town: Town, chat: str = MAIN) -> list[tuple[str, str]]:
    return [(one.text, title(one.picture.png) if one.picture else "") for one in town.messages(chat)]


async def test_a_message_goes_out_with_its_picture_drawn() -> None:
    async with play(Painter) as town:
        await ask(town, say("look", number(7)))
        (message,) = town.messages()
        assert message.picture is not None
        assert (message.picture.name, message.picture.data, message.picture.alt) == ("cover", {"n": 7}, "number 7")
        assert title(message.picture.png) == "number 7"


async def test_an_answer_can_have_a_picture_too() -> None:
    async with play(Painter) as town:
        await ask(town, say("look", number(1), only_to="fake:ann"))
        assert seen(town) == [("look", "number 1")]


async def test_a_message_for_everybody_instead_has_its_picture() -> None:
    async with play(Painter) as town:
        town.fake.failures.append(NotPrivately("never opened"))
        await ask(town, say("look", number(1), only_to="fake:ann", public_instead=True))
        assert seen(town) == [("look", "number 1")]


async def test_a_message_that_is_shown_ends_with_its_last_picture() -> None:
    async with play(Painter) as town:
        await ask(town, show("one", number(1)))
        await ask(town, show("two", number(2)), show("three", number(3)))
        assert seen(town) == [("three", "number 3")]
        await ask(town, show("four", None))
        assert seen(town) == [("four", "")]


async def test_what_goes_to_many_chats_is_drawn_once() -> None:
    async with play(Painter) as town:
        chats = [f"fake:town/{place}" for place in range(20)]
        await ask(town, *[SendMessage(chat=chat, content=content("all", number(1))) for chat in chats])
        assert [seen(town, chat) for chat in chats] == [[("all", "number 1")]] * 20
        assert Painter.drawn == [{"n": 1}]


async def test_only_so_many_bytes_of_pictures_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xiaoer.pictures.KEPT", 2 * len(png("number 1")))
    async with play(Painter) as town:
        await ask(town, *[say("look", number(n)) for n in (1, 2, 1, 3, 1, 2)])
        assert [one["n"] for one in Painter.drawn] == [1, 2, 3, 2]
    assert KEPT >= LIMIT


async def test_a_picture_is_in_no_table() -> None:
    async with play(Painter, platform=FakePlatform(hang=True)) as town:
        drawn = msgspec.structs.replace(number(1), png=png("number 1"))
        Painter.wants = [say("look", drawn), show("look", drawn)]
        await town.app.pipeline.submit(town.writing("ann", "go"))
        await town.until(lambda: len(town.fake.requests) == 1)
        rows = [row.action for statement in STORED for row in await town.rows(statement)]
        assert len(rows) == 2
        assert not any(b"png" in row or b"iVBOR" in row for row in rows)
        assert [decode_action(row).content.picture for row in rows] == [number(1)] * 2  # type: ignore[union-attr]


def test_an_action_keeps_from_what_its_picture_is_drawn() -> None:
    action = say("look", number(4))
    assert decode_action(encode_action(action)) == action


async def test_a_picture_of_one_plugin_is_not_taken_for_anothers() -> None:
    async with play(Painter, Other) as town:
        await ask(town, say("painter's", number(1)), text="both")
        assert seen(town) + seen(town, "fake:town/other") == [("painter's", "number 1"), ("other's", "the other's")]


WRONG = {
    "raise": "LookupError: no such colour",
    "exit": "SystemExit: 3",
    "text": "it must be bytes, and is str",
    "jpeg": "it must be a PNG",
    "large": f"it has {len(png('')) + LIMIT} bytes, and may have {LIMIT}",
}


@pytest.mark.parametrize("what", WRONG)
async def test_a_picture_that_cannot_be_drawn_is_left_out_and_its_plugin_named_once(what: str) -> None:
    async with play(Painter) as town:
        with capture_logs() as logs:
            await ask(town, say("one", odd(what)), say("two", odd(what)))
        assert seen(town) == [("one", ""), ("two", "")]
        told = [(one["plugin"], one["picture"], one["reason"]) for one in logs if one["event"] == "picture left out"]
        assert told == [("painter", "odd", WRONG[what])]


async def test_a_picture_that_is_not_declared_any_more_is_left_out() -> None:
    async with play(Painter) as town:
        with capture_logs() as logs:
            await ask(town, say("look", Picture("gone", {}, "gone")))
        assert seen(town) == [("look", "")]
        assert [one["reason"] for one in logs if one["event"] == "picture left out"] == [
            "the plugin declares no such picture"
        ]


async def test_where_there_are_no_words_either_its_alternative_text_is_said() -> None:
    async with play(Painter) as town:
        await ask(town, say(" ", odd("raise")))
        assert seen(town) == [("something odd", "")]


async def begin(town: Town, *actions: Any, text: str = "go") -> None:
    """Ask for what is never drawn, and return when that is being tried."""
    Painter.wants = list(actions)
    await town.app.pipeline.submit(town.writing("ann", text))
    await town.until(lambda: drawing() != [])
    await rest()


def drawing() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "xiaoer-picture-painter"]


async def test_a_picture_that_takes_too_long_is_left_out() -> None:
    async with play(Painter) as town:
        with capture_logs() as logs:
            await begin(town, say("late", odd("wait")))
            await town.clock.advance(PATIENCE - 0.1)
            assert seen(town) == []
            await town.clock.advance(0.2)
            await town.settle()
        assert seen(town) == [("late", "")]
        assert [one["reason"] for one in logs if one["event"] == "picture left out"] == ["it took longer than 3 s"]


async def test_a_plugin_that_never_ends_drawing_holds_up_its_own_pictures_only_and_for_once() -> None:
    async with play(Painter, Other) as town:
        await begin(town, say("late", odd("wait")), text="both")
        await town.until(lambda: seen(town, "fake:town/other") == [("other's", "the other's")])
        await town.clock.advance(PATIENCE)
        await town.settle()
        await ask(town, say("next", number(1)))  # at once, without a picture
        assert seen(town) == [("late", ""), ("next", "")]
        assert [one.daemon for one in drawing()] == [True]


async def test_a_plugin_whose_late_picture_is_done_draws_again() -> None:
    async with play(Painter) as town:
        await begin(town, say("late", odd("wait")))
        await town.clock.advance(PATIENCE)
        await town.settle()
        Painter.gate.set()
        (late,) = town.app.delivery._pictures._late.values()
        await town.until(late.done)
        await ask(town, say("next", number(1)))
        assert seen(town) == [("late", ""), ("next", "number 1")]


async def test_an_app_ends_though_a_picture_is_never_drawn() -> None:
    async with play(Painter) as town:
        await begin(town, say("late", odd("wait")))
        await town.app.stop()
        assert drawing() != []


def test_a_picture_is_declared_once() -> None:
    twice: Plugin[NoConfig] = type("Twice", (Painter,), {"again": Painter.cover})()
    with pytest.raises(PluginError, match="picture cover is declared twice"):
        Registry().register(twice)


@pytest.mark.parametrize("kind", ["async", "arguments"])
def test_what_cannot_draw_is_refused_with_what_to_write(kind: str) -> None:
    async def later(self: Any, data: dict[str, Any]) -> bytes:
        return b""

    def other(self: Any, ctx: Any) -> bytes:
        return b""

    function: Any = later if kind == "async" else other
    wrong = type("Wrong", (Plugin,), {"name": "wrong", "cover": picture("cover")(function)})()
    with pytest.raises(PluginError, match=r"write def (later|other)\(self, data\), without async"):
        Registry().register(wrong)
