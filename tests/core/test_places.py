import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiaoer.places import Path, Places

words = st.text("abcdefgh_-", min_size=1, max_size=6)
odd = st.text("ab .#[]{}=\"\\'中", min_size=1, max_size=6)
keys = st.one_of(words, odd)
scalars = st.one_of(
    st.booleans().map(lambda value: "true" if value else "false"),
    st.integers(-999, 999).map(str),
    st.sampled_from(
        [
            '"a # no comment"',
            "'lit [x]'",
            '"""\n[no]\nx = 1\n"""',
            "'''a\n'b'\n'''",
            "2026-01-01T00:00:00Z",
            "3.14",
            '"\\"q\\""',
        ]
    ),
)


def quoted(key: str) -> str:
    return (
        key
        if key and all((letter.isalnum() and letter.isascii()) or letter in "_-" for letter in key)
        else json.dumps(key, ensure_ascii=False)
    )


@st.composite
def documents(draw: Any) -> tuple[str, dict[Path, str]]:
    """A TOML document, and for each of its keys the text that must stand on its line."""
    lines: list[str] = []
    expected: dict[Path, str] = {}

    def pairs(base: Path, depth: int) -> None:
        for key in draw(st.lists(keys, max_size=3, unique=True)):
            path = (*base, key)
            kind = draw(st.sampled_from(["scalar", "array", "inline"] if depth else ["scalar"]))
            expected[path] = quoted(key)
            if kind == "scalar":
                lines.append(f"{quoted(key)} = {draw(scalars)} # {key!r} [x]")
            elif kind == "inline":
                inner = draw(words)
                expected[(*path, inner)] = inner
                lines.append(f'{quoted(key)} = {{ {inner} = {draw(st.integers(0, 9))}, "z z" = [1, {{ q = 2 }}] }}')
            else:
                lines.append(f"{quoted(key)} = [ # begins")
                for index in range(draw(st.integers(0, 3))):
                    lines.append(f'  "item {index}", # ]')
                    expected[(*path, index)] = f"item {index}"
                lines.append("]")
            if draw(st.booleans()):
                lines.append("")

    pairs((), 0)
    for name in draw(st.lists(keys, max_size=3, unique=True)):
        if (name,) in expected:
            continue
        if draw(st.booleans()):
            expected[(name,)] = quoted(name)
            lines.append(f"[ {quoted(name)} ] # table")
            pairs((name,), 1)
        else:
            for index in range(draw(st.integers(1, 2))):
                lines.append(f"[[{quoted(name)}]]")
                expected[(name, index)] = quoted(name)
                pairs((name, index), 1)
    return "\n".join(lines) + "\n", expected


@given(documents())
def test_every_key_is_found_on_a_line_that_holds_it(document: tuple[str, dict[Path, str]]) -> None:
    text, expected = document
    tomllib.loads(text)
    places, lines = Places(text), text.splitlines()
    for path, words in expected.items():
        assert words in lines[places.line(path) - 1], path


def test_a_key_that_is_not_there_is_sought_where_it_would_stand() -> None:
    places = Places("[a]\nb = 1\n")
    assert places.line(("a", "missing")) == 1
    assert places.line(("nowhere",)) == 0


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a.b.c = 1\n", ("a", "b", "c"), 1),
        ("x = 1\n[a . 'b.c' . d]\ne = 2\n", ("a", "b.c", "d", "e"), 3),
        ("[a.b]\nc = 1\n[a]\nd = 1\n", ("a",), 3),
        ("[[a]]\n[[a.b]]\nc = 1\n[[a]]\n[[a.b]]\nc = 2\n[[a.b]]\nc = 3\n", ("a", 1, "b", 1, "c"), 8),
        ("[[a]]\n[a.b]\nc = 1\n[[a]]\n[a.b]\nc = 2\n", ("a", 1, "b", "c"), 6),
        ('a = """\n[b]\nc = "]"\\\n"""\nc = 1\n', ("c",), 5),
        ("a = '''\n''''\nb = 1\n", ("b",), 3),
        ('a = """x"""""\nb = 1\n', ("b",), 2),
        ('a = ["""x"""", "]"]\nb = 1\n', ("b",), 2),
        ("a = [ # [\n  [1, 2], # ]\n  [\n    3,\n  ],\n]\n", ("a", 1, 0), 4),
        ("a = [\n  { b = 1 },\n  { b.c = [\n 7 ] },\n]\n", ("a", 1, "b", "c", 0), 4),
        ("1979-05-27 = 1979-05-27 07:32:00\n3.14 = 3.14\nb = 1\n", ("3", "14"), 2),
        ('"\\u0061" = 1\n"\\"" = 2\n', ("a",), 1),
        ('"\\u0061" = 1\n"\\"" = 2\n', ('"',), 2),
        ("a = 1 # x\r\n\r\nb = 1\r\n", ("b",), 3),
    ],
)
def test_odd_but_valid_writing_is_followed(text: str, path: Path, line: int) -> None:
    value: Any = tomllib.loads(text)
    for part in path:
        value = value[part]
    assert Places(text).line(path) == line
