"""The few words that are drawn on the cards, beside what members typed."""

from __future__ import annotations

from typing import TypeAlias

from xiaoer_red_envelope.fonts import Fonts

Words: TypeAlias = dict[str, str]

CHINESE: Words = {
    "lucky": "拼手气红包",
    "equal": "均分红包",
    "exclusive": "专属红包",
    "password": "口令红包",
    "scheduled": "定时红包",
    "share": "{count} 份",
    "shares": "{count} 份",
    "point": "积分",
    "points": "积分",
    "sent": "送出一个红包",
    "greeting": "恭喜发财，大吉大利",
    "opened": "已领 {opened} / {shares}",
    "empty": "已全部领完",
    "expired": "已过期，余下的已退回",
    "cancelled": "已撤回，积分已退回",
    "luckiest": "手气最佳",
    "nobody": "没有人领取",
    "more": "还有 {count} 人领取",
    "seal_lucky": "福",
    "seal_equal": "同",
    "seal_exclusive": "缘",
    "seal_password": "令",
    "seal_scheduled": "时",
    "seal_empty": "喜",
    "seal_expired": "谢",
    "seal_cancelled": "回",
}

ENGLISH: Words = {
    "lucky": "Lucky split",
    "equal": "Equal shares",
    "exclusive": "For chosen people",
    "password": "Password",
    "scheduled": "Scheduled",
    "share": "{count} share",
    "shares": "{count} shares",
    "point": "point",
    "points": "points",
    "sent": "sent a red envelope",
    "greeting": "Good fortune to all",
    "opened": "{opened} of {shares} opened",
    "empty": "All opened",
    "expired": "Expired, rest returned",
    "cancelled": "Taken back, all points returned",
    "luckiest": "Luckiest hand",
    "nobody": "Nobody opened it",
    "more": "and {count} more",
}
"""Without words for the seal: it is a coin with a square hole then."""


def spoken(locale: str, fonts: Fonts) -> Words:
    """Return the words of a language, or the English ones where its letters cannot be drawn."""
    chinese = locale.lower().split("_")[0].split("-")[0] == "zh"
    return CHINESE if chinese and all(map(fonts.draws, CHINESE.values())) else ENGLISH


def counted(words: Words, shares: int) -> str:
    """Return how many shares there are, in words."""
    return words["share" if shares == 1 else "shares"].format(count=f"{shares:,}")
