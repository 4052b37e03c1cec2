"""Taking holders in and writing them out, in scenes: shown first, all or nothing, decided again."""

from typing import Any

from sqlalchemy import func, select
from tests.plugins.xiaoer_tier_badges.scene import admin, ask, done, hall, holders, link, private, states

from xiaoer import Quoted, Statement
from xiaoer.tables import file_uses
from xiaoer.testing import Town
from xiaoer.testing.adapter import FakeMessage
from xiaoer_tier_badges.records import rolls

HEAD = "number,person,name,since\n"
ROLLS = Statement(select(rolls))
FILES = Statement(select(func.coalesce(func.sum(file_uses.c.uses), 0).label("number")))


async def bring(town: Town, rows: str, head: str = HEAD) -> str:
    return await admin(town, f"/seat import {head}{rows}")


async def files(town: Town) -> int:
    number: int = (await town.rows(FILES))[0].number
    return number


async def export(town: Town, subject: str = "") -> bytes:
    answer: FakeMessage | None = await town.use("boss", f"/seat export {subject}".strip(), role="secretary")
    assert answer is not None
    assert answer.file is not None
    return answer.file.data


async def hang(town: Town, data: bytes, name: str = "roll.csv", **how: Any) -> Quoted:
    return Quoted("m1", town.person("boss"), "", "file", (town.fake.attach(data, name, **how),))


async def test_a_roll_is_shown_first_and_then_taken_in() -> None:
    async with hall("ann", "ben") as town:
        told = await bring(town, "3,ann,Annie,2025-01-02\n60,fake:ben,,\n")
        assert "2 seats would be given" in told
        assert "2: Town · 3 · Founding ← Annie (fake:ann)" in told
        assert await holders(town) == {}
        assert "2 seats are given" in await admin(town, "/seat import confirm")
        assert await holders(town) == {3: "ann", 60: "ben"}
        assert await done(town) == ["imported", "imported"]
        assert [badge.tag for badge in town.badges("ann", "tier_badges")] == ["Founding·03"]


async def test_the_button_takes_in_what_was_shown_and_not_what_came_after_it() -> None:
    async with hall("ann", "ben") as town:
        await bring(town, "3,ann,,\n")
        shown = town.last("boss")
        await bring(town, "4,ben,,\n")
        answer = await town.press("boss", "roll", shown)
        assert answer is not None
        assert "brought another roll after this one" in answer.text
        assert await holders(town) == {}
        await town.press("boss", "roll")
        assert await holders(town) == {4: "ben"}


async def test_a_file_that_hangs_on_a_message_is_read() -> None:
    async with hall("ann") as town:
        quoted = await hang(town, f"\ufeff{HEAD}3,ann,,\n".encode())
        answer = await town.use("boss", "/seat import", role="secretary", quoted=quoted)
        assert answer is not None
        assert "I read roll.csv" in answer.text
        assert "1 seat would be given" in private(town, "boss")[-1]
        await town.press("boss", "roll")
        assert await holders(town) == {3: "ann"}
        assert await files(town) == 0


async def test_a_file_that_is_no_text_is_refused_with_what_to_do() -> None:
    async with hall() as town:
        quoted = await hang(town, f"{HEAD}3,王小明,,\n".encode("gb18030"))
        await town.use("boss", "/seat import", role="secretary", quoted=quoted)
        assert "Save the table as CSV UTF-8" in private(town, "boss")[-1]


async def test_a_table_in_a_message_is_read() -> None:
    async with hall("ann") as town:
        quoted = Quoted("m1", town.person("ann"), f"{HEAD}3,ann,,\n")
        answer = await town.use("boss", "/seat import", role="secretary", quoted=quoted)
        assert answer is not None
        assert "1 seat would be given" in answer.text


async def test_with_one_bad_row_nothing_is_taken_in_and_every_bad_row_is_named() -> None:
    async with hall("ann") as town:
        told = await bring(town, "3,ann,,\n0,ann,,\n4,nobody,,\n5,telegram:1,,\n")
        assert "3 things are wrong" in told
        for line in ("Line 3: number 0 does not exist", "Line 4: Nobody here", "Line 5: "):
            assert line in told, told
        assert "no import that waits" in await admin(town, "/seat import confirm")
        assert await files(town) == 0


async def test_holders_who_have_not_been_seen_yet_are_named_by_their_account_and_get_their_badge_when_they_come() -> (
    None
):
    async with hall() as town:
        assert "1 of these people have not been seen here" in await bring(town, "3,fake:cid,Cid,\n")
        await admin(town, "/seat import confirm")
        await town.join("cid")
        assert [badge.tag for badge in town.badges("cid", "tier_badges")] == ["Founding·03"]


