"""What an item is and may become, as pure rules."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xiaoer import Refusal
from xiaoer_broadcaster.item import CADENCES, STATES, Item, become, choose, clean, edited, free_from, usable, went_out

DAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ready = st.builds(
    lambda **fields: Item(**fields),  # of the class itself hypothesis would make up every field
    number=st.integers(1, 9),
    slot=st.sampled_from(["any", "noon", "evening"]),
    cadence=st.sampled_from(CADENCES),
    state=st.sampled_from(["approved", "posted", "measured"]),
    most=st.integers(0, 3),
    expires=st.none() | st.dates(DAY, DAY + timedelta(days=60)),
)


@settings(max_examples=60)
@given(st.lists(ready, max_size=4, unique_by=lambda item: item.number), st.integers(5, 40))
def test_no_item_goes_out_more_often_than_it_may_too_soon_or_after_its_end(items: list[Item], count: int) -> None:
    library = {item.number: item for item in items}
    for n in range(count):
        day, slot = DAY + timedelta(days=n // 2), ("noon", "evening")[n % 2]
        chosen = choose(library.values(), day, slot)
        if chosen is None:
            continue
        assert chosen.slot in ("any", slot)
        assert chosen.expires is None or day <= chosen.expires
        assert chosen.last is None or day > chosen.last
        library[chosen.number] = went_out(chosen, day, NOON + timedelta(hours=12 * n))
    for item in library.values():
        limit = 1 if item.cadence == "once" else item.most
        assert not limit or item.uses <= limit


@pytest.mark.parametrize(
    ("cadence", "last", "free"),
    [
        ("daily", DAY, date(2026, 3, 3)),
        ("weekly", DAY, date(2026, 3, 9)),
        ("monthly", date(2026, 1, 31), date(2026, 2, 28)),
        ("yearly", date(2024, 2, 29), date(2025, 2, 28)),
        ("yearly", date(9999, 12, 31), date.max),
        ("once", DAY, date.max),
    ],
)
def test_a_cadence_says_when_it_may_come_again(cadence: str, last: date, free: date) -> None:
    assert free_from(Item(1, cadence=cadence, last=last)) == free


def test_what_is_scheduled_goes_out_then_and_at_no_other_time() -> None:
    planned = Item(1, state="scheduled", day=DAY, at_slot="noon", cadence="daily")
    other = Item(2, state="approved", cadence="daily")
    assert choose([other, planned], DAY, "noon") == planned
    assert choose([other, planned], DAY, "evening") == other
    assert choose([planned], DAY + timedelta(days=1), "noon") is None


@pytest.mark.parametrize("state", STATES)
def test_only_what_somebody_approved_goes_out(state: str) -> None:
    assert usable(Item(1, state=state), DAY) == (state in ("approved", "scheduled", "posted", "measured"))


@pytest.mark.parametrize("state", ["posted", "measured", "scheduled", "approved", "withdrawn", "rejected"])
def test_what_is_approved_or_taken_off_is_not_approved_again(state: str) -> None:
    with pytest.raises(Refusal):
        become(Item(1, state=state), "approve")


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("text", " a\r\nb\x00 ", "a\nb"),
        ("title", "none", ""),
        ("kind", "Video", "video"),
        ("slot", "noon", "noon"),
        ("tags", "#tea, 春天 tea", ("tea", "春天")),
        ("expires", "2026-12-01", date(2026, 12, 1)),
        ("expires", "never", None),
        ("most", "3", 3),
        ("most", "none", 0),
        ("teasers", "10 60", (60, 10)),
        ("teasers", "none", ()),
        ("teasers", "default", None),
    ],
)
def test_a_value_is_read_as_people_type_it(field: str, value: str, kept: object) -> None:
    assert getattr(edited(Item(1), field, value, ["noon"], DAY), field) == kept


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", " \n "),
        ("text", "x" * 3_501),
        ("kind", "poem"),
        ("slot", "midnight"),
        ("cadence", "hourly"),
        ("tags", " ".join(map(str, range(11)))),
        ("expires", "some day"),
        ("most", "-1"),
        ("most", "1001"),
        ("teasers", "0"),
        ("teasers", "1,2,3,4,5,6"),
        ("teasers", "soon"),
    ],
)
def test_a_value_that_cannot_be_is_refused(field: str, value: str) -> None:
    with pytest.raises(Refusal):
        edited(Item(1), field, value, ["noon"], DAY)


@given(st.text())
def test_a_text_that_was_cleaned_is_clean(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    clean(text).encode()
