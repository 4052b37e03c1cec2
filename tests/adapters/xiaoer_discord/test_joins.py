"""By which invite somebody came in, on the simulated Discord: never a guess, and nobody's join is lost for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.contracts.inviting import DiscordDoor, Inviter
from tests.contracts.probe import NOTES
from tests.simulators.discord import Fault
from tests.simulators.discord.invites import Made
from tests.simulators.discord.world import OF_THE_BOT, P

from xiaoer import Statement
from xiaoer.tables import inbox
from xiaoer_discord.joins import HEARD, REMEMBERED
from xiaoer_discord.looks import PATIENCE

LOOK = "GET /guilds/{guild.id}/invites"
INBOX = Statement(select(inbox.c.key))
DOWN = Fault(503, "Service Unavailable")
CALM = REMEMBERED + 5 * HEARD
"""Seconds after which no join blurs another."""

UNKNOWN = "unknown unknown -"
UNCLEAR = "unknown ambiguous -"
EITHER = "referral ambiguous -"


class Town(DiscordDoor):
    """A server with an invite of Ann and one of Ben."""

    async def open(self) -> None:
        await super().open()
        self.ann, self.ben = (self.made(name) for name in ("Ann", "Ben"))

    def made(self, name: str, **fields: Any) -> Made:
        """Let somebody make an invite."""
        return self.server.doors.make(self.channel, self.person(name), **fields)

    def by(self, name: str) -> str:
        """Return how a join by somebody's invite is told."""
        return f"referral exact discord:{self.account(name)}"

    async def came(self) -> list[tuple[str, str, str]]:
        """Return who came, how, and by which codes."""
        await self.rest()
        return [(who, how, self.codes(more)) for _, who, how, more in await self.notes("came")]

    async def told(self) -> list[tuple[str, str]]:
        """Return who was told to have come by now, and how."""
        await self.settle()
        return [(who, how) for _, who, how, _ in await self.notes("came")]

    async def told_now(self) -> list[tuple[str, str]]:
        """Return who was told to have come by now, and how, without waiting for anything."""
        return [(row.who, row.what) for row in await self.app.store.report(NOTES) if row.kind == "came"]

    def codes(self, ways: str) -> str:
        """Return the codes of addresses."""
        return " ".join(way.rpartition("/")[2] for way in ways.split())

    def looks(self) -> int:
        """Return how often the bot has looked at the invites."""
        return len(self.server.calls(LOOK))

    async def passes(self, seconds: float) -> None:
        """Let platform time pass, while no look is under way."""
        while seconds > 0:
            if not self.looking:
                step = min(seconds, 0.25)
                await self.clock.advance(step)
                seconds -= step
            await asyncio.sleep(0.002)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path, Inviter) as found:
        yield found


def enter(town: Town, name: str, made: Made) -> None:
    town.server.doors.enter(town.person(name), made.code)


async def test_a_join_by_somebodys_invite_was_brought_by_them(town: Town) -> None:
    enter(town, "Cid", town.ann)
    assert await town.came() == [("Cid", town.by("Ann"), town.ann.code)]


async def test_two_who_come_at_once_by_two_invites_are_by_either(town: Town) -> None:
    enter(town, "Cid", town.ann)
    enter(town, "Dan", town.ben)
    both = f"{town.ann.code} {town.ben.code}"
    assert await town.came() == [("Cid", EITHER, both), ("Dan", EITHER, both)]


async def test_many_who_come_at_once_by_one_invite_cost_one_look(town: Town) -> None:
    before = town.looks()
    for number in range(30):
        enter(town, f"Guest {number}", town.ann)
    assert {how for _, how, _ in await town.came()} == {town.by("Ann")}
    assert town.looks() - before <= 2


async def test_an_invite_that_was_made_meanwhile_is_known(town: Town) -> None:
    cid = town.made("Cid")
    enter(town, "Dan", cid)
    assert await town.came() == [("Dan", town.by("Cid"), cid.code)]


@pytest.mark.parametrize("deleted_first", [True, False])
async def test_who_uses_an_invite_up_came_by_it_as_far_as_anybody_can_tell(town: Town, deleted_first: bool) -> None:
    town.server.doors.deleted_first = deleted_first
    once = town.made("Ann", limit=1)
    enter(town, "Cid", once)
    assert await town.came() == [("Cid", town.by("Ann").replace("exact", "inferred"), once.code)]


async def test_an_invite_that_is_revoked_while_somebody_comes_is_not_theirs(town: Town) -> None:
    enter(town, "Cid", town.ann)
    town.server.doors.revoke(town.ben)
    assert await town.came() == [("Cid", town.by("Ann"), town.ann.code)]


async def test_the_servers_own_address_is_a_public_link(tmp_path: Path) -> None:
    class Known(Town):
        async def open(self) -> None:
            await super().open()
            self.server.doors.own(self.guild, "teahouse")

    async with Known(tmp_path, Inviter) as town:
        town.server.doors.enter(town.person("Cid"), "teahouse")
        assert await town.came() == [("Cid", "public_link exact -", "teahouse")]


