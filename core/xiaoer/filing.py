"""Files that plugins keep: what may be kept, what it is, and where it stands.

What a file is, its content says, never its name: what pretends to be a picture would otherwise be shown as one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer.content import one_line
from xiaoer.errors import FileRefused
from xiaoer.statements import Row, Statement
from xiaoer.tables import file_uses, kept_files

if TYPE_CHECKING:
    from xiaoer.transaction import Transaction

MEGABYTE = 2**20
LARGEST = 10
"""Megabytes of a file that is kept; Discord takes as much (Discord docs, Uploading Files), Telegram hands out 20."""

SUFFIXES: dict[str, tuple[str, ...]] = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
    "video/mp4": (".mp4", ".m4v"),
    "text/plain": (".txt", ".md", ".csv"),
}
"""The kinds of files that are known, with the endings that their names may have; the first is put where none is."""

KINDS: dict[str, str] = {
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/gif": "gif",
    "image/webp": "webp",
    "application/pdf": "pdf",
    "video/mp4": "mp4",
    "text/plain": "text",
}
"""What the configuration calls them; all others are ``other``."""

OTHER = "application/octet-stream"
NAME = 80
"""Characters of a file's name before its ending."""

_MIME = re.compile(r"(audio|video|application)/[a-z0-9.+-]{1,60}")
_UNFIT = re.compile(r'[<>:"|?*]')  # what some file systems take in no name
_BRANDS = (b"iso", b"mp4", b"avc", b"M4V", b"MSN", b"dash")
"""How the brands of MP4 begin (the registry of the MP4 Registration Authority)."""

KEEP = Statement(
    upsert(kept_files)
    .values(
        digest=bindparam("digest"),
        mime=bindparam("mime"),
        name=bindparam("name"),
        size=bindparam("size"),
        data=bindparam("data"),
        at=bindparam("at"),
    )
    .on_conflict_do_nothing()
)
USE = Statement(
    upsert(file_uses)
    .values(community=bindparam("community"), plugin=bindparam("plugin"), digest=bindparam("digest"), uses=1)
    .on_conflict_do_update(index_elements=["community", "plugin", "digest"], set_={"uses": file_uses.c.uses + 1})
)
_mine = (
    file_uses.c.community == bindparam("of"),
    file_uses.c.plugin == bindparam("by"),
    file_uses.c.digest == bindparam("which"),
)
LEAVE = Statement(update(file_uses).values(uses=file_uses.c.uses - 1).where(*_mine))
LEFT = Statement(delete(file_uses).where(*_mine, file_uses.c.uses <= 0))
_there = kept_files.join(file_uses, file_uses.c.digest == kept_files.c.digest)
FILE = Statement(select(kept_files).select_from(_there).where(*_mine))
ABOUT = Statement(select(kept_files.c.mime, kept_files.c.name).select_from(_there).where(*_mine))


class FileRules(NamedTuple):
    """What may be kept.

    Args:
        largest: megabytes of a file.
        kinds: the kinds, as the configuration calls them.
    """

    largest: int = LARGEST
    kinds: tuple[str, ...] = tuple(KINDS.values())

    @property
    def limit(self) -> int:
        """How many bytes a file may have."""
        return self.largest * MEGABYTE


class Copy(NamedTuple):
    """A file as it is kept: its SHA-256 in hexadecimal digits, what it is, its name and its bytes."""

    digest: str
    mime: str
    name: str
    data: bytes


def examined(data: bytes, name: str, mime: str, rules: FileRules) -> Copy:
    """Return a file as it is kept.

    Args:
        data: its bytes.
        name: what it is called.
        mime: what it is said to be, which counts only where its content does not tell.
        rules: what may be kept.

    Raises:
        FileRefused: it is empty, too large, or of a kind that is not kept.
    """
    if not data:
        raise FileRefused("the file is empty", "xiaoer.file.empty")
    if len(data) > rules.limit:
        raise too_large(rules)
    found = mime_of(data)
    if KINDS.get(found, "other") not in rules.kinds:
        kinds = ", ".join(rules.kinds)
        raise FileRefused(f"files of this kind are not kept, only {kinds}", "xiaoer.file.not_allowed", kinds=kinds)
    if found == OTHER and _MIME.fullmatch(mime) and mime not in KINDS:
        found = mime
    return Copy(hashlib.sha256(data).hexdigest(), found, fitting(name, found), data)


def too_large(rules: FileRules) -> FileRefused:
    """Return the refusal of a file that is too large."""
    reason = f"the file has over {rules.largest} MB, and no more are kept"
    return FileRefused(reason, "xiaoer.file.too_large", limit=rules.largest)


def mime_of(data: bytes) -> str:
    """Return what a content is; what is not known by its first bytes is a text or anything else."""
    found = next((mime for mime, begins in _BEGINNINGS if begins(data)), None)
    return found or ("text/plain" if _is_text(data) else OTHER)


_BEGINNINGS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("image/png", lambda data: data.startswith(b"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", lambda data: data.startswith(b"\xff\xd8\xff")),
    ("image/gif", lambda data: data.startswith((b"GIF87a", b"GIF89a"))),
    ("image/webp", lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP"),
    ("application/pdf", lambda data: data.startswith(b"%PDF-")),
    ("video/mp4", lambda data: data[4:8] == b"ftyp" and data[8:12].startswith(_BRANDS)),
)


def _is_text(data: bytes) -> bool:
    if any(byte in data for byte in b"\0\x1b\x7f"):
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def fitting(name: str, mime: str) -> str:
    """Return a name that any file system takes, with an ending that says what the file is.

    A name cannot make more of a file than its content is: a text that is called a program is a text.
    """
    plain = one_line(_UNFIT.sub("_", PurePosixPath(name.replace("\\", "/")).name), 200).strip(" .")
    path = PurePosixPath(plain or "file")
    suffixes = SUFFIXES.get(mime)
    stem, suffix = path.stem[:NAME], path.suffix.lower()
    if suffixes is None:
        return f"{stem}{path.suffix[:12]}"
    return f"{stem}{suffix}" if suffix in suffixes else f"{stem}{suffixes[0]}"


def keep(tx: Transaction, community: str, plugin: str, copy: Copy) -> str:
    """Keep a file for a plugin of a community, once more if it has it already, and return its digest."""
    data, digest = copy.data, copy.digest
    tx.run(KEEP, digest=digest, mime=copy.mime, name=copy.name, size=len(data), data=data, at=tx.now)
    tx.run(USE, community=community, plugin=plugin, digest=digest)
    return digest


def find(tx: Transaction, community: str, plugin: str, digest: str) -> Row | None:
    """Return a file that a plugin of a community keeps."""
    return tx.one(FILE, of=community, by=plugin, which=digest)


def forget(tx: Transaction, community: str, plugin: str, digest: str) -> bool:
    """Take one keeping of a file back; return whether there was one."""
    place = {"of": community, "by": plugin, "which": digest}
    found = tx.run(LEAVE, **place) > 0
    tx.run(LEFT, **place)
    return found
