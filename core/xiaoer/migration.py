"""Bringing the file up to date before the store opens: each package's Alembic revisions, in one transaction each."""

from __future__ import annotations

import ast
import contextlib
import glob
import importlib
import shutil
import sqlite3
from collections import Counter
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from xiaoer.copying import copy_database
from xiaoer.errors import PluginError, StoreError
from xiaoer.files import PATIENCE, PUT_BACK, connected, damage, explain
from xiaoer.transaction import STORAGE_FAILURES
from xiaoer.units import describe

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext, RevisionStep
    from sqlalchemy import Connection

CORE = "xiaoer"

State: TypeAlias = Literal["current", "older", "newer"]

SNAPSHOTS = 3
"""So many snapshots of a file are kept."""

LOOK = 1.0
"""Seconds that a start may look for damage; some hundred megabytes are looked at in that time."""


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
    errors: list[PluginError] = []
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _look_for_damage(file)
        stale = _stale(file, packages, errors)
        if stale:
            _bring_up(file, stale, errors)
    except OSError as error:
        raise StoreError(f"database {file}: {error.strerror}: give this user the right to write there") from error
    except sqlite3.Error as error:
        raise StoreError(explain(error, file)) from error
    return errors


class Schema(NamedTuple):
    """What a file has of one package's tables.

    Args:
        name: the package's.
        revisions: what was applied last; none while it has no tables.
        state: whether the installed package has the same, has more to apply, or does not know what was applied.
    """

    name: str
    revisions: frozenset[str]
    state: State


def schemas(connection: sqlite3.Connection, packages: Sequence[tuple[str, str]]) -> list[Schema]:
    """Return what a file has of each package's tables; packages without any are left out.

    Args:
        connection: to the file.
        packages: as for :func:`migrate`.
    """
    found: list[Schema] = []
    for name, module in packages:
        with contextlib.suppress(SyntaxError, ValueError):  # revisions that cannot be read are told at the start
            package = _package(name, module)
            if package is not None:
                current = _current(connection, package)
                found.append(Schema(name, current, _state(package, current)))
    return found


def _state(package: _Package, current: frozenset[str]) -> State:
    if not current <= package.revisions:
        return "newer"
    return "current" if current == package.heads else "older"


def _look_for_damage(file: Path) -> None:
    if not file.exists() or file.stat().st_size == 0:
        return
    with connected(file, "ro") as connection:  # one that may write would put the log into a damaged file, and delete it
        found = damage(connection, LOOK)
    if found is not None:
        raise StoreError(f"database {file}: it is damaged ({found}): {PUT_BACK}")


def _stale(file: Path, packages: Sequence[tuple[str, str]], errors: list[PluginError]) -> list[_Package]:
    """Return what has to be brought up to date, and note what cannot be."""
    stale: list[_Package] = []
    for name, package in packages:
        try:
            found = _package(name, package)
        except (SyntaxError, ValueError) as error:
            _failed(name, f"its revisions cannot be read: {error}", errors)
            continue
        if found is None:
            continue
        with _connection(file) as connection:
            current = _current(connection, found)
        if current == found.heads:
            continue
        unknown = current - found.revisions
        if unknown:
            _failed(name, _newer(file, found, unknown), errors)
        else:
            stale.append(found)
    return stale


def _bring_up(file: Path, stale: list[_Package], errors: list[PluginError]) -> None:
    """Apply what is missing; a snapshot stays if something was, so that failing starts drive out no good ones."""
    copy = _snapshot(file)
    before = _all_current(file, stale)
    try:
        for package in stale:
            reason = _apply(file, package)
            if reason is not None:
                _failed(package.name, reason, errors)
    finally:
        if copy is not None and before == _all_current(file, stale):
            copy.unlink()
        for old in _snapshots(file)[:-SNAPSHOTS]:
            old.unlink()


def _failed(name: str, reason: str, errors: list[PluginError]) -> None:
    if name == CORE:
        raise StoreError(reason)
    errors.append(PluginError(name, reason))


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
    for file in sorted(path.glob("*.py")):
        if not file.name.startswith(("__init__", ".#")):  # what Alembic passes over
            revision, before = _identity(file.stem, file.read_bytes())
            revisions.add(revision)
            parents |= before
    return _Package(name, path, frozenset(revisions - parents), frozenset(revisions))


