"""Draws the sample cards of docs/images: the cover of a red envelope, and who got what.

``python tools/draw_cards.py`` writes them; the extra ``fonts`` must be installed.
"""

from __future__ import annotations

from pathlib import Path

from xiaoer_red_envelope.cards import CoverData, ResultData, cover, result

TO = Path(__file__).parent.parent / "docs" / "images"

COVER: CoverData = {
    "sender": "王小明",
    "greeting": "龙年大吉，万事如意",
    "kind": "lucky",
    "points": 88,
    "shares": 10,
    "locale": "zh",
    "opened": 3,
}
RESULT: ResultData = {
    "sender": "Ming 🍵",
    "greeting": "Good tea, good year",
    "points": 88,
    "shares": 8,
    "hands": [
        ("李雷", 21),
        ("Anna", 17),
        ("韩梅梅", 14),
        ("Jürgen", 12),
        ("مريم", 9),
        ("小二", 8),
        ("נועה", 4),
        ("ก้อง", 3),
    ],
    "more": 0,
    "luckiest": "李雷",
    "locale": "en",
    "state": "empty",
}

if __name__ == "__main__":
    (TO / "envelope-cover.png").write_bytes(cover(COVER))
    (TO / "envelope-result.png").write_bytes(result(RESULT))
