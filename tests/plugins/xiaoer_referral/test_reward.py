"""Rewards mature, once, for those who really brought somebody."""

from typing import Any

import pytest
from sqlalchemy import select
from tests.plugins.xiaoer_referral.scene import (
    JOINS,
    ask,
    bring,
    decide,
    fate,
    has,
    link,
    private,
    ripe,
    told_admins,
    village,
)

from xiaoer import Content, Context, JoinSource, NoConfig, Plugin, ReferralConfirmed, Statement, on_referral
from xiaoer.tables import faults
from xiaoer.testing.scene import MAIN

FAULTS = Statement(select(faults.c.reason))


class Fan(Plugin[NoConfig]):
    name = "fan"

    @on_referral
    async def cheer(self, ctx: Context[Any], event: ReferralConfirmed) -> None:
        ctx.send(MAIN, Content((f"{event.inviter} {event.newcomer} {event.space} {event.certainty}",)))


async def test_who_brings_somebody_is_paid_when_they_have_stayed_and_written() -> None:
    async with village("ann") as town:
        await bring(town, "ann", "ben")
        assert await fate(town, "ben") == ("pending", "")
        await ripe(town, "ben", days=2.9)
        assert await has(town, "ann") == 0
        await town.pass_time(hours=3)
        assert await fate(town, "ben") == ("paid", "")
        assert await has(town, "ann") == 20
        assert "Ben, whom you brought, has stayed" in private(town, "ann")[-1]
        await town.pass_time(days=40)
        assert await has(town, "ann") == 20


async def test_who_writes_late_is_paid_for_when_they_write() -> None:
    async with village("ann", messages=2) as town:
        await bring(town, "ann", "ben")
        await ripe(town, "ben", days=10)
        assert await has(town, "ann") == 0
        await town.say("ben", "again")
        assert await has(town, "ann") == 20


async def test_edits_stickers_commands_and_lone_signs_are_no_messages() -> None:
    async with village("ann", stay_days=0) as town:
        await bring(town, "ann", "ben")
        await town.say("ben", "changed", edits="m1")
        await town.say("ben", "", kind="sticker")
        await town.say("ben", "…")
        await town.use("ben", "/invite")
        assert await fate(town, "ben") == ("pending", "")
        await town.say("ben", "tea")
        assert await fate(town, "ben") == ("paid", "")


async def test_who_never_writes_counts_for_nothing_in_the_end() -> None:
    async with village("ann") as town:
        await bring(town, "ann", "ben")
        await town.pass_time(days=31)
        assert await fate(town, "ben") == ("silent", "")
        await town.say("ben", "hello")
        assert await has(town, "ann") == 0


async def test_leaving_before_takes_the_reward_back_and_coming_again_pays_nothing() -> None:
    async with village("ann") as town:
        await bring(town, "ann", "ben")
        await town.leave("ben")
        assert await fate(town, "ben") == ("left", "")
        await bring(town, "ann", "ben")
        assert await fate(town, "ben") == ("flagged", "rejoin")
        await ripe(town, "ben")
        assert await has(town, "ann") == 0
        assert "had been here before" in await decide(town, 3, "approve")
        assert await fate(town, "ben") == ("flagged", "rejoin")


async def test_who_left_before_the_plugin_was_there_comes_again() -> None:
    async with village("ann") as town:
        await town.say("ben", "I am here for long")
        await town.pass_time(minutes=5)
        await bring(town, "ann", "ben")
        assert await fate(town, "ben") == ("flagged", "rejoin")


async def test_who_comes_again_with_another_account_pays_nothing() -> None:
    async with village("ann", "ben") as town:
        await town.say("second", "hi")
        await link(town, "second", "ben")
        await bring(town, "ann", "second")
        assert await fate(town, "second") == ("flagged", "rejoin")


async def test_an_account_linked_while_the_reward_waits_makes_a_rejoin_of_it() -> None:
    async with village("ann", "ben") as town:
        await town.pass_time(minutes=1)
        await bring(town, "ann", "second")
        await link(town, "second", "ben")
        await ripe(town, "second")
        assert await fate(town, "second") == ("flagged", "rejoin")


async def test_nobody_is_paid_for_themselves() -> None:
    async with village("ann") as town:
        await town.say("second", "hi")
        await link(town, "second", "ann")
        await bring(town, "ann", "second")
        assert await fate(town, "second") == ("flagged", "self")
        assert "one person" in await decide(town, 2, "approve")
        assert "refused" in await decide(town, 2, "refuse")
        assert await fate(town, "second") == ("refused", "self")


async def test_a_pending_reward_is_refused_when_both_turn_out_to_be_one_person() -> None:
    async with village("ann") as town:
        await bring(town, "ann", "second")
        await link(town, "second", "ann")
        await ripe(town, "second")
        assert await fate(town, "second") == ("refused", "self")
        assert await has(town, "ann") == 0


async def test_what_was_paid_stays_and_is_flagged_when_both_turn_out_to_be_one_person() -> None:
    async with village("ann") as town:
        await bring(town, "ann", "second")
        await ripe(town, "second")
        await link(town, "second", "ann")
        await town.pass_time(days=1)
        assert await fate(town, "second") == ("paid", "self")
        assert await has(town, "ann") == 20
        assert sum("one person" in text for text in told_admins(town)) == 1
        assert "paid already" in await ask(town, "boss", "/invite audit", role="secretary")
        assert "20 points went back" in await decide(town, 2, "refuse")
        assert await has(town, "ann") == 0


