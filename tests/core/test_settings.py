"""Everything that can be wrong in plugins.toml is named with its line, its key and what is allowed."""

import tomllib
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from xiaoer import Adapter, ConfigError, Ids, NoConfig, Plugin, PluginError, Receipt, Request, Settings
from xiaoer.places import Places
from xiaoer.settings import LoadedSettings, Reader, load_settings


class WebSettings(Settings):
    port: int = Field(default=1, ge=0, le=65535)


class TokenSettings(Settings):
    token_env: str = "BOT_TOKEN"  # noqa: S105 - the name of a variable


class Web(Adapter):
    platform = "web"
    settings: ClassVar[type[BaseModel]] = WebSettings
    capabilities: ClassVar[frozenset[Any]] = frozenset()

    async def start(self) -> str:
        return ""

    async def stop(self) -> None:
        """Do nothing."""

    async def perform(self, request: Request) -> Receipt:
        return Receipt()


class Telegram(Web):
    platform = "telegram"
    settings = TokenSettings
    ids = Ids(space=r"-\d+", chat=r"-\d+(/\d+)?", account=r"\d+", example="telegram:-1001")


class GreetConfig(Settings):
    times: int = Field(default=1, ge=1, le=5)
    words: tuple[str, ...] = ()


class Greet(Plugin[GreetConfig]):
    name = "greet"
    config = GreetConfig


class Other(Plugin[NoConfig]):
    name = "other"


class Broken(dict[str, Any]):
    def __getitem__(self, name: str) -> Any:
        if name == "broken":
            raise PluginError(name, "it cannot be imported: ImportError: no")
        return super().__getitem__(name)


class Item(Settings):
    price: int = Field(ge=0, description="What it costs.")


class ShopConfig(Settings):
    items: tuple[Item, ...] = ()
    by_day: dict[str, Item] = Field(default={})
    opens: int | str | None = None


class Shop(Plugin[ShopConfig]):
    name = "shop"
    config = ShopConfig


PLUGINS = Broken(greet=Greet, other=Other, shop=Shop, broken=None)
ADAPTERS = {"web": Web, "telegram": Telegram}
GOOD = """\
[adapters.web]
port = 8000

[communities.town]
name = "Town"
locale = "zh"
spaces = ["web:town"]
plugins = ["greet"]

[communities.town.chats]
main = ["web:town/main"]

[communities.town.greet]
times = 2
words = ["a", "b"]
"""


