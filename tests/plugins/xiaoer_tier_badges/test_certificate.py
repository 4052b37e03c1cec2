"""The certificate: a picture of one size whatever people are called, with and without Chinese."""

import io
from datetime import date
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from xiaoer_tier_badges import certificate
from xiaoer_tier_badges.certificate import CertificateData, stamped, written
from xiaoer_tier_badges.lettering import PLAIN, PROOF, Face, has, installed, laid

HERE = installed()
BOTH = pytest.mark.parametrize("faces", [HERE, PLAIN], ids=["here", "plain"])
needs_chinese = pytest.mark.skipif(not has(HERE, PROOF), reason="no font with Chinese here: install the extra fonts")

DATA: CertificateData = {
    "community": "Teahouse",
    "name": "Anna",
    "track": ("城市", "City"),
    "subject": ("杭州", "Hangzhou"),
    "rank": ("创始", "Founding"),
    "number": 7,
    "colour": 0xC9A227,
    "since": "2026-11-25",
    "locale": "en",
}
TYPED = st.one_of(st.text(max_size=60), st.text("王\u0310👨\u200d\u202e\n a", max_size=200))


def drawn(faces: tuple[Face, ...] = HERE, **changed: Any) -> Image.Image:
    png = certificate.certificate(cast("CertificateData", {**DATA, **changed}), faces)
    assert len(png) < 150_000
    return Image.open(io.BytesIO(png)).convert("RGB")


def differs(one: Image.Image, other: Image.Image) -> tuple[int, int, int, int] | None:
    return ImageChops.difference(one, other).getbbox()


@BOTH
@settings(max_examples=4, deadline=None)
@given(name=TYPED, community=TYPED, subject=TYPED, rank=TYPED, number=st.integers(1, 9_999))
def test_whatever_people_and_places_are_called_there_is_a_certificate(
    faces: tuple[Face, ...], name: str, community: str, subject: str, rank: str, number: int
) -> None:
    picture = drawn(
        faces, name=name, community=community, subject=(subject, subject), rank=(rank, rank), number=number, locale="zh"
    )
    assert picture.size == (certificate.WIDTH, certificate.HEIGHT)


@settings(max_examples=100, deadline=None)
@given(TYPED, st.integers(1, 2), st.integers(200, 800))
def test_whatever_is_written_stays_within_its_lines(text: str, lines: int, width: int) -> None:
    found = laid(HERE, text, ((60, 1), (40, lines)), width)
    assert len(found) <= lines
    assert all(line.width <= width for line in found)


def test_what_does_not_fit_is_shortened_in_the_smallest_size() -> None:
    (line,) = laid(PLAIN, "a long name " * 8, ((60, 1), (30, 1)), 300)
    assert line.size == 30
    assert "".join(run for run, _ in line.runs).endswith("…")


def test_a_line_breaks_between_words() -> None:
    first, second = laid(PLAIN, "Anna Magdalena Wilhelmina", ((40, 2),), 340)
    assert "".join(run for run, _ in first.runs) == "Anna Magdalena"
    assert "".join(run for run, _ in second.runs) == "Wilhelmina"


def test_the_same_seat_always_looks_the_same_and_no_two_numbers_do() -> None:
    assert differs(drawn(), drawn()) is None
    assert differs(drawn(), drawn(number=8)) is not None


@pytest.mark.parametrize("changed", [{"name": "Ben"}, {"since": "2025-11-25"}, {"colour": 0x2E7D8C}])
def test_it_shows_whose_it_is_since_when_and_the_colour_of_the_rank(changed: dict[str, Any]) -> None:
    assert differs(drawn(), drawn(**changed)) is not None


@needs_chinese
def test_it_is_written_in_chinese_where_that_can_be() -> None:
    assert differs(drawn(locale="zh"), drawn()) is not None


def test_without_a_font_for_chinese_it_is_written_in_english() -> None:
    assert differs(drawn(PLAIN, locale="zh"), drawn(PLAIN)) is None


def test_dates_are_written_as_each_language_does() -> None:
    day = date(2026, 11, 5)
    assert (written(day, True), written(day, False)) == ("2026年11月5日", "5 November 2026")


@pytest.mark.parametrize(
    ("community", "letters"),
    [
        ("小二茶馆 Teahouse", "小二茶馆"),
        ("老舍茶馆很长", "老舍茶馆"),
        ("the tea (house)", "TT"),
        ("茶", "茶"),
        ("🍵", ""),
    ],
)
def test_the_stamp_has_the_first_letters_of_the_community(community: str, letters: str) -> None:
    assert "".join(stamped(community)) == letters
