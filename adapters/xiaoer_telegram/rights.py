"""Rights that the bot lacks in a group: its admins hear of each once, and again when it was there in between."""

from __future__ import annotations

from xiaoer import Host, NotPermitted
from xiaoer_telegram.chats import Chats


class Rights:
    """Which missing rights the admins have heard of.

    Args:
        host: the core.
        chats: what is known of the groups.
    """

    def __init__(self, host: Host, chats: Chats) -> None:
        self._host = host
        self._chats = chats
        self._told: set[tuple[str, str]] = set()

    def missing(self, chat: str, key: str, right: str) -> NotPermitted:
        """Tell the admins that a right is missing, unless they know, and return the error that says so.

        Args:
            chat: the group, or a topic of it.
            key: the text for the admins.
            right: what the right is called, for the log.
        """
        space = chat.partition("/")[0]
        if (space, key) not in self._told:
            self._told.add((space, key))
            self._host.report(key, self._chats.community(space), chat=space)
        return NotPermitted(f"the bot needs the right “{right}” in this group")

    def there(self, chat: str, key: str) -> None:
        """Hear that the right was there, so that the admins are told when it is missing again."""
        self._told.discard((chat.partition("/")[0], key))
