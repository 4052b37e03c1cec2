"""The command menus of groups."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.adapters.xiaoer_telegram.town import Town
from tests.contracts.telegram_stage import MENUS
from tests.simulators.telegram import Fault, Group

from xiaoer import CommandForm, Role
from xiaoer.plugin import Visibility
from xiaoer_telegram.menu import MOST, entries


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as found:
        yield found


def form(*path: str, default: bool = False, role: Role | None = None, answer: Visibility = "private") -> CommandForm:
    return CommandForm(path, (), "x", default, role, answer)


def names(*forms: CommandForm, admins: bool = False) -> list[str]:
    return [name for name, _ in entries(forms, admins=admins)]


def test_a_tree_stands_there_as_its_default_and_its_other_commands_as_one_word() -> None:
    assert names(form("rules", "show", default=True), form("rules", "set"), form("help")) == [
        "rules",
        "rules_set",
        "help",
    ]


def test_what_not_everybody_may_use_stands_in_the_menu_of_admins_alone() -> None:
    forms = form("help"), form("rules", "set", role="secretary")
    assert (names(*forms), names(*forms, admins=True)) == (["help"], ["help", "rules_set"])


def test_only_what_telegram_takes_for_a_command_stands_in_a_menu_and_a_hyphen_is_written_as_it_can_be() -> None:
    assert names(form("my-seats"), form("茶"), form("x" * 33), form("Tea")) == ["my_seats"]


def test_a_menu_is_no_longer_than_telegram_takes() -> None:
    assert len(names(*(form(f"c{number}") for number in range(MOST + 5)))) == MOST


async def test_members_and_admins_have_menus_in_each_language(town: Town) -> None:
    commands = {scope: town.api.menu(scope, town.group, "en") for scope in ("chat", "chat_administrators")}
    found = {scope: [entry["command"] for entry in menu] for scope, menu in commands.items()}
    assert "sum_secret" not in found["chat"]
    assert set(found["chat_administrators"]) - set(found["chat"]) == {"sum_secret"}
    chinese = {entry["command"]: entry["description"] for entry in town.api.menu("chat", town.group, "zh")}
    english = {entry["command"]: entry["description"] for entry in commands["chat"]}
    assert english["help"] == "Show the commands you can use"
    assert english["help"] != chinese["help"]
    assert town.api.menu("chat", town.group, "fr") == town.api.menu("chat", town.group, None) != []


async def test_only_commands_with_a_private_answer_are_hidden_from_others(town: Town) -> None:
    hidden = {entry["command"]: entry.get("is_ephemeral", False) for entry in town.api.menu("chat", town.group, "en")}
    assert hidden["look"] is False, "what is used on a message must say on which"
    assert (hidden["echo"], hidden["shout"]) == (True, False)


async def test_a_menu_is_set_once_and_again_when_it_has_changed(town: Town) -> None:
    assert len(town.api.calls("setMyCommands")) == MENUS
    await town.app.stop()
    await town.begin()
    await town.connected()
    await town.settle()
    assert len(town.api.calls("setMyCommands")) == MENUS
    await town.app.stop()
    town.renamed = "Show what there is"
    await town.begin()
    await town.until(lambda: len(town.api.calls("setMyCommands")) == MENUS + 4)  # the Chinese ones are as they were
    await town.connected()
    await town.settle()
    assert len(town.api.calls("setMyCommands")) == MENUS + 4


async def test_a_group_without_the_bot_does_not_keep_others_from_their_menus(tmp_path: Path) -> None:
    town = Town(tmp_path, others=1)
    await town.open()
    town.group.members[town.api.bot.id] = "left"
    with capture_logs() as logs:
        await town.begin()
        await town.until(lambda: len(town.api.commands) == MENUS)
        refused = [log["chat"] for log in logs if log["event"] == "telegram menu not set"]
    assert refused == [town.space] * MENUS
    assert town.api.menu("chat", town.other[0], "en")
    assert not town.api.menu("chat", town.group, "en")
    town.api.promote(town.group, town.api.bot, can_delete_messages=True)
    await town.until(lambda: len(town.api.commands) == 2 * MENUS)
    await town.app.stop()
    await town.close()


async def test_a_request_to_wait_is_honoured(tmp_path: Path) -> None:
    town = Town(tmp_path)
    await town.open()
    town.api.faults.next("setMyCommands", Fault(429, retry_after=30))
    await town.begin()
    await town.until(lambda: town.api.calls("setMyCommands") and town.api.waiting)
    await town.clock.advance(29.9)
    assert len(town.api.calls("setMyCommands")) == 1
    await town.clock.advance(0.2)
    await town.connected()
    await town.app.stop()
    await town.close()


async def test_a_supergroup_has_the_menus_that_its_group_had(tmp_path: Path) -> None:
    async with Town(tmp_path, kind="group") as village:

        def menus(group: Group) -> list[Any]:
            return [village.api.menu(scope, group, "en") for scope in ("chat", "chat_administrators")]

        before, village.group = menus(village.group), village.api.migrate(village.group)
        await village.until(lambda: len(village.api.commands) == 2 * MENUS)
        assert menus(village.group) == before
