"""The two pictures: who came by whom, and how people came."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageDraw

from xiaoer_referral.letters import write

WIDTH, MARGIN, HEAD = 1_000, 40, 110
"""Pixels of a picture, of its margin and of its head."""

ROW, STEP, CHIP = 52, 54, 380
"""Pixels of a line of the tree, of a generation, and of a name's width."""

PLOT, FOOT = 420, 140
"""Pixels of the bars' height and of what stands below them."""

ABREAST = 3
"""Ways of coming in that stand beside each other below the bars."""

PAPER, LINE, INK, SOFT = (255, 250, 240), (222, 204, 178), (58, 42, 32), (140, 118, 100)
SHADES = ((190, 60, 44), (214, 112, 70), (226, 160, 84), (240, 205, 140))
"""The colours of the generations, which repeat."""

COLOURS = ((190, 60, 44), (226, 140, 60), (120, 150, 90), (70, 120, 160), (150, 110, 160), (190, 180, 168))
"""The colours of the ways of coming in."""


def tree(data: dict[str, Any]) -> bytes:
    """Return who came by whom as PNG.

    Args:
        data: ``title`` and ``more`` are words; each of ``lines`` is how deep it stands, a name, and how many came by
            them, as a word.
    """
    lines: list[tuple[int, str, str]] = data["lines"]
    picture = Image.new("RGB", (WIDTH, HEAD + ROW * len(lines) + 60), PAPER)
    pen = ImageDraw.Draw(picture)
    write(pen, data["title"], (MARGIN, 54), 36, WIDTH - 2 * MARGIN, INK)
    last: dict[int, float] = {}
    for number, (depth, name, below) in enumerate(lines):
        middle = HEAD + ROW * number + ROW / 2
        left = MARGIN + STEP * depth
        if depth and depth - 1 in last:
            elbow = left - STEP + 22
            pen.line((elbow, last[depth - 1] + 20, elbow, middle), LINE, 3)
            pen.line((elbow, middle, left, middle), LINE, 3)
        pen.rounded_rectangle((left, middle - 19, left + 38, middle + 19), 19, SHADES[depth % len(SHADES)])
        write(pen, name, (left + 52, middle), 25, CHIP, INK)
        write(pen, below, (WIDTH - MARGIN - 130, middle), 22, 130, SOFT)
        last[depth] = middle
    write(pen, data["more"], (MARGIN, HEAD + ROW * len(lines) + 28), 22, WIDTH - 2 * MARGIN, SOFT)
    return _png(picture)


def growth(data: dict[str, Any]) -> bytes:
    """Return how people came, day by day, as PNG.

    Args:
        data: ``title`` is words; ``kinds`` are the ways with their number, as words; each of ``bars`` is a day and how
            many came in each way.
    """
    bars: list[tuple[str, list[int]]] = data["bars"]
    picture = Image.new("RGB", (WIDTH, HEAD + PLOT + FOOT), PAPER)
    pen = ImageDraw.Draw(picture)
    write(pen, data["title"], (MARGIN, 54), 36, WIDTH - 2 * MARGIN, INK)
    most = max((sum(numbers) for _, numbers in bars), default=0) or 1
    step = (WIDTH - 2 * MARGIN) / max(1, len(bars))
    each = max(1, round(len(bars) / 10))
    for place, (day, numbers) in enumerate(bars):
        left = MARGIN + place * step
        _bar(pen, numbers, most, left + step * 0.12, left + step * 0.88)
        if place % each == 0:
            write(pen, day, (left + step * 0.12, HEAD + PLOT + 22), 20, max(step, 80) - 4, SOFT)
    pen.line((MARGIN, HEAD + PLOT, WIDTH - MARGIN, HEAD + PLOT), LINE, 3)
    _legend(pen, data["kinds"])
    return _png(picture)


def _bar(pen: ImageDraw.ImageDraw, numbers: list[int], most: int, left: float, right: float) -> None:
    bottom = float(HEAD + PLOT)
    for number, colour in zip(numbers, COLOURS, strict=False):
        if number:
            top = bottom - (PLOT - 20) * number / most
            pen.rectangle((left, top, right, bottom), colour)
            bottom = top


def _legend(pen: ImageDraw.ImageDraw, kinds: list[str]) -> None:
    width = (WIDTH - 2 * MARGIN) / ABREAST
    for place, (kind, colour) in enumerate(zip(kinds, COLOURS, strict=False)):
        left = MARGIN + place % ABREAST * width
        middle = HEAD + PLOT + 74 + place // ABREAST * 38
        pen.rounded_rectangle((left, middle - 10, left + 24, middle + 10), 6, colour)
        write(pen, kind, (left + 34, middle), 20, width - 44, SOFT)


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.quantize(64).save(file, "PNG", optimize=True)
    return file.getvalue()
