"""Uploaded pictures and files, and how messages come to have them (Bot API, Sending files)."""

from __future__ import annotations

from typing import Any

from tests.png import SIGNATURE
from tests.simulators.telegram.rules import ApiError
from tests.simulators.telegram.world import Filed

ATTACHED = "attach://"
SIDES, RATIO = 10_000, 20
"""Width and height together, and one to the other (Bot API, sendPhoto.photo)."""

PHOTO, FILE, DOWNLOAD = 10 * 2**20, 50 * 2**20, 20 * 2**20
"""Bytes of a photo and of another file that is sent (Bot API, Sending files), and of one that is fetched (getFile)."""

IMAGES = (SIGNATURE, b"\xff\xd8\xff", b"RIFF")
"""How pictures begin that can be photos."""


class Photos:
    """What was uploaded to one server, by its id.

    Attributes:
        forgotten: whether ids are good for nothing any more, as after a move to another server.
    """

    def __init__(self) -> None:
        self.uploaded: dict[str, Filed] = {}
        self.forgotten = False

    def add(self, kind: str, data: bytes, name: str = "", mime: str = "") -> Filed:
        """Keep a file and return it."""
        filed = Filed(kind, f"AgAC{len(self.uploaded) + 1:08}", data, name, mime)
        self.uploaded[filed.id] = filed
        return filed

    def find(self, named: Any, files: dict[str, Upload], missing: str, kind: str = "photo") -> Filed:
        """Return a file that is uploaded now or was before.

        Args:
            named: its id, or where it is attached.
            files: what is attached, by name.
            missing: what Telegram says when it is nowhere.
            kind: as what it is sent.

        Raises:
            ApiError: Telegram would not have it.
        """
        if not isinstance(named, str) or not named:
            raise ApiError(400, missing)
        if not named.startswith(ATTACHED):
            if named not in self.uploaded or self.forgotten:
                words = "wrong remote file identifier specified: can't unserialize it"
                raise ApiError(400, f"Bad Request: {words}")
            if self.uploaded[named].kind != kind:  # the wording is the server's for photos and documents
                raise ApiError(400, f"Bad Request: type of file mismatch: can't use file of type {kind}")
            return self.uploaded[named]
        upload = files.get(named.removeprefix(ATTACHED))
        if upload is None:
            raise ApiError(400, missing)
        name, data = upload
        if len(data) > (PHOTO if kind == "photo" else FILE):
            raise ApiError(413, "Request Entity Too Large")
        return self.add(kind, _looked_at(data) if kind == "photo" else data, "" if kind == "photo" else name)

    def fetched(self, number: str) -> Filed:
        """Return a file that a bot asks for (Bot API, getFile).

        Raises:
            ApiError: it is not there, or too big.
        """
        filed = self.uploaded.get(number.removesuffix("-s"))
        if filed is None or self.forgotten:
            raise ApiError(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        if len(filed.data) > DOWNLOAD:
            raise ApiError(400, "Bad Request: file is too big")
        return filed


Upload = tuple[str, bytes]
"""What is attached: its name and its bytes."""


def _looked_at(data: bytes) -> bytes:
    if not data.startswith(IMAGES):
        raise ApiError(400, "Bad Request: IMAGE_PROCESS_FAILED")
    if data.startswith(SIGNATURE):
        width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
        if width + height > SIDES or max(width, height) > RATIO * min(width, height):
            raise ApiError(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
    return data
