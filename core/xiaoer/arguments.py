"""What people type behind a command, taken apart by the command's own signature."""

from __future__ import annotations

import inspect
import types
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

from xiaoer.errors import PluginError, Refusal


@dataclass(frozen=True)
class Range:
    """The values an ``int`` parameter may take: ``Annotated[int, Range(1, 100)]``, both ends included."""

    low: int
    high: int


@dataclass(frozen=True)
class Remaining:
    """Marks the parameter that takes all text that is left."""


Rest: TypeAlias = Annotated[str, Remaining()]
"""The remaining text as it was typed, at most 4,000 characters."""

WORD_LIMIT = 200
REST_LIMIT = 4_000

_QUOTES = {'"': '"', "'": "'", "“": "”", "「": "」", "『": "』"}
_YES = frozenset({"yes", "y", "on", "true", "是", "开", "對", "对"})
_NO = frozenset({"no", "n", "off", "false", "否", "关", "關", "不"})


@dataclass(frozen=True)
class Parameter:
    """One value that a command takes.

    Args:
        name: the function's parameter.
        kind: what it is.
        required: whether it must be given.
        choices: what it may be, for a choice.
        range: the values it may take, for a number.
    """

    name: str
    kind: Literal["word", "number", "yes_no", "choice", "rest"]
    required: bool
    choices: tuple[str, ...] = ()
    range: Range | None = None

    @property
    def written(self) -> str:
        """How help writes it: ``<name>`` when it must be given, ``[name]`` when it may be."""
        shown = "|".join(self.choices) if self.choices else self.name + ("…" if self.kind == "rest" else "")
        return f"<{shown}>" if self.required else f"[{shown}]"


def parameters_of(plugin: str, function: Callable[..., Any]) -> tuple[Parameter, ...]:
    """Return what a command takes, read off its function.

    Args:
        plugin: whose command it is, for the error.
        function: its method, the instance bound or not.

    Raises:
        PluginError: a parameter has a type that cannot be typed by people.
    """
    hints = get_type_hints(function, include_extras=True)
    signature = list(inspect.signature(function).parameters.values())
    own = [parameter for parameter in signature if parameter.name != "self"][2:]
    found = tuple(_parameter(plugin, function.__name__, parameter, hints.get(parameter.name)) for parameter in own)
    for parameter in found[:-1]:
        if parameter.kind == "rest":
            raise PluginError(plugin, f"{function.__name__}: {parameter.name} takes the rest, so it must come last")
    return found


def _parameter(plugin: str, function: str, parameter: inspect.Parameter, hint: Any) -> Parameter:
    required = parameter.default is inspect.Parameter.empty
    if get_origin(hint) in (Union, types.UnionType):
        members = [member for member in get_args(hint) if member is not type(None)]
        hint = members[0] if len(members) == 1 else None
    extras: tuple[Any, ...] = ()
    if get_origin(hint) is Annotated:
        hint, *marks = get_args(hint)
        extras = tuple(marks)
    if get_origin(hint) is Literal and all(isinstance(choice, str) for choice in get_args(hint)):
        return Parameter(parameter.name, "choice", required, choices=get_args(hint))
    if hint is str:
        rest = any(isinstance(mark, Remaining) for mark in extras)
        return Parameter(parameter.name, "rest" if rest else "word", required)
    if hint is int:
        limits = next((mark for mark in extras if isinstance(mark, Range)), None)
        return Parameter(parameter.name, "number", required, range=limits)
    if hint is bool:
        return Parameter(parameter.name, "yes_no", required)
    raise PluginError(
        plugin,
        f"{function}: {parameter.name} must be a str, int, bool, Literal of words or Rest, or one of them | None",
    )


def usage(parameters: tuple[Parameter, ...]) -> str:
    """Return how a command's parameters are written: ``<version> [note…]``."""
    return " ".join(parameter.written for parameter in parameters)


def parse(parameters: tuple[Parameter, ...], text: str, line: str) -> dict[str, Any]:
    """Return the values in a text.

    Args:
        parameters: what the command takes.
        text: what was typed behind the command's name.
        line: the command as it should be written, for refusals.

    Raises:
        Refusal: something is missing, too much, or not of its kind.
    """
    values: dict[str, Any] = {}
    left = text.strip()
    for parameter in parameters:
        if not left:
            _missing(parameter, line)
            continue
        if parameter.kind == "rest":
            word, left = left, ""
        else:
            word, left = _word(left)
        values[parameter.name] = _value(parameter, word, line)
    if left:
        raise Refusal("xiaoer.command.too_much", extra=left[:WORD_LIMIT], usage=line)
    return values


def from_options(parameters: tuple[Parameter, ...], options: dict[str, str], line: str) -> dict[str, Any]:
    """Return the values that a platform with structured commands has taken apart.

    Raises:
        Refusal: something is missing, unknown, or not of its kind.
    """
    values: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.name in options:
            values[parameter.name] = _value(parameter, options[parameter.name], line)
        else:
            _missing(parameter, line)
    unknown = sorted(options.keys() - {parameter.name for parameter in parameters})
    if unknown:
        raise Refusal("xiaoer.command.too_much", extra=", ".join(unknown)[:WORD_LIMIT], usage=line)
    return values


def _missing(parameter: Parameter, line: str) -> None:
    if parameter.required:
        raise Refusal("xiaoer.command.missing", parameter=parameter.name, usage=line)


def _word(text: str) -> tuple[str, str]:
    closing = _QUOTES.get(text[0])
    if closing is not None:
        end = text.find(closing, 1)
        if end > 0:
            return text[1:end], text[end + 1 :].lstrip()
    parts = text.split(maxsplit=1)
    return parts[0], parts[1] if len(parts) > 1 else ""


def _value(parameter: Parameter, word: str, line: str) -> Any:
    limit = REST_LIMIT if parameter.kind == "rest" else WORD_LIMIT
    if len(word) > limit:
        raise Refusal("xiaoer.command.too_long", parameter=parameter.name, limit=limit)
    match parameter.kind:
        case "number":
            return _number(parameter, word, line)
        case "yes_no":
            return _yes_no(parameter, word, line)
        case "choice":
            chosen = next((choice for choice in parameter.choices if choice.casefold() == word.casefold()), None)
            if chosen is None:
                choices = ", ".join(parameter.choices)
                raise Refusal(
                    "xiaoer.command.not_a_choice", parameter=parameter.name, value=word, choices=choices, usage=line
                )
            return chosen
        case "word" | "rest":
            return word


def _number(parameter: Parameter, word: str, line: str) -> int:
    plain = unicodedata.normalize("NFKC", word)
    digits = plain[1:] if plain[:1] in ("-", "+") else plain
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        raise Refusal("xiaoer.command.not_a_number", parameter=parameter.name, value=word, usage=line)
    number = int(plain)
    limits = parameter.range
    if limits is not None and not limits.low <= number <= limits.high:
        raise Refusal("xiaoer.command.out_of_range", parameter=parameter.name, low=limits.low, high=limits.high)
    return number


def _yes_no(parameter: Parameter, word: str, line: str) -> bool:
    folded = word.casefold()
    if folded in _YES or folded in _NO:
        return folded in _YES
    raise Refusal("xiaoer.command.not_yes_no", parameter=parameter.name, value=word, usage=line)
