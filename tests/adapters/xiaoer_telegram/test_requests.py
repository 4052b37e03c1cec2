"""Join requests on Telegram: who asks, what they are told, and that it is decided whatever happens to the words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.adapters.xiaoer_telegram.town import Town
from tests.simulators.telegram import Fault, User
from tests.simulators.telegram.invites import Link

from xiaoer import Content, Decide, Hopeless, NotPermitted, Receipt, TryLater, Unclear

SEND, APPROVE, DECLINE = "sendMessage", "approveChatJoinRequest", "declineChatJoinRequest"
WORDS = Content(("Only founders may enter.",))


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as found:
        yield found


@pytest.fixture
def ann(town: Town) -> User:
    return town.person("Ann")


@pytest.fixture
def link(town: Town) -> Link:
    return town.api.links.make(town.group, town.person("Usher"), asks=True)


def decision(town: Town, *, admit: bool, content: Content | None = WORDS) -> Decide:
    asked = [update for update in town.api.updates if "chat_join_request" in update][-1]
    account = town.account("Ann")
    return Decide("1", town.space, f"telegram:{account}", f"{account}/telegram:42:{asked['update_id']}", admit, content)


async def decide(town: Town, *, admit: bool, content: Content | None = WORDS) -> list[str]:
    """Decide on Ann's request and return what she was told."""
    assert await town.perform(decision(town, admit=admit, content=content)) == Receipt()
    return [message.text for message in town.api.private(town.person("Ann"))]


async def test_somebody_who_never_opened_a_chat_is_told_and_let_in_by_the_link(
    town: Town, ann: User, link: Link
) -> None:
    town.api.keeping.ask(ann, link.address)
    assert await decide(town, admit=True) == ["Only founders may enter."]
    assert town.group.members[ann.id] == "member"
    usher = town.account("Usher")
    assert await town.told(1, "join") == [("join", "Ann", "referral exact", usher)]


async def test_who_asks_to_come_into_a_public_group_is_let_in_without_a_link(town: Town, ann: User) -> None:
    town.group.username = "teatown"
    town.api.keeping.ask(ann, group=town.group)
    assert await decide(town, admit=True) == ["Only founders may enter."]
    assert await town.told(1, "join") == [("join", "Ann", "public_link inferred", "")]


async def test_somebody_who_is_not_let_in_is_told_and_stays_outside(town: Town, ann: User, link: Link) -> None:
    town.api.keeping.ask(ann, link.address)
    assert await decide(town, admit=False) == ["Only founders may enter."]
    assert ann.id not in town.group.members
    assert town.api.keeping.asking == {}


async def test_a_decision_needs_no_words(town: Town, ann: User, link: Link) -> None:
    town.api.keeping.ask(ann, link.address)
    assert await decide(town, admit=True, content=None) == []
    assert town.group.members[ann.id] == "member"


async def test_who_can_not_be_told_is_decided_on_all_the_same(town: Town, ann: User, link: Link) -> None:
    ann.blocked = True
    town.api.keeping.ask(ann, link.address)
    assert await decide(town, admit=True) == []
    assert town.group.members[ann.id] == "member"


async def test_what_is_decided_late_is_decided_without_words(town: Town, ann: User, link: Link) -> None:
    town.api.keeping.ask(ann, link.address)
    await town.clock.advance(301)
    assert await decide(town, admit=False) == []
    assert town.api.keeping.asking == {}


@pytest.mark.parametrize("admit", [True, False])
async def test_what_is_decided_already_is_a_success(town: Town, ann: User, link: Link, admit: bool) -> None:
    town.api.keeping.ask(ann, link.address)
    for _ in range(2):
        assert await decide(town, admit=admit) == ["Only founders may enter."]
    town.api.join(town.group, ann)
    await decide(town, admit=admit)
    assert town.api.calls(APPROVE if admit else DECLINE)[-1].status == 400


async def test_nobody_is_told_twice_when_the_decision_has_to_be_tried_again(town: Town, ann: User, link: Link) -> None:
    ann.started = True
    town.api.keeping.ask(ann, link.address)
    town.api.faults.next(APPROVE, Fault(429, retry_after=7), Fault(drop="after"))
    with pytest.raises(TryLater):
        await decide(town, admit=True)
    with pytest.raises(Unclear):
        await decide(town, admit=True)
    await town.restart(kill=True)
    await town.perform(decision(town, admit=True))
    assert len(town.api.private(ann)) == len(town.api.calls(SEND)) == 1


async def test_who_asks_again_is_told_again(town: Town, ann: User, link: Link) -> None:
    for _ in range(2):
        town.api.keeping.ask(ann, link.address)
        told = await decide(town, admit=False)
    assert len(told) == 2


async def test_words_that_have_to_wait_a_little_keep_the_decision_waiting_and_others_do_not(
    town: Town, ann: User, link: Link
) -> None:
    town.api.keeping.ask(ann, link.address)
    town.api.faults.next(SEND, Fault(429, retry_after=7), Fault(429, retry_after=3600))
    with pytest.raises(TryLater):
        await decide(town, admit=True)
    assert ann.id not in town.group.members
    assert await decide(town, admit=True) == []
    assert town.group.members[ann.id] == "member"


async def test_of_words_that_may_have_been_said_it_is_not_asked_again(town: Town, ann: User, link: Link) -> None:
    town.api.keeping.ask(ann, link.address)
    town.api.faults.next(SEND, Fault(drop="after"))
    assert len(await decide(town, admit=True)) == 1
    assert town.group.members[ann.id] == "member"


async def test_admins_hear_once_that_the_bot_may_let_nobody_in(town: Town, ann: User, link: Link) -> None:
    town.api.keeping.ask(ann, link.address)
    for rights in ({}, {}, {"can_invite_users": True}, {}):
        town.group.rights = rights
        if rights:
            await decide(town, admit=True)
        else:
            with pytest.raises(NotPermitted):
                await decide(town, admit=True)
    assert town.reports == ["telegram.no_decisions"] * 2


async def test_what_telegram_says_of_somebody_it_does_not_let_in_is_passed_on(
    town: Town, ann: User, link: Link
) -> None:
    town.api.keeping.ask(ann, link.address)
    town.api.faults.next(APPROVE, Fault(400, "Bad Request: USER_CHANNELS_TOO_MUCH"))
    with pytest.raises(Hopeless, match="USER_CHANNELS_TOO_MUCH"):
        await decide(town, admit=True)


async def test_a_request_for_a_group_that_moved_is_decided_where_it_is_now(tmp_path: Path) -> None:
    async with Town(tmp_path, kind="group") as town:
        town.group = town.api.migrate(town.group)
        town.group.rights["can_invite_users"] = True
        ann, link = town.person("Ann"), town.api.links.make(town.group, town.api.bot, asks=True)
        town.api.keeping.ask(ann, link.address)
        await decide(town, admit=True)
        assert town.group.members[ann.id] == "member"
