"""What Discord's errors mean for an action."""

from __future__ import annotations

import aiohttp
import discord

from xiaoer import DeliveryError, Gone, Hopeless, NotPrivately, TryLater, Unclear, Unreachable

RESTING = 60.0
"""Seconds to wait when the token is not accepted, or when Discord's outer wall turns us away."""

UNREACHABLE = 2.0
"""Seconds to wait when no connection could be made."""

# Discord docs, JSON Error Codes
UNKNOWN_MESSAGE = 10008
UNKNOWN_INVITE = 10006
UNKNOWN_CHANNEL, UNKNOWN_OVERWRITE, UNKNOWN_ROLE = 10003, 10009, 10011
NOT_THERE = (10007, 10013)
"""Codes of somebody who is no member, or nobody at all: UNKNOWN_MEMBER and UNKNOWN_USER."""
FULL_OF_ROLES = 30005
MISSING_ACCESS = 50001
UNKNOWN_INTERACTION = 10062
UNKNOWN_WEBHOOK = 10015
NO_REPLY = 160002
"""The code of a reply in a channel whose history the bot may not read."""
NOBODY_HOME = frozenset({50007, 50278})
"""Codes of a person who takes no private messages from this bot."""
INVALID_TOKEN = 50027
MISSING_PERMISSIONS, TOO_LARGE = 50013, 40005
NO_FILES = frozenset({MISSING_PERMISSIONS, TOO_LARGE})
"""Codes of a message that might be taken without its file."""
ANSWERED = 40060
TOO_LATE = frozenset({UNKNOWN_INTERACTION, UNKNOWN_WEBHOOK, INVALID_TOKEN})
"""Codes of an interaction that cannot be answered any more."""

Failure = discord.HTTPException | discord.RateLimited | aiohttp.ClientError | OSError | TimeoutError
FAILURES = (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError, TimeoutError)
"""What a request to Discord may end with."""

UNREADABLE = (LookupError, TypeError, ValueError, AttributeError)
"""What discord.py ends with when it is told JSON that is not as it knows it."""


def fault(error: Failure) -> DeliveryError:
    """Return what an error means: wait, give up, or nobody knows."""
    match error:
        case discord.RateLimited():
            return TryLater(error.retry_after, "Discord asks to wait")
        case discord.HTTPException(status=429):
            return TryLater(RESTING, "Discord turns every request away")  # no Via: Cloudflare
        case discord.HTTPException(status=401):
            return TryLater(RESTING, "Discord does not accept the token")
        case discord.DiscordServerError():
            return Unclear(f"Discord failed: {error.status}")
        case discord.HTTPException(code=10008):  # UNKNOWN_MESSAGE
            return Gone(_words(error))
        case discord.HTTPException():
            return NotPrivately(_words(error)) if error.code in NOBODY_HOME else Hopeless(_words(error))
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return Unreachable(UNREACHABLE, "Discord cannot be reached")  # nothing was sent
        case _:
            return Unclear(f"the connection broke: {type(error).__name__}")


def _words(error: discord.HTTPException) -> str:
    first = error.text.splitlines()[0] if error.text else f"HTTP {error.status}"
    return f"{first} ({error.code})" if error.code else first


def has_code(error: Exception, *codes: int) -> bool:
    """Return whether Discord refused with one of these codes."""
    return isinstance(error, discord.HTTPException) and error.code in codes
