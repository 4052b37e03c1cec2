"""What becomes of seats when the operator changes the configuration."""

from pathlib import Path

from tests.plugins.xiaoer_tier_badges.scene import OFFERS, ask, hall, holders, in_line, private, small
from tests.plugins.xiaoer_tier_badges.test_merit import confirmed


async def test_a_number_that_was_retired_stays_so_when_others_are_refilled(tmp_path: Path) -> None:
    file = tmp_path / "town.db"
    async with hall("ann", "ben", file=file, tracks=small(open=True, vacant="retire")) as town:
        await ask(town, "ann", "/seat confirm")
        await ask(town, "ann", "/seat vacate tea 1")
    async with hall(file=file, tracks=small(open=True)) as town:
        assert "№2" in await ask(town, "ben", "/seat confirm")


async def test_those_who_wait_are_offered_new_seats_before_anybody_else(tmp_path: Path) -> None:
    file, few = tmp_path / "town.db", small(offer="referrals", referrals=1, capacity=1, ranks={})
    async with hall("ann", "dan", "eve", file=file, tracks=few) as town:
        await town.tell(confirmed(town, "ann", "bob"))
        await ask(town, "ann", "/seat confirm")
        await ask(town, "dan", "/seat waitlist tea join")
    async with hall(file=file, tracks=small(offer="referrals", referrals=1, capacity=2, ranks={})) as town:
        await town.tell(confirmed(town, "eve", "bea"))
        assert [row.account for row in await town.rows(OFFERS)] == ["fake:ann", "fake:dan"]
        assert await in_line(town) == []


async def test_new_seats_are_offered_to_those_who_wait_within_the_hour(tmp_path: Path) -> None:
    file = tmp_path / "town.db"
    async with hall("ann", "dan", file=file, tracks=small(open=True, capacity=1, ranks={})) as town:
        await ask(town, "ann", "/seat confirm")
        await ask(town, "dan", "/seat confirm")
    async with hall(file=file, tracks=small(open=True, capacity=2, ranks={})) as town:
        await town.pass_time(hours=1)
        assert "Seat №2 of Tea" in private(town, "dan")[-1]


async def test_fewer_seats_take_none_away_and_give_no_more(tmp_path: Path) -> None:
    file = tmp_path / "town.db"
    async with hall("ann", "ben", "cid", file=file, tracks=small(open=True)) as town:
        await ask(town, "ann", "/seat confirm")
        await ask(town, "ben", "/seat confirm")
    async with hall(file=file, tracks=small(open=True, capacity=1, ranks={})) as town:
        assert "№2 – · Ben" in await ask(town, "ben", "/seat registry")
        await ask(town, "ben", "/seat vacate tea 2")
        assert "at position 1" in await ask(town, "cid", "/seat confirm")
        assert await holders(town) == {1: "ann"}


async def test_a_subject_that_is_gone_keeps_its_seats_out_of_sight(tmp_path: Path) -> None:
    file = tmp_path / "town.db"
    async with hall("ann", file=file, tracks=small(open=True)) as town:
        await ask(town, "ann", "/seat confirm")
    async with hall(file=file, tracks={"other": {"open": True}}) as town:
        assert "№1 of partner/tea: –" in await ask(town, "ann", "/seat")
        assert "There is no tea here" in await ask(town, "ann", "/seat vacate tea 1")
        assert await holders(town) == {1: "ann"}