def load(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> LoadedSettings:
    file = tmp_path / "plugins.toml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file, ADAPTERS, PLUGINS, environ or {})


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    prefix = f"{tmp_path / 'plugins.toml'}:"
    return [line.removeprefix(prefix) for line in caught.value.lines()]


def test_a_good_file_says_what_it_says(tmp_path: Path) -> None:
    settings = load(tmp_path, GOOD)
    (town,) = settings.communities
    assert (town.community.id, town.community.locale, town.plugins) == ("town", "zh", ("greet",))
    assert town.configs["greet"] == GreetConfig(times=2, words=("a", "b"))
    assert settings.database == tmp_path / "state" / "xiaoer.db"
    assert settings.plugin_names == ("greet",)


def test_the_sample_in_the_repository_is_good() -> None:
    file = Path(__file__).parents[2] / "plugins.toml"
    from xiaoer.discovery import installed_adapters, installed_plugins

    assert load_settings(file, installed_adapters(), installed_plugins(), {}).communities


CASES = {
    "broken TOML": ("port = 8000", "port = ", "2: this is not TOML"),
    "an unknown section": (
        "[adapters.web]",
        "[adapter]\n[adapters.web]",
        "1: adapter: there is no section 'adapter': did you mean adapters?",
    ),
    "an unknown adapter": (
        "[adapters.web]",
        "[adapters.wbe]\n[adapters.web]",
        "1: adapters.wbe: there is no adapter 'wbe': did you mean web?",
    ),
    "an unknown plugin": (
        '["greet"]',
        '["greeet"]',
        "8: communities.town.plugins[0]: there is no plugin 'greeet': did you mean greet?",
    ),
    "an unknown key": (
        "locale =",
        "localle =",
        "6: communities.town.localle: there is no key 'localle': did you mean locale?",
    ),
    "an unknown key of a plugin": (
        "times =",
        "tmes =",
        "14: communities.town.greet.tmes: there is no key 'tmes': did you mean times? allowed: times, words",
    ),
    "an unknown chat": (
        "main =",
        "mian =",
        "11: communities.town.chats.mian: there is no key 'mian': did you mean main?",
    ),
    "a wrong type": (
        "port = 8000",
        'port = "8000"',
        "2: adapters.web.port: found '8000'; it should be a valid integer",
    ),
    "out of range": (
        "port = 8000",
        "port = 70000",
        "2: adapters.web.port: found 70000; it should be less than or equal to 65535",
    ),
    "a plugin's value out of range": (
        "times = 2",
        "times = 9",
        "14: communities.town.greet.times: found 9; it should be less than or equal to 5",
    ),
    "an unknown language": ('"zh"', '"de"', "6: communities.town.locale: found 'de'; it should be 'zh' or 'en'"),
    "an unknown zone": (
        'locale = "zh"',
        'timezone = "Asia/Shangai"',
        "6: communities.town.timezone: there is no time zone 'Asia/Shangai': did you mean Asia/Shanghai?",
    ),
    "a missing key": ('name = "Town"\n', "", "4: communities.town.name: it is missing: What people call it."),
    "a space without an adapter": (
        '["web:town"]',
        '["web:town", "discord:1"]',
        "7: communities.town.spaces[1]: discord:1 is on discord, which has no adapter",
    ),
    "a chat elsewhere": (
        '["web:town/main"]',
        '["web:village/main"]',
        "11: communities.town.chats.main[0]: web:village/main is in none of",
    ),
    "a plugin not listed": (
        "[communities.town.greet]",
        "[communities.town.other]\n[communities.town.greet]",
        "13: communities.town.other: plugin other is configured here, but not in plugins",
    ),
    "a plugin twice": (
        '["greet"]',
        '["greet",\n "greet"]',
        "9: communities.town.plugins[1]: plugin greet stands here twice",
    ),
    "a bad id": (
        "[communities.town]",
        "[communities.Town]\nname = 'x'\nspaces = ['web:x']\n[communities.town]",
        "4: communities.Town: an id is small letters",
    ),
    "a section that is none": (
        "[adapters.web]\nport = 8000",
        "adapters = 3",
        "1: adapters: found 3; it must be a table",
    ),
    "an id without its platform": (
        '["web:town"]',
        '["town"]',
        "7: communities.town.spaces[0]: found 'town': an id has its platform in front, for instance telegram:-1001",
    ),
    "no space": (
        '["web:town"]',
        "[]",
        "7: communities.town.spaces: found []; it should have at least 1 item, not 0",
    ),
    "a space twice": (
        '["web:town"]',
        '["web:town", "web:town"]',
        "7: communities.town.spaces[1]: web:town stands here twice",
    ),
    "words in an unknown language": (
        "[communities.town.greet]",
        "[communities.town.texts.de]\n[communities.town.greet]",
        "13: communities.town.texts.de: found 'de'; it should be 'zh' or 'en'",
    ),
    "an unknown role": (
        "[communities.town.greet]",
        '[communities.town.roles]\n"web:owner" = "boss"\n[communities.town.greet]',
        "14: communities.town.roles.\"web:owner\": found 'boss'; it should be 'owner', "
        "'secretary', 'xiaoer' or 'member'",
    ),
    "a number that is none": ("8000", "nan", "2: adapters.web.port: found nan; it should be a valid integer"),
    "a community that is no table": (
        "[communities.town]",
        "[communities]\nvillage = 3\n[communities.town]",
        "5: communities.village: found 3; it must be a table, written [communities.village]",
    ),
    "an unknown plugin that is required": (
        "[adapters.web]",
        '[xiaoer]\nrequired = ["greet",\n"greeet"]\n[adapters.web]',
        "3: xiaoer.required[1]: there is no plugin 'greeet': did you mean greet?",
    ),
    "a required plugin that no community has": (
        "[adapters.web]",
        '[xiaoer]\nrequired = ["other"]\n[adapters.web]',
        "2: xiaoer.required[0]: no community has plugin other: add it to plugins = [...] of one, or drop it here",
    ),
    "a plugin required twice": (
        "[adapters.web]",
        '[xiaoer]\nrequired = ["greet", "greet"]\n[adapters.web]',
        "2: xiaoer.required[1]: plugin greet stands here twice: drop one",
    ),
    "a missing token": (
        "[adapters.web]",
        "[adapters.telegram]\n[adapters.web]",
        "1: adapters.telegram.token_env: the environment variable BOT_TOKEN is not set",
    ),
}


@pytest.mark.parametrize(("old", "new", "expected"), CASES.values(), ids=CASES.keys())
def test_what_is_wrong_is_named_with_line_and_key(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in GOOD
    found = problems(tmp_path, GOOD.replace(old, new, 1))
    assert any(line.startswith(expected) for line in found), found


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("telegram:-1", "telegram:1", "spaces[0]: telegram:1 is no space of telegram, for instance telegram:-1001"),
        ('"telegram:-1/2"', '"telegram:-1/main"', "chats.main[0]: telegram:-1/main is no chat of telegram"),
        ('"telegram:7"', '"telegram:@ann"', "owners[0]: telegram:@ann is no account of telegram"),
        ('"telegram:7"', '"discord:7"', "owners[0]: discord:7 is on discord, which has no adapter"),
    ],
)
def test_an_id_that_its_platform_does_not_give_is_explained(tmp_path: Path, old: str, new: str, expected: str) -> None:
    good = (
        '[adapters.telegram]\n[communities.town]\nname = "Town"\nspaces = ["telegram:-1"]\nowners = ["telegram:7"]\n'
        'chats = { main = ["telegram:-1/2"] }\n'
    )
    assert load(tmp_path, good, {"BOT_TOKEN": "5:x"}).communities
    (tmp_path / "plugins.toml").write_text(good.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path / "plugins.toml", ADAPTERS, PLUGINS, {"BOT_TOKEN": "5:x"})
    assert any(expected in line for line in caught.value.lines()), caught.value.lines()


