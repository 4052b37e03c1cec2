"""``make live``: what it says before the first test, and one test from the first line to the last."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import cast

import pytest
from rich.console import Console
from tests.contracts import test_contract as contract
from tests.contracts.hands import Hands, place_of, simulated
from tests.contracts.live.acts import Act
from tests.contracts.live.doors import knock
from tests.contracts.live.settings import KINDS, PEOPLE, Mistake, people, read
from tests.contracts.live.terminal import Terminal
from tests.contracts.stage import Stage
from tests.contracts.telegram_stage import TelegramStage

ROOT = Path(__file__).parents[2]
TELEGRAM, DISCORD = KINDS
CHATS = {TELEGRAM.chat.name: "-1001234567890", DISCORD.chat.name: "81384788765712384/381870553235193857"}
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
async def telegram(tmp_path: Path) -> AsyncIterator[Hands]:
    async with simulated("telegram", tmp_path) as there:
        assert isinstance(there, TelegramStage)
        yield Hands(there)
        # the simulated Telegram has no getChat, and without it the chat is called as the community is
        there.api.refused = [words for words in there.api.refused if not words.startswith("getChat:")]


@pytest.fixture
async def discord(tmp_path: Path) -> AsyncIterator[Hands]:
    async with simulated("discord", tmp_path) as there:
        yield Hands(there)


def environ(**more: str) -> dict[str, str]:
    found = {name: value for name, value in os.environ.items() if not name.startswith("XIAOER_LIVE")}
    return {**found, "COLUMNS": "100", **more}


def settings(*testers: Hands) -> dict[str, str]:
    found: dict[str, str] = {}
    for kind in KINDS:
        for place in (place_of(one.there) for one in testers):
            if place.platform == kind.platform:
                found |= {kind.token.name: place.token, kind.chat.name: place.chat}
                found |= {kind.addresses[name].name: value for name, value in place.addresses.items()}
    return found


def make(target: str, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Make something, with what is installed taken for new."""
    command = ["make", "--no-print-directory", "-o", f"{sys.prefix}/dev.stamp", *options, target, f"VENV={sys.prefix}"]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, env=environ(**more), stdin=subprocess.DEVNULL
    )


def test_make_live_with_nothing_set_says_what_to_set() -> None:
    ended = make("live")
    assert ended.returncode == 2
    for kind in KINDS:
        assert {kind.token.name, kind.chat.name} <= set(ended.stdout.split())
    assert "@BotFather" in ended.stdout
    assert ended.stdout.endswith("Nothing is set: give the token and the chat of at least one platform.\n")


def test_make_test_plays_nothing_for_real() -> None:
    assert "contracts.live" in make("live", "-n").stdout
    assert "live" not in make("test", "-n").stdout


class Collected:
    """What pytest knows of a test that is collected, as far as the suite looks at it."""

    fixturenames = ("stage",)

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.kinds: list[str] = []

    def parametrize(self, name: str, kinds: Sequence[type[Stage]], **options: object) -> None:
        self.kinds = [kind.__name__ for kind in kinds]


def test_settings_for_real_platforms_change_nothing_for_pytest(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {TELEGRAM.token.name: "1:secret", DISCORD.token.name: "secret", **CHATS}.items():
        monkeypatch.setenv(name, value)
    collected = Collected(request.config)
    contract.pytest_generate_tests(cast("pytest.Metafunc", collected))
    assert collected.kinds == ["WebStage", "TelegramStage", "DiscordStage"]


def test_half_of_what_a_platform_needs_is_named() -> None:
    with pytest.raises(Mistake, match=r"XIAOER_LIVE_TELEGRAM_CHAT is not set: a supergroup .* \(docs/telegram.md"):
        read({TELEGRAM.token.name: "1:secret"})
    with pytest.raises(Mistake, match="XIAOER_LIVE_DISCORD_TOKEN is not set: a bot"):
        read({DISCORD.chat.name: CHATS[DISCORD.chat.name]})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (TELEGRAM.chat.name, "@town"),
        (DISCORD.chat.name, "81384788765712384"),
        (TELEGRAM.addresses["api_base"].name, "localhost"),
        (DISCORD.addresses["gateway_url"].name, "gateway.discord.gg"),
    ],
)
def test_a_value_of_another_form_is_named_with_an_example(name: str, value: str) -> None:
    given = {TELEGRAM.token.name: "1:secret", DISCORD.token.name: "secret", **CHATS}
    with pytest.raises(Mistake, match=f"^{name} looks like .*, not like '{value}'"):
        read(given | {name: value})


def test_each_platform_stands_on_its_own() -> None:
    given = {DISCORD.token.name: "secret", DISCORD.chat.name: CHATS[DISCORD.chat.name]}
    (place,) = read(given)
    assert (place.platform, place.chat, place.addresses) == ("discord", CHATS[DISCORD.chat.name], {})


def test_a_tester_has_one_to_three_accounts() -> None:
    assert [people({}), people({PEOPLE: "3"})] == [1, 3]
    for value in ("0", "4", "two"):
        with pytest.raises(Mistake, match=f"from 1 to 3, not '{value}'"):
            people({PEOPLE: value})


async def test_a_bot_that_is_where_it_should_be_is_let_in(telegram: Hands, discord: Hands) -> None:
    assert [(await knock(place_of(hands.there))).called for hands in (telegram, discord)] == ["Town", "#tea"]


async def test_a_wrong_token_is_named_by_its_variable_and_not_shown(telegram: Hands, discord: Hands) -> None:
    for hands, title in ((telegram, "Telegram"), (discord, "Discord")):
        with pytest.raises(Mistake) as refused:
            await knock(replace(place_of(hands.there), token="42:wrong"))
        assert str(refused.value).startswith(f"{title} does not accept the token in XIAOER_LIVE_{title.upper()}_TOKEN")
        assert "42:wrong" not in str(refused.value)


