"""Writing what members typed into a given width: whatever it is, it fits, and nothing is raised."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from PIL import Image, ImageDraw

from xiaoer_red_envelope.brush import coarse, stretched
from xiaoer_red_envelope.fonts import Face, Fonts

Paint: TypeAlias = tuple[int, int, int] | Image.Image
"""A colour, or a picture whose upper left is laid over the letters."""

Align: TypeAlias = Literal["left", "middle", "right"]

LONGEST = 160
"""Clusters of letters that are looked at: more never fits into a line."""

MARKS = 4
"""Marks on one letter; people pile up more only to break the line above."""

EDGE = 255 / 7
"""The edges of letters have 8 tones: more is not seen on a screen of double density, and most of a card's bytes."""

ELLIPSIS = "…"
ABOVE, BELOW = 1.15, 0.4
"""How far a line reaches from where its letters stand, in sizes; what is higher is cut off."""

_ZWJ = "\u200d"
_CLOSING = frozenset("，。！？、：；）》」』”’…,.!?:;)]}")


@dataclass(frozen=True)
class Run:
    """Letters that one font draws; without a font a neutral box stands for them."""

    text: str
    face: Face | None


@dataclass(frozen=True)
class Line:
    """One line, as it is drawn from left to right.

    Attributes:
        width: in pixels.
        shortened: whether something is missing.
    """

    runs: tuple[Run, ...]
    size: int
    bold: bool
    width: int
    shortened: bool

    def draw(self, card: Image.Image, x: float, y: float, paint: Paint, align: Align = "left") -> None:
        """Draw the line.

        Args:
            card: what to draw it on.
            x: its left, its middle or its right, as ``align`` says.
            y: where the letters stand.
            paint: what to draw it with.
            align: what ``x`` means.
        """
        if not self.runs:
            return
        pad, up = self.size // 4, math.ceil(ABOVE * self.size)
        mask = Image.new("L", (self.width + 2 * pad, up + math.ceil(BELOW * self.size)))
        pen, at = ImageDraw.Draw(mask), float(pad)
        for run in self.runs:
            if run.face is None:
                box = (at + 2, up - 0.72 * self.size, at + _width(run, self.size, self.bold) - 2, up + 0.06 * self.size)
                pen.rounded_rectangle(box, 0.18 * self.size, 90)
            else:
                font, stroke = run.face.at(self.size, bold=self.bold), run.face.stroke(self.size, bold=self.bold)
                pen.text((at, up), run.text, 255, font, "ls", stroke_width=stroke)
            at += _width(run, self.size, self.bold)
        left = x - {"left": 0.0, "middle": self.width / 2, "right": float(self.width)}[align]
        _lay(card, mask, round(left) - pad, round(y) - up, paint)


def fit(text: str, fonts: Fonts, size: int, width: float, *, bold: bool = False) -> Line:
    """Return a text as one line that is not wider than ``width`` pixels, shortened where it has to be."""
    return _fit(_visible(text, fonts), fonts, size, width, bold)


def named(name: str, fonts: Fonts, size: int, width: float, *, bold: bool = False) -> Line:
    """Return a name as one line, as a neutral box where nothing of it can be drawn."""
    line = fit(name, fonts, size, width, bold=bold)
    if line.runs:
        return line
    box = Run("···", None)
    return Line((box,), size, bold, math.ceil(_width(box, size, bold)), shortened=True)


def wrap(text: str, fonts: Fonts, size: int, width: float, lines: int, *, bold: bool = False) -> list[Line]:
    """Return a text as at most ``lines`` lines, the last shortened where it has to be."""
    rest, done = _visible(text, fonts), list[Line]()
    while rest and len(done) < lines - 1 and _measure(rest, size, bold) > width:
        cut = _break(rest, _most(rest, size, width, bold))
        done.append(_fit(_trimmed(rest[:cut]), fonts, size, width, bold))
        rest = _trimmed(rest[cut:])
    return [*done, _fit(rest, fonts, size, width, bold)] if rest else done


def shrunk(text: str, fonts: Fonts, sizes: Sequence[int], width: float, *, bold: bool = False) -> Line:
    """Return a text as one line in the first of these sizes in which all of it fits, shortened in the last."""
    letters = _visible(text, fonts)
    size = next((size for size in sizes if _measure(letters, size, bold) <= width), sizes[-1])
    return _fit(letters, fonts, size, width, bold)


def laid(text: str, fonts: Fonts, forms: Sequence[tuple[int, int]], width: float, *, bold: bool = False) -> list[Line]:
    """Return a text in the first of these forms (size, lines) in which all of it fits, shortened in the last."""
    lines = list[Line]()
    for size, most in forms:
        lines = wrap(text, fonts, size, width, most, bold=bold)
        if not any(line.shortened for line in lines):
            break
    return lines


def initial(name: str, fonts: Fonts) -> str | None:
    """Return the first letter of a name that can be drawn, as a capital; None without one."""
    for cluster, face in _visible(name, fonts):
        if face is not None and unicodedata.category(cluster[0])[0] in "LNS":
            capital = cluster.upper()
            return capital if len(capital) == len(cluster) and fonts.face_for(capital) else cluster
    return None


