"""Red envelopes, played as scenes."""

import hashlib
import re

import pytest
from tests.plugins.xiaoer_red_envelope.scene import ALL, ask, grant, has, link, open_it, teahouse

from xiaoer.testing import Town


def shown(town: Town) -> str:
    """Return the envelope's message."""
    return next(message.text for message in reversed(town.messages()) if "red envelope" in message.text)


async def test_an_envelope_is_shown_with_its_sender_greeting_shares_hash_and_button() -> None:
    async with teahouse("ann", points=100) as town:
        assert await ask(town, "ann", "/hongbao 88 10 Happy <b>new</b> year") == "Envelope 1 is out, with 88 points."
        message = next(message for message in town.messages() if message.buttons)
        lines = message.text.split("\n")
        assert lines[:3] == ["🧧 Ann's red envelope", "Happy <b>new</b> year", "88 points in 10 lucky shares"]
        assert lines[3].startswith("0 of 10 taken")
        assert re.search(r"SHA-256 [0-9a-f]{64}$", message.text)
        assert [button.label for button in message.buttons] == ["Open"]
        assert await has(town, "ann") == 12


async def test_everybody_gets_a_share_and_the_sum_is_what_was_sent() -> None:
    names = ("ann", "bob", "cat", "dan")
    async with teahouse(*names, points=100) as town:
        await ask(town, "ann", "/hongbao 40 4")
        for name in names:
            assert re.search(r"\d+ points", await open_it(town, name))
        assert sum([await has(town, name) for name in names]) == 400
        assert min([await has(town, name) for name in names[1:]]) > 100
        assert "All 4 shares are taken" in shown(town)
        assert "Luckiest hand: " in shown(town)
        assert not town.last("ann").buttons


async def test_one_person_gets_one_share_over_two_accounts() -> None:
    async with teahouse("ann", "bob", "bobby", points=100) as town:
        await link(town, "bobby", "bob")
        await ask(town, "ann", "/hongbao 40 4")
        await open_it(town, "bob")
        assert "already" in await open_it(town, "bobby")
        assert "already" in await open_it(town, "bob")


async def test_who_took_shares_before_they_were_linked_keeps_both_and_gets_no_third() -> None:
    async with teahouse("ann", "bob", "bobby", points=100) as town:
        await ask(town, "ann", "/hongbao 40 4")
        await open_it(town, "bob")
        await open_it(town, "bobby")
        before = [await has(town, name) for name in ("bob", "bobby")]
        await link(town, "bobby", "bob")
        assert "already" in await open_it(town, "bobby")
        assert [await has(town, name) for name in ("bob", "bobby")] == before


async def test_what_is_left_goes_back_after_a_day_also_when_the_sender_has_left() -> None:
    async with teahouse("ann", "bob", points=100) as town:
        await ask(town, "ann", "/hongbao equal 40 4")
        await open_it(town, "bob")
        await town.leave("ann")
        await town.pass_time(hours=24)
        assert [await has(town, "ann"), await has(town, "bob")] == [90, 110]
        assert "Time is up: 1 of 4 taken" in shown(town)
        assert town.last("ann").text == "Envelope 1 has ended; 30 points went back to you."


async def test_a_late_press_is_told_that_time_is_up_before_the_timer_has_fired() -> None:
    async with teahouse("ann", "bob", points=100) as town:
        await ask(town, "ann", "/hongbao 40 4")
        message = next(message for message in town.messages() if message.buttons)
        await town.pass_time(hours=25)
        assert "has ended" in await open_it(town, "bob", message)
        assert await has(town, "ann") == 100


async def test_a_sender_takes_back_what_nobody_has_opened() -> None:
    async with teahouse("ann", "bob", points=100) as town:
        await ask(town, "ann", "/hongbao 40 4")
        assert "only they" in await ask(town, "bob", "/hongbao cancel 1")
        assert "taken back" in await ask(town, "ann", "/hongbao cancel 1")
        assert await has(town, "ann") == 100
        assert "closed already" in await ask(town, "ann", "/hongbao cancel 1")
        await town.pass_time(hours=25)
        assert await has(town, "ann") == 100


async def test_what_somebody_has_opened_cannot_be_taken_back() -> None:
    async with teahouse("ann", "bob", points=100) as town:
        await ask(town, "ann", "/hongbao 40 4")
        await open_it(town, "bob")
        assert "Somebody has a share" in await ask(town, "ann", "/hongbao cancel 1")


