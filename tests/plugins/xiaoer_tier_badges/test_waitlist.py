"""The waiting list: in the order of asking, and the first is offered what falls free."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from tests.plugins.xiaoer_tier_badges.scene import OFFERS, ask, done, hall, holders, in_line, private, small

from xiaoer.testing import Town


@asynccontextmanager
async def full(*waiting: str, **track: Any) -> AsyncGenerator[Town]:
    """Open a community in which ann, ben and cid have the three seats, and others wait."""
    async with hall("ann", "ben", "cid", *waiting, tracks=small(open=True, **track)) as town:
        for name in ("ann", "ben", "cid", *waiting):
            await ask(town, name, "/seat confirm")
        yield town


async def test_who_asks_when_all_is_taken_waits_in_the_order_of_asking() -> None:
    async with full("dan", "eve") as town:
        assert await in_line(town) == ["dan", "eve"]
        assert "at position 2 already" in (await ask(town, "eve", "/seat confirm")).replace(
            "already, at position 2", "at position 2 already"
        )


async def test_a_number_that_falls_vacant_is_held_for_who_waits_first() -> None:
    async with full("dan", "eve") as town:
        await ask(town, "ben", "/seat vacate tea 2")
        assert "Seat №2 of Tea (Other) is held for you" in private(town, "dan")[-1]
        assert await in_line(town) == ["eve"]
        assert "waiting list of Tea already" in await ask(town, "eve", "/seat confirm")
        assert "№2 of Tea is yours" in await ask(town, "dan", "/seat confirm")


async def test_nobody_overtakes_those_who_wait() -> None:
    async with full("dan", "eve") as town:
        await town.join("fay")
        await ask(town, "ben", "/seat vacate tea 2")
        assert "at position 2" in await ask(town, "fay", "/seat confirm")
        assert await in_line(town) == ["eve", "fay"]


async def test_what_the_first_does_not_take_goes_to_the_next() -> None:
    async with full("dan", "eve", "fay") as town:
        await ask(town, "ben", "/seat vacate tea 2")
        await town.pass_time(days=7, minutes=1)
        assert private(town, "dan")[-1] == "The offer of a seat of Tea is over."
        assert "Seat №2 of Tea (Other) is held" in private(town, "eve")[-1]
        await ask(town, "eve", "/seat decline")
        assert "Seat №2 of Tea (Other) is held" in private(town, "fay")[-1]
        assert "№2 of Tea is yours" in await ask(town, "fay", "/seat confirm")
        assert await holders(town) == {1: "ann", 2: "fay", 3: "cid"}


async def test_who_left_meanwhile_is_passed_over() -> None:
    async with full("dan", "eve") as town:
        await town.leave("dan")
        await ask(town, "ben", "/seat vacate tea 2")
        assert [row.account for row in await town.rows(OFFERS)] == ["fake:eve"]
        assert "passed_over" in await done(town)


async def test_a_retired_number_is_offered_to_nobody() -> None:
    async with full("dan", vacant="retire") as town:
        await ask(town, "ben", "/seat vacate tea 2")
        assert (await in_line(town), await town.rows(OFFERS)) == (["dan"], [])


async def test_who_has_had_enough_of_waiting_leaves_the_list() -> None:
    async with full("dan", "eve") as town:
        assert "off the waiting list" in await ask(town, "dan", "/seat waitlist tea leave")
        assert "You are at position 1" in await ask(town, "eve", "/seat waitlist")


async def test_the_list_is_joined_by_command_only_while_all_is_taken() -> None:
    async with hall("ann", "dan", tracks=small()) as town:
        assert "free seats of Tea" in await ask(town, "dan", "/seat waitlist tea join")
    async with full() as town:
        await town.join("dan")
        assert "at position 1" in await ask(town, "dan", "/seat waitlist tea join")


async def test_who_gets_a_seat_in_another_way_waits_no_more() -> None:
    async with full("dan", "eve") as town:
        await ask(town, "ann", "/seat transfer Dan")
        await ask(town, "dan", "/seat confirm")
        assert await in_line(town) == ["eve"]


async def test_a_held_number_survives_a_restart() -> None:
    async with full("dan", "eve") as town:
        await ask(town, "ben", "/seat vacate tea 2")
        await town.restart()
        assert "waiting list of Tea already" in await ask(town, "eve", "/seat confirm")
        assert "№2 of Tea is yours" in await ask(town, "dan", "/seat confirm")
