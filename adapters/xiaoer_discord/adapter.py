"""Discord as a platform; discord.py is loaded by its line alone."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel

from xiaoer import Capability, Ids, Limits, LineAdapter
from xiaoer_discord.settings import DiscordSettings


class DiscordAdapter(LineAdapter):
    """The servers of one Discord bot."""

    platform: ClassVar[str] = "discord"
    title: ClassVar[str] = "Discord"
    line: ClassVar[str] = "xiaoer_discord.line:Line"
    settings: ClassVar[type[BaseModel]] = DiscordSettings
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {"direct", "private_answer", "edit", "delete", "pin", "fetch"}
    )
    limits: ClassVar[Limits] = Limits(change_pause=2.0)
    """discord.py keeps to Discord's own limits, which it learns from each answer; changes are only made fewer."""
    ids: ClassVar[Ids] = Ids(
        space=r"\d{15,20}", chat=r"\d{15,20}/\d{15,20}", account=r"\d{15,20}", example="discord:81384788765712384"
    )
