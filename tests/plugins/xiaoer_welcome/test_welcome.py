"""The welcome, played as scenes."""

from typing import Any

import pytest

from xiaoer import Mention
from xiaoer.testing import FakePlatform, Town, play
from xiaoer_welcome import Welcome

RULES = {"welcome": {"rules": "Be kind."}}


def greetings(town: Town) -> list[str]:
    return [message.text for message in town.messages() if "Welcome" in message.text]


async def test_a_newcomer_alone_sees_one_welcome_with_the_rules_and_a_button() -> None:
    async with play(Welcome, config=RULES) as town:
        await town.join("ann")
        (message,) = town.seen_by("ann")
        assert message.text.startswith("Welcome to Town, Ann!")
        assert "Be kind." in message.text
        assert [button.label for button in message.buttons] == ["I accept"]
        assert Mention("fake:ann", "Ann") in message.content.text
        assert town.seen_by("bob") == []


async def test_where_nothing_can_be_shown_to_one_person_the_welcome_is_public_and_still_one() -> None:
    async with play(Welcome, config=RULES, platform=FakePlatform(capabilities=frozenset({"edit"}))) as town:
        await town.join("ann")
        assert len(town.seen_by("bob")) == 1


async def test_a_newcomer_is_greeted_in_their_own_language() -> None:
    async with play(Welcome) as town:
        await town.join("ming", locale="zh-hans")
        assert town.last("ming").text.startswith("欢迎 Ming 来到Town！")
        assert [button.label for button in town.last("ming").buttons] == ["我同意"]


async def test_the_same_join_told_twice_is_greeted_once() -> None:
    async with play(Welcome) as town:
        await town.join("ann")
        await town.tell_again()
        await town.restart(kill=True)
        await town.tell_again()
        assert len(town.seen_by("ann")) == 1


async def test_who_comes_back_within_a_day_is_not_greeted_again_and_later_is() -> None:
    async with play(Welcome) as town:
        await town.join("ann")
        await town.leave("ann")
        await town.join("ann")
        assert len(town.seen_by("ann")) == 1
        await town.pass_time(hours=24)
        await town.join("ann")
        assert len(town.seen_by("ann")) == 2


async def test_a_raid_gets_one_common_welcome_without_mentions() -> None:
    async with play(Welcome) as town:
        await town.tell_at_once(*[town.joining(f"raider{n}") for n in range(50)])
        common = [message for message in town.messages() if message.only_to is None]
        assert len(common) == 1
        assert "all 45 of you" in common[0].text
        assert not any(isinstance(part, Mention) for part in common[0].content.text)
        assert len(town.messages()) == 6, "five alone and one for all others"
        await town.pass_time(minutes=2)
        await town.join("late")
        assert town.last("late").only_to == "fake:late"


async def test_a_raid_across_a_kill_is_still_one_common_welcome() -> None:
    async with play(Welcome) as town:
        await town.tell_at_once(*[town.joining(f"raider{n}") for n in range(20)])
        await town.restart(kill=True)
        await town.tell_at_once(*[town.joining(f"late{n}") for n in range(20)])
        common = [message for message in town.messages() if message.only_to is None]
        assert len(common) == 1
        assert "all 35 of you" in common[0].text


async def test_accepting_is_thanked_once_and_remembered_over_a_restart() -> None:
    async with play(Welcome) as town:
        await town.join("ann")
        first = await town.press("ann", "accept")
        await town.restart()
        second = await town.press("ann", "accept")
        assert first is not None
        assert second is not None
        assert "Thank you, Ann" in first.text
        assert "accepted version 1 already" in second.text
        assert first.only_to == "fake:ann"


async def test_a_button_under_old_rules_shows_the_new_ones() -> None:
    async with play(Welcome) as town:
        await town.join("ann")
        old = town.last("ann")
        await town.use("boss", "/rules set Be very kind.", role="owner")
        answer = await town.press("ann", "accept", old)
        assert answer is not None
        assert "Be very kind." in answer.text
        thanks = await town.press("ann", "accept", answer)
        assert thanks is not None
        assert "Thank you" in thanks.text


async def test_new_rules_are_told_to_all_and_asked_again_once_of_those_who_accepted_the_old_ones() -> None:
    async with play(Welcome, locale="zh") as town:
        await town.join("ann", locale="en")
        await town.press("ann", "accept")
        await town.use("boss", "/rules set 更友善。", role="secretary")
        public = [message for message in town.messages() if message.only_to is None]
        assert "群规更新了" in public[-1].text
        before = len(town.seen_by("ann"))
        await town.say("ann", "hello")
        assert "Our rules have changed" in town.last("ann").text
        assert town.last("ann").only_to == "fake:ann"
        await town.say("ann", "hello again")
        await town.say("bob", "I never accepted anything")
        assert len(town.seen_by("ann")) == before + 1
        assert len([m for m in town.seen_by("bob") if m.only_to]) == 0


