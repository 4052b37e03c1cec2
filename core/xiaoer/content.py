"""What a message says, free of any platform's markup.

Text is a tuple of parts. What a member typed is always a plain ``str`` part, so no adapter can take it for markup or
for a mention: each adapter escapes plain parts in its own way and renders the others.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from xiaoer.errors import ContentError


class Mention(msgspec.Struct, frozen=True, tag="mention"):
    """A person named so that the platform notifies them.

    Args:
        account: for instance ``telegram:123``.
        name: the name to show.
    """

    account: str
    name: str


class Bold(msgspec.Struct, frozen=True, tag="bold"):
    """A stretch of emphasised text."""

    text: str


class Link(msgspec.Struct, frozen=True, tag="link"):
    """A stretch of text that leads to an address."""

    text: str
    url: str


Part: TypeAlias = str | Mention | Bold | Link
Text: TypeAlias = tuple[Part, ...]


class Button(msgspec.Struct, frozen=True):
    """A button under a message.

    Args:
        label: what it says.
        name: which of the plugin's declared buttons it is, for instance ``accept``.
        data: what the handler gets back, at most 24 characters of ASCII.
        id: the signed id that travels to the platform and back; the core fills it in.
    """

    label: str
    name: str
    data: str = ""
    id: str = ""


class Picture(msgspec.Struct, frozen=True, omit_defaults=True):
    """A picture of a message.

    Args:
        name: which of the plugin's declared pictures it is, for instance ``cover``.
        data: small JSON from which it is drawn.
        alt: what it says, for people who cannot see it, and where it cannot be shown.
        png: the drawn picture; the core fills it in before the adapter sees it, and stores it nowhere.
    """

    name: str
    data: dict[str, Any]
    alt: str
    png: bytes = b""


class Stored(msgspec.Struct, frozen=True, omit_defaults=True):
    """A kept file of a message: a picture or a video is shown, anything else can be downloaded.

    Args:
        digest: which file, as ``tx.keep_file`` and :class:`~xiaoer.KeepFile` tell it.
        name: what it is called; empty for the name under which it is kept.
        mime: what it is; the core fills in what it really is.
        alt: what it says, for people who cannot see it, and where it cannot be shown.
        data: its bytes; the core fills them in before the adapter sees them, and sends them nowhere else.
    """

    digest: str
    name: str = ""
    mime: str = ""
    alt: str = ""
    data: bytes = b""


class Content(msgspec.Struct, frozen=True):
    """What a message says, which buttons it has, and which picture or file it shows.

    Args:
        text: its parts.
        buttons: rows of buttons, from top to bottom.
        picture: its picture, which is drawn; None for none.
        file: its file, which is kept; None for none.

    Raises:
        ContentError: it has both a picture and a file.
    """

    text: Text
    buttons: tuple[tuple[Button, ...], ...] = ()
    picture: Picture | None = None
    file: Stored | None = None

    def __post_init__(self) -> None:
        if self.picture is not None and self.file is not None:
            raise ContentError("a message shows a picture or a file, not both: send two messages")

    @property
    def plain(self) -> str:
        """The text without any emphasis, mention or link."""
        return plain(self.text)


def plain(text: Text) -> str:
    """Return a text without any emphasis, mention or link."""
    return "".join(_plain(part) for part in text)


def one_line(text: str, limit: int) -> str:
    """Return what somebody typed, or called themselves, in one line of at most so many characters."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _plain(part: Part) -> str:
    if isinstance(part, str):
        return part
    return part.name if isinstance(part, Mention) else part.text
