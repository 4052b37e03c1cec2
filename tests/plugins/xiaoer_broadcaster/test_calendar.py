"""What goes out in the coming two weeks, in words and as a picture."""

import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.plugins.xiaoer_broadcaster.scene import ask, boss, posted, script, teahouse

from xiaoer_broadcaster.agenda import agenda
from xiaoer_broadcaster.item import Item
from xiaoer_broadcaster.sheet import calendar
from xiaoer_broadcaster.slot import Occurrence

START = datetime(2026, 3, 2, 4, tzinfo=UTC)


def noon(n: int) -> Occurrence:
    begin = START + timedelta(days=n)
    return Occurrence("noon", date(2026, 3, 2) + timedelta(days=n), begin, begin, begin + timedelta(hours=1))


def test_each_item_comes_when_it_is_its_turn_and_no_more_often_than_it_may() -> None:
    items = [
        Item(1, state="approved", cadence="daily"),
        Item(2, state="approved", cadence="once"),
        Item(3, state="scheduled", day=date(2026, 3, 4), at_slot="noon"),
    ]
    entries = agenda(items, [noon(n) for n in (3, 1, 0, 2)])
    assert [(entry.item.number if entry.item else None, entry.sure) for entry in entries] == [
        (1, False),
        (2, False),
        (3, True),
        (1, False),
    ]


async def test_the_calendar_says_what_then_happens() -> None:
    async with teahouse() as town:
        for text in ("first", "second", "third"):
            await script(town, text, "cadence daily")
        await boss(town, "/script schedule 3 today evening")
        answer = await town.use("boss", "/script calendar", role="secretary")
        assert answer is not None
        assert answer.picture is not None
        lines = answer.text.split("\n")
        assert lines[1:4] == [
            "03-02 Mon noon No. 1 first",
            "03-02 Mon evening ✓ No. 3 third",
            "03-03 Tue morning No. 2 second",
        ]
        assert len(answer.text) < 1024
        assert "more in the picture" in lines[-1]
        await town.pass_time(hours=20)
        assert [message.text.split("\n")[0] for message in posted(town)] == ["first", "third", "second"]


async def test_an_empty_calendar_says_how_to_fill_it() -> None:
    async with teahouse() as town:
        assert "/script submit" in await ask(town, "boss", "/script calendar", role="secretary")


def drawn(**data: Any) -> Image.Image:
    return Image.open(io.BytesIO(calendar({"title": "T", "planned": "p", "next": "n", "slots": [], "rows": []} | data)))


@settings(max_examples=20)
@given(
    st.text(max_size=60),
    st.lists(st.text(max_size=16), max_size=8),
    st.lists(st.tuples(st.text(max_size=40), st.booleans()).map(list), max_size=8),
)
def test_whatever_members_type_is_drawn(title: str, slots: list[str], cells: list[Any]) -> None:
    rows = [{"day": title, "rest": True, "cells": cells}]
    assert drawn(title=title, slots=slots, rows=rows).width == 1_200


@pytest.mark.parametrize("count", [1, 14])
def test_a_day_is_a_row(count: int) -> None:
    rows = [{"day": "03-02", "rest": False, "cells": [["1 tea", True]]}] * count
    assert drawn(slots=["noon"], rows=rows).height == 220 + 64 * count
