"""The Discord adapter: servers of one bot, which Discord itself calls guilds."""

from xiaoer_discord.adapter import DiscordAdapter
from xiaoer_discord.settings import DiscordSettings

__all__ = ["DiscordAdapter", "DiscordSettings"]
