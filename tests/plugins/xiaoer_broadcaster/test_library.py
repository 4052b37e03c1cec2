"""The library, played as scenes: who may do what to a script, and what is refused."""

import pytest
from tests.plugins.xiaoer_broadcaster.scene import ITEMS, ask, boss, posted, script, teahouse, told, until

from xiaoer.linking import POINT
from xiaoer.testing import play
from xiaoer.transaction import Transaction
from xiaoer_broadcaster import Broadcaster, shelf


async def test_nobody_approves_what_they_wrote_with_another_account() -> None:
    async with teahouse() as town:
        await ask(town, "ann", "/script submit Mine")
        await town.join("boss")
        await town.app.store.transact(Transaction.run, POINT, stands="fake:ann", old="fake:boss")
        assert "wrote No. 1 yourself" in await boss(town, "/script approve 1")


async def test_a_changed_text_has_to_be_approved_again_and_a_changed_tag_has_not() -> None:
    async with teahouse() as town:
        await script(town, "first words")
        assert "is changed." in await boss(town, "/script edit 1 tags tea")
        assert [row.state for row in await town.rows(ITEMS)] == ["approved"]
        assert "has to be approved (again)" in await boss(town, "/script edit 1 text other words")
        assert [row.state for row in await town.rows(ITEMS)] == ["edited"]
        await until(town, "12:16")
        assert posted(town) == []


async def test_every_change_is_kept_with_who_and_when() -> None:
    async with teahouse() as town:
        await script(town, "hello", "slot noon")
        await boss(town, "/script schedule 1 today noon")
        await until(town, "12:16")
        lines = (await boss(town, "/script show 1")).split("\n")
        changes = [line.split("PM ")[-1] for line in lines if "PM " in line]
        assert changes[-5:] == [
            "posted: 2026-03-02 noon",
            "scheduled: Boss · 2026-03-02 noon",
            "approved: Boss",
            "edited: Boss · slot",
            "submitted: Ann",
        ]


async def test_a_script_is_withdrawn_by_its_author_alone() -> None:
    async with teahouse() as town:
        await script(town, "hello")
        assert "is not yours" in await ask(town, "bob", "/script withdraw 1")
        assert "is withdrawn" in await ask(town, "ann", "/script withdraw 1")
        assert "was taken off" in await boss(town, "/script approve 1")


async def test_an_author_hears_why_a_script_is_not_used_and_it_can_be_changed_and_approved_then() -> None:
    async with teahouse() as town:
        await ask(town, "ann", "/script submit hello")
        await boss(town, "/script reject 1 too short")
        assert "not be used this time: too short" in town.seen_by("ann")[-1].text
        await boss(town, "/script edit 1 text a longer hello")
        assert "is approved" in await boss(town, "/script approve 1")


async def test_the_text_of_what_was_taken_off_is_forgotten_after_a_month() -> None:
    async with teahouse() as town:
        await script(town, "hello", author="ann")
        await script(town, "stays", author="bob")
        await ask(town, "ann", "/script withdraw 1")
        await town.pass_time(days=32)
        assert [row.text for row in await town.rows(ITEMS)] == ["", "stays"]


async def test_one_person_submits_so_many_a_day() -> None:
    async with teahouse(submissions=2) as town:
        await ask(town, "ann", "/script submit one")
        await ask(town, "ann", "/script submit two")
        assert "2 scripts a day is the limit" in await ask(town, "ann", "/script submit three")
        assert "It is No. 3" in await ask(town, "bob", "/script submit three")
        await town.pass_time(hours=13)
        assert "It is No. 4" in await ask(town, "ann", "/script submit four")


async def test_a_full_library_takes_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "LIBRARY_LIMIT", 1)
    async with teahouse() as town:
        await ask(town, "ann", "/script submit one")
        assert "The library is full (1 scripts)" in await ask(town, "bob", "/script submit two")


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("/script submit", "Write the text behind it"),
        ("/script show 9", "There is no No. 9"),
        ("/script schedule 1 yesterday noon", "is no day within a year"),
        ("/script schedule 1 today morning", "it is over, skipped, or not on that day"),
        ("/script schedule 1 today midnight", "There is no slot “midnight”. There are: morning, noon, evening."),
        ("/script schedule 2 today noon", "has No. 3 already"),
        ("/script schedule 4 today noon", "is not approved yet"),
        ("/script schedule 5 tomorrow noon", "is meant for evening"),
        ("/script schedule 6 tomorrow noon", "is good until"),
        ("/script approve 1", "is approved already"),
        ("/peak set evening soon", "is no window. Write 20:30-22:00"),
        ("/peak set midnight 20:30-22:00", "There is no slot"),
        ("/broadcast", "Nothing was posted yet"),
        ("/broadcast pause", "Nothing was posted yet"),
    ],
)
async def test_a_refusal_says_what_to_do_and_changes_nothing(command: str, answer: str) -> None:
    async with teahouse() as town:
        for text in ("one", "two", "three"):
            await script(town, text)
        await boss(town, "/script schedule 3 today noon")
        await ask(town, "ann", "/script submit four")
        await script(town, "five", "slot evening")
        await script(town, "six", "expires today")
        before = [tuple(row) for row in await town.rows(ITEMS)]
        assert answer in await boss(town, command)
        assert [tuple(row) for row in await town.rows(ITEMS)] == before


@pytest.mark.parametrize("command", ["/script", "/script show 1", "/script approve 1", "/peak skip", "/broadcast"])
async def test_what_admins_do_is_not_for_everybody(command: str) -> None:
    async with teahouse() as town:
        await ask(town, "ann", "/script submit hello")
        assert "No. 1" not in await ask(town, "bob", command)


async def test_a_library_speaks_chinese() -> None:
    async with play(Broadcaster, locale="zh") as town:
        assert await ask(town, "ann", "/script submit 春茶上新") == "收到，稿子编号 №1。有人看过并通过后就会发出来。"
        assert "通过了" in await boss(town, "/script approve 1")
        await until(town, "12:16")
        assert posted(town)[0].text == "春茶上新\n\n✍️ Ann"
        assert "发于 noon" in await boss(town, "/script show 1")
        assert told(town) == ["Ann 投了新稿 №1「春茶上新」。看看：/script show 1"]


async def test_what_is_scheduled_for_a_slot_that_is_switched_off_comes_back_to_the_library() -> None:
    async with teahouse() as town:
        await script(town, "hello", "slot evening")
        await boss(town, "/script schedule 1 tomorrow evening")
        await boss(town, "/peak set evening off")
        await town.pass_time(days=4)
        assert posted(town) == []
        assert [row.state for row in await town.rows(ITEMS)] == ["approved"]
        assert "which never came. It is back in the library." in told(town)[-1]


async def test_new_yorks_spring_night_has_its_post_right_after_the_gap() -> None:
    async with teahouse(timezone="America/New_York", slots={"night": "02:30-03:30"}) as town:
        await script(town, "good night", "cadence daily")
        for day in (7, 8, 9):
            await until(town, f"2026-03-0{day} 01:59")
            before = len(posted(town))
            await town.pass_time(minutes=1)
            assert len(posted(town)) == before + (day == 8)
            await town.pass_time(minutes=40)
            assert len(posted(town)) == before + 1
