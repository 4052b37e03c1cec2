"""The two pictures of an envelope: its cover while it is open, and who got what when it is closed.

They are drawn for screens of double density, 800 pixels wide, without state and without asking anybody: the same data
makes the same picture. Whatever members typed is shortened to its place.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from functools import cache
from typing import Literal, TypedDict

from PIL import Image, ImageDraw

from xiaoer_red_envelope import brush
from xiaoer_red_envelope.fonts import Fonts, installed
from xiaoer_red_envelope.lettering import fit, initial, laid, named, shrunk
from xiaoer_red_envelope.wording import Words, counted, spoken

WIDTH = 800
MIDDLE = WIDTH // 2
COVER = (WIDTH, 980)
MOST_BYTES = 150_000
MOST_HANDS = 10
"""Hands that the card shows; the others are counted."""

MOST_COINS = 20
"""Shares that the cover shows as coins; more become a bar."""


class CoverData(TypedDict):
    """What the cover shows; ``opened`` shares of ``shares`` are taken."""

    sender: str
    greeting: str
    kind: Literal["lucky", "equal", "exclusive", "password", "scheduled"]
    points: int
    shares: int
    locale: str
    opened: int


class ResultData(TypedDict):
    """What the result shows; ``hands`` are names with points, ``more`` counts those that are not among them."""

    sender: str
    greeting: str
    points: int
    shares: int
    hands: Sequence[tuple[str, int]]
    more: int
    luckiest: str | None
    locale: str
    state: Literal["empty", "expired", "cancelled"]


def cover(data: CoverData, fonts: Fonts | None = None) -> bytes:
    """Return the cover of an envelope as PNG.

    Args:
        data: what it shows.
        fonts: what it is written with; the fonts of this machine if None.
    """
    fonts = fonts or installed()
    words = spoken(data["locale"], fonts)
    card = _envelope().copy()
    _sender(card, data["sender"], words["sent"], fonts, 122)
    _greeting(card, _wish(data["greeting"], words, fonts), fonts)
    _seal(card, (MIDDLE, FLAP - 8), 190, words.get(f"seal_{data['kind']}"), fonts)
    _amount(card, data["points"], words, fonts, 732)
    about = f"{words[data['kind']]} · {counted(words, data['shares'])}"
    _pill(card, about, fonts, 790)
    _progress(card, min(max(data["opened"], 0), data["shares"]), data["shares"], words, fonts)
    return _png(card)


def result(data: ResultData, fonts: Fonts | None = None) -> bytes:
    """Return who got what as PNG; how high it is follows from how many there are.

    Args:
        data: what it shows.
        fonts: what it is written with; the fonts of this machine if None.
    """
    fonts = fonts or installed()
    words = spoken(data["locale"], fonts)
    hands = [(name, points) for name, points in data["hands"][:MOST_HANDS]]
    more = max(data["more"], 0) + len(data["hands"]) - len(hands)
    card = _sheet(max(len(hands), 2), more > 0).copy()
    _sender(card, data["sender"], _wish(data["greeting"], words, fonts), fonts, 84)
    _amount(card, data["points"], words, fonts, 254)
    _pill(card, _outcome(data, len(hands) + more, words), fonts, 288)
    _seal(card, (MIDDLE, SHEET_TOP - 6), 108, words.get(f"seal_{data['state']}"), fonts)
    _hands(card, hands, data["luckiest"], words, fonts)
    foot = SHEET_TOP + 92 + max(len(hands), 2) * ROW + 26
    if not hands:
        fit(words["nobody"], fonts, 36, 600).draw(card, MIDDLE, SHEET_TOP + 180, brush.INK_SOFT, "middle")
    elif more:
        others = words["more"].format(count=f"{more:,}")
        fit(others, fonts, 28, 600).draw(card, MIDDLE, foot, brush.INK_SOFT, "middle")
    return _png(card)


def _wish(greeting: str, words: Words, fonts: Fonts) -> str:
    """Return what is wished; our own words where nothing was, or nothing that can be written here."""
    return greeting if initial(greeting, fonts) is not None else words["greeting"]


def _outcome(data: ResultData, opened: int, words: Words) -> str:
    """Return how it ended, with how many shares were opened where that does not go without saying."""
    if data["state"] == "expired":
        taken = words["opened"].format(opened=f"{opened:,}", shares=f"{data['shares']:,}")
    elif data["state"] == "empty":
        taken = counted(words, data["shares"])
    else:
        return words["cancelled"]
    return f"{taken} · {words[data['state']]}"


# The envelope


LEFT, TOP, BOTTOM = 56, 48, 932
FLAP = 528
"""Where the flap ends in the middle; at the sides it ends 110 higher."""


@cache
def _envelope() -> Image.Image:
    """Return the closed envelope, on which everything else is written."""
    card = _backdrop(COVER)
    size = (WIDTH - 2 * LEFT, BOTTOM - TOP)
    body = brush.gradient(size, brush.RED_ABOVE, brush.RED_BELOW)
    body.paste(brush.GOLD, (0, 0), brush.faint(brush.waves(size, 34), 0.2))
    fade = brush.stretched(Image.linear_gradient("L"), (size[0], size[1] - 420))
    body.paste(brush.RED_BELOW, (0, 420), brush.faint(fade, 0.85))
    flap = brush.shape(size, lambda pen, k: _flap(pen, k, size[0], FLAP - TOP))
    lower = brush.shape(size, lambda pen, k: _flap(pen, k, size[0], FLAP - TOP + 5))
    brush.shadow(body, flap, (0, 10), 14, 0.5)
    body.paste(brush.gradient(size, brush.GOLD_ABOVE, brush.GOLD), (0, 0), lower)
    body.paste(brush.gradient(size, brush.FLAP_ABOVE, brush.FLAP_BELOW), (0, 0), flap)
    _decorate(body)
    mask = brush.rounded(size, 48)
    brush.shadow(card, mask, (LEFT, TOP + 18), 22, 0.6)
    card.paste(body, (LEFT, TOP), mask)
    return card


def _decorate(body: Image.Image) -> None:
    """Put a thin frame and blossoms of plum on an envelope."""
    width, height = body.size
    frame = brush.shape(
        body.size,
        lambda pen, k: pen.rounded_rectangle(
            (18 * k, 18 * k, (width - 18) * k, (height - 18) * k), 34 * k, outline=255, width=2 * k
        ),
    )
    body.paste(brush.GOLD, (0, 0), brush.faint(frame, 0.45))
    for x, y, size, turn in ((-46, -40, 190, 0.2), (120, -30, 92, 0.9), (-24, 132, 76, 0.5)):
        bloom = brush.faint(brush.blossom(size, turn), 0.34)
        body.paste(brush.GOLD, (x, y), bloom)
        body.paste(brush.GOLD, (width - x - size, y), bloom)


def _flap(pen: ImageDraw.ImageDraw, k: int, width: int, depth: float) -> None:
    pen.rectangle((0, 0, width * k, (depth - 110) * k), 255)
    pen.ellipse((-90 * k, (depth - 220) * k, (width + 90) * k, depth * k), 255)


def _backdrop(size: brush.Size) -> Image.Image:
    card = brush.gradient(size, brush.NIGHT_ABOVE, brush.NIGHT_BELOW)
    card.paste(brush.GOLD, (0, 0), brush.faint(brush.sparks(size, size[1] // 9), 0.55))
    return card


# The sheet that comes out of it


SHEET_TOP = 424
ROW = 92
FACE_SIZE = 60
TAG, PILL = 168, 640
"""How wide the words beside the luckiest hand may be, and those below the points."""


@cache
def _sheet(rows: int, more: bool) -> Image.Image:
    """Return the opened envelope with an empty sheet for so many rows."""
    height = SHEET_TOP + 92 + rows * ROW + (60 if more else 20)
    card = _backdrop((WIDTH, height + 40))
    size = (WIDTH - 72, height - 36)
    sheet = Image.new("RGB", size, brush.PAPER)
    head = (size[0], SHEET_TOP + 40)
    red = brush.gradient(head, brush.FLAP_ABOVE, brush.RED_BELOW)
    red.paste(brush.GOLD, (0, 0), brush.faint(brush.waves(head, 34), 0.13))
    edge = brush.shape(head, lambda pen, k: _head(pen, k, head[0], SHEET_TOP - 36))
    inner = brush.shape(head, lambda pen, k: _head(pen, k, head[0], SHEET_TOP - 42))
    sheet.paste(brush.gradient(head, brush.GOLD_ABOVE, brush.GOLD_BELOW), (0, 0), edge)
    sheet.paste(red, (0, 0), inner)
    mask = brush.rounded(size, 44)
    brush.shadow(card, mask, (36, 46), 18, 0.6)
    card.paste(sheet, (36, 36), mask)
    return card


def _head(pen: ImageDraw.ImageDraw, k: int, width: int, depth: float) -> None:
    pen.rectangle((0, 0, width * k, (depth - 56) * k), 255)
    pen.ellipse((-120 * k, (depth - 112) * k, (width + 120) * k, depth * k), 255)


def _hands(
    card: Image.Image, hands: Sequence[tuple[str, int]], luckiest: str | None, words: Words, fonts: Fonts
) -> None:
    most = max((points for _, points in hands), default=1)
    crowned = next((n for n, hand in enumerate(hands) if hand == (luckiest, most)), None)
    if crowned is None:
        crowned = next((n for n, (name, _) in enumerate(hands) if name == luckiest), None)
    for number, (name, points) in enumerate(hands):
        top = SHEET_TOP + 80 + number * ROW
        _hand(card, top, (name, points), max(most, 1), fonts, crowned=number == crowned)
        if number == crowned:
            _crown(card, top)
            _tag(card, top, words["luckiest"], fonts)
        if number < len(hands) - 1:
            ImageDraw.Draw(card).line((160, top + ROW - 5, WIDTH - 84, top + ROW - 5), brush.LINE, 2)


def _hand(card: Image.Image, top: int, hand: tuple[str, int], most: int, fonts: Fonts, *, crowned: bool) -> None:
    name, points = hand
    _avatar(card, name, fonts, (80, top + 12), FACE_SIZE)
    number = shrunk(f"{points:,}", fonts, (40, 34, 28, 22, 16, 12), 150, bold=True)
    number.draw(card, WIDTH - 84, top + 56, brush.RED_BELOW, "right")
    named(name, fonts, 32, 390 - TAG - 28 if crowned else 390).draw(card, 160, top + 42, brush.INK)
    width = 400
    full = max(round(width * min(max(points, 0) / most, 1)), 12)
    card.paste(brush.LINE, (160, top + 60), brush.rounded((width, 10), 5))
    first, last = ((255, 206, 96), (232, 150, 40)) if crowned else ((246, 128, 96), brush.RED_ABOVE)
    gold = brush.gradient((full, 10), first, last, sideways=True)
    card.paste(gold, (160, top + 60), brush.rounded((full, 10), 5))


def _crown(card: Image.Image, top: int) -> None:
    mask = brush.crown((46, 34)).rotate(18, expand=True)
    brush.shadow(card, mask, (62, top - 10), 2, 0.5)
    card.paste(brush.gradient(mask.size, (255, 214, 98), (222, 150, 36)), (62, top - 12), mask)


def _tag(card: Image.Image, top: int, word: str, fonts: Fonts) -> None:
    line = fit(word, fonts, 22, TAG, bold=True)
    size = (line.width + 28, 36)
    left = 560 - size[0]
    card.paste(brush.gradient(size, brush.GOLD_ABOVE, brush.GOLD), (left, top + 12), brush.rounded(size, 18))
    line.draw(card, left + 14, top + 38, (122, 62, 8))


# What both have


def _sender(card: Image.Image, name: str, below: str, fonts: Fonts, top: int) -> None:
    """Draw who sent it, with a line below, in the middle."""
    who = named(name, fonts, 40, 440, bold=True)
    what = fit(below, fonts, 28, 440)
    left = MIDDLE - (96 + max(who.width, what.width)) // 2
    _avatar(card, name, fonts, (left, top - 4), 76, ring=True)
    who.draw(card, left + 96, top + 28, brush.PAPER)
    what.draw(card, left + 96, top + 66, brush.GOLD_PALE)


def _greeting(card: Image.Image, greeting: str, fonts: Fonts) -> None:
    gold = brush.gradient((8, 64), brush.GOLD_ABOVE, brush.GOLD_BELOW)
    lines = laid(greeting, fonts, ((68, 1), (54, 2), (42, 3)), 572, bold=True)
    for number, line in enumerate(lines):
        y = 324 + round((number - (len(lines) - 1) / 2) * lines[0].size * 1.3)
        line.draw(card, MIDDLE, y + 3, (150, 14, 20), "middle")
        line.draw(card, MIDDLE, y, gold, "middle")


def _seal(card: Image.Image, middle: brush.Size, size: int, word: str | None, fonts: Fonts) -> None:
    face, mask = brush.seal(size, word is None)
    at = (middle[0] - size // 2, middle[1] - size // 2)
    brush.shadow(card, mask, (at[0], at[1] + 8), 9, 0.5)
    card.paste(face, at, mask)
    if word:
        line = fit(word, fonts, round(size * 0.5), size, bold=True)
        y = middle[1] + round(size * 0.185)
        line.draw(card, middle[0], y + 2, brush.GOLD_PALE, "middle")
        line.draw(card, middle[0], y, (172, 26, 22), "middle")


def _amount(card: Image.Image, points: int, words: Words, fonts: Fonts, y: int) -> None:
    """Draw the points, large, with their unit small beside them."""
    number = shrunk(f"{points:,}", fonts, (96, 76, 56, 40, 30), 460, bold=True)
    unit = fit(words["point" if points == 1 else "points"], fonts, 32, 200)
    left = MIDDLE - (number.width + 16 + unit.width) // 2
    number.draw(card, left, y, brush.gradient((8, 64), brush.GOLD_ABOVE, brush.GOLD_BELOW))
    unit.draw(card, left + number.width + 16, y, brush.GOLD_PALE)


def _pill(card: Image.Image, text: str, fonts: Fonts, top: int) -> None:
    line = shrunk(text, fonts, (28, 24), PILL)
    size = (line.width + 56, 52)
    card.paste((120, 6, 18), (MIDDLE - size[0] // 2, top - 8), brush.faint(brush.rounded(size, 26), 0.45))
    line.draw(card, MIDDLE, top + 28, brush.GOLD_PALE, "middle")


def _progress(card: Image.Image, opened: int, shares: int, words: Words, fonts: Fonts) -> None:
    """Draw what is taken: a coin for each share, or a bar if there are many."""
    shares = max(shares, 1)
    if shares <= MOST_COINS:
        left = MIDDLE - shares * 30 // 2
        for number in range(shares):
            at = (left + number * 30 + 4, 862)
            card.paste(brush.GOLD, at, brush.disc(22) if number < opened else _ring())
        return
    card.paste((120, 6, 18), (200, 852), brush.rounded((400, 12), 6))
    if opened:
        size = (max(round(400 * opened / shares), 12), 12)
        card.paste(brush.gradient(size, brush.GOLD_ABOVE, brush.GOLD_BELOW), (200, 852), brush.rounded(size, 6))
    told = words["opened"].format(opened=f"{opened:,}", shares=f"{shares:,}")
    fit(told, fonts, 24, 500).draw(card, MIDDLE, 892, brush.GOLD_PALE, "middle")


@cache
def _ring() -> Image.Image:
    return brush.shape((22, 22), lambda pen, k: pen.ellipse((2 * k, 2 * k, 20 * k, 20 * k), outline=150, width=2 * k))


def _avatar(card: Image.Image, name: str, fonts: Fonts, at: brush.Size, size: int, *, ring: bool = False) -> None:
    """Draw somebody's initial on their colour, or a head where it cannot be written."""
    colour = brush.AVATARS[zlib.crc32(name.encode("utf-8", "replace")) % len(brush.AVATARS)]
    if ring:
        card.paste(brush.GOLD, (at[0] - 4, at[1] - 4), brush.disc(size + 8))
    card.paste(colour, at, brush.disc(size))
    letter = initial(name, fonts)
    if letter is None:
        card.paste((255, 244, 230), at, brush.person(size))
        return
    line = fit(letter, fonts, round(size * 0.5), size, bold=True)
    line.draw(card, at[0] + size / 2, at[1] + size * 0.68, (255, 250, 240), "middle")


def _png(card: Image.Image) -> bytes:
    """Return the picture as PNG: with a colour for each pixel, or with 256 colours where that would be too large."""
    full = _saved(brush.coarse(card, 2))
    return full if len(full) < MOST_BYTES else _saved(brush.few_colours(card))


def _saved(card: Image.Image) -> bytes:
    out = io.BytesIO()
    card.save(out, "PNG", compress_level=6)
    return out.getvalue()
