"""What Telegram shows of badges beside a name."""

import hypothesis
import pytest
from hypothesis import strategies as st
from tests.simulators.telegram.keeping import LONGEST, _is_emoji

from xiaoer import Badge
from xiaoer_telegram.tags import Given, tag_of
from xiaoer_telegram.tags import shown as chosen


def shown(*tags: str) -> str:
    return tag_of(Badge(str(number), "Founding", tag) for number, tag in enumerate(tags))


def test_the_first_tag_that_there_is_is_shown() -> None:
    assert shown("", "创始·07", "合伙·51") == "创始·07"
    assert shown() == shown("") == ""


def test_a_badge_of_emoji_alone_has_no_tag() -> None:
    assert shown("🎖️", "创始·07") == "创始·07"


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("🏆 创始·07", "创始·07"),
        ("❤️‍🔥创始👨‍👩‍👧·07🇨🇳", "创始·07"),
        ("☕茶⭐馆", "茶馆"),
        ("7️⃣号👍🏽", "7号"),
        ("№7 #1 * ★ →", "№7 #1 * ★ →"),
        ("می‌خواهم‍", "می‌خواهم‍"),
        ("two\n  words", "two words"),
    ],
)
def test_emoji_are_left_out_and_other_signs_stay(tag: str, expected: str) -> None:
    assert shown(tag) == expected


def test_a_long_tag_is_cut_between_characters() -> None:
    assert shown("创始人一二三四五六七八九十甲乙丙丁") == "创始人一二三四五六七八九十甲乙丙"
    assert shown("founding member of all") == "founding member"
    assert shown("𠮷" * 9) == "𠮷" * 8
    assert shown("x" + "𠮷" * 9) == "x" + "𠮷" * 7


@hypothesis.given(st.lists(st.text(st.characters() | st.sampled_from("🏆👨‍👩⭐\ufe0f 茶\ud83d")), max_size=3))
def test_telegram_takes_every_tag(tags: list[str]) -> None:
    tag = shown(*tags)
    assert len(tag.encode("utf-16-le")) <= 2 * LONGEST
    assert not any(_is_emoji(char) for char in tag)
    assert tag == tag.strip()


A, B = Given("a", "01"), Given("b", "02")


@pytest.mark.parametrize(
    ("given", "plugin", "tag", "expected"),
    [
        ([], "a", "01", "01"),
        ([A], "a", "", ""),
        ([A], "b", "02", "02"),
        ([A], "b", "", "01"),
        ([B, A], "a", "01", "02"),
        ([B, A], "a", "03", "03"),
        ([B, A], "b", "", "01"),
        ([B, A], "b", "02", "02"),
    ],
)
def test_of_the_tags_of_several_plugins_the_last_given_is_shown(
    given: list[Given], plugin: str, tag: str, expected: str
) -> None:
    assert chosen(given, plugin, tag) == expected


@hypothesis.given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["", "01", "02"])), max_size=12))
def test_whatever_plugins_give_and_take_the_newest_tag_that_is_left_is_shown(steps: list[tuple[str, str]]) -> None:
    given: list[Given] = []
    for plugin, tag in steps:
        seen = chosen(given, plugin, tag)
        if Given(plugin, tag) not in given:
            given = [*([Given(plugin, tag)] if tag else []), *(one for one in given if one.plugin != plugin)]
        assert seen == (given[0].tag if given else "")
