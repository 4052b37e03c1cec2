"""What Xiaoer logs: readable in a terminal, one JSON object a line elsewhere, never a secret, never a forged line."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import re
import reprlib
import sys
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Literal, Protocol, TextIO, TypeAlias, cast

import structlog
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.typing import EventDict, Processor, WrappedLogger

Mode: TypeAlias = Literal["auto", "terminal", "json"]
Level: TypeAlias = Literal["debug", "info", "warning", "error", "critical"]

MASK = "[secret]"
"""What stands in a log where a secret was."""

QUIET = ("aiogram", "aiohttp", "aiosqlite", "alembic", "asyncio", "discord", "sqlalchemy", "uvicorn")
"""Libraries of which only warnings are of use: below that they tell each request, with what members wrote in it."""

# Each starts at the edge of a run of its characters, so that a long message is read once and not once a character.
_TOKENS = re.compile(
    r"(?<!\d)\d{6,}:[A-Za-z0-9_-]{30,}"  # Telegram
    r"|(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{20,}"  # Discord, and JSON web tokens
    r"|aW50ZXJhY3Rpb24[A-Za-z0-9_=-]{10,}"  # of a Discord interaction; libraries log addresses that hold one
    r"|(?P<scheme>Bearer +)[^\s\"',;]+",
    re.IGNORECASE,
)
_UNSAFE = "\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
_UNSAFE_IN_JSON = re.compile(f"[{_UNSAFE}]")
_UNSAFE_IN_TERMINAL = re.compile(f"[\x00-\x1f{_UNSAFE}]")
_DEPTH = 8

_whole = reprlib.Repr()
_whole.maxother = sys.maxsize


class Secrets(Protocol):
    """Knows the values that nobody may read in a log."""

    def redact(self, text: str) -> str:
        """Return a text with every known secret masked."""
        ...


def configure(mode: Mode, level: Level, secrets: Secrets, stream: TextIO | None = None) -> Callable[[], None]:
    """Set structlog up, and lead the standard library's logging into it.

    Args:
        mode: how entries look; ``auto`` is ``terminal`` where the stream is one, else ``json``.
        level: the least level that is written.
        secrets: masks known secrets.
        stream: where entries go; the standard error stream when None.

    Returns:
        A function that takes it all back.
    """
    out = sys.stderr if stream is None else stream
    least = logging.getLevelNamesMapping()[level.upper()]
    terminal = mode == "terminal" or (mode == "auto" and out.isatty())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False) if terminal else _utc_stamp(),
            structlog.processors.format_exc_info,
            Plain(Redactor(secrets)),
            *(_terminal(colors=out.isatty() and "NO_COLOR" not in os.environ) if terminal else (_as_json,)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _Unfailing(out))),
        cache_logger_on_first_use=False,
    )
    return _lead_in(least)


class _Unfailing:
    """A stream that may lose an entry, but fails nobody's work: the disk of the log may be full as well."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()


def _utc_stamp() -> Processor:
    return structlog.processors.TimeStamper(fmt="iso", utc=True)


class Redactor:
    """Masks secrets in a text: those that are known, and whatever has the shape of a token.

    Args:
        secrets: masks known secrets.
    """

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def __call__(self, text: str) -> str:
        """Return the text with secrets masked."""
        text = self._secrets.redact(text)
        if ":" in text or "." in text or " " in text or "aW50" in text:
            return _TOKENS.sub(_masked, text)
        return text


def _masked(found: re.Match[str]) -> str:
    return (found["scheme"] or "") + MASK


class Plain:
    """Makes an entry of nothing but redacted texts, numbers, lists and dictionaries.

    Whatever a renderer would turn into text later is turned into text here, because it may hold a secret.

    Args:
        redact: masks secrets in a text.
    """

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact = redact

    def __call__(self, _logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
        """Return the entry, made plain; a structlog processor."""
        return {self._redact(key): self._value(value, 0) for key, value in entry.items()}

    def _value(self, value: object, depth: int) -> Any:
        if isinstance(value, str):
            return self._redact(str(value))
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, float):
            return value if math.isfinite(value) else str(value)
        if depth < _DEPTH:
            if isinstance(value, Mapping):
                items = cast("Mapping[object, object]", value).items()
                return {self._text(key): self._value(inner, depth + 1) for key, inner in items}
            if isinstance(value, list | tuple | set | frozenset):
                return [self._value(inner, depth + 1) for inner in cast("list[object]", value)]
        return self._text(value)

    def _text(self, value: object) -> str:
        return self._redact(value if isinstance(value, str) else _whole.repr_instance(value, 0))


def _as_json(_logger: WrappedLogger, _method: str, entry: EventDict) -> str:
    ordered = {key: entry.pop(key) for key in ("timestamp", "level", "event") if key in entry}
    ordered.update(entry)
    # Only JSON's own strings can hold these characters, so escaping them in the finished line loses nothing.
    return _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(ordered, ensure_ascii=False))


def _terminal(*, colors: bool) -> tuple[Processor, Processor]:
    render = ConsoleRenderer(colors=colors, exception_formatter=plain_traceback, pad_event_to=24)
    return _neutral, cast("Processor", render)


def _neutral(_logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
    long = [str(entry.pop(key)) for key in ("stack", "exception") if entry.get(key) is not None]
    neutral: dict[str, Any] = {_visible(key): _visibly(value) for key, value in entry.items()}
    if long:
        # Every line but an entry's first is indented, so a message inside a traceback cannot pass for an entry.
        neutral["exception"] = "\n".join(f"    {_visible(line)}" for text in long for line in text.split("\n"))
    return neutral


def _visibly(value: Any) -> Any:
    if isinstance(value, str):
        return _visible(value)
    if isinstance(value, dict):
        return {_visible(key): _visibly(inner) for key, inner in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_visibly(inner) for inner in cast("list[object]", value)]
    return value


def _visible(text: str) -> str:
    """Return a text in which control characters and those that turn the direction of writing are shown, not obeyed."""
    return _UNSAFE_IN_TERMINAL.sub(_picture, text)


def _picture(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(0x2400 + code) if code < 0x20 else f"<U+{code:04X}>"


class _Bridge(logging.Handler):
    """Leads the standard library's logging into structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):
            message = f"{record.msg!r} {record.args!r}"
        level = max((known for known in _LEVELS if known <= record.levelno), default=logging.DEBUG)
        more: MutableMapping[str, Any] = {"exc_info": record.exc_info} if record.exc_info else {}
        structlog.get_logger().log(level, message, logger=record.name, **more)


_LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL)


def _lead_in(least: int) -> Callable[[], None]:
    root = logging.getLogger()
    before = {logger: logger.level for logger in (root, *map(logging.getLogger, QUIET))}
    others = [handler for handler in root.handlers if isinstance(handler, _Bridge)]
    bridge = _Bridge()
    for handler in others:
        root.removeHandler(handler)
    root.addHandler(bridge)
    for logger in before:
        logger.setLevel(least if logger is root else max(least, logging.WARNING))

    def take_back() -> None:
        root.removeHandler(bridge)
        for logger, level in before.items():
            logger.setLevel(level)
        structlog.reset_defaults()

    return take_back
