"""What Telegram's errors mean for an action."""

from __future__ import annotations

import aiohttp
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)

from xiaoer import DeliveryError, Gone, Hopeless, TryLater, Unclear, Unreachable

RESTING = 60.0
"""Seconds to wait when the token is not accepted; the operator has to act first."""

UNREACHABLE = 2.0
"""Seconds to wait when no connection could be made."""

FLOODED = 5.0
"""Seconds to wait when Telegram has too much to do and does not say how long."""

UNCHANGED = ("message is not modified", "CHAT_NOT_MODIFIED")
GONE = "message to delete not found"
NO_TEXT = "there is no text in the message to edit"
BAD_FILE = ("wrong remote file identifier", "wrong file identifier")
TOO_BIG = "file is too big"
NO_FILE = ("wrong file_id", "invalid file_id")
MISSING = ("message to edit not found", "message to pin not found")
NO_RIGHT = ("not enough rights", "CHAT_ADMIN_REQUIRED", "TAG_CHANGE_FORBIDDEN", "member list is inaccessible")
OF_ADMIN = ("CHAT_CREATOR_REQUIRED", "user is an administrator of the chat", "can't remove chat owner")
ABSENT = ("USER_NOT_PARTICIPANT", "PARTICIPANT_ID_INVALID", "member not found", "user not found", "invalid user_id")
DECIDED = ("HIDE_REQUESTER_MISSING", "USER_ALREADY_PARTICIPANT", "user is deactivated", "invalid user_id")
FOR_SUPERGROUPS = "method is available for supergroup"
DEAD_LINK = "INVITE_HASH_EXPIRED"
FLOOD = "Too Many Requests"

FAULTS = (TelegramAPIError, ClientDecodeError)
"""Everything that a call of aiogram fails with."""


def fault(error: TelegramAPIError | ClientDecodeError) -> DeliveryError:
    """Return what an error of aiogram means: wait, give up, or nobody knows.

    The words are Telegram's own, never those of the HTTP library, which name addresses and with them the token.
    """
    match error:
        case TelegramRetryAfter():
            return TryLater(float(error.retry_after), f"Telegram asks to wait {error.retry_after} s")
        case TelegramUnauthorizedError():
            return Unreachable(RESTING, "Telegram does not accept the token")
        case TelegramBadRequest() if any(words in error.message for words in MISSING):
            return Gone(error.message)
        case TelegramBadRequest() | TelegramForbiddenError() | TelegramNotFound() | TelegramConflictError():
            return Hopeless(error.message)
        case TelegramMigrateToChat() | TelegramEntityTooLarge():
            return Hopeless(error.message)
        case TelegramNetworkError():
            if isinstance(error.__cause__, aiohttp.ClientConnectorError):
                return Unreachable(UNREACHABLE, "Telegram cannot be reached")  # nothing was sent
            return Unclear(f"the connection broke: {type(error.__cause__).__name__}")
        case TelegramServerError():
            return Unclear(error.message)
        case ClientDecodeError():
            return Unclear("Telegram's answer could not be read")
        case _:
            return TryLater(FLOODED, error.message) if FLOOD in error.message else Unclear(error.message)


def is_unchanged(error: Exception) -> bool:
    """Return whether a message already looks as it should."""
    return _says(error, *UNCHANGED)


def is_gone(error: Exception) -> bool:
    """Return whether a message that should be deleted is not there any more."""
    return isinstance(error, TelegramBadRequest) and GONE in error.message


def has_no_text(error: Exception) -> bool:
    """Return whether a message has a caption where its text should be changed, because it is a photo."""
    return isinstance(error, TelegramBadRequest) and NO_TEXT in error.message


def has_bad_file(error: Exception) -> bool:
    """Return whether a file cannot be named by the id that Telegram gave it once."""
    return isinstance(error, TelegramBadRequest) and any(words in error.message for words in BAD_FILE)


def lacks_right(error: Exception) -> bool:
    """Return whether the bot lacks the right that a method needs; which one that is the Bot API says of the method."""
    return _says(error, *NO_RIGHT)


def is_about_admin(error: Exception) -> bool:
    """Return whether Telegram lets no bot do that to an admin or the owner (tdlib/telegram-bot-api, issue 838)."""
    return _says(error, *OF_ADMIN)


def is_absent(error: Exception) -> bool:
    """Return whether somebody is not in the group, or is nobody."""
    return _says(error, *ABSENT)


def is_decided(error: Exception) -> bool:
    """Return whether a join request waits no more: decided by somebody, taken back, or of an account that is gone."""
    return _says(error, *DECIDED)


def is_for_supergroups(error: Exception) -> bool:
    """Return whether there is no such thing in groups that are no supergroups."""
    return _says(error, FOR_SUPERGROUPS)


def is_dead_link(error: Exception) -> bool:
    """Return whether an invite link lets nobody in any more, or never did."""
    return isinstance(error, TelegramBadRequest) and DEAD_LINK in error.message


def is_too_big(error: Exception) -> bool:
    """Return whether Telegram hands out no file that is so large (Bot API, getFile: 20 MB)."""
    return isinstance(error, TelegramBadRequest) and TOO_BIG in error.message


def is_no_file(error: Exception) -> bool:
    """Return whether Telegram has no such file, or not now."""
    return isinstance(error, TelegramBadRequest) and any(words in error.message for words in NO_FILE)


def is_refused(error: Exception) -> bool:
    """Return whether Telegram will not do it in this way, so that another way may be tried."""
    return isinstance(error, TelegramBadRequest | TelegramForbiddenError)


def _says(error: Exception, *words: str) -> bool:
    return is_refused(error) and any(some in str(getattr(error, "message", "")) for some in words)
