"""A settled referral is a fact for every plugin of the community."""

from typing import Any

from xiaoer import (
    Budget,
    Content,
    Context,
    MessagePosted,
    NoConfig,
    Plugin,
    ReferralConfirmed,
    Veto,
    on_message,
    on_referral,
    screen,
)
from xiaoer.testing import Town, play
from xiaoer.testing.scene import MAIN, SPACE


class Teller(Plugin[NoConfig]):
    name = "teller"

    @on_message
    async def tell(self, ctx: Context[Any], event: MessagePosted) -> None:
        fact = ReferralConfirmed(
            key=f"settled:{event.key}",
            at=ctx.now,
            community=ctx.community.id,
            inviter="fake:ann",
            newcomer=event.who.account,
            space=SPACE,
            certainty="exact",
        )
        ctx.emit(fact)


class Fan(Plugin[NoConfig]):
    name = "fan"

    @on_referral
    async def cheer(self, ctx: Context[Any], event: ReferralConfirmed) -> None:
        ctx.send(MAIN, Content((f"{event.inviter} brought {event.newcomer} ({event.certainty})",)))


class Choir(Fan):
    name = "choir"


class Gate(Plugin[NoConfig]):
    name = "gate"

    @screen
    async def look(self, ctx: Context[Any], event: Any) -> Veto | None:
        return Veto("no") if isinstance(event, ReferralConfirmed) else None


def cheers(town: Town) -> list[str]:
    return [message.text for message in town.messages()]


async def test_every_plugin_hears_that_a_referral_is_settled_and_no_screen_can_stop_it() -> None:
    async with play(Gate, Teller, Fan, Choir) as town:
        await town.say("bob", "hello")
        await town.settle()
        assert cheers(town) == ["fake:ann brought fake:bob (exact)"] * 2


async def test_what_is_posted_about_a_referral_counts_towards_the_budget() -> None:
    async with play(Teller, Fan, budget=Budget(1, 1)) as town:
        await town.say("bob", "hello")
        await town.say("cat", "hello")
        await town.settle()
        assert len(cheers(town)) == 1
        await town.pass_time(hours=2)
        assert len(cheers(town)) == 2


async def test_a_settled_referral_survives_a_kill() -> None:
    async with play(Teller, Fan) as town:
        await town.say("bob", "hello")
        await town.restart(kill=True)
        assert cheers(town) == ["fake:ann brought fake:bob (exact)"]
