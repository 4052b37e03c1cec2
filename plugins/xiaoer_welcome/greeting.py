"""How newcomers are greeted: pure rules."""

from __future__ import annotations

import string
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from xiaoer import Part, Text

Received: TypeAlias = Literal["alone", "together", "silently"]

MINUTE = timedelta(minutes=1)
NAME_LIMIT = 32
"""Characters of a name that a greeting shows."""

PLACEHOLDERS = ("name", "community")
"""What a community's own greeting may name."""


def receive(
    now: datetime, last_welcome: datetime | None, joined_before: int, *, burst: int, again_after: timedelta
) -> Received:
    """Decide how somebody who joins is received.

    Args:
        now: when they join.
        last_welcome: when this person was last welcomed, if ever.
        joined_before: how many others joined during the minute before.
        burst: so many joins a minute are still greeted one by one.
        again_after: who comes back sooner is not greeted again.
    """
    if last_welcome is not None and now - last_welcome < again_after:
        return "silently"
    return "alone" if joined_before < burst else "together"


def unknown_placeholder(template: str) -> str | None:
    """Return what is wrong with a community's own greeting: the first placeholder that is not known, or None."""
    try:
        for _, field, spec, conversion in string.Formatter().parse(template):
            if field is not None and (field not in PLACEHOLDERS or spec or conversion):
                return f"{{{field}}}"
    except ValueError:
        return "{"
    return None


def filled(template: str, name: Part, community: str) -> Text:
    """Return a community's own greeting with its placeholders filled.

    Args:
        template: a text in which :func:`unknown_placeholder` finds nothing.
        name: the newcomer.
        community: its name.
    """
    values: dict[str, Part] = {"name": name, "community": community}
    parts: list[Part] = []
    for literal, field, _, _ in string.Formatter().parse(template):
        if literal:
            parts.append(literal)
        if field is not None:
            parts.append(values[field])
    return tuple(parts)
