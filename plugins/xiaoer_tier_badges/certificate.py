"""The certificate of a seat, drawn: whose it is, of what, which number and rank, and since when.

It is drawn 1,000 pixels wide, upright as a telephone is held, without state: the same data makes the same picture.
The rosette around the number has as many turns as the number says, so no two certificates of a subject are alike.
"""

from __future__ import annotations

import io
import math
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache, partial
from typing import TypeAlias, TypedDict

from PIL import Image, ImageChops, ImageDraw

from xiaoer_tier_badges.lettering import PROOF, Face, has, installed, laid, writable

Colour: TypeAlias = tuple[int, int, int]
Point: TypeAlias = tuple[float, float]

WIDTH, HEIGHT = 1_000, 1_320
MIDDLE = WIDTH // 2
SMOOTH = 2
"""Shapes are painted so many times larger and reduced, because Pillow's edges are rough."""

PAPER_ABOVE, PAPER_BELOW = (255, 252, 244), (247, 237, 217)
INK, SOFT, GOLD, GOLD_PALE, RED = (52, 40, 34), (128, 108, 90), (176, 132, 52), (226, 200, 142), (176, 42, 34)
STANDARD: Colour = (110, 84, 52)
"""The colour of a rank that has none."""

MEDAL = (MIDDLE, 866)
RING, DISC = 196, 128
"""Pixels from the middle of the medal to the end of its rosette, and to the rim of its disc."""

STEPS = 720

ROOM = WIDTH - 220
"""Pixels of a line's width."""

STAMPED = 4
"""Chinese letters in the stamp; of other names two initials."""


class Words(TypedDict):
    """The few words that are drawn beside names."""

    title: str
    opening: str
    of: str
    number: tuple[str, str]
    since: str


CHINESE: Words = {
    "title": PROOF,
    "opening": "兹证明",
    "of": "为 {of} 席位持有人",
    "number": ("第", "号"),
    "since": "{date} 起",
}
ENGLISH: Words = {
    "title": "Certificate of Seat",
    "opening": "This is to certify that",
    "of": "holds a seat of {of}",
    "number": ("No.", ""),
    "since": "since {date}",
}
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


class CertificateData(TypedDict):
    """What a certificate shows.

    ``track``, ``subject`` and ``rank`` are what they are called, in Chinese and in English; ``colour`` is that of the
    rank, ``since`` an ISO date.
    """

    community: str
    name: str
    track: Sequence[str]
    subject: Sequence[str]
    rank: Sequence[str]
    number: int
    colour: int | None
    since: str
    locale: str


def certificate(data: CertificateData, faces: Sequence[Face] | None = None) -> bytes:
    """Return the certificate of a seat as PNG.

    Args:
        data: what it shows.
        faces: the fonts that it is written with; those of this machine if None.
    """
    faces = installed() if faces is None else faces
    chinese = data["locale"].lower().startswith("zh") and has(faces, f"{PROOF}{CHINESE['opening']}第号席位持有人")
    words = CHINESE if chinese else ENGLISH
    colour = _shade(data["colour"])
    sheet = _sheet().copy()
    _medal(sheet, data["number"], colour)
    _write(sheet, data, words, faces, chinese)
    _ribbon(sheet, _called(data["rank"], chinese), colour, faces)
    _foot(sheet, data, words, faces, chinese)
    out = io.BytesIO()
    _few_colours(sheet).save(out, "PNG", compress_level=6)
    return out.getvalue()


def _few_colours(sheet: Image.Image) -> Image.Image:
    """Return a picture with a palette of its own, chosen on a smaller copy because that is much faster."""
    return sheet.quantize(palette=sheet.reduce(4).quantize(192), dither=Image.Dither.NONE)


def _called(names: Sequence[str], chinese: bool) -> str:
    first, other = (names[0], names[1]) if chinese else (names[1], names[0])
    return first or other


