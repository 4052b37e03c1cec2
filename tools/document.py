"""Writes the pages of docs/ that follow from the code: the hooks and the configuration.

``python tools/document.py`` writes them, ``--check`` says whether they are as they should be.
"""

from __future__ import annotations

import inspect
import json
import sys
import types
import typing
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from xiaoer.discovery import installed_adapters, installed_plugins
from xiaoer.hookspecs import HOOKS, HookSpecs
from xiaoer.secrets import KEY_LENGTH, KEY_VARIABLE
from xiaoer.sections import CommunitySection, XiaoerSection

DOCS = Path(__file__).parent.parent / "docs"
MADE = "<!-- Made by tools/document.py: change the code and run `make docs`. -->"

UNIONS = (typing.Union, types.UnionType)
COUNTED = ("text", "number", "table", "list", "date", "time")
LIMITS = ("ge", "gt", "le", "lt", "min_length", "max_length")
KINDS: dict[Any, str] = {
    str: "text",
    int: "number",
    float: "number",
    bool: "`true` or `false`",
    datetime: "date and time",
    date: "date",
    time: "time",
}


def hooks() -> str:
    """Return the page of the hooks."""
    lines = ["# Hooks", "", MADE, "", _first(inspect.getdoc(sys.modules[HookSpecs.__module__])), ""]
    lines += ["| hook | hears of | when |", "|---|---|---|"]
    for name, spec in _specs():
        event = HOOKS.get(name)
        heard = f"`{event.__name__}`" if event is not None else "every `PlatformEvent`"
        lines.append(f"| `@{name}` | {heard} | {_first(inspect.getdoc(spec))} |")
    lines += ["", "Each is `async def any_name(self, ctx, event)`, marked with its hook. In full:", ""]
    for name, spec in _specs():
        lines += [f"## {name}", "", inspect.getdoc(spec) or "", ""]
        event = HOOKS.get(name)
        if event is not None:
            lines += [f"`{event.__name__}`: {inspect.getdoc(event)}", "", _fields_of(event), ""]
    return "\n".join(lines).rstrip() + "\n"


def _specs() -> list[tuple[str, Any]]:
    return [(name, spec) for name, spec in vars(HookSpecs).items() if not name.startswith("_")]


def _fields_of(event: Any) -> str:
    fields = ", ".join(f"`{name}`" for name in event.__struct_fields__)
    return f"Fields: {fields}."


def configuration() -> str:
    """Return the page of the configuration."""
    lines = ["# Configuration", "", MADE, ""]
    lines += ["Everything stands in `plugins.toml`. `xiaoer check` names what is wrong in it, with its line.", ""]
    lines += section("xiaoer", "The program itself.", XiaoerSection)
    for name, kind in installed_adapters().items():
        lines += section(f"adapters.{name}", _first(inspect.getdoc(kind)), kind.settings)
    lead = "One community; the id is small letters, digits, `-` and `_`, at most 32, and begins with a letter."
    lines += section("communities.<id>", lead, CommunitySection)
    for name, plugin in installed_plugins().items():
        lines += section(f"communities.<id>.{name}", _first(inspect.getdoc(plugin)), plugin.config)
    lines += [
        "## The environment",
        "",
        "| variable | what for |",
        "|---|---|",
        f"| `{KEY_VARIABLE}` | What buttons and claim codes are made with, at least {KEY_LENGTH} characters; "
        "without it a file `secret.key` is made beside the database. |",
        "| what a `token_env` names | A platform's token. |",
        "",
    ]
    return "\n".join(lines).rstrip() + "\n"


