"""Updates as Telegram's JSON has them, and a view of a town for translating them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import aiogram.types

from xiaoer import AnyEvent
from xiaoer_telegram.translate import translate
from xiaoer_telegram.updates import Chat, read
from xiaoer_telegram.view import Place

Json = dict[str, Any]
BOT = 42
GROUP: Json = {"id": -1001, "type": "supergroup", "title": "Town"}
MOVED: Json = {"id": -1005, "type": "supergroup", "title": "Town"}
ANN: Json = {"id": 5, "is_bot": False, "first_name": "Ann", "last_name": "Li", "language_code": "zh-hans"}
BEN: Json = {"id": 6, "is_bot": False, "first_name": "Ben"}
PRIVATE: Json = {"id": 5, "type": "private", "first_name": "Ann"}
WHEN = 1_772_409_600
AT = datetime.fromtimestamp(WHEN, UTC)


class Town:
    """What is known: one group, which has had two ids, its admin Ben, two commands.

    Args:
        leads: whether the bot is an admin.
    """

    def __init__(self, *, leads: bool = True) -> None:
        self.bot, self.username = BOT, "xiaoer_bot"
        self._leads = leads

    def place(self, chat: Chat, topic: int | None, button: str = "") -> Place | None:
        """Return where a chat is."""
        if chat.type == "private":
            return Place("telegram:-1001", f"telegram:{chat.id}", private=True)
        if chat.id not in (GROUP["id"], MOVED["id"]):
            return None
        return Place("telegram:-1001", "telegram:-1001" if topic is None else f"telegram:-1001/{topic}")

    def role(self, space: str, user: int) -> str:
        """Return what somebody is."""
        return "administrator" if user == 6 else ""

    def administers(self, space: str) -> bool:
        """Return whether the bot is an admin."""
        return self._leads

    def command(self, space: str, word: str) -> str | None:
        """Return a known command."""
        return {"rules": "rules", "rules_set": "rules set"}.get(word)

    def now(self) -> datetime:
        """Return the moment."""
        return AT


def tell(kind: str, payload: Json, *, leads: bool = True) -> list[AnyEvent]:
    """Return what an update of a kind tells."""
    raw = {"update_id": 9, kind: payload}
    aiogram.types.Update.model_validate(raw)  # an independent description of what Telegram sends
    return translate(read(raw), Town(leads=leads))


def message(**fields: Any) -> Json:
    """Return a message that Ann wrote in the group; ``sender`` stands for ``from``."""
    found = {"message_id": 17, "date": WHEN, "chat": GROUP, "from": ANN} | fields
    if "sender" in found:
        found["from"] = found.pop("sender")
    return found


def said(**fields: Any) -> list[AnyEvent]:
    """Return what a new message tells."""
    return tell("message", message(**fields))
