"""What operators do to a file that nobody would think of."""

from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

import xiaoer.settings
from xiaoer import Adapter, ConfigError, NoConfig, Plugin, Receipt, Request, Role, Settings
from xiaoer.settings import LoadedSettings, load_settings

TOKEN = "7012345:AAHx-this_is_the_token"  # noqa: S105 - nobody's
KEY = "the key of this house"


class BotSettings(Settings):
    token_env: str = "BOT_TOKEN"  # noqa: S105 - the name of a variable
    spare_token_env: str | None = None
    port: int = Field(default=1, ge=0, le=65535)


class Bot(Adapter):
    platform = "bot"
    settings: ClassVar[type[BaseModel]] = BotSettings
    capabilities: ClassVar[frozenset[Any]] = frozenset()

    async def start(self) -> str:
        return ""

    async def stop(self) -> None:
        """Do nothing."""

    async def perform(self, request: Request) -> Receipt:
        return Receipt()


class Desk(Plugin[NoConfig]):
    name = "desk"
    capabilities: ClassVar[dict[str, Role]] = {"desk.open": "xiaoer", "desk.close": "secretary"}


class Quiet(Plugin[NoConfig]):
    name = "quiet"


GOOD = """\
[adapters.bot]
port = 8000

[communities.town]
name = "Town"
spaces = ["bot:town"]
plugins = ["desk", "quiet"]
"""


def load(folder: Path, text: str, **environ: str) -> LoadedSettings:
    file = folder / "plugins.toml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file, {"bot": Bot}, {"desk": Desk, "quiet": Quiet}, {"BOT_TOKEN": TOKEN, **environ})


def problems(folder: Path, text: str, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text, **environ)
    return [line.removeprefix(f"{folder / 'plugins.toml'}:") for line in caught.value.lines()]


@pytest.mark.parametrize("end", ["port", "port = ", 'port = "80', 'port = """80\n\n', "[adapters", "port = [\n1,\n"])
def test_a_file_that_breaks_off_is_named_with_the_line_where_it_does(tmp_path: Path, end: str) -> None:
    (line,) = problems(tmp_path, f"# first\n# second\n{end}")
    assert line.startswith(f"{3 + end.rstrip().count(chr(10))}: this is not TOML: "), line


def test_a_number_that_nobody_can_read_is_named_with_its_line(tmp_path: Path) -> None:
    assert problems(tmp_path, GOOD.replace("8000", "9" * 5000)) == ["2: a number has too many digits"]


@pytest.mark.parametrize("number", ["-" + "9" * 4000, "0x" + "f" * 9000, "1e999", "-inf", "nan"])
def test_a_number_beyond_all_bounds_is_refused_in_words(tmp_path: Path, number: str) -> None:
    (line,) = problems(tmp_path, GOOD.replace("8000", number))
    assert line.startswith("2: ")
    assert len(line) < 200


@pytest.mark.parametrize("depth", [50, 150, 250, 350, 450, 900, 5000])
@pytest.mark.parametrize(("left", "inner", "right"), [("[", "", "]"), ("{ a = ", "1", " }")])
def test_however_deep_a_value_lies_the_file_is_refused_in_words(
    tmp_path: Path, depth: int, left: str, inner: str, right: str
) -> None:
    assert problems(tmp_path, GOOD + f"chats = {left * depth}{inner}{right * depth}\n")
    assert problems(tmp_path, GOOD + f"[communities.town.quiet]\nx = {left * depth}{inner}{right * depth}\n")


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_a_variable_that_holds_nothing_is_not_set(tmp_path: Path, blank: str) -> None:
    expected = "1: adapters.bot.token_env: the environment variable BOT_TOKEN is not set: put the token there"
    assert problems(tmp_path, GOOD, BOT_TOKEN=blank) == [expected]


def test_a_token_that_may_be_left_out_may_be_left_out(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD).secrets == (TOKEN,)
    given_twice = GOOD.replace("port = 8000", 'spare_token_env = "SPARE"')
    assert load(tmp_path, given_twice, SPARE="another").secrets == (TOKEN, "another")
    (line,) = problems(tmp_path, given_twice)
    assert line.startswith("2: adapters.bot.spare_token_env: the environment variable SPARE is not set")


def test_settings_do_not_show_their_secrets(tmp_path: Path) -> None:
    assert TOKEN not in repr(load(tmp_path, GOOD))


@pytest.mark.parametrize("secret", [TOKEN, KEY])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("port = 8000", 'token_env = "{}"'),
        ("8000", '"{}"'),
        ('["bot:town"]', '"{}"'),
        ('"quiet"', '"{}"'),
        ('name = "Town"', 'name = "Town"\ntimezone = "{}"'),
        ('name = "Town"', 'name = "Town"\nlocale = "{}"'),
    ],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(tmp_path: Path, secret: str, old: str, new: str) -> None:
    text = GOOD.replace(old, new.format(secret))
    assert secret not in "\n".join(problems(tmp_path, text, XIAOER_SECRET=KEY))


def test_a_token_without_any_odd_letter_is_not_taken_for_the_name_of_a_variable(tmp_path: Path) -> None:
    text = GOOD.replace("port = 8000", 'token_env = "a7b8c9d0e1f2a3b4"')
    assert "a7b8c9d0e1f2a3b4" not in "\n".join(problems(tmp_path, text))


def test_a_capability_that_no_plugin_knows_is_named_with_the_nearest(tmp_path: Path) -> None:
    grants = '[communities.town.grants]\n"desk.opne" = "member"\n"shop.sell" = "member"\n"desk.close" = "xiaoer"\n'
    assert problems(tmp_path, GOOD + grants) == [
        "9: communities.town.grants.\"desk.opne\": there is no capability 'desk.opne': did you mean desk.open? "
        "allowed: desk.close, desk.open",
        "10: communities.town.grants.\"shop.sell\": there is no capability 'shop.sell': allowed: desk.close, desk.open",
    ]


def test_what_the_commands_of_a_plugin_that_declares_no_capability_need_may_be_granted(tmp_path: Path) -> None:
    settings = load(tmp_path, GOOD + '[communities.town.grants]\n"quiet.any" = "owner"\n')
    assert settings.communities[0].community.grants == {"quiet.any": "owner"}


def test_one_wrong_item_does_not_hide_the_plugins_beside_it(tmp_path: Path) -> None:
    text = GOOD.replace('"quiet"]', "3]") + "[communities.town.desk]\n"
    assert problems(tmp_path, text) == ["7: communities.town.plugins[1]: found 3; it should be a valid string"]


@given(st.text(max_size=12))
def test_an_id_cannot_break_a_line_or_steer_a_terminal(tmp_path_factory: pytest.TempPathFactory, odd: str) -> None:
    quoted = "".join(f"\\U{ord(letter):08x}" for letter in odd)
    text = GOOD.replace("bot:town", f"bot:{quoted}").replace("[adapters.bot]\nport = 8000\n", "")
    found = problems(tmp_path_factory.mktemp("odd"), text)
    assert found
    assert all(line.isprintable() for line in found)


def test_the_zones_are_looked_up_once_however_many_communities_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[None] = []

    def zones() -> set[str]:
        calls.append(None)
        return {"UTC", "Asia/Shanghai"}

    monkeypatch.setattr(xiaoer.settings, "available_timezones", zones)
    one = '[communities.c{0}]\nname = "C"\ntimezone = "Asia/Shanghai"\nspaces = ["bot:{0}"]\n'
    assert len(load(tmp_path, GOOD + "".join(map(one.format, range(9)))).communities) == 10
    assert len(calls) == 1
