"""The live stages, on simulators that somebody acts on who reads what is asked."""

from __future__ import annotations

import ast
import inspect
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.contracts import test_contract as contract
from tests.contracts.hands import Hands, live, simulated
from tests.contracts.live.acts import Act
from tests.contracts.live.stages import LiveTelegram
from tests.contracts.live.terminal import Word
from tests.contracts.telegram_stage import TelegramStage

from xiaoer_welcome import Welcome

Promise = Callable[..., Any]
PROMISES: dict[str, Promise] = {name: value for name, value in vars(contract).items() if name.startswith("test_")}
PEOPLE = {"Ann", "Bob", "Cid"}


class Alone(LiveTelegram):
    """One tester with one account."""

    most_people = 1


class Three(LiveTelegram):
    """One tester with three accounts."""

    most_people = 3


@pytest.fixture(params=["telegram", "discord"])
async def hands(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Hands]:
    async with simulated(request.param, tmp_path) as there:
        yield Hands(there)


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Hands]:
    async with simulated("telegram", tmp_path) as there:
        yield Hands(there)


def needs(promise: Promise) -> dict[str, Any]:
    marks = getattr(promise, "pytestmark", [])
    return next((mark.kwargs for mark in marks if mark.name == "needs"), {})


def playable() -> list[Any]:
    """Return the tests of the suite that three testers can play, each with the number of people that it needs."""
    return [
        pytest.param(promise, needs(promise).get("people", 1), id=name.removeprefix("test_"))
        for name, promise in PROMISES.items()
        if not Three.lacks(**needs(promise))
    ]


@pytest.mark.parametrize(("promise", "people"), playable())
async def test_the_contract_is_kept_where_a_tester_does_what_each_line_asks(
    hands: Hands, tmp_path: Path, promise: Promise, people: int
) -> None:
    wanted = inspect.signature(promise).parameters
    plugins = [Welcome] if "welcoming" in wanted else []
    async with live(hands, people)(tmp_path, *plugins) as stage:
        await promise(stage, **({"kill": True} if "kill" in wanted else {}))
    assert hands.lines
    assert hands.said == []


def test_each_test_says_how_many_people_act_in_it() -> None:
    said = {name: needs(promise).get("people", 1) for name, promise in PROMISES.items()}
    assert said == {name: len(PEOPLE & words(promise)) for name, promise in PROMISES.items()}


def words(promise: Promise) -> set[object]:
    tree = ast.parse(inspect.getsource(promise))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}


def test_what_one_tester_cannot_play_is_left_out_with_the_reason() -> None:
    reasons = {name: Alone.lacks(**needs(promise)) for name, promise in PROMISES.items()}
    assert reasons["test_a_public_answer_is_seen_by_all"] == "2 people act in it, and here is 1"
    assert "time passes by itself" in reasons["test_a_late_answer_is_announced_in_time_and_arrives"]
    assert "tells things twice" in reasons["test_what_the_platform_tells_twice_happens_once"]
    assert reasons["test_a_reaction_is_told"] == ""


async def test_whoever_is_there_need_not_come_in_for_the_next_test(hands: Hands, tmp_path: Path) -> None:
    kind = live(hands)
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        async with kind(tmp_path / folder) as stage:
            await contract.test_a_reaction_is_told(stage)
    assert [line.partition(": ")[2].split()[0] for line in hands.lines] == ["write", "write", "put", "write", "put"]


async def test_leaving_to_come_in_again_is_no_part_of_the_test(hands: Hands, tmp_path: Path) -> None:
    async with live(hands)(tmp_path) as stage:
        await stage.bring("Ann")
        await stage.join("Ann")
        assert [note[0] for note in await stage.notes()] == ["join"]
    assert "leave, then come in" in hands.lines[-1]


async def test_what_telegram_still_holds_is_no_news_for_the_next_test(one: Hands, tmp_path: Path) -> None:
    assert isinstance(one.there, TelegramStage)
    await one.there.write("Usher", "long ago")
    async with live(one)(tmp_path) as stage:
        await stage.bring("Ann")
        assert {event.who.name for event in stage.record.events} == {"Ann"}


class Clumsy(Hands):
    """Types something else, so often; what is shown is what was typed."""

    times = 1

    async def do(self, act: Act) -> None:
        if act.text == "龙井茶" and self.times:
            self.times -= 1
            act = replace(act, text="咖啡")
        await super().do(act)

    async def judge(self, question: str) -> bool:
        self.questions.append(question)
        return True


