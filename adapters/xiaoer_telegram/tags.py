"""The few words that Telegram shows beside a member's name: pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from xiaoer import Badge
from xiaoer_telegram.view import clean

LONGEST = 16
"""Characters of a tag (Bot API, setChatMemberTag); counted in UTF-16, as Telegram's clients do before they send one."""

_PLAIN = (
    "©®‼⁉™ℹ↔-↙↩↪⌚⌛⌨⏏⏩-⏳⏸-⏺Ⓜ▪▫▶◀◻-◾☀-☄☎☑☔☕☘☝☠☢☣☦☪☮☯☸-☺♀♂♈-♓♟♠♣♥♦♨♻♾♿⚒-⚗⚙⚛⚜⚠⚡⚧⚪⚫⚰⚱⚽⚾"
    "⛄⛅⛈⛎⛏⛑⛓⛔⛩⛪⛰-⛵⛷-⛺⛽✂✅✈-✍✏✒✔✖✝✡✨✳✴❄❇❌❎❓-❕❗❣❤➕-➗➡➰➿⤴⤵⬅-⬇⬛⬜⭐⭕〰〽㊗㊙"
)
_EMOJI = re.compile(
    f"[{_PLAIN}\U0001f000-\U0001faff\U000e0020-\U000e007f\ufe0f\u20e3]"  # flags are spelt, keycaps and colours put on
    f"(?:\u200d(?=[{_PLAIN}\U0001f000-\U0001faff]))?"
)
"""Characters with the property Emoji (Unicode, emoji-data.txt) but digits, ``#`` and ``*``, and what joins them."""


class Given(NamedTuple):
    """A plugin's tag for somebody."""

    plugin: str
    tag: str


def shown(given: Sequence[Given], plugin: str, tag: str) -> str:
    """Return the one tag that is shown when a plugin wants its tag to be another: the one that was given last.

    Args:
        given: the tags of all plugins until now, the last one first; none is empty.
        plugin: who wants it.
        tag: its tag from now on; empty for none.
    """
    if tag and Given(plugin, tag) not in given:
        return tag
    return next((one.tag for one in given if tag or one.plugin != plugin), "")


def tag_of(badges: Iterable[Badge]) -> str:
    """Return what Telegram shows of somebody's badges: the first tag that there is, without emoji and not too long.

    Args:
        badges: the most important one first.
    """
    found = (_fitting(badge.tag) for badge in badges)
    return next((tag for tag in found if tag), "")


def _fitting(tag: str) -> str:
    words = " ".join(_EMOJI.sub("", clean(tag)).split())
    return words.encode("utf-16-le")[: 2 * LONGEST].decode("utf-16-le", "ignore").strip()