async def test_who_was_paid_for_twice_by_two_accounts_is_flagged() -> None:
    async with village("ann", "bob") as town:
        await bring(town, "ann", "cat")
        await bring(town, "bob", "second")
        await ripe(town, "cat", "second")
        await link(town, "second", "cat")
        await town.pass_time(days=1)
        assert (await fate(town, "cat"), await fate(town, "second")) == (("paid", ""), ("paid", "twice"))
        assert "stays paid" in await decide(town, 4, "approve")
        await town.pass_time(days=1)
        assert await fate(town, "second") == ("paid", "kept")


async def test_a_ring_waits_for_an_admin_over_any_length() -> None:
    async with village("ann") as town:
        await bring(town, "ann", "bob")
        await bring(town, "bob", "cat")
        await town.say("second", "hi")
        await town.leave("ann")
        await bring(town, "cat", "ann")
        assert await fate(town, "ann") == ("flagged", "ring")
        assert any("came by the newcomer themselves" in text for text in told_admins(town))
        assert "had been here before" in await decide(town, 4, "approve")


async def test_a_crowd_by_one_invite_waits_for_an_admin_who_approves_one_by_one() -> None:
    async with village("ann", mass=2) as town:
        for name in ("c1", "c2", "c3"):
            await bring(town, "ann", name)
        assert [await fate(town, name) for name in ("c1", "c2", "c3")] == [("flagged", "mass")] * 3
        assert sum("Very many" in text for text in told_admins(town)) == 1
        await ripe(town, "c1", "c2", "c3")
        assert await has(town, "ann") == 0
        assert "approved" in await decide(town, 3, "approve")
        await town.pass_time(minutes=1)
        assert (await fate(town, "c2"))[0] == "paid"
        assert await has(town, "ann") == 20
        assert "waits for no decision" in await decide(town, 3, "approve")


async def test_a_few_by_one_invite_in_different_hours_are_no_crowd() -> None:
    async with village("ann", mass=1) as town:
        await bring(town, "ann", "c1")
        await town.pass_time(hours=2)
        await bring(town, "ann", "c2")
        assert await fate(town, "c2") == ("pending", "")


@pytest.mark.parametrize(("cap", "reason"), [({"daily": 1}, "daily"), ({"total": 1}, "total")])
async def test_nobody_is_paid_over_the_caps(cap: dict[str, int], reason: str) -> None:
    async with village("ann", plugins=(Fan,), **cap) as town:
        await bring(town, "ann", "ben")
        await bring(town, "ann", "cat")
        await ripe(town, "ben", "cat")
        assert {await fate(town, "ben"), await fate(town, "cat")} == {("paid", ""), ("capped", reason)}
        assert await has(town, "ann") == 20
        assert sum(text.text.startswith("fake:ann fake:") for text in town.messages()) == 2


async def test_other_plugins_hear_that_a_referral_is_settled() -> None:
    async with village("ann", plugins=(Fan,)) as town:
        await bring(town, "ann", "ben")
        await ripe(town, "ben")
        assert "fake:ann fake:ben fake:town exact" in [message.text for message in town.messages()]


async def test_only_one_level_is_paid() -> None:
    async with village("ann") as town:
        await bring(town, "ann", "bob")
        await bring(town, "bob", "cat")
        await ripe(town, "bob", "cat")
        assert (await has(town, "ann"), await has(town, "bob")) == (20, 20)


async def test_who_is_pulled_in_by_hand_was_brought_and_a_public_link_brings_nobody() -> None:
    async with village("ann") as town:
        await town.join("ben", JoinSource("pulled_in", "exact", by="fake:ann"))
        await town.join("cat", JoinSource("public_link", "exact", by="fake:ann"))
        assert (await fate(town, "ben"), await fate(town, "cat")) == (("pending", ""), ("none", ""))


async def test_a_kill_between_join_and_reward_changes_nothing() -> None:
    async with village("ann") as town:
        await bring(town, "ann", "ben")
        await town.tell_again()
        await town.restart(kill=True)
        await town.say("ben", "hello")
        await town.restart(kill=True)
        await town.pass_time(days=4)
        await town.restart(kill=True)
        assert await has(town, "ann") == 20


async def test_a_join_that_is_told_again_after_weeks_is_the_one_that_was_noted() -> None:
    async with village("ann") as town:
        await bring(town, "ann", "ben")
        joined = town.joining("cat", JoinSource("referral", "exact", by="fake:ann"))
        await town.tell(joined)
        await ripe(town, "ben", "cat", days=20)
        await town.tell(joined)
        assert [row.newcomer for row in await town.rows(JOINS)] == ["fake:ann", "fake:ben", "fake:cat"]
        assert await town.rows(FAULTS) == []


async def test_zero_points_still_settle_who_brought_whom() -> None:
    async with village("ann", plugins=(Fan,), points=0) as town:
        await bring(town, "ann", "ben")
        await ripe(town, "ben")
        assert await fate(town, "ben") == ("paid", "")
        assert await has(town, "ann") == 0
