"""Pictures of messages: files that stand beside a request, and which of them each message shows."""

from __future__ import annotations

import hashlib
import io
import json
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import discord
import msgspec

from xiaoer import Picture

FILE = "picture.png"

ALT = 1024
"""Characters of a description (Discord docs, Attachment)."""

REMEMBERED = 10_000
"""Of so many messages it is remembered which picture they show."""


class _Named(msgspec.Struct):
    """What is read of an attachment."""

    id: str


class _Sent(msgspec.Struct):
    """What is read of a message."""

    attachments: list[_Named]


class Shown:
    """Which picture each message shows, so that it need not be uploaded again when other things change."""

    def __init__(self) -> None:
        self._ids: OrderedDict[int, tuple[str, str]] = OrderedDict()

    def find(self, message: int, picture: Picture | None) -> str | None:
        """Return the id of the attachment by which a message shows a picture; None when it does not, for all we know.

        Whatever else it is about to show is not known until Discord has said so.
        """
        mark, name = self._ids.pop(message, ("", ""))
        return name if picture is not None and mark == _mark(picture) else None

    def learn(self, message: int, picture: Picture, sent: object) -> None:
        """Hear what Discord says of a message that shows a picture."""
        try:
            found = msgspec.convert(sent, _Sent).attachments
        except msgspec.ValidationError:
            return
        if len(found) == 1:
            self._ids[message] = _mark(picture), found[0].id
            if len(self._ids) > REMEMBERED:
                self._ids.popitem(last=False)


def _mark(picture: Picture) -> str:
    return hashlib.sha256(picture.alt.encode("utf-8", "replace") + b"\0" + picture.png).hexdigest()


def form(body: Mapping[str, Any], picture: Picture) -> tuple[list[dict[str, Any]], discord.File]:
    """Return a request with a picture in discord.py's way (Discord docs, Uploading Files).

    Args:
        body: a message, or the answer to an interaction with the message in its ``data``.
        picture: the picture.
    """
    alt = picture.alt.encode("utf-16", "surrogatepass").decode("utf-16", "replace")[:ALT]
    file = discord.File(io.BytesIO(picture.png), FILE, description=alt or None)
    attached = {"attachments": [file.to_dict(0)]}
    whole: dict[str, Any] = {**body, "data": {**body["data"], **attached}} if "data" in body else {**body, **attached}
    parts: list[dict[str, Any]] = [
        {"name": "payload_json", "value": json.dumps(whole)},
        {"name": "files[0]", "value": file.fp, "filename": file.filename, "content_type": "image/png"},
    ]
    return parts, file
