"""The broadcaster, played as scenes."""

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from tests.plugins.xiaoer_broadcaster.scene import ITEMS, POSTS, ask, boss, posted, script, teahouse, told, until

from xiaoer import Statement
from xiaoer.buttons import ButtonSigner
from xiaoer.hosting import AppHost
from xiaoer.tables import balances
from xiaoer_broadcaster.slot import Window, occurrence

BALANCES = Statement(select(balances.c.holder, balances.c.points))


async def test_what_a_member_submits_and_the_secretary_approves_goes_out_at_the_next_peak_with_credit() -> None:
    async with teahouse() as town:
        assert "No. 1" in await ask(town, "ann", "/script submit Spring tea is here\nCome and taste it.")
        assert told(town) == ["Ann has submitted No. 1 “Spring tea is here”. To read it: /script show 1"]
        assert "is approved" in await boss(town, "/script approve 1")
        await until(town, "12:14")
        assert posted(town) == []
        await until(town, "12:15")
        (message,) = posted(town)
        assert message.text == "Spring tea is here\nCome and taste it.\n\n✍️ Ann"
        assert [button.label for button in message.buttons] == ["👍 Useful"]
        assert town.seen_by("ann")[-1].text == "Your script No. 1 has just gone out. Thank you!"


async def test_nobody_approves_what_they_wrote() -> None:
    async with teahouse() as town:
        await ask(town, "boss", "/script submit Mine", role="secretary")
        assert "wrote No. 1 yourself" in await boss(town, "/script approve 1")
        await until(town, "21:00")
        assert posted(town) == []


async def test_a_community_run_by_one_approves_its_own() -> None:
    async with teahouse(approvals=0) as town:
        await ask(town, "boss", "/script submit Mine", role="secretary")
        assert "is approved" in await boss(town, "/script approve 1")


async def test_what_is_scheduled_comes_first_and_the_least_recent_else() -> None:
    async with teahouse() as town:
        await script(town, "first", "cadence daily")
        await script(town, "second", "cadence daily")
        await script(town, "third", "cadence daily")
        assert "goes out" in await boss(town, "/script schedule 3 today evening")
        for _ in range(5):
            await town.pass_time(hours=12)
        said = [message.text.split("\n")[0] for message in posted(town)]
        assert said == ["first", "third", "second", "first", "third", "second", "first", "third"]


async def test_nothing_is_said_when_nothing_is_there() -> None:
    async with teahouse() as town:
        await town.pass_time(hours=30)
        assert posted(town) == []
        assert told(town) == []
        assert {row.state for row in await town.rows(POSTS)} == {"empty"}


async def test_an_item_once_out_is_not_used_again() -> None:
    async with teahouse() as town:
        await script(town, "only once")
        await town.pass_time(hours=48)
        assert len(posted(town)) == 1
        assert [row.state for row in await town.rows(ITEMS)] == ["measured"]


async def test_a_slot_that_came_due_while_the_program_was_down_is_made_up_for_inside_its_window() -> None:
    async with teahouse() as town:
        await script(town, "late but here")
        await town.stand_still(hours=1)
        (message,) = posted(town)
        assert message.text.startswith("late but here")
        assert [row.state for row in await town.rows(POSTS)] == ["posted"]


async def test_a_slot_whose_window_is_over_is_reported_and_its_item_stays() -> None:
    async with teahouse() as town:
        await script(town, "too late")
        await town.stand_still(hours=2)
        assert posted(town) == []
        assert told(town)[-1].startswith("noon (")
        assert "No. 1 “too late” was not posted" in told(town)[-1]
        await until(town, "20:31")
        assert posted(town)[0].text.startswith("too late")


async def test_where_lateness_is_not_wanted_a_late_post_is_left_out() -> None:
    async with teahouse(misfire="skip") as town:
        await script(town, "too late")
        await town.stand_still(minutes=20)
        assert posted(town) == []
        assert "was not posted" in told(town)[-1]


async def test_no_slot_is_posted_twice_though_clocks_are_put_back() -> None:
    async with teahouse() as town:
        await script(town, "again and again", "cadence daily")
        await until(town, "12:20")
        assert len(posted(town)) == 1
        await AppHost(town.app, "fake", ButtonSigner(b"")).move_clock(-timedelta(hours=2))
        await town.pass_time(hours=3)
        await town.restart(kill=True)
        await town.pass_time(hours=1)
        assert len(posted(town)) == 1


async def test_a_community_that_comes_in_the_middle_of_a_window_does_not_get_its_post() -> None:
    async with teahouse(slots={"noon": "11:30-13:30", "evening": "20:30-22:00"}) as town:
        await script(town, "hello")
        await until(town, "13:00")
        await town.restart()
        assert posted(town) == []
        await until(town, "20:31")
        assert len(posted(town)) == 1


