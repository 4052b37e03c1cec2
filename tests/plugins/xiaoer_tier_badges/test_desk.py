"""What is shown of seats."""

import pytest
from tests.plugins.xiaoer_tier_badges.scene import CITIES, admin, ask, hall, link, small


async def test_mine_are_my_seats_offers_and_places_with_whichever_account() -> None:
    async with hall("ann", "nan", tracks=CITIES, open=True) as town:
        await link(town, "nan", "ann")
        await ask(town, "ann", "/seat confirm hangzhou")
        await admin(town, "/seat offer Ann suzhou 7")
        shown = await ask(town, "nan", "/seat")
        assert "№1 of Hangzhou: Founding, since Mar 2, 2026" in shown
        assert "Held for you: №7 of suzhou" in shown


async def test_who_has_nothing_is_told_how_to_come_by_it() -> None:
    async with hall("ann", tracks=small()) as town:
        assert "/seat confirm says how" in await ask(town, "ann", "/seat me")


async def test_the_registry_shows_who_has_which_seat_in_the_order_of_numbers() -> None:
    async with hall("ann", "ben", tracks=small(open=True)) as town:
        await ask(town, "ben", "/seat confirm")
        await ask(town, "ann", "/seat confirm")
        assert await ask(town, "ann", "/seat registry") == "Tea: 2 seats taken\n№1 First · Ben\n№2 Other · Ann"


async def test_a_redacted_registry_shows_first_letters() -> None:
    async with hall("ann", tracks=small(open=True), registry="redacted") as town:
        await ask(town, "ann", "/seat confirm")
        shown = await ask(town, "ann", "/seat registry tea")
        assert "№1 First · A…" in shown
        assert "Ann" not in shown


async def test_without_a_subject_the_registry_counts_the_seats_of_each() -> None:
    async with hall("ann", tracks=CITIES, open=True) as town:
        await ask(town, "ann", "/seat confirm hangzhou")
        shown = await ask(town, "ann", "/seat registry")
        assert "Hangzhou (city/hangzhou): 1 of 199\nsuzhou (city/suzhou): 0 of 199" in shown


async def test_a_long_registry_has_pages() -> None:
    names = [f"p{number:02}" for number in range(35)]
    async with hall(*names, open=True) as town:
        await town.tell_at_once(*[town.using(name, "/seat confirm") for name in names])
        first = await ask(town, "p00", "/seat registry")
        second = await ask(town, "p00", "/seat registry partner/main 2")
        assert first.endswith("Page 1 of 2; the next: /seat registry partner/main 2")
        assert "№30 Initiating · P29" in first
        assert second.startswith("Town: 35 seats taken\n№31 Initiating · P30")
        assert "There are 2 pages." in await ask(town, "p00", "/seat registry partner/main 3")


async def test_the_audit_says_who_did_what_when_and_why() -> None:
    async with hall("ann", tracks=small()) as town:
        await admin(town, "/seat offer Ann")
        await ask(town, "ann", "/seat confirm")
        await admin(town, "/seat revoke tea 1 never came")
        lines = (await admin(town, "/seat audit tea 1")).splitlines()
        assert lines[1].endswith("№1 taken from Ann · by Boss (fake:boss) · never came")
        assert lines[2].endswith("№1 confirmed by Ann · by Ann")
        assert (
            (await admin(town, "/seat audit"))
            .splitlines()[3]
            .endswith("a seat offered to Ann · by Boss (fake:boss) · by an admin")
        )


async def test_the_waiting_list_shows_its_first_and_my_place() -> None:
    names = [f"p{number:02}" for number in range(26)]
    async with hall(*names, tracks=small(open=True)) as town:
        await town.tell_at_once(*[town.using(name, "/seat confirm") for name in names])
        lines = (await ask(town, "p25", "/seat waitlist")).splitlines()
        assert lines[:2] == ["Waiting list of Tea: 23", "1. P03"]
        assert lines[-2:] == ["and 3 more", "You are at position 23. /seat waitlist partner/tea leave takes you off."]


@pytest.mark.parametrize("locale", ["zh-hans", "en"])
async def test_each_hears_of_seats_in_their_own_language(locale: str) -> None:
    async with hall(tracks=CITIES, open=True) as town:
        await town.join("ann", locale=locale)
        said = await ask(town, "ann", "/seat confirm hangzhou")
        assert (
            said == {"zh-hans": "杭州 1 号席位归你了：创始。", "en": "Seat №1 of Hangzhou is yours: Founding."}[locale]
        )
