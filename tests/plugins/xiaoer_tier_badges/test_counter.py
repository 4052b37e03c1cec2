"""Seats that are offered, confirmed, declined and given up."""

import pytest
from tests.plugins.xiaoer_tier_badges.scene import (
    CITIES,
    OFFERS,
    admin,
    ask,
    done,
    hall,
    holders,
    in_line,
    link,
    private,
    small,
    states,
)

from xiaoer import Mention
from xiaoer.testing import Town
from xiaoer.testing.adapter import FakeMessage
from xiaoer.testing.scene import ADMINS


async def test_the_lowest_number_is_given_to_who_confirms_first() -> None:
    async with hall("ann", "ben", tracks=small()) as town:
        await admin(town, "/seat offer Ann")
        await admin(town, "/seat offer Ben")
        assert await ask(town, "ben", "/seat confirm") == "Seat №1 of Tea is yours: First."
        assert await ask(town, "ann", "/seat confirm") == "Seat №2 of Tea is yours: Other."


async def test_an_offer_is_confirmed_by_its_button() -> None:
    async with hall("ann", tracks=small()) as town:
        await admin(town, "/seat offer Ann")
        answer = await town.press("ann", "confirm")
        assert answer is not None
        assert answer.text == "Seat №1 of Tea is yours: First."


async def test_nobody_confirms_what_is_offered_to_another() -> None:
    async with hall("ann", "ben", tracks=small()) as town:
        await admin(town, "/seat offer Ann")
        offer = town.last("ann")
        answer = await town.press("ben", "confirm", offer)
        assert answer is not None
        assert "for somebody else" in answer.text
        assert await holders(town) == {}


async def test_who_has_no_offer_is_told_how_to_come_by_one() -> None:
    async with hall("ann", tracks=small()) as town:
        assert "offered by admins" in await ask(town, "ann", "/seat confirm")
        assert await holders(town) == {}


async def test_a_number_that_is_named_is_held_until_the_offer_is_over() -> None:
    async with hall("ann", "ben", tracks=small()) as town:
        await admin(town, "/seat offer Ann tea 1")
        await admin(town, "/seat offer Ben")
        assert "№2" in await ask(town, "ben", "/seat confirm")
        await town.pass_time(days=7.1)
        assert "The offer of a seat of Tea is over." in private(town, "ann")
        assert "was over on" in await ask(town, "ann", "/seat confirm")
        assert "held for Ann" in await admin(town, "/seat offer Ann tea 1")
        assert "№1" in await ask(town, "ann", "/seat confirm")


async def test_an_offer_that_is_over_gives_nothing_even_before_its_timer_is_heard() -> None:
    async with hall("ann", tracks=small()) as town:
        await admin(town, "/seat offer Ann")
        await town.clock.advance(8 * 86_400)
        assert "was over on" in await ask(town, "ann", "/seat confirm")


async def test_who_declines_has_no_offer_any_more_and_gets_a_new_one_when_asked() -> None:
    async with hall("ann", tracks=small()) as town:
        await admin(town, "/seat offer Ann")
        offer = town.last("ann")
        assert "do not take" in await ask(town, "ann", "/seat decline")
        answer = await town.press("ann", "confirm", offer)
        assert answer is not None
        assert "is over" in answer.text
        await admin(town, "/seat offer Ann")
        assert "№1" in await ask(town, "ann", "/seat confirm")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("/seat offer Zoe", "Zoe"),
        ("/seat offer Ann moon", "There is no moon here. There are: Tea (partner/tea)"),
        ("/seat offer Ben", "Ben has seat №1 of Tea already"),
        ("/seat offer Ann tea 1", "№1 of Tea is taken"),
        ("/seat offer Ann tea 4", "Tea has the numbers 1 to 3."),
        ("/seat offer Cid", "Cid is offered a seat of Tea already"),
        ("/seat revoke tea 3 gone", "Nobody has №3 of Tea"),
        ("/seat open", "Not everybody may take a seat of Tea"),
    ],
)
async def test_what_an_admin_cannot_do_is_said_and_changes_nothing(command: str, said: str) -> None:
    async with hall("ann", "ben", "cid", tracks=small()) as town:
        await admin(town, "/seat offer Ben")
        await ask(town, "ben", "/seat confirm")
        await admin(town, "/seat offer Cid")
        before = await done(town)
        assert said in await admin(town, command)
        assert await done(town) == before


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("/seat confirm", "You have seat №1 of Tea already"),
        ("/seat confirm moon", "There is no moon here"),
        ("/seat decline", "You have no offer to decline"),
        ("/seat vacate tea 2", "Your seat of Tea is №1, so nothing was given up."),
        ("/seat transfer Ben", "You have that seat yourself"),
        ("/seat waitlist tea leave", "You are not on the waiting list of Tea."),
        ("/seat waitlist tea join", "You have seat №1 of Tea already"),
        ("/seat registry tea 2", "There are 1 pages."),
    ],
)
async def test_what_a_holder_cannot_do_is_said_and_changes_nothing(command: str, said: str) -> None:
    async with hall("ben", tracks=small()) as town:
        await admin(town, "/seat offer Ben")
        await ask(town, "ben", "/seat confirm")
        before = await done(town)
        assert said in await ask(town, "ben", command)
        assert await done(town) == before


@pytest.mark.parametrize("command", ["offer Ann", "open", "revoke tea 1 why", "audit"])
async def test_a_member_cannot_do_what_admins_do(command: str) -> None:
    async with hall("ann", tracks=small()) as town:
        await ask(town, "ann", f"/seat {command}")
        assert await done(town) == []


