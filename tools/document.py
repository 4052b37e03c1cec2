"""Writes the pages of docs/ that follow from the code: the hooks and the configuration.

``python tools/document.py`` writes them, ``--check`` says whether they are as they should be.
"""

from __future__ import annotations

import inspect
import sys
import typing
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from xiaoer.discovery import installed_adapters, installed_plugins
from xiaoer.hookspecs import HOOKS, HookSpecs
from xiaoer.sections import ChatsSection, CommunitySection, XiaoerSection

DOCS = Path(__file__).parent.parent / "docs"
MADE = "<!-- Made by tools/document.py: change the code and run `make docs`. -->"


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
    lines += _table("[xiaoer]", "The program itself.", XiaoerSection)
    for name, kind in installed_adapters().items():
        lines += _table(f"[adapters.{name}]", _first(inspect.getdoc(kind)), kind.settings)
    lines += _table("[communities.<id>]", "One community; the id is small letters, digits, `-`, `_`.", CommunitySection)
    lines += _table("[communities.<id>.chats]", "Its chats by purpose.", ChatsSection)
    for name, plugin in installed_plugins().items():
        lines += _table(f"[communities.<id>.{name}]", _first(inspect.getdoc(plugin)), plugin.config)
    lines += [
        "## The environment",
        "",
        "| variable | what for |",
        "|---|---|",
        "| `XIAOER_SECRET` | What buttons and claim codes are made with, at least 16 characters; without it a file "
        "`secret.key` is made beside the database. |",
        "| what a `token_env` names | A platform's token. |",
        "",
    ]
    return "\n".join(lines).rstrip() + "\n"


def _table(title: str, lead: str, model: type[BaseModel]) -> list[str]:
    lines = [f"## `{title}`", "", lead, ""]
    if not model.model_fields:
        return [*lines, "It has no settings.", ""]
    lines += ["| key | kind | default | what it does |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        default = "required" if field.is_required() else _shown(field.default)
        lines.append(f"| `{name}` | {_kind(field.annotation)} | {default} | {field.description or ''} |")
    return [*lines, ""]


def _kind(annotation: Any) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return " or ".join(f"`{argument}`" for argument in arguments)
    if origin is typing.Annotated:
        return _kind(arguments[0])
    if origin is tuple:
        return f"list of {_kind(arguments[0])}"
    if origin is dict:
        return f"table of {_kind(arguments[1])}"
    names = {"str": "text", "int": "number", "bool": "yes or no", "float": "number"}
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "table"
    return names.get(getattr(annotation, "__name__", ""), str(annotation))


def _shown(default: Any) -> str:
    if isinstance(default, BaseModel) or default in ((), {}):
        return "empty"
    return f"`{str(default).lower() if isinstance(default, bool) else default!r}`"


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
