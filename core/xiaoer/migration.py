"""Bringing the file up to date before the store opens: each package's Alembic revisions, in one transaction each."""

from __future__ import annotations

import ast
import contextlib
import importlib
import sqlite3
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from xiaoer.errors import PluginError, StoreError
from xiaoer.store import explain

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext, RevisionStep
    from sqlalchemy import Connection

CORE = "xiaoer"

SNAPSHOTS = 3
"""So many snapshots of a file are kept."""


class _Package(NamedTuple):
    name: str
    folder: Path
    heads: frozenset[str]
    revisions: frozenset[str]

    @property
    def version_table(self) -> str:
        return f"xr_schema_{self.name}"


def migrate(file: Path, packages: Sequence[tuple[str, str]]) -> list[PluginError]:
    """Apply what is missing of each package's revisions.

    Args:
        file: the database; it is made when it is not there.
        packages: (name, import package) of everything that has tables, the core first.

    Returns:
        One error a plugin or adapter whose revisions failed; its part of the schema is as it was.

    Raises:
        StoreError: the core's own revisions failed, or the file cannot be used.
    """
    found = [package for package in (_package(*pair) for pair in packages) if package is not None]
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        stale = [package for package in found if _current(file, package) != package.heads]
        if not stale:
            return []
        _snapshot(file)
    except OSError as error:
        raise StoreError(f"database {file}: {error.strerror}: give this user the right to write there") from error
    except sqlite3.Error as error:
        raise StoreError(explain(error, file)) from error
    errors: list[PluginError] = []
    for package in stale:
        reason = _refusal(file, package) or _apply(file, package)
        if reason is None:
            continue
        if package.name == CORE:
            raise StoreError(reason)
        errors.append(PluginError(package.name, reason))
    return errors


def _package(name: str, package: str) -> _Package | None:
    module = importlib.import_module(package)
    if not hasattr(module, "__path__") or (package == CORE and name != CORE):
        return None  # a plugin in a single file has no tables
    folder = resources.files(package) / "migrations"
    if not folder.is_dir():
        return None
    path = Path(str(folder))
    revisions: set[str] = set()
    parents: set[str] = set()
    for revision, parent in map(_identity, sorted(path.glob("[0-9]*.py"))):
        revisions.add(revision)
        parents |= {parent} if parent else set()
    return _Package(name, path, frozenset(revisions - parents), frozenset(revisions))


def _identity(file: Path) -> tuple[str, str | None]:
    """Read a revision's id and parent without running it, so that a start with nothing to do stays quick."""
    values: dict[str, str | None] = {}
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        target = (
            node.targets[0]
            if isinstance(node, ast.Assign)
            else node.target
            if isinstance(node, ast.AnnAssign)
            else None
        )
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and isinstance(value, ast.Constant):
            values[target.id] = value.value if isinstance(value.value, str) else None
    return values.get("revision") or file.stem, values.get("down_revision")


def _current(file: Path, package: _Package) -> frozenset[str]:
    with _connection(file) as connection:
        try:
            rows = connection.execute(f"SELECT version_num FROM {package.version_table}").fetchall()  # noqa: S608
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return frozenset()
            raise
        return frozenset(row[0] for row in rows)


@contextlib.contextmanager
def _connection(file: Path) -> Generator[sqlite3.Connection]:
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def _snapshot(file: Path) -> None:
    """Copy the file beside itself, unless it is new, and throw away the oldest copies."""
    if not file.exists() or file.stat().st_size == 0:
        return
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    copy = file.with_name(f"{file.stem}.before-{stamp}.db")
    with _connection(file) as source, _connection(copy) as target:
        source.backup(target)
    for old in sorted(file.parent.glob(f"{file.stem}.before-*.db"))[:-SNAPSHOTS]:
        old.unlink()


def _refusal(file: Path, package: _Package) -> str | None:
    """Return why the file cannot be brought up to date: a newer program made it."""
    unknown = _current(file, package) - package.revisions
    if not unknown:
        return None
    return (
        f"database {file} was made by a newer version of {package.name} (revision {', '.join(sorted(unknown))}): "
        "install that version, or put back a snapshot that is older"
    )


def _apply(file: Path, package: _Package) -> str | None:
    """Apply a package's revisions in one transaction and return why that failed, or None."""
    from sqlalchemy import URL, create_engine, event

    engine = create_engine(URL.create("sqlite", database=str(file)))
    # pysqlite would begin transactions on its own, too late for a pragma and without IMMEDIATE
    event.listen(engine, "connect", _leave_transactions_alone)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                _upgrade(connection, package)
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                if broken:
                    raise StoreError(f"{len(broken)} rows point to nothing")
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")
    except Exception as error:  # noqa: BLE001 - bulkhead "migration": a plugin's revision may raise anything
        original = getattr(error, "orig", error)
        if isinstance(original, sqlite3.Error) and not isinstance(original, sqlite3.ProgrammingError):
            return explain(original, file)
        return f"its revision failed: {type(error).__name__}: {' '.join(str(error).split())}"
    finally:
        engine.dispose()
    return None


def _leave_transactions_alone(raw: sqlite3.Connection, _: object) -> None:
    raw.isolation_level = None


def _upgrade(connection: Connection, package: _Package) -> None:
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(package.folder), version_locations=[str(package.folder)])

    def revisions(current: tuple[str, ...], _: MigrationContext) -> list[RevisionStep]:
        return script._upgrade_revs("heads", current)  # type: ignore[arg-type]  # pyright: ignore

    context = MigrationContext.configure(
        connection, opts={"fn": revisions, "script": script, "version_table": package.version_table}
    )
    with Operations.context(context):
        context.run_migrations()
