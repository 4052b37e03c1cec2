"""An item as a Markdown file: what is known of it in YAML between two lines of dashes, and below them what it says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple, TypeAlias

import yaml

from xiaoer import Refusal, one_line
from xiaoer_broadcaster.item import (
    NAME_LIMIT,
    STATES,
    TITLE_LIMIT,
    USES,
    Item,
    checked_tags,
    checked_text,
    read,
    refuse_word,
)
from xiaoer_broadcaster.slot import parse_day

FENCE = "---"
KEYS = (
    *("number", "title", "kind", "slot", "cadence", "tags", "expires", "most", "teasers", "author", "author_name"),
    *("state", "scheduled", "uses", "last", "last_at", "file", "file_name", "mime"),
)
HIGHEST = 1_000_000
"""The highest number of an item."""

Value: TypeAlias = str | tuple[str, ...]

_ACCOUNT = re.compile(r"[a-z]{1,16}:\S{1,64}")
_DIGEST = re.compile(r"[0-9a-f]{0,128}")


class Fault(NamedTuple):
    """What is wrong with a file.

    Args:
        file: its name.
        line: where, counted from 1.
        why: what is wrong, as a person who asked is told it.
    """

    file: str
    line: int
    why: Refusal


class Page(NamedTuple):
    """A file as it was read.

    Args:
        file: its name.
        item: what is in it; its number is 0 when the file says none.
        said: the keys that its front matter has.
    """

    file: str
    item: Item
    said: frozenset[str]


class _Found(NamedTuple):
    value: Value
    line: int


def parse(file: str, text: str, slots: Sequence[str], today: date) -> Page | list[Fault]:
    """Return the item in a file, or everything that is wrong with it.

    Args:
        file: its name.
        text: what it holds.
        slots: the names of the slots that there are.
        today: the community's day.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    end = next((n for n, line in enumerate(lines) if n and line.rstrip() == FENCE), 0)
    if lines[0].rstrip() != FENCE or not end:
        return [Fault(file, 1, Refusal("broadcaster.file.no_front_matter"))]
    found, faults = _head("\n".join(lines[1:end]), file)
    fields: dict[str, Any] = {"number": 0, "source": file}
    for key, (value, line) in found.items():
        try:
            fields |= _field(key, value, slots, today)
        except Refusal as refusal:
            faults.append(Fault(file, line, refusal))
    try:
        fields["text"] = checked_text("\n".join(lines[end + 1 :]))
    except Refusal as refusal:
        empty = fields.get("digest") or fields.get("state") in ("rejected", "withdrawn")
        if refusal.key.endswith("long_text") or not empty:
            faults.append(Fault(file, end + 2, refusal))
    item = Item(**fields)
    if (item.state == "scheduled") != (item.day is not None):
        line = (found.get("scheduled") or found.get("state") or _Found("", 1)).line
        faults.append(Fault(file, line, Refusal("broadcaster.file.scheduled_state")))
    return faults or Page(file, item, frozenset(found))


