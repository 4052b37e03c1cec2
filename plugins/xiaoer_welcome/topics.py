"""Which topics a text touches: pure rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def touched(text: str, topics: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the topics that a text touches, in the order in which they were written.

    A topic is touched when its own name or one of its words stands in the text; capitals make no difference.

    Args:
        text: what somebody would write.
        topics: each with the words by which it is known.
    """
    folded = text.casefold()
    return [
        topic for topic, words in topics.items() if any(word and word.casefold() in folded for word in (topic, *words))
    ]