def test_a_space_belongs_to_one_community(tmp_path: Path) -> None:
    second = '\n[communities.city]\nname = "City"\nspaces = [\n  "web:town",\n]\n'
    assert problems(tmp_path, GOOD + second) == [
        "20: communities.city.spaces[0]: web:town belongs to community town already: a space has one community"
    ]


def test_everything_that_is_wrong_is_said_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    text = GOOD.replace("8000", "-1").replace('"zh"', "7").replace("times = 2", "times = 0")
    assert [line.partition(":")[0] for line in problems(tmp_path, text)] == ["2", "6", "14"]


def test_a_missing_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file: write one"):
        load_settings(tmp_path / "plugins.toml", ADAPTERS, PLUGINS, {})


def test_a_token_is_known_as_a_secret_and_named_nowhere(tmp_path: Path) -> None:
    text = GOOD.replace("[adapters.web]", "[adapters.telegram]\n[adapters.web]")
    settings = load(tmp_path, text, {"BOT_TOKEN": "123:secret"})
    assert settings.secrets == ("123:secret",)
    assert "secret" not in repr(settings.adapters)


def test_a_plugin_that_cannot_be_imported_is_left_out_with_its_reason(tmp_path: Path) -> None:
    settings = load(tmp_path, GOOD.replace('["greet"]', '["broken", "greet"]'))
    assert settings.communities[0].plugins == ("greet",)
    assert settings.communities[0].left_out == ("broken",)
    assert "ImportError" in settings.left_out["broken"]


def test_one_fault_is_one_line(tmp_path: Path) -> None:
    for old, new in {
        '["web:town"]': '["town"]',
        '["greet"]': '["greet", "greet"]',
        "[communities.town]\n": "[communities]\nx = 3\n[communities.town]\n",
        "[adapters.web]": "[adapters]\ntelegram = 3\n[adapters.web]",
    }.items():
        assert len(problems(tmp_path, GOOD.replace(old, new, 1))) == 1, new
    no_tables = 'adapters = 3\n[communities.town]\nname = "T"\nspaces = ["web:a", "web:b"]\n'
    assert [line for line in problems(tmp_path, no_tables) if "must be a table" in line] == [
        "1: adapters: found 3; it must be a table, written [adapters]"
    ]
    misspelt = GOOD.replace('["greet"]', '["greeet"]').replace("[comm", '[xiaoer]\nrequired = ["greet"]\n[comm', 1)
    assert [line.partition(":")[0] for line in problems(tmp_path, misspelt) if "greet:" not in line] == ["10"]
    twice = GOOD.replace('["greet"]', '["greet", "greet"]').replace("times = 2", "times = 9")
    assert [line.partition(":")[0] for line in problems(tmp_path, twice)] == ["8", "14"]


