"""The cards: pictures of the right size, whatever members typed, with and without Chinese."""

import io
from typing import Any, cast, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from xiaoer_red_envelope import brush, cards, wording
from xiaoer_red_envelope.cards import CoverData, ResultData
from xiaoer_red_envelope.fonts import PLAIN, Fonts, installed
from xiaoer_red_envelope.lettering import fit

HERE = installed()
BOTH = pytest.mark.parametrize("fonts", [HERE, PLAIN], ids=["here", "plain"])

needs_chinese = pytest.mark.skipif(not HERE.chinese, reason="no font with Chinese here: install the extra fonts")

COVER: CoverData = {
    "sender": "Ming",
    "greeting": "Happy new year",
    "kind": "lucky",
    "points": 88,
    "shares": 10,
    "locale": "en",
    "opened": 3,
}
RESULT: ResultData = {
    "sender": "Ming",
    "greeting": "Happy new year",
    "points": 88,
    "shares": 3,
    "hands": [("Anna", 44), ("Bo", 22), ("Cem", 22)],
    "more": 0,
    "luckiest": None,
    "locale": "en",
    "state": "empty",
}
KINDS = get_args(get_type_hints(CoverData)["kind"])
STATES = get_args(get_type_hints(ResultData)["state"])

TYPED = st.one_of(st.text(st.characters(codec=None), max_size=60), st.text("王\u0310👨\u200d\u202e\n a", max_size=300))
NUMBER = st.integers(-(2**63), 2**63)
HANDS = st.lists(st.tuples(TYPED, NUMBER), max_size=12)


def cover(fonts: Fonts = HERE, **changed: Any) -> Image.Image:
    return opened(cards.cover(cast("CoverData", {**COVER, **changed}), fonts))


def result(fonts: Fonts = HERE, **changed: Any) -> Image.Image:
    return opened(cards.result(cast("ResultData", {**RESULT, **changed}), fonts))


def opened(png: bytes) -> Image.Image:
    assert len(png) < cards.MOST_BYTES
    picture = Image.open(io.BytesIO(png))
    assert picture.format == "PNG"
    return picture.convert("RGB")


def changed(one: Image.Image, other: Image.Image) -> tuple[int, int, int, int] | None:
    """Return the box in which two pictures differ."""
    return ImageChops.difference(one, other).getbbox()


def row(number: int) -> int:
    return cards.SHEET_TOP + 80 + number * cards.ROW


@BOTH
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("locale", ["zh", "en"])
def test_every_kind_has_a_cover(fonts: Fonts, kind: str, locale: str) -> None:
    assert cover(fonts, kind=kind, locale=locale).size == cards.COVER


@BOTH
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("locale", ["zh", "en"])
def test_every_end_has_a_card(fonts: Fonts, state: str, locale: str) -> None:
    assert result(fonts, state=state, locale=locale).width == cards.WIDTH


@BOTH
@settings(max_examples=25)
@given(sender=TYPED, greeting=TYPED, points=NUMBER, shares=NUMBER, taken=NUMBER)
def test_whatever_is_typed_there_is_a_cover(
    fonts: Fonts, sender: str, greeting: str, points: int, shares: int, taken: int
) -> None:
    picture = cover(fonts, sender=sender, greeting=greeting, points=points, shares=shares, opened=taken)
    assert picture.size == cards.COVER


@BOTH
@settings(max_examples=25)
@given(sender=TYPED, greeting=TYPED, hands=HANDS, points=NUMBER, more=NUMBER)
def test_whatever_is_typed_there_is_a_result(
    fonts: Fonts, sender: str, greeting: str, hands: list[tuple[str, int]], points: int, more: int
) -> None:
    luckiest = hands[0][0] if hands else None
    picture = result(fonts, sender=sender, greeting=greeting, hands=hands, points=points, more=more, luckiest=luckiest)
    assert picture.width == cards.WIDTH


@BOTH
@pytest.mark.parametrize(
    "text", ["x" * 4000, "W " * 900, "Ẑ\u0310\u0346\u035b" * 200, "王" * 400, "🍵" * 99, "ع" * 999]
)
def test_long_texts_stay_on_the_envelope(fonts: Fonts, text: str) -> None:
    left, top, right, bottom = changed(cover(fonts), cover(fonts, sender=text, greeting=text)) or (0, 0, 0, 0)
    assert left > cards.LEFT + 20
    assert right < cards.WIDTH - cards.LEFT - 20
    assert top > cards.TOP + 20
    assert bottom <= cards.FLAP - 8 - 95


@BOTH
@pytest.mark.parametrize("text", ["x" * 4000, "Ẑ\u0310\u0346\u035b" * 200, "王" * 400, "ع" * 999])
def test_a_long_name_stays_in_its_row_beside_the_points(fonts: Fonts, text: str) -> None:
    long = result(fonts, hands=[("Anna", 44), (text, 22), ("Cem", 22)])
    left, top, right, bottom = changed(result(fonts), long) or (0, 0, 0, 0)
    assert left >= 80
    assert right <= 560 + 16
    assert top >= row(1)
    assert bottom <= row(2)


