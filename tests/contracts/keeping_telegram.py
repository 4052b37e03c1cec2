"""Telegram as a door: a group whose bot may set tags, let people in and send them out."""

from __future__ import annotations

import pytest
from tests.contracts.keeping import Keep
from tests.contracts.telegram_stage import TelegramStage
from tests.simulators.telegram.world import HERE


class TelegramKeep(TelegramStage, Keep):
    """A supergroup, as its list of members and people's private chats say."""

    async def open(self) -> None:
        """Start the Bot API, and give the bot all rights that it needs."""
        await super().open()
        self.group.rights |= {"can_manage_tags": True, "can_restrict_members": True}

    async def ask_in(self, name: str) -> None:
        """Click on a link that asks."""
        link = self.api.links.make(self.group, self.person("Usher"), asks=True)
        self.api.keeping.ask(self.person(name), link.address)

    def inside(self, name: str) -> bool:
        """Read the list of members."""
        return self.group.members.get(self.person(name).id) in HERE

    def worn(self, name: str) -> list[str]:
        """Read the tag beside the name."""
        tag = self.group.member(self.person(name)).get("tag")
        return [tag] if tag else []

    async def strip(self, name: str) -> None:
        """Let somebody take their tag."""
        self.api.keeping.tag(self.group, self.person(name), "", by=self.person("Usher"))

    def told(self, name: str) -> list[str]:
        """Read the private chat with the bot."""
        return [message.text for message in self.api.private(self.person(name))]

    async def sees(self, name: str, chat: str) -> bool:
        """Leave it out: whoever is in a group sees all of it."""
        pytest.skip(f"Telegram shows {chat} to everybody in its group, {name} too")
