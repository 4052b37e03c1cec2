"""What people type, as it is shown."""

from hypothesis import given
from hypothesis import strategies as st

from xiaoer import one_line


@given(st.text(), st.integers(1, 60))
def test_whatever_somebody_typed_becomes_one_short_line(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert line == " ".join(line.split())
    assert line.isprintable()


def test_what_fits_stays_as_it_was() -> None:
    assert one_line("老王 Wang", 7) == "老王 Wang"
    assert one_line("老王 Wang", 6) == "老王 Wa…"