async def test_who_comes_without_an_invite_is_told_within_patience_as_unknown(town: Town) -> None:
    await town.join("Cid")
    await town.settle()
    await town.passes(PATIENCE + HEARD)
    assert await town.told() == [("Cid", UNKNOWN)]


async def test_a_late_counter_is_waited_for(town: Town) -> None:
    town.server.doors.late = HEARD / 2
    enter(town, "Cid", town.ann)
    assert await town.came() == [("Cid", town.by("Ann"), town.ann.code)]


async def test_a_counter_that_is_too_late_is_not_taken_for_whoever_comes_next(town: Town) -> None:
    town.server.doors.late = 10.0
    enter(town, "Cid", town.ann)
    assert await town.came() == [("Cid", UNKNOWN, "")]
    await town.passes(7.0)
    await town.join("Dan")
    assert (await town.came())[1:] == [("Dan", UNCLEAR, town.ann.code)]


async def test_after_a_while_a_join_is_told_exactly_again(town: Town) -> None:
    town.server.doors.late = 10.0
    enter(town, "Cid", town.ann)
    await town.came()
    await town.passes(CALM)
    town.server.doors.late = 0.0
    enter(town, "Dan", town.ben)
    assert (await town.came())[1:] == [("Dan", town.by("Ben"), town.ben.code)]


async def test_whoever_comes_alone_after_a_crowd_is_told_exactly(town: Town) -> None:
    town.server.doors.late = PATIENCE + HEARD
    for number in range(10):
        enter(town, f"Guest {number}", town.ann if number % 2 else town.ben)
    assert {how for _, how, _ in await town.came()} == {UNKNOWN}
    town.server.doors.late = 0.0
    await town.passes(3 * HEARD)
    enter(town, "Cid", town.ann)
    assert (await town.came())[-1] == ("Cid", town.by("Ann"), town.ann.code)


async def test_a_use_of_which_nobody_heard_yet_is_waited_for(town: Town) -> None:
    await town.join("Cid")
    town.server.doors.use(town.person("Dan"), town.ann.code)
    await town.settle()
    await town.until(lambda: town.looks() > 1 and not town.looking)
    town.server.join(town.guild, town.person("Dan"))
    assert await town.came() == [("Cid", UNCLEAR, town.ann.code), ("Dan", UNCLEAR, town.ann.code)]


async def test_what_a_newcomer_does_comes_behind_their_join(town: Town) -> None:
    enter(town, "Cid", town.ann)
    await town.write("Cid", "hello")
    await town.leave("Cid")
    await town.settle()
    assert await town.notes("join", "message", "leave") == []
    await town.rest()
    assert [kind for kind, *_ in await town.notes("join", "message", "leave")] == ["join", "message", "leave"]


async def test_nobody_else_waits_for_a_newcomer(town: Town) -> None:
    enter(town, "Cid", town.ann)
    await town.join("Dan")
    await town.rest()
    enter(town, "Eve", town.ann)
    await town.write("Dan", "hello")
    assert [what for _, who, what, _ in await town.notes("message")] == ["text: hello"]
    assert town.finder.waiting == 1


async def test_without_the_right_to_look_a_join_is_told_at_once_as_unknown(tmp_path: Path) -> None:
    class Blind(Town):
        rights = int(P.CREATE_INSTANT_INVITE)

    async with Blind(tmp_path, Inviter) as town:
        enter(town, "Cid", town.ann)
        assert await town.told() == [("Cid", UNKNOWN)]
        assert town.looks() == 0
        town.server.permit(town.guild, town.guild.roles[0], int(OF_THE_BOT | P.MANAGE_GUILD))
        await town.until(lambda: town.finder.knows(town.guild.id))
        await town.passes(CALM)
        enter(town, "Dan", town.ann)
        assert (await town.came())[1:] == [("Dan", town.by("Ann"), town.ann.code)]


async def test_a_look_that_fails_loses_no_join_and_the_next_is_told_again(town: Town) -> None:
    town.server.faults.next(LOOK, DOWN, count=9)
    enter(town, "Cid", town.ann)
    assert await town.came() == [("Cid", UNKNOWN, "")]
    while town.server.faults.take(LOOK) is not None:
        pass  # from now on Discord is well
    await town.passes(CALM)
    enter(town, "Dan", town.ben)
    assert (await town.came())[1:] == [("Dan", town.by("Ben"), town.ben.code)]


async def test_a_look_that_is_never_answered_holds_nobody_up_for_long(town: Town) -> None:
    town.server.faults.next(LOOK, Fault(hang=True))
    enter(town, "Cid", town.ann)
    await town.settle()
    await town.until(lambda: town.looking)
    await town.clock.advance(PATIENCE)
    await town.until(lambda: not town.looking)
    await town.clock.advance(HEARD)
    await town.until(lambda: not town.finder.waiting)
    assert await town.told() == [("Cid", UNKNOWN)]


