"""Draws docs/images/split.svg: what each place in the row gets of a lucky envelope, shuffled and not.

``python tools/draw_split.py`` writes it. The numbers are exact, not drawn by lot: every outcome with its probability.
"""

from __future__ import annotations

import math
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

POINTS, SHARES = 15, 10
TO = Path(__file__).parent.parent / "docs" / "images" / "split.svg"

LEFT, TOP, WIDTH, HEIGHT = 64, 92, 860, 300
LOWEST, HIGHEST = 0.0, 3.0

Moments = tuple[float, float]

STYLE = """
.paper{fill:#f7f3ec}.ink{fill:#2a241d}.soft{fill:#7a6e60;font-size:12px}.grid{stroke:#e0d6c6;stroke-width:1}
.plain{stroke:#6b5a1f;fill:#9a8540}.mixed{stroke:#b3392b;fill:#b3392b}.spread{stroke-width:3;stroke-opacity:.35}
.mean{stroke-width:0}.fair{stroke:#b3392b;stroke-width:1.5;stroke-dasharray:5 4}
@media (prefers-color-scheme: dark){.paper{fill:#191613}.ink{fill:#ece5da}.soft{fill:#a2968a}.grid{stroke:#38312a}
.plain{stroke:#d9c58a;fill:#d9c58a}.mixed{stroke:#e0604e;fill:#e0604e}.fair{stroke:#e0604e}}
"""


def moments(points: int, shares: int) -> list[Moments]:
    """Return mean and standard deviation of each share in the order in which they are drawn.

    The same rule as ``xiaoer_red_envelope.split.unshuffled``, followed through all that can be left.
    """
    left: dict[int, Fraction] = {points: Fraction(1)}
    found: list[Moments] = []
    for waiting in range(shares, 0, -1):
        sizes, after = defaultdict[int, Fraction](Fraction), defaultdict[int, Fraction](Fraction)
        for rest, chance in left.items():
            highest = max(1, 2 * rest // waiting - 1)
            for size in (rest,) if waiting == 1 else range(1, highest + 1):
                each = chance if waiting == 1 else chance / highest
                sizes[size] += each
                after[rest - size] += each
        left = after
        found.append(_moments(sizes))
    return found


def _moments(sizes: dict[int, Fraction]) -> Moments:
    mean = sum((size * chance for size, chance in sizes.items()), Fraction(0))
    square = sum((size * size * chance for size, chance in sizes.items()), Fraction(0))
    return float(mean), math.sqrt(square - mean * mean)


def shuffled(row: list[Moments]) -> Moments:
    """Return mean and standard deviation of a share that may be any of the row."""
    mean = sum(m for m, _ in row) / len(row)
    return mean, math.sqrt(sum(s * s + m * m for m, s in row) / len(row) - mean * mean)


def y(value: float) -> float:
    """Return how far down a number of points stands."""
    return TOP + HEIGHT * (HIGHEST - value) / (HIGHEST - LOWEST)


def dot(x: float, moment: Moments, kind: str) -> str:
    """Return a mean with its spread."""
    mean, spread = moment
    shape = (
        f'<circle class="mean" cx="{x:.1f}" cy="{y(mean):.1f}" r="6"/>'
        if kind == "mixed"
        else f'<rect class="mean" x="{x - 5.5:.1f}" y="{y(mean) - 5.5:.1f}" width="11" height="11"/>'
    )
    spread_line = f'<path class="spread" d="M{x:.1f} {y(mean + spread):.1f}V{y(mean - spread):.1f}"/>'
    return f'<g class="{kind}">{spread_line}{shape}</g>'


def picture() -> str:
    """Return the plot."""
    row = moments(POINTS, SHARES)
    mixed = shuffled(row)
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 470" role="img" '
        f'aria-label="Mean share by place for {POINTS} points in {SHARES} shares: unshuffled from {row[0][0]:.2f} to '
        f'{row[-1][0]:.2f}, shuffled {mixed[0]:.2f} everywhere" font-family="system-ui, sans-serif" font-size="14">',
        f"<style>{STYLE}</style>",
        '<rect class="paper" width="960" height="470" rx="12"/>',
        f'<text class="ink" x="{LEFT - 28}" y="38" font-size="17">{POINTS} points in {SHARES} shares: '
        "what each place in the row gets</text>",
        '<g class="plain"><rect class="mean" x="37" y="55" width="11" height="11"/></g>'
        '<text class="soft" x="56" y="65">as drawn: the last get more</text>',
        '<g class="mixed"><circle class="mean" cx="258" cy="60" r="6"/></g>'
        '<text class="soft" x="272" y="65">shuffled: all the same</text>',
        '<text class="soft" x="924" y="65" text-anchor="end">mean and standard deviation, exact</text>',
    ]
    for half in range(int(LOWEST * 2), int(HIGHEST * 2) + 1):
        at = y(half / 2)
        lines.append(f'<path class="grid" d="M{LEFT} {at:.1f}H{LEFT + WIDTH}"/>')
        lines.append(f'<text class="soft" x="{LEFT - 10}" y="{at + 4:.1f}" text-anchor="end">{half / 2:.1f}</text>')
    lines.append(f'<path class="fair" d="M{LEFT} {y(mixed[0]):.1f}H{LEFT + WIDTH}"/>')
    step = WIDTH / SHARES
    for place, moment in enumerate(row):
        x = LEFT + step * (place + 0.5)
        lines += [dot(x - 15, moment, "plain"), dot(x + 15, mixed, "mixed")]
        lines.append(
            f'<text class="ink" x="{x - 15:.1f}" y="{TOP + HEIGHT + 22}" text-anchor="middle">{moment[0]:.2f}</text>'
        )
        lines.append(
            f'<text class="soft" x="{x:.1f}" y="{TOP + HEIGHT + 46}" text-anchor="middle">place {place + 1}</text>'
        )
    return "\n".join([*lines, "</svg>", ""])


if __name__ == "__main__":
    TO.write_text(picture(), encoding="utf-8")
