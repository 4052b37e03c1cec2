"""The roll of holders as text: read as it was written, no cell a formula, every bad row named with its line."""

import csv
import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiaoer import one_line
from xiaoer_tier_badges import TierBadgesConfig
from xiaoer_tier_badges.census import Taken, judge
from xiaoer_tier_badges.roll import MOST_ROWS, Entry, Fault, Holder, decoded, doubled, harmless, meant, read, written
from xiaoer_tier_badges.seat import Place

BOARD = TierBadgesConfig.model_validate(
    {
        "tracks": {
            "city": {
                "en": "City",
                "zh": "城市",
                "subjects": {"hangzhou": {"en": "Hangzhou", "zh": "杭州"}, "suzhou": {}},
            },
            "shop": {"vacant": "retire"},
        }
    }
).board
HANGZHOU, SHOP = Place("city", "hangzhou"), Place("shop", "main")
TODAY = date(2026, 11, 25)
HEAD = "track,subject,number,person,name,since\n"

TYPED = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40)
NAMES = st.one_of(TYPED, st.text("=+-@＝'\",;\t王 a", max_size=12)).map(lambda text: one_line(text, 32))
ACCOUNTS = st.builds("telegram:{}".format, st.integers(1, 10**12))
SPOTS = st.tuples(st.sampled_from([HANGZHOU, Place("city", "suzhou"), SHOP]), st.integers(1, 199))
HOLDERS = st.builds(
    lambda spot, account, name, since: Holder(spot[0], spot[1], "", account, name, since),
    SPOTS,
    ACCOUNTS,
    NAMES,
    st.dates(date(2000, 1, 1), TODAY),
)
ROLLS = st.lists(HOLDERS, min_size=1, max_size=12, unique_by=lambda one: (one.place, one.number))


def faults(text: str) -> list[tuple[int, str]]:
    """Return the lines with a fault, and which."""
    return [
        (fault.line, fault.key.removeprefix("tier_badges.import.")) for fault in read(text, BOARD, "Town", TODAY).faults
    ]


def entry(text: str) -> Entry:
    roll = read(text, BOARD, "Town", TODAY)
    assert roll.faults == []
    (one,) = roll.entries
    return one


@given(ROLLS)
def test_a_roll_is_read_as_it_was_written(holders: list[Holder]) -> None:
    text = decoded(written(holders))
    assert text is not None
    roll = read(text, BOARD, "Town", TODAY)
    assert roll.faults == []
    assert [(one.place, one.number, one.person, one.name, one.since) for one in roll.entries] == [
        (one.place, one.number, one.account, one.name, one.since) for one in holders
    ]


@given(ROLLS)
def test_no_written_cell_is_a_formula_for_any_program(holders: list[Holder]) -> None:
    text = written(holders).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(text, newline="")):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")) for cell in row)


@given(st.text(max_size=20) | st.text("='+-@a\t", max_size=6))
def test_a_cell_made_harmless_means_what_it_meant(cell: str) -> None:
    assert meant(harmless(cell)) == cell


def test_spreadsheets_know_the_file_as_utf_8() -> None:
    assert written([Holder(SHOP, 1, "founding", "telegram:1", "王小明", TODAY)]).startswith(b"\xef\xbb\xbftrack,")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_is_read_in_each_of_its_encodings(encoding: str) -> None:
    text = decoded("赛道,主体,编号,持有人,姓名,日期\n城市,杭州,7,telegram:1,王小明,2026年3月8日\n".encode(encoding))
    assert entry(text or "") == Entry(2, HANGZHOU, 7, "telegram:1", "王小明", date(2026, 3, 8))


@pytest.mark.parametrize("data", [b"\xff\xfet\0r\0", b"\x89PNG\r\n\x1a\n\xff\xff\xff", b"a\0b"])
def test_what_is_no_text_is_none(data: bytes) -> None:
    assert decoded(data) is None


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_tables_are_read_as_spreadsheets_write_and_copy_them(between: str) -> None:
    text = HEAD.replace(",", between) + between.join(["city", "hangzhou", "7", "@ann", "Ann", "2026/3/8"])
    assert entry(text) == Entry(2, HANGZHOU, 7, "@ann", "Ann", date(2026, 3, 8))


def test_number_and_person_are_enough_where_there_is_one_subject() -> None:
    board = TierBadgesConfig().board
    (one,) = read("Number,Person\n7,Ann\n", board, "Town", TODAY).entries
    assert one == Entry(2, Place("partner", "main"), 7, "Ann", "", None)


