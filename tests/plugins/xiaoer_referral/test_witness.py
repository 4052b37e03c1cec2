"""Newcomers say who brought them; it counts when whom they name agrees."""

import pytest
from tests.plugins.xiaoer_referral.scene import (
    UNKNOWN,
    address,
    ask,
    either,
    fate,
    has,
    join_of,
    link,
    private,
    ripe,
    village,
)

from xiaoer import Candidate, JoinSource


async def test_an_ambiguous_join_is_asked_about_in_private_and_never_guessed() -> None:
    async with village("ann", "bob") as town:
        await town.join("ben", either(await address(town, "ann"), await address(town, "bob")))
        row = await join_of(town, "ben")
        assert (row.state, row.certainty, row.inviter) == ("open", "ambiguous", None)
        asked = town.last("ben")
        assert asked.only_to == "fake:ben"
        assert [button.label for button in asked.buttons] == ["Ann", "Bob", "Nobody"]


async def test_who_is_named_by_a_button_counts_when_they_agree() -> None:
    async with village("ann", "bob") as town:
        await town.join("ben", either(await address(town, "ann"), await address(town, "bob")))
        answer = await town.press("ben", "brought")
        assert answer is not None
        assert "Ann is asked" in answer.text
        row = await join_of(town, "ben")
        assert (row.state, row.certainty, row.inviter) == ("declared", "declared", "fake:ann")
        assert "Ben says that you brought them" in private(town, "ann")[-1]
        await ripe(town, "ben")
        assert await has(town, "ann") == 0
        await town.press("ann", "yes")
        assert "Ann agrees" in private(town, "ben")[-1]
        await town.pass_time(minutes=1)
        assert await fate(town, "ben") == ("paid", "")
        assert (await has(town, "ann"), await has(town, "bob")) == (20, 0)


async def test_one_candidate_may_still_be_none() -> None:
    async with village("ann") as town:
        await town.join("ben", either(await address(town, "ann")))
        assert (await join_of(town, "ben")).inviter is None


async def test_who_says_no_is_not_rewarded_and_somebody_else_can_be_named() -> None:
    async with village("ann", "bob") as town:
        await town.join("ben", UNKNOWN)
        assert "Did somebody bring you?" in private(town, "ben")[-1]
        assert "Ann is asked" in await ask(town, "ben", "/invite who @ann")
        assert "has not answered yet" in await ask(town, "ben", "/invite who @bob")
        await town.press("ann", "no")
        assert await fate(town, "ben") == ("open", "denied")
        assert (await join_of(town, "ben")).certainty == "unknown"
        assert "Bob is asked" in await ask(town, "ben", "/invite who Bob")


async def test_only_three_can_be_named() -> None:
    async with village("ann") as town:
        await town.join("ben", UNKNOWN)
        for _ in range(3):
            await ask(town, "ben", "/invite who ann")
            await town.press("ann", "no")
        assert "none of them agreed" in await ask(town, "ben", "/invite who ann")


async def test_who_came_alone_says_so_by_a_button() -> None:
    async with village("ann") as town:
        await town.join("ben", UNKNOWN)
        await town.press("ben", "brought")
        assert await fate(town, "ben") == ("none", "nobody")
        assert "nothing to add" in await ask(town, "ben", "/invite who ann")


async def test_only_whom_was_named_can_agree_and_only_once() -> None:
    async with village("ann", "bob") as town:
        await town.join("ben", UNKNOWN)
        await ask(town, "ben", "/invite who ann")
        (asked,) = [message for message in town.messages() if message.only_to == "fake:ann" and message.buttons]
        answer = await town.press("bob", "yes", asked)
        assert answer is not None
        assert "for whoever was named" in answer.text
        await town.press("ann", "yes", asked)
        answer = await town.press("ann", "no", asked)
        assert answer is not None
        assert "settled already" in answer.text
        assert await fate(town, "ben") == ("pending", "")


async def test_the_question_is_over_after_two_days() -> None:
    async with village("ann") as town:
        await town.join("ben", UNKNOWN)
        await town.pass_time(hours=49)
        assert "within 48 hours" in await ask(town, "ben", "/invite who ann")
        assert await fate(town, "ben") == ("open", "")


@pytest.mark.parametrize("name", ["ben", "second"])
async def test_nobody_names_themselves_with_any_account(name: str) -> None:
    async with village("ann", "second") as town:
        await town.join("ben", UNKNOWN)
        await link(town, "ben", "second")
        await link(town, "second", "ben")
        assert "Nobody brings themselves" in await ask(town, "ben", f"/invite who {name}")
        assert (await join_of(town, "ben")).inviter is None


async def test_who_is_known_to_have_been_brought_cannot_name_another() -> None:
    async with village("ann", "bob") as town:
        await town.join("ben", JoinSource("referral", "exact", by="fake:ann"))
        assert "It is known that Ann brought you" in await ask(town, "ben", "/invite who bob")
        assert "not noted that you came in" in await ask(town, "cat", "/invite who bob")


async def test_a_link_that_somebody_made_by_hand_is_theirs() -> None:
    async with village("ann", "bob") as town:
        await town.join("ben", JoinSource("referral", "exact", by="fake:ann", invite="https://fake.example/hand"))
        assert (await join_of(town, "ben")).inviter == "fake:ann"
        hands = (Candidate("https://fake.example/a", "fake:ann"), Candidate("https://fake.example/b", "fake:bob"))
        await town.join("cat", JoinSource("referral", "ambiguous", candidates=hands))
        assert [button.label for button in town.last("cat").buttons] == ["Ann", "Bob", "Nobody"]


async def test_a_raid_is_not_answered_one_by_one() -> None:
    async with village(questions=3) as town:
        for number in range(8):
            await town.join(f"raider{number}", UNKNOWN)
        assert sum("Did somebody bring you?" in message.text for message in town.messages()) == 3


async def test_who_comes_again_or_by_name_is_asked_nothing() -> None:
    async with village("ann") as town:
        await town.leave("ann")
        await town.join("ann", UNKNOWN)
        assert await fate(town, "ann") == ("none", "again")
        assert town.messages() == []


async def test_a_declared_ring_waits_for_an_admin() -> None:
    async with village("ann") as town:
        await town.join("ben", JoinSource("referral", "exact", by="fake:ann"))
        await town.leave("ann")
        await town.join("cat", UNKNOWN)
        await link(town, "cat", "ann")
        await town.join("ann", JoinSource("name", "exact"))
        await ask(town, "cat", "/invite who ben")
        await town.press("ben", "yes")
        assert await fate(town, "cat") == ("flagged", "ring")