def clusters(text: str) -> list[str]:
    """Split a text into letters with their marks and emoji with what belongs to them, without what cannot be seen.

    A simple form of the grapheme clusters of Unicode (UAX 29): enough to shorten a name without breaking it.
    """
    found: list[str] = []
    for letter in unicodedata.normalize("NFC", text[: 8 * LONGEST]):
        kind = unicodedata.category(letter)
        last = found[-1] if found else " "
        if letter.isspace() or kind == "Cc":
            if last != " ":
                found.append(" ")
        elif _joins(letter, kind, last):
            if last != " " and len(last) <= 2 * MARKS and _marks(last) < MARKS:
                found[-1] += letter
        elif kind not in ("Cf", "Cs", "Co", "Cn"):
            found.append(letter)
    return found[:LONGEST]


def _joins(letter: str, kind: str, last: str) -> bool:
    if kind in ("Mn", "Mc", "Me") or letter in "\u200c\u200d" or "\U0001f3fb" <= letter <= "\U0001f3ff":
        return True
    if "\U000e0020" <= letter <= "\U000e007f":
        return True
    flag = "\U0001f1e6" <= letter <= "\U0001f1ff"
    return (flag and len(last) == 1 and "\U0001f1e6" <= last <= "\U0001f1ff") or (kind == "So" and last[-1] == _ZWJ)


def _marks(cluster: str) -> int:
    return sum(unicodedata.category(letter)[0] == "M" for letter in cluster)


Letter: TypeAlias = tuple[str, Face | None]


def _visible(text: str, fonts: Fonts) -> list[Letter]:
    """Return the clusters that can be drawn or that a box stands for; a symbol that no font has is left out."""
    letters: list[Letter] = []
    for cluster in clusters(text):
        if cluster == " ":
            if letters and letters[-1][0] != " ":
                # Together with the word before it, so that two words in a row are in their order also from right to
                # left; but not with a symbol, whose font has wide spaces.
                symbol = unicodedata.category(letters[-1][0][0])[0] == "S"
                letters.append((" ", fonts.face_for(" ") if symbol else letters[-1][1]))
            continue
        drawn, face = _nearest(cluster, fonts)
        if face is not None or unicodedata.category(cluster[0])[0] in "LN":
            letters.append((drawn, face))
    return _trimmed(letters)


def _trimmed(letters: list[Letter]) -> list[Letter]:
    start, end = 0, len(letters)
    while start < end and letters[start][0] == " ":
        start += 1
    while start < end and letters[end - 1][0] == " ":
        end -= 1
    return letters[start:end]


def _nearest(cluster: str, fonts: Fonts) -> Letter:
    """Return a cluster with its font, without its marks if no font has them: é as e."""
    face = fonts.face_for(cluster)
    if face is None:
        bare = unicodedata.normalize("NFD", cluster)[0]
        return (bare, fonts.face_for(bare))
    return cluster, face


def _fit(letters: list[Letter], fonts: Fonts, size: int, width: float, bold: bool) -> Line:
    shortened = _measure(letters, size, bold) > width
    if shortened:
        dots = (ELLIPSIS, fonts.face_for(ELLIPSIS))
        room = width - _measure([dots], size, bold)
        count = _most(letters, size, room, bold)
        # Neighbours move each other: what fits without the dots need not fit with them.
        while count and _measure([*letters[:count], dots], size, bold) > width:
            count -= 1
        letters = [*_trimmed(letters[:count]), dots] if room > 0 else []
    runs = _runs(letters)
    return Line(runs, size, bold, math.ceil(sum(_width(run, size, bold) for run in runs)), shortened)


def _most(letters: list[Letter], size: int, width: float, bold: bool) -> int:
    """Return how many clusters fit into a width."""
    low, high = 0, len(letters)
    while low < high:
        middle = (low + high + 1) // 2
        if _measure(letters[:middle], size, bold) <= width:
            low = middle
        else:
            high = middle - 1
    return low


def _break(letters: list[Letter], most: int) -> int:
    """Return where to break a line of which ``most`` clusters fit: after a space or between Chinese, else anywhere."""
    for cut in range(min(most, len(letters) - 1), max(most // 3, 1), -1):
        before, after = letters[cut - 1][0], letters[cut][0]
        if after[0] in _CLOSING:
            continue
        if " " in (before, after) or "W" in (_wide(before), _wide(after)):
            return cut
    return max(most, 1)


def _wide(cluster: str) -> str:
    return "W" if unicodedata.east_asian_width(cluster[0]) in "WF" else "N"


def _runs(letters: list[Letter]) -> tuple[Run, ...]:
    """Put neighbours with the same font together, from left to right."""
    runs: list[Run] = []
    for cluster, face in letters:
        if runs and runs[-1].face == face:
            runs[-1] = Run(runs[-1].text + cluster, face)
        else:
            runs.append(Run(cluster, face))
    return tuple(reversed(runs) if _leftward(letters) else runs)


def _leftward(letters: list[Letter]) -> bool:
    """Say whether the first letter with a direction is one that is written from right to left."""
    for cluster, _ in letters:
        direction = unicodedata.bidirectional(cluster[0])
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def _measure(letters: list[Letter], size: int, bold: bool) -> float:
    return sum(_width(run, size, bold) for run in _runs(letters))


@lru_cache(maxsize=1024)
def _width(run: Run, size: int, bold: bool) -> float:
    if run.face is None:
        return size * (0.5 + 0.5 * min(len(run.text), 4))
    return run.face.at(size, bold=bold).getlength(run.text) + 2 * run.face.stroke(size, bold=bold)


def _lay(card: Image.Image, mask: Image.Image, left: int, top: int, paint: Paint) -> None:
    mask = coarse(mask, EDGE)
    if isinstance(paint, Image.Image):
        card.paste(stretched(paint, mask.size), (left, top), mask)
    else:
        card.paste(paint, (left, top), mask)