async def test_what_discord_tells_twice_is_told_once_and_blurs_nothing(town: Town) -> None:
    enter(town, "Cid", town.ann)
    await town.came()
    town.server.redeliver(2)
    enter(town, "Dan", town.ben)
    assert await town.came() == [("Cid", town.by("Ann"), town.ann.code), ("Dan", town.by("Ben"), town.ben.code)]


async def test_other_bots_use_no_invite_and_blur_nothing(town: Town) -> None:
    enter(town, "Cid", town.ann)
    town.server.join(town.guild, town.server.user("Robot", bot=True))
    assert await town.came() == [("Cid", town.by("Ann"), town.ann.code)]


async def test_while_the_line_is_down_nothing_is_exact(town: Town) -> None:
    enter(town, "Cid", town.ann)
    await town.settle()
    town.finder.disconnected()
    assert await town.came() in ([("Cid", UNCLEAR, town.ann.code)], [("Cid", UNKNOWN, "")])


async def test_after_a_resumed_session_joins_are_told_exactly(town: Town) -> None:
    number = len(town.server.calls("RESUME"))
    town.server.disconnect()
    await town.until(lambda: len(town.server.calls("RESUME")) > number and town.server.online)
    enter(town, "Cid", town.ann)
    assert await town.came() == [("Cid", town.by("Ann"), town.ann.code)]


async def test_what_was_counted_while_the_server_was_away_is_nobodys_who_comes_then(town: Town) -> None:
    town.server.silence()
    town.server.forget_sessions()
    town.server.doors.use(town.person("Cid"), town.ann.code)  # and nobody is told that Cid came and went
    looks = town.looks()
    town.server.disconnect()
    town.server.speak()
    await town.until(lambda: town.looks() > looks and town.finder.knows(town.guild.id))
    await town.join("Dan")
    assert (await town.came())[-1] == ("Dan", UNKNOWN, "")


async def test_who_comes_while_what_was_missed_is_still_fetched_is_not_told_by_what_was_counted_before(
    town: Town,
) -> None:
    town.server.silence()
    town.server.forget_sessions()
    town.server.doors.use(town.person("Cid"), town.ann.code)
    looks = town.looks()
    town.server.faults.next(LOOK, Fault(hang=True))
    town.server.disconnect()
    town.server.speak()
    await town.until(lambda: town.looks() > looks)
    town.server.join(town.guild, town.person("Dan"))
    while not [who for who, _ in await town.told_now() if who == "Dan"]:
        await town.clock.advance(0.25)
        await asyncio.sleep(0.01)
    assert [how for who, how in await town.told_now() if who == "Dan"] == [UNKNOWN]


Act = Callable[[Town], Awaitable[None] | None]


async def _alone(town: Town) -> None:
    enter(town, "Cid", town.ann)


async def _two(town: Town) -> None:
    enter(town, "Cid", town.ann)
    enter(town, "Dan", town.ben)


async def _otherwise(town: Town) -> None:
    await town.join("Cid")


@pytest.mark.parametrize(
    ("act", "expected"), [(_alone, "referral inferred"), (_two, "referral ambiguous"), (_otherwise, "unknown unknown")]
)
async def test_who_came_while_nobody_listened_came_by_the_one_invite_that_was_used(
    town: Town, act: Callable[[Town], Awaitable[None]], expected: str
) -> None:
    await town.passes(120)
    await town.write("Usher", "so that it is known up to when all is safe")
    await town.settle()
    await town.passes(10)
    await town.app.stop()
    await act(town)
    await town.clock.advance(REMEMBERED)
    town.app = town._make()
    await town.app.start()
    await town.connected()
    assert {how.rpartition(" ")[0] for _, how in await town.told()} == {expected}


@pytest.mark.parametrize("leaves", [False, True])
async def test_a_join_whose_invite_is_being_looked_for_survives_a_kill_and_is_told_once(
    town: Town, leaves: bool
) -> None:
    enter(town, "Cid", town.ann)
    await town.settle()
    assert town.finder.waiting == 1
    town.finder._doors.clear()  # a kill leaves nobody the time to tell of them
    await town.app.drop()
    if leaves:  # then nobody could find the join in the list of members
        await town.leave("Cid")
    town.app = town._make()
    await town.app.start()
    await town.connected()
    await town.rest()
    rows = [row for row in await town.app.store.report(NOTES) if row.kind == "came" and row.who == "Cid"]
    assert len(rows) == 1


async def test_nothing_of_a_join_that_was_told_stays_in_the_inbox(town: Town) -> None:
    enter(town, "Cid", town.ann)
    await town.write("Cid", "hello")
    await town.came()
    assert await town.app.store.report(INBOX) == []


async def test_a_join_whose_invite_is_being_looked_for_is_told_before_the_program_ends(town: Town) -> None:
    enter(town, "Cid", town.ann)
    await town.settle()
    await town.app.stop()
    town.app = town._make()
    await town.app.start()
    rows = await town.app.store.report(NOTES)
    assert [row.who for row in rows if row.kind == "came"][-1:] == ["Cid"]
