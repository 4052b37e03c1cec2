"""Writing what members typed: whatever it is, it fits."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from xiaoer_red_envelope import lettering
from xiaoer_red_envelope.fonts import PLAIN, Fonts, installed
from xiaoer_red_envelope.lettering import Line, clusters, fit, initial, laid, named, shrunk, wrap

HERE = installed()
BOTH = pytest.mark.parametrize("fonts", [HERE, PLAIN], ids=["here", "plain"])

needs_chinese = pytest.mark.skipif(not HERE.chinese, reason="no font with Chinese here: install the extra fonts")
needs_scripts = pytest.mark.skipif(
    not HERE.draws("שمع🍵"), reason="no font with these scripts: install the extra fonts"
)

ANYTHING = st.one_of(
    st.text(st.characters(codec=None), max_size=80),
    st.text("Ẑ\u0310\u0346a\u202e\u200d\ufe0f👨👩🏽🇨🇳﷽\n\t\x00 王ע", max_size=80),
)


def shown(line: Line) -> str:
    return "".join(run.text for run in line.runs)


@BOTH
@example(text="0000000J00", size=68, width=143)  # the dots move the letter before them
@given(text=ANYTHING, size=st.sampled_from([12, 32, 68]), width=st.integers(1, 600))
def test_whatever_is_typed_fits_into_the_width(fonts: Fonts, text: str, size: int, width: int) -> None:
    assert fit(text, fonts, size, width).width <= width
    assert all(line.width <= width for line in wrap(text, fonts, size, width, 3))


@BOTH
@pytest.mark.parametrize("text", ["Ẑ̴̧̛̲̙͚̥̥̰͓̘͎̪̥̘̦̐̀̀̈́̅̽̑̉̿̏̽̕" * 9, "﷽﷽", "ॐ" * 400, "Wj" * 400, "𒐫𒐫"])
def test_nothing_is_painted_outside_of_the_line(fonts: Fonts, text: str) -> None:
    picture = Image.new("RGB", (400, 200))
    fit(text, fonts, 40, 200, bold=True).draw(picture, 100, 100, (255, 255, 255))
    left, top, right, bottom = picture.getbbox() or (100, 100, 100, 100)
    assert left >= 90
    assert right <= 310
    assert top >= 100 - 40 * lettering.ABOVE
    assert bottom <= 100 + 40 * lettering.BELOW + 1


def test_what_is_too_long_ends_with_dots() -> None:
    line = fit("Alexandrina Victoria of the House of Hanover", PLAIN, 30, 200)
    assert shown(line).startswith("Alexandr")
    assert shown(line).endswith("…")
    assert line.shortened


def test_what_fits_is_left_as_it_is() -> None:
    line = fit("Anna", PLAIN, 30, 200)
    assert (shown(line), line.shortened) == ("Anna", False)


def test_lines_and_control_characters_become_one_space() -> None:
    assert shown(fit("\n a\r\n\t\x00b \u2028 c \n", PLAIN, 20, 400)) == "a b c"


@pytest.mark.parametrize("trick", ["\u202e", "\u2066", "\ufeff", "\u00ad", "\ud800", "\ue000"])
def test_what_cannot_be_seen_is_left_out(trick: str) -> None:
    assert clusters(f"a{trick}b") == ["a", "b"]


@pytest.mark.parametrize("cluster", ["👨‍👩‍👧", "👍🏽", "🇨🇳", "❤️", "1️⃣", "ก้", "é"])
def test_what_belongs_together_is_one_cluster(cluster: str) -> None:
    assert clusters(f"{cluster}{cluster}") == [cluster, cluster]


def test_marks_are_not_piled_up() -> None:
    (pile,) = clusters("x" + "\u0310" * 50)
    assert len(pile) == 1 + lettering.MARKS


def test_a_mark_without_a_letter_is_left_out() -> None:
    assert clusters("\u0310a \u0310b") == ["a", " ", "b"]


def test_an_emoji_that_no_font_has_is_left_out() -> None:
    assert shown(fit("Tea 🍵 time", PLAIN, 20, 400)) == "Tea time"


def test_a_neutral_box_stands_for_letters_that_no_font_has() -> None:
    runs = fit("Anna 王", PLAIN, 20, 400).runs
    assert [run.face is None for run in runs] == [False, True]


def test_an_accent_that_no_font_has_is_dropped_before_its_letter() -> None:
    assert shown(fit("René", PLAIN, 20, 400)) == "Rene"


def test_a_name_of_which_nothing_can_be_drawn_is_a_box() -> None:
    line = named("🐉🐉", PLAIN, 20, 400)
    assert [run.face for run in line.runs] == [None]
    assert line.width > 0


@needs_scripts
def test_hebrew_stands_to_the_right_of_the_emoji_after_it() -> None:
    runs = fit("שלום 🍵", HERE, 20, 400).runs
    assert [run.text.strip() for run in runs if run.text.strip()] == ["🍵", "שלום"]


@needs_scripts
def test_english_stands_to_the_left_of_the_hebrew_after_it() -> None:
    runs = fit("Hi שלום", HERE, 20, 400).runs
    assert [run.text.strip() for run in runs] == ["Hi", "שלום"]


def test_lines_are_broken_at_spaces() -> None:
    lines = wrap("one two three four five six", PLAIN, 30, 200, 3)
    assert [shown(line) for line in lines] == ["one two three", "four five six"]


@needs_chinese
def test_no_line_begins_with_a_closing_mark() -> None:
    lines = wrap("恭喜发财，大吉大利", HERE, 30, 125, 3)
    assert [shown(line)[0] for line in lines] == ["恭", "财", "大"]


def test_only_the_last_line_is_shortened() -> None:
    lines = wrap("word " * 60, PLAIN, 30, 200, 2)
    assert [line.shortened for line in lines] == [False, True]


def test_a_text_is_laid_in_the_largest_form_in_which_all_of_it_fits() -> None:
    forms = ((60, 1), (30, 2), (20, 3))
    assert [laid(text, PLAIN, forms, 300)[0].size for text in ("Hi", "a word " * 6, "a word " * 90)] == [60, 30, 20]


def test_a_number_shrinks_before_it_is_shortened() -> None:
    line = shrunk("1,000,000,000", PLAIN, (40, 20, 12), 160)
    assert (line.size, line.shortened) == (20, False)


@pytest.mark.parametrize(
    ("name", "letter"), [("anna", "A"), ("  «élan»", "E"), ("王 x", "X"), ("1st", "1"), ("🍵", None), ("", None)]
)
def test_the_initial_is_the_first_letter_that_can_be_drawn(name: str, letter: str | None) -> None:
    assert initial(name, PLAIN) == letter
