"""Pictures made by hand: of one colour, with a title that says which one it is."""

from __future__ import annotations

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png(title: str, colour: tuple[int, int, int] = (179, 57, 43), width: int = 320, height: int = 180) -> bytes:
    """Return a picture of one colour (PNG specification, 11.2 and 11.3.3.3)."""
    rows = (b"\0" + bytes(colour) * width) * height
    return SIGNATURE + b"".join(
        [
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
            _chunk(b"tEXt", b"Title\0" + title.encode("latin-1")),
            _chunk(b"IDAT", zlib.compress(rows, 9)),
            _chunk(b"IEND", b""),
        ]
    )


def title(picture: bytes) -> str:
    """Return the title of a picture that :func:`png` made; empty where there is no picture."""
    _, _, rest = picture.partition(b"tEXtTitle\0")
    length = int.from_bytes(picture[picture.find(b"tEXt") - 4 : picture.find(b"tEXt")], "big") if rest else 6
    return rest[: length - 6].decode("latin-1")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
