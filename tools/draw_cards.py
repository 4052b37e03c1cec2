"""Draws the samples of docs/images: red envelopes, the broadcaster's calendar, who came by whom and how, a certificate.

``python tools/draw_cards.py`` writes them; the extra ``fonts`` must be installed.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from xiaoer_broadcaster.sheet import calendar
from xiaoer_red_envelope.cards import CoverData, ResultData, cover, result
from xiaoer_referral.drawing import growth, tree
from xiaoer_tier_badges.certificate import CertificateData, certificate

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

PLANNED = {
    (0, 2): "12 龙井开采 Spring tea",
    (2, 1): "7 茶具 Tea ware",
    (5, 2): "15 周末茶会 Tea party",
    (9, 0): "3 新店 New shop",
}
TURNS = ("1 早上好 Good morning", "4 本周一茶 Tea of the week", "9 今晚茶话 Evening talk")


def agenda() -> dict[str, Any]:
    """Return the data of a sample calendar."""
    rows: list[dict[str, Any]] = []
    for n in range(14):
        day = date(2026, 11, 30) + timedelta(days=n)
        cells = [
            [PLANNED.get((n, slot)) or (TURNS[slot] if slot != 1 or n % 7 == 3 else ""), (n, slot) in PLANNED]
            for slot in range(3)
        ]
        rows.append(
            {"day": f"{day:%m-%d} 周{'一二三四五六日'[day.weekday()]}", "rest": day.weekday() >= 5, "cells": cells}
        )
    slots = ["morning", "noon", "evening"]
    return {"title": "小二茶馆 · 接下来两周", "planned": "已排定", "next": "按顺序轮到", "slots": slots, "rows": rows}


FAMILY = [
    [0, "王小明", "+6"],
    [1, "Anna", "+3"],
    [2, "李雷", ""],
    [2, "韩梅梅", "+1"],
    [3, "Jürgen", ""],
    [1, "小二", "+1"],
    [2, "Ming", ""],
    [0, "Carla", "+1"],
    [1, "阿强", ""],
]
WAYS = ["别人的链接", "手动拉入", "活动", "公开链接", "直接进来", "不清楚"]
DAYS = [4, 6, 5, 9, 7, 12, 8, 5, 10, 9, 6, 3, 4, 4]


def sources() -> dict[str, Any]:
    """Return the data of a sample of how people came."""
    numbers = [[many, int(n in (2, 9)) * 4, 0, n % 4 + 1, n % 3 // 2, n % 5 // 2] for n, many in enumerate(DAYS)]
    kinds = [f"{way} {sum(column)}" for way, column in zip(WAYS, zip(*numbers, strict=True), strict=True)]
    title = f"大家是怎么来的：{len(DAYS)} 天 {sum(map(sum, numbers))} 人"
    return {"title": title, "kinds": kinds, "bars": [[f"11-{17 + n:02}", row] for n, row in enumerate(numbers)]}


CERTIFICATE: CertificateData = {
    "community": "小二茶馆 Teahouse",
    "name": "王小明",
    "track": ("城市", "City"),
    "subject": ("杭州", "Hangzhou"),
    "rank": ("创始", "Founding"),
    "number": 7,
    "colour": 0xC9A227,
    "since": "2026-11-25",
    "locale": "zh",
}


if __name__ == "__main__":
    (TO / "envelope-cover.png").write_bytes(cover(COVER))
    (TO / "envelope-result.png").write_bytes(result(RESULT))
    (TO / "calendar.png").write_bytes(calendar(agenda()))
    (TO / "referral-tree.png").write_bytes(tree({"title": "谁带来了谁", "more": "还有 14 个", "lines": FAMILY}))
    (TO / "referral-sources.png").write_bytes(growth(sources()))
    (TO / "certificate.png").write_bytes(certificate(CERTIFICATE))
