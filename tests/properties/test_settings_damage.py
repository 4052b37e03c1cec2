"""However a file is damaged it is read, or what is wrong with it is said."""

from pathlib import Path
from typing import Annotated, Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from xiaoer import ConfigError, NoConfig, Plugin, Settings
from xiaoer.recurrence import CronExpression
from xiaoer.settings import load_settings
from xiaoer.testing import FakeAdapter

GOOD = """\
[xiaoer]
database = "town.db"
synchronous = "NORMAL"

[adapters.fake]

[communities.town]
name = "小镇"
locale = "zh"
timezone = "Asia/Shanghai"
spaces = ["fake:town"]
owners = ["fake:ann"]
plugins = ["desk", "quiet"]

[communities.town.chats]
main = ["fake:town/main"]
admins = ["fake:town/admins"]

[communities.town.roles]
"desk.open" = "xiaoer"

[communities.town.desk]
limit = 3
notice = "30 7 * * 1-5"

[communities.town.texts.en]
"desk.hello" = "Hello {name}"
"""


class DeskConfig(Settings):
    limit: Annotated[int, Field(ge=0)] = 0
    notice: CronExpression = ""


class Desk(Plugin[DeskConfig]):
    name = "desk"
    config = DeskConfig
    capabilities: ClassVar[dict[str, Any]] = {"desk.open": "secretary"}


class Quiet(Plugin[NoConfig]):
    name = "quiet"


def load(folder: Path, text: str) -> None:
    file = folder / "plugins.toml"
    file.write_text(text, encoding="utf-8", errors="surrogatepass")
    load_settings(file, {"fake": FakeAdapter}, {"desk": Desk, "quiet": Quiet}, {})


def test_the_file_is_good_before_it_is_damaged(tmp_path: Path) -> None:
    load(tmp_path, GOOD)


PIECES = """[ ] [[ " ' = . # \\ \\u0000 - 1e999 nan 0x true {} [] é 1979-05-27 town fake: desk 99999999999999999999"""
pieces = st.sampled_from([*PIECES.split(), "", "\n", "\x00", "\ufeff", "\r"]) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=5
)
damage = st.tuples(st.integers(0, len(GOOD)), st.integers(0, 30), pieces)


@given(st.lists(damage, min_size=1, max_size=3))
def test_a_damaged_file_is_read_or_explained(
    tmp_path_factory: pytest.TempPathFactory, damages: list[tuple[int, int, str]]
) -> None:
    text = GOOD
    for at, length, piece in damages:
        text = text[:at] + piece + text[at + length :]
    try:
        load(tmp_path_factory.getbasetemp(), text)
    except ConfigError as error:
        lines = error.lines()
    else:
        return
    assert lines
    assert all(line.isprintable() for line in lines)
