"""What is wrong with a value in ``plugins.toml``, in words for the operator."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Iterable
from datetime import date, time
from difflib import get_close_matches
from typing import Annotated, Any, Union, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from xiaoer.places import Path as Key

SHOWN = 60
"""So many characters of a value are shown."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SUBJECT = re.compile(r"[A-Z]\w* should ")
_LENGTH = ("too_short", "too_long")


def dotted(key: Key) -> str:
    """Return a key as TOML writes it: ``communities.town.spaces[0]``, odd parts in quotes."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            written = part if _BARE.fullmatch(part) else json.dumps(part, ensure_ascii=False)
            text += f".{written}" if text else written
    return text


def found(key: Key, value: Any) -> str:
    """Return what stands at a key; what may be a token put in the wrong place is never shown."""
    private = key[:1] == ("adapters",) and not isinstance(value, int | float)
    if private and (str(key[-1]).endswith("_env") or len(str(value)) > 20):
        return "something that is not shown here, because it may be a secret"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value) if isinstance(value, date | time) else repr(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


def unknown(name: str, known: Iterable[str], what: str) -> str:
    """Return that there is no such thing, which one may be meant, and which there are."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    advice = f"did you mean {near[0]}? " if near else ""
    return f"there is no {what} {name!r}: {advice}allowed: {', '.join(names) or 'none'}"


def explain(key: Key, model: type[BaseModel], table: Any, error: ValidationError) -> Iterable[tuple[Key, str]]:
    """Return what is wrong in a section: keys and sentences.

    Args:
        key: the section's.
        model: what it must be like.
        table: what stands there.
        error: what pydantic found.
    """
    details = error.errors(include_url=False)
    for detail in details:
        beneath = len(detail["loc"])
        if detail["type"] in _LENGTH and any(
            other["loc"][:beneath] == detail["loc"] and len(other["loc"]) > beneath for other in details
        ):
            continue  # items that are refused are not counted, which says nothing of its own
        place, value = _locate(table, detail)
        yield (*key, *place), _sentence((*key, *place), model, detail, value)


def _locate(table: Any, detail: ErrorDetails) -> tuple[Key, Any]:
    """Return where the fault is and what stands there; pydantic's own marks, as of unions, are left out."""
    place: list[str | int] = []
    value = table
    for part in detail["loc"]:
        if (isinstance(value, dict) and part in value) or (isinstance(value, list) and isinstance(part, int)):
            value = cast("Any", value)[part]
        elif not (detail["type"] == "missing" and part == detail["loc"][-1]):
            continue
        place.append(part)
    about_the_key = detail["loc"][-1:] == ("[key]",)
    return tuple(place), place[-1] if about_the_key else cast("Any", value)


def _sentence(key: Key, model: type[BaseModel], detail: ErrorDetails, value: Any) -> str:
    message = detail["msg"].removeprefix("Value error, ").replace(" after validation", "")
    if detail["type"] in ("extra_forbidden", "missing"):
        fields = _model(model, detail["loc"][:-1]).model_fields
        if detail["type"] == "extra_forbidden":
            return unknown(str(key[-1]), fields, "key")
        field = fields.get(str(key[-1]))
        return "it is missing" + (f": {field.description}" if field is not None and field.description else "")
    subject = _SUBJECT.match(message)
    if subject is not None:
        return f"found {found(key, value)}; it should {message[subject.end() :]}"
    return f"found {found(key, value)}: {message}"


def _model(model: type[BaseModel], loc: tuple[int | str, ...]) -> type[BaseModel]:
    annotation: Any = model
    for part in loc:
        annotation = _inside(annotation, part) or annotation
    return next((kind for kind in _members(annotation) if _is_model(kind)), model)


def _inside(annotation: Any, part: int | str) -> Any:
    for kind in _members(annotation):
        origin, arguments = get_origin(kind), get_args(kind)
        if _is_model(kind) and part in kind.model_fields:
            return kind.model_fields[part].annotation
        if origin is dict:
            return arguments[1]
        if origin in (tuple, list) and isinstance(part, int):
            return arguments[0]
    return None


def _members(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(kind for member in get_args(annotation) for kind in _members(member))
    return (annotation,)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