@needs_chinese
def test_a_card_full_of_dense_letters_is_not_too_large() -> None:
    dense = "鬱驫麤龘靐齉爨灪籲纛鸞鑾钁癵"
    hands = [(dense[number:], 10**12 - number) for number in range(10)]
    assert result(sender=dense, greeting=dense, hands=hands, locale="zh").width == cards.WIDTH
    assert cover(sender=dense, greeting=dense * 9, locale="zh").size == cards.COVER


@BOTH
def test_the_same_data_makes_the_same_picture(fonts: Fonts) -> None:
    assert cards.cover(COVER, fonts) == cards.cover(COVER, fonts)
    assert cards.result(RESULT, fonts) == cards.result(RESULT, fonts)


def test_without_chinese_the_words_are_english() -> None:
    assert changed(cover(PLAIN, locale="zh"), cover(PLAIN, locale="en")) is None
    assert changed(result(PLAIN, locale="zh"), result(PLAIN, locale="en")) is None


@needs_chinese
@pytest.mark.parametrize("locale", ["zh", "zh-CN", "zh_Hant"])
def test_with_chinese_the_words_are_chinese(locale: str) -> None:
    assert wording.spoken(locale, HERE) is wording.CHINESE


def test_a_language_without_words_is_answered_in_english() -> None:
    assert wording.spoken("de", HERE) is wording.ENGLISH


@BOTH
@pytest.mark.parametrize("locale", ["zh", "en"])
def test_our_own_words_are_never_shortened(fonts: Fonts, locale: str) -> None:
    words = wording.spoken(locale, fonts)
    assert not fit(words["luckiest"], fonts, 22, cards.TAG, bold=True).shortened
    taken = words["opened"].format(opened="1,000", shares="1,000")
    ends = (f"{taken} · {words['expired']}", f"{taken} · {words['empty']}", words["cancelled"])
    assert not any(fit(end, fonts, 24, cards.PILL).shortened for end in ends)


def test_every_kind_and_end_has_its_words() -> None:
    assert {*KINDS, *STATES} <= wording.ENGLISH.keys() <= wording.CHINESE.keys()
    assert {f"seal_{each}" for each in (*KINDS, *STATES)} <= wording.CHINESE.keys()


@pytest.mark.parametrize("greeting", ["", "  \n", "恭喜发财", "🐉"])
def test_a_greeting_that_cannot_be_written_becomes_a_wish(greeting: str) -> None:
    assert changed(cover(PLAIN, greeting=greeting), cover(PLAIN, greeting=wording.ENGLISH["greeting"])) is None


def test_a_name_that_cannot_be_written_has_a_face() -> None:
    head = (110, row(0) + 12 + round(0.36 * cards.FACE_SIZE))
    light = result(PLAIN, hands=[("王", 1)]).getpixel(head)
    assert light == result(PLAIN, hands=[("李", 1)]).getpixel(head)
    assert isinstance(light, tuple)
    assert min(light) > 220


def test_people_are_told_apart_by_their_colours() -> None:
    faces = {result(hands=[(name, 1)]).getpixel((110, row(0) + 20)) for name in ("Anna", "Bo", "Cem", "Dan", "Eve")}
    assert len(faces) >= 3


def test_the_crown_stands_at_the_luckiest_hand_only() -> None:
    _, top, _, bottom = changed(result(), result(luckiest="Bo")) or (0, 0, 0, 0)
    assert row(1) - 20 <= top
    assert bottom <= row(2) - 5


def test_of_two_with_the_name_of_the_luckiest_the_one_with_more_is_crowned() -> None:
    hands = [("Bo", 1), ("Bo", 9), ("Cem", 2)]
    _, top, _, _ = changed(result(hands=hands), result(hands=hands, luckiest="Bo")) or (0, 0, 0, 0)
    assert top >= row(1) - 20


def test_a_luckiest_hand_that_is_not_shown_is_no_obstacle() -> None:
    assert changed(result(), result(luckiest="Zoe")) is None


def test_a_bar_is_as_long_as_the_points() -> None:
    picture = result()
    paper = picture.getpixel((555, row(1) + 65))
    assert picture.getpixel((555, row(0) + 65)) != paper
    assert picture.getpixel((355, row(1) + 65)) != paper
    assert picture.getpixel((365, row(1) + 65)) == paper


def test_more_than_ten_hands_are_counted() -> None:
    hands = [(f"Person {number}", 20 - number) for number in range(15)]
    assert changed(result(hands=hands), result(hands=hands[:10], more=5)) is None
    assert result(hands=hands).height > result(hands=hands[:10]).height


def test_the_card_grows_with_the_hands() -> None:
    two, three = (result(hands=list(RESULT["hands"][:count])).height for count in (2, 3))
    assert three - two == cards.ROW


@pytest.mark.parametrize("shares", [cards.MOST_COINS, 120])
def test_the_cover_shows_what_is_taken(shares: int) -> None:
    assert changed(cover(shares=shares, opened=0), cover(shares=shares, opened=5)) is not None
    assert changed(cover(shares=shares, opened=shares), cover(shares=shares, opened=shares + 9)) is None


def test_the_corners_are_filled_so_that_no_platform_makes_them_white() -> None:
    assert cover().getpixel((0, 0)) == tuple(tone // 2 * 2 for tone in brush.NIGHT_ABOVE)


def test_json_makes_the_same_card_as_python() -> None:
    lists = [list(hand) for hand in RESULT["hands"]]
    assert changed(result(), result(hands=lists)) is None
