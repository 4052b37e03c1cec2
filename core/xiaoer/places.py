"""Where a key stands in a TOML file: ``tomllib`` says what a file holds, not on which line.

The file is known to be valid TOML when it comes here, so only its shape matters: headers, keys, strings and brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]

_TOKEN = re.compile(
    r"""
    (?P<multi>\"{3}(?:\\.|(?!\"{3}).)*\"{3,5}|'{3}(?:(?!'{3}).)*'{3,5})
  | (?P<quoted>"(?:\\.|[^"\\\n])*"|'[^'\n]*')
  | (?P<comment>\#[^\n]*)
  | (?P<newline>\n)
  | (?P<mark>[\[\]{}=,.])
  | (?P<bare>[^\s\[\]{}=,.\#"']+)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:(?P<short>[btnfr\"\\])|u(?P<u4>[0-9A-Fa-f]{4})|U(?P<u8>[0-9A-Fa-f]{8}))")
_SHORT = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


class Places:
    """The line of every key of a TOML file.

    Args:
        text: the file's text, which must be valid TOML.
    """

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        self._arrays: dict[Path, int] = {}
        self._tokens = _Tokens(text)
        self._read()

    def line(self, path: Path) -> int:
        """Return the line of a key, or of the nearest table that holds it; 0 when there is none."""
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[:-1]
        return 0

    def _note(self, path: Path, line: int) -> None:
        for length in range(1, len(path) + 1):
            self._lines.setdefault(path[:length], line)

    def _read(self) -> None:
        tokens, table = self._tokens, ()
        base: Path = table
        while tokens.kind:
            if tokens.text == "\n":
                tokens.step()
            elif tokens.text == "[" and tokens.kind == "mark":
                base = self._header()
            else:
                self._pair(base)

    def _header(self) -> Path:
        tokens = self._tokens
        tokens.step()
        array = tokens.text == "[" and tokens.kind == "mark" and tokens.adjacent
        if array:
            tokens.step()
        line = tokens.line
        key = self._resolved(self._key(), array=array)
        while tokens.text == "]" and tokens.kind == "mark":
            tokens.step()
        self._lines[key] = line
        self._note(key, line)
        return key

    def _resolved(self, key: Path, *, array: bool) -> Path:
        """Put the index of the newest element behind every array of tables that the key goes through."""
        found: Path = ()
        for number, part in enumerate(key):
            found = (*found, part)
            if array and number == len(key) - 1:
                self._arrays[found] = self._arrays.get(found, -1) + 1
            if found in self._arrays:
                found = (*found, self._arrays[found])
        return found

    def _pair(self, base: Path) -> None:
        tokens = self._tokens
        line = tokens.line
        path = base + self._key()
        self._note(path, line)
        tokens.step()  # the equals sign
        self._value(path)

    def _key(self) -> Path:
        tokens = self._tokens
        parts = [tokens.key]
        tokens.step()
        while tokens.text == "." and tokens.kind == "mark":
            tokens.step()
            parts.append(tokens.key)
            tokens.step()
        return tuple(parts)

    def _value(self, path: Path) -> None:
        tokens = self._tokens
        if tokens.kind == "mark" and tokens.text == "[":
            self._array(path)
        elif tokens.kind == "mark" and tokens.text == "{":
            self._inline(path)
        else:
            while tokens.kind and not (tokens.kind == "newline" or (tokens.kind == "mark" and tokens.text in ",]}")):
                tokens.step()

    def _array(self, path: Path) -> None:
        tokens = self._tokens
        tokens.step()
        index = 0
        while not (tokens.kind == "mark" and tokens.text == "]"):
            if tokens.kind == "newline":
                tokens.step()
            elif tokens.kind == "mark" and tokens.text == ",":
                index += 1
                tokens.step()
            else:
                self._note((*path, index), tokens.line)
                self._value((*path, index))
        tokens.step()

    def _inline(self, path: Path) -> None:
        tokens = self._tokens
        tokens.step()
        while not (tokens.kind == "mark" and tokens.text == "}"):
            if tokens.kind == "newline" or (tokens.kind == "mark" and tokens.text == ","):
                tokens.step()
            else:
                self._pair(path)
        tokens.step()


class _Tokens:
    """The tokens of a text, one at a time; comments are left out."""

    def __init__(self, text: str) -> None:
        self._found = self._scan(text)
        self.kind = ""
        self.text = ""
        self.line = 1
        self.adjacent = False
        self.step()

    def step(self) -> None:
        """Go to the next token; its kind is empty at the end."""
        self.kind, self.text, self.line, self.adjacent = next(self._found, ("", "", self.line, False))

    @property
    def key(self) -> str:
        """The token as a key."""
        if self.kind != "quoted":
            return self.text
        inner = self.text[1:-1]
        return inner if self.text[0] == "'" else _ESCAPE.sub(_unescaped, inner)

    def _scan(self, text: str) -> Iterator[tuple[str, str, int, bool]]:
        line, end = 1, -1
        for match in _TOKEN.finditer(text):
            kind = match.lastgroup or ""
            if kind != "comment":
                yield kind, match.group(), line, match.start() == end
            end = match.end()
            line += match.group().count("\n")


def _unescaped(match: re.Match[str]) -> str:
    if match["short"]:
        return _SHORT[match["short"]]
    return chr(int(match["u4"] or match["u8"], 16))