@lru_cache
def _identity(name: str, source: bytes) -> tuple[str, frozenset[str]]:
    """Read a revision's id and parents without running it, so that a start with nothing to do stays quick."""
    values: dict[str, Any] = {}
    for node in ast.parse(source, f"{name}.py").body:
        if isinstance(node, ast.Assign):
            target = node.targets[0]
        elif isinstance(node, ast.AnnAssign):
            target = node.target
        else:
            continue
        if isinstance(target, ast.Name) and target.id in ("revision", "down_revision") and node.value is not None:
            values[target.id] = ast.literal_eval(node.value)
    parents = values.get("down_revision") or ()
    return str(values.get("revision") or name), frozenset((parents,) if isinstance(parents, str) else parents)


def _current(connection: sqlite3.Connection, package: _Package) -> frozenset[str]:
    try:
        rows = connection.execute(f"SELECT version_num FROM {package.version_table}").fetchall()  # noqa: S608
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return frozenset()
        raise
    return frozenset(row[0] for row in rows)


def _all_current(file: Path, packages: list[_Package]) -> list[frozenset[str]]:
    with _connection(file) as connection:
        return [_current(connection, package) for package in packages]


@contextlib.contextmanager
def _connection(file: Path) -> Generator[sqlite3.Connection]:
    """Open a file, which is made when it is not there."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None, timeout=PATIENCE)) as connection:
        yield connection


def _snapshots(file: Path) -> list[Path]:
    return sorted(file.parent.glob(f"{glob.escape(file.stem)}.before-*.db"))


def _snapshot(file: Path) -> Path | None:
    """Copy the file beside itself, unless it is new, and return the copy."""
    if file.stat().st_size == 0:
        return None
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    copy = file.with_name(f"{file.stem}.before-{stamp}.db")
    part = copy.with_suffix(".part")
    try:
        part.touch(0o600)  # it holds what the file holds, so nobody else may read it
        copy_database(file, part)
        shutil.copymode(file, part)
        part.replace(copy)
    finally:
        part.unlink(missing_ok=True)
    return copy


def _newer(file: Path, package: _Package, unknown: frozenset[str]) -> str:
    """Say that a newer program made the file, and which snapshot this one could go on with."""
    older = next((copy for copy in reversed(_snapshots(file)) if _fits(copy, package)), None)
    instead = "" if older is None else f", or put back the snapshot {older.name}"
    return (
        f"database {file} was made by a newer version of {package.name} "
        f"(revision {', '.join(sorted(unknown))} is unknown here): install that version{instead}"
    )


def _fits(copy: Path, package: _Package) -> bool:
    try:
        with connected(copy, "ro", alone=True) as connection:
            return _current(connection, package) <= package.revisions
    except sqlite3.Error:
        return False


def _apply(file: Path, package: _Package) -> str | None:
    """Apply a package's revisions in one transaction and return why that failed, or None."""
    from sqlalchemy import URL, create_engine, event

    engine = create_engine(URL.create("sqlite", database=str(file)), connect_args={"timeout": PATIENCE})
    # pysqlite would begin transactions on its own, too late for a pragma and without IMMEDIATE
    event.listen(engine, "connect", _leave_transactions_alone)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                before = _dangling(connection)
                with _in_one_transaction(connection):
                    _upgrade(connection, package)
                broken = _dangling(connection) - before
                if broken:
                    raise StoreError(f"{broken.total()} rows of {', '.join(sorted(broken))} point to nothing")
                connection.exec_driver_sql("COMMIT")
            finally:
                raw = connection.connection.dbapi_connection
                if isinstance(raw, sqlite3.Connection) and raw.in_transaction:  # SQLite may have ended it by itself
                    raw.execute("ROLLBACK")
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - bulkhead "migration": a plugin's revision may raise anything
        original = getattr(error, "orig", error)
        code = str(getattr(original, "sqlite_errorname", ""))
        if isinstance(original, sqlite3.Error) and code.startswith(STORAGE_FAILURES):
            return explain(original, file)
        what = "it ends or begins a transaction, which is not its own" if code == "SQLITE_AUTH" else describe(original)
        return f"a revision of {package.name} failed, so its tables in {file} are as they were ({what})"
    finally:
        engine.dispose()
    return None


def _dangling(connection: Connection) -> Counter[str]:
    """Count the rows that point to nothing, by table; some may be there before, and are another plugin's."""
    return Counter(row[0] for row in connection.exec_driver_sql("PRAGMA foreign_key_check"))


@contextlib.contextmanager
def _in_one_transaction(connection: Connection) -> Generator[None]:
    """Refuse what would end the transaction, because then what was done before could not be undone."""

    def allow(action: int, *_: str | None) -> int:
        return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_TRANSACTION else sqlite3.SQLITE_OK

    raw = connection.connection.dbapi_connection
    if not isinstance(raw, sqlite3.Connection):
        raise StoreError("revisions are for SQLite")
    raw.set_authorizer(allow)
    try:
        yield
    finally:
        raw.set_authorizer(None)


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
