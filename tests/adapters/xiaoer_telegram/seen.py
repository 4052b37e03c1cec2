"""People in a town, and what each of them sees of the bot."""

from __future__ import annotations

from tests.adapters.xiaoer_telegram.town import Town


def to(town: Town, name: str) -> str:
    """Return somebody's account."""
    return f"telegram:{town.account(name)}"


def in_group(town: Town, name: str) -> list[str]:
    """Return what somebody sees of the bot in the group."""
    return [message.text for message in town.api.said(town.group, town.person(name))]


def in_private(town: Town, name: str) -> list[str]:
    """Return what the bot wrote to somebody in private."""
    return [message.text for message in town.api.private(town.person(name))]
