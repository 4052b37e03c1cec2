"""The page of the configuration says what the models say."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Annotated, Literal

import pytest
from pydantic import Field

from xiaoer import Settings

ROOT = Path(__file__).parents[2]


class Item(Settings):
    price: int = Field(ge=0, description="What it costs.")


class Shop(Settings):
    name: Annotated[str, Field(min_length=1, max_length=20, description="Over the door.")]
    open: bool = Field(default=True, description="Whether people come in.")
    language: Literal["zh", "en"] = Field(default="zh", description="What it speaks.")
    rent: float | None = Field(default=None, gt=0, description="Paid | owed.")
    words: tuple[str, ...] = Field(default=("a", "b"), max_length=3, description="Said at the door.")
    days: dict[str, int] = Field(default_factory=lambda: {"monday": 1}, description="Hours.")
    items: tuple[Item, ...] = Field(default=(), description="On the shelf.")
    best: Item | None = Field(default=None, description="In the window.")
    by_day: dict[str, Item] = Field(default={}, description="Of the day.")


@pytest.fixture(scope="module")
def document() -> ModuleType:
    spec = importlib.util.spec_from_file_location("document", ROOT / "tools" / "document.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_key_stands_with_what_it_takes_its_default_and_what_it_does(document: ModuleType) -> None:
    assert document.section("shop", "A shop.", Shop)[:15] == [
        "## `[shop]`",
        "",
        "A shop.",
        "",
        "| key | what it takes | default | what it does |",
        "|---|---|---|---|",
        "| `name` | text, 1 to 20 characters | required | Over the door. |",
        "| `open` | `true` or `false` | `true` | Whether people come in. |",
        '| `language` | `"zh"` or `"en"` | `"zh"` | What it speaks. |',
        "| `rent` | number, above 0 | none | Paid &#124; owed. |",
        '| `words` | list of texts, at most 3 | `["a", "b"]` | Said at the door. |',
        '| `days` | table of numbers | `{ "monday" = 1 }` | Hours. |',
        "| `items` | list of tables, see below | empty | On the shelf. |",
        "| `best` | table, see below | none | In the window. |",
        "| `by_day` | table of tables, see below | empty | Of the day. |",
    ]


def test_sections_within_a_section_have_their_own_table(document: ModuleType) -> None:
    lines = document.section("shop", "A shop.", Shop)
    assert [line for line in lines if line.startswith("##")] == [
        "## `[shop]`",
        "## `[[shop.items]]`",
        "## `[shop.best]`",
        "## `[shop.by_day.<key>]`",
    ]
    assert lines.count("| `price` | number, at least 0 | required | What it costs. |") == 3


def test_every_key_of_the_program_says_what_it_does(document: ModuleType) -> None:
    rows = [line for line in document.configuration().splitlines() if line.startswith("| `")]
    assert [row for row in rows if row.endswith("|  |")] == []