async def test_one_person_has_one_seat_of_a_subject_over_linked_accounts() -> None:
    async with hall("ann", "nan", tracks=small(open=True)) as town:
        await link(town, "nan", "ann")
        await ask(town, "ann", "/seat confirm")
        assert "one person has one" in await ask(town, "nan", "/seat confirm")
        assert await holders(town) == {1: "ann"}


async def test_a_seat_can_be_given_up_with_the_other_account() -> None:
    async with hall("ann", "nan", tracks=small(open=True)) as town:
        await link(town, "nan", "ann")
        await ask(town, "ann", "/seat confirm")
        assert "gave up" in await ask(town, "nan", "/seat vacate tea 1")
        assert await states(town) == {1: "vacant"}


async def test_two_seats_from_before_a_linking_both_stay_which_the_trail_says_once() -> None:
    async with hall("ann", "nan", tracks=small(open=True)) as town:
        await ask(town, "ann", "/seat confirm")
        await ask(town, "nan", "/seat confirm")
        await link(town, "nan", "ann")
        await town.pass_time(hours=3)
        assert await holders(town) == {1: "ann", 2: "nan"}
        assert (await done(town)).count("linked") == 1
        assert [message.text for message in town.messages(ADMINS)] == [
            "Nan has №1 and №2 of partner/tea, because accounts were linked. Both stay; /seat revoke takes one back."
        ]


async def test_somebody_may_have_a_seat_of_each_subject() -> None:
    async with hall("ann", tracks=CITIES, open=True) as town:
        assert "Say which one you mean: Hangzhou (city/hangzhou), suzhou" in await ask(town, "ann", "/seat confirm")
        assert "№1 of Hangzhou" in await ask(town, "ann", "/seat confirm 杭州")
        assert "№1 of suzhou" in await ask(town, "ann", "/seat confirm suzhou")


async def test_who_left_cannot_take_a_seat() -> None:
    async with hall("ann", tracks=small()) as town:
        await admin(town, "/seat offer Ann")
        offer = town.last("ann")
        await town.leave("ann")
        answer = await town.press("ann", "confirm", offer)
        assert answer is not None
        assert "Only members" in answer.text


async def test_a_retired_number_is_never_given_again() -> None:
    async with hall("ann", "ben", tracks=small(open=True, vacant="retire")) as town:
        await ask(town, "ann", "/seat confirm")
        assert "never given again" in await ask(town, "ann", "/seat vacate tea 1 enough")
        assert "№2" in await ask(town, "ben", "/seat confirm")
        assert await states(town) == {1: "retired", 2: "confirmed"}


async def test_a_refilled_number_keeps_its_rank() -> None:
    async with hall("ann", "ben", "cid", tracks=small(open=True)) as town:
        await ask(town, "ann", "/seat confirm")
        await ask(town, "ben", "/seat confirm")
        await ask(town, "ann", "/seat vacate tea 1")
        assert await ask(town, "cid", "/seat confirm") == "Seat №1 of Tea is yours: First."


async def test_an_admin_takes_a_seat_back_with_a_reason_that_the_holder_is_told() -> None:
    async with hall("ann", tracks=small(open=True)) as town:
        await ask(town, "ann", "/seat confirm")
        assert "Ann has seat №1 of Tea no more" in await admin(town, "/seat revoke tea 1 sold it for money")
        assert private(town, "ann")[-1] == "An admin took back your seat №1 of Tea: sold it for money"
        assert await holders(town) == {}


async def test_a_board_gives_seats_until_there_are_none_and_then_places_on_the_list() -> None:
    async with hall("ann", "ben", "cid", "dan", tracks=small(open=True)) as town:
        await admin(town, "/seat open")
        for name in ("ann", "ben", "cid"):
            await town.press(name, "take", _board(town))
        answer = await town.press("dan", "take", _board(town))
        assert answer is not None
        assert "at position 1" in answer.text
        assert (await holders(town), await in_line(town)) == ({1: "ann", 2: "ben", 3: "cid"}, ["dan"])
        assert "0 of 3 are free" in _board(town).text


def _board(town: Town) -> FakeMessage:
    return next(message for message in town.messages() if message.text.startswith("Seats of Tea"))


async def test_many_at_once_get_consecutive_numbers_and_an_ordered_list() -> None:
    names = [f"p{number:02}" for number in range(30)]
    async with hall(*names, tracks=small(open=True)) as town:
        await town.tell_at_once(*[town.using(name, "/seat confirm") for name in names])
        assert await holders(town) == dict(enumerate(names[:3], 1))
        assert await in_line(town) == names[3:]


async def test_an_event_that_is_told_twice_gives_one_seat() -> None:
    async with hall("ann", tracks=small(open=True)) as town:
        await ask(town, "ann", "/seat confirm")
        await town.tell_again()
        assert await done(town) == ["confirmed"]


async def test_a_name_that_looks_like_a_mention_stays_plain_text() -> None:
    async with hall(tracks=small(open=True)) as town:
        await town.use("<@!1>@everyone", "/seat confirm")
        registry = await town.use("ann", "/seat registry")
        assert registry is not None
        assert "<@!1>@everyone" in registry.text
        assert not any(isinstance(part, Mention) for part in registry.content.text)


async def test_offers_that_are_answered_leave_no_timer_behind() -> None:
    async with hall("ann", tracks=small()) as town:
        await admin(town, "/seat offer Ann")
        await ask(town, "ann", "/seat confirm")
        await town.pass_time(days=8)
        assert [row.state for row in await town.rows(OFFERS)] == ["confirmed"]
        assert "The offer of a seat of Tea is over." not in private(town, "ann")
