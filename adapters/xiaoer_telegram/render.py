"""From contents to what Telegram shows: pure functions.

Text goes with entities (Bot API, MessageEntity) and without a parse mode, so nothing that anybody typed is markup.
"""

from __future__ import annotations

from typing import NamedTuple

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity, User

from xiaoer import Bold, Content, Link, Mention, Part
from xiaoer_telegram.media import Media, media_of
from xiaoer_telegram.view import clean

LIMIT = 4096
"""Units of UTF-16 that a message holds (Bot API, sendMessage.text)."""

CAPTION_LIMIT = 1024
"""Units of UTF-16 that stand under a picture (Bot API, sendPhoto.caption)."""

ALERT_LIMIT = 200
"""Units of UTF-16 that the answer to a pressed button holds (Bot API, answerCallbackQuery.text); it says characters."""


class Rendered(NamedTuple):
    """A content as Telegram takes it.

    Args:
        text: what it says; with a picture or a file it may be empty.
        entities: what parts of the text are.
        keyboard: its buttons.
        media: its picture or file; None for none.
    """

    text: str
    entities: list[MessageEntity]
    keyboard: InlineKeyboardMarkup | None
    media: Media | None = None

    @property
    def bare(self) -> Rendered:
        """It without its picture or file, for which its alternative text stands where there is no other."""
        alt = shortened(clean(self.media.alt), LIMIT) if self.media is not None else ""
        return Rendered(self.text or alt or "…", self.entities, self.keyboard)


def render(content: Content) -> Rendered:
    """Return a content as Telegram takes it; what is too long is cut and ends with an ellipsis.

    A picture or a file is left out where more is said than stands under one.
    """
    bare, media = _rendered(content, LIMIT), media_of(content)
    if media is None or width(bare.text) > CAPTION_LIMIT:
        return bare
    text = bare.text if content.plain.strip() else ""
    return Rendered(text, bare.entities if text else [], bare.keyboard, media)


def captioned(content: Content) -> Rendered:
    """Return what a content says as it may stand under a picture that is there already."""
    return _rendered(content, CAPTION_LIMIT)


def _rendered(content: Content, limit: int) -> Rendered:
    parts = [(part, clean(_words(part))) for part in content.text]
    whole = sum(width(words) for _, words in parts)
    text, entities, room = "", list[MessageEntity](), limit if whole <= limit else limit - 1
    for part, words in parts:
        shown = cut(words, room)
        entity = _entity(part, width(text), width(shown))
        if entity is not None and shown:
            entities.append(entity)
        text += shown
        room -= width(shown)
        if shown != words:
            break
    if whole > limit:
        text += "…"
    return Rendered(text, entities, _keyboard(content)) if text.strip() else Rendered("…", [], _keyboard(content))


def width(text: str) -> int:
    """Return how many units of UTF-16 a text takes; Telegram counts in them."""
    return len(text) + sum(letter > "\uffff" for letter in text)


def cut(text: str, room: int) -> str:
    """Return as much of a text as fits into so many units, without halves of characters."""
    if width(text) <= room:
        return text
    kept = text.encode("utf-16-le")[: 2 * room]
    return kept.decode("utf-16-le", "ignore")


def shortened(text: str, room: int) -> str:
    """Return a text that fits into so many units, with an ellipsis where it had to be cut."""
    return text if width(text) <= room else f"{cut(text, room - 1)}…"


def _words(part: Part) -> str:
    if isinstance(part, str):
        return part
    return part.name if isinstance(part, Mention) else part.text


def _entity(part: Part, offset: int, length: int) -> MessageEntity | None:
    if isinstance(part, Bold):
        return MessageEntity(type="bold", offset=offset, length=length)
    if isinstance(part, Link):
        return MessageEntity(type="text_link", offset=offset, length=length, url=part.url)
    if isinstance(part, Mention):
        platform, _, user = part.account.partition(":")
        if platform == "telegram" and user.isdecimal():
            named = User(id=int(user), is_bot=False, first_name=clean(part.name) or "?")
            return MessageEntity(type="text_mention", offset=offset, length=length, user=named)
    return None


def _keyboard(content: Content) -> InlineKeyboardMarkup | None:
    rows = [
        [InlineKeyboardButton(text=clean(button.label), callback_data=button.id) for button in row]
        for row in content.buttons
    ]
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None