def section(path: str, lead: str, model: type[BaseModel], *, many: bool = False) -> list[str]:
    """Return the lines about a section and the sections within it.

    Args:
        path: how the file writes its header, without the brackets.
        lead: what the section is.
        model: what may stand in it.
        many: whether it may stand there several times, as ``[[path]]``.
    """
    lines = [f"## `[[{path}]]`" if many else f"## `[{path}]`", "", lead, ""]
    if not model.model_fields:
        return [*lines, "It has no settings.", ""]
    lines += ["| key | what it takes | default | what it does |", "|---|---|---|---|"]
    inner: list[str] = []
    for name, field in model.model_fields.items():
        cells = [f"`{name}`", _taken(field), _default(field), field.description or ""]
        lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
        inner += _within(f"{path}.{name}", field.description or "", field.annotation)
    return [*lines, "", *inner]


def _within(path: str, lead: str, annotation: Any) -> list[str]:
    """Return the lines about a value's own sections, if it is made of such."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return section(path, lead, annotation)
    if origin in (tuple, list) and isinstance(arguments[0], type) and issubclass(arguments[0], BaseModel):
        return section(path, lead, arguments[0], many=True)
    if origin is dict:
        return _within(f"{path}.<key>", lead, arguments[1])
    members = arguments[:1] if origin is typing.Annotated else arguments if origin in UNIONS else ()
    return [line for member in members for line in _within(path, lead, member)]


def _taken(field: FieldInfo) -> str:
    """Return what a key takes: its kind, and the limits that its model sets."""
    kind = _kind(field.annotation)
    limits = {name: getattr(rule, name) for rule in field.metadata for name in LIMITS if hasattr(rule, name)}
    unit = {"text": " characters"}.get(kind, "")
    least = limits.get("ge", limits.get("min_length"))
    most = limits.get("le", limits.get("max_length"))
    words = [f"above {limits['gt']}"] if "gt" in limits else []
    words += [f"below {limits['lt']}"] if "lt" in limits else []
    if least is not None and most is not None:
        words.append(f"{least} to {most}{unit}")
    elif least is not None:
        words.append("not empty" if (least, "min_length" in limits) == (1, True) else f"at least {least}{unit}")
    elif most is not None:
        words.append(f"at most {most}{unit}")
    return ", ".join([kind, *words])


def _kind(annotation: Any) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return " or ".join(f"`{_toml(argument)}`" for argument in arguments)
    if origin is typing.Annotated:
        return _kind(arguments[0])
    if origin in UNIONS:
        return " or ".join(_kind(argument) for argument in arguments if argument is not type(None))
    if origin in (tuple, list):
        return f"list of {_plural(_kind(arguments[0]))}"
    if origin is dict:
        return f"table of {_plural(_kind(arguments[1]))}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "table, see below"
    return KINDS.get(annotation, str(getattr(annotation, "__name__", annotation)))


def _plural(kind: str) -> str:
    first, space, rest = kind.partition(" ")
    word = first.rstrip(",")
    return f"{word}s{first[len(word) :]}{space}{rest}" if word in COUNTED else kind


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True, validated_data={})
    if default is None:
        return "none"
    if isinstance(default, BaseModel) or default in ((), {}, []):
        return "empty"
    return f"`{_toml(default)}`"


def _toml(value: Any) -> str:
    """Return a value as the file writes it."""
    if isinstance(value, str | bool):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple | list):
        return f"[{', '.join(_toml(item) for item in typing.cast('typing.Sequence[Any]', value))}]"
    if isinstance(value, dict):
        pairs = typing.cast("dict[str, Any]", value).items()
        return "{ " + ", ".join(f"{_toml(key)} = {_toml(inner)}" for key, inner in pairs) + " }"
    return str(value)


def _first(text: str | None) -> str:
    return " ".join((text or "").split("\n\n")[0].split())


def main() -> int:
    """Write the pages, or say which are not as they should be."""
    stale = 0
    for name, page in {"hooks.md": hooks(), "configuration.md": configuration()}.items():
        file = DOCS / name
        if file.exists() and file.read_text(encoding="utf-8") == page:
            continue
        if "--check" in sys.argv:
            print(f"docs/{name} is not what the code says: run make docs")  # noqa: T201
            stale = 1
        else:
            file.write_text(page, encoding="utf-8")
    return stale


if __name__ == "__main__":
    sys.exit(main())
