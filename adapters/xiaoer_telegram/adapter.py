"""Telegram as a platform; aiogram is loaded by its line alone."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel

from xiaoer import Answer, Capability, Edit, Ids, Limits, LineAdapter, Request, Send
from xiaoer_telegram.settings import TelegramSettings


class TelegramAdapter(LineAdapter):
    """The groups of one Telegram bot."""

    platform: ClassVar[str] = "telegram"
    title: ClassVar[str] = "Telegram"
    line: ClassVar[str] = "xiaoer_telegram.line:Line"
    settings: ClassVar[type[BaseModel]] = TelegramSettings
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            "only_to",
            "direct",
            "private_answer",
            "edit",
            "delete",
            "pin",
            "invite",
            "fetch",
            "badge",
            "join_request",
            "remove",
        }
    )
    limits: ClassVar[Limits] = Limits(per_second=29.7, chat_pause=1.0, group_per_minute=20, change_pause=6.0)
    """30 messages a second, one a second to a chat, 20 a minute to a group (Bot FAQ, My bot is hitting limits).

    A little less than 30, because what is sent at even times arrives at uneven ones.
    """
    ids: ClassVar[Ids] = Ids(
        space=r"-\d{1,19}",
        chat=r"-\d{1,19}(/\d{1,19})?",
        account=r"-?\d{1,19}",
        example="telegram:-1001234567890",
    )

    def is_group(self, chat: str) -> bool:
        """Return whether a chat is a group; private chats have positive ids."""
        return chat.startswith("telegram:-")

    def is_paced(self, request: Request) -> bool:
        """Return whether a request posts or changes a message; what is shown over the chat for a press does neither."""
        if isinstance(request, Answer):
            return not (request.private and request.handle.startswith("q"))
        return isinstance(request, Send | Edit)
