"""Gates in scenes: who is let in, who is told to leave, and who is moved out and when."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.plugins.xiaoer_tier_badges.scene import admin, ask, hall, link, private, small

from xiaoer import Decide, Gate, Hopeless, NotPermitted, Receipt, Remove, Request
from xiaoer.testing import Town
from xiaoer.testing.scene import ADMINS, SPACE

CLUB = "fake:founders"
ROOM = "fake:town/club"
LINK = "https://example.org/seats"


@asynccontextmanager
async def club(*people: str, chat: str = CLUB, file: Path | None = None, **fields: Any) -> AsyncGenerator[Town]:
    """Open a community with a gate for holders of the first rank."""
    gate = {"chat": chat, "track": "partner", "ranks": ["first"], "link": LINK, "grace_days": 1, "remove": True}
    async with hall(*people, spaces=(SPACE, CLUB), tracks=small(), file=file, gates=[gate | fields]) as town:
        yield town


async def seated(town: Town, name: str, number: int = 1) -> None:
    await admin(town, f"/seat offer {name} tea {number}")
    await ask(town, name, "/seat confirm")


async def asks(town: Town, name: str, **how: Any) -> Decide:
    decided = await town.ask_in(name, space=CLUB, **how)
    assert decided is not None
    return decided


def words(decided: Decide) -> str:
    return "" if decided.content is None else decided.content.plain


def passes(town: Town, name: str) -> list[str]:
    return [badge.kind for badge in town.badges(name, "tier_badges") if badge.kind.startswith("pass.")]


async def test_a_holder_of_the_rank_is_let_in() -> None:
    async with club("ann") as town:
        await seated(town, "ann")
        decided = await asks(town, "ann")
        assert (decided.admit, decided.content) == (True, None)


async def test_who_holds_it_with_another_account_is_let_in() -> None:
    async with club("ann", "second") as town:
        await seated(town, "ann")
        await link(town, "second", "ann")
        assert (await asks(town, "second")).admit


async def test_who_holds_nothing_is_told_so_and_where_to_go() -> None:
    async with club("ann") as town:
        decided = await asks(town, "ann")
        assert not decided.admit
        assert "You have no seat" in words(decided)
        assert words(decided).endswith(f"Your way: {LINK}")


async def test_who_holds_another_rank_or_did_not_confirm_yet_is_told_that() -> None:
    async with club("ann", "ben") as town:
        await seated(town, "ann", 2)
        assert "has another rank" in words(await asks(town, "ann"))
        await admin(town, "/seat offer ben tea 1")
        assert "take it in the community by /seat confirm" in words(await asks(town, "ben"))


async def test_the_reason_is_said_in_the_language_of_the_person() -> None:
    async with club("ann") as town:
        assert "你还没有席位" in words(await asks(town, "ann", locale="zh-hans"))


async def test_admins_are_let_in_anyway() -> None:
    async with club("boss") as town:
        town.person("boss", role="secretary")
        await town.say("boss", "hello")
        assert (await asks(town, "boss")).admit


async def test_where_no_gate_is_nothing_is_decided() -> None:
    async with club("ann") as town:
        assert await town.ask_in("ann") is None


async def test_who_no_longer_qualifies_is_told_and_moved_out_after_the_grace() -> None:
    async with club("ann") as town:
        await seated(town, "ann")
        await town.join("ann", space=CLUB)
        await ask(town, "ann", "/seat vacate tea 1")
        assert any("You can stay until" in text for text in private(town, "ann"))
        await town.pass_time(hours=23)
        assert town.fake.removed == []
        await town.pass_time(hours=2)
        assert town.fake.removed == [(CLUB, "fake:ann")]
        assert any("You were moved out" in text for text in private(town, "ann"))


async def test_who_qualifies_again_in_time_stays() -> None:
    async with club("ann") as town:
        await seated(town, "ann")
        await town.join("ann", space=CLUB)
        await ask(town, "ann", "/seat vacate tea 1")
        await town.pass_time(hours=12)
        await seated(town, "ann")
        await town.pass_time(hours=30)
        assert town.fake.removed == []


async def test_who_loses_it_again_has_a_whole_grace_again() -> None:
    async with club("ann") as town:
        await seated(town, "ann")
        await town.join("ann", space=CLUB)
        await ask(town, "ann", "/seat vacate tea 1")
        await town.pass_time(hours=20)
        await seated(town, "ann")
        await ask(town, "ann", "/seat vacate tea 1")
        await town.pass_time(hours=23)
        assert town.fake.removed == []
        await town.pass_time(hours=2)
        assert town.fake.removed == [(CLUB, "fake:ann")]


async def test_who_gets_in_by_hand_without_qualifying_has_a_grace_as_well() -> None:
    async with club("ann") as town:
        await town.join("ann", space=CLUB)
        assert any("You can stay until" in text for text in private(town, "ann"))
        await town.pass_time(hours=25)
        assert town.fake.removed == [(CLUB, "fake:ann")]


async def test_a_removal_that_fails_is_announced_once_and_not_each_night() -> None:
    async with club("ann") as town:
        await seated(town, "ann", 2)
        perform = town.fake.perform

        def failing(request: Request) -> Receipt:
            if isinstance(request, Remove):
                raise NotPermitted("not enough rights")
            return perform(request)

        town.fake.perform = failing  # type: ignore[method-assign]
        await town.join("ann", space=CLUB)
        await town.pass_time(days=3)
        assert len([text for text in private(town, "ann") if "You were moved out" in text]) == 1
        assert len([text for text in private(town, "ann") if "You can stay until" in text]) == 1


async def test_who_comes_again_after_a_removal_has_a_grace_although_nobody_told_that_they_left() -> None:
    async with club("ann") as town:
        await town.join("ann", space=CLUB)
        await town.pass_time(hours=25)
        await town.join("ann", space=CLUB)
        await town.pass_time(hours=23)
        assert len(town.fake.removed) == 1
        await town.pass_time(hours=2)
        assert len(town.fake.removed) == 2


async def test_somebody_is_told_once_and_without_removal_stays() -> None:
    async with club("ann", remove=False) as town:
        await town.join("ann", space=CLUB)
        await town.pass_time(hours=30)
        assert len([text for text in private(town, "ann") if "Please leave it by" in text]) == 1
        assert town.fake.removed == []


async def test_without_a_grace_they_are_moved_out_at_once() -> None:
    async with club("ann", grace_days=0) as town:
        await town.join("ann", space=CLUB)
        assert town.fake.removed == [(CLUB, "fake:ann")]


async def test_admins_are_never_moved_out_even_those_who_became_one_in_the_grace() -> None:
    async with club("boss", "ann") as town:
        town.person("boss", role="secretary")
        await town.join("boss", space=CLUB)
        await town.join("ann", space=CLUB)
        town.person("ann", role="xiaoer")
        await town.say("ann", "I help now")
        await town.pass_time(hours=30)
        assert town.fake.removed == []
        assert not any("You can stay" in text for text in private(town, "boss"))


async def test_who_leaves_and_comes_again_has_a_new_grace() -> None:
    async with club("ann") as town:
        await town.join("ann", space=CLUB)
        await town.pass_time(hours=20)
        await town.leave("ann", space=CLUB)
        await town.pass_time(hours=20)
        await town.join("ann", space=CLUB)
        await town.pass_time(hours=20)
        assert town.fake.removed == []


async def test_a_restart_forgets_no_grace() -> None:
    async with club("ann") as town:
        await town.join("ann", space=CLUB)
        await town.restart(kill=True)
        await town.pass_time(hours=25)
        assert town.fake.removed == [(CLUB, "fake:ann")]


# A chat within a space


async def test_a_chat_within_a_space_is_shut_within_minutes_and_holders_have_the_pass() -> None:
    async with club("ann", "ben", chat=ROOM) as town:
        await seated(town, "ann")
        await town.pass_time(minutes=11)
        assert town.fake.gates[ROOM].kind == f"pass.{ROOM}"
        assert (passes(town, "ann"), passes(town, "ben")) == ([f"pass.{ROOM}"], [])
        assert town.badges("ann", "tier_badges")[-1] == town.fake.gates[ROOM]


async def test_a_gate_that_stands_is_not_put_up_every_time() -> None:
    async with club(chat=ROOM) as town:
        await town.pass_time(minutes=31)
        assert sum(isinstance(request, Gate) for request in town.fake.requests) == 1


async def test_the_pass_is_withdrawn_after_the_grace_and_the_badge_at_once() -> None:
    async with club("ann", chat=ROOM) as town:
        await seated(town, "ann")
        await town.pass_time(minutes=11)
        await ask(town, "ann", "/seat vacate tea 1")
        assert [badge.kind for badge in town.badges("ann", "tier_badges")] == [f"pass.{ROOM}"]
        await town.pass_time(days=1, minutes=1)
        assert town.badges("ann", "tier_badges") == ()
        assert town.fake.removed == []


async def test_who_never_was_in_the_chat_is_not_told_to_leave_it() -> None:
    async with club("ann", chat=ROOM) as town:
        await town.pass_time(minutes=11)
        await seated(town, "ann", 2)
        await ask(town, "ann", "/seat vacate tea 2")
        assert not any("You can stay" in text for text in private(town, "ann"))


async def test_the_repair_puts_gates_up_again() -> None:
    async with club(chat=ROOM) as town:
        await town.pass_time(minutes=11)
        town.fake.gates.clear()
        await admin(town, "/badge repair")
        assert ROOM in town.fake.gates


async def test_a_gate_that_cannot_be_put_up_is_said_once_to_the_admins_and_tried_again_by_command() -> None:
    async with club(chat=ROOM) as town:
        town.fake.failures.append(Hopeless("cannot"))
        await town.pass_time(days=1)
        assert town.fake.gates == {}
        await admin(town, "/badge repair")
        assert ROOM in town.fake.gates
        assert len([message for message in town.messages(ADMINS) if "Reason: cannot" in message.text]) == 1


async def test_a_chat_whose_gate_is_configured_no_more_is_open_to_all_after_the_night(tmp_path: Path) -> None:
    file = tmp_path / "town.db"
    async with club(chat=ROOM, file=file) as town:
        await town.pass_time(minutes=11)
    async with hall(file=file, spaces=(SPACE, CLUB), tracks=small()) as town:
        await town.pass_time(days=1)
        assert [(asked.chat, asked.badge) for asked in town.fake.requests if isinstance(asked, Gate)] == [(ROOM, None)]
