"""Whether JSON has the shape that a ``TypedDict`` describes.

pydantic refuses ``typing.TypedDict`` before Python 3.12, and msgspec refuses unions of several of them; discord.py
describes Discord with both.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints, is_typeddict

ABSENT = {("InteractionDMChannel", "name"), ("ModalSubmitLabelInteractionData", "id")}
"""What discord.py calls required and Discord leaves out: direct channels have no name (Discord docs, Channel)."""

Problem = tuple[str, str]
"""Where it is, dotted as in Discord's errors, and what is wrong."""


@cache
def fields(kind: Any) -> dict[str, tuple[Any, bool]]:
    """Return the fields of a ``TypedDict``, each with whether it has to be there."""
    found: dict[str, tuple[Any, bool]] = {}
    for name, hint in get_type_hints(kind, include_extras=True).items():
        needed, plain = name in kind.__required_keys__, hint
        if get_origin(hint) in (NotRequired, Required):  # as text, they are not in the sets of keys
            needed = get_origin(hint) is Required
            (plain,) = get_args(hint)
        found[name] = (plain, needed and (kind.__name__, name) not in ABSENT)
    return found


def problems(value: Any, kind: Any, *, strict: bool = False, at: str = "") -> Iterator[Problem]:
    """Tell what is wrong with a value.

    Args:
        value: JSON.
        kind: an annotation.
        strict: unknown fields are wrong too.
        at: where it stands.
    """
    origin = get_origin(kind)
    if kind is Any:
        return
    if is_typeddict(kind):
        yield from _dict(value, kind, strict, at)
    elif origin in (Union, types.UnionType):
        yield from _union(value, get_args(kind), strict, at)
    elif origin is Literal:
        if value not in get_args(kind) or isinstance(value, bool) != isinstance(get_args(kind)[0], bool):
            yield at, f"Value must be one of {set(get_args(kind))}."
    elif origin is list:
        if not isinstance(value, list):
            yield at, "Only iterables may be used in a ListType"
            return
        for number, one in enumerate(value):
            yield from problems(one, get_args(kind)[0], strict=strict, at=f"{at}.{number}".lstrip("."))
    elif origin is dict:
        if not isinstance(value, dict):
            yield at, "Only dictionaries may be used in a DictType"
            return
        for name, one in value.items():
            yield from problems(name, get_args(kind)[0], strict=strict, at=f"{at}.{name}".lstrip("."))
            yield from problems(one, get_args(kind)[1], strict=strict, at=f"{at}.{name}".lstrip("."))
    elif not _plain(value, kind):
        yield at, f"Could not interpret {value!r} as {getattr(kind, '__name__', kind)}."


def _plain(value: Any, kind: Any) -> bool:
    if kind in (None, type(None)):
        return value is None
    if kind is float:
        return isinstance(value, float | int) and not isinstance(value, bool)
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


def _dict(value: Any, kind: Any, strict: bool, at: str) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield at, "Only dictionaries may be used in a ModelType"
        return
    known = fields(kind)
    for name, (hint, needed) in known.items():
        where = f"{at}.{name}".lstrip(".")
        if name in value:
            yield from problems(value[name], hint, strict=strict, at=where)
        elif needed:
            yield where, "This field is required"
    if strict:
        yield from ((f"{at}.{name}".lstrip("."), "Unknown field") for name in value if name not in known)


def _union(value: Any, kinds: tuple[Any, ...], strict: bool, at: str) -> Iterator[Problem]:
    found = [list(problems(value, kind, strict=strict, at=at)) for kind in kinds]
    if not any(one == [] for one in found):
        yield from min(found, key=len)  # the one that it resembles most says best what is wrong
