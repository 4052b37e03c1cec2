"""What every adapter promises about members: badges, gates, who asks to be let in, and who is sent out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.contracts.keeping import GOLD, JADE, NIGHT, Keeper, Rival, WebKeep
from tests.contracts.keeping_discord import DiscordKeep
from tests.contracts.keeping_telegram import TelegramKeep

from xiaoer.adapter import Capability

DOORS: tuple[Any, ...] = (WebKeep, TelegramKeep, DiscordKeep)
LACKS: dict[Capability, tuple[str, str]] = {
    "badge": ("wear {account}", "has no badges"),
    "gate": ("gate {chat}", "cannot show a chat to some people only"),
    "join_request": ("admit {account} handle", "has no join requests"),
    "remove": ("remove {account}", "cannot remove anybody"),
}
"""What to say to the plugin to need a capability, and what it hears where there is none."""


@pytest.fixture(params=DOORS, ids=[kind.platform for kind in DOORS])
async def door(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    kind = request.param
    needs = request.node.get_closest_marker("can")
    missing = set(needs.args if needs is not None else ()) - kind.adapter.capabilities
    if missing:
        pytest.skip(f"{kind.platform} has no {', '.join(sorted(missing))}")
    async with kind(tmp_path, Keeper, Rival) as stage:
        yield stage


def account(door: Any, name: str) -> str:
    """Return somebody's account."""
    return f"{door.platform}:{door.account(name)}"


async def say(door: Any, words: str) -> list[str]:
    """Say something to the plugin, and return with what errors it ended."""
    before = len(await door.notes("ended"))
    await door.write("Usher", words)
    await door.settle()
    return [error for _, _, error, _ in (await door.notes("ended"))[before:]]


async def wear(door: Any, name: str, *kinds: str, plugin: str = "keeper") -> None:
    """Let somebody wear badges of a plugin and no others of it."""
    asked = await say(door, " ".join([plugin, "wear", account(door, name), *kinds]))
    assert asked == ([""] if plugin == "keeper" else [])


async def asked_in(door: Any, name: str) -> str:
    """Let somebody ask to be let in; return the handle that the plugin was given."""
    before = len(await door.notes("request"))
    await door.ask_in(name)
    ((_, who, handle, by),) = (await door.notes("request"))[before:]
    assert (who, by) == (name, account(door, name))
    return str(handle)


async def decide(door: Any, word: str, name: str, handle: str, words: str = "") -> None:
    """Let somebody in or not."""
    assert await say(door, f"keeper {word} {account(door, name)} {handle} {words}".rstrip()) == [""]


async def came(door: Any) -> list[str]:
    """Return who came in, in order."""
    return [who for _, who, _, _ in await door.notes("join")]


@pytest.mark.can("badge")
async def test_badges_are_worn_changed_and_taken(door: Any) -> None:
    await door.bring("Ann")
    await door.bring("Bob")
    await wear(door, "Ann", "gold")
    assert (door.worn("Ann"), door.worn("Bob")) == ([GOLD], [])
    await wear(door, "Ann", "jade")
    assert door.worn("Ann") == [JADE]
    await wear(door, "Ann")
    assert door.worn("Ann") == []


@pytest.mark.can("badge")
async def test_what_is_asked_for_again_is_worn_once_also_after_a_kill(door: Any) -> None:
    await door.bring("Ann")
    for _ in range(2):
        await wear(door, "Ann", "gold")
        assert door.worn("Ann") == [GOLD]
    await door.restart(kill=True)
    await wear(door, "Ann", "gold")
    assert door.worn("Ann") == [GOLD]
    await wear(door, "Ann")
    assert door.worn("Ann") == []


@pytest.mark.can("badge")
async def test_the_badges_of_another_plugin_stay_even_of_the_same_kind(door: Any) -> None:
    await door.bring("Ann")
    await wear(door, "Ann", "gold")
    await wear(door, "Ann", "gold", plugin="rival")
    assert set(door.worn("Ann")) <= {GOLD, NIGHT}
    await wear(door, "Ann", plugin="rival")
    assert door.worn("Ann") == [GOLD]
    await wear(door, "Ann", "gold", plugin="rival")
    await wear(door, "Ann")
    assert door.worn("Ann") == [NIGHT]


@pytest.mark.can("badge")
async def test_what_somebody_takes_by_hand_is_told_and_can_be_given_back(door: Any) -> None:
    if door.untold:
        pytest.skip(door.untold)
    await door.bring("Ann")
    await wear(door, "Ann", "gold")
    before = len(await door.notes("badges"))
    await door.strip("Ann")  # noqa: B005 - it is no string
    told = (await door.notes("badges"))[before:]
    assert {who for _, who, _, _ in told} == {"Ann"}
    assert door.worn("Ann") == []
    await wear(door, "Ann", "gold")
    assert door.worn("Ann") == [GOLD]


