"""Writing on the certificates: with the fonts that are there, each letter with the first that has it."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple, TypeAlias

from PIL import Image, ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont

from xiaoer import one_line

VARIABLE = "XIAOER_FONT"
PACKAGES = ("manimgx_fonts_cjk", "manimgx_fonts")
FOLDERS = ("~/.local/share/fonts", "~/.fonts", "/usr/local/share/fonts", "/usr/share/fonts", "/Library/Fonts")
FILES = (
    *("notoserifcjk-vf.otf.ttc", "notoserifcjk-bold.ttc", "notoserifcjksc-bold.otf", "notoserifsc[wght].ttf"),
    *("songti.ttc", "simsun.ttc", "notosanscjk-vf.otf.ttc", "notosanscjk-vf.ttc", "notosanscjk-bold.ttc"),
    *("notosanscjk-regular.ttc", "notosanscjksc-regular.otf", "notosanssc[wght].ttf", "pingfang.ttc", "msyh.ttc"),
    *("wqy-microhei.ttc", "wqy-zenhei.ttc", "notosans[wght].ttf", "notosansarabic[wght].ttf"),
    *("notosanshebrew[wght].ttf", "notosansthai[wght].ttf", "notosansdevanagari[wght].ttf", "dejavusans.ttf"),
    "notoemoji[wght].ttf",
)
"""File names of fonts, the ones that we like best first; those with serifs are the most solemn."""

WEIGHT = 620
LONGEST = 120
ELLIPSIS = "…"
PROOF = "席位证书"
"""What is written where Chinese can be."""

_NO_LETTER = "\uffff"

Face: TypeAlias = tuple[Path, int] | None
"""A font's file and which of the fonts in it; None is the font inside Pillow, which has Latin letters only."""


@cache
def installed() -> tuple[Face, ...]:
    """Return the fonts of this machine, looked for once, in the order in which they are asked for a letter."""
    asked = os.environ.get(VARIABLE)
    there = {file.name.lower(): file for file in reversed(list(_files()))}
    found = [Path(asked).expanduser()] if asked else []
    found += [there[name] for name in FILES if name in there]
    return (*filter(None, map(_face, found)), None)


PLAIN: tuple[Face, ...] = (None,)
"""What there is without any font."""


def _files() -> Iterator[Path]:
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        for place in (spec and spec.submodule_search_locations) or ():
            yield from Path(place).rglob("*.[to]t[cf]")
    for folder in FOLDERS:
        yield from Path(folder).expanduser().rglob("*.[to]t[cf]")


def _face(file: Path) -> Face:
    """Return the font in a file, of several the one for simplified Chinese; None if it is none."""
    first: Face = None
    for index in range(12):
        try:
            family = ImageFont.truetype(file, 12, index).getname()[0] or ""
        except (OSError, ValueError):
            break
        first = first or (file, index)
        if family.endswith((" SC", " CN", " GB")):
            return file, index
    return first


@lru_cache(maxsize=128)
def _font(face: Face, size: int) -> FreeTypeFont:
    font = ImageFont.load_default(size) if face is None else ImageFont.truetype(face[0], size, face[1])
    assert isinstance(font, FreeTypeFont), "Pillow without FreeType"  # noqa: S101
    with contextlib.suppress(OSError, NotImplementedError):  # not one with weights to choose from
        axes = font.get_variation_axes()
        font.set_variation_by_axes(
            [WEIGHT if "eight" in str(axis.get("name")) else axis.get("default") or 0 for axis in axes]
        )
    return font


@lru_cache(maxsize=4_096)
def _look(face: Face, letter: str) -> bytes:
    """Return how a letter looks: what a font lacks looks like what none has."""
    picture = Image.new("L", (40, 40))
    ImageDraw.Draw(picture).text((4, 4), letter, 255, _font(face, 20))
    return picture.tobytes()


def has(faces: Sequence[Face], text: str) -> bool:
    """Say whether every letter of a text can be written."""
    return all(letter.isspace() or _first(faces, letter) is not None for letter in text)


