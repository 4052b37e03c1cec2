"""Invites: asked for as actions, told through ``then``."""

from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import select

from xiaoer import (
    ActionEnded,
    Candidate,
    Content,
    Context,
    CreateInvite,
    Invite,
    JoinSource,
    MessagePosted,
    NoConfig,
    NotPermitted,
    Plugin,
    Revoke,
    RevokeInvite,
    Statement,
    Then,
    Unclear,
    continuation,
    on_message,
)
from xiaoer.actions import decode_action, encode_action
from xiaoer.events import decode_event, encode_event
from xiaoer.tables import members
from xiaoer.testing import START, FakePlatform, Town, play
from xiaoer.testing.scene import ADMINS, MAIN, SPACE

SOURCES = Statement(select(members.c.source))
LINK = CreateInvite(
    chat=SPACE, name="Ann", expires=START + timedelta(days=1), uses=3, then=Then("made", {"for": "ann"})
)


class Inviter(Plugin[NoConfig]):
    """Asks for what the test says, and says in the main chat what became of it."""

    name = "inviter"
    wants: Any = LINK

    @on_message
    async def ask(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        ctx.request(type(self).wants)

    @continuation("made")
    async def made(self, ctx: Context[NoConfig], event: ActionEnded) -> None:
        ctx.send(MAIN, Content((f"{event.data['for']}: {event.invite} {event.error}",)))


async def ask(town: Town, action: Any = LINK) -> str:
    """Let the plugin ask, and return what it heard."""
    Inviter.wants = action
    await town.say("ann", "please")
    return town.last("ann").text if town.messages() else ""


async def test_the_plugin_hears_the_address_of_the_invite_that_it_asked_for() -> None:
    async with play(Inviter) as town:
        heard = await ask(town)
        ((address, invite),) = town.fake.invites.items()
        assert heard == f"ann: {address} None"
        assert (invite.asked.chat, invite.asked.name, invite.asked.uses) == (SPACE, "Ann", 3)
        assert invite.asked.expires == START + timedelta(days=1)


async def test_an_invite_is_revoked_by_its_address() -> None:
    async with play(Inviter) as town:
        await ask(town)
        (address,) = town.fake.invites
        assert await ask(town, RevokeInvite(chat=SPACE, invite=address, then=Then("made", {"for": "ann"}))) == (
            "ann: None None"
        )
        assert town.fake.invites[address].revoked


async def test_where_there_are_no_invites_the_plugin_hears_why() -> None:
    bare = FakePlatform(capabilities=frozenset({"edit"}))
    async with play(Inviter, platform=bare) as town:
        assert await ask(town) == "ann: None fake has no invites"
        gone = RevokeInvite(chat=SPACE, invite="https://fake.example/+1", then=Then("made", {"for": "ann"}))
        assert await ask(town, gone) == "ann: None fake has no invites"


async def test_an_invite_for_nobody_is_not_made() -> None:
    async with play(Inviter) as town:
        await ask(town, CreateInvite(chat=SPACE, uses=0, then=Then("made", {"for": "ann"})))
        assert town.fake.invites == {}
        assert "an invite lets in one person at least" in town.last("ann").text


async def test_admins_are_not_told_again_what_the_adapter_told_them() -> None:
    async with play(Inviter) as town:
        town.fake.failures.append(NotPermitted("the bot may not make invites"))
        assert await ask(town) == "ann: None the bot may not make invites"
        assert town.messages(ADMINS) == []


async def test_an_invite_of_which_nobody_knows_is_made_again_after_a_pause() -> None:
    async with play(Inviter) as town:
        town.fake.failures.append(Unclear("the connection broke"))
        await ask(town)
        assert sum(isinstance(request, Invite) for request in town.fake.requests) == 1
        await town.pass_time(seconds=2)
        (address,) = town.fake.invites
        assert town.last("ann").text == f"ann: {address} None"
        assert len({request.id for request in town.fake.requests if isinstance(request, Invite)}) == 1


async def test_a_kill_before_it_was_made_loses_no_invite() -> None:
    async with play(Inviter) as town:
        town.fake.hang = True
        Inviter.wants = LINK
        await town.app.pipeline.submit(town.writing("ann", "please"))
        await town.until(lambda: any(isinstance(request, Invite) for request in town.fake.requests))
        town.fake.hang = False
        await town.restart(kill=True)
        (address,) = town.fake.invites
        assert town.last("ann").text == f"ann: {address} None"


def test_what_is_asked_for_survives_the_outbox() -> None:
    for action in (LINK, RevokeInvite(chat=SPACE, invite="https://fake.example/+1")):
        assert decode_action(encode_action(action)) == action


async def test_of_an_ambiguous_join_is_kept_which_invites_it_may_have_been() -> None:
    source = JoinSource("referral", "ambiguous", candidates=(Candidate("a", "fake:ann"), Candidate("b")))
    async with play(Inviter) as town:
        joined = town.joining("cid", source)
        assert decode_event(encode_event(joined)) == joined
        await town.tell(joined)
        (row,) = await town.rows(SOURCES)
        assert msgspec.convert(row.source, JoinSource) == source


def test_a_source_that_an_older_version_kept_is_read() -> None:
    old = {"kind": "referral", "certainty": "exact", "by": "fake:ann", "invite": "a"}
    assert msgspec.convert(old, JoinSource) == JoinSource("referral", "exact", "fake:ann", "a")


async def test_the_platform_is_asked_to_revoke_what_the_plugin_named() -> None:
    async with play(Inviter) as town:
        await ask(town, RevokeInvite(chat=SPACE, invite="elsewhere", then=Then("made", {"for": "ann"})))
        assert [request.invite for request in town.fake.requests if isinstance(request, Revoke)] == ["elsewhere"]
        assert town.messages(ADMINS) != []  # it was no such invite, which nobody told them yet