async def test_an_exclusive_envelope_is_for_those_it_names_and_their_other_accounts() -> None:
    async with teahouse("ann", "bob", "bobby", "cat", points=100) as town:
        await link(town, "bobby", "bob")
        await ask(town, "ann", "/hongbao exclusive 30 @Bob, ann")
        assert "for Ann, Bob" in await open_it(town, "cat")
        assert "points from Ann" in await open_it(town, "bobby")


async def test_a_word_opens_a_password_envelope_however_it_is_typed() -> None:
    async with teahouse("ann", "bob", "cat", points=100) as town:
        await ask(town, "ann", "/hongbao password 30 3 Sesame open up")
        assert "Say its word" in await open_it(town, "bob")
        assert "not the word" in await ask(town, "bob", "/hongbao say Barley")
        await town.say("bob", "ｓｅｓａｍｅ")
        assert "points from Ann" in town.last("bob").text
        assert town.last("bob").only_to == "fake:bob"
        assert "points from Ann" in await ask(town, "cat", "/hongbao say sesame")
        assert "Sesame" not in shown(town)
        await town.say("cat", "sesame")
        assert "already" in town.last("cat").text


async def test_a_scheduled_envelope_opens_at_its_time_and_lasts_a_day_from_then() -> None:
    async with teahouse("ann", "bob", points=100) as town:
        assert "opens" in await ask(town, "ann", "/hongbao schedule 20:30 40 4")
        assert not any(message.buttons for message in town.messages())
        assert await has(town, "ann") == 60
        await town.pass_time(hours=17)
        assert "points from Ann" in await open_it(town, "bob")
        await town.pass_time(hours=23)
        assert "1 of 4 taken" in shown(town)
        await town.pass_time(hours=1)
        assert "Time is up" in shown(town)


async def test_the_split_can_be_checked_once_it_is_closed_and_not_before() -> None:
    async with teahouse("ann", "bob", points=100) as town:
        await ask(town, "ann", "/hongbao 40 2")
        digest = re.findall(r"[0-9a-f]{64}", shown(town))[0]
        assert "not closed" in await ask(town, "bob", "/hongbao verify 1")
        for name in ("ann", "bob"):
            await open_it(town, name)
        proof = await ask(town, "bob", "/hongbao verify 1")
        text = re.search(r"xiaoer-envelope-v1\n[0-9a-f]{32}\n[\d,]+", proof)
        assert text is not None
        assert hashlib.sha256(text[0].encode()).hexdigest() == digest
        taken = [await has(town, "bob") - 100, await has(town, "ann") - 60]
        assert sorted(taken) == sorted(int(part) for part in text[0].split("\n")[2].split(","))


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("/hongbao 101 10", "Not enough points: it takes 101 and you have 100"),
        ("/hongbao 5 10", "do not make 10 shares"),
        ("/hongbao 0 1", "At least one point"),
        ("/hongbao 10 0", "At least one point"),
        ("/hongbao -5 1", "At least one point"),
        ("/hongbao 99999999 1", "at most 10,000"),
        ("/hongbao 100 101", "at most 100 shares"),
        ("/hongbao ten 1", "whole number"),
        ("/hongbao 10", "missing"),
        ("/hongbao equal 10 3", "9 or 12"),
        (f"/hongbao 10 1 {'x' * 61}", "at most 60"),
        ("/hongbao schedule later 10 1", "no time"),
        ("/hongbao exclusive 10 zoe", "Nobody here is called zoe"),
        ("/hongbao cancel 7", "no envelope 7"),
        ("/hongbao verify 7", "no envelope 7"),
        ("/hongbao status 7", "no envelope 7"),
        ("/points give ann 5", "yours already"),
        ("/points give bob 0", "between 1 and"),
        ("/points give bob 500", "Not enough points"),
        ("/points give zoe 5", "Nobody here is called zoe"),
        ("/points grant bob 5 please", "secretary and above"),
    ],
)
async def test_what_cannot_be_is_refused_in_a_sentence_and_changes_nothing(typed: str, told: str) -> None:
    async with teahouse("ann", "bob", points=100) as town:
        before = await town.rows(ALL)
        assert told.casefold() in (await ask(town, "ann", typed)).casefold()
        assert await town.rows(ALL) == before
        assert not any("red envelope" in message.text for message in town.messages())


