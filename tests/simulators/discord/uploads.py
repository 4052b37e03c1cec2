"""Files beside a request, and the attachments that messages have of them (Discord docs, Uploading Files)."""

from __future__ import annotations

import mimetypes
import re
from typing import NamedTuple
from urllib.parse import quote

from tests.simulators.discord.rules import ApiError, FormError
from tests.simulators.discord.world import Json, Message, Snowflakes

PAID = 500 * 2**20
"""Bytes that people may post who pay for it (Discord's help centre, File Attachments)."""

MOST, LARGEST, ALT = 10, 10 * 2**20, 1024
"""How many files, of how many bytes, with how many characters of description (Discord docs, Attachment)."""


class Upload(NamedTuple):
    """A file: its name and its bytes."""

    name: str
    data: bytes


Uploads = dict[str, Upload]


def attach(message: Message, body: Json, files: Uploads, ids: Snowflakes, cdn: str, largest: int = LARGEST) -> None:
    """Give a message the attachments that a request says.

    Without ``attachments`` it keeps those that it has and gets all files; with it, it has those that are named and no
    others: an old one by its id, a new one by the number of its file (Discord docs, Edit Message).

    Raises:
        ApiError: Discord would not take them; of a file that is missing or that nothing names the wording is ours.
    """
    _look_at(files, largest)
    numbers = {name: name[len("files[") : -1] for name in files}
    named = body.get("attachments")
    if named is None:
        named = [{"id": one["id"]} for one in message.attachments] + [{"id": one} for one in numbers.values()]
    old = {one["id"]: one for one in message.attachments}
    found: list[Json] = []
    for at, one in enumerate(named):
        number, alt = str(one["id"]), one.get("description")
        if alt is not None and len(alt) > ALT:
            raise FormError((f"attachments.{at}.description", f"Must be {ALT} or fewer in length."))
        upload = files.get(f"files[{number}]")
        if upload is not None:
            found.append(_new(message, upload, one, ids, cdn))
        elif number in old:
            found.append(old[number] | ({"description": alt} if alt is not None else {}))
        else:
            raise FormError((f"attachments.{at}.id", "There is no such attachment, and no such file."))
    unnamed = set(numbers.values()) - {str(one["id"]) for one in named}
    if unnamed:
        raise FormError(("attachments", f"The files {sorted(unnamed)} are not named."))
    message.attachments = found
    message.files = {one["id"]: message.files[one["id"]] for one in found if one["id"] in message.files}


def _look_at(files: Uploads, largest: int) -> None:
    wrong = [name for name in files if not re.fullmatch(r"files\[\d\]", name)]
    if wrong:
        raise FormError((wrong[0], "Unknown field"))
    if len(files) > MOST or any(len(upload.data) > largest for upload in files.values()):
        raise ApiError(413, 40005, "Request entity too large")


def sign(attachment: Json, address: str, ids: Snowflakes) -> None:
    """Give an attachment an address that is good until another is given (Discord docs, Signed Attachment CDN URLs)."""
    attachment["url"] = attachment["proxy_url"] = f"{address}?ex={ids.next():x}&is=1&hm=0"


def _new(message: Message, upload: Upload, named: Json, ids: Snowflakes, cdn: str) -> Json:
    number, name = str(ids.next()), named.get("filename") or upload.name
    found: Json = {"id": number, "filename": name, "size": len(upload.data)}
    sign(found, f"{cdn}/attachments/{message.channel.id}/{number}/{quote(name)}", ids)
    if (kind := mimetypes.guess_type(name)[0]) is not None:
        found["content_type"] = kind
    if upload.data.startswith(b"\x89PNG"):
        found |= {
            "width": int.from_bytes(upload.data[16:20], "big"),
            "height": int.from_bytes(upload.data[20:24], "big"),
        }
    if named.get("description"):
        found["description"] = named["description"]
    message.files[number] = upload.data
    return found
