"""Everybody gets a link for each platform: made when asked for, kept, and made anew when it is good no more."""

from typing import Any

import pytest
from tests.plugins.xiaoer_referral.scene import LINKS, address, ask, bring, fate, private, village

from xiaoer import Hopeless, Invite, JoinSource, Receipt, Request
from xiaoer.testing import Town


async def states(town: Town) -> list[str]:
    return [row.state for row in await town.rows(LINKS)]


async def test_a_link_is_made_when_it_is_asked_for_and_used_again() -> None:
    async with village("ann") as town:
        assert town.fake.invites == {}
        assert "is being made" in await ask(town, "ann", "/invite")
        (made,) = town.fake.invites
        assert made in private(town, "ann")[-1]
        assert made in await ask(town, "ann", "/invite me")
        assert list(town.fake.invites) == [made]
        assert town.fake.invites[made].asked.name == "Ann"


async def test_who_asks_twice_at_once_gets_one_link() -> None:
    async with village("ann") as town:
        await town.tell_at_once(town.using("ann", "/invite"), town.using("ann", "/invite"))
        await town.settle()
        assert len(town.fake.invites) == 1


async def test_what_came_of_it_is_counted() -> None:
    async with village("ann") as town:
        await bring(town, "ann", "ben")
        await bring(town, "ann", "cat")
        assert "Whom you brought: 2 · waiting 2" in await ask(town, "ann", "/invite")


async def test_an_admin_revokes_links_and_the_next_are_new() -> None:
    async with village("ann") as town:
        old = await address(town, "ann")
        answer = await ask(town, "boss", "/invite revoke ann", role="secretary")
        assert "links are revoked: 1" in answer
        assert town.fake.invites[old].revoked
        assert "revoked your invite links" in private(town, "ann")[-1]
        assert await address(town, "ann") != old
        assert await states(town) == ["revoked", "live"]


async def test_who_came_by_a_link_of_old_was_brought_all_the_same() -> None:
    async with village("ann") as town:
        old = await address(town, "ann")
        await ask(town, "ann", "/invite renew")
        assert town.fake.invites[old].revoked
        await town.join("ben", JoinSource("referral", "exact", invite=old))
        assert await fate(town, "ben") == ("pending", "")


async def test_a_link_that_is_nearly_over_is_made_anew() -> None:
    async with village("ann", expires_days=1) as town:
        old = await address(town, "ann")
        assert town.fake.invites[old].asked.expires is not None
        await town.pass_time(hours=23.5)
        assert "is being made" in await ask(town, "ann", "/invite")
        assert len(town.fake.invites) == 2


async def test_the_link_unused_for_longest_gives_way_where_a_platform_is_full() -> None:
    async with village("ann", "bob", "cat", most_links={"fake": 2}) as town:
        first = await address(town, "ann")
        second = await address(town, "bob")
        await town.pass_time(minutes=1)
        await bring(town, "ann", "ben")
        third = await address(town, "cat")
        revoked = [town.fake.invites[one].revoked for one in (first, second, third)]
        assert revoked == [False, True, False]


async def test_nobody_gets_links_without_end() -> None:
    async with village("ann", links_a_day=2) as town:
        await address(town, "ann")
        await ask(town, "ann", "/invite renew")
        assert "2 links within a day" in await ask(town, "ann", "/invite renew")
        assert await states(town) == ["revoked", "live"]
        await town.pass_time(days=1.1)
        await ask(town, "ann", "/invite renew")
        assert await states(town) == ["revoked", "revoked", "live"]


async def test_a_link_that_cannot_be_made_is_said_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with village("ann") as town:
        perform = town.fake.perform

        def refuse(request: Request) -> Receipt:
            if isinstance(request, Invite):
                raise Hopeless("no right to invite")
            return perform(request)

        monkeypatch.setattr(town.fake, "perform", refuse)
        await town.use("ann", "/invite")
        assert await states(town) == ["failed"]
        assert "No link for Fake could be made" in private(town, "ann")[-1]
        monkeypatch.undo()
        assert (await address(town, "ann")) in town.fake.invites


async def test_a_kill_while_a_link_is_made_loses_nothing() -> None:
    async with village("ann") as town:
        town.fake.hang = True
        event = town.using("ann", "/invite")
        await town.app.pipeline.submit(event)
        town.fake.hang = False
        await town.restart(kill=True)
        found: list[Any] = await town.rows(LINKS)
        assert [row.state for row in found] == ["live"]
        assert found[0].invite in private(town, "ann")[-1]
