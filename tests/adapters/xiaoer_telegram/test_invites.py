"""Invite links on Telegram: what is asked for, what comes back, and what is said where the bot may not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.adapters.xiaoer_telegram.town import Town
from tests.simulators.telegram import Fault

from xiaoer import CreateInvite, Hopeless, Invite, NotPermitted, Receipt, Revoke, RevokeInvite, TryLater, Unclear
from xiaoer.actions import ANSWER, urgency_of

MAKE, REVOKE = "createChatInviteLink", "revokeChatInviteLink"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as found:
        yield found


async def make(town: Town, **fields: object) -> str:
    receipt = await town.perform(Invite("1", town.space, **fields))  # type: ignore[arg-type]
    assert receipt.invite is not None
    return receipt.invite


async def test_a_link_is_made_with_its_name_its_end_and_its_limit(town: Town) -> None:
    until = town.clock.now() + timedelta(hours=1)
    address = await make(town, name="Ann\n of the   Tea House, since the very beginning", expires=until, uses=3)
    (link,) = town.api.links.made
    assert (link.address, link.name) == (address, "Ann of the Tea House, since the")
    assert (link.expires, link.limit, link.asks) == (int(until.timestamp()), 3, False)


async def test_a_link_without_a_name_or_an_end_has_none(town: Town) -> None:
    await make(town)
    assert town.api.calls(MAKE)[0].params.keys() == {"chat_id"}


async def test_a_revoked_link_may_be_revoked_again(town: Town) -> None:
    address = await make(town)
    for _ in range(2):
        assert await town.perform(Revoke("2", town.space, address)) == Receipt()
    assert town.api.links.made[0].revoked
    assert town.api.calls(REVOKE)[-1].status == 400


async def test_what_telegram_cannot_keep_is_not_asked_of_it(town: Town) -> None:
    with pytest.raises(Hopeless, match="its time is over"):
        await make(town, expires=town.clock.now())
    with pytest.raises(Hopeless, match="99,999"):
        await make(town, uses=100_000)
    assert town.api.calls(MAKE) == []


async def test_admins_hear_once_which_right_is_missing_and_again_when_it_was_taken_away_again(town: Town) -> None:
    town.group.rights["can_invite_users"] = False
    for _ in range(2):
        with pytest.raises(NotPermitted, match="Invite Users via Link"):
            await make(town)
    with pytest.raises(NotPermitted):
        await town.perform(Revoke("2", town.space, "https://t.me/+x"))
    assert town.reports == ["telegram.no_invites"]
    town.group.rights["can_invite_users"] = True
    await make(town)
    town.group.rights["can_invite_users"] = False
    with pytest.raises(NotPermitted):
        await make(town)
    assert town.reports == ["telegram.no_invites"] * 2


async def test_a_link_of_which_nobody_knows_whether_it_was_made_is_said_to_be_so(town: Town) -> None:
    town.api.faults.next(MAKE, Fault(drop="after"), Fault(429, retry_after=7))
    with pytest.raises(Unclear):
        await make(town)
    with pytest.raises(TryLater) as asked:
        await make(town)
    assert asked.value.after == 7


async def test_a_link_of_a_group_that_moved_is_made_where_it_is_now(town: Town) -> None:
    moved = town.api.migrate(town.group)
    await make(town)
    assert town.api.links.made[0].group is moved


async def test_an_invite_counts_towards_no_limit_of_messages(town: Town) -> None:
    adapter = town.app._adapters["telegram"]
    assert not adapter.is_paced(Invite("1", town.space))
    assert urgency_of(CreateInvite(chat=town.space)) == urgency_of(RevokeInvite(chat=town.space, invite="x")) == ANSWER
