"""Templates of texts: compiled once, filled in at every message.

A template has ``{name}`` placeholders, ``{name:time}`` and the like for moments and numbers, and ``**bold**``. Braces
that are meant as such are doubled. What fills a placeholder is data and is never read as a template itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, tzinfo
from string import Formatter
from typing import Any, NamedTuple, TypeAlias, get_args

from xiaoer.content import Bold, Link, Mention, Part, Text

FORMATS = ("time", "date", "datetime", "number")
"""What may stand behind the colon of a placeholder."""

Spell: TypeAlias = Callable[[Any, str], str]
"""Writes a value, given with the format behind the colon, in one language and time zone."""

_PARTS = get_args(Part)


class TemplateError(ValueError):
    """A template cannot be read; the message says why."""


class Slot(NamedTuple):
    """A placeholder: whose value it stands for, how that is written, and whether it is emphasised."""

    name: str
    format: str
    bold: bool


class Template(NamedTuple):
    """A compiled template.

    Args:
        pieces: plain strings, emphasised stretches and placeholders.
        names: the names of its placeholders.
    """

    pieces: tuple[str | Bold | Slot, ...]
    names: frozenset[str]


def compile_template(source: str) -> Template:
    """Return a template, compiled.

    Raises:
        TemplateError: its braces, a placeholder or its asterisks are not right.
    """
    pieces: list[str | Bold | Slot] = []
    bold = False
    for literal, name, spec, conversion in _fields(source):
        stretches = literal.split("**")
        for index, stretch in enumerate(stretches):
            bold ^= index > 0
            if stretch:
                pieces.append(Bold(stretch) if bold else stretch)
        if name is not None:
            pieces.append(_slot(name, spec or "", conversion, bold))
    if bold:
        raise TemplateError("** opens a bold stretch that nothing closes")
    return Template(tuple(pieces), frozenset(piece.name for piece in pieces if isinstance(piece, Slot)))


def _fields(source: str) -> list[tuple[str, str | None, str | None, str | None]]:
    try:
        return list(Formatter().parse(source))
    except ValueError as error:
        raise TemplateError(f"its braces are not right ({error}); a brace that is meant as such is doubled") from error


def _slot(name: str, spec: str, conversion: str | None, bold: bool) -> Slot:
    if not name.isidentifier():
        raise TemplateError(f"{{{name}}} is not a placeholder: braces hold one name and nothing else")
    if conversion or (spec and spec not in FORMATS):
        raise TemplateError(f"{{{name}}} may be followed by {', '.join(f':{known}' for known in FORMATS)} alone")
    return Slot(name, spec, bold)


def fill(template: Template, values: Mapping[str, Any], spell: Spell) -> Text:
    """Return the text that a template and values make; a placeholder without a value stays as it is written.

    Args:
        template: the template.
        values: what the placeholders stand for: strings, numbers, moments, parts or whole texts.
        spell: writes what is neither a string nor a part.
    """
    parts: list[Part] = []
    for piece in template.pieces:
        if not isinstance(piece, Slot):
            _add(parts, piece)
            continue
        name, form, bold = piece
        for part in _spelled(values[name], form, spell) if name in values else (f"{{{name}}}",):
            _add(parts, Bold(part) if bold and isinstance(part, str) else part)
    return tuple(parts)


def _spelled(value: Any, form: str, spell: Spell) -> Text:
    if isinstance(value, str | Mention | Bold | Link):
        return (value,)
    if isinstance(value, tuple) and all(isinstance(part, _PARTS) for part in value):  # pyright: ignore[reportUnknownVariableType]
        return value  # pyright: ignore[reportUnknownVariableType]
    return (spell(value, form),)


def _add(parts: list[Part], part: Part) -> None:
    last = parts[-1] if parts else None
    if isinstance(part, str):
        if isinstance(last, str):
            parts[-1] = last + part
        elif part:
            parts.append(part)
    elif isinstance(part, Bold) and isinstance(last, Bold):
        parts[-1] = Bold(last.text + part.text)
    elif not isinstance(part, Bold) or part.text:
        parts.append(part)


def speller(language: str, timezone: tzinfo) -> Spell:
    """Return what writes numbers and moments in a language and a time zone.

    Args:
        language: for instance ``zh``.
        timezone: where moments are told; a moment without a zone is taken as UTC.
    """

    def spell(value: Any, form: str) -> str:
        if form == "number" and isinstance(value, int | float):
            from babel.numbers import format_decimal

            return format_decimal(value, locale=language)
        if isinstance(value, date | time):
            return _moment(value, form, language, timezone)
        return "" if value is None else str(value)

    return spell


def _moment(value: date | time, form: str, language: str, timezone: tzinfo) -> str:
    # Loading a language's calendar costs milliseconds, which a start without dates does not pay.
    from babel.dates import format_date, format_time, get_datetime_format

    if isinstance(value, time):
        return format_time(value, "short", locale=language)
    if not isinstance(value, datetime):
        return format_date(value, "medium", locale=language)
    there = (value if value.tzinfo is not None else value.replace(tzinfo=UTC)).astimezone(timezone)
    day = format_date(there, "medium", locale=language)
    hour = format_time(there, "short", tzinfo=timezone, locale=language)
    if form in ("date", "time"):
        return day if form == "date" else hour
    return str(get_datetime_format("medium", locale=language)).replace("{1}", day).replace("{0}", hour)
