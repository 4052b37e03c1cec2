"""Who was here before."""

from typing import Any

from xiaoer import Content, Context, MemberJoined, NoConfig, Plugin, on_join
from xiaoer.linking import POINT
from xiaoer.testing import Town, play
from xiaoer.transaction import Transaction


class Doorman(Plugin[NoConfig]):
    name = "doorman"

    @on_join
    async def look(self, ctx: Context[Any], event: MemberJoined) -> None:
        again = await ctx.was_here(event.who.account, event.at)
        ctx.send(event.chat or event.space, Content((event.who.name + (" again" if again else ""),)))


async def said(town: Town, name: str) -> bool:
    await town.pass_time(minutes=2)
    await town.join(name)
    return "again" in repr(town.messages()[-1].content)


async def test_who_comes_for_the_first_time_was_not_here() -> None:
    async with play(Doorman) as town:
        assert not await said(town, "ann")


async def test_who_left_was_here() -> None:
    async with play(Doorman) as town:
        await town.join("ann")
        await town.leave("ann")
        assert await said(town, "ann")


async def test_who_only_spoke_was_here_unless_it_was_just_now() -> None:
    async with play(Doorman) as town:
        await town.say("ann", "hello")
        assert await said(town, "ann")
        await town.say("bob", "hello")
        await town.join("bob")
        assert "again" not in repr(town.messages()[-1].content)


async def test_who_was_here_by_another_account_was_here() -> None:
    async with play(Doorman) as town:
        await town.join("ann")
        await town.say("second", "hi")
        await town.app.store.transact(Transaction.run, POINT, stands="fake:ann", old="fake:second")
        assert await said(town, "second")
