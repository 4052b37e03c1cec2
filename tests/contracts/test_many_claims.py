"""A crowd on all platforms at once presses the button of one envelope, each twice, some from two linked accounts."""

from __future__ import annotations

import asyncio
import random
import re
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import select
from tests.contracts.discord_stage import DiscordStage
from tests.contracts.probe import make_table
from tests.contracts.stage import Seen, Stage, make_app
from tests.contracts.telegram_stage import TelegramStage
from tests.contracts.web_stage import WebStage

from xiaoer import Row, Statement
from xiaoer.app import App
from xiaoer.tables import balances
from xiaoer.testing import ManualClock
from xiaoer_red_envelope import RedEnvelope
from xiaoer_red_envelope.tables import shares

PEOPLE, SHARES, POINTS = 300, 30, 1_000
LINKED = range(0, 48, 4)
"""Who has an account on two platforms."""

SAID = {"You got": "got", "last share": "got", "already": "already", "is empty": "empty"}
"""What words of an answer mean."""

TAKEN = Statement(select(shares.c.account, shares.c.name, shares.c.points).where(shares.c.account.is_not(None)))
BALANCES = Statement(select(balances.c.holder, balances.c.points))


class Press(NamedTuple):
    """A pressed button: where, by whom, and the handle under which its answer is found."""

    stage: Stage
    name: str
    handle: str


class Crowd:
    """A town of three platforms in which everybody has pressed, and what came of it."""

    def __init__(self, folder: Path) -> None:
        clock = ManualClock()
        self.web = WebStage(folder, RedEnvelope, clock=clock)
        self.stages: tuple[Stage, ...] = (
            self.web,
            TelegramStage(folder, RedEnvelope, clock=clock),
            DiscordStage(folder, RedEnvelope, clock=clock),
        )
        self.homes = [
            [self.stages[(number + home) % 3] for home in range(2 if number in LINKED else 1)]
            for number in range(PEOPLE)
        ]
        self.app: App
        self.answers: dict[Press, list[str]] = {}

    async def open(self) -> None:
        """Start the app, let everybody come in, and put points into an envelope."""
        self.app = make_app(self.stages)
        await self.app.start()
        await self.app.store.transact(make_table)
        for stage in self.stages:
            stage.app = self.app
            await stage.connected()
        for number, homes in enumerate(self.homes):
            for stage in homes:
                await stage.join(name_of(number))
        await self.settle()
        for number in LINKED:
            await self.link(number)
        await self.web.join("Boss")
        await self.web.promote("Boss")
        await self.web.use("Boss", f"points grant Boss {POINTS} for the crowd")
        await self.web.use("Boss", f"hongbao send {POINTS} {SHARES}")
        await self.settle()

    async def settle(self) -> None:
        """Wait until all that people did is taken in and answered."""
        for stage in self.stages:
            await stage.settle()

    async def link(self, number: int) -> None:
        """Link somebody's two accounts, as people do: by a code shown on one platform and typed on the other."""
        first, second = self.homes[number]
        asked = await first.use(name_of(number), "link")
        await first.settle()
        found = re.search(r"/link (\S+)", (await first.answers(name_of(number), asked))[0].text)
        assert found is not None
        await second.use(name_of(number), "link", code=found[1])
        await second.settle()

    async def press(self) -> None:
        """Let everybody press twice, first those with two accounts, while there is enough for each of them."""
        cards = {stage.platform: (await stage.seen("Usher"))[-1] for stage in self.stages}
        crowd = [number for number in range(PEOPLE) if number not in LINKED]
        for wave in (list(LINKED), crowd):
            pressing = [(self.homes[number][home], name_of(number)) for number in wave for home in (0, -1)]
            random.Random(30).shuffle(pressing)  # noqa: S311 - only the same every time
            presses = await asyncio.gather(*(_press(stage, name, cards[stage.platform]) for stage, name in pressing))
            await self.settle()
            for one in presses:
                self.answers[one] = [seen.text for seen in await one.stage.answers(one.name, one.handle)]


async def _press(stage: Stage, name: str, card: Seen) -> Press:
    return Press(stage, name, await stage.press(name, card.buttons[0], card.id))


class Outcome(NamedTuple):
    """What came of it: the shares that were taken, what everybody has, and what everybody's presses were answered."""

    taken: list[Row]
    has: dict[str, int]
    answers: dict[str, list[list[str]]]


def name_of(number: int) -> str:
    return f"guest{number:03}"


async def play(folder: Path) -> Outcome:
    crowd = Crowd(folder)
    async with AsyncExitStack() as stack:
        for stage in crowd.stages:
            await stage.open()
            stack.push_async_callback(stage.close)
        await crowd.open()
        stack.push_async_callback(crowd.app.stop)
        await crowd.press()
        has = {row.holder: row.points for row in await crowd.app.store.read(BALANCES)}
        answers: dict[str, list[list[str]]] = {}
        for press, said in crowd.answers.items():
            answers.setdefault(press.name, []).append(said)
        return Outcome(await crowd.app.store.read(TAKEN), has, answers)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return asyncio.run(play(tmp_path_factory.mktemp("crowd")))


def test_every_share_is_handed_out_and_all_together_are_what_was_put_in(outcome: Outcome) -> None:
    assert (len(outcome.taken), sum(row.points for row in outcome.taken)) == (SHARES, POINTS)


def test_nobody_gets_a_second_share_by_pressing_again_or_with_another_account(outcome: Outcome) -> None:
    assert len({row.name for row in outcome.taken}) == SHARES  # people are called the same wherever they are


def test_the_ledger_says_what_the_shares_say(outcome: Outcome) -> None:
    people = {holder: points for holder, points in outcome.has.items() if ":" in holder and points}
    assert people == {row.account: row.points for row in outcome.taken}
    assert sum(outcome.has.values()) == 0


def test_every_press_is_answered_once(outcome: Outcome) -> None:
    assert [len(said) for said in outcome.answers.values()] == [2] * PEOPLE
    assert {len(one) for said in outcome.answers.values() for one in said} == {1}


def test_who_has_a_share_hears_so_and_the_others_that_there_is_none(outcome: Outcome) -> None:
    winners = {row.name for row in outcome.taken}
    heard = {name: sorted(_kind(one[0]) for one in said) for name, said in outcome.answers.items()}
    assert {name for name, kinds in heard.items() if kinds == ["already", "got"]} == winners
    assert [kinds for name, kinds in heard.items() if name not in winners] == [["empty", "empty"]] * (PEOPLE - SHARES)


def _kind(text: str) -> str:
    return next(kind for words, kind in SAID.items() if words in text)
