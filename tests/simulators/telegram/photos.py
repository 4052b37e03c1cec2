"""Uploaded pictures, and how messages come to have them (Bot API, Sending files)."""

from __future__ import annotations

from typing import Any

from tests.png import SIGNATURE
from tests.simulators.telegram.rules import ApiError
from tests.simulators.telegram.world import Photo

ATTACHED = "attach://"
SIDES, RATIO = 10_000, 20
"""Width and height together, and one to the other (Bot API, sendPhoto.photo)."""


class Photos:
    """What was uploaded to one server, by its id.

    Attributes:
        forgotten: whether ids are good for nothing any more, as after a move to another server.
    """

    def __init__(self) -> None:
        self.uploaded: dict[str, Photo] = {}
        self.forgotten = False

    def find(self, named: Any, files: dict[str, bytes], missing: str) -> Photo:
        """Return a picture that is uploaded now or was before.

        Args:
            named: its id, or where it is attached.
            files: what is attached, by name.
            missing: what Telegram says when it is nowhere.

        Raises:
            ApiError: Telegram would not have it.
        """
        if not isinstance(named, str) or not named:
            raise ApiError(400, missing)
        if not named.startswith(ATTACHED):
            if named not in self.uploaded or self.forgotten:
                words = "wrong remote file identifier specified: can't unserialize it"
                raise ApiError(400, f"Bad Request: {words}")
            return self.uploaded[named]
        png = files.get(named.removeprefix(ATTACHED))
        if png is None:
            raise ApiError(400, missing)
        photo = Photo(f"AgAC{len(self.uploaded) + 1:08}", _looked_at(png))
        self.uploaded[photo.id] = photo
        return photo


def _looked_at(png: bytes) -> bytes:
    if not png.startswith(SIGNATURE):
        raise ApiError(400, "Bad Request: IMAGE_PROCESS_FAILED")
    width, height = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
    if width + height > SIDES or max(width, height) > RATIO * min(width, height):
        raise ApiError(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
    return png