async def test_what_was_mistyped_is_asked_for_again_and_forgotten(one: Hands, tmp_path: Path) -> None:
    hands = Clumsy(one.there)
    async with live(hands)(tmp_path) as stage:
        await stage.bring("Ann")
        await stage.write("Ann", "龙井茶")
        assert await stage.notes() == [("message", "Ann", "text: 龙井茶", "")]
    assert hands.questions == ["“咖啡” arrived instead. Is that what your app shows?"]


async def test_an_app_that_changes_what_is_typed_is_not_the_adapters_fault(one: Hands, tmp_path: Path) -> None:
    hands = Clumsy(one.there)
    hands.times = 9
    async with live(hands)(tmp_path) as stage:
        await stage.bring("Ann")
        await stage.write("Ann", "龙井茶")
        assert await stage.notes() == [("message", "Ann", "text: 龙井茶", "")]
    assert hands.lines[1:] == ["Telegram · in Town: write  龙井茶"] * 2


async def test_words_that_the_adapter_changes_are_told_as_it_tells_them(one: Hands, tmp_path: Path) -> None:
    class Exact(Clumsy):
        async def judge(self, question: str) -> bool:
            return False

    async with live(Exact(one.there))(tmp_path) as stage:
        await stage.bring("Ann")
        await stage.write("Ann", "龙井茶")
        assert await stage.notes() == [("message", "Ann", "text: 咖啡", "")]


async def test_what_the_tester_does_not_see_is_not_there(hands: Hands, tmp_path: Path) -> None:
    class Blind(Hands):
        async def judge(self, question: str) -> bool:
            return False

    async with live(Blind(hands.there))(tmp_path) as stage:
        with pytest.raises(AssertionError, match=r"the tester says no: .* is shown to you and nobody else"):
            await contract.test_a_wrong_command_is_explained_to_the_person_alone(stage)


class Idle(Hands):
    """Does nothing that is not coming in, and says why."""

    word: Word = "cannot"

    async def ask(self, act: Act) -> Word | None:
        return await super().ask(act) if act.do == "appear" else self.word


async def test_what_a_tester_cannot_do_leaves_the_test_out(one: Hands, tmp_path: Path) -> None:
    async with live(Idle(one.there))(tmp_path) as stage:
        await stage.bring("Ann")
        with pytest.raises(pytest.skip.Exception, match="the tester cannot: Telegram · in Town: write  tea"):
            await stage.write("Ann", "tea")


async def test_what_a_tester_did_and_nobody_heard_of_is_a_failure(one: Hands, tmp_path: Path) -> None:
    idle = Idle(one.there)
    idle.word = "nothing"
    async with live(idle)(tmp_path) as stage:
        await stage.bring("Ann")
        with pytest.raises(AssertionError, match="nothing was heard of: Telegram · in Town: write  tea"):
            await stage.write("Ann", "tea")


async def test_whoever_administers_the_chat_is_asked_to_take_another_account(hands: Hands, tmp_path: Path) -> None:
    class Leading(Hands):
        async def do(self, act: Act) -> None:
            await super().do(act if self.said else replace(act, who="Boss"))

    leading = Leading(hands.there)
    await leading.there.join("Boss")
    await leading.there.promote("Boss")
    async with live(leading)(tmp_path) as stage:
        await stage.bring("Ann")
        assert stage.account("Ann") == leading.there.account("Ann")
    assert leading.said == ["Boss administers the chat: do it with an account that does not."]


async def test_a_handle_that_holds_a_token_is_not_shown(hands: Hands, tmp_path: Path) -> None:
    async with live(hands)(tmp_path) as stage:
        await stage.bring("Ann")
        assert await stage.use("Ann", "echo", text="tea") == "asked 1"
        assert "token" not in repr(stage)
    assert stage.place.token not in repr(stage.place)


def test_a_line_says_where_who_and_what() -> None:
    act = Act("Telegram", "Town", "Ann", True, "write", "龙井茶 🍵")
    assert str(act) == "Telegram · in Town: write  龙井茶 🍵"
    assert str(replace(act, alone=False)) == "Telegram · in Town · Ann: write  龙井茶 🍵"
    assert "a ⏎ b" in str(replace(act, text="a\nb"))
    assert "send a sticker" in str(replace(act, kind="sticker"))
    join = replace(act, do="join", how="link", by="Bob", here=True)
    assert str(join) == "Telegram · in Town: leave, then come in by a link that Bob made"