async def test_what_has_changed_since_it_was_shown_is_decided_again() -> None:
    async with hall("ann", "ben", tracks={"partner": {"open": True}}) as town:
        await bring(town, "1,ann,,\n2,fake:cid,,\n")
        await ask(town, "ben", "/seat confirm")
        assert "Ben has number 1" in await admin(town, "/seat import confirm")
        assert await holders(town) == {1: "ben"}


async def test_a_roll_is_taken_in_once() -> None:
    async with hall("ann") as town:
        await bring(town, "3,ann,,\n")
        confirm = [town.using("boss", "/seat import confirm", role="secretary") for _ in range(3)]
        await town.tell_at_once(*confirm)
        handles = {event.handle for event in confirm}
        said = sorted(message.text for message in town.messages() if message.answers in handles)
        assert [text[:12] for text in said] == ["1 seat is gi", "There is no ", "There is no "]
        assert await done(town) == ["imported"]


async def test_linked_accounts_get_one_seat_of_a_subject() -> None:
    async with hall("ann", "second") as town:
        await link(town, "second", "ann")
        assert "has number 3 in line 2 already" in await bring(town, "3,ann,,\n4,fake:second,,\n")


async def test_who_is_offered_a_seat_gets_it_once_by_a_roll() -> None:
    async with hall("ann", "ben") as town:
        assert "held" in await admin(town, "/seat offer ann partner 1")
        assert "is held for Ann" in await bring(town, "1,ben,,\n")
        await bring(town, "1,ann,,\n2,ben,,\n")
        await admin(town, "/seat import confirm")
        assert await holders(town) == {1: "ann", 2: "ben"}
        assert "no offer to decline" in await ask(town, "ann", "/seat decline")


async def test_what_was_exported_can_be_imported_and_changes_nothing() -> None:
    async with hall("ann", "ben") as town:
        await bring(town, "3,ann,=1+1,2025-01-02\n60,ben,@王,\n")
        await admin(town, "/seat import confirm")
        data = await export(town)
        assert b"'=1+1" in data
        quoted = await hang(town, data)
        await town.use("boss", "/seat import", role="secretary", quoted=quoted)
        assert "All 2 seats are so already" in private(town, "boss")[-1]


async def test_an_export_moves_all_holders_to_another_community() -> None:
    async with hall("ann", "ben") as town:
        await bring(town, "3,ann,Annie,2025-01-02\n60,ben,,2024-12-31\n")
        await admin(town, "/seat import confirm")
        data = await export(town)
    async with hall() as town:
        await town.use("boss", "/seat import", role="secretary", quoted=await hang(town, data))
        await admin(town, "/seat import confirm")
        assert await holders(town) == {3: "ann", 60: "ben"}
        assert await export(town) == data


async def test_a_written_file_is_forgotten_after_a_day() -> None:
    async with hall("ann") as town:
        await bring(town, "3,ann,,\n")
        await admin(town, "/seat import confirm")
        await export(town)
        assert await files(town) == 1
        await town.pass_time(days=1, minutes=1)
        assert await files(town) == 0


async def test_a_roll_waits_no_longer_than_a_night_after_its_day() -> None:
    async with hall("ann") as town:
        await bring(town, "3,ann,,\n")
        await town.pass_time(days=2, hours=1)
        assert (await town.rows(ROLLS), await files(town)) == ([], 0)


async def test_a_number_that_fell_vacant_is_given_again_by_a_roll() -> None:
    async with hall("ann", "ben") as town:
        await bring(town, "3,ann,,\n")
        await admin(town, "/seat import confirm")
        await ask(town, "ann", "/seat vacate partner 3")
        await bring(town, "3,ben,,\n")
        await admin(town, "/seat import confirm")
        assert await states(town) == {3: "confirmed"}
        assert await holders(town) == {3: "ben"}


async def test_as_many_holders_as_three_subjects_have_are_taken_in_at_once() -> None:
    subjects: dict[str, Any] = {f"s{n}": {} for n in range(4)}
    async with hall(tracks={"shop": {"subjects": subjects}}) as town:
        rows = [f"s{n // 199},{n % 199 + 1},fake:p{n}" for n in range(597)]
        data = ("subject,number,person\n" + "\n".join(rows)).encode()
        await town.use("boss", "/seat import", role="secretary", quoted=await hang(town, data))
        assert "597 seats are given" in await admin(town, "/seat import confirm")


async def test_who_may_not_manage_seats_imports_and_exports_nothing() -> None:
    async with hall("ann") as town:
        for command in ("/seat import", "/seat export", "/badge repair"):
            assert "secretary" in (await ask(town, "ann", command)).casefold()


async def test_without_a_roll_it_is_said_what_one_looks_like() -> None:
    async with hall() as town:
        assert "track,subject,number,person,name,since" in await admin(town, "/seat import")
        assert "nothing to write" in await admin(town, "/seat export")
