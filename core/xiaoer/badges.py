"""Badges: what somebody wears beside their name in a space, or carries unseen to be let in somewhere."""

from __future__ import annotations

import msgspec


class Badge(msgspec.Struct, frozen=True):
    """One kind of badge as one person wears it.

    Args:
        kind: the plugin's name for it, the same for all who wear it. Discord gives each kind a role of its own.
        name: what the kind is called, plain text; what is too long for a platform is cut.
        tag: this person's few words of it, for instance ``创始·07``. Telegram shows those of the first badge that has
            any, without emoji and cut to 16 characters. Empty for what is not seen there.
        colour: red, green and blue in 24 bits; None for none.
        order: kinds of lower order stand above others of the same plugin.
    """

    kind: str
    name: str
    tag: str = ""
    colour: int | None = None
    order: int = 0
