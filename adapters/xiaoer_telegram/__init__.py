"""The Telegram adapter: groups, topics and private chats of one bot."""

from xiaoer_telegram.adapter import TelegramAdapter
from xiaoer_telegram.settings import TelegramSettings

__all__ = ["TelegramAdapter", "TelegramSettings"]
