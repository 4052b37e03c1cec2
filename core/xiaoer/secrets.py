"""Secrets: the key that signs buttons, the codes derived from it, and what must never be seen in a log."""

from __future__ import annotations

import base64
import hmac
import os
import secrets
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from xiaoer.errors import StoreError

KEY_VARIABLE = "XIAOER_SECRET"
KEY_LENGTH = 16
"""Characters or bytes that a key has at least."""

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without 0 O 1 I, which people mistake for one another
_STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_UNAMBIGUOUS = str.maketrans(_STANDARD, _ALPHABET)


class Secrets:
    """Values that are masked wherever they would be written.

    Args:
        values: the secrets.
    """

    def __init__(self, values: Iterable[str]) -> None:
        self._values = sorted({value for value in values if len(value) >= 6}, key=len, reverse=True)

    def redact(self, text: str) -> str:
        """Return a text with every secret in it masked."""
        for value in self._values:
            text = text.replace(value, "[secret]")
        return text


def signing_key(environ: Mapping[str, str], folder: Path) -> bytes:
    """Return the key that buttons are signed with: from the environment, else from a file made at the first start.

    Raises:
        StoreError: the key is too short, or its file may be read by others.
    """
    given = environ.get(KEY_VARIABLE)
    if given is not None:
        if len(given) < KEY_LENGTH:
            raise StoreError(f"{KEY_VARIABLE} is too short: give it at least {KEY_LENGTH} characters, or unset it")
        return given.encode()
    file = folder / "secret.key"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
            handle.write(base64.b64encode(secrets.token_bytes(32)))
    except FileExistsError:
        pass
    except OSError as error:
        raise StoreError(f"key {file}: {error.strerror}: give this user the right to write there") from error
    return _read(file)


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
    typed = "".join(letter for letter in code.upper() if letter.isalnum())
    return hmac.compare_digest(typed.encode(), claim_code(key, community, claims).replace("-", "").encode())
