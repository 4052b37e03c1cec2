"""What Discord takes in a request, and how it refuses the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NotRequired, TypedDict

from tests.simulators.discord import described
from tests.simulators.discord.shapes import Problem, problems
from tests.simulators.discord.world import Json

Snowflake = str | int
TOO_LONG = "Must be {} or fewer in length."


class ApiError(Exception):
    """What Discord refuses.

    Args:
        status: the HTTP status.
        code: Discord's own (Discord docs, JSON Error Codes).
        words: ``message``.
        more: further fields of the answer.
    """

    def __init__(self, status: int, code: int, words: str, **more: Any) -> None:
        self.status = status
        self.code = code
        self.words = words
        self.more = more
        super().__init__(words)


class Wrong(ApiError):
    """What no correct program would have asked for."""


class FormError(Wrong):
    """A body that Discord does not take, field by field (Discord docs, Error Messages)."""

    def __init__(self, *found: Problem, code: str = "BASE_TYPE_BAD") -> None:
        errors: Json = {}
        for at, words in found:
            level = errors
            for part in [part for part in at.split(".") if part]:
                level = level.setdefault(part, {})
            level.setdefault("_errors", []).append({"code": code, "message": words})
        self.found = found
        super().__init__(400, 50035, "Invalid Form Body", errors=errors)

    def __str__(self) -> str:
        return "; ".join(f"{at}: {words}" for at, words in self.found)


class AllowedMentions(TypedDict, total=False):
    """(Discord docs, Allowed Mentions)."""

    parse: list[Literal["roles", "users", "everyone"]]
    roles: list[Snowflake]
    users: list[Snowflake]
    replied_user: bool


class Reference(TypedDict, total=False):
    """(Discord docs, Message Reference)."""

    type: Literal[0]
    message_id: Snowflake
    channel_id: Snowflake
    guild_id: Snowflake
    fail_if_not_exists: bool


class Attachment(TypedDict):
    """(Discord docs, Uploading Files); of one that is kept discord.py sends all it knows, which Discord ignores."""

    id: Snowflake
    filename: NotRequired[str]
    description: NotRequired[str | None]
    content_type: NotRequired[str]
    height: NotRequired[int]
    width: NotRequired[int]
    proxy_url: NotRequired[str]
    size: NotRequired[int]
    spoiler: NotRequired[bool]
    url: NotRequired[str]


class Row(TypedDict):
    """A row of buttons; the simulator's client shows nothing else."""

    type: Literal[1]
    id: NotRequired[int | None]
    components: list[described.components.ButtonComponent]


class Text(TypedDict, total=False):
    """What all messages have (Discord docs, Create Message; Interaction Callback Data)."""

    content: str | None
    tts: bool
    embeds: list[described.embed.Embed] | None
    allowed_mentions: AllowedMentions | None
    components: list[Row] | None
    attachments: list[Attachment]
    flags: int
    poll: described.poll.PollCreate


class NewMessage(Text, total=False):
    """(Discord docs, Create Message)."""

    nonce: int | str
    enforce_nonce: bool
    message_reference: Reference
    sticker_ids: list[Snowflake]


class Edit(TypedDict, total=False):
    """(Discord docs, Edit Message); discord.py sends ``tts`` too, which Discord ignores."""

    content: str | None
    tts: bool
    embeds: list[described.embed.Embed] | None
    flags: int | None
    allowed_mentions: AllowedMentions | None
    components: list[Row] | None
    attachments: list[Attachment]


class Answer(TypedDict):
    """(Discord docs, Interaction Response)."""

    type: Literal[4, 5, 6, 7]
    data: NotRequired[Text | None]


class Direct(TypedDict):
    """(Discord docs, Create DM)."""

    recipient_id: Snowflake


class Nothing(TypedDict):
    """No body."""


def read(body: Any, kind: Any) -> Json:
    """Return a body that has the shape which a route takes.

    Raises:
        FormError: it has another.
    """
    found = list(problems({} if body is None else body, kind, strict=True))
    if found:
        raise FormError(*found)
    return body or {}


def check_text(body: Json, at: str = "") -> None:
    """Look at what a message says.

    Raises:
        FormError: it is too long, or its buttons are no good.
    """
    found = [
        *_long(body.get("content"), 2000, "content"),
        *_long(str(body.get("nonce") or ""), 25, "nonce"),
        *_long(body.get("embeds"), 10, "embeds"),
        *_buttons(body.get("components") or []),
    ]
    rules: Json = body.get("allowed_mentions") or {}
    found += [  # both together contradict each other (Discord docs, Allowed Mentions)
        ("allowed_mentions", f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.')
        for kind in ("users", "roles")
        if rules.get(kind) and kind in (rules.get("parse") or ())
    ]
    if found:
        raise FormError(*((f"{at}.{where}".lstrip("."), words) for where, words in found))


def _long(value: str | list[Any] | None, limit: int, at: str) -> Iterator[Problem]:
    if value is not None and len(value) > limit:
        yield at, TOO_LONG.format(limit)


def _buttons(rows: list[Json]) -> Iterator[Problem]:
    """Look at buttons (Discord docs, Component Reference)."""
    yield from _long(rows, 5, "components")
    seen: set[str] = set()
    for y, row in enumerate(rows):
        if not 1 <= len(row["components"]) <= 5:
            yield f"components.{y}.components", "Must be between 1 and 5 in length."
        for x, button in enumerate(row["components"]):
            at = f"components.{y}.components.{x}"
            yield from ((f"{at}.{where}".rstrip("."), words) for where, words in _button(button, seen))


def _button(button: Json, seen: set[str]) -> Iterator[Problem]:
    name = button.get("custom_id")
    if (button["style"] == 5) == (name is not None) or ("url" in button) != (button["style"] == 5):
        yield "", "A button has either a custom_id or, with style 5, a url"
    if name is not None:
        if not 1 <= len(name) <= 100:
            yield "custom_id", "Must be between 1 and 100 in length."
        if name in seen:
            yield "custom_id", "Component custom id cannot be duplicated"
        seen.add(name)
    if not button.get("label") and not button.get("emoji"):
        yield "", "A button has a label or an emoji"
    yield from _long(button.get("label"), 80, "label")