def _shade(colour: int | None) -> Colour:
    """Return a rank's colour, darkened until white can be read on it."""
    red, green, blue = STANDARD if colour is None else (colour >> 16 & 255, colour >> 8 & 255, colour & 255)
    light = (0.299 * red + 0.587 * green + 0.114 * blue) / 255
    part = min(1.0, 0.56 / light) if light else 1.0
    return round(red * part), round(green * part), round(blue * part)


def _mixed(colour: Colour, other: Colour, part: float) -> Colour:
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(colour, other, strict=True))
    return red, green, blue


# The sheet


@cache
def _sheet() -> Image.Image:
    """Return the empty sheet with its frame, on which everything else is drawn."""
    ramp = Image.linear_gradient("L").resize((WIDTH, HEIGHT))  # pyright: ignore[reportUnknownMemberType] # numpy's type
    size = (WIDTH, HEIGHT)
    sheet = Image.composite(Image.new("RGB", size, PAPER_BELOW), Image.new("RGB", size, PAPER_ABOVE), ramp)
    _lay(sheet, GOLD, _framed)
    _lay(sheet, GOLD_PALE, _cornered)
    return sheet


class Brush:
    """Paints a shape within a box of the sheet, larger than it will be.

    Args:
        box: the left, the upper, the right and the lower end, in pixels of the sheet.
    """

    def __init__(self, box: tuple[int, int, int, int]) -> None:
        self._left, self._top = box[:2]
        self.mask = Image.new("L", ((box[2] - box[0]) * SMOOTH, (box[3] - box[1]) * SMOOTH))
        self._pen = ImageDraw.Draw(self.mask)

    def _at(self, points: Sequence[Point]) -> list[Point]:
        return [((x - self._left) * SMOOTH, (y - self._top) * SMOOTH) for x, y in points]

    def line(self, points: Sequence[Point], width: float) -> None:
        """Draw a line through points."""
        self._pen.line(self._at(points), 255, round(width * SMOOTH), "curve")

    def polygon(self, points: Sequence[Point]) -> None:
        """Fill what points enclose."""
        self._pen.polygon(self._at(points), 255)

    def disc(self, middle: Point, radius: float) -> None:
        """Fill a disc."""
        x, y = middle
        self._pen.ellipse(self._at([(x - radius, y - radius), (x + radius, y + radius)]), 255)

    def frame(self, box: tuple[float, float, float, float], width: float, radius: float = 0) -> None:
        """Draw a rectangle, filled without a width."""
        fill, outline = (None, 255) if width else (255, None)
        ends = self._at([box[:2], box[2:]])
        self._pen.rounded_rectangle(ends, radius * SMOOTH, fill, outline, round(width * SMOOTH))


def _lay(
    sheet: Image.Image,
    colour: Colour,
    paint: Callable[[Brush], None],
    box: tuple[int, int, int, int] = (0, 0, WIDTH, HEIGHT),
    strength: float = 1,
) -> None:
    """Lay a colour over a sheet where something is painted, as strong as is said."""
    brush = Brush(box)
    paint(brush)
    mask = brush.mask.reduce(SMOOTH)
    if strength < 1:
        mask = ImageChops.multiply(mask, Image.new("L", mask.size, round(255 * strength)))
    sheet.paste(colour, box[:2], mask)


def _framed(brush: Brush) -> None:
    for inset, width in ((34, 7), (50, 2)):
        brush.frame((inset, inset, WIDTH - inset, HEIGHT - inset), width)
    for left, right in ((150, MIDDLE - 18), (MIDDLE + 18, WIDTH - 150)):
        brush.line([(left, 182), (right, 182)], 2)
    brush.polygon([(MIDDLE - 9, 182), (MIDDLE, 173), (MIDDLE + 9, 182), (MIDDLE, 191)])


MEANDER: tuple[Point, ...] = (
    *((0, 120), (0, 0), (120, 0), (120, 40), (40, 40), (40, 120), (80, 120), (80, 80), (120, 80), (120, 120)),
)
"""One corner of the frame, in the manner of the pattern of thunder (回纹)."""


