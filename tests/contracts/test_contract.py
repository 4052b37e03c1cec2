"""What every adapter promises, on every platform."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.contracts.discord_stage import DiscordStage
from tests.contracts.probe import CARD
from tests.contracts.stage import PLAYED, Stage
from tests.contracts.telegram_stage import TelegramStage
from tests.contracts.web_stage import WebStage

from xiaoer import Plugin
from xiaoer_welcome import Welcome

STAGES: tuple[type[Stage], ...] = (WebStage, TelegramStage, DiscordStage)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Play each test on all stages: the simulated ones, unless the run brings others."""
    kinds = metafunc.config.stash.get(PLAYED, STAGES)
    for name in {"stage", "welcoming"}.intersection(metafunc.fixturenames):
        metafunc.parametrize(name, kinds, ids=[kind.platform for kind in kinds], indirect=True)


def raised(request: pytest.FixtureRequest, folder: Path, *plugins: type[Plugin[Any]]) -> Stage:
    """Return the stage of a test, if it has what the test needs."""
    kind: type[Stage] = request.param
    needs = request.node.get_closest_marker("needs")
    missing = kind.lacks(**needs.kwargs) if needs is not None else ""
    if missing:
        pytest.skip(missing)
    return kind(folder, *plugins)


@pytest.fixture
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with raised(request, tmp_path) as found:
        yield found


