"""Discord as a platform; discord.py is loaded by its line alone."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel

from xiaoer import Answer, Capability, Ids, Limits, LineAdapter, Request
from xiaoer_discord.settings import DiscordSettings


class DiscordAdapter(LineAdapter):
    """The servers of one Discord bot."""

    platform: ClassVar[str] = "discord"
    title: ClassVar[str] = "Discord"
    line: ClassVar[str] = "xiaoer_discord.line:Line"
    settings: ClassVar[type[BaseModel]] = DiscordSettings
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {"direct", "private_answer", "edit", "delete", "pin", "invite", "fetch", "badge", "gate", "remove"}
    )
    limits: ClassVar[Limits] = Limits(per_second=45.0, change_pause=2.0)
    """discord.py keeps to the limits of each channel, which it learns from each answer; changes are only made fewer.

    It does not keep to 50 requests a second over all (Discord docs, Rate Limits: Global Rate Limit). Some of those are
    left for what is no message.
    """
    ids: ClassVar[Ids] = Ids(
        space=r"\d{15,20}", chat=r"\d{15,20}/\d{15,20}", account=r"\d{15,20}", example="discord:81384788765712384"
    )

    def is_paced(self, request: Request) -> bool:
        """Return whether a request counts over all; those of interactions do not (Discord docs, Rate Limits)."""
        return not isinstance(request, Answer)
