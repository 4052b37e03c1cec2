"""Pictures and files of messages, as Telegram takes them: each kind by a method of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec
from aiogram.types import (
    BufferedInputFile,
    InputMediaAnimation,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaVideo,
    MessageEntity,
)

from xiaoer import Content
from xiaoer_telegram.wire import PostAnimation, PostDocument, PostMedia, PostPhoto, PostVideo

Kind: TypeAlias = Literal["photo", "animation", "video", "document"]

KINDS: dict[str, Kind] = {
    "image/png": "photo",
    "image/jpeg": "photo",
    "image/webp": "photo",
    "image/gif": "animation",
    "video/mp4": "video",
}
"""As what a file is sent, by its content; all others as documents (Bot API, sendPhoto, sendAnimation, sendVideo)."""

METHODS: Mapping[Kind, type[PostMedia]] = {
    "photo": PostPhoto,
    "animation": PostAnimation,
    "video": PostVideo,
    "document": PostDocument,
}
INPUTS: Mapping[Kind, type[InputMedia]] = {
    "photo": InputMediaPhoto,
    "animation": InputMediaAnimation,
    "video": InputMediaVideo,
    "document": InputMediaDocument,
}
InputMedia: TypeAlias = InputMediaPhoto | InputMediaAnimation | InputMediaVideo | InputMediaDocument


class _File(msgspec.Struct):
    """What is read of a file that was sent."""

    file_id: str


class Media(NamedTuple):
    """A picture or a file.

    Args:
        kind: as what it is sent.
        data: its bytes.
        name: what it is called; photos have no names.
        alt: what it says.
    """

    kind: Kind
    data: bytes
    name: str
    alt: str

    @property
    def mark(self) -> str:
        """What is the same for what is uploaded once only."""
        return f"{self.kind} {self.name if self.kind == 'document' else ''} {hashlib.sha256(self.data).hexdigest()}"

    @property
    def plain(self) -> Media | None:
        """It as a document, which Telegram takes of any content; None if it is one, or was drawn as a picture."""
        return self._replace(kind="document") if self.kind != "document" and self.name else None

    def upload(self) -> BufferedInputFile:
        """Return it as it is uploaded."""
        return BufferedInputFile(self.data, self.name or "picture.png")

    def post(self, file: BufferedInputFile | str, **parameters: Any) -> PostMedia:
        """Return what sends it."""
        whole: dict[str, Any] = {self.kind: file, **parameters}
        return METHODS[self.kind](**whole)

    def change(self, file: BufferedInputFile | str, caption: str | None, entities: list[MessageEntity]) -> InputMedia:
        """Return what a message is made to show, with the words under it."""
        return INPUTS[self.kind](media=file, caption=caption, caption_entities=entities)

    def id_in(self, sent: object) -> str | None:
        """Return the id of an upload in what Telegram says of the message; None where it does not say it."""
        try:
            given = msgspec.convert(sent, dict[str, Any]).get(self.kind)
            if self.kind == "photo":  # in several sizes, the largest last
                return msgspec.convert(given, list[_File])[-1].file_id
            return msgspec.convert(given, _File).file_id
        except (msgspec.ValidationError, IndexError):
            return None


def media_of(content: Content) -> Media | None:
    """Return the picture or file of a content, as it is sent; None for none."""
    picture, file = content.picture, content.file
    if picture is not None and picture.png:
        return Media("photo", picture.png, "", picture.alt)
    if file is not None and file.data:
        return Media(KINDS.get(file.mime, "document"), file.data, file.name, file.alt or file.name)
    return None
