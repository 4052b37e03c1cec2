"""Linking: accounts of one person count once, are told, and part again."""

import asyncio
import re
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import func, select

from xiaoer import Statement, person_of
from xiaoer.attempts import TRIES
from xiaoer.tables import accounts
from xiaoer.testing import Town, play

PERSONS = Statement(
    select(accounts.c.account, person_of(accounts.c.account).label("person"), accounts.c.same_as).order_by(
        accounts.c.account
    )
)
PEOPLE = Statement(select(func.count(person_of(accounts.c.account).distinct()).label("number")))


async def code_for(town: Town, name: str) -> str:
    shown = await town.use(name, "/link")
    assert shown is not None
    found = re.search(r"/link (\w{4}-\w{4})", shown.text)
    assert found is not None, shown.text
    assert shown.only_to == f"fake:{name}"
    return found[1]


async def said(town: Town, name: str, command: str) -> str:
    shown = await town.use(name, command)
    assert shown is not None
    return shown.text


async def test_two_accounts_become_one_person_and_both_are_told() -> None:
    async with play() as town:
        await town.use("ann", "/help")
        code = await code_for(town, "ann")
        assert "Ann (Fake) and you are now one person" in await said(town, "bob", f"/link {code}")
        assert "Bob (Fake) and you are now one person" in town.last("ann").text
        assert town.last("ann").only_to == "fake:ann"
        assert (await town.rows(PEOPLE))[0].number == 1


async def test_a_code_is_good_once_for_ten_minutes_and_the_newest_counts() -> None:
    async with play() as town:
        first = await code_for(town, "ann")
        second = await code_for(town, "ann")
        assert "not good any more" in await said(town, "bob", f"/link {first}")
        await town.pass_time(minutes=11)
        assert "not good any more" in await said(town, "bob", f"/link {second}")
        third = await code_for(town, "ann")
        await town.use("bob", f"/link {third.lower().replace('-', ' ')}")
        assert "not good any more" in await said(town, "cid", f"/link {third}")


async def test_nobody_links_with_themselves_or_twice() -> None:
    async with play() as town:
        code = await code_for(town, "ann")
        assert "your own code" in await said(town, "ann", f"/link {code}")
        await town.use("bob", f"/link {code}")
        assert "linked already" in await said(town, "bob", f"/link {await code_for(town, 'ann')}")


async def test_nobody_guesses_a_code() -> None:
    async with play() as town:
        code = await code_for(town, "ann")
        for number in range(TRIES):
            assert "not good any more" in await said(town, "bob", f"/link AAAA-AAA{number + 2}")
        assert "not good any more" in await said(town, "bob", f"/link {code}")
        await town.pass_time(minutes=61)
        assert "one person" in await said(town, "bob", f"/link {await code_for(town, 'ann')}")


async def test_accounts_part_again_and_both_are_told() -> None:
    async with play() as town:
        await town.use("bob", f"/link {await code_for(town, 'ann')}")
        assert "without Ann (Fake)" in await said(town, "bob", "/unlink")
        assert "Bob (Fake) is not linked with you" in town.last("ann").text
        assert (await town.rows(PEOPLE))[0].number == 2
        assert "not linked with any other" in await said(town, "ann", "/unlink")


async def test_those_that_stay_together_stay_one_person_when_the_one_who_stood_for_them_parts() -> None:
    async with play() as town:
        await town.use("bob", f"/link {await code_for(town, 'ann')}")
        await town.use("cid", f"/link {await code_for(town, 'bob')}")
        assert (await town.rows(PEOPLE))[0].number == 1
        await town.use("ann", "/unlink")
        persons = {row.account: row.person for row in await town.rows(PERSONS)}
        assert persons["fake:bob"] == persons["fake:cid"] != persons["fake:ann"] == "fake:ann"


NAMES = ("ann", "bob", "cid", "dan")


class Linking(RuleBasedStateMachine):
    """Whoever links, parts and restarts in whatever order: the groups are those of the model, one step deep."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stage: Any = play()
        self.town: Town = self.runner.run(self.stage.__aenter__())
        self.groups: dict[str, frozenset[str]] = {name: frozenset({name}) for name in NAMES}

    @initialize()
    def everybody_is_there(self) -> None:
        for name in NAMES:
            self.runner.run(self.town.use(name, "/help"))

    @rule(one=st.sampled_from(NAMES), other=st.sampled_from(NAMES))
    def link(self, one: str, other: str) -> None:
        code = self.runner.run(code_for(self.town, one))
        self.runner.run(self.town.use(other, f"/link {code}"))
        merged = self.groups[one] | self.groups[other]
        for name in merged:
            self.groups[name] = merged

    @rule(name=st.sampled_from(NAMES))
    def unlink(self, name: str) -> None:
        self.runner.run(self.town.use(name, "/unlink"))
        rest = self.groups[name] - {name}
        for other in rest:
            self.groups[other] = rest
        self.groups[name] = frozenset({name})

    @rule(kill=st.booleans())
    def restart(self, kill: bool) -> None:
        self.runner.run(self.town.restart(kill=kill))

    @invariant()
    def groups_are_those_of_the_model(self) -> None:
        rows = self.runner.run(self.town.rows(PERSONS))
        persons = {row.account.removeprefix("fake:"): row.person for row in rows}
        for name, group in self.groups.items():
            if name in persons:
                assert {other for other in persons if persons[other] == persons[name]} == set(group)
        stands = {row.same_as for row in rows} - {None}
        assert all(row.same_as is None for row in rows if row.account in stands)

    def teardown(self) -> None:
        self.runner.run(self.stage.__aexit__(None, None, None))
        self.runner.close()


TestLinking = Linking.TestCase
TestLinking.settings = settings(max_examples=12, stateful_step_count=12, deadline=None, derandomize=True)
