"""What the cards are painted with: smooth shapes, gold, waves, a seal, a crown."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import TypeAlias

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour: TypeAlias = tuple[int, int, int]
Size: TypeAlias = tuple[int, int]
Box: TypeAlias = tuple[float, float, float, float]

NIGHT_ABOVE, NIGHT_BELOW = (92, 10, 22), (44, 4, 14)
RED_ABOVE, RED_BELOW = (226, 48, 42), (178, 18, 30)
FLAP_ABOVE, FLAP_BELOW = (240, 74, 56), (208, 32, 36)
GOLD_ABOVE, GOLD_BELOW = (255, 240, 186), (226, 165, 62)
GOLD, GOLD_DEEP, GOLD_PALE = (240, 193, 96), (176, 112, 28), (255, 233, 180)
PAPER, INK, INK_SOFT, LINE = (255, 249, 238), (64, 30, 24), (150, 112, 98), (240, 226, 204)

SMOOTH, SMOOTH_LARGE, LARGE = 4, 2, 300
"""Shapes are painted so many times larger and reduced, because Pillow's edges are rough; less so from 300 pixels on."""

AVATARS = (
    *((201, 87, 65), (58, 124, 122), (98, 91, 168), (181, 124, 38), (79, 128, 74), (170, 74, 112), (64, 105, 160)),
    (139, 94, 66),
)


def stretched(picture: Image.Image, size: Size) -> Image.Image:
    """Return a picture in another size."""
    return picture.resize(size)  # pyright: ignore[reportUnknownMemberType] # Pillow names numpy's type, which is not here


def coarse(picture: Image.Image, step: float) -> Image.Image:
    """Return a picture with fewer tones, ``step`` apart: it is not seen, but the file is much smaller."""
    tones = [min(round(round(value / step) * step), 255) for value in range(256)] * len(picture.getbands())
    return picture.point(tones)  # pyright: ignore[reportUnknownMemberType] # as above


def few_colours(picture: Image.Image) -> Image.Image:
    """Return a picture with a palette of its own, chosen on a smaller copy because that is four times as fast."""
    return picture.quantize(palette=picture.reduce(2).quantize(256), dither=Image.Dither.NONE)


def gradient(size: Size, first: Colour, last: Colour, *, sideways: bool = False) -> Image.Image:
    """Return a picture that goes from one colour to another, downwards or to the right."""
    ramp = Image.linear_gradient("L")
    ramp = stretched(ramp.transpose(Image.Transpose.ROTATE_90) if sideways else ramp, size)
    return Image.composite(Image.new("RGB", size, last), Image.new("RGB", size, first), ramp)


def shape(size: Size, paint: Callable[[ImageDraw.ImageDraw, int], None]) -> Image.Image:
    """Return a mask with smooth edges.

    Args:
        size: of the mask.
        paint: gets a pen and how many times larger everything is to be painted.
    """
    k = SMOOTH if max(size) < LARGE else SMOOTH_LARGE
    large = Image.new("L", (size[0] * k, size[1] * k))
    paint(ImageDraw.Draw(large), k)
    return large.reduce(k)


def rounded(size: Size, radius: float) -> Image.Image:
    """Return the mask of a rectangle with round corners."""
    return shape(size, lambda pen, k: pen.rounded_rectangle((0, 0, size[0] * k - 1, size[1] * k - 1), radius * k, 255))


def disc(size: int, inset: float = 0) -> Image.Image:
    """Return the mask of a disc, smaller than the mask by ``inset`` on each side."""
    low, high = inset, size - inset
    return shape((size, size), lambda pen, k: pen.ellipse((low * k, low * k, high * k - 1, high * k - 1), 255))


def faint(mask: Image.Image, strength: float) -> Image.Image:
    """Return a mask with a part of its strength, from 0 to 1."""
    return ImageChops.multiply(mask, Image.new("L", mask.size, round(255 * strength)))


def shadow(card: Image.Image, mask: Image.Image, at: Size, blur: int, strength: float) -> None:
    """Darken what lies under a shape."""
    wide = Image.new("L", (mask.width + 4 * blur, mask.height + 4 * blur))
    wide.paste(mask, (2 * blur, 2 * blur))
    soft = wide.filter(ImageFilter.BoxBlur(blur))
    card.paste((30, 0, 6), (at[0] - 2 * blur, at[1] - 2 * blur), faint(soft, strength))


def waves(size: Size, radius: int) -> Image.Image:
    """Return the mask of the pattern of waves (海浪纹): rows of rings, each half hidden by the next."""
    step = radius // 2
    tile = shape((2 * radius, 2 * step), lambda pen, k: _scales(pen, radius * k))
    mask = Image.new("L", size)
    for x in range(0, size[0], 2 * radius):
        for y in range(0, size[1], 2 * step):
            mask.paste(tile, (x, y))
    return mask


def _scales(pen: ImageDraw.ImageDraw, radius: float) -> None:
    for row in range(-1, 5):
        y = row * radius / 2 + radius / 2
        for column in range(-1, 3):
            x = column * 2 * radius + (row % 2) * radius
            for ring, tone in ((1.0, 255), (0.91, 0), (0.7, 200), (0.62, 0), (0.4, 150), (0.32, 0)):
                r = radius * ring
                pen.ellipse((x - r, y - r, x + r, y + r), tone)


