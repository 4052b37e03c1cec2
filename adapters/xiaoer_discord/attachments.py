"""Pictures and files of messages: they stand beside a request, and each message shows one of them."""

from __future__ import annotations

import hashlib
import io
import json
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

import discord
import msgspec

from xiaoer import Content

PICTURE = "picture.png"

ALT = 1024
"""Characters of a description (Discord docs, Attachment)."""

REMEMBERED = 10_000
"""Of so many messages it is remembered what they show."""


class Upload(NamedTuple):
    """A picture or a file as Discord takes it: what it is called, what it is, what it says, and its bytes."""

    name: str
    mime: str
    alt: str
    data: bytes

    @property
    def mark(self) -> str:
        """What is the same for what looks the same."""
        words = f"{self.name}\0{self.alt}\0".encode("utf-8", "replace")
        return hashlib.sha256(words + self.data).hexdigest()


def upload_of(content: Content) -> Upload | None:
    """Return the picture or file of a content; None for none."""
    picture, file = content.picture, content.file
    if picture is not None and picture.png:
        return Upload(PICTURE, "image/png", picture.alt, picture.png)
    if file is not None and file.data:
        return Upload(file.name, file.mime, file.alt, file.data)
    return None


class _Named(msgspec.Struct):
    """What is read of an attachment."""

    id: str


class _Sent(msgspec.Struct):
    """What is read of a message."""

    attachments: list[_Named]


class Shown:
    """What each message shows, so that it need not be uploaded again when other things change."""

    def __init__(self) -> None:
        self._ids: OrderedDict[int, tuple[str, str]] = OrderedDict()

    def find(self, message: int, upload: Upload | None) -> str | None:
        """Return the id of the attachment by which a message shows something; None when it does not, for all we know.

        Whatever else it is about to show is not known until Discord has said so.
        """
        mark, name = self._ids.pop(message, ("", ""))
        return name if upload is not None and mark == upload.mark else None

    def learn(self, message: int, upload: Upload, sent: object) -> None:
        """Hear what Discord says of a message that shows something."""
        try:
            found = msgspec.convert(sent, _Sent).attachments
        except msgspec.ValidationError:
            return
        if len(found) == 1:
            self._ids[message] = upload.mark, found[0].id
            if len(self._ids) > REMEMBERED:
                self._ids.popitem(last=False)


def form(body: Mapping[str, Any], upload: Upload) -> tuple[list[dict[str, Any]], discord.File]:
    """Return a request with a picture or a file in discord.py's way (Discord docs, Uploading Files).

    Args:
        body: a message, or the answer to an interaction with the message in its ``data``.
        upload: the picture or file.
    """
    alt = upload.alt.encode("utf-16", "surrogatepass").decode("utf-16", "replace")[:ALT]
    file = discord.File(io.BytesIO(upload.data), upload.name, description=alt or None)
    attached = {"attachments": [file.to_dict(0)]}
    whole: dict[str, Any] = {**body, "data": {**body["data"], **attached}} if "data" in body else {**body, **attached}
    parts: list[dict[str, Any]] = [
        {"name": "payload_json", "value": json.dumps(whole)},
        {"name": "files[0]", "value": file.fp, "filename": file.filename, "content_type": upload.mime},
    ]
    return parts, file
