"""Removals: who is sent out of a server, and what is said where they cannot be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.adapters.xiaoer_discord.town import Town
from tests.simulators.discord.world import OF_THE_BOT, P

from xiaoer import Badge, Decide, Hopeless, NotPermitted, Receipt, Remove, StoreError, TryLater, Wear

KICK = "DELETE /guilds/{guild.id}/members/{user.id}"
RIGHTS = int(OF_THE_BOT | P.KICK_MEMBERS)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as found:
        await found.permit(RIGHTS)
        await found.join("Ann")
        await found.settle()
        yield found


async def remove(town: Town, number: int) -> Receipt:
    return await town.perform(Remove("1", town.space, f"discord:{number}"))


async def test_somebody_is_removed_with_a_reason_and_may_be_so_again(town: Town) -> None:
    ann = town.person("Ann").id
    for _ in range(2):
        assert await remove(town, ann) == Receipt()
        assert ann not in town.guild.members
    assert [name for name, reason in town.server.audit if reason] == [KICK]
    assert [call.status for call in town.calls(KICK)] == [204, 404]
    assert [note.partition(" ")[0] for note in await town.told(2, "join", "leave")] == ["join", "leave"]


async def test_nobody_can_remove_the_owner_or_who_stands_as_high_as_the_bot(town: Town) -> None:
    with pytest.raises(Hopeless) as owner:
        await remove(town, town.guild.owner.id)
    assert (owner.value.key, town.calls(KICK)) == ("discord.owner", [])
    town.server.promote(town.guild, town.person("Ann"))
    with pytest.raises(Hopeless) as higher:
        await remove(town, town.person("Ann").id)
    assert (higher.value.key, higher.value.values) == ("discord.higher_role", {"server": "Town"})
    assert town.reports == []


async def test_admins_hear_once_that_the_bot_may_remove_nobody(town: Town) -> None:
    await town.permit(OF_THE_BOT)
    for _ in range(2):
        with pytest.raises(NotPermitted, match="Kick Members"):
            await remove(town, town.person("Ann").id)
    assert town.reports == ["discord.no_kicking"]
    await town.permit(RIGHTS)
    await remove(town, town.person("Ann").id)
    await town.join("Bob")
    await town.permit(OF_THE_BOT)
    with pytest.raises(NotPermitted):
        await remove(town, town.person("Bob").id)
    assert town.reports == ["discord.no_kicking"] * 2


async def test_nothing_can_be_decided_where_nobody_can_ask(town: Town) -> None:
    with pytest.raises(Hopeless, match="lets no bot decide"):
        await town.perform(Decide("1", town.space, "discord:1", "handle", True, None))


async def test_what_cannot_be_noted_is_tried_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    await town.permit(RIGHTS | P.MANAGE_ROLES)

    async def broken(*_: object) -> None:
        raise StoreError("the disk is full")

    asked = Wear("1", town.space, "seats", f"discord:{town.account('Ann')}", (Badge("gold", "Founding"),))
    with monkeypatch.context() as patched:
        patched.setattr(town.app.store, "transact", broken)
        with pytest.raises(TryLater, match="the disk is full"):
            await town.perform(asked)
    await town.perform(asked)
    assert town.server.roles_of(town.guild, town.person("Ann")) == ["Founding"]
    assert len(town.guild.roles) == 2
