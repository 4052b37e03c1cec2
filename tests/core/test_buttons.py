import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from xiaoer import (
    Button,
    ButtonPressed,
    Content,
    Context,
    MessagePosted,
    NoConfig,
    Plugin,
    PluginError,
    Refusal,
    buttons,
    on_message,
)
from xiaoer import button as on_button
from xiaoer.buttons import ID_LIMIT, ButtonSigner, ButtonTable
from xiaoer.testing import play

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


def test_a_name_with_a_colon_could_be_taken_for_another_button_and_is_refused() -> None:
    with pytest.raises(PluginError, match="must not have a colon"):
        SIGNER.sign("town", "welcome", Content(("x",), ((Button("OK", "accept:1", "2"),),)))


class Bar(Plugin[NoConfig]):
    """Serves whoever presses."""

    name = "bar"

    @on_message
    async def offer(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        ctx.send(event.chat or "", Content(("tea?",), ((Button("yes", "serve", "green:2"),),)))

    @on_button("serve", answer="public")
    async def serve(self, ctx: Context[NoConfig], event: ButtonPressed, data: str) -> None:
        ctx.answer(Content((f"here is {data}",)))


async def test_a_button_means_the_same_after_a_restart_and_nothing_in_other_hands() -> None:
    async with play(Bar) as town:
        await town.say("ann", "hello")
        await town.restart(kill=True)
        answer = await town.press("bob", "serve")
        assert answer is not None
        assert answer.text == "here is green:2"
        forged = structs.replace(town.pressing("bob", "serve"), button="bar.serve:gold:9~AAAAAAAAAAAA")
        await town.tell(forged)
        assert not any("gold" in message.text for message in town.messages())


def test_a_button_is_declared_once_and_one_that_is_gone_is_refused_kindly() -> None:
    table = ButtonTable([("bar", Bar())])
    assert table.find("bar", "serve")[1] == "public"
    with pytest.raises(Refusal, match=r"xiaoer\.button\.invalid"):
        table.find("bar", "gone")
    twice: Plugin[NoConfig] = type("Twice", (Bar,), {"again": Bar.serve})()
    with pytest.raises(PluginError, match="button serve is declared twice"):
        ButtonTable([("bar", twice)])


def test_a_button_that_was_opened_opens_again_and_in_no_other_community(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buttons, "REMEMBERED", 2)
    signer = ButtonSigner(b"key")
    ids = [signed(str(number), signer=signer) for number in range(4)]
    for _ in range(2):
        assert [signer.open("town", pressed)[2] for pressed in ids] == ["0", "1", "2", "3"]
        for pressed in ids:
            with pytest.raises(Refusal):
                signer.open("other", pressed)
            with pytest.raises(Refusal):
                signer.open("town", pressed[:-1] + ("A" if pressed[-1] != "A" else "B"))