async def test_the_notice_comes_back_at_its_time_as_one_pinned_message() -> None:
    async with play(Welcome, config={"welcome": {"notice": "0 9 * * *"}}) as town:
        await town.pass_time(hours=24)
        (first,) = [message for message in town.messages() if message.pinned]
        await town.pass_time(hours=24)
        (second,) = [message for message in town.messages() if message.pinned]
        assert first.id != second.id
        assert "friendly reminder" in second.text


@pytest.mark.parametrize(
    "command", ["/rules set x", "/rules history", "/welcome preview", "/welcome set x", "/welcome stats"]
)
async def test_members_are_told_which_role_it_takes(command: str) -> None:
    async with play(Welcome) as town:
        answer = await town.use("ann", command)
        assert answer is not None
        assert "secretary" in answer.text
        assert answer.only_to == "fake:ann"


async def test_rules_and_topics_are_shown_and_tried() -> None:
    topics = {"allowed": {"tea": ["oolong"]}, "banned": {"ads": ["buy now"]}}
    async with play(Welcome, config={"welcome": {"rules": "Be kind.", **topics}}) as town:
        answers = [
            await town.use("ann", line)
            for line in ("/rules", "/rules test Buy now!", "/rules test nice oolong", "/rules test hm", "/rules test")
        ]
        texts = [answer.text if answer is not None else "" for answer in answers]
        assert "Be kind." in texts[0]
        assert "tea" in texts[0]
        assert "ads" in texts[1]
        assert "tea" in texts[2]
        assert "go ahead" in texts[3]
        assert "/rules test <text…>" in texts[4]


async def test_the_greeting_can_be_the_communitys_own() -> None:
    async with play(Welcome) as town:
        await town.use("boss", "/welcome set Salut {name}, ici {community}.", role="owner")
        await town.join("ann")
        assert town.last("ann").text.startswith("Salut Ann, ici Town.")
        refused = await town.use("boss", "/welcome set Hi {nobody}", role="owner")
        assert refused is not None
        assert "{nobody}" in refused.text
        await town.join("bob")
        assert town.last("bob").text.startswith("Salut Bob"), "a refusal changes nothing"


async def test_what_changed_is_counted_and_kept() -> None:
    async with play(Welcome) as town:
        for name in ("ann", "bob"):
            await town.join(name)
        await town.press("ann", "accept")
        stats = await town.use("boss", "/welcome stats 30", role="owner")
        history = await town.use("boss", "/rules history", role="owner")
        same = await town.use(
            "boss", "/rules set Be kind, no advertising, no personal attacks. Ask Xiaoer when in doubt.", role="owner"
        )
        assert stats is not None
        assert "2 came, 2 were greeted, 1 accepted the rules (50 %)" in stats.text
        assert history is not None
        assert "1 person accepted" in history.text
        assert same is not None
        assert "nothing was changed" in same.text


HOSTILE = [
    "<b>x</b>",
    "@everyone",
    "*bold* _it_ `x`",
    "{name}",
    "a\nb\rc",
    "x" * 4000,
    "\u202eevil",
    "'; DROP TABLE xr_seen; --",
]


@pytest.mark.parametrize("name", HOSTILE)
async def test_whatever_somebody_calls_themselves_stays_one_short_name(name: str) -> None:
    async with play(Welcome) as town:
        event: Any = town.joining("ann")
        who = type(event.who)(account="fake:ann", name=name)
        await town.tell(type(event)(key="fake:hostile", at=event.at, space=event.space, chat=event.chat, who=who))
        (mention,) = [part for part in town.last("ann").content.text if isinstance(part, Mention)]
        assert len(mention.name) <= 32
        assert "\n" not in mention.name


async def test_linked_accounts_are_welcomed_asked_and_counted_once() -> None:
    async with play(Welcome, config={"welcome": {"rules": "Be kind."}}) as town:
        await town.join("ann")
        await town.press("ann", "accept")
        shown = await town.use("ann", "/link")
        assert shown is not None
        code = shown.text.split("/link ")[1].split()[0]
        await town.use("bob", f"/link {code}")
        before = len(town.messages())
        await town.join("bob")
        assert len(town.messages()) == before
        answer = await town.use("bob", "/rules show")
        assert answer is not None
        again = await town.press("bob", "accept", answer)
        assert again is not None
        assert "accepted version 1 already" in again.text
        stats = await town.use("ann", "/welcome stats", role="owner")
        assert stats is not None
        assert "1 accepted" in stats.text


async def test_who_accepted_twice_before_linking_counts_once_afterwards() -> None:
    async with play(Welcome, config={"welcome": {"rules": "Be kind."}}) as town:
        for name in ("ann", "bob"):
            await town.join(name)
            await town.press(name, "accept")
        shown = await town.use("ann", "/link")
        assert shown is not None
        await town.use("bob", f"/link {shown.text.split('/link ')[1].split()[0]}")
        history = await town.use("ann", "/rules history", role="owner")
        stats = await town.use("ann", "/welcome stats", role="owner")
        assert history is not None
        assert stats is not None
        assert "1 accepted" in stats.text
        assert "1 person accepted" in history.text
