"""Writing into the pictures: with the fonts that are there, each letter with the first that has it."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont

from xiaoer import one_line

VARIABLE = "XIAOER_FONT"
PACKAGES = ("manimgx_fonts_cjk", "manimgx_fonts")
FOLDERS = ("~/.local/share/fonts", "~/.fonts", "/usr/local/share/fonts", "/usr/share/fonts", "/Library/Fonts")
FILES = (
    *("notosanscjk-vf.otf.ttc", "notosanscjk-vf.ttc", "notosanscjk-regular.ttc", "notosanscjksc-regular.otf"),
    *("notosanssc[wght].ttf", "pingfang.ttc", "msyh.ttc", "wqy-microhei.ttc", "wqy-zenhei.ttc", "dejavusans.ttf"),
)
"""File names of fonts, the ones that we like best first."""

WEIGHT = 450
LONGEST = 200
ELLIPSIS = "…"
_NO_LETTER = "\uffff"


@cache
def _fonts() -> tuple[Path | None, ...]:
    """Return the font files of this machine, looked for once; None is the font inside Pillow."""
    asked = os.environ.get(VARIABLE)
    there = {file.name.lower(): file for file in _files()}
    found = [Path(asked)] if asked else []
    found += [there[name] for name in FILES if name in there]
    return (*[file for file in found if _opens(file)], None)


def _files() -> Iterator[Path]:
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        for place in (spec and spec.submodule_search_locations) or ():
            yield from Path(place).rglob("*.[to]t[cf]")
    for folder in FOLDERS:
        yield from Path(folder).expanduser().rglob("*.[to]t[cf]")


def _opens(file: Path) -> bool:
    try:
        ImageFont.truetype(file, 12)
    except (OSError, ValueError):
        return False
    return True


@lru_cache(maxsize=64)
def _font(file: Path | None, size: int) -> FreeTypeFont:
    font = ImageFont.load_default(size) if file is None else ImageFont.truetype(file, size)
    assert isinstance(font, FreeTypeFont), "Pillow without FreeType"  # noqa: S101
    with contextlib.suppress(OSError, NotImplementedError):  # not one with weights to choose from
        axes = font.get_variation_axes()
        font.set_variation_by_axes(
            [WEIGHT if "eight" in str(axis.get("name")) else axis.get("default") or 0 for axis in axes]
        )
    return font


@lru_cache(maxsize=4_096)
def _look(file: Path | None, letter: str) -> bytes:
    """Return how a letter looks: what a font lacks looks like what none has."""
    picture = Image.new("L", (40, 40))
    ImageDraw.Draw(picture).text((4, 4), letter, 255, _font(file, 20))
    return picture.tobytes()


def _runs(text: str, size: int) -> list[tuple[str, FreeTypeFont]]:
    """Return a text in stretches of one font each, without letters that none has."""
    runs: list[tuple[str, FreeTypeFont]] = []
    for letter in one_line(text, LONGEST):
        file = next((one for one in _fonts() if _look(one, letter) != _look(one, _NO_LETTER)), _NO_LETTER)
        if isinstance(file, str):
            continue
        font = _font(file, size)
        if runs and runs[-1][1] is font:
            runs[-1] = (runs[-1][0] + letter, font)
        else:
            runs.append((letter, font))
    return runs


def _width(runs: list[tuple[str, FreeTypeFont]]) -> float:
    return sum(font.getlength(text) for text, font in runs)


def write(
    pen: ImageDraw.ImageDraw, text: str, at: tuple[float, float], size: int, width: float, ink: tuple[int, int, int]
) -> None:
    """Write a text in one line, shortened to a width.

    Args:
        pen: draws it.
        text: whatever somebody typed.
        at: its left and its middle.
        size: of the letters, in pixels.
        width: in pixels.
        ink: its colour.
    """
    runs = _runs(text, size)
    kept = "".join(stretch for stretch, _ in runs)
    while kept and _width(runs) > width:
        kept = kept[:-1]
        runs = _runs(kept + ELLIPSIS, size)
    left = at[0]
    for stretch, font in runs:
        pen.text((left, at[1]), stretch, ink, font, "lm")
        left += font.getlength(stretch)
