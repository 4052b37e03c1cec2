"""The plugin zoo: whatever an animal does, wherever it does it, the others and their people hardly notice.

Each animal bites Ann, Bob and Cat, is paused, and comes back tamed for Eve. That story is played once for each animal
and place; the tests look at it from all sides.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from tests.zoo.animals import DOING, RAISING
from tests.zoo.cage import FAULTS, PLACES, Animal, Cage, Place, cage

from xiaoer.health import REST
from xiaoer.testing import FakeMessage

BITTEN = ("Ann", "Bob", "Cat")
LANGUAGES = {"ann": "zh-hans", "bob": "en", "cat": "zh", "dan": "zh", "eve": "en", "zoe": "en"}
SILENT = ("timer", "continuation")
"""Where nobody but the plugin hears of what happens."""

Line = tuple[str, str, str]


@dataclass
class Story:
    """What was seen."""

    kept: list[Line]
    of_beast: list[Line]
    answers: dict[str, list[FakeMessage]]
    kind: dict[str, str]
    admins: list[str]
    told: list[str]
    failures: list[dict[str, Any]]
    faults: list[tuple[str, str]]


async def play_story(animal: Animal, place: Place) -> Story:
    async with cage(animal, place) as here:
        for name, locale in LANGUAGES.items():
            here.town.person(name, locale=locale)
        await here.prepare()
        await bite_three(here)
        if not place.startswith("continuation"):
            await here.provoke("Dan")
        await here.town.say("zoe", "meanwhile")
        here.kind.wild = False
        await here.town.clock.advance(REST)
        if place.startswith("timer"):
            await here.town.say("zoe", "timers Eve")
        await here.provoke("Eve")
        await here.town.say("zoe", "after all")
        return Story(
            await here.diary("before", "after"),
            await here.diary("beast"),
            {name: here.answers(name) for name in here.handles},
            {
                "failed": here.words("xiaoer.failed", "en"),
                "失败": here.words("xiaoer.failed", "zh"),
                "停": here.words("xiaoer.button.off", "zh"),
                "back": here.words("xiaoer.plugin.back", plugin="beast"),
            },
            here.admins,
            [entry["text"] for entry in here.logs if entry["event"] == "told admins"],
            here.failures,
            [(row.plugin, row.reason) for row in await here.town.rows(FAULTS)],
        )


async def bite_three(here: Cage) -> None:
    if here.kind.place == "continuation":
        await here.act(*BITTEN)
        return
    for name in BITTEN:
        await here.provoke(name)


@cache
def story(animal: Animal, place: Place) -> Story:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("xiaoer.store.READ_LIMIT", 0.02)
        try:
            return asyncio.run(asyncio.wait_for(play_story(animal, place), 40))
        except KeyboardInterrupt:
            pytest.fail("it ended the program")


def _cases() -> list[tuple[Animal, Place]]:
    everywhere = [(animal, place) for animal in RAISING for place in PLACES]
    once = [(animal, place) for animal in DOING for place in PLACES[:3] if place != "join"]
    inside: list[tuple[Animal, Place]] = [(animal, "command, in function(tx)") for animal in DOING if animal.decide]
    hanging = [(animal, place) for animal in DOING if animal.hangs for place in PLACES[3:8]]
    return [*everywhere, *once, *inside, *hanging]


CASES = _cases()
everyone = pytest.mark.parametrize(("animal", "place"), CASES, ids=[f"{a.name}, {p}" for a, p in CASES])


def keepers(*events: tuple[str, str]) -> list[Line]:
    return [(plugin, what, who) for what, who in events for plugin in ("before", "after")]


@everyone
def test_the_other_plugins_store_everything_and_in_order(animal: Animal, place: Place) -> None:
    what = {"join": "join", "command": "command", "button": "button"}.get(place.partition(",")[0], "hello")
    events = [(what, name) for name in (*BITTEN, "Dan")] if place.partition(",")[0] not in SILENT else []
    later = [(what, "Eve")] if events else []
    if place == "screen, closed":
        events = []
    meanwhile = [] if place == "screen, closed" else [("meanwhile", "Zoe")]
    prepared = {"button": "button please", "timer": "timers Ann Bob Cat Dan"}.get(place.partition(",")[0])
    asked = [line for line in story(animal, place).kept if line[1] not in ("actions Ann Bob Cat", "actions Eve")]
    expected = [*events, *meanwhile, *later, ("after all", "Zoe")]
    if prepared:
        expected.insert(0, (prepared, "Zoe"))
    if place.startswith("timer"):
        expected.insert(-1, ("timers Eve", "Zoe"))
    assert asked == keepers(*expected)


@everyone
def test_the_animals_own_part_is_lost_until_it_is_tame_again(animal: Animal, place: Place) -> None:
    what = "message" if place.startswith("screen") else place.partition(",")[0]
    other_hooks = [("beast", "message", name) for name in ("Ann", "Bob")] if place == "screen, open" else []
    waited = [("beast", "timer", "Dan")] if what == "timer" else []
    assert story(animal, place).of_beast == [*other_hooks, *waited, ("beast", what, "Eve"), ("beast", "message", "Zoe")]


asked = pytest.mark.parametrize(
    ("animal", "place"),
    [case for case in CASES if case[1].startswith(("command", "button"))],
    ids=[f"{a.name}, {p}" for a, p in CASES if p.startswith(("command", "button"))],
)


@asked
def test_who_asked_hears_one_kind_sentence_in_their_language_and_privately(animal: Animal, place: Place) -> None:
    seen = story(animal, place)
    said = {name: [(one.text, one.only_to) for one in seen.answers[name]] for name in ("Ann", "Bob", "Cat")}
    assert said == {
        "Ann": [(seen.kind["失败"], "fake:ann")],
        "Bob": [(seen.kind["failed"], "fake:bob")],
        "Cat": [(seen.kind["失败"], "fake:cat")],
    }


@asked
def test_who_asks_a_paused_plugin_is_told_so_and_who_asks_later_is_answered(animal: Animal, place: Place) -> None:
    seen = story(animal, place)
    assert [(one.text, one.only_to) for one in seen.answers["Dan"]] == [(seen.kind["停"], "fake:dan")]
    assert [one.text for one in seen.answers["Eve"]] == ["Purr"]


@everyone
def test_the_admins_hear_once_that_it_is_paused_and_why_and_once_that_it_is_back(animal: Animal, place: Place) -> None:
    seen = story(animal, place)
    assert seen.told == ["xiaoer.plugin.paused", "xiaoer.plugin.back"]
    paused, back = seen.admins
    assert "beast" in paused
    assert animal.told(place) in paused
    assert back == seen.kind["back"]


@everyone
def test_each_failure_is_logged_once_with_plugin_hook_community_event_and_traceback(
    animal: Animal, place: Place
) -> None:
    hook = {
        "join": "MemberJoined",
        "command": "CommandUsed",
        "button": "ButtonPressed",
        "timer": "ScheduleDue",
        "continuation": "ActionEnded",
    }.get(place.partition(",")[0], "MessagePosted")
    failures = story(animal, place).failures
    assert [(entry["plugin"], entry["hook"], entry["community"]) for entry in failures] == [("beast", hook, "town")] * 3
    assert len({entry["event_key"] for entry in failures}) == 3
    assert all(isinstance(entry["exc_info"], BaseException) for entry in failures)


@everyone
def test_each_failure_is_kept_for_the_operator_with_its_reason(animal: Animal, place: Place) -> None:
    kept = story(animal, place).faults
    assert [plugin for plugin, _ in kept] == ["beast"] * 3
    assert all(animal.told(place) in reason for _, reason in kept)
