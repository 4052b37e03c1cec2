"""What messages of Telegram carry: their kind, and the files that hang on them."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec

from xiaoer import Attachment, MessageKind
from xiaoer_telegram.updates import Message
from xiaoer_telegram.view import clean

KINDS: dict[str, MessageKind] = {
    "text": "text",
    "photo": "photo",
    "live_photo": "photo",
    "video": "video",
    "video_note": "video",
    "animation": "video",
    "voice": "voice",
    "audio": "audio",
    "sticker": "sticker",
    "document": "file",
    "poll": "poll",
    "location": "location",
    "venue": "location",
    "contact": "other",
    "dice": "other",
    "game": "other",
    "story": "other",
    "paid_media": "other",
    "checklist": "other",
    "rich_message": "other",
    "giveaway": "other",
    "invoice": "other",
}
"""What a message carries, by the field that Telegram puts it in (Bot API, Message); others are service messages."""

FILES = {
    "photo": "image/jpeg",
    "animation": "video/mp4",
    "video": "video/mp4",
    "video_note": "video/mp4",
    "voice": "audio/ogg",
    "audio": "audio/mpeg",
    "sticker": "image/webp",
    "document": "",
}
"""The fields that hold files, and what each is where nothing says it (Bot API, Message).

An animation is told as a document too, so it comes first.
"""


class _File(msgspec.Struct):
    """What is read of Bot API, PhotoSize, Animation, Video, VideoNote, Voice, Audio, Sticker and Document."""

    file_id: str
    file_name: str = ""
    mime_type: str = ""
    file_size: int | None = None


def kind_of(message: Message) -> MessageKind | None:
    """Return what a message carries; None for service messages."""
    for field, kind in KINDS.items():
        if getattr(message, field):
            return "forward" if message.forward_origin is not None else kind
    return None


def attachments_in(fields: dict[str, Any]) -> tuple[Attachment, ...]:
    """Return the file in the fields of a message, if there is one; of a photo its largest size, which comes last."""
    for field, mime in FILES.items():
        given = fields.get(field)
        if not given:
            continue
        with contextlib.suppress(msgspec.ValidationError):
            file = msgspec.convert(given[-1] if isinstance(given, list) else given, _File)
            name, said = clean(file.file_name), clean(file.mime_type) or mime
            return (Attachment(KINDS[field], name, said, file.file_size, file.file_id),)
    return ()
