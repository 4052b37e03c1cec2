"""The picture of the calendar: days from top to bottom, slots from left to right."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageDraw

from xiaoer_broadcaster.letters import write

WIDTH, MARGIN, DAY = 1_200, 40, 170
"""Pixels of the picture, of its margin, and of the column of days."""

HEAD, ROW, FOOT = 150, 64, 70
"""Pixels of its head, of a day and of its foot."""

COLUMNS = 6
"""Slots that are drawn; the others stand in the words."""

PAPER, SHADE, LINE = (255, 250, 240), (250, 240, 222), (232, 218, 196)
INK, SOFT, WHITE = (58, 42, 32), (140, 118, 100), (255, 255, 255)
SURE, LIKELY = (190, 60, 44), (246, 222, 196)


def calendar(data: dict[str, Any]) -> bytes:
    """Return the coming days as PNG.

    Args:
        data: ``title``, ``planned`` and ``next`` are words, ``slots`` names; each of ``rows`` has its ``day``, whether
            it is one of ``rest``, and its ``cells``: what goes out, and whether that is sure.
    """
    slots, rows = data["slots"][:COLUMNS], data["rows"]
    picture = Image.new("RGB", (WIDTH, HEAD + ROW * len(rows) + FOOT), PAPER)
    pen = ImageDraw.Draw(picture)
    column = (WIDTH - 2 * MARGIN - DAY) / max(1, len(slots))
    write(pen, data["title"], (MARGIN, 52), 38, WIDTH - 2 * MARGIN, INK)
    for number, slot in enumerate(slots):
        write(pen, slot, (MARGIN + DAY + number * column + 12, 118), 26, column - 24, SOFT)
    for number, row in enumerate(rows):
        _row(pen, row, HEAD + number * ROW, column)
    _legend(pen, data, HEAD + ROW * len(rows) + FOOT / 2)
    file = io.BytesIO()
    picture.quantize(64).save(file, "PNG", optimize=True)
    return file.getvalue()


def _row(pen: ImageDraw.ImageDraw, row: dict[str, Any], top: float, column: float) -> None:
    if row["rest"]:
        pen.rectangle((MARGIN, top, WIDTH - MARGIN, top + ROW), SHADE)
    pen.line((MARGIN, top, WIDTH - MARGIN, top), LINE, 2)
    write(pen, row["day"], (MARGIN + 12, top + ROW / 2), 26, DAY - 20, INK)
    for number, (text, sure) in enumerate(row["cells"][:COLUMNS]):
        if text:
            left = MARGIN + DAY + number * column
            box = (left + 4, top + 8, left + column - 4, top + ROW - 8)
            pen.rounded_rectangle(box, 12, SURE if sure else LIKELY)
            write(pen, text, (left + 16, top + ROW / 2), 24, column - 32, WHITE if sure else INK)


def _legend(pen: ImageDraw.ImageDraw, data: dict[str, Any], middle: float) -> None:
    left = float(MARGIN)
    for word, colour in ((data["planned"], SURE), (data["next"], LIKELY)):
        pen.rounded_rectangle((left, middle - 12, left + 36, middle + 12), 8, colour)
        write(pen, word, (left + 48, middle), 24, 420, SOFT)
        left += 500
