"""What the bot says, as Telegram takes it."""

from hypothesis import given
from hypothesis import strategies as st

from xiaoer import Bold, Button, Content, Link, Mention, Part
from xiaoer_telegram.render import LIMIT, cut, render, shortened, width

typed = st.text(st.characters() | st.sampled_from("*_`<>[]()&;🍵👩‍👧 \n"), max_size=60)
parts = (
    typed
    | st.builds(Bold, typed)
    | st.builds(Link, typed, st.just("https://tea.example/"))
    | st.builds(Mention, st.sampled_from(["telegram:5", "telegram:-1001", "discord:7", "web:ann"]), typed)
)


def units(text: str) -> bytes:
    return text.encode("utf-16-le")


def piece(text: str, offset: int, length: int) -> str:
    """Return what Telegram takes an entity to be about; offsets are counted in UTF-16."""
    return units(text)[2 * offset : 2 * (offset + length)].decode("utf-16-le")


def words(part: Part) -> str:
    text = part if isinstance(part, str) else part.name if isinstance(part, Mention) else part.text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def marked(part: Part) -> bool:
    return isinstance(part, Bold | Link) or (isinstance(part, Mention) and part.account == "telegram:5")


@given(st.lists(parts, max_size=8))
def test_each_entity_is_about_exactly_its_part(found: list[Part]) -> None:
    rendered = render(Content(tuple(found)))
    if "".join(words(part) for part in found).strip():
        assert rendered.text == "".join(words(part) for part in found)
        said = [piece(rendered.text, entity.offset, entity.length) for entity in rendered.entities]
        assert said == [words(part) for part in found if marked(part) and words(part)]


@given(st.lists(typed, max_size=8))
def test_nothing_typed_becomes_an_entity(found: list[str]) -> None:
    assert render(Content(tuple(found))).entities == []


@given(st.lists(parts, max_size=5), st.integers(LIMIT - 40, LIMIT + 10), st.sampled_from("x🍵"))
def test_a_message_is_never_longer_than_telegram_takes(found: list[Part], padding: int, letter: str) -> None:
    rendered = render(Content((Bold(letter * padding), *found)))
    assert len(units(rendered.text)) <= 2 * LIMIT
    assert all(0 < entity.length <= width(rendered.text) - entity.offset for entity in rendered.entities)


def test_a_message_that_just_fits_is_whole_and_one_more_letter_is_cut_with_an_ellipsis() -> None:
    whole = "x" * LIMIT
    assert render(Content((whole,))).text == whole
    assert render(Content((whole, "y"))).text == "x" * (LIMIT - 1) + "…"
    assert render(Content(("🍵" * (LIMIT // 2), "y"))).text == "🍵" * (LIMIT // 2 - 1) + "…"


@given(typed, st.integers(0, 20))
def test_a_cut_is_a_beginning_and_fits(text: str, room: int) -> None:
    text = words(text)
    assert text.startswith(cut(text, room))
    assert width(cut(text, room)) <= room
    assert width(shortened(text, room + 1)) <= room + 1


def test_a_message_without_words_is_not_empty() -> None:
    rendered = render(Content((Bold(" \n"),)))
    assert (rendered.text, rendered.entities) == ("…", [])


def test_only_accounts_of_telegram_are_mentioned() -> None:
    named = [Mention(account, "Ann") for account in ("telegram:5", "discord:5", "telegram:-1001", "web:5")]
    (entity,) = render(Content(tuple(named))).entities
    assert (entity.type, entity.offset, entity.user and entity.user.id) == ("text_mention", 0, 5)


def test_buttons_carry_their_signed_ids() -> None:
    keyboard = render(Content(("x",), ((Button("One\ud83c", "a", id="s1"), Button("Two", "b", id="s2")),))).keyboard
    assert keyboard is not None
    assert [[(b.text, b.callback_data) for b in row] for row in keyboard.inline_keyboard] == [
        [("One\ufffd", "s1"), ("Two", "s2")]
    ]
    assert render(Content(("x",))).keyboard is None