def _head(text: str, file: str) -> tuple[dict[str, _Found], list[Fault]]:
    """Return what stands in the front matter by key, and what is wrong with how it is written."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = Refusal("broadcaster.file.not_yaml", why=one_line(error.problem or "", 80))
        return {}, [Fault(file, (mark.line if mark is not None else 0) + 2, why)]
    except (yaml.YAMLError, RecursionError) as error:
        return {}, [Fault(file, 2, Refusal("broadcaster.file.not_yaml", why=one_line(str(error), 80)))]
    if node is None:
        return {}, []
    if not isinstance(node, yaml.MappingNode):
        return {}, [Fault(file, 2, Refusal("broadcaster.file.not_yaml", why="key: value"))]
    found: dict[str, _Found] = {}
    faults: list[Fault] = []
    for name, value in _pairs(node):
        line, key = name.start_mark.line + 2, str(name.value)
        plain = _value(value)
        if key not in KEYS:
            why = Refusal("broadcaster.file.unknown_key", value=one_line(key, 40), allowed=", ".join(KEYS))
        elif key in found:
            why = Refusal("broadcaster.file.twice", value=key)
        elif plain is None:
            why = Refusal("broadcaster.file.nested", value=key)
        else:
            found[key] = _Found(plain, line)
            continue
        faults.append(Fault(file, line, why))
    return found, faults


def _pairs(node: yaml.MappingNode) -> list[tuple[yaml.Node, yaml.Node]]:
    return list(node.value)


def _value(node: yaml.Node) -> Value | None:
    """Return what is written, as it is written; None when it is more than a value or a list of values."""
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    if isinstance(node, yaml.SequenceNode) and all(isinstance(part, yaml.ScalarNode) for part in node.value):
        return tuple(str(part.value) for part in node.value)
    return None


def _field(key: str, value: Value, slots: Sequence[str], today: date) -> dict[str, Any]:
    """Return what a key of the front matter says of an item."""
    if key == "tags":
        return {"tags": checked_tags((value,) if isinstance(value, str) else value)}
    if key == "teasers":
        return {"teasers": read("teasers", value if isinstance(value, str) else ",".join(value), slots, today)}
    if not isinstance(value, str):
        raise Refusal("broadcaster.file.nested", value=key)
    return {} if value == "" else _one(key, value, slots, today)


def _one(key: str, value: str, slots: Sequence[str], today: date) -> dict[str, Any]:
    match key:
        case "number" | "uses":
            return {key: _number(value, 1 if key == "number" else 0, HIGHEST if key == "number" else USES)}
        case "title" | "author_name":
            return {key: one_line(value, TITLE_LIMIT if key == "title" else NAME_LIMIT)}
        case "author":
            return {key: _matching(_ACCOUNT, key, value)}
        case "state":
            return {key: _one_of(value)}
        case "scheduled":
            day, _, slot = value.partition(" ")
            return {"day": _day(day), "at_slot": _slot(slot.strip(), slots)}
        case "last":
            return {key: _day(value)}
        case "last_at":
            return {key: _moment(value)}
        case "file":
            return {"digest": _matching(_DIGEST, key, value)}
        case "file_name" | "mime":
            return {key: one_line(value, TITLE_LIMIT)}
        case _:
            return {key: read(key, value, slots, today)}


def _slot(name: str, slots: Sequence[str]) -> str:
    if name not in slots:
        raise refuse_word("slot", name, slots)
    return name


def _one_of(value: str) -> str:
    if value not in STATES:
        raise Refusal("broadcaster.refused.state", value=one_line(value, 40), allowed=", ".join(STATES))
    return value


def _number(value: str, least: int, most: int) -> int:
    if not (value.isascii() and value.isdigit()) or len(value) > 7 or not least <= int(value) <= most:
        raise Refusal("broadcaster.file.number", value=one_line(value, 40), least=least, most=most)
    return int(value)


def _matching(pattern: re.Pattern[str], key: str, value: str) -> str:
    if pattern.fullmatch(value) is None:
        raise Refusal("broadcaster.file.value", name=key, value=one_line(value, 40))
    return value


def _day(value: str) -> date:
    day = parse_day(value, date.min)
    if day is None:
        raise Refusal("broadcaster.refused.day", value=one_line(value, 40))
    return day


def _moment(value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Refusal("broadcaster.file.value", name="last_at", value=one_line(value, 40))
    return moment.astimezone(UTC)


def written(item: Item) -> str:
    """Return the file of an item; :func:`parse` reads the same item from it."""
    head: dict[str, Any] = {
        "number": item.number,
        "title": item.title,
        "kind": item.kind,
        "slot": item.slot,
        "cadence": item.cadence,
        "tags": list(item.tags),
        "expires": item.expires,
        "most": item.most,
        "teasers": None if item.teasers is None else list(item.teasers),
        "author": item.author,
        "author_name": item.author_name,
        "state": item.state,
        "scheduled": f"{item.day.isoformat()} {item.at_slot}" if item.day is not None else None,
        "uses": item.uses,
        "last": item.last,
        "last_at": item.last_at.isoformat() if item.last_at is not None else None,
        "file": item.digest,
        "file_name": item.file_name,
        "mime": item.mime,
    }
    said = {
        key: value for key, value in head.items() if value not in (None, "", 0) and (value != [] or key == "teasers")
    }
    text = yaml.safe_dump(said, allow_unicode=True, sort_keys=False, width=10_000)
    return f"{FENCE}\n{text}{FENCE}\n\n{item.text}\n"