def _first(faces: Sequence[Face], letter: str) -> int | None:
    return next((n for n, face in enumerate(faces) if _look(face, letter) != _look(face, _NO_LETTER)), None)


class Line(NamedTuple):
    """One line of stretches of one font each, and its width in pixels."""

    runs: tuple[tuple[str, FreeTypeFont], ...]
    width: float
    size: int

    def draw(self, pen: ImageDraw.ImageDraw, middle: float, base: float, ink: tuple[int, int, int]) -> None:
        """Draw it.

        Args:
            pen: draws.
            middle: where its middle is.
            base: where its letters stand.
            ink: its colour.
        """
        left = middle - self.width / 2
        for stretch, font in self.runs:
            pen.text((left, base), stretch, ink, font, "ls")
            left += font.getlength(stretch)


def writable(faces: Sequence[Face], text: str) -> str:
    """Return what of a text can be written, in one line."""
    return " ".join(
        "".join(letter for letter in one_line(text, LONGEST) if letter == " " or has(faces, letter)).split()
    )


def _line(faces: Sequence[Face], text: str, size: int) -> Line:
    runs: list[tuple[str, FreeTypeFont]] = []
    for letter in text:
        number = None if _clings(letter) and runs else _first(faces, letter)
        font = runs[-1][1] if number is None and runs else _font(faces[number or 0], size)
        if runs and runs[-1][1] is font:
            runs[-1] = (runs[-1][0] + letter, font)
        else:
            runs.append((letter, font))
    if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text[:1]):
        runs.reverse()
    return Line(tuple(runs), sum(font.getlength(stretch) for stretch, font in runs), size)


def _clings(letter: str) -> bool:
    """Say whether a letter belongs to what is before it: a space, or a mark."""
    return letter == " " or unicodedata.category(letter).startswith("M")


def laid(
    faces: Sequence[Face], text: str, forms: Sequence[tuple[int, int]], width: float, empty: str = ""
) -> list[Line]:
    """Return a text in the first of some forms in which all of it fits, shortened in the last.

    Args:
        faces: the fonts.
        text: whatever somebody typed.
        forms: sizes in pixels, each with the lines that it may take.
        width: of the lines, in pixels.
        empty: what is written where nothing of the text can be.
    """
    text = writable(faces, text) or empty
    lines: list[Line] = []
    for size, most in forms:
        lines, left = _broken(faces, text, size, most, width)
        if not left:
            return lines
    size, most = forms[-1]
    kept = _broken(faces, text, size, most - 1, width)[1] if most > 1 else text
    return [*lines[: most - 1], _shortened(faces, kept, size, width)]


def _broken(faces: Sequence[Face], text: str, size: int, most: int, width: float) -> tuple[list[Line], str]:
    """Return the first lines of a text, and what is left of it."""
    lines: list[Line] = []
    while text and len(lines) < most:
        cut = _cut(faces, text, size, width)
        lines.append(_line(faces, text[:cut].strip(), size))
        text = text[cut:].strip()
    return lines, text


def _cut(faces: Sequence[Face], text: str, size: int, width: float) -> int:
    """Return where a line ends: as far as it fits, behind a space or beside Chinese rather than within a word."""
    fits = len(text)
    while fits > 1 and _line(faces, text[:fits], size).width > width:
        fits -= 1
    if fits == len(text):
        return fits
    for cut in range(fits, max(fits // 3, 1), -1):
        if (
            text[cut] == " "
            or text[cut - 1] == " "
            or "W" in map(unicodedata.east_asian_width, text[cut - 1 : cut + 1])
        ):
            return cut
    return fits


def _shortened(faces: Sequence[Face], text: str, size: int, width: float) -> Line:
    line = _line(faces, text, size)
    while text and line.width > width:
        text = text[:-1].rstrip()
        line = _line(faces, text + ELLIPSIS, size)
    return line
