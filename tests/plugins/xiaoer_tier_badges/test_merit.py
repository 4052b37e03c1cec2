"""Seats that are offered by themselves: for points, for people who were brought, for days in the community."""

from typing import ClassVar

import pytest
from tests.plugins.xiaoer_tier_badges.scene import OFFERS, ask, hall, in_line, link, private, small

from xiaoer import TREASURY, CommandUsed, Context, Ledger, NoConfig, Plugin, ReferralConfirmed, Transaction, command
from xiaoer.testing import Town
from xiaoer_tier_badges.merit import Merit, suffices
from xiaoer_tier_badges.seat import How, Terms


class Giver(Plugin[NoConfig]):
    """Gives points and confirms referrals."""

    name: ClassVar[str] = "giver"

    @command("earn")
    async def earn(self, ctx: Context[NoConfig], event: CommandUsed, points: int) -> None:
        ctx.transact(_earn, event.who.account, points, event.key)

    @command("bring")
    async def bring(self, ctx: Context[NoConfig], event: CommandUsed, newcomer: str) -> None:
        by, here = event.who.account, ctx.community.id
        confirmed = ReferralConfirmed(
            key=event.key + "/r",
            at=event.at,
            community=here,
            inviter=by,
            newcomer=f"fake:{newcomer}",
            space=event.space,
            certainty="exact",
        )
        ctx.emit(confirmed)


def _earn(tx: Transaction, account: str, points: int, key: str) -> None:
    Ledger(tx).move(TREASURY, account, points, key=key, reason="giver.earned")


async def offered(town: Town) -> list[str]:
    return [row.account.removeprefix("fake:") for row in await town.rows(OFFERS)]


@pytest.mark.parametrize(
    ("how", "merit", "enough"),
    [
        ("points", Merit(points=10), True),
        ("points", Merit(points=9, referrals=99, days=99), False),
        ("referrals", Merit(referrals=2), True),
        ("referrals", Merit(referrals=1, points=99), False),
        ("joined", Merit(days=30), True),
        ("joined", Merit(days=29), False),
        ("joined", Merit(days=None), False),
        ("hand", Merit(99, 99, 99), False),
    ],
)
def test_what_a_seat_is_offered_for_is_what_counts(how: How, merit: Merit, enough: bool) -> None:
    assert suffices(Terms(how, 10, 2, 30, False), merit) is enough


async def test_who_has_the_points_is_offered_a_seat_within_the_hour_and_once() -> None:
    async with hall("ann", "ben", plugins=(Giver,), tracks=small(offer="points", points=50)) as town:
        await town.use("ann", "/earn 60")
        await town.use("ben", "/earn 40")
        await town.pass_time(hours=1)
        assert await offered(town) == ["ann"]
        await ask(town, "ann", "/seat decline")
        await town.pass_time(hours=3)
        assert await offered(town) == ["ann"]


async def test_who_has_the_points_may_ask_at_once_and_who_has_not_is_told_what_is_missing() -> None:
    async with hall("ann", "ben", plugins=(Giver,), tracks=small(offer="points", points=50)) as town:
        await town.use("ann", "/earn 60")
        assert "№1" in await ask(town, "ann", "/seat confirm")
        assert await ask(town, "ben", "/seat confirm") == "A seat of Tea takes 50 points, and you have 0."


async def test_points_of_linked_accounts_count_together() -> None:
    async with hall("ann", "nan", plugins=(Giver,), tracks=small(offer="points", points=50)) as town:
        await town.use("ann", "/earn 30")
        await town.use("nan", "/earn 30")
        await link(town, "nan", "ann")
        await town.pass_time(hours=1)
        assert await offered(town) == ["ann"]


async def test_who_brought_enough_people_is_offered_a_seat_at_once() -> None:
    async with hall("ann", plugins=(Giver,), tracks=small(offer="referrals", referrals=2)) as town:
        await town.use("ann", "/bring bob")
        await town.use("ann", "/bring bob")
        assert await offered(town) == []
        assert "takes 2 people" in await ask(town, "ann", "/seat confirm")
        await town.use("ann", "/bring bea")
        assert await offered(town) == ["ann"]
        assert "№1" in await ask(town, "ann", "/seat confirm")


async def test_who_left_or_is_too_late_is_not_offered_a_seat_for_whom_they_brought() -> None:
    track = small(offer="referrals", referrals=1, capacity=1, ranks={})
    async with hall("ann", "ben", "cid", plugins=(Giver,), tracks=track) as town:
        await town.leave("ann")
        await town.tell(confirmed(town, "ann", "bob"))
        assert await offered(town) == []
        for name in ("ben", "cid"):
            await town.tell(confirmed(town, name, f"of-{name}"))
        assert await offered(town) == ["ben"]


def confirmed(town: Town, inviter: str, newcomer: str) -> ReferralConfirmed:
    return ReferralConfirmed(
        key=town.key("referral"),
        at=town.now(),
        community="town",
        inviter=f"fake:{inviter}",
        newcomer=f"fake:{newcomer}",
        space="fake:town",
        certainty="exact",
    )


async def test_who_is_here_for_long_enough_is_offered_a_seat() -> None:
    async with hall("ann", tracks=small(offer="joined", joined_days=2)) as town:
        await town.pass_time(days=1)
        await town.join("ben")
        assert "you are here for 1" in await ask(town, "ann", "/seat confirm")
        await town.pass_time(days=1.1)
        assert await offered(town) == ["ann"]


async def test_no_more_is_offered_than_there_is() -> None:
    names = [f"p{number}" for number in range(6)]
    async with hall(*names, tracks=small(offer="joined", joined_days=0)) as town:
        await town.pass_time(hours=3)
        assert await offered(town) == ["p0", "p1", "p2"]


async def test_who_left_is_not_offered_a_seat() -> None:
    async with hall("ann", "ben", plugins=(Giver,), tracks=small(offer="points", points=50)) as town:
        await town.use("ann", "/earn 60")
        await town.leave("ann")
        await town.pass_time(hours=2)
        assert await offered(town) == []


async def test_an_offer_for_merit_can_be_confirmed_by_its_button() -> None:
    async with hall("ann", tracks=small(offer="joined", joined_days=0)) as town:
        await town.pass_time(hours=1)
        await town.press("ann", "confirm")
        assert private(town, "ann")[-1] == "Seat №1 of Tea is yours: First."
        assert await in_line(town) == []


async def test_more_people_than_one_transaction_takes_are_offered_seats_one_lot_after_the_other() -> None:
    names = [f"p{number:02}" for number in range(45)]
    async with hall(*names, offer="joined", joined_days=0) as town:
        await town.pass_time(hours=1.2)
        assert sorted(await offered(town)) == names
