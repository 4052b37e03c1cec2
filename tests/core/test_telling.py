"""Telling somebody something who did not ask, in their own language."""

from __future__ import annotations

from xiaoer import Context, MessagePosted, NoConfig, Plugin, Transaction, on_message
from xiaoer.testing import play


class Teller(Plugin[NoConfig]):
    """Tells somebody else something, in private."""

    name = "teller"

    @on_message
    async def pass_on(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        ctx.transact(told, f"fake:{event.text}")


def told(tx: Transaction, account: str) -> None:
    tx.tell(account, tx.content("xiaoer.failed", to=tx.who(account)))


async def test_somebody_is_told_in_their_own_language_and_who_told_none_in_the_communitys() -> None:
    async with play(Teller, locale="zh") as town:
        await town.join("ann", locale="en")
        await town.join("ben")
        for name in ("ann", "ben", "nobody"):
            await town.say("cid", name)
        english, chinese = town.last("ann").text, town.last("ben").text
        assert english != chinese
        assert english.isascii()
        assert town.last("nobody").text == chinese


async def test_somebody_is_told_in_a_space_that_they_are_in() -> None:
    spaces = ("fake:town", "fake:hall")
    async with play(Teller, spaces=spaces, chats=("fake:town/main", "fake:hall/main")) as town:
        await town.join("ann", space="fake:hall")
        await town.say("cid", "ann")
        assert [message.only_to for message in town.messages("fake:hall/main")] == ["fake:ann"]
        await town.leave("ann", space="fake:hall")
        await town.say("cid", "ann")
        assert [message.only_to for message in town.messages("fake:town/main")] == ["fake:ann"]
