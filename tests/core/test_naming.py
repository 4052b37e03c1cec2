"""Whom people mean when they write somebody's name."""

import pytest

from xiaoer import Context, MessagePosted, NoConfig, Plugin, Refusal, Who, on_message
from xiaoer.linking import POINT
from xiaoer.naming import Named, asked_for
from xiaoer.testing import Town, play
from xiaoer.transaction import Transaction


class Finder(Plugin[NoConfig]):
    """Looks for the member whom a message names."""

    name = "finder"
    found: Named | str | None = None

    @on_message
    async def look(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        try:
            type(self).found = await ctx.find(event.text)
        except Refusal as refusal:
            type(self).found = refusal.key


async def arrive(town: Town, account: str, name: str, handle: str = "") -> None:
    joining = town.joining(account)
    who = Who(f"fake:{account}", name, handle=handle)
    await town.tell(type(joining)(key=joining.key, at=joining.at, space=joining.space, who=who))


async def find(town: Town, word: str) -> Named | str | None:
    await town.say("ann", word)
    return Finder.found


async def test_somebody_is_found_by_account_handle_and_name() -> None:
    async with play(Finder) as town:
        await arrive(town, "1", "Old Wang", "Wang_01")
        for word in ("fake:1", "@wang_01", "WANG_01", "Old Wang", "@old wang"):
            assert await find(town, word) == Named("fake:1", "Old Wang"), word


async def test_a_chinese_name_is_found_as_it_is_written() -> None:
    async with play(Finder) as town:
        await arrive(town, "1", "小明")
        assert await find(town, "@小明") == Named("fake:1", "小明")


async def test_a_handle_comes_before_a_name_that_somebody_gave_themselves() -> None:
    async with play(Finder) as town:
        await arrive(town, "1", "Wang", "wang")
        await arrive(town, "2", "wang")
        assert await find(town, "@wang") == Named("fake:1", "Wang")


async def test_a_name_of_two_people_is_not_guessed_and_that_of_two_accounts_of_one_is_found() -> None:
    async with play(Finder) as town:
        for account in ("1", "2"):
            await arrive(town, account, "Wang")
        assert await find(town, "Wang") == "xiaoer.person.several"
        await town.app.store.transact(Transaction.run, POINT, stands="fake:1", old="fake:2")
        assert await find(town, "Wang") == Named("fake:1", "Wang")


async def test_nobody_is_found_who_is_not_here_or_has_left() -> None:
    async with play(Finder) as town:
        await arrive(town, "wang", "Wang")
        await town.leave("wang")
        for word in ("Wang", "fake:wang", "", "@", "%", "_ang"):
            assert await find(town, word or "@") == "xiaoer.person.unknown"


@pytest.mark.parametrize("word", ["<@123>", "<@!123>"])
def test_a_mention_as_discord_writes_it_is_an_account(word: str) -> None:
    assert asked_for(word)["word"] == "discord:123"