async def test_who_has_left_gets_nothing() -> None:
    async with teahouse("ann", "bob", points=100) as town:
        await ask(town, "ann", "/hongbao 40 4")
        await town.leave("bob")
        assert "Only members" in await open_it(town, "bob")
        await town.join("bob")
        assert "points from Ann" in await open_it(town, "bob")


async def test_senders_may_be_kept_from_their_own() -> None:
    async with teahouse("ann", "bob", points=100, own=False) as town:
        await ask(town, "ann", "/hongbao 40 4")
        assert "their own" in await open_it(town, "ann")


async def test_there_is_a_limit_for_each_person_and_day_over_all_accounts() -> None:
    async with teahouse("ann", "annie", points=100, envelopes_a_day=2, points_a_day=50) as town:
        await link(town, "annie", "ann")
        await ask(town, "ann", "/hongbao 30 1")
        assert "20 are left today" in await ask(town, "annie", "/hongbao 21 1")
        assert "is out" in await ask(town, "annie", "/hongbao 20 1")
        assert "2 envelopes a day" in await ask(town, "ann", "/hongbao 1 1")
        await town.pass_time(hours=24)
        assert "is out" in await ask(town, "ann", "/hongbao 1 1")


async def test_words_send_an_envelope_where_the_community_says_so() -> None:
    async with teahouse("ann", points=100, words=["发红包"]) as town:
        await town.say("ann", "发红包 88 10 恭喜")
        assert "88 points in 10 lucky shares" in shown(town)
        await town.say("ann", "发红包 88 10")
        assert "Not enough points" in town.last("ann").text
        await town.say("ann", "发红包 请")
        assert "Write it like this" in town.last("ann").text
        count = len(town.messages())
        await town.say("ann", "发红包的人真好")
        assert len(town.messages()) == count
    async with teahouse("ann", points=100) as town:
        await town.say("ann", "发红包 88 10")
        assert await has(town, "ann") == 100


async def test_an_envelope_told_twice_is_sent_once() -> None:
    async with teahouse("ann", points=100) as town:
        await ask(town, "ann", "/hongbao 40 4")
        await town.tell_again()
        await town.restart(kill=True)
        await town.tell_again()
        assert await has(town, "ann") == 60


async def test_a_button_works_after_a_kill_and_a_press_told_twice_gives_one_share() -> None:
    async with teahouse("ann", "bob", points=100) as town:
        await ask(town, "ann", "/hongbao equal 40 4")
        await town.restart(kill=True)
        await open_it(town, "bob")
        await town.tell_again()
        assert await has(town, "bob") == 110


async def test_six_hundred_presses_at_once_get_what_there_is_and_no_more() -> None:
    names = [f"p{number}" for number in range(300)]
    async with teahouse("ann", points=1000) as town:
        for name in names:
            await town.join(name)
        await ask(town, "ann", "/hongbao 500 50")
        await town.tell_at_once(*[town.pressing(name, "open") for name in names for _ in range(2)])
        await town.settle()
        found = [await has(town, name) for name in names]
        assert (sum(found), len([points for points in found if points])) == (500, 50)


async def test_names_and_greetings_stay_words() -> None:
    async with teahouse("ann", points=100) as town:
        await ask(town, "ann", "/hongbao 10 2 **bold**\n@everyone {name}")
        assert "**bold** @everyone {name}" in shown(town)


async def test_what_is_open_can_be_listed_and_each_be_looked_at() -> None:
    async with teahouse("ann", "bob", points=100) as town:
        assert "There is none now" in await ask(town, "bob", "/hongbao status")
        await ask(town, "ann", "/hongbao equal 40 4")
        await open_it(town, "bob")
        assert "No. 1 Ann, 40 points: 1 of 4 taken" in await ask(town, "bob", "/hongbao status")
        assert await ask(town, "bob", "/hongbao status 1") == (await ask(town, "ann", "/hongbao status 1"))
        assert "Bob  10" in await ask(town, "bob", "/hongbao status 1")


async def test_an_envelope_of_somebody_without_points_says_how_to_earn_some() -> None:
    async with teahouse("ann") as town:
        assert "/checkin" in await ask(town, "ann", "/hongbao 10 1")
        await grant(town, "ann", 10)
        assert "is out" in await ask(town, "ann", "/hongbao 10 1")
