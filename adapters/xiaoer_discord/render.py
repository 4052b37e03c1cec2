"""From contents to what Discord shows: pure functions.

Discord reads every text as Markdown, so whatever anybody typed is escaped; whom a message notifies is said beside it
(Discord docs, Allowed Mentions Object) and never read from its text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from xiaoer import Bold, Content, Link, Mention, Part
from xiaoer_discord.attachments import Upload, upload_of

LIMIT = 2000
"""Characters that a message holds (Discord docs, Create Message); counted in units of UTF-16 to be safe."""

ROW, ROWS = 5, 5
"""Buttons in a row, and rows under a message (Discord docs, Action Row)."""

LABEL = 80
"""Characters of a button's label (Discord docs, Button)."""

NONCE = 25
"""Characters of a nonce (Discord docs, Create Message)."""

_URL = re.compile(r"https?://[^\s<]+[^\s<.,:;\"'\]]")
_ACTIVE = re.compile(
    r"[\\*_~`|<\[\]]"  # emphasis, code, spoilers, mentions, emoji, times, links
    r"|(?m:^[ \t]*(?:>|#|-(?=[# ])|\+(?= )))"  # what means something at the beginning of a line only
)


class Rendered(NamedTuple):
    """A content as Discord takes it.

    Args:
        text: what it says, as Markdown; with a picture or a file it may be empty.
        mentions: whom it notifies.
        rows: its buttons.
        upload: its picture or file; None for none.
    """

    text: str
    mentions: list[str]
    rows: list[dict[str, Any]]
    upload: Upload | None = None

    def bare(self) -> Rendered:
        """Return it without its picture or file, for which its alternative text stands where there is no other."""
        alt = _fitting(self.upload.alt, "", "", LIMIT) if self.upload is not None else ""
        return Rendered(self.text or alt or "…", self.mentions, self.rows)

    def payload(self) -> dict[str, Any]:
        """Return the fields of a message; nobody is notified whom the content does not name."""
        return {
            "content": self.text,
            "allowed_mentions": {"parse": [], "users": self.mentions, "replied_user": False},
            "components": self.rows,
        }

    def stands_in(self, message: Mapping[str, Any]) -> bool:
        """Return whether a message of Discord's says this, with these buttons and a file of this size."""
        words = {self.text.strip(), self.bare().text.strip()}
        sizes = [file["size"] for file in message["attachments"]]
        return (
            message["content"].strip() in words
            and _buttons(message["components"]) == _buttons(self.rows)
            and (self.upload is None or not sizes or sizes == [len(self.upload.data)])
        )


def render(content: Content) -> Rendered:
    """Return a content as Discord takes it; what is too long is cut and ends with an ellipsis."""
    text, room, mentions = "", LIMIT, list[str]()
    for part in content.text:
        words = _written(part, room)
        text += words
        room -= width(words)
        if isinstance(part, Mention) and words.startswith("<@"):
            mentions.append(part.account.partition(":")[2])
        if room <= 1:
            break
    upload = upload_of(content)
    words = text if text.strip() else "" if upload is not None else "…"
    return Rendered(words, list(dict.fromkeys(mentions))[:100], _rows(content), upload)


def _written(part: Part, room: int) -> str:
    """Return a part as Markdown, in so many units of UTF-16."""
    if isinstance(part, str):
        return _fitting(part, "", "", room)
    if isinstance(part, Bold):
        return _fitting(part.text, "**", "**", room) if part.text.strip() else part.text[:room]
    if isinstance(part, Link):
        return _fitting(part.text, "[", f"]({_address(part.url)})", room)
    platform, _, user = part.account.partition(":")
    if platform == "discord" and user.isdigit() and room >= len(user) + 3:
        return f"<@{user}>"
    return _fitting(part.name, "", "", room)


def _fitting(words: str, before: str, after: str, room: int) -> str:
    whole = f"{before}{escape(words)}{after}"
    if width(whole) <= room:
        return whole
    if room <= width(before + after):
        return "…" if room > 0 else ""
    low, high = 0, len(words)
    while low < high:  # how many characters fit, escaped, with an ellipsis behind them
        middle = (low + high + 1) // 2
        if width(f"{before}{escape(words[:middle])}…{after}") <= room:
            low = middle
        else:
            high = middle - 1
    return f"{before}{escape(words[:low])}…{after}"


def escape(text: str) -> str:
    """Return a text that Discord shows as it was typed; addresses stay, because Discord reads nothing within them."""
    pieces: list[str] = []
    end = 0
    for url in _URL.finditer(text):
        pieces += [_escaped(text[end : url.start()]), url.group()]
        end = url.end()
    return "".join([*pieces, _escaped(text[end:])])


def _escaped(text: str) -> str:
    text = clean(text)
    return _ACTIVE.sub(lambda found: f"{found.group()[:-1]}\\{found.group()[-1]}", text)


def clean(text: str) -> str:
    """Return a text without halves of characters, which cannot be sent."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _address(url: str) -> str:
    """Return an address in which nothing ends the link early."""
    return re.sub(r"[\s()<>\\]", lambda found: f"%{ord(found.group()):02X}", url)


def width(text: str) -> int:
    """Return how many units of UTF-16 a text takes."""
    return len(text) + sum(letter > "\uffff" for letter in text)


def _rows(content: Content) -> list[dict[str, Any]]:
    wide = [row[start : start + ROW] for row in content.buttons for start in range(0, len(row), ROW)]
    return [
        {
            "type": 1,
            "components": [
                {"type": 2, "style": 2, "label": clean(button.label)[:LABEL] or "…", "custom_id": button.id}
                for button in row
            ],
        }
        for row in wide[:ROWS]
    ]


def _buttons(rows: Iterable[Mapping[str, Any]]) -> list[str | None]:
    return [button.get("custom_id") for row in rows for button in row["components"]]


def nonce(request: str) -> str:
    """Return the name under which Discord knows a request that it is asked twice for."""
    return hashlib.sha256(request.encode()).hexdigest()[:NONCE]
