"""Who was here before, and what people may."""

from datetime import timedelta
from typing import Any

from xiaoer import (
    MEMBERS_SINCE,
    CommandUsed,
    Content,
    Context,
    MemberJoined,
    MessagePosted,
    NoConfig,
    Plugin,
    command,
    on_join,
    on_message,
)
from xiaoer.linking import POINT
from xiaoer.testing import Town, play
from xiaoer.testing.scene import MAIN
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


class Herald(Plugin[NoConfig]):
    name = "herald"

    @on_message
    async def tell(self, ctx: Context[Any], event: MessagePosted) -> None:
        ctx.transact(tell, f"fake:{event.text}")


def tell(tx: Transaction, account: str) -> None:
    tx.send(MAIN, Content((tx.role(account),)))


async def role(town: Town, name: str) -> str:
    await town.say("herold", name)
    return town.messages()[-1].text


async def test_the_highest_role_of_all_accounts_of_a_person_is_told() -> None:
    async with play(Herald) as town:
        town.person("boss", role="secretary")
        await town.join("boss")
        await town.join("ann")
        assert [await role(town, name) for name in ("boss", "ann", "nobody")] == ["secretary", "member", "member"]
        await town.app.store.transact(Transaction.run, POINT, stands="fake:boss", old="fake:ann")
        assert await role(town, "ann") == "secretary"


async def test_who_left_is_nothing_here_any_more() -> None:
    async with play(Herald) as town:
        town.person("boss", role="secretary")
        await town.join("boss")
        await town.leave("boss")
        assert await role(town, "boss") == "member"


class Calendar(Plugin[NoConfig]):
    """Tells since when somebody is here."""

    name = "calendar"

    @command("since")
    async def since(self, ctx: Context[Any], event: CommandUsed) -> None:
        ctx.transact(_since, event.who.account)


def _since(tx: Transaction, account: str) -> None:
    since = tx.since(account)
    tx.answer(Content((f"{(tx.now - since).days} days" if since else "no member",)))


async def days_here(town: Town, name: str) -> str:
    answer = await town.use(name, "/since")
    assert answer is not None
    return answer.text


async def test_somebody_is_here_since_the_first_of_their_accounts_came() -> None:
    async with play(Calendar) as town:
        await town.join("ann")
        await town.pass_time(days=2)
        await town.join("nan")
        await town.app.store.transact(Transaction.run, POINT, stands="fake:nan", old="fake:ann")
        assert await days_here(town, "nan") == "2 days"


async def test_who_comes_back_is_here_since_then() -> None:
    async with play(Calendar) as town:
        await town.join("ann")
        await town.leave("ann")
        await town.pass_time(days=2)
        await town.join("ann")
        assert await days_here(town, "ann") == "0 days"


async def test_the_report_names_each_person_who_is_here_for_long_enough_once() -> None:
    async with play(Calendar) as town:
        for name in ("ann", "nan", "ben", "cid"):
            await town.join(name)
        await town.app.store.transact(Transaction.run, POINT, stands="fake:ann", old="fake:nan")
        await town.leave("cid")
        await town.pass_time(days=2)
        await town.join("dan")
        found = await town.rows(MEMBERS_SINCE, here="town", until=town.now() - timedelta(days=1), most=10)
        assert [row.person for row in found] == ["fake:ann", "fake:ben"]