async def test_a_post_comes_at_the_same_odd_minute_after_a_restart() -> None:
    async with teahouse(jitter=30, slots={"noon": "13:00-14:00"}) as town:
        await script(town, "hello", "cadence daily")
        await until(town, "13:00")
        await town.restart()
        await until(town, "14:00")
        (row,) = await town.rows(POSTS)
        due = occurrence("town", "noon", Window(time(13), 60), date(2026, 3, 2), ZoneInfo("Asia/Shanghai"), 30)
        assert due is not None
        assert timedelta(0) < row.at - due.begin
        assert abs(row.at - due.due) < timedelta(seconds=1)


async def test_a_teaser_comes_before_its_post_and_keeps_its_item() -> None:
    async with teahouse(teasers=[30]) as town:
        await script(town, "Spring tea\nin all shops")
        await until(town, "20:45")
        assert len(posted(town)) == 1, "the one at noon, whose teaser would have come before it was approved"
        await script(town, "Summer tea\nin all shops")
        await until(town, "2026-03-03 07:00")
        assert posted(town)[-1].text == "⏰ In 30 minutes: Summer tea"
        await until(town, "2026-03-03 07:30")
        assert posted(town)[-1].text.startswith("Summer tea\nin all shops")


async def test_teasers_of_its_own_count_down_to_a_post() -> None:
    async with teahouse() as town:
        await script(town, "Big news", "teasers 180, 60, 1", "slot evening")
        await until(town, "20:30")
        texts = [message.text for message in posted(town)]
        assert texts[:3] == ["⏰ In 3 hours: Big news", "⏰ In 60 minutes: Big news", "⏰ In 1 minute: Big news"]
        assert texts[3].startswith("Big news\n")


async def test_only_the_last_of_several_late_teasers_comes() -> None:
    async with teahouse() as town:
        await script(town, "Big news", "teasers 180, 60, 30", "slot evening")
        await until(town, "17:00")
        await town.stand_still(hours=2, minutes=50)
        assert [message.text for message in posted(town)] == ["⏰ In 40 minutes: Big news"]


async def test_a_teaser_is_taken_back_when_its_post_is_skipped_or_its_item_withdrawn() -> None:
    for command, who in (
        ("/peak skip evening", "boss"),
        ("/script withdraw 1", "ann"),
        ("/script reject 1 no", "boss"),
    ):
        async with teahouse() as town:
            await script(town, "Big news", "teasers 60", "slot evening")
            await until(town, "19:40")
            assert [message.text for message in posted(town)] == ["⏰ In 60 minutes: Big news"]
            await town.use(who, command, role="secretary" if who == "boss" else "member")
            assert posted(town) == []
            await until(town, "22:00")
            assert posted(town) == []


async def test_a_skipped_slot_gives_its_item_back_and_is_told() -> None:
    async with teahouse() as town:
        await script(town, "News", "slot evening")
        await boss(town, "/script schedule 1 today evening")
        assert "is skipped" in await boss(town, "/peak skip evening")
        assert "Boss has skipped evening" in told(town)[-1]
        await until(town, "21:00")
        assert posted(town) == []
        await until(town, "20:31")
        assert len(posted(town)) == 1


async def test_a_slot_is_moved_from_the_chat_and_its_old_time_is_nothing_any_more() -> None:
    async with teahouse() as town:
        await script(town, "News", "slot evening")
        assert "evening is 18:00-19:00 now" in await boss(town, "/peak set evening 18:00-19:00")
        await until(town, "17:59")
        assert posted(town) == []
        await until(town, "18:00")
        assert len(posted(town)) == 1
        await town.restart()
        assert "18:00-19:00" in await ask(town, "ann", "/peak")
        await boss(town, "/peak set evening default")
        assert "20:30-22:00" in await ask(town, "ann", "/peak")


async def test_a_slot_that_is_moved_to_a_time_that_has_begun_waits_for_tomorrow() -> None:
    async with teahouse() as town:
        await script(town, "News", "slot evening")
        await boss(town, "/peak set evening 11:30-14:00")
        await town.restart()
        await until(town, "14:30")
        assert posted(town) == []
        assert told(town)[-1] == "Boss has moved a slot: evening 11:30-14:00"
        await until(town, "11:31")
        assert len(posted(town)) == 1


async def test_a_preview_shows_it_as_it_will_look_to_the_one_who_asks() -> None:
    async with teahouse() as town:
        await script(town, "News of <b>today</b>")
        answer = await town.use("boss", "/peak preview", role="secretary")
        assert answer is not None
        assert answer.only_to == "fake:boss"
        assert "as it stands No. 1" in answer.text
        assert answer.text.endswith("News of <b>today</b>\n\n✍️ Ann")
        assert posted(town) == []


async def test_the_author_gets_points_once_for_each_post() -> None:
    async with teahouse(points=7) as town:
        await script(town, "News", "cadence daily")
        await until(town, "12:16")
        await town.restart(kill=True)
        rows = {row.holder: row.points for row in await town.rows(BALANCES)}
        assert rows == {"fake:ann": 7, "treasury": -7}
        assert town.seen_by("ann")[-1].text.endswith("You get 7 points.")
