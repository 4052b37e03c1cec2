"""Points and check-ins, played as scenes."""

import pytest
from tests.plugins.xiaoer_red_envelope.scene import ask, grant, has, link, teahouse


async def test_a_check_in_is_worth_more_each_day_in_a_row_and_one_a_person() -> None:
    async with teahouse("ann", "annie", checkin=10, streak_bonus=2, streak_days=2) as town:
        await link(town, "annie", "ann")
        assert await ask(town, "ann", "/checkin") == "Checked in: +10. You have 10 points now."
        for name in ("ann", "annie"):
            assert "checked in today" in await ask(town, name, "/checkin")
        for expected in (12, 14, 14):
            await town.pass_time(hours=24)
            assert f"+{expected}" in await ask(town, "annie", "/checkin")
        await town.pass_time(hours=48)
        assert "+10" in await ask(town, "ann", "/checkin")
        assert await ask(town, "ann", "/points") == "You have 60 points."


async def test_where_nothing_is_given_for_it_there_is_no_check_in() -> None:
    async with teahouse("ann", checkin=0) as town:
        assert await ask(town, "ann", "/checkin") == "There is no check-in here."


async def test_a_gift_goes_from_one_to_the_other_and_both_are_told() -> None:
    async with teahouse("ann", "bob", points=50) as town:
        told = await ask(town, "ann", "/points give @bob 20 for the tea")
        assert told == "Bob got 20 points from you; you have 30 left."
        assert town.last("bob").text == "Ann gave you 20 points. for the tea"
        assert town.last("bob").only_to == "fake:bob"
        assert [await has(town, "ann"), await has(town, "bob")] == [30, 70]


async def test_nobody_gives_to_another_account_of_their_own() -> None:
    async with teahouse("ann", "annie", points=50) as town:
        await link(town, "annie", "ann")
        assert "yours already" in await ask(town, "ann", "/points give annie 20")


async def test_a_name_that_two_have_is_not_guessed() -> None:
    async with teahouse("ann", points=50) as town:
        for name in ("Sam", "sam"):
            await town.join(name)
        assert "Several people" in await ask(town, "ann", "/points give Sam 5")
        assert "Sam got 5" in await ask(town, "ann", "/points give fake:sam 5")


async def test_a_grant_needs_a_reason_and_the_admins_see_who_gave_what_to_whom_and_why() -> None:
    async with teahouse("ann") as town:
        assert "reason" in await ask(town, "boss", "/points grant ann 5", role="secretary")
        assert await has(town, "ann") == 0
        await ask(town, "boss", "/points grant ann 5 swept the floor", role="secretary")
        assert town.messages("fake:town/admins")[-1].text == "Boss granted Ann 5 points: swept the floor"
        assert town.last("ann").text == "You were granted 5 points: swept the floor"


async def test_a_grant_told_twice_is_given_once() -> None:
    async with teahouse("ann") as town:
        await grant(town, "ann", 5)
        await town.tell_again()
        await town.restart(kill=True)
        await town.tell_again()
        assert await has(town, "ann") == 5


async def test_the_top_counts_persons() -> None:
    async with teahouse("ann", "annie", "bob") as town:
        await link(town, "annie", "ann")
        assert "Nobody has points yet" in await ask(town, "bob", "/points top")
        for name, points in (("ann", 20), ("annie", 15), ("bob", 30)):
            await grant(town, name, points)
        assert await ask(town, "bob", "/points top") == "Most points\n1. Ann  35\n2. Bob  30"
        assert await ask(town, "bob", "/points top 1") == "Most points\n1. Ann  35"


async def test_a_persons_history_says_what_came_and_went_and_why() -> None:
    async with teahouse("ann", "bob") as town:
        assert "Nothing yet" in await ask(town, "ann", "/points history")
        await grant(town, "ann", 50)
        await ask(town, "ann", "/hongbao equal 20 2")
        await town.press("bob", "open")
        await ask(town, "ann", "/points give bob 5 thanks")
        lines = (await ask(town, "ann", "/points history")).split("\n")[1:]
        assert [line.partition(" (")[0] for line in lines] == [
            "−5  gift · Bob · thanks",
            "−20  red envelope sent · №1",
            "+50  grant · because",
        ]
        assert "+10  red envelope opened · №1" in await ask(town, "bob", "/points history 5")


@pytest.mark.parametrize("locale", ["zh", "en"])
async def test_every_text_of_the_plugin_is_there_in_both_languages(locale: str) -> None:
    async with teahouse() as town:
        texts = town.app.texts
        community = town.app.runtimes["town"].community
        for key in _keys():
            assert texts.text(locale, community, key, {"count": 1}) != (key,), key


def _keys() -> list[str]:
    """Return all keys that the plugin's code names."""
    import re
    from pathlib import Path

    import xiaoer_red_envelope

    folder = Path(xiaoer_red_envelope.__file__).parent
    code = "".join(file.read_text(encoding="utf-8") for file in folder.glob("*.py"))
    return [key for key in re.findall(r'"(red_envelope\.[a-z_.]+[a-z])"', code) if key not in ("red_envelope.grant",)]