@pytest.fixture
async def welcoming(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with raised(request, tmp_path, Welcome) as found:
        yield found


@pytest.mark.needs(people=3)
async def test_a_join_is_told_once_with_its_source(stage: Stage) -> None:
    await stage.join("Ann")
    await stage.join("Bob", "pulled", by="Ann")
    await stage.join("Cid", "link", by="Ann")
    ann = stage.account("Ann")
    by = {how: ann if "exact" in what and how != "alone" else "" for how, what in stage.joins.items()}
    assert await stage.notes("join") == [
        ("join", "Ann", stage.joins["alone"], ""),
        ("join", "Bob", stage.joins["pulled"], by["pulled"]),
        ("join", "Cid", stage.joins["link"], by["link"]),
    ]


async def test_a_leave_is_told_once_and_coming_back_is_a_new_join(stage: Stage) -> None:
    await stage.join("Ann")
    await stage.leave("Ann")
    await stage.join("Ann")
    alone = stage.joins["alone"]
    notes = [("join", "Ann", alone), ("leave", "Ann", ""), ("join", "Ann", alone)]
    assert [note[:3] for note in await stage.notes()] == notes


async def test_a_message_is_told_with_its_kind_and_words(stage: Stage) -> None:
    await stage.bring("Ann")
    for kind in stage.kinds:
        await stage.write("Ann", "look" if kind not in ("sticker", "poll", "location", "dice") else "", kind=kind)
    told = [note[2].partition(":")[0] for note in await stage.notes("message")]
    expected = {"document": "file", "dice": "other"}
    assert told == [expected.get(kind, kind) for kind in stage.kinds]


async def test_what_people_type_arrives_as_they_typed_it(stage: Stage) -> None:
    await stage.bring("Ann")
    texts = [
        "<b>bold</b> & *stars* _lines_ `code`",
        "龙井茶 🍵 👩‍👩‍👧",
        "@everyone [x](http://y) || ~~ >",
        "a\nb",
        "' OR 1=1 --",
    ]
    for text in texts:
        await stage.write("Ann", text)
    assert [note[2] for note in await stage.notes("message")] == [f"text: {text}" for text in texts]


async def test_an_edit_and_a_reply_say_what_they_are_about(stage: Stage) -> None:
    await stage.bring("Ann")
    first = await stage.write("Ann", "frist")
    await stage.edit("Ann", first, "first")
    await stage.write("Ann", "second", reply_to=first)
    assert await stage.notes("message", "edit") == [
        ("message", "Ann", "text: frist", ""),
        ("edit", "Ann", "text: first", ""),
        ("message", "Ann", "text: second", first),
    ]


async def test_a_reaction_is_told(stage: Stage) -> None:
    await stage.bring("Ann")
    await stage.react("Ann", await stage.write("Ann", "tea!"), "👍")
    assert await stage.notes("reaction") == [("reaction", "Ann", "👍", "")]


@pytest.mark.needs(people=2)
async def test_a_command_is_answered_to_the_person_alone(stage: Stage) -> None:
    await stage.bring("Ann")
    await stage.bring("Bob")
    handle = await stage.use("Ann", "echo", text="hello *there* <b>")
    await stage.settle()
    (answer,) = await stage.answers("Ann", handle)
    assert (answer.text, answer.private) == ("echo: hello *there* <b>", True)
    assert not any("echo" in seen.text for seen in await stage.seen("Bob"))
    assert await stage.notes("command") == [("command", "Ann", "echo", "hello *there* <b>")]


@pytest.mark.needs(people=2)
async def test_a_public_answer_is_seen_by_all(stage: Stage) -> None:
    await stage.bring("Ann")
    await stage.bring("Bob")
    handle = await stage.use("Ann", "shout", text="tea")
    await stage.settle()
    (answer,) = await stage.answers("Ann", handle)
    assert (answer.text, answer.private) == ("shout: tea", False)
    assert any(seen.text == "shout: tea" for seen in await stage.seen("Bob"))


async def test_commands_take_values_and_have_defaults(stage: Stage) -> None:
    await stage.bring("Ann")
    handles = [
        await stage.use("Ann", "sum two", one=2, other=3),
        await stage.use("Ann", "sum two", one=2),
        await stage.use("Ann", "sum mode"),
        await stage.use("Ann", "sum mode", mode="fast"),
    ]
    await stage.settle()
    said = [(await stage.answers("Ann", handle))[0].text for handle in handles]
    assert said == ["sum: 5", "sum: 3", "mode: None", "mode: fast"]


async def test_a_wrong_command_is_explained_to_the_person_alone(stage: Stage) -> None:
    await stage.bring("Ann")
    handle = await stage.use("Ann", "sum secret")
    await stage.settle()
    (answer,) = await stage.answers("Ann", handle)
    assert answer.text.startswith("This command is for the role secretary")
    assert answer.private


async def test_wrong_values_are_explained_to_the_person_alone(stage: Stage) -> None:
    await stage.bring("Ann")
    wrong = [await stage.use("Ann", "link", code="AAAA-BBBB")]
    if stage.takes_any_words:  # Discord itself lets nobody send a word for a number, or leave out what must be there
        wrong += [await stage.use("Ann", "sum two", one="x"), await stage.use("Ann", "sum two")]
    await stage.settle()
    said = [await stage.answers("Ann", handle) for handle in wrong]
    assert all(answers[0].private for answers in said)
    expected = ["That code is not good", "one must be a whole number", "one is missing"]
    for answers, words in zip(said, expected, strict=False):
        assert words in answers[0].text, answers


async def test_an_admin_of_the_platform_may_what_admins_may(stage: Stage) -> None:
    await stage.bring("Ann")
    await stage.promote("Ann")
    handle = await stage.use("Ann", "sum secret")
    await stage.settle()
    assert [answer.text for answer in await stage.answers("Ann", handle)] == ["the secret"]


async def _card(stage: Stage, name: str = "Ann") -> str:
    await stage.write(name, "card please")
    await stage.settle()
    return next(seen.id for seen in reversed(await stage.seen(name)) if seen.text == "A card")


@pytest.mark.needs(people=2)
async def test_a_button_answers_the_person_alone_or_all_or_nobody(stage: Stage) -> None:
    await stage.bring("Ann")
    await stage.bring("Bob")
    card = await _card(stage)
    quiet = await stage.press("Ann", "quiet", card)
    await stage.settle()
    assert [(seen.text, seen.private) for seen in await stage.answers("Ann", quiet)] == [("quiet 7", True)]
    assert not any("quiet" in seen.text for seen in await stage.seen("Bob"))
    loud = await stage.press("Bob", "loud", card)
    await stage.settle()
    assert [(seen.text, seen.private) for seen in await stage.answers("Bob", loud)] == [("loud by Bob", False)]
    mute = await stage.press("Ann", "mute", card)
    await stage.settle()
    assert await stage.answers("Ann", mute) == await stage.answers("Ann", mute)
    assert await stage.notes("press") == [("press", "Ann", "quiet", "7"), ("press", "Ann", "mute", "")]


@pytest.mark.needs(people=2)
async def test_a_long_answer_with_a_button_is_private_too(stage: Stage) -> None:
    await stage.bring("Ann")
    await stage.bring("Bob")
    pressed = await stage.press("Ann", "long", await _card(stage))
    await stage.settle()
    (answer,) = await stage.answers("Ann", pressed)
    assert (answer.text.strip(), answer.private) == (("long " * 60).strip(), True)
    assert answer.buttons == ("quiet",)
    assert not any("long" in seen.text for seen in await stage.seen("Bob"))
    again = await stage.press("Ann", "quiet", answer.id)
    await stage.settle()
    assert (await stage.answers("Ann", again))[0].text == "quiet 9"


@pytest.mark.needs(moved_time=True)
async def test_a_late_answer_is_announced_in_time_and_arrives(stage: Stage) -> None:
    await stage.bring("Ann")
    card = await _card(stage)
    acts = [stage.press("Ann", "slow", card), stage.use("Ann", "wait"), stage.use("Ann", "hurry")]
    asked = asyncio.gather(*acts)
    await stage.until(lambda: stage.app.pipeline.in_hand >= 3)
    await stage.clock.advance(1.5)
    pressed, used, hurried = await asked
    while not all([await stage.noticed(handle) for handle in (pressed, used, hurried)]):
        await stage.clock.advance(0.1)
    stage.gate.set()
    await stage.settle()
    assert [seen.text for seen in await stage.answers("Ann", pressed)][:1] == ["slow, at last"]
    assert "at last" in [seen.text for seen in await stage.answers("Ann", used)]
    assert "at last, all" in [seen.text for seen in await stage.answers("Ann", hurried)]


async def test_a_message_shown_and_changed_three_times_quickly_ends_as_wanted_and_stands_once(stage: Stage) -> None:
    await stage.bring("Ann")
    for number in range(4):
        await stage.write("Ann", f"card {number}")
    await stage.settle()
    cards = [seen for seen in await stage.seen("Ann") if seen.text.startswith("card ")]
    assert [card.text for card in cards] == ["card 3"]


async def test_a_message_arrives_with_its_picture(stage: Stage) -> None:
    await stage.bring("Ann")
    await stage.write("Ann", "paint red")
    await stage.settle()
    (found,) = await stage.seen("Ann")
    assert (found.text, found.picture, found.buttons) == ("paint red", "red", tuple(one.label for one in CARD[0]))


async def test_a_picture_changed_three_times_quickly_ends_as_wanted_and_stands_once(stage: Stage) -> None:
    await stage.bring("Ann")
    for colour in ("red", "green", "red", "blue"):
        await stage.write("Ann", f"paint {colour}")
    await stage.settle()
    assert [(seen.text, seen.picture) for seen in await stage.seen("Ann")] == [("paint blue", "blue")]


async def test_a_message_whose_picture_cannot_be_drawn_arrives_without_it(stage: Stage) -> None:
    await stage.bring("Ann")
    await stage.write("Ann", "paint nothing")
    await stage.settle()
    assert [(seen.text, seen.picture) for seen in await stage.seen("Ann")] == [("paint nothing", "")]


@pytest.mark.needs(people=2)
async def test_an_answer_with_a_picture_is_shown_to_the_person_alone(stage: Stage) -> None:
    await stage.bring("Ann")
    await stage.bring("Bob")
    handle = await stage.use("Ann", "gaze", colour="green")
    await stage.settle()
    (answer,) = await stage.answers("Ann", handle)
    assert (answer.text, answer.picture, answer.private) == ("gaze: green", "green", True)
    assert await stage.seen("Bob") == []


async def test_a_message_can_be_deleted(stage: Stage) -> None:
    await stage.bring("Ann")
    card = await _card(stage)
    await stage.write("Ann", "delete that", reply_to=card)
    await stage.settle()
    assert not any(seen.text == "A card" for seen in await stage.seen("Ann"))


@pytest.mark.needs(people=2)
async def test_a_message_for_one_person_is_never_shown_to_another(stage: Stage) -> None:
    await stage.bring("Ann")
    await stage.bring("Bob")
    await stage.write("Ann", "only me")
    await stage.settle()
    assert [(seen.text, seen.private) for seen in await stage.seen("Ann")] == [("Psst", True)]
    assert await stage.seen("Bob") == []


@pytest.mark.needs(people=2)
async def test_two_people_at_once_each_get_their_own_answer(stage: Stage) -> None:
    await stage.bring("Ann")
    await stage.bring("Bob")
    card = await _card(stage)
    ann, bob = await stage.press("Ann", "quiet", card), await stage.press("Bob", "quiet", card)
    first, second = await stage.use("Ann", "echo", text="a"), await stage.use("Bob", "echo", text="b")
    await stage.settle()
    assert [(await stage.answers("Ann", ann))[0].text, (await stage.answers("Bob", bob))[0].text] == ["quiet 7"] * 2
    assert "echo: a" in [seen.text for seen in await stage.answers("Ann", first)]
    assert "echo: b" in [seen.text for seen in await stage.answers("Bob", second)]
    assert not any(seen.text == "echo: b" for seen in await stage.seen("Ann"))


@pytest.mark.needs(repeats=True)
async def test_what_the_platform_tells_twice_happens_once(stage: Stage) -> None:
    await stage.bring("Ann")
    await stage.write("Ann", "card please")
    await stage.write("Ann", "tea")
    await stage.leave("Ann")
    before = await stage.notes()
    shown = len(await stage.seen("Usher"))
    await stage.repeat()
    assert await stage.notes() == before
    assert len(await stage.seen("Usher")) == shown


@pytest.mark.parametrize("kill", [False, True], ids=["stopped", "killed"])
async def test_a_restart_loses_nothing_and_repeats_nothing(stage: Stage, kill: bool) -> None:
    await stage.bring("Ann")
    card = await _card(stage)
    before, after = stage.many, stage.many // 4
    for number in range(before):
        await stage.write("Ann", f"word {number}")
    await stage.restart(kill=kill)
    for number in range(before, before + after):
        await stage.write("Ann", f"word {number}")
    told = [note[2] for note in await stage.notes("message")]
    assert told == ["text: card please", *(f"text: word {number}" for number in range(before + after))]
    pressed = await stage.press("Ann", "quiet", card)  # a button that was made before means the same after
    await stage.settle()
    assert [seen.text for seen in await stage.answers("Ann", pressed)] == ["quiet 7"]
    assert sum(seen.text == "A card" for seen in await stage.seen("Ann")) == 1


async def test_the_welcome_works_with_no_change(welcoming: Stage) -> None:
    stage = welcoming
    await stage.join("Ann")
    await stage.settle()
    (hello,) = [seen for seen in await stage.seen("Ann") if "Welcome to Town" in seen.text]
    assert hello.buttons == ("I accept",)
    pressed = await stage.press("Ann", "I accept", hello.id)
    used = await stage.use("Ann", "rules show")
    await stage.settle()
    assert "Thank you, Ann" in (await stage.answers("Ann", pressed))[0].text
    assert any("Our rules (version 1)" in seen.text for seen in await stage.answers("Ann", used))
