from contextlib import suppress
from dataclasses import replace
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiaoer import CommandUsed, Context, NoConfig, Plugin, PluginError, Range, Refusal, Rest, command
from xiaoer.arguments import REST_LIMIT, WORD_LIMIT, parameters_of, parse, usage
from xiaoer.commands import CommandTree
from xiaoer.texts import Texts

Here = Context[NoConfig]


class Shop(Plugin[NoConfig]):
    name = "shop"

    @command("buy tea", default=True)
    async def buy(
        self, ctx: Here, event: CommandUsed, cups: Annotated[int, Range(1, 10)], note: Rest | None = None
    ) -> None:
        """Buy."""

    @command("buy cake")
    async def cake(self, ctx: Here, event: CommandUsed, kind: Literal["plain", "rich"], sweet: bool = True) -> None:
        """Buy."""

    @command("price")
    async def price(self, ctx: Here, event: CommandUsed, thing: str) -> None:
        """Say."""


TREE = CommandTree([("shop", Shop())])


def refused(text: str) -> tuple[str, dict[str, object]]:
    with pytest.raises(Refusal) as caught:
        TREE.resolve(text)
    return caught.value.key, caught.value.values


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("buy tea 3", "buy tea", {"cups": 3}),
        ("buy 3", "buy tea", {"cups": 3}),
        ("BUY Tea ３ with\nlemon  please", "buy tea", {"cups": 3, "note": "with\nlemon  please"}),
        ("buy cake RICH", "buy cake", {"kind": "rich"}),
        ("buy cake plain 否", "buy cake", {"kind": "plain", "sweet": False}),
        ('price "green tea"', "price", {"thing": "green tea"}),
        ("price “绿 茶”", "price", {"thing": "绿 茶"}),
        ('price "open', "price", {"thing": '"open'}),
    ],
)
def test_what_people_type_is_understood(text: str, name: str, arguments: dict[str, Any]) -> None:
    resolved = TREE.resolve(text)
    assert (resolved.command.name, resolved.arguments) == (name, arguments)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("buy", "missing"),
        ("buy tea three", "not_a_number"),
        ("buy tea 11", "out_of_range"),
        ("buy cake sour", "not_a_choice"),
        ("buy cake rich perhaps", "not_yes_no"),
        ("price a b", "too_much"),
        ("pirce x", "unknown"),
        ("pirce something quite long", "unknown"),
        ("zzzz", "unknown_alone"),
        ("", "unknown_alone"),
        ("buy tea 1 " + "x" * (REST_LIMIT + 1), "too_long"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_what_helps(text: str, key: str) -> None:
    found, _ = refused(text)
    assert found == f"xiaoer.command.{key}"


def test_every_refusal_has_its_words_in_both_languages() -> None:
    texts = Texts.load(["xiaoer"])
    for text in (
        "buy",
        "buy tea three",
        "buy tea 11",
        "buy cake sour",
        "buy cake rich perhaps",
        "price a b",
        "pirce x",
        "zzzz",
        "buy tea 1 " + "x" * (REST_LIMIT + 1),
        "price " + "x" * (WORD_LIMIT + 1),
    ):
        key, values = refused(text)
        assert texts.placeholders(key) is not None
        assert (texts.placeholders(key) or frozenset()) <= values.keys()


def test_structured_platforms_give_values_by_name() -> None:
    resolved = TREE.resolve("buy tea", {"cups": "2", "note": "hot"})
    assert resolved.arguments == {"cups": 2, "note": "hot"}
    with pytest.raises(Refusal, match="missing"):
        TREE.resolve("buy tea", {})
    with pytest.raises(Refusal, match="too_much"):
        TREE.resolve("buy tea", {"cups": "2", "sugar": "1"})


@given(st.text(max_size=80))
def test_no_text_does_worse_than_being_refused(text: str) -> None:
    for line in (text, f"buy tea {text}", f"buy cake {text}", f"price {text}"):
        with suppress(Refusal):
            assert TREE.resolve(line).command in list(TREE)


@given(st.text(min_size=1, max_size=100).filter(lambda text: text.strip() == text and text != ""))
def test_the_rest_is_kept_as_it_was_typed(text: str) -> None:
    assert TREE.resolve(f"buy tea 1 {text}").arguments["note"] == text


def test_usage_shows_what_must_and_what_may_be_given() -> None:
    parameters = parameters_of("shop", Shop().buy)
    assert usage(parameters) == "<cups> [note…]"
    assert usage(parameters_of("shop", Shop().cake)) == "<plain|rich> [sweet]"
    assert parse(parameters, "4", "/buy") == {"cups": 4}


def declared(path: str, **options: Any) -> Plugin[Any]:
    async def act(self: Any, ctx: Here, event: CommandUsed) -> None:
        """Act."""

    made: Plugin[Any] = type("Made", (Plugin,), {"name": "made", "act": command(path, **options)(act)})()
    return made


def test_two_plugins_cannot_claim_one_word() -> None:
    with pytest.raises(PluginError, match="/buy belongs to plugin shop already"):
        CommandTree([("shop", Shop()), ("made", declared("buy gold"))])


@pytest.mark.parametrize("path", ["", "a b c", "Buy", "buy!", "买"])
def test_a_path_is_one_or_two_plain_words(path: str) -> None:
    with pytest.raises(PluginError, match="one or two words"):
        CommandTree([("made", declared(path))])


def test_a_capability_belongs_to_its_plugin() -> None:
    with pytest.raises(PluginError, match=r"name it made\.<word>"):
        CommandTree([("made", declared("act", needs="shop.manage"))])


def test_a_command_that_is_used_on_messages_needs_nothing_typed() -> None:
    async def act(self: Any, ctx: Here, event: CommandUsed, cups: int) -> None:
        """Act."""

    made: Plugin[Any] = type("Made", (Plugin,), {"name": "made", "act": command("act", on_message=True)(act)})()
    with pytest.raises(PluginError, match="give cups a default or drop on_message"):
        CommandTree([("made", made)])
    (found,) = CommandTree([("made", declared("act", on_message=True))])
    assert found.title == "made.command.act.title"


def test_a_command_that_is_used_on_messages_has_a_short_name() -> None:
    with pytest.raises(PluginError, match="at most 32 characters"):
        CommandTree([("made", declared(f"{'a' * 20} {'b' * 12}", on_message=True))])
    assert list(CommandTree([("made", declared(f"{'a' * 20} {'b' * 11}", on_message=True))]))


def test_what_people_cannot_type_cannot_be_a_parameter() -> None:
    async def act(self: Any, ctx: Here, event: CommandUsed, thing: dict[str, str]) -> None:
        """Act."""

    with pytest.raises(PluginError, match="thing must be a str, int, bool"):
        parameters_of("made", act)


def test_the_rest_comes_last() -> None:
    async def act(self: Any, ctx: Here, event: CommandUsed, text: Rest, number: int) -> None:
        """Act."""

    with pytest.raises(PluginError, match="must come last"):
        parameters_of("made", act)


def test_a_mistyped_command_is_told_the_nearest_one() -> None:
    assert refused("pirce x")[1]["nearest"] == "price"
    assert refused("pirce something quite long")[1]["nearest"] == "price"
    assert refused("buy taa 1")[0] == "xiaoer.command.not_a_number"


@given(st.text(max_size=40), st.sampled_from([Shop().buy, Shop().cake, Shop().price]))
def test_what_is_parsed_is_of_its_kind(text: str, function: Any) -> None:
    parameters = parameters_of("shop", function)
    with suppress(Refusal):
        values = parse(parameters, text, "/x")
        kinds = {"number": int, "yes_no": bool, "choice": str, "word": str, "rest": str}
        for parameter in parameters:
            if parameter.required or parameter.name in values:
                assert type(values[parameter.name]) is kinds[parameter.kind]
                assert not parameter.choices or values[parameter.name] in parameter.choices


@given(st.integers(-(10**17), 10**17), st.booleans())
def test_numbers_are_read_in_every_width(number: int, wide: bool) -> None:
    (parameter, _) = parameters_of("shop", Shop().buy)
    free = replace(parameter, range=None)
    typed = str(number).translate({ord("0") + digit: ord("０") + digit for digit in range(10)} if wide else {})
    assert parse((free,), typed, "/x") == {parameter.name: number}


@pytest.mark.parametrize("text", ["buy tea 0", "buy tea -1", "buy tea ９９", "buy tea 11"])
def test_a_number_out_of_its_range_is_told_the_range(text: str) -> None:
    key, values = refused(text)
    assert (key, values["low"], values["high"]) == ("xiaoer.command.out_of_range", 1, 10)


@pytest.mark.parametrize("paths", [("trade", "trade gold"), ("trade gold", "trade")])
def test_a_word_is_a_command_or_has_commands_below_it_but_not_both(paths: tuple[str, str]) -> None:
    first, second = (command(path) for path in paths)

    async def one(self: Any, ctx: Here, event: CommandUsed) -> None:
        """Act."""

    async def two(self: Any, ctx: Here, event: CommandUsed) -> None:
        """Act."""

    both: Plugin[Any] = type("Both", (Plugin,), {"name": "both", "one": first(one), "two": second(two)})()
    with pytest.raises(PluginError, match="default=True"):
        CommandTree([("both", both)])


def test_a_tree_has_one_default_and_each_path_once() -> None:
    async def one(self: Any, ctx: Here, event: CommandUsed) -> None:
        """Act."""

    async def two(self: Any, ctx: Here, event: CommandUsed) -> None:
        """Act."""

    for paths, message in {("a b", "a c"): "two defaults", ("a b", "a b"): "declared twice"}.items():
        body = {
            "name": "both",
            "one": command(paths[0], default=True)(one),
            "two": command(paths[1], default=True)(two),
        }
        both: Plugin[Any] = type("Both", (Plugin,), body)()
        with pytest.raises(PluginError, match=message):
            CommandTree([("both", both)])
