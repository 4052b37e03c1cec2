"""Statements of SQLAlchemy Core, compiled once to text and then run by sqlite3 directly.

The hot path pays neither the ORM nor the async session; tables and statements stay portable.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, cast

from sqlalchemy import ClauseElement, Select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.sql.visitors import cloned_traverse
from sqlalchemy.types import TypeEngine

from xiaoer.errors import StoreError, ValueRefused
from xiaoer.tables import JSONText, Moment

_dialect = sqlite.dialect(paramstyle="named")
_NULL = type(None)


class Row(Protocol):
    """A row of a result: its columns are attributes, and it unpacks like a tuple."""

    def __getattr__(self, name: str) -> Any: ...
    def __getitem__(self, index: int) -> Any: ...
    def __iter__(self) -> Any: ...


class Statement:
    """A statement that a plugin or the core declares once, at the top of a module.

    It is compiled at its first use. Values are checked before they reach the database, because SQLite would take an
    int into a text column.

    Args:
        expression: a select, insert, update or delete of SQLAlchemy Core, its values given by ``bindparam``.
    """

    def __init__(self, expression: ClauseElement) -> None:
        self._expression = expression
        self._compiled: Compiled | None = None

    @property
    def compiled(self) -> Compiled:
        """The statement's text with what its values and rows need."""
        if self._compiled is None:
            self._compiled = Compiled(self._expression)
        return self._compiled

    @property
    def sql(self) -> str:
        """The statement's text, its parameters named ``:like_this``."""
        return self.compiled.sql

    def bind(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the values as the database takes them.

        Raises:
            ValueRefused: one does not fit its column.
            StoreError: one is missing or unknown.
        """
        return self.compiled.bind(values)

    def __repr__(self) -> str:
        return f"<Statement {' '.join(self.sql.split())[:80]}>"


class Compiled:
    """A statement as SQLite takes it, with what its values and rows need."""

    def __init__(self, expression: ClauseElement) -> None:
        compiled = _compile(expression)
        slots = {name: _Slot(name, bind) for bind, name in compiled.bind_names.items()}
        lists = {name for bind, name in compiled.bind_names.items() if bind.expanding}
        self.required = frozenset(name for bind, name in compiled.bind_names.items() if bind.required)
        if lists & self.required:
            raise StoreError(f"give in_() its values where the statement is declared, not later: {compiled}")
        if lists:
            compiled = _compile(_spread(expression), render_postcompile=True)
        self.sql = str(compiled)
        self.fixed = {
            name: (slots.get(name) or slots[name.rpartition("_")[0]]).convert(value)
            for name, value in compiled.params.items()
            if name not in self.required
        }
        self.slots = {name: slots[name] for name in slots if name not in lists}
        self.plain = {name: slot.plain for name, slot in self.slots.items()}
        self.total = len(self.fixed) + len(self.required)
        self.row, self.readers = _reader(expression)
        self.writes = not isinstance(expression, SelectBase)

    def bind(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the values as the database takes them; see :meth:`Statement.bind`."""
        plain = self.plain
        for name, value in values.items():
            if type(value) is not plain.get(name):
                return self._convert(values)
        bound = {**self.fixed, **values} if self.fixed else values
        if len(bound) < self.total:
            self._missing(values)
        return bound

    def _convert(self, values: dict[str, Any]) -> dict[str, Any]:
        bound, plain = dict(self.fixed), self.plain
        for name, value in values.items():
            if type(value) is plain.get(name):
                bound[name] = value
                continue
            slot = self.slots.get(name)
            if slot is None:
                known = ", ".join(sorted(self.slots)) or "none"
                raise StoreError(f"parameter {name!r} is not one of {known}: {self.sql}")
            bound[name] = slot.convert(value)
        if len(bound) < self.total:
            self._missing(values)
        return bound

    def _missing(self, values: dict[str, Any]) -> None:
        missing = ", ".join(sorted(self.required - values.keys()))
        raise StoreError(f"parameter {missing} is missing: {self.sql}")

    def rows(self, cursor: sqlite3.Cursor) -> list[Row]:
        """Return what a cursor has left as rows, their values as Python has them."""
        make, readers = self.row, self.readers
        if not readers:
            return [make(*row) for row in cursor]
        return [make(*_read(row, readers)) for row in cursor]


def _compile(expression: ClauseElement, **options: Any) -> SQLCompiler:
    compiled = expression.compile(dialect=_dialect, compile_kwargs=options)
    if not (isinstance(compiled, SQLCompiler) and isinstance(expression, SelectBase | UpdateBase)):
        raise StoreError(f"only select, insert, update and delete can be run here, and not: {expression}")
    return compiled


def _spread(expression: ClauseElement) -> ClauseElement:
    """Return a copy whose lists behind IN can be written out, because nothing in it waits for a value."""

    def optional(bind: BindParameter[Any]) -> None:
        bind.required = False

    copy: ClauseElement = cloned_traverse(expression, {}, {"bindparam": optional})
    return copy


class _Slot:
    """How one parameter is checked and converted."""

    def __init__(self, name: str, bind: BindParameter[Any]) -> None:
        self.name = name
        kind = bind.type
        self.processor = _processor(kind)
        self.allowed = _python_type(kind)
        self.plain = self.allowed if self.processor is None else None

    def convert(self, value: object) -> object:
        if value is None:
            return None
        allowed = self.allowed
        if allowed is not None and (
            not isinstance(value, allowed) or (isinstance(value, bool) and allowed is not bool)
        ):
            raise ValueRefused(self.name, value, allowed.__name__)
        return value if self.processor is None else self.processor(value)


def _processor(kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    return kind.dialect_impl(_dialect).bind_processor(_dialect)


def _python_type(kind: TypeEngine[Any]) -> type | None:
    if isinstance(kind, Moment):
        return datetime
    if isinstance(kind, JSONText):
        return None
    try:
        found = kind.python_type
    except NotImplementedError:
        return None
    return None if found in (_NULL, object) else found


def _reader(expression: ClauseElement) -> tuple[Callable[..., Row], tuple[tuple[int, Callable[[Any], Any]], ...]]:
    columns = _columns(expression)
    names = [column.name for column in columns]
    make = cast("Callable[..., Row]", namedtuple("Row", names, rename=True))  # pyright: ignore[reportUntypedNamedTuple]
    readers: list[tuple[int, Callable[[Any], Any]]] = []
    for index, column in enumerate(columns):
        process = column.type.dialect_impl(_dialect).result_processor(_dialect, None)
        if process is not None:
            readers.append((index, process))
    return make, tuple(readers)


def _columns(expression: ClauseElement) -> list[Any]:
    if isinstance(expression, Select):
        return list(expression.selected_columns)
    return list(getattr(expression, "exported_columns", ()) if getattr(expression, "_returning", ()) else ())


def _read(row: tuple[Any, ...], readers: tuple[tuple[int, Callable[[Any], Any]], ...]) -> list[Any]:
    values = list(row)
    for index, process in readers:
        values[index] = process(values[index])
    return values
