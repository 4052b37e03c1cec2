"""Badges, gates, asking to be let in and being sent out, as the sandbox's pages, streams and requests have them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.xiaoer_web import test_sandbox
from tests.adapters.xiaoer_web.test_sandbox import Visitor
from tests.png import png

from xiaoer import (
    Badge,
    BadgesChanged,
    Button,
    ButtonPressed,
    Content,
    Context,
    Decide,
    Gate,
    Hopeless,
    Invite,
    JoinRequested,
    JoinSource,
    MemberJoined,
    MemberLeft,
    NoConfig,
    Picture,
    Plugin,
    Remove,
    Request,
    Send,
    Wear,
    button,
    on_badges,
    on_join,
    on_join_request,
    on_leave,
)
from xiaoer.app import App
from xiaoer_web.badges import NAME, given_as

ROOM = "web:town/founders"
SEAT = Badge("seat", "Founding partner", "创始·07", 0xD4A017)
PASS = Badge("pass", "Hall pass")
WAITS = "You asked to be let in."
OUTSIDE = "You are not in this community."


class Ear(Plugin[NoConfig]):
    """Hears what is told of members."""

    name = "ear"
    heard: ClassVar[list[Any]]

    @on_join
    async def came(self, ctx: Context[NoConfig], event: MemberJoined) -> None:
        self.heard.append(event)

    @on_leave
    async def left(self, ctx: Context[NoConfig], event: MemberLeft) -> None:
        self.heard.append(event)

    @on_badges
    async def changed(self, ctx: Context[NoConfig], event: BadgesChanged) -> None:
        self.heard.append(event)

    @on_join_request
    async def asked(self, ctx: Context[NoConfig], event: JoinRequested) -> None:
        self.heard.append(event)

    @button("why")
    async def why(self, ctx: Context[NoConfig], event: ButtonPressed, data: str) -> None:
        ctx.answer(Content(("Because all seats are taken.",)))


class Town(Visitor):
    """A town with a hall beside its main chat."""

    async def perform(self, *requests: Request) -> None:
        """Let the bot do something."""
        for request in requests:
            await self.app._adapters["web"].perform(request)

    async def wear(self, who: str, *badges: Badge, plugin: str = "seats") -> None:
        await self.perform(Wear(f"wear/{next(self.keys)}", "web:town", plugin, f"web:{who}", badges))

    async def gate(self, badge: Badge | None = PASS) -> None:
        await self.perform(Gate(f"gate/{next(self.keys)}", ROOM, "seats", badge))

    async def rule(self, who: str, *, on_request: bool | None = None) -> int:
        """Let somebody act as owner, and turn the door."""
        await self.http.post("/role", json={"space": "web:town", "me": who, "role": "owner"})
        return await self.turn(who, on_request) if on_request is not None else 200

    async def turn(self, who: str, on_request: bool) -> int:
        body = {"space": "web:town", "me": who, "on_request": on_request}
        return (await self.http.post("/entry", json=body)).status_code

    async def decide(self, who: str, admit: bool, words: str = "", buttons: Any = (), name: str = "decide/1") -> None:
        await self.app.settled()
        handle = [event.handle for event in self.heard(JoinRequested) if event.who.account == f"web:{who}"][-1]
        content = Content((words,), buttons) if words else None
        await self.perform(Decide(name, "web:town", f"web:{who}", handle, admit, content))

    def heard(self, kind: type) -> list[Any]:
        return [event for event in Ear.heard if isinstance(event, kind)]

    async def hears(self, who: str) -> str:
        """Return all that the stream tells somebody from the beginning."""
        bob = await self.do("bob", do="write", text="the end")
        assert bob.status_code == 200
        told = await self.hear(who, 0, '"chats"')
        return "".join(notice["html"] for notice in told)


def make(folder: Path) -> App:
    return test_sandbox.make(folder, plugin=Ear)


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    main = f'main = ["web:town/main", "{ROOM}"]'
    monkeypatch.setattr(test_sandbox, "CONFIG", test_sandbox.CONFIG.replace('main = ["web:town/main"]', main))
    Ear.heard = []
    app = make(tmp_path)
    await app.start()
    town = Town(app)
    for name in ("Ann", "Bob"):
        await town.join(name)
    yield town
    await town.http.aclose()
    await town.app.stop()


async def again(town: Town, folder: Path) -> None:
    """Kill the app and start it again."""
    await town.http.aclose()
    await town.app.drop()
    app = make(folder)
    await app.start()
    Town.__init__(town, app)


def beside(page: str, who: str) -> list[tuple[str, str]]:
    """Return the badges in the list of members: what is shown, and what a pointer reads."""
    (line,) = re.findall(rf'<li class="[a-z]*"><a href="/as/{who}".*?</li>', page, re.DOTALL)
    return [
        (label, title)
        for title, label in re.findall(r'<span class="badge[ a-z]*" title="([^"]*)">.*?<bdi>(.*?)</bdi>', line)
    ]


# -- badges ----------------------------------------------------------------------------------------------------------


async def test_a_badge_stands_beside_the_name_and_at_what_they_say_with_its_name_to_be_read(town: Town) -> None:
    await town.wear("ann", SEAT)
    await town.do("ann", do="write", text="good morning")
    page = await town.page("bob")
    assert beside(page, "ann") == [("创始·07", "Founding partner")]
    assert beside(page, "bob") == []
    said = page.split('data-author="ann"')[1].split("</li>")[0]
    assert 'title="Founding partner"' in said
    assert "创始·07" in said
    assert 'fill="#d4a017"' in said
    assert '<span class="sr"> Founding partner</span>' in said


async def test_a_badge_without_words_or_colour_is_carried_and_not_shown_at_messages(town: Town) -> None:
    await town.wear("ann", PASS)
    await town.do("ann", do="write", text="good morning")
    page = await town.page("bob")
    assert beside(page, "ann") == [("Hall pass", "Hall pass")]
    assert "Hall pass" not in page.split('data-author="ann"')[1].split("</li>")[0]


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '" onclick="x', "{{ 7777*7777 }}", "<img src=x>"])
async def test_what_a_badge_is_called_is_never_markup(town: Town, text: str) -> None:
    await town.wear("ann", Badge("a", text, text[::-1]), Badge("b", text, "", 1))
    await town.rule("bob")
    await town.do("ann", do="write", text="look")
    for shown in (await town.page("bob"), await town.hears("bob")):
        assert "<script>alert" not in shown
        assert '" onclick="' not in shown
        assert "60481729" not in shown
        assert "<img src=x" not in shown


async def test_the_most_important_badge_comes_first_and_long_ones_are_cut_to_one_line(town: Town) -> None:
    await town.wear("ann", SEAT, Badge("long", "n\n" * 99, "t\n" * 99), SEAT)
    (first, _), (label, title) = beside(await town.page("bob"), "ann")
    assert first == "创始·07"
    assert (len(label), len(title), "\n" in label) == (30, 60, False)


async def test_others_hear_at_once_of_a_badge(town: Town) -> None:
    since = town.app._adapters["web"]._hub.rev  # type: ignore[attr-defined]
    await town.wear("ann", SEAT)
    heard = await town.hear("bob", since, "people")
    assert any(notice["kind"] == "people" and "创始·07" in notice["html"] for notice in heard)
    after = town.app._adapters["web"]._hub.rev  # type: ignore[attr-defined]
    await town.wear("ann", SEAT)
    assert town.app._adapters["web"]._hub.rev == after, "what is so already is no news"  # type: ignore[attr-defined]


async def test_who_runs_the_room_takes_a_badge_by_hand_and_it_is_told(town: Town) -> None:
    await town.wear("ann", SEAT, PASS)
    assert "data-strip" not in await town.page("bob")
    strip = {"do": "strip", "whose": "ann", "plugin": "seats", "kind": "seat"}
    refused = await town.do("bob", **strip)
    assert (refused.status_code, "act as one first" in refused.text) == (403, True)
    await town.rule("bob")
    assert 'data-strip="seat" data-plugin="seats" aria-label="Take 创始·07 from Ann"' in await town.page("bob")
    assert (await town.do("bob", **strip)).status_code == 200
    page = await town.page("bob")
    assert beside(page, "ann") == [("Hall pass", "Hall pass")]
    assert [event.who.account for event in town.heard(BadgesChanged)] == ["web:ann"]


async def test_who_leaves_takes_no_badge_along(town: Town) -> None:
    await town.wear("ann", SEAT)
    await town.do("ann", do="leave")
    await town.do("ann", do="join", name="Ann")
    assert beside(await town.page("bob"), "ann") == []


async def test_a_badge_for_who_is_not_there_ends_with_words_for_people_and_taking_it_is_a_success(town: Town) -> None:
    await town.do("ann", do="leave")
    for who in ("ann", "nobody"):
        with pytest.raises(Hopeless) as refused:
            await town.wear(who, SEAT)
        assert refused.value.key == "web.badge.nobody"
        await town.wear(who)


@given(st.text(), st.text(), st.none() | st.integers())
def test_whatever_a_badge_is_called_it_is_a_short_line_and_a_colour_that_pages_know(
    name: str, tag: str, colour: int | None
) -> None:
    worn = given_as("seats", Badge("seat", name, tag, colour))
    assert 1 <= len(worn.label) <= NAME
    assert worn.label.isprintable()
    assert re.fullmatch("(#[0-9a-f]{6})?", worn.hue)


# -- asking to be let in ---------------------------------------------------------------------------------------------


async def test_only_who_runs_the_room_says_how_people_come_in(town: Town) -> None:
    assert await town.turn("bob", True) == 403
    assert await town.rule("bob", on_request=True) == 200
    lobby = (await town.http.get("/", params={"lang": "en"})).text
    assert ("Ask to be let in" in lobby, "Come in</button>" in lobby) == (True, False)
    assert await town.turn("bob", False) == 200
    assert "Come in</button>" in (await town.http.get("/", params={"lang": "en"})).text


async def test_where_people_ask_a_link_asks_too_and_who_is_pulled_in_or_invited_comes_in(town: Town) -> None:
    await town.rule("bob", on_request=True)
    receipt = await town.app._adapters["web"].perform(Invite("action/1", "web:town"))
    code = (receipt.invite or "").partition("=")[2]
    assert "Come in</button>" in (await town.http.get("/", params={"lang": "en", "invite": code})).text
    await town.join("Cid", how="link", by="bob")
    await town.join("Dan", how="pulled", by="bob")
    await town.join("Eve", invite=code)
    await town.app.settled()
    (asked,) = town.heard(JoinRequested)
    assert (asked.who.account, asked.source) == ("web:cid", JoinSource("referral", "exact", by="web:bob"))
    assert [event.who.name for event in town.heard(MemberJoined)] == ["Ann", "Bob", "Dan", "Eve"]
    await town.decide("cid", True)
    await town.app.settled()
    assert town.heard(MemberJoined)[-1].source == asked.source


async def test_nobody_is_pulled_in_by_who_is_not_there(town: Town) -> None:
    await town.rule("bob", on_request=True)
    await town.do("ann", do="leave")
    for by in ("ann", "nobody"):
        assert WAITS in await town.page(await town.join("Cid", how="pulled", by=by))


async def test_who_waits_sees_and_says_nothing(town: Town) -> None:
    await town.do("ann", do="write", text="between us", key="message-one")
    await town.rule("bob", on_request=True)
    cid = await town.join("Cid", locale="zh")
    page = await town.page(cid, "web:town/main")
    assert ("between us" in page, "你已申请进来" in page) == (False, True)
    assert "between us" not in await town.hears(cid)
    for what in (
        {"do": "write", "text": "hello"},
        {"do": "react", "message": "web:message-one", "emoji": "👍"},
        {"do": "press", "message": "web:message-one", "button": "x"},
        {"do": "write", "text": "/help"},
    ):
        answer = await town.do(cid, **what)
        assert (answer.status_code, answer.json()["error"]) == (409, "你不在这个社群里，请先进来。")
    files = {"space": "web:town", "as": cid, "name": "x"}
    kind = {"content-type": "application/octet-stream"}
    assert (await town.http.post("/file", params=files, content=b"x", headers=kind)).status_code == 409


async def test_who_asks_while_they_wait_asks_once_also_after_a_restart(town: Town, tmp_path: Path) -> None:
    await town.rule("bob", on_request=True)
    cid = await town.join("Cid")
    assert (await town.do(cid, do="join", name="Cid")).json()[0]["outcome"] == "duplicate"
    await again(town, tmp_path)
    assert (await town.do(cid, do="join", name="Cid", key="another-key")).json()[0]["outcome"] == "duplicate"
    await town.app.settled()
    assert len(town.heard(JoinRequested)) == 1
    assert WAITS in await town.page(cid)


async def test_a_request_that_is_asked_again_under_its_key_still_waits(town: Town) -> None:
    await town.rule("bob", on_request=True)
    await town.do("ann", do="leave")
    for outcome in ("committed", "duplicate"):
        asked = await town.do("ann", do="join", name="Ann", key="the-same-key")
        assert asked.json()[0]["outcome"] == outcome
    assert WAITS in await town.page("ann")
    await town.decide("ann", True)
    assert WAITS not in await town.page("ann")


async def test_what_is_decided_is_read_by_who_asked_alone_and_live(town: Town) -> None:
    await town.rule("bob", on_request=True)
    cid, dan = await town.join("Cid"), await town.join("Dan")
    await town.decide(cid, False, "Seats first, please")
    page = await town.page(cid)
    assert ("Seats first, please" in page, OUTSIDE in page, "Ask to be let in" in page) == (True, True, True)
    assert "Seats first, please" in await town.hears(cid)
    for other in ("ann", dan):
        assert "Seats first, please" not in await town.page(other) + await town.hears(other)


async def test_a_button_under_what_only_they_were_told_can_be_pressed_from_outside(town: Town) -> None:
    await town.rule("bob", on_request=True)
    cid = await town.join("Cid")
    await town.decide(cid, False, "Not now", ((Button("why", "why"),),))
    pressed = await town.do(cid, do="press", message="decide/1", button="why")
    assert pressed.status_code == 200
    assert (await town.do("ann", do="leave")).status_code == 200
    assert (await town.do("ann", do="press", message="decide/1", button="why")).status_code == 409


async def test_who_waits_comes_in_by_themselves_once_the_door_is_open_and_waits_no_more(town: Town) -> None:
    await town.rule("bob", on_request=True)
    cid = await town.join("Cid")
    await town.turn("bob", False)
    await town.do(cid, do="join", name="Cid")
    await town.decide(cid, False, "too late")
    assert "too late" not in await town.page(cid)
    assert [event.who.account for event in town.heard(MemberJoined)].count("web:cid") == 1
    await town.turn("bob", True)
    await town.do(cid, do="leave")
    await town.do(cid, do="join", name="Cid")
    await town.app.settled()
    assert len(town.heard(JoinRequested)) == 2


async def test_a_join_of_long_ago_that_is_asked_again_makes_nobody_wait(town: Town) -> None:
    await town.do("ann", do="join", name="Ann", key="long-ago")
    await town.do("ann", do="leave")
    await town.rule("bob", on_request=True)
    assert (await town.do("ann", do="join", name="Ann", key="long-ago")).json()[0]["outcome"] == "duplicate"
    assert OUTSIDE in await town.page("ann")


# -- sent out --------------------------------------------------------------------------------------------------------


async def test_who_is_removed_sees_nothing_and_the_same_request_removes_them_once(town: Town) -> None:
    await town.wear("ann", SEAT)
    await town.do("bob", do="write", text="between us")
    for _ in range(2):
        await town.perform(Remove("action/5", "web:town", "web:ann"))
    page = await town.page("ann")
    assert ("between us" in page, OUTSIDE in page) == (False, True)
    await town.do("ann", do="join", name="Ann")
    await town.perform(Remove("action/5", "web:town", "web:ann"))
    await town.app.settled()
    page = await town.page("ann")
    assert ("between us" in page, beside(page, "ann")) == (True, [])
    assert {(event.key, event.who.name, event.by) for event in town.heard(MemberLeft)} == {
        ("web:action/5", "Ann", None)
    }


# -- gates -----------------------------------------------------------------------------------------------------------


async def furnish(town: Town) -> dict[str, str]:
    """Let Ann, who may, and the bot say things in the hall, and close it; return the addresses of what hangs there."""
    await town.wear("ann", PASS)
    await town.gate()
    picture = Picture("cover", {}, "a cover", png("red"))
    await town.perform(Send("hall/1", ROOM, Content(("the hall's treasure",), (), picture), None, None))
    upload = await town.http.post(
        "/file",
        params={"space": "web:town", "as": "ann", "name": "plan.txt"},
        content=b"the plan",
        headers={"content-type": "application/octet-stream"},
    )
    attached = {key: value for key, value in upload.json().items() if key != "kind"}
    said = await town.do(
        "ann", do="write", chat=ROOM, text="the plan's treasure", kind="file", key="hall-two", **attached
    )
    assert said.status_code == 200
    page = await town.page("ann", ROOM)
    return {kind: re.findall(rf'"(/{kind}/[^"]+)"', page)[0] for kind in ("picture", "file")}


async def test_behind_a_gate_nothing_is_shown_told_or_found_by_its_address(town: Town) -> None:
    addresses = await furnish(town)
    assert "treasure" in await town.page("ann", ROOM)
    assert "treasure" in await town.hears("ann")
    for shown in (await town.page("bob", ROOM), await town.page("bob"), await town.hears("bob")):
        assert "treasure" not in shown
        assert "founders" not in shown
    for address in addresses.values():
        assert address.endswith("?as=ann")
        mine = await town.http.get(address)
        assert (mine.status_code, mine.headers["cache-control"]) == (200, "no-store")
        for other in ("", "?as=bob", "?as=nobody"):
            assert (await town.http.get(address.partition("?")[0] + other)).status_code == 404
    await town.gate(None)
    assert "treasure" in await town.page("bob", ROOM)
    for address in addresses.values():
        assert (await town.http.get(address.partition("?")[0])).status_code == 200


async def test_behind_a_gate_nobody_else_writes_reacts_presses_or_answers_whatever_chat_they_name(town: Town) -> None:
    await town.do("bob", do="write", chat=ROOM, text="mine, before", key="bobs-own")
    await furnish(town)
    here: list[dict[str, Any]] = [
        {"do": "write", "text": "hello", "chat": ROOM},
        {"do": "write", "text": "/help", "chat": ROOM},
        {"do": "write", "text": "other words", "edits": "web:bobs-own"},
        {"do": "write", "text": "so?", "reply_to": "hall/1"},
        {"do": "write", "text": "/help", "reply_to": "hall/1"},
        {"do": "react", "message": "hall/1", "emoji": "👍"},
        {"do": "press", "message": "hall/1", "button": "x"},
    ]
    for what in here:
        answer = await town.do("bob", **what)
        assert (answer.status_code, "go on in another one" in answer.text) == (403, True), what
        assert (await town.do("ann", **{**what, "chat": ROOM})).status_code == 200, what
    assert "mine, before" in await town.page("ann", ROOM)


async def test_pages_hear_which_chats_are_open_when_a_gate_or_a_badge_changes(town: Town) -> None:
    async def nav(since: int) -> list[str]:
        heard = await town.hear("bob", since, '"chats"')
        return re.findall(r'data-place="([^"]+)"', [one for one in heard if one["kind"] == "chats"][-1]["html"])

    hub = town.app._adapters["web"]._hub  # type: ignore[attr-defined]
    for change, places in (
        (town.gate(), ["web:town/main"]),
        (town.wear("bob", PASS, plugin="others"), ["web:town/main"]),
        (town.wear("bob", PASS), ["web:town/main", ROOM]),
        (town.wear("bob"), ["web:town/main"]),
        (town.gate(None), ["web:town/main", ROOM]),
    ):
        since = hub.rev
        await change
        assert await nav(since) == places


async def test_a_gate_before_no_chat_ends_with_words_for_people_and_taking_it_away_is_a_success(town: Town) -> None:
    for chat in ("web:town", "web:town/nowhere"):
        with pytest.raises(Hopeless) as refused:
            await town.perform(Gate("gate/a", chat, "seats", PASS))
        assert refused.value.key == "web.gate.nowhere"
        await town.perform(Gate("gate/b", chat, "seats", None))


async def test_who_sees_no_chat_at_all_is_told_so_and_sees_no_other_instead(town: Town) -> None:
    await town.do("ann", do="write", text="between us")
    await town.perform(
        Gate("gate/a", "web:town/main", "seats", PASS),
        Gate("gate/b", ROOM, "seats", PASS),
    )
    page = await town.page("bob", "web:town/main")
    assert ("between us" in page, "No chat is open to you" in page) == (False, True)
    assert (await town.do("bob", do="write", text="hello")).status_code == 403


async def test_who_is_in_charge_is_not_removed_even_if_they_have_said_nothing_since(town: Town) -> None:
    await town.http.post("/role", json={"space": "web:town", "me": "ann", "role": "owner"})
    with pytest.raises(Hopeless) as refused:
        await town.perform(Remove("action/5", "web:town", "web:ann"))
    assert refused.value.key == "web.removal_of_admin"
    assert town.heard(MemberLeft) == []
