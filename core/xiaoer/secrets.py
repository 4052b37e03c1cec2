"""Secrets: the key that signs buttons, the codes derived from it, and what must never be seen in a log."""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import os
import secrets
import stat
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from xiaoer.errors import StoreError

KEY_VARIABLE = "XIAOER_SECRET"
KEY_FILE = "secret.key"
"""What the file is called that stands beside the database when the variable is not set."""

KEY_LENGTH = 16
"""Characters or bytes that a key has at least."""

SHORTEST = 6
"""Shorter values are not masked: they would be found in the midst of ordinary words."""

UNMISTAKABLE = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Letters and digits without 0 O 1 I, which people mistake for one another."""

_STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_UNAMBIGUOUS = str.maketrans(_STANDARD, UNMISTAKABLE)


class Secrets:
    """Values that are masked wherever they would be written.

    Args:
        values: the secrets.
    """

    def __init__(self, values: Iterable[str]) -> None:
        forms = {form for value in values if len(value.strip()) >= SHORTEST for form in _forms(value)}
        self._values = sorted(forms, key=len, reverse=True)

    def redact(self, text: str) -> str:
        """Return a text with every secret in it masked."""
        for value in self._values:
            text = text.replace(value, "[secret]")
        return text


def _forms(value: str) -> Iterable[str]:
    """Return how a value is written: as it is, in addresses, in JSON and by ``repr``."""
    plain = value.strip()
    return value, plain, quote(plain, safe=""), json.dumps(plain)[1:-1], repr(plain)[1:-1]


def signing_key(environ: Mapping[str, str], folder: Path) -> bytes:
    """Return the key that buttons are signed with: from the environment, else from a file made at the first start.

    Args:
        environ: the environment; ``XIAOER_SECRET`` is looked at.
        folder: where the file stands, or is made.

    Raises:
        StoreError: the key is too short, or its file may be read by others.
    """
    given = environ.get(KEY_VARIABLE)
    if given is not None:
        if len(given) < KEY_LENGTH:
            raise StoreError(f"{KEY_VARIABLE} is too short: give it at least {KEY_LENGTH} characters, or unset it")
        return os.fsencode(given)
    file = folder / KEY_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            _make(file)
    except OSError as error:
        raise StoreError(
            f"key {file}: {error.strerror}: give this user the right to write there, or set {KEY_VARIABLE}"
        ) from error
    return _read(file)


def _make(file: Path) -> None:
    """Make the key file whole or not at all; of two processes that do so at once the first one's key stays."""
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
            handle.write(base64.b64encode(secrets.token_bytes(32)))
            handle.flush()
            os.fsync(handle.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
    finally:
        draft.unlink(missing_ok=True)


def _read(file: Path) -> bytes:
    try:
        mode = file.stat().st_mode
        key = file.read_bytes()
    except OSError as error:
        raise StoreError(f"key {file}: {error.strerror}: give this user the right to read it") from error
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise StoreError(f"key {file} may be read by others: run chmod 600 {file}")
    if len(key) < KEY_LENGTH:
        raise StoreError(f"key {file} is damaged: delete it, and old buttons stop working")
    return key


def claim_code(key: bytes, community: str, claims: int = 0) -> str:
    """Return the code with which a person becomes a community's owner.

    It is derived, not stored, and is another one after each claim.

    Args:
        key: the signing key.
        community: its id.
        claims: how many owners the community has been given so far.
    """
    digest = hmac.digest(key, f"claim\0{community}\0{claims}".encode(), "sha256")
    letters = base64.b32encode(digest).decode().translate(_UNAMBIGUOUS)[:8]
    return f"{letters[:4]}-{letters[4:]}"


def is_claim_code(key: bytes, community: str, claims: int, code: str) -> bool:
    """Return whether a code is a community's claim code, however it is written; in constant time."""
    narrow = unicodedata.normalize("NFKC", code)  # Chinese keyboards also type letters of full width
    typed = "".join(letter for letter in narrow.upper() if letter.isalnum())
    return hmac.compare_digest(typed.encode(), claim_code(key, community, claims).replace("-", "").encode())
