"""How people stand in the sandbox's rooms: what they wear, what that opens, and who waits before the door."""

from __future__ import annotations

from xiaoer import Store
from xiaoer_web.badges import Badges
from xiaoer_web.entry import Entry
from xiaoer_web.gates import Gates


class Standing:
    """All of it.

    Args:
        store: keeps it.

    Attributes:
        badges: what people wear.
        gates: what they need to wear.
        entry: who may come in by themselves, and who waits.
    """

    def __init__(self, store: Store) -> None:
        self.badges = Badges(store)
        self.gates = Gates(store, self.badges)
        self.entry = Entry(store)

    async def load(self) -> None:
        """Learn what the database has."""
        await self.badges.load()
        await self.gates.load()
        await self.entry.load()