def _cornered(brush: Brush) -> None:
    low, right, bottom = 66, WIDTH - 66, HEIGHT - 66
    for x, across in ((low, 0.6), (right, -0.6)):
        for y, down in ((low, 0.6), (bottom, -0.6)):
            brush.line([(x + across * dx, y + down * dy) for dx, dy in MEANDER], 5)


# The medal


AROUND = (MEDAL[0] - 240, MEDAL[1] - 240, MEDAL[0] + 240, MEDAL[1] + 240)


def _medal(sheet: Image.Image, number: int, colour: Colour) -> None:
    """Draw the rosette, the disc and its rim; on it stands the number."""
    _lay(sheet, _mixed(colour, PAPER_ABOVE, 0.35), partial(_rosette, number=number), AROUND, 0.9)
    for reach, shade in ((12, PAPER_ABOVE), (8, GOLD), (4, GOLD_PALE), (0, colour)):
        _lay(sheet, shade, partial(Brush.disc, middle=MEDAL, radius=DISC + reach), AROUND)
    _lay(sheet, _mixed(colour, (255, 255, 255), 0.3), _beads, AROUND)


def _rosette(brush: Brush, number: int) -> None:
    """Draw a guilloche, as on banknotes: waves around the disc, each turned a little against the one before."""
    waves, rounds = 7 + number % 23, 9
    middle, swing = (DISC + 14 + RING) / 2, (RING - DISC - 14) / 2
    for turn in range(rounds):
        line: list[Point] = []
        for step in range(STEPS + 1):
            angle = step * math.tau / STEPS
            reach = middle + swing * math.cos(waves * angle + turn * math.tau / rounds)
            line.append((MEDAL[0] + reach * math.cos(angle), MEDAL[1] + reach * math.sin(angle)))
        brush.line(line, 1.5)


def _beads(brush: Brush) -> None:
    for bead in range(60):
        angle = bead * math.tau / 60
        brush.disc((MEDAL[0] + (DISC - 10) * math.cos(angle), MEDAL[1] + (DISC - 10) * math.sin(angle)), 2)


def _ribbon(sheet: Image.Image, rank: str, colour: Colour, faces: Sequence[Face]) -> None:
    """Draw a ribbon over the lower rim of the medal, with the rank on it."""
    (line,) = laid(faces, rank, ((46, 1), (36, 1), (28, 1)), 520, "·")
    half, y = max(150, line.width / 2 + 44), MEDAL[1] + 146
    box = (MIDDLE - 400, y - 60, MIDDLE + 400, y + 80)

    def tails(brush: Brush) -> None:
        for side in (-1, 1):
            near, far = MIDDLE + side * (half - 26), MIDDLE + side * (half + 52)
            brush.polygon([(near, y - 20), (far, y - 20), (far - side * 22, y + 18), (far, y + 56), (near, y + 56)])

    def edges(brush: Brush) -> None:
        for edge in (-31, 31):
            brush.line([(MIDDLE - half, y + edge), (MIDDLE + half, y + edge)], 2)

    _lay(sheet, _mixed(colour, (0, 0, 0), 0.38), tails, box)
    band = partial(Brush.frame, box=(MIDDLE - half, y - 38, MIDDLE + half, y + 38), width=0)
    _lay(sheet, _mixed(colour, (0, 0, 0), 0.12), band, box)
    _lay(sheet, GOLD_PALE, edges, box)
    line.draw(ImageDraw.Draw(sheet), MIDDLE, y + line.size * 0.36, (255, 252, 244))


# What is written