@pytest.mark.can("join_request")
async def test_who_asks_to_be_let_in_is_told_of_and_is_no_member_before(door: Any) -> None:
    await asked_in(door, "Ann")
    assert not door.inside("Ann")
    assert await came(door) == []


@pytest.mark.can("join_request")
async def test_who_is_let_in_has_joined_and_was_told_so(door: Any) -> None:
    handle = await asked_in(door, "Ann")
    await decide(door, "admit", "Ann", handle, "Welcome, Ann")
    assert (await came(door), door.inside("Ann")) == (["Ann"], True)
    assert door.told("Ann") == ["Welcome, Ann"]


@pytest.mark.can("join_request")
async def test_who_is_not_let_in_was_told_why_and_may_ask_again(door: Any) -> None:
    handle = await asked_in(door, "Ann")
    await decide(door, "refuse", "Ann", handle, "Seats first: ask in the main group")
    assert (await came(door), door.inside("Ann")) == ([], False)
    assert door.told("Ann") == ["Seats first: ask in the main group"]
    again = await asked_in(door, "Ann")
    await decide(door, "admit", "Ann", again)
    assert (await came(door), door.inside("Ann")) == (["Ann"], True)


@pytest.mark.can("join_request")
async def test_what_was_decided_stays_whatever_is_asked_for_afterwards_also_after_a_kill(door: Any) -> None:
    ann, bob = await asked_in(door, "Ann"), await asked_in(door, "Bob")
    await decide(door, "admit", "Ann", ann)
    await decide(door, "refuse", "Bob", bob)
    for word in ("admit", "refuse"):
        await decide(door, word, "Ann", ann)
    await door.restart(kill=True)
    await decide(door, "refuse", "Ann", ann)
    await decide(door, "admit", "Bob", bob)
    assert await came(door) == ["Ann"]
    assert (door.inside("Ann"), door.inside("Bob")) == (True, False)


@pytest.mark.can("remove")
async def test_who_is_removed_has_left_and_may_come_back(door: Any) -> None:
    await door.bring("Ann")
    for _ in range(2):
        assert await say(door, f"keeper remove {account(door, 'Ann')}") == [""]
        assert not door.inside("Ann")
    assert [who for _, who, _, _ in await door.notes("leave")] == ["Ann"]
    await door.bring("Ann")
    await door.settle()
    assert door.inside("Ann")
    assert (await came(door))[-1] == "Ann"


@pytest.mark.can("badge", "gate")
async def test_a_gate_hides_a_chat_from_all_but_those_who_wear_the_badge_and_opens_again(door: Any) -> None:
    for name in ("Ann", "Bob", "Cid"):
        await door.bring(name)
    await wear(door, "Ann", "gold")
    await wear(door, "Cid", "jade")
    for _ in range(2):
        assert await say(door, f"keeper gate {door.room} gold") == [""]
        assert [await door.sees(name, door.room) for name in ("Ann", "Bob", "Cid")] == [True, False, False]
    assert await door.sees("Bob", door.chat)
    await wear(door, "Cid", "gold")
    await wear(door, "Ann")
    assert [await door.sees(name, door.room) for name in ("Ann", "Bob", "Cid")] == [False, False, True]
    assert await say(door, f"keeper gate {door.room}") == [""]
    assert [await door.sees(name, door.room) for name in ("Ann", "Bob", "Cid")] == [True, True, True]


@pytest.mark.can("badge", "gate")
async def test_a_gate_stands_after_a_kill_and_the_badge_of_another_plugin_does_not_open_it(door: Any) -> None:
    for name in ("Ann", "Bob"):
        await door.bring(name)
    await wear(door, "Ann", "gold")
    await wear(door, "Bob", "gold", plugin="rival")
    await say(door, f"keeper gate {door.room} gold")
    await door.restart(kill=True)
    assert [await door.sees(name, door.room) for name in ("Ann", "Bob")] == [True, False]


async def test_what_a_platform_cannot_do_ends_with_a_sentence_that_says_so(door: Any) -> None:
    lacking = [capability for capability in LACKS if capability not in door.adapter.capabilities]
    if not lacking:
        pytest.skip(f"{door.platform} has all of it")
    await door.bring("Ann")
    for capability in lacking:
        words, sentence = LACKS[capability]
        (error,) = await say(door, "keeper " + words.format(account=account(door, "Ann"), chat=door.chat))
        assert error == f"{door.platform} {sentence}"
