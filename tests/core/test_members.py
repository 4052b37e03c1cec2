"""Badges, gates, join requests and removals, on their way from a plugin to the platform."""

from __future__ import annotations

from xiaoer import (
    Badge,
    BadgesChanged,
    Content,
    Context,
    DecideJoin,
    GateChat,
    Hopeless,
    JoinRequested,
    MessagePosted,
    NoConfig,
    Plugin,
    RemoveMember,
    Then,
    Transaction,
    TryLater,
    Wear,
    WearBadges,
    continuation,
    on_badges,
    on_join_request,
    on_message,
)
from xiaoer.actions import MEMBER, lane_of
from xiaoer.events import ActionEnded
from xiaoer.testing import FakePlatform, play
from xiaoer.testing.scene import ADMINS, MAIN, SPACE

SEAT = Badge("founding", "Founding", "创始·07", 0xD4A017)


class Usher(Plugin[NoConfig]):
    """Does to members what somebody says."""

    name = "usher"
    config = NoConfig

    @on_message
    async def act(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        word, _, person = event.text.partition(" ")
        account, told = f"fake:{person}", Then("told")
        if word == "wear":
            ctx.request(WearBadges(chat=SPACE, account=account, badges=(SEAT,), then=told))
        elif word == "strip":
            ctx.request(WearBadges(chat=SPACE, account=account, badges=()))
        elif word == "gate":
            ctx.request(GateChat(chat=MAIN, badge=SEAT))
        elif word == "open":
            ctx.request(GateChat(chat=MAIN, badge=None))
        elif word == "remove":
            ctx.request(RemoveMember(chat=SPACE, account=account))
        elif word == "where":
            ctx.transact(where, account)

    @on_join_request
    async def decide(self, ctx: Context[NoConfig], event: JoinRequested) -> None:
        known = event.who.account == "fake:ann"
        words = Content((event.who.name,))
        ctx.request(
            DecideJoin(chat=event.space, account=event.who.account, handle=event.handle, admit=known, content=words)
        )

    @on_badges
    async def changed(self, ctx: Context[NoConfig], event: BadgesChanged) -> None:
        ctx.request(WearBadges(chat=event.space, account=event.who.account, badges=(SEAT,)))

    @continuation("told")
    async def told(self, ctx: Context[NoConfig], event: ActionEnded) -> None:
        ctx.send(MAIN, Content((f"{event.error} | {event.why} | {event.values}",)))


def where(tx: Transaction, account: str) -> None:
    tx.send(MAIN, Content((str(tx.memberships(account)),)))


async def test_badges_are_worn_and_taken() -> None:
    async with play(Usher) as town:
        await town.say("ann", "wear ben")
        assert town.badges("ben", "usher") == (SEAT,)
        await town.say("ann", "strip ben")
        assert town.badges("ben", "usher") == ()


async def test_what_somebody_takes_by_hand_can_be_given_back() -> None:
    async with play(Usher) as town:
        await town.say("ann", "wear ben")
        await town.strip("ben")
        assert town.badges("ben", "usher") == (SEAT,)


async def test_whoever_asked_hears_in_words_for_people_why_a_badge_cannot_be_and_admins_hear_nothing() -> None:
    async with play(Usher) as town:
        town.fake.failures.append(Hopeless("user is an administrator", "usher.admin", who="Ben"))
        await town.say("ann", "wear ben")
        assert town.last("ann").text == "user is an administrator | usher.admin | {'who': 'Ben'}"
        assert town.messages(ADMINS) == []


async def test_what_a_platform_lacks_is_said() -> None:
    fake = FakePlatform(capabilities=frozenset({"edit"}))
    async with play(Usher, platform=fake) as town:
        await town.say("ann", "wear ben")
        for word in ("gate", "remove ben"):
            await town.say("ann", word)
        await town.ask_in("ann")
        said = [message.text for message in town.messages() + town.messages(ADMINS)]
        for lack in ("has no badges", "cannot show a chat", "cannot remove anybody", "has no join requests"):
            assert any(lack in text for text in said), lack


async def test_a_gate_is_put_up_and_taken_away() -> None:
    async with play(Usher) as town:
        await town.say("ann", "gate")
        assert town.fake.gates == {MAIN: SEAT}
        await town.say("ann", "open")
        assert town.fake.gates == {}


async def test_who_asks_to_be_let_in_is_told_and_is_no_member_before() -> None:
    async with play(Usher) as town:
        admitted, refused = await town.ask_in("ann"), await town.ask_in("ben")
        assert admitted is not None
        assert refused is not None
        assert (admitted.admit, refused.admit) == (True, False)
        assert refused.content is not None
        assert refused.content.plain == "Ben"
        await town.say("cid", "where ann")
        assert town.last("cid").text == "[]"
        await town.join("ann")
        await town.say("cid", "where ann")
        assert town.last("cid").text == "[('fake:town', 'fake:ann')]"


async def test_somebody_is_removed() -> None:
    async with play(Usher) as town:
        await town.say("ann", "remove ben")
        assert town.fake.removed == [(SPACE, "fake:ben")]


async def test_what_is_done_to_the_members_of_a_space_keeps_its_order_when_the_platform_asks_to_wait() -> None:
    async with play(Usher) as town:
        town.fake.failures.append(TryLater(5, "wait"))
        await town.say("ann", "wear ben")
        await town.say("ann", "strip ben")
        await town.pass_time(seconds=10)
        assert [len(asked.badges) for asked in town.fake.requests if isinstance(asked, Wear)] == [1, 1, 0]
        assert town.badges("ben", "usher") == ()


async def test_messages_do_not_wait_for_what_is_done_to_members() -> None:
    async with play(Usher) as town:
        town.fake.failures.append(TryLater(500, "wait"))
        await town.say("ann", "wear ben")
        await town.say("ann", "where ann")
        assert town.last("ann").text.startswith("[(")


async def test_a_badge_that_a_kill_left_open_is_given_afterwards() -> None:
    async with play(Usher) as town:
        town.fake.failures.append(TryLater(500, "wait"))
        await town.say("ann", "wear ben")
        await town.restart(kill=True)
        assert town.badges("ben", "usher") == (SEAT,)


def test_what_concerns_one_space_waits_in_one_place_and_not_with_its_messages() -> None:
    places = {lane_of(chat, MEMBER) for chat in ("discord:1", "discord:1/2", "discord:1/3")}
    assert len(places) == 1
    assert not places & {"discord:1", "discord:1/2"}
    assert {place.partition(":")[0] for place in places} == {"discord"}


async def test_who_asks_again_after_being_a_member_stays_one() -> None:
    async with play(Usher) as town:
        await town.join("ann")
        await town.ask_in("ann")
        await town.say("cid", "where ann")
        assert town.last("cid").text == "[('fake:town', 'fake:ann')]"