def sparks(size: Size, count: int) -> Image.Image:
    """Return the mask of flecks of gold leaf, strewn evenly and always the same."""
    turn = (math.sqrt(5) - 1) / 2

    def paint(pen: ImageDraw.ImageDraw, k: int) -> None:
        for number in range(1, count + 1):
            x, y = (number * turn) % 1 * size[0] * k, (number * turn * turn * 7.31) % 1 * size[1] * k
            r = (1.2 + number * 37 % 11 / 4) * k
            if number % 3:
                pen.ellipse((x - r, y - r, x + r, y + r), 70 + number * 53 % 150)
            else:
                pen.polygon([(x, y - 2 * r), (x + r / 1.6, y), (x, y + 2 * r), (x - r / 1.6, y)], 210)

    return shape(size, paint)


@cache
def seal(size: int, hole: bool) -> tuple[Image.Image, Image.Image]:
    """Return a gold seal and its mask: a coin with a milled rim and, where nothing is written on it, a square hole."""
    face = gradient((size, size), GOLD_ABOVE, GOLD_BELOW)
    middle, rim = size / 2, size * 0.09
    teeth = shape((size, size), lambda pen, k: _teeth(pen, middle * k, size * 0.455 * k, size * 0.012 * k))
    face.paste(GOLD_DEEP, (0, 0), faint(teeth, 0.55))
    for inset, colour, strength in ((rim, GOLD_DEEP, 0.75), (rim + 2, GOLD_PALE, 1.0), (rim + 5, GOLD, 1.0)):
        face.paste(colour, (0, 0), faint(disc(size, inset), strength))
    inner = gradient((size, size), (255, 226, 150), (236, 182, 80))
    face.paste(inner, (0, 0), disc(size, rim + 6))
    if hole:
        half = size * 0.15
        for grow, colour in ((5, GOLD_DEEP), (2, GOLD_PALE), (0, RED_BELOW)):
            side, at = round(2 * (half + grow)), round(middle - half - grow)
            face.paste(colour, (at, at), rounded((side, side), 4))
    return face, disc(size)


def _teeth(pen: ImageDraw.ImageDraw, middle: float, radius: float, dot: float) -> None:
    for number in range(48):
        x, y = (middle + radius * f(number * math.tau / 48) for f in (math.cos, math.sin))
        pen.ellipse((x - dot, y - dot, x + dot, y + dot), 255)


def blossom(size: int, turn: float) -> Image.Image:
    """Return the mask of a plum blossom (梅花), the five blessings: outlines of its petals, and stamens."""

    def paint(pen: ImageDraw.ImageDraw, k: int) -> None:
        middle, petal = size * k / 2, size * k * 0.19
        angles = [turn + number * math.tau / 5 for number in range(5)]
        for reach, tone in ((petal, 255), (petal - 2 * k, 70)):
            for angle in angles:
                x, y = middle + math.cos(angle) * petal * 1.45, middle + math.sin(angle) * petal * 1.45
                pen.ellipse((x - reach, y - reach, x + reach, y + reach), tone)
        pen.ellipse((middle - petal, middle - petal, middle + petal, middle + petal), 70)
        for angle in [angle / 2 for angle in range(0, 13)]:
            x, y = middle + math.cos(angle) * petal, middle + math.sin(angle) * petal
            pen.line((middle, middle, x, y), 255, k)
            pen.ellipse((x - 2 * k, y - 2 * k, x + 2 * k, y + 2 * k), 255)

    return shape((size, size), paint)


@cache
def crown(size: Size) -> Image.Image:
    """Return the mask of a crown."""

    def paint(pen: ImageDraw.ImageDraw, k: int) -> None:
        w, h = size[0] * k, size[1] * k
        points = [(0.04, 0.26), (0.29, 0.55), (0.5, 0.08), (0.71, 0.55), (0.96, 0.26), (0.86, 0.78), (0.14, 0.78)]
        pen.polygon([(x * w, y * h) for x, y in points], 255)
        pen.rounded_rectangle((0.14 * w, 0.84 * h, 0.86 * w, 0.98 * h), 0.05 * h, 255)
        for x, y in ((0.06, 0.22), (0.5, 0.08), (0.94, 0.22)):
            r = 0.07 * w
            pen.ellipse((x * w - r, y * h - r + r / 2, x * w + r, y * h + r + r / 2), 255)

    return shape(size, paint)


@cache
def person(size: int) -> Image.Image:
    """Return the mask of head and shoulders, for somebody whose name cannot be written."""

    def paint(pen: ImageDraw.ImageDraw, k: int) -> None:
        s = size * k
        pen.ellipse((0.34 * s, 0.2 * s, 0.66 * s, 0.52 * s), 255)
        pen.ellipse((0.19 * s, 0.58 * s, 0.81 * s, 1.3 * s), 255)

    return ImageChops.multiply(shape((size, size), paint), disc(size))
