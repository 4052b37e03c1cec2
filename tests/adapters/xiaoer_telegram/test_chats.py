"""Groups that become supergroups, topics, admins, privacy mode, and private chats that belong to no space."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.adapters.xiaoer_telegram.town import Town
from tests.simulators.telegram import Fault

from xiaoer import Content, Send


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as found:
        yield found


@pytest.fixture
async def village(tmp_path: Path) -> AsyncIterator[Town]:
    """A group that is no supergroup yet."""
    async with Town(tmp_path, kind="group") as found:
        yield found


@pytest.fixture
async def towns(tmp_path: Path) -> AsyncIterator[Town]:
    """Three communities."""
    async with Town(tmp_path, others=2) as found:
        yield found


async def _goes_on(village: Town) -> None:
    """Look whether people are heard and spoken to in the group where it is now."""
    await village.write("Usher", "still here")
    assert [row[2] for row in await village.told(1, "message")] == ["text: still here"]
    await village.perform(Send("1", village.space, Content(("hello",))))
    assert [seen.text for seen in await village.seen("Usher")] == ["hello"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (1,), (0,)], ids=["both", "turned round", "new only", "old only"])
async def test_a_group_that_becomes_a_supergroup_stays_the_same_space(village: Town, order: tuple[int, ...]) -> None:
    before = len(village.api.updates)
    village.group = village.api.migrate(village.group)
    both = village.api.updates[before:]
    numbers = [update["update_id"] for update in both]
    told = [both[place] | {"update_id": number} for place, number in zip(order, numbers, strict=False)]
    village.api.updates[before:] = told
    await _goes_on(village)
    assert village.api.calls("sendMessage")[0].status == 200


async def test_a_group_that_has_moved_unheard_is_found_when_it_is_spoken_to(village: Town) -> None:
    before = len(village.api.updates)
    village.group = village.api.migrate(village.group)
    del village.api.updates[before:]
    await village.perform(Send("1", village.space, Content(("hello",))))
    assert [seen.text for seen in await village.seen("Usher")] == ["hello"]
    await village.write("Usher", "still here")
    assert len(await village.told(1)) == 1


async def test_a_group_that_moved_while_nobody_listened_is_found_at_the_start(village: Town) -> None:
    await village.app.stop()
    before = len(village.api.updates)
    village.group = village.api.migrate(village.group)
    del village.api.updates[before:]
    await village.begin()
    await _goes_on(village)


async def test_a_group_that_has_moved_unheard_is_found_by_whoever_writes_in_private(tmp_path: Path) -> None:
    async with Town(tmp_path, admin=False, kind="group") as village:
        village.group.members[village.person("Ann").id] = "member"
        before = len(village.api.updates)
        village.group = village.api.migrate(village.group)
        del village.api.updates[before:]
        await village.clock.advance(301)
        village.api.write_private(village.person("Ann"), "/echo hi")
        await village.until(lambda: village.api.private(village.person("Ann")))
        await _goes_on(village)


async def test_where_a_group_moved_is_known_after_a_restart(village: Town) -> None:
    village.group = village.api.migrate(village.group)
    await village.write("Usher", "moved")
    await village.told(1)
    await village.app.stop()
    asked = len(village.api.journal)
    await village.begin()
    await village.connected()
    ids = {call.params.get("chat_id") for call in village.api.calls("getChatAdministrators")[-1:]}
    assert ids == {str(village.group.id)}
    assert all(call.status == 200 for call in village.api.journal[asked:] if call.method == "getChatAdministrators")


async def test_a_topic_is_spoken_to_and_the_general_one_is_not_named(tmp_path: Path) -> None:
    async with Town(tmp_path, forum=True) as town:
        await town.write("Usher", "the general topic has number 1")
        topic = town.api.open_topic(town.group, town.person("Usher"), "Tea")
        await town.perform(Send("1", f"{town.space}/{topic}", Content(("tea",))))
        await town.perform(Send("2", f"{town.space}/1", Content(("all",))))
        assert [(one.text, one.topic) for one in town.api.said(town.group, town.person("Usher"))] == [
            ("tea", topic),
            ("all", None),
        ]


async def test_a_group_of_no_community_is_named_once_in_the_log(town: Town) -> None:
    strange = town.api.group("Elsewhere", admin=True)
    with capture_logs() as logs:
        for word in ("one", "two"):
            town.api.write(strange, town.person("Usher"), word)
        await town.settle()
    warned = [log["chat"] for log in logs if log["event"].startswith("chat belongs to no community")]
    assert warned == [f"telegram:{strange.id}"]


async def test_whoever_becomes_an_admin_is_one_from_then_on(town: Town) -> None:
    await town.join("Ann")
    for expected in (["This command is for", "the secret"], ["the secret", "This command is for"]):
        for start in expected:
            handle = await town.use("Ann", "sum secret")
            await town.settle()
            (answer,) = await town.answers("Ann", handle)
            assert answer.text.startswith(start)
            if start == expected[0]:
                status = "administrator" if expected[1] == "the secret" else "member"
                town.api.promote(town.group, town.person("Ann"), status)
    assert len(town.api.calls("getChatAdministrators")) == 1


@pytest.mark.parametrize(("leads", "asked"), [(False, 2), (True, 1)])
async def test_admins_are_asked_for_again_only_where_the_bot_is_not_told_of_them(
    tmp_path: Path, leads: bool, asked: int
) -> None:
    async with Town(tmp_path, admin=leads) as town:
        await town.write("Usher", "one")
        await town.told(1)
        assert len(town.api.calls("getChatAdministrators")) == 1
        await town.clock.advance(301)
        await town.write("Usher", "two")
        await town.told(2)
        assert len(town.api.calls("getChatAdministrators")) == asked


async def test_admins_that_were_known_count_while_telegram_does_not_name_them(tmp_path: Path) -> None:
    async with Town(tmp_path, admin=False) as town:
        town.api.promote(town.group, town.person("Usher"))
        await town.clock.advance(301)
        await town.write("Usher", "one")
        await town.told(1)
        town.api.faults.next("getChatAdministrators", Fault(500, "Internal Server Error"))
        await town.clock.advance(301)
        handle = await town.use("Usher", "sum secret")
        await town.settle()
        assert (await town.answers("Usher", handle))[0].text == "the secret"


async def test_a_bot_that_becomes_an_admin_learns_who_else_is_one(tmp_path: Path) -> None:
    async with Town(tmp_path, admin=False) as town:
        town.api.promote(town.group, town.person("Usher"))  # of which it is not told
        town.api.promote(town.group, town.api.bot, can_delete_messages=True)
        handle = await town.use("Usher", "sum secret")
        await town.settle()
        assert [answer.text for answer in await town.answers("Usher", handle)] == ["the secret"]


async def test_a_bot_in_privacy_mode_knows_joins_from_service_messages(tmp_path: Path) -> None:
    async with Town(tmp_path, admin=False, hears_all=False) as town:
        await town.join("Ann")
        await town.join("Ben", "pulled", by="Ann")
        await town.write("Ann", "not heard")
        town.api.write(town.group, town.person("Ann"), "/echo heard")
        ann = town.account("Ann")
        assert await town.told(3) == [
            ("join", "Ann", "unknown unknown", ""),
            ("join", "Ben", "pulled_in exact", ann),
            ("command", "Ann", "echo", "heard"),
        ]


async def test_a_bot_that_hears_little_says_so_in_the_log(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with Town(tmp_path, admin=False, hears_all=False) as town:
            said = [log["chat"] for log in logs if "is no admin here" in log["event"]]
            assert said == [town.space]


async def _ask(town: Town, name: str, text: str) -> list[str]:
    """Let somebody write in private and return what they read there."""
    before = len(town.api.private(town.person(name)))
    town.api.write_private(town.person(name), text)
    await town.until(lambda: len(town.api.private(town.person(name))) > before)
    await town.app.settled()
    return [message.text for message in town.api.private(town.person(name))[before:]]


async def test_a_member_is_at_home_in_private_though_nobody_saw_them_come(towns: Town) -> None:
    towns.group.members[towns.person("Ann").id] = "member"
    assert await _ask(towns, "Ann", "/echo hi") == ["echo: hi"]
    asked = len(towns.api.calls("getChatMember"))
    await towns.delivered()
    await towns.clock.advance(61)
    assert await _ask(towns, "Ann", "/echo again") == ["echo: again"]
    assert len(towns.api.calls("getChatMember")) == asked


async def test_a_restricted_member_is_at_home_too(town: Town) -> None:
    town.group.members[town.person("Ann").id] = "restricted"
    assert await _ask(town, "Ann", "/echo hi") == ["echo: hi"]


async def test_an_admin_is_one_in_private_too(town: Town) -> None:
    town.api.promote(town.group, town.person("Ann"))
    assert await _ask(town, "Ann", "/sum secret") == ["the secret"]


async def test_a_stranger_is_told_where_to_go_and_asked_about_seldom(towns: Town) -> None:
    assert await _ask(towns, "Zoe", "hi") == [
        "I look after Town 0, Town 1, Town 2. Join there first, then I can help you here."
    ]
    asked = len(towns.api.calls("getChatMember"))
    for _ in range(5):
        towns.api.write_private(towns.person("Zoe"), "hi!")
    await towns.settle()
    assert (len(towns.api.calls("getChatMember")), len(towns.api.private(towns.person("Zoe")))) == (asked, 1)
    await towns.clock.advance(61)
    assert len(await _ask(towns, "Zoe", "hi")) == 1
    towns.group.members[towns.person("Zoe").id] = "member"
    await towns.clock.advance(61)
    assert await _ask(towns, "Zoe", "/echo hi") == ["echo: hi"]


async def test_a_newcomer_need_not_wait_to_be_at_home(towns: Town) -> None:
    await _ask(towns, "Zoe", "hi")
    await towns.join("Zoe")
    assert await _ask(towns, "Zoe", "/echo hi") == ["echo: hi"]


async def test_somebody_in_two_communities_is_asked_to_use_a_group(towns: Town) -> None:
    for group in (towns.group, towns.other[0]):
        towns.api.join(group, towns.person("Ann"))
    assert await _ask(towns, "Ann", "/echo hi") == [
        "You are in several communities with me (Town 0, Town 1). Please use the command in the group itself."
    ]


async def test_a_button_in_private_says_whose_it_is(towns: Town) -> None:
    ann = towns.person("Ann")
    for group in (towns.group, towns.other[0]):
        towns.api.join(group, ann)
    ann.started = True
    towns.api.groups[towns.other[0].id].members[towns.api.bot.id] = "member"  # so that it has to write in private
    towns.api.promote(towns.other[0], towns.api.bot, "member")
    card = towns.api.write(towns.other[0], ann, "card please")
    await towns.until(lambda: towns.api.said(towns.other[0], ann))
    pressed = towns.api.press(ann, towns.api.said(towns.other[0], ann)[-1], "long")
    await towns.until(lambda: pressed.answered)
    assert card.chat == towns.other[0].id
    await towns.settle()
    answers = [m for m in (*towns.api.said(towns.other[0], ann), *towns.api.private(ann)) if "long" in m.text]
    again = towns.api.press(ann, answers[-1], "quiet")
    await towns.until(lambda: again.answered)
    assert again.text == "quiet 9"


async def test_when_telegram_does_not_say_where_somebody_is_a_member_they_wait(town: Town) -> None:
    town.group.members[town.person("Ann").id] = "member"
    town.api.faults.next("getChatMember", Fault(500, "Internal Server Error"))
    town.api.write_private(town.person("Ann"), "/echo hi")
    await town.later(lambda: town.api.private(town.person("Ann")))
    assert [message.text for message in town.api.private(town.person("Ann"))] == ["echo: hi"]
