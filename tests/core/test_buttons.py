import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiaoer import Button, Content, PluginError, Refusal
from xiaoer.buttons import ID_LIMIT, ButtonSigner

SIGNER = ButtonSigner(b"a key for tests only")
data = st.text(st.characters(min_codepoint=33, max_codepoint=125), max_size=24)


def signed(text: str, community: str = "town", signer: ButtonSigner = SIGNER) -> str:
    content = signer.sign(community, "welcome", Content(("x",), ((Button("OK", "accept", text),),)))
    return content.buttons[0][0].id


@given(data)
def test_what_was_signed_comes_back_and_fits_a_telegram_button(text: str) -> None:
    made = signed(text)
    assert len(made.encode()) <= ID_LIMIT
    assert SIGNER.open("town", made) == ("welcome", "accept", text)
    assert ButtonSigner(b"a key for tests only").open("town", made) == ("welcome", "accept", text)


@given(data, st.integers(0, 63), st.characters())
def test_a_button_with_any_character_changed_is_refused(text: str, place: int, letter: str) -> None:
    made = signed(text)
    forged = made[: place % len(made)] + letter + made[place % len(made) + 1 :]
    if forged != made:
        with pytest.raises(Refusal):
            SIGNER.open("town", forged)


@given(st.text())
def test_whatever_is_sent_as_a_button_is_refused_kindly(text: str) -> None:
    with pytest.raises(Refusal, match=r"xiaoer\.button\.invalid"):
        SIGNER.open("town", text)


def test_a_button_of_another_community_or_key_is_refused() -> None:
    with pytest.raises(Refusal):
        SIGNER.open("city", signed("1"))
    with pytest.raises(Refusal):
        SIGNER.open("town", signed("1", signer=ButtonSigner(b"another key entirely")))


@pytest.mark.parametrize("bad", ["x" * 60, "中", "a~b", "a\nb"])
def test_data_that_could_not_travel_is_refused_when_it_is_made(bad: str) -> None:
    with pytest.raises(PluginError, match="button accept"):
        signed(bad)