def test_what_is_wrong_deep_in_a_plugins_section_is_named_with_what_is_allowed_there(tmp_path: Path) -> None:
    text = GOOD.replace('["greet"]', '["greet", "shop"]') + (
        "[communities.town.shop]\nopens = 1.5\n"
        "[[communities.town.shop.items]]\nprice = 1\n[[communities.town.shop.items]]\nprise = 1\n"
        "[communities.town.shop.by_day.monday]\nprice = -1\n"
    )
    assert problems(tmp_path, text) == [
        "17: communities.town.shop.opens: found 1.5; it should be a valid integer",
        "17: communities.town.shop.opens: found 1.5; it should be a valid string",
        "20: communities.town.shop.items[1].price: it is missing: What it costs.",
        "21: communities.town.shop.items[1].prise: there is no key 'prise': did you mean price? allowed: price",
        "23: communities.town.shop.by_day.monday.price: found -1; it should be greater than or equal to 0",
    ]


@pytest.mark.parametrize(
    "section",
    [
        '[adapters.telegram]\ntoken_env = "7012345:AAHx-this_is_the_token_itself"\n',
        '[adapters.telegram]\ntoken_env = ["7012345:AAHx-this_is_the_token_itself"]\n',
        '[adapters.telegram]\ntoken = "7012345:AAHx-this_is_the_token_itself"\n',
        '[adapters]\ntelegram = "7012345:AAHx-this_is_the_token_itself"\n',
        "[adapters.telegram]\ntoken_env = 7012345:AAHx-this_is_the_token_itself\n",
    ],
)
def test_a_token_that_stands_in_the_file_by_mistake_is_never_repeated(tmp_path: Path, section: str) -> None:
    found = "\n".join(problems(tmp_path, section + GOOD))
    assert ":" in found
    assert "AAHx" not in found
    assert "7012345" not in found


def test_a_token_in_place_of_its_variables_name_is_explained(tmp_path: Path) -> None:
    section = '[adapters.telegram]\ntoken_env = "7012345:AAHx"\n'
    (line,) = problems(tmp_path, section + GOOD)
    assert line.startswith("2: adapters.telegram.token_env: this must be the name of an environment variable")


def test_a_file_as_editors_on_windows_write_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "plugins.toml"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_settings(file, ADAPTERS, PLUGINS, {}).communities
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("times = 2", "times = 9").replace("\n", "\r\n").encode())
    with pytest.raises(ConfigError, match=":14: "):
        load_settings(file, ADAPTERS, PLUGINS, {})


def test_a_file_in_another_encoding_is_named_with_the_line(tmp_path: Path) -> None:
    file = tmp_path / "plugins.toml"
    file.write_bytes(GOOD.replace('"Town"', '"小二茶馆"').encode("gbk"))
    with pytest.raises(ConfigError, match=":5: this is not UTF-8: save the file in that encoding"):
        load_settings(file, ADAPTERS, PLUGINS, {})


def test_a_folder_or_a_labyrinth_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="it cannot be read: Is a directory"):
        load_settings(tmp_path, ADAPTERS, PLUGINS, {})
    assert "nested too deeply" in problems(tmp_path, "x = " + "[" * 3000 + "]" * 3000)[0]


def test_odd_keys_cannot_break_a_line(tmp_path: Path) -> None:
    assert problems(tmp_path, GOOD + '"a\\nb.c" = 1\n') == [
        "16: communities.town.greet.\"a\\nb.c\": there is no key 'a\\nb.c': allowed: times, words"
    ]


TREES = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.sampled_from([("adapters",), ("adapters", "web"), ("communities",), ("communities", "town"), ("xiaoer",)]),
    st.sampled_from(["web", "town", "port", "spaces", "plugins", "chats", "texts", "roles", "greet", "shop", "name"]),
    TREES,
)
def test_no_file_does_worse_than_being_refused(key: tuple[str, ...], name: str, value: Any) -> None:
    table = tomllib.loads(GOOD)
    inner = table
    for part in key:
        inner = inner.setdefault(part, {})
    inner[name] = value
    reader = Reader(table, Places(GOOD), ADAPTERS, PLUGINS, {})
    reader.read(Path("plugins.toml"))
    assert all("\n" not in problem.key + problem.message for problem in reader.problems)
