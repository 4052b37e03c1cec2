"""The commands that Discord shows."""

from dataclasses import replace

import discord
import pytest

from xiaoer import CommandForm, Community, Parameter, Range, Role
from xiaoer_discord.menu import commands, digest
from xiaoer_discord.rest import Json

TOWN = Community("town", "Town")


def form(path: str, *parameters: Parameter, role: Role | None = None, default: bool = False) -> CommandForm:
    return CommandForm(tuple(path.split()), parameters, f"probe.{path}", default, role, "private")


def words(locale: str | None, key: str) -> str:
    return f"{key} in {locale}"


def made(*forms: CommandForm, community: Community = TOWN) -> dict[str, Json]:
    return {found["name"]: found for found in commands(forms, community, words)}


def test_a_tree_becomes_one_command_with_others_below_it() -> None:
    found = made(form("rules set"), form("rules show", default=True), form("help"))
    assert [below["name"] for below in found["rules"]["options"]] == ["set", "show"]
    assert found["rules"]["description"] == "probe.rules show in None"
    assert found["help"]["options"] == []


def test_what_a_command_does_is_told_in_both_languages() -> None:
    assert made(form("help"))["help"]["description_localizations"] == {
        "zh-CN": "probe.help in zh",
        "zh-TW": "probe.help in zh",
        "en-US": "probe.help in en",
        "en-GB": "probe.help in en",
    }


def test_required_values_come_first_because_discord_wants_them_so() -> None:
    (found,) = commands([form("x", Parameter("maybe", "word", False), Parameter("must", "rest", True))], TOWN, words)
    assert [(option["name"], option["required"]) for option in found["options"]] == [("must", True), ("maybe", False)]


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        (Parameter("n", "number", True, range=Range(1, 9)), {"type": 4, "min_value": 1, "max_value": 9}),
        (Parameter("n", "number", True), {"type": 4, "min_value": -(2**53), "max_value": 2**53}),
        (Parameter("n", "yes_no", True), {"type": 5}),
        (Parameter("n", "choice", True, ("a", "b")), {"type": 3, "choices": [{"name": c, "value": c} for c in "ab"]}),
        (Parameter("n", "choice", True, tuple(str(n) for n in range(26))), {"type": 3, "max_length": 200}),
        (Parameter("n", "word", True), {"type": 3, "max_length": 200}),
        (Parameter("n", "rest", True), {"type": 3, "max_length": 4000}),
    ],
    ids=lambda value: value.kind if isinstance(value, Parameter) else "",
)
def test_discord_takes_only_values_of_the_right_kind(parameter: Parameter, expected: Json) -> None:
    (found,) = commands([form("x", parameter)], TOWN, words)
    option = found["options"][0]
    assert {name: option[name] for name in option if name not in ("name", "description", "required")} == expected


def test_a_long_description_is_cut() -> None:
    (found,) = commands([form("x")], TOWN, lambda locale, key: "tea " * 60)
    assert len(found["description"]) == 100
    assert found["description"].endswith("…")


@pytest.mark.parametrize(
    ("roles", "community", "hidden"),
    [
        (("secretary", "owner"), TOWN, True),
        (("secretary", None), TOWN, False),
        (("xiaoer",), TOWN, False),
        (("secretary",), replace(TOWN, role_map={"discord:Elder": "secretary"}), False),
        (("secretary",), replace(TOWN, role_map={"discord:Elder": "xiaoer"}), True),
        (("owner",), replace(TOWN, role_map={"discord:Elder": "secretary"}), True),
        (("owner",), replace(TOWN, owners=("discord:123456789012345678",)), False),
        (("owner",), replace(TOWN, owners=("telegram:5",)), True),
    ],
)
def test_a_tree_is_hidden_only_from_people_who_could_not_use_it_anyway(
    roles: tuple[Role | None, ...], community: Community, hidden: bool
) -> None:
    forms = [form(f"x {number}", role=role) for number, role in enumerate(roles)]
    found = made(*forms, community=community)["x"]
    assert found.get("default_member_permissions") == ("8" if hidden else None)


def test_the_digest_changes_with_the_commands_alone() -> None:
    one, same, other = ([form("a")], [form("a")], [form("a"), form("b")])
    assert digest(commands(one, TOWN, words)) == digest(commands(same, TOWN, words))
    assert digest(commands(one, TOWN, words)) != digest(commands(other, TOWN, words))


def titled(path: str, role: Role | None = None) -> CommandForm:
    return form(path, role=role)._replace(title=f"{path} title")


def in_menus(*forms: CommandForm, community: Community = TOWN) -> list[Json]:
    return [found for found in commands(forms, community, words) if found["type"] == 3]


def test_a_command_that_is_used_on_messages_stands_in_their_menu_too() -> None:
    typed, listed = commands([titled("script submit", role="secretary")], TOWN, words)
    assert (typed["type"], typed["name"]) == (1, "script")
    assert (listed["type"], listed["name"]) == (3, "script submit")
    assert listed["default_member_permissions"] == "8"
    assert not {"description", "options"} & listed.keys()


def test_every_language_of_discord_shows_the_title_in_ours_or_in_the_communitys() -> None:
    (found,) = in_menus(titled("script submit early"))
    shown = found["name_localizations"]
    assert (shown["zh-TW"], shown["en-GB"], shown["fr"]) == (
        "script submit early title in zh",
        "script submit early title in en",
        "script submit early title in No…",
    )
    assert len(shown) == len(discord.Locale)


def test_a_title_that_another_has_is_left_to_that_one() -> None:
    first, second = in_menus(titled("a"), titled("b")._replace(title="a title"))
    assert first["name_localizations"]
    assert second["name_localizations"] == {}


def test_no_more_commands_stand_in_menus_than_discord_takes() -> None:
    assert len(in_menus(*(titled(f"a{number}") for number in range(16)))) == 15