async def test_a_chat_that_the_bot_is_not_in_is_named(telegram: Hands, discord: Hands) -> None:
    with pytest.raises(Mistake, match=r"@xiaoer_bot is not in -100123 .*: add it \(Bad Request: chat not found\)"):
        await knock(replace(place_of(telegram.there), chat="-100123"))
    for chat, what in (("81384788765712384/1", "server"), (f"{place_of(discord.there).chat}9", "channel")):
        with pytest.raises(Mistake, match=f"Xiaoer is not in the {what} of XIAOER_LIVE_DISCORD_CHANNEL"):
            await knock(replace(place_of(discord.there), chat=chat))


async def test_a_telegram_bot_that_is_no_admin_would_hear_too_little(telegram: Hands) -> None:
    assert isinstance(telegram.there, TelegramStage)
    telegram.there.group.members[telegram.there.api.bot.id] = "member"
    with pytest.raises(Mistake, match="@xiaoer_bot is no admin of -1001000000777"):
        await knock(place_of(telegram.there))


async def test_a_bot_that_another_program_serves_is_not_shared(telegram: Hands) -> None:
    assert isinstance(telegram.there, TelegramStage)
    telegram.there.api.webhook = "https://example.org"
    with pytest.raises(Mistake, match=r"@xiaoer_bot is used by somebody else: end that first .*webhook"):
        await knock(place_of(telegram.there))


async def test_a_server_that_does_not_answer_is_named_by_its_address(telegram: Hands) -> None:
    place = replace(place_of(telegram.there), addresses={"api_base": NOBODY})
    with pytest.raises(Mistake, match=f"^Telegram does not answer at {NOBODY} \\(ConnectError\\).$"):
        await knock(place)


async def run(given: Mapping[str, str], *words: str, keyboard: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.contracts.live", *words),
        cwd=ROOT,
        env=environ(**given),
        stdin=keyboard,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def test_what_is_wrong_is_said_before_the_first_test(telegram: Hands) -> None:
    given = settings(telegram) | {TELEGRAM.token.name: "42:wrong"}
    program = await run(given, keyboard=subprocess.DEVNULL)
    printed = (await program.communicate())[0].decode()
    assert (program.returncode, printed.count("\n")) == (2, 1)
    assert printed.startswith("Telegram does not accept the token in XIAOER_LIVE_TELEGRAM_TOKEN")
    assert "42:wrong" not in printed


async def test_without_a_keyboard_nobody_can_be_asked(telegram: Hands) -> None:
    program = await run(settings(telegram), keyboard=subprocess.DEVNULL)
    printed = (await program.communicate())[0].decode()
    assert (program.returncode, printed) == (2, "The tester needs a keyboard: start it in a terminal.\n")


async def obey(line: str, hands: Hands, keyboard: int) -> None:
    """Do what a line asks, or answer it."""
    act = Act("", "", "Ann", True, "appear")
    if "is it so? y/n" in line:
        os.write(keyboard, b"y\n" if await hands.judge(line) else b"n\n")
    elif "write anything" in line:
        await hands.ask(act)
    elif found := re.search(r"use the command  /(.+)", line):
        await hands.ask(replace(act, do="use", command=found[1].strip()))


@pytest.mark.timeout(120)  # a second program has to load both libraries
async def test_the_program_asks_a_tester_and_believes_what_it_is_told(telegram: Hands, discord: Hands) -> None:
    keyboard, terminal = os.openpty()
    program = await run(settings(telegram, discord), "wrong_command", "late_answer", keyboard=terminal)
    os.close(terminal)
    assert program.stdout is not None
    printed: list[str] = []
    async for raw in program.stdout:
        printed.append(raw.decode())
        await obey(printed[-1], telegram if "Telegram" in printed[-1] else discord, keyboard)
    assert await program.wait() == 0, "".join(printed)
    os.close(keyboard)
    text = "".join(printed)
    assert "2 passed, 2 skipped" in text
    assert "it moves time, and here time passes by itself" in text
    assert text.index("Telegram · in Town: use") < text.index("Discord · in #tea: use")
    assert not any(place_of(hands.there).token in text for hands in (telegram, discord))


class Desk:
    """A keyboard and a screen."""

    def __init__(self) -> None:
        keyboard, self._keys = os.pipe()
        self.screen = StringIO()
        self.terminal = Terminal(Console(file=self.screen, width=80), keyboard)

    def type(self, text: str) -> None:
        os.write(self._keys, text.encode())


async def test_a_letter_says_that_an_act_cannot_be_done_or_that_nothing_came_of_it() -> None:
    desk, act = Desk(), Act("Telegram", "Town", "Ann", True, "write", "[bold]tea[/bold]")
    desk.type("what?\ns\nN\n")
    assert [await desk.terminal.ask(act), await desk.terminal.ask(act)] == ["cannot", "nothing"]
    assert "Telegram · in Town: write  [bold]tea[/bold]\n" in desk.screen.getvalue()


async def test_a_question_is_asked_until_it_is_answered() -> None:
    desk = Desk()
    desk.type("\nhm\nyes\nno\n")
    assert [await desk.terminal.judge("Is it so?"), await desk.terminal.judge("And that?")] == [True, False]
    assert desk.screen.getvalue().count("Is it so?") == 3


async def test_an_act_that_was_heard_of_goes_on_without_a_key() -> None:
    desk = Desk()
    asked = asyncio.ensure_future(desk.terminal.ask(Act("Telegram", "Town", "Ann", True, "leave")))
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert "✓ arrived" in desk.screen.getvalue()
