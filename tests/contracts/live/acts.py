"""What people are asked to do, and how it is put to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from tests.contracts.stage import How

Deed = Literal["appear", "join", "leave", "write", "edit", "reply", "react", "use", "press"]

LINE = " ⏎ "
"""How a new line is written in one line."""

SENT = {
    "photo": "send a photo, as a photo and not as a file",
    "video": "send a video, as a video and not as a file",
    "voice": "send a voice message",
    "audio": "send a piece of music",
    "sticker": "send a sticker",
    "document": "send any file that is no picture, video or music",
    "forward": "forward any message to here",
    "poll": "send a poll",
    "location": "send a location",
    "dice": "send a die: 🎲 and nothing else",
}
"""What to send, by the kind of message."""

LONGEST = 40
"""So many characters of a message are enough to find it again."""


@dataclass(frozen=True)
class Act:
    """One thing for one person to do.

    Args:
        platform: where, in words.
        place: what the chat is called.
        who: the person; whoever plays them.
        alone: whether there is but one tester, who need not be named.
        do: what.
        text: the words to write, the emoji, the command as it is typed, or the label of the button.
        kind: of the message to write.
        message: the id of the message that it is about.
        about: what that message says.
        how: the way to come in.
        by: who helps with that.
        here: whether the person is in the chat already; None when nobody knows.
        command: the path of the command.
        options: its values.
    """

    platform: str
    place: str
    who: str
    alone: bool
    do: Deed
    text: str = ""
    kind: str = "text"
    message: str = ""
    about: str = ""
    how: How = "alone"
    by: str = ""
    here: bool | None = None
    command: str = ""
    options: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def head(self) -> str:
        """Where it is to be done, and by whom."""
        who = "" if self.alone else f" · {self.who}"
        return f"{self.platform} · in {self.place}{who}:"

    @property
    def words(self) -> str:
        """What is to be done; what has to be typed stands behind two blanks."""
        match self.do:
            case "appear":
                return "write anything, as an ordinary member of the chat; come in first if you are outside"
            case "join":
                return self._joining()
            case "leave":
                return "leave"
            case "write" | "reply" if self.kind != "text":
                return SENT[self.kind]
            case "write":
                return f"write  {shown(self.text)}"
            case "reply":
                return f"reply to {quoted(self.about)} with  {shown(self.text)}"
            case "edit":
                return f"change {quoted(self.about)} to  {shown(self.text)}"
            case "react":
                return f"put a reaction under {quoted(self.about)}:  {self.text}"
            case "use":
                return f"use the command  {shown(self.text)}"
            case "press":
                return f"press “{self.text}” under {quoted(self.about)}"

    def _joining(self) -> str:
        ways = {
            "alone": "come in by the chat's own link",
            "pulled": f"let {self.by} add you",
            "link": f"come in by a link that {self.by} made",
        }
        before = {True: "leave, then ", False: "", None: "leave if you are inside, then "}[self.here]
        return before + ways[self.how]

    def __str__(self) -> str:
        return f"{self.head} {self.words}"


def shown(text: str) -> str:
    """Return a text in one line, as it is to be typed."""
    note = f"  ({LINE.strip()} is a new line in the same message)" if "\n" in text else ""
    return text.replace("\n", LINE) + note


def quoted(text: str) -> str:
    """Return as much of a text as is needed to find it."""
    line = text.strip().replace("\n", LINE)
    return f"“{line}”" if len(line) <= LONGEST else f"“{line[:LONGEST].rstrip()}…”"
