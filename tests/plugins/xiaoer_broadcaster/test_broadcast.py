"""A post on its way to many chats, held, let go and taken back; and what came back to it."""

from tests.plugins.xiaoer_broadcaster.scene import ITEMS, MESSAGES, POSTS, boss, posted, script, teahouse, told, until

from xiaoer import ActionEnded, Hopeless, TryLater
from xiaoer.communities import Budget
from xiaoer.testing import Town
from xiaoer.testing.scene import MAIN

CHATS = tuple(f"fake:town/{n}" for n in range(450))


def reached(town: Town) -> int:
    """Return how many messages stand in the chats, for everybody."""
    found = town.fake.messages.values()
    return sum(message.chat in CHATS and message.only_to is None for message in found)


async def test_a_post_reaches_every_chat_once() -> None:
    async with teahouse(chats=CHATS) as town:
        await script(town, "hello")
        await until(town, "12:30")
        sent = [message.chat for message in town.fake.messages.values() if message.text.startswith("hello")]
        assert sorted(sent) == sorted(CHATS)
        assert "sent to 450 of 450 chats" in await boss(town, "/broadcast")


async def test_a_broadcast_is_held_shown_and_let_go() -> None:
    async with teahouse(chats=CHATS[:2]) as town:
        await script(town, "hello", "cadence daily")
        town.fake.failures += [TryLater(600, "slow down"), TryLater(600, "slow down")]
        await until(town, "12:15")
        assert "Held: 2 chats" in await boss(town, "/broadcast pause")
        assert "2 held" in await boss(town, "/broadcast status")
        await until(town, "12:40")
        assert reached(town) == 0
        assert "Going on: 2 chats" in await boss(town, "/broadcast resume")
        await until(town, "12:41")
        assert reached(town) == 2
        assert "all sent" in await boss(town, "/broadcast pause")


async def test_a_broadcast_is_taken_back_where_it_was_not_sent() -> None:
    async with teahouse(chats=CHATS[:2]) as town:
        await script(town, "hello")
        town.fake.failures += [TryLater(600, "slow down"), TryLater(600, "slow down")]
        await until(town, "12:15")
        assert "Taken back for 2 chats" in await boss(town, "/broadcast cancel")
        await until(town, "14:00")
        assert reached(town) == 0
        assert told(town)[-1] == "Boss has taken back the post of noon for 2 chats."


async def test_chats_that_a_post_did_not_reach_are_told_once_with_the_reason() -> None:
    async with teahouse(chats=(MAIN, "fake:town/second")) as town:
        await script(town, "hello")
        town.fake.failures.append(Hopeless("the bot was kicked"))
        await until(town, "13:31")
        assert told(town)[-1] == "No. 1 of noon did not reach 1 of 2 chats:\n1: the bot was kicked"


async def test_what_the_budget_holds_back_comes_no_later_than_its_window() -> None:
    slots = {f"s{n}": f"12:{15 + n}-12:{25 + n}" for n in range(3)}
    async with teahouse(slots=slots, budget=Budget(1, 1)) as town:
        for text in ("one", "two", "three"):
            await script(town, text)
        await until(town, "14:00")
        assert [message.text.split("\n")[0] for message in posted(town)] == ["one"]
        assert [text.split(" of ")[0] for text in told(town) if "did not reach" in text] == ["No. 2", "No. 3"]


async def test_a_later_teaser_takes_the_place_of_one_that_waits_and_none_comes_after_the_post() -> None:
    slots = {"noon": "12:05-12:10", "evening": "14:00-15:30"}
    async with teahouse(slots=slots, budget=Budget(1, 1)) as town:
        await script(town, "first", "slot noon")
        await script(town, "Big news", "slot evening", "teasers 60, 57, 20")
        await until(town, "15:30")
        said = [message.text.split("\n")[0] for message in posted(town)]
        assert said == ["first", "⏰ In 57 minutes: Big news", "Big news"]


async def test_a_teaser_that_was_taken_back_on_its_way_is_deleted_when_it_stands() -> None:
    async with teahouse() as town:
        await script(town, "hello")
        await until(town, "12:16")
        (message,) = posted(town)
        late = ActionEnded(
            key="action:late",
            at=town.now(),
            community="town",
            plugin="broadcaster",
            then="teased",
            data={"teaser": 99, "chat": MAIN},
            message=message.id,
        )
        await town.tell(late)
        assert posted(town) == []


async def test_what_is_held_beyond_its_window_is_given_up_and_told() -> None:
    async with teahouse(chats=CHATS[:2]) as town:
        await script(town, "hello")
        town.fake.failures += [TryLater(600, "slow down"), TryLater(600, "slow down")]
        await until(town, "12:15")
        await boss(town, "/broadcast pause")
        await until(town, "13:32")
        assert told(town)[-1].startswith("No. 1 of noon did not reach 2 of 2 chats")
        assert "Nothing is held" in await boss(town, "/broadcast resume")


async def test_replies_reactions_and_presses_of_a_day_are_counted_and_no_text_is_kept() -> None:
    async with teahouse() as town:
        await script(town, "hello")
        await until(town, "12:15")
        (message,) = posted(town)
        await town.say("ann", "so good", reply_to=message.id)
        await town.say("bob", "yes", reply_to=message.id)
        await town.say("bob", "yes!", reply_to=message.id, edits="of-bob-1")
        await town.say("bob", "something else", reply_to="another")
        await town.react("ann", message.id, "👍", "🎉")
        answer = await town.press("bob", "useful")
        assert answer is not None
        assert answer.text == "Thank you! 1 person finds this useful."
        again = await town.press("bob", "useful")
        assert again is not None
        assert "said so already" in again.text
        await town.pass_time(hours=25)
        row = (await town.rows(POSTS))[0]
        assert (row.state, row.replies, row.reactions, row.presses) == ("measured", 2, 2, 1)
        assert [row.state for row in await town.rows(ITEMS)] == ["measured"]
        assert await town.rows(MESSAGES) == []
        assert "2 replies, 2 reactions, 1 find it useful" in await boss(town, "/script show 1")
        late = await town.press("ann", "useful", message)
        assert late is not None
        assert "counted already" in late.text


async def test_nothing_is_posted_where_there_is_no_chat_and_the_admins_hear_of_it() -> None:
    async with teahouse(chats=()) as town:
        await script(town, "hello")
        await until(town, "12:16")
        assert "There is no chat for noon" in told(town)[-1]
        assert "approved" in await boss(town, "/script list")