def _write(sheet: Image.Image, data: CertificateData, words: Words, faces: Sequence[Face], chinese: bool) -> None:
    pen = ImageDraw.Draw(sheet)
    (line,) = laid(faces, data["community"], ((44, 1), (36, 1), (28, 1)), ROOM - 80, "·")
    line.draw(pen, MIDDLE, 150, SOFT)
    (line,) = laid(faces, words["title"], ((96 if chinese else 76, 1),), ROOM)
    line.draw(pen, MIDDLE, 300, GOLD)
    (line,) = laid(faces, words["opening"], ((34, 1),), ROOM)
    line.draw(pen, MIDDLE, 378, SOFT)
    lines = laid(faces, data["name"], ((92, 1), (72, 1), (54, 2), (42, 2)), ROOM, "···")
    for number, line in enumerate(lines):
        step = line.size * 1.2
        line.draw(pen, MIDDLE, 478 + line.size * 0.3 + step * (number - (len(lines) - 1) / 2), INK)
    of = words["of"].format(of=_place(data, chinese))
    lines = laid(faces, of, ((38, 1), (34, 2), (28, 2)), ROOM)
    for number, line in enumerate(lines):
        line.draw(pen, MIDDLE, 600 + number * line.size * 1.3, SOFT)
    for word, base in zip(words["number"], (-62, 88), strict=True):
        for line in laid(faces, word, ((30, 1),), DISC):
            line.draw(pen, MIDDLE, MEDAL[1] + base, (255, 248, 230))
    (line,) = laid(faces, f"{data['number']:02}", ((118, 1), (96, 1), (72, 1), (48, 1)), 2 * DISC - 50)
    line.draw(pen, MIDDLE, MEDAL[1] + line.size * 0.3 + 6, (255, 252, 244))


def _place(data: CertificateData, chinese: bool) -> str:
    track, subject = _called(data["track"], chinese), _called(data["subject"], chinese)
    return " · ".join(name for name in (track, subject) if name)


def _foot(sheet: Image.Image, data: CertificateData, words: Words, faces: Sequence[Face], chinese: bool) -> None:
    since = words["since"].format(date=written(date.fromisoformat(data["since"]), chinese))
    (line,) = laid(faces, since, ((34, 1), (28, 1)), 480)
    line.draw(ImageDraw.Draw(sheet), 168 + line.width / 2, 1_204, SOFT)
    _stamp(sheet, data["community"], faces)


def written(day: date, chinese: bool) -> str:
    """Return a date as it is written."""
    return f"{day.year}年{day.month}月{day.day}日" if chinese else f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def stamped(community: str) -> list[str]:
    """Return what is cut into a community's stamp: its first Chinese letters, else two initials."""
    chinese = [letter for letter in community if "\u4e00" <= letter <= "\u9fff"][:STAMPED]
    words = ["".join(filter(str.isalnum, word)) for word in community.split()]
    return chinese or [word[0].upper()[:1] for word in words if word][:2]


def _stamp(sheet: Image.Image, community: str, faces: Sequence[Face]) -> None:
    """Press the community's stamp on the sheet: red, cut into rows from right to left as seals are."""
    letters = stamped(writable(faces, community))
    left, top, side = WIDTH - 288, 1_104, 122
    box = (left - 2, top - 2, left + side + 2, top + side + 2)
    whole = (left, top, left + side, top + side)
    inner = (left + 7, top + 7, left + side - 7, top + side - 7)
    _lay(sheet, RED, partial(Brush.frame, box=whole, width=0, radius=10), box)
    _lay(sheet, PAPER_BELOW, partial(Brush.frame, box=inner, width=2, radius=6), box)
    wide = all(unicodedata.east_asian_width(letter) == "W" for letter in letters)
    rows = 2 if wide and len(letters) > 1 else 1
    columns = math.ceil(len(letters) / rows) or 1
    size = 84 if len(letters) < 2 else 48
    pen = ImageDraw.Draw(sheet)
    for n, letter in enumerate(letters):
        column, row = divmod(n, rows)
        (line,) = laid(faces, letter, ((size, 1),), side, "·")
        x = left + side / 2 + ((columns - 1) / 2 - column) * (50 if wide else -40)
        y = top + side / 2 + (row - (rows - 1) / 2) * 50
        line.draw(pen, x, y + size * 0.37, PAPER_ABOVE)