def test_empty_lines_and_lines_within_quotations_keep_the_numbers_of_lines_right() -> None:
    text = f'\n{HEAD}\ncity,hangzhou,7,telegram:1,"An\nna",\n,,,,,\ncity,hangzhou,0,telegram:2,Ben,\n'
    assert faults(text) == [(7, "range")]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("city,ningbo,7,telegram:1,Ann,", "no_place"),
        ("town,hangzhou,7,telegram:1,Ann,", "no_place"),
        ("city,,7,telegram:1,Ann,", "several_places"),
        ("city,hangzhou,seven,telegram:1,Ann,", "no_number"),
        ("city,hangzhou,,telegram:1,Ann,", "no_number"),
        ("city,hangzhou,200,telegram:1,Ann,", "range"),
        ("city,hangzhou,7,,Ann,", "no_person"),
        ("city,hangzhou,7,telegram:1,Ann,yesterday", "date"),
        ("city,hangzhou,7,telegram:1,Ann,2026-02-30", "date"),
        ("city,hangzhou,7,telegram:1,Ann,2026-11-26", "future"),
        ("city,hangzhou,7,telegram:1,Ann,2026-01-01,more", "wide"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_what_is_wrong(row: str, fault: str) -> None:
    assert faults(f"{HEAD}city,hangzhou,1,telegram:9,Eve,\n{row}\n") == [(3, fault)]


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert faults(f"{HEAD}city,ningbo,x,,Ann,soon\n") == [
        (2, key) for key in ("no_place", "no_number", "date", "no_person")
    ]


def test_a_rank_that_is_not_that_of_the_number_is_told() -> None:
    head = "track,subject,number,person,rank\n"
    assert faults(f"{head}city,hangzhou,7,telegram:1,创始\ncity,hangzhou,8,telegram:2,founding\n") == []
    assert faults(f"{head}city,hangzhou,11,telegram:1,Founding\n") == [(2, "rank")]


def test_a_seat_that_stands_there_twice_is_told_with_both_lines() -> None:
    roll = read(f"{HEAD}city,杭州,7,telegram:1,A,\ncity,hangzhou,7,telegram:2,B,\n", BOARD, "Town", TODAY)
    assert [(fault.line, fault.values["first"]) for fault in roll.faults] == [(3, 2)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [(1, "empty")]),
        (HEAD, [(1, "empty")]),
        ("track,subject,number\n", [(1, "missing")]),
        ("number,person,colour\n1,Ann,red\n", [(1, "column")]),
        ("number,no,person\n", [(1, "column_twice")]),
        (f"number,person\n1,{'x' * 200_000}\n", [(2, "broken")]),
    ],
)
def test_a_table_that_is_none_is_told(text: str, found: list[tuple[int, str]]) -> None:
    assert faults(text) == found


def test_a_roll_that_is_too_long_is_told_where_to_cut_it() -> None:
    rows = "".join(f"city,hangzhou,1,telegram:{n},A,\n" for n in range(MOST_ROWS + 1))
    assert faults(HEAD + rows) == [(MOST_ROWS + 2, "too_long")]


# Beside what there is


def seat(number: int, person: str, line: int = 2, place: Place = HANGZHOU) -> Entry:
    return Entry(line, place, number, person, "", None)


WHO = {"ann": "telegram:1", "ben": "telegram:2"}


@pytest.mark.parametrize(
    ("taken", "entry", "fault"),
    [
        (Taken("confirmed", "telegram:2", "Ben"), seat(7, "ann"), "taken"),
        (Taken("held", "telegram:2", "Ben"), seat(7, "ann"), "held"),
        (Taken("retired", "", "Ben"), seat(7, "ann"), "retired"),
        (Taken("vacant", "", "Ben"), seat(7, "ann", place=SHOP), "retired"),
        (Taken("confirmed", "telegram:1", "Ann"), seat(8, "ann"), "has"),
    ],
)
def test_what_speaks_against_a_seat_is_told(taken: Taken, entry: Entry, fault: str) -> None:
    verdict = judge([entry], WHO, {(entry.place, 7): taken}, BOARD)
    assert [one.key for one in verdict.faults] == [f"tier_badges.import.{fault}"]
    assert verdict.give == []


@pytest.mark.parametrize(
    "taken", [None, Taken("vacant", "telegram:2", "Ben"), Taken("held", "telegram:1", "Ann")], ids=str
)
def test_a_number_that_is_free_or_held_for_them_is_given(taken: Taken | None) -> None:
    seats = {} if taken is None else {(HANGZHOU, 7): taken}
    assert judge([seat(7, "ann")], WHO, seats, BOARD).give == [seat(7, "ann")]


def test_a_seat_that_is_theirs_already_is_nothing_to_do() -> None:
    verdict = judge([seat(7, "ann")], WHO, {(HANGZHOU, 7): Taken("confirmed", "telegram:1", "A")}, BOARD)
    assert (verdict.give, len(verdict.same), verdict.faults) == ([], 1, [])


def test_nobody_gets_two_seats_of_one_subject_over_two_accounts() -> None:
    both = [seat(7, "ann"), seat(8, "second", line=3), seat(7, "second", line=4, place=SHOP)]
    found = list(doubled(both, {"ann": "telegram:1", "second": "telegram:1"}))
    assert found == [Fault(3, "tier_badges.import.second", {"first": 2, "number": 7})]
