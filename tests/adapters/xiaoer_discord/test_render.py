"""What the bot says, as Discord takes it."""

import re

from hypothesis import given
from hypothesis import strategies as st

from xiaoer import Bold, Button, Content, Link, Mention
from xiaoer_discord.render import LIMIT, escape, nonce, render, width

typed = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("\\*_~`|<>[]()#-+@:/ \nhttps.x"), max_size=80
)
parts = (
    typed
    | st.builds(Bold, typed)
    | st.builds(Link, typed, st.just("https://tea.example/a_(b) c"))
    | st.builds(Mention, st.sampled_from(["discord:123456789012345678", "telegram:5"]), typed)
)


def read(content: str) -> str:
    """Return what Discord shows of a text without addresses: backslashes in front of punctuation are taken away."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", content)


@given(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\\*_~`|<>[]#-+ \n"), max_size=200))
def test_what_is_typed_is_shown_as_it_was_typed(text: str) -> None:
    if "://" not in text:
        assert read(escape(text)) == text


@given(typed)
def test_nothing_typed_begins_markup(text: str) -> None:
    outside = re.sub(r"https?://[^\s<]+", "", escape(text))
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "x", outside)
    assert not re.search(r"[*_~`|<\[\]]", bare)
    assert not re.search(r"(?m)^[ \t]*(>|#|-[# ]|\+ )", bare)


def test_an_address_stays_whole_and_what_stands_around_it_is_escaped() -> None:
    assert escape("_see_ https://tea.example/a_b*c_, *now*") == r"\_see\_ https://tea.example/a_b*c_, \*now\*"


def test_lists_and_headings_that_people_type_stay_text() -> None:
    assert escape("# one\n- two\n> three\n-# four\n1. five - six # seven") == (
        "\\# one\n\\- two\n\\> three\n\\-# four\n1. five - six # seven"
    )


@given(st.lists(parts, max_size=6), st.integers(0, 3000))
def test_a_message_is_never_longer_than_discord_takes_and_never_empty(found: list[object], padding: int) -> None:
    rendered = render(Content(("x" * padding, *found)))  # type: ignore[arg-type]
    assert width(rendered.text) <= LIMIT
    assert rendered.text.strip()


@given(st.lists(parts, max_size=6))
def test_only_people_whom_the_content_names_are_notified(found: list[object]) -> None:
    payload = render(Content(tuple(found))).payload()  # type: ignore[arg-type]
    named = {part.account.partition(":")[2] for part in found if isinstance(part, Mention)}
    assert payload["allowed_mentions"]["parse"] == []
    assert set(payload["allowed_mentions"]["users"]) <= named - {"5"}


def test_what_is_too_long_is_cut_between_characters_and_keeps_its_emphasis() -> None:
    rendered = render(Content((Bold("🍵*" * 1500),)))
    assert rendered.text.startswith("**🍵\\*🍵")
    assert rendered.text.endswith("…**")
    assert "\\…" not in rendered.text
    assert width(rendered.text) > LIMIT - 6


def test_people_of_other_platforms_are_named_and_not_mentioned() -> None:
    content = Content((Mention("discord:123456789012345678", "Ann"), " ", Mention("telegram:5", "B*b")))
    rendered = render(content)
    assert (rendered.text, rendered.mentions) == ("<@123456789012345678> B\\*b", ["123456789012345678"])


def test_a_link_leads_where_it_says_and_nothing_ends_it_early() -> None:
    rendered = render(Content((Link("a] (b", "https://tea.example/x) y"),)))
    assert rendered.text == "[a\\] (b](https://tea.example/x%29%20y)"


def test_wide_rows_of_buttons_are_broken_and_long_labels_cut() -> None:
    row = tuple(Button(f"{number}" * 100, "b", id=f"id{number}") for number in range(7))
    rows = render(Content(("x",), (row, row[:1]))).rows
    assert [len(found["components"]) for found in rows] == [5, 2, 1]
    assert all(len(button["label"]) == 80 for found in rows for button in found["components"])


def test_halves_of_characters_are_not_sent() -> None:
    assert render(Content(("a\ud83cb",))).text == "a�b"


def test_a_request_has_one_name_at_every_try() -> None:
    assert nonce("action/7") == nonce("action/7") != nonce("action/8")
    assert len(nonce("show/" + "x" * 500)) == 25
