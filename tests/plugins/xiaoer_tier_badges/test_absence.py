"""Seats of people who leave."""

from tests.plugins.xiaoer_tier_badges.scene import ask, done, hall, holders, link, small

OPEN = small(open=True)


async def test_who_leaves_keeps_the_seat_unless_configured_otherwise() -> None:
    async with hall("ann", tracks=OPEN) as town:
        await ask(town, "ann", "/seat confirm")
        await town.leave("ann")
        await town.pass_time(days=30)
        assert await holders(town) == {1: "ann"}


async def test_a_seat_falls_vacant_after_the_grace() -> None:
    async with hall("ann", "ben", tracks=OPEN, on_leave="vacate", grace_days=2) as town:
        await ask(town, "ann", "/seat confirm")
        await town.leave("ann")
        await town.pass_time(days=1.9)
        assert await holders(town) == {1: "ann"}
        await town.pass_time(days=0.2)
        assert await holders(town) == {}
        assert (await done(town))[-1] == "left"


async def test_who_comes_back_in_time_has_the_seat_still() -> None:
    async with hall("ann", tracks=OPEN, on_leave="vacate", grace_days=2) as town:
        await ask(town, "ann", "/seat confirm")
        await town.leave("ann")
        await town.pass_time(days=1)
        await town.join("ann")
        await town.pass_time(days=3)
        assert await holders(town) == {1: "ann"}


async def test_the_grace_begins_anew_with_each_leaving() -> None:
    async with hall("ann", tracks=OPEN, on_leave="vacate", grace_days=2) as town:
        await ask(town, "ann", "/seat confirm")
        await town.leave("ann")
        await town.pass_time(days=1)
        await town.join("ann")
        await town.leave("ann")
        await town.pass_time(days=1.5)
        assert await holders(town) == {1: "ann"}
        await town.pass_time(days=0.6)
        assert await holders(town) == {}


async def test_who_stays_with_another_account_has_not_left() -> None:
    async with hall("ann", "nan", tracks=OPEN, on_leave="vacate", grace_days=0) as town:
        await ask(town, "ann", "/seat confirm")
        await link(town, "nan", "ann")
        await town.leave("ann")
        await town.pass_time(days=1)
        assert await holders(town) == {1: "ann"}


async def test_the_grace_begins_when_the_last_account_leaves() -> None:
    async with hall("ann", "nan", tracks=OPEN, on_leave="vacate", grace_days=2) as town:
        await ask(town, "ann", "/seat confirm")
        await link(town, "nan", "ann")
        await town.leave("ann")
        await town.pass_time(days=1.5)
        await town.leave("nan")
        await town.pass_time(days=1)
        assert await holders(town) == {1: "ann"}


async def test_who_came_back_as_somebody_else_and_linked_the_accounts_has_the_seat_still() -> None:
    async with hall("ann", tracks=OPEN, on_leave="vacate", grace_days=2) as town:
        await ask(town, "ann", "/seat confirm")
        await town.leave("ann")
        await town.join("nan")
        await link(town, "ann", "nan")
        await town.pass_time(days=3)
        assert await holders(town) == {1: "ann"}


async def test_the_seat_of_who_left_goes_to_who_waits() -> None:
    async with hall("ann", "ben", "cid", "dan", tracks=OPEN, on_leave="vacate", grace_days=1) as town:
        for name in ("ann", "ben", "cid", "dan"):
            await ask(town, name, "/seat confirm")
        await town.leave("ann")
        await town.pass_time(days=1.1)
        assert "№1 of Tea is yours" in await ask(town, "dan", "/seat confirm")
