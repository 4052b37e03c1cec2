"""What an operator can set about Discord; nothing here loads discord.py."""

from __future__ import annotations

from pydantic import Field

from xiaoer import Settings

HTTP = r"^https?://[^\s/]+(/[^\s]*[^\s/])?$"
WEBSOCKET = r"^wss?://[^\s/]+(/[^\s]*[^\s/])?/?$"


class DiscordSettings(Settings):
    """``[adapters.discord]``: one bot."""

    token_env: str = Field(
        default="DISCORD_TOKEN",
        description="The environment variable that holds the bot's token from the developer portal.",
    )
    rest_base: str = Field(
        default="https://discord.com/api/v10", pattern=HTTP, description="Discord's REST API: its own, or your proxy."
    )
    gateway_url: str = Field(
        default="wss://gateway.discord.gg/", pattern=WEBSOCKET, description="Discord's gateway: its own, or your proxy."
    )
    marker_roles: bool = Field(
        default=False,
        description="Whether each invite of the bot grants a role of its own, which tells for sure who used it.",
    )
    cdn_base: str = Field(
        default="https://cdn.discordapp.com", pattern=HTTP, description="Where pictures and files come from."
    )
