"""Seats that are handed on: by both, at once, or not at all."""

import pytest
from tests.plugins.xiaoer_tier_badges.scene import CITIES, admin, ask, done, hall, holders, link, private, small

OPEN = small(open=True)


async def test_a_seat_goes_over_when_the_other_agrees_and_keeps_its_number() -> None:
    async with hall("ann", "ben", tracks=OPEN) as town:
        await ask(town, "ann", "/seat confirm")
        await ask(town, "ann", "/seat transfer Ben")
        assert await holders(town) == {1: "ann"}
        answer = await town.press("ben", "agree")
        assert answer is not None
        assert answer.text == "Seat №1 of Tea is yours: First."
        assert await holders(town) == {1: "ben"}
        assert private(town, "ann")[-1] == "Ben has taken over your seat №1 of Tea."
        assert (await done(town))[-2:] == ["handed_on", "taken_over"]


async def test_a_kill_between_asking_and_agreeing_loses_nothing() -> None:
    async with hall("ann", "ben", tracks=OPEN) as town:
        await ask(town, "ann", "/seat confirm")
        await town.tell_at_once(town.using("ann", "/seat transfer Ben"))
        await town.restart()
        await town.tell_at_once(town.using("ben", "/seat confirm"))
        await town.restart()
        assert await holders(town) == {1: "ben"}


async def test_agreeing_twice_hands_over_once() -> None:
    async with hall("ann", "ben", tracks=OPEN) as town:
        await ask(town, "ann", "/seat confirm")
        await ask(town, "ann", "/seat transfer Ben")
        press = town.pressing("ben", "agree")
        await town.tell(press)
        await town.press("ben", "agree", town.fake.messages[press.message])
        assert (await done(town)).count("taken_over") == 1
        assert "That is over" in private(town, "ben")[-1]


async def test_who_does_not_want_it_says_so_and_it_stays() -> None:
    async with hall("ann", "ben", tracks=OPEN) as town:
        await ask(town, "ann", "/seat confirm")
        await ask(town, "ann", "/seat transfer Ben")
        await town.press("ben", "refuse")
        assert private(town, "ann")[-1] == "Ben does not take over seat №1 of Tea: it is yours still."
        assert await holders(town) == {1: "ann"}


async def test_the_holder_may_keep_it_after_all() -> None:
    async with hall("ann", "ben", tracks=OPEN) as town:
        await ask(town, "ann", "/seat confirm")
        await ask(town, "ann", "/seat transfer Ben")
        await ask(town, "ann", "/seat decline")
        answer = await town.press("ben", "agree")
        assert answer is not None
        assert "That is over" in answer.text


async def test_without_an_answer_in_time_it_stays() -> None:
    async with hall("ann", "ben", tracks=OPEN) as town:
        await ask(town, "ann", "/seat confirm")
        await ask(town, "ann", "/seat transfer Ben")
        await town.pass_time(days=3.1)
        assert private(town, "ann")[-1] == "Ben did not answer in time: seat №1 of Tea is yours still."
        answer = await town.press("ben", "agree")
        assert answer is not None
        assert "That is over" in answer.text
        assert await holders(town) == {1: "ann"}


async def test_the_holder_hears_that_the_other_got_a_seat_in_another_way() -> None:
    async with hall("ann", "ben", tracks=OPEN) as town:
        await ask(town, "ann", "/seat confirm")
        await admin(town, "/seat open")
        await ask(town, "ann", "/seat transfer Ben")
        await town.press("ben", "take")
        assert await holders(town) == {1: "ann", 2: "ben"}
        assert private(town, "ann")[-1] == "Ben does not take over seat №1 of Tea: it is yours still."


async def test_nobody_takes_over_what_another_is_asked_to() -> None:
    async with hall("ann", "ben", "cid", tracks=OPEN) as town:
        await ask(town, "ann", "/seat confirm")
        await ask(town, "ann", "/seat transfer Ben")
        answer = await town.press("cid", "agree", town.last("ben"))
        assert answer is not None
        assert "for somebody else" in answer.text
        assert await holders(town) == {1: "ann"}


async def test_whom_the_holder_asked_before_is_asked_no_more() -> None:
    async with hall("ann", "ben", "cid", tracks=OPEN) as town:
        await ask(town, "ann", "/seat confirm")
        await ask(town, "ann", "/seat transfer Ben")
        await ask(town, "ann", "/seat transfer Cid")
        assert "hands seat №1 of Tea on to you no more" in private(town, "ben")[-1]
        await town.press("ben", "agree")
        assert await holders(town) == {1: "ann"}
        await town.press("cid", "agree")
        assert await holders(town) == {1: "cid"}


async def test_who_got_a_seat_meanwhile_cannot_take_another_over() -> None:
    async with hall("ann", "ben", "nan", tracks=OPEN) as town:
        await ask(town, "ann", "/seat confirm")
        await ask(town, "ann", "/seat transfer Ben")
        await ask(town, "nan", "/seat confirm")
        await link(town, "nan", "ben")
        answer = await town.press("ben", "agree")
        assert answer is not None
        assert "one person has one" in answer.text
        assert await holders(town) == {1: "ann", 2: "nan"}


async def test_a_seat_that_was_given_up_meanwhile_is_not_taken_over() -> None:
    async with hall("ann", "ben", tracks=OPEN) as town:
        await ask(town, "ann", "/seat confirm")
        await ask(town, "ann", "/seat transfer Ben")
        await ask(town, "ann", "/seat vacate tea 1")
        assert "hands seat №1 of Tea on to you no more" in private(town, "ben")[-1]
        answer = await town.press("ben", "agree")
        assert answer is not None
        assert "That is over" in answer.text
        assert await holders(town) == {}


@pytest.mark.parametrize(
    ("who", "to", "said"),
    [
        ("ben", "Ann", "You have no seat of Tea."),
        ("ann", "Ann", "You have that seat yourself"),
        ("ann", "Nan", "You have that seat yourself"),
        ("ann", "Cid", "Cid has seat №2 of Tea already"),
        ("ann", "Zoe", "Zoe"),
    ],
)
async def test_what_cannot_be_handed_on_is_said_and_changes_nothing(who: str, to: str, said: str) -> None:
    async with hall("ann", "ben", "cid", "nan", tracks=OPEN) as town:
        await link(town, "nan", "ann")
        await ask(town, "ann", "/seat confirm")
        await ask(town, "cid", "/seat confirm")
        before = await done(town)
        assert said in await ask(town, who, f"/seat transfer {to}")
        assert await done(town) == before


async def test_who_is_asked_and_offered_reads_it_in_their_own_language() -> None:
    async with hall("ann", tracks=CITIES) as town:
        await town.join("ben", locale="zh")
        await admin(town, "/seat offer ann hangzhou 1")
        await town.use("ann", "/seat confirm hangzhou")
        await town.use("ann", "/seat transfer ben hangzhou")
        asked = town.last("ben")
        assert "杭州" in asked.text
        assert not any(label.label.isascii() for label in asked.buttons)
        await admin(town, "/seat offer ben suzhou")
        offered = town.last("ben")
        assert not any(label.label.isascii() for label in offered.buttons)
