"""A migration, killed at its statements: the file is as before or as after, and the next start brings it up to date."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from tests.core.test_migration import executing, make_package, schema

CHILD = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from xiaoer.migration import migrate

left = int(sys.argv[2])

def count(sql):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

@event.listens_for(Engine, "connect")
def watch(connection, record):
    connection.set_trace_callback(count)

sys.exit(len(migrate(Path(sys.argv[1]), [("tea", "package_tea")])))
"""
FIRST = executing("CREATE TABLE tea_cup (id INTEGER PRIMARY KEY, size TEXT)")
SECOND = executing(
    "CREATE TABLE tea_new (id INTEGER PRIMARY KEY, size TEXT NOT NULL, full INTEGER NOT NULL DEFAULT 0)",
    "INSERT INTO tea_new (id, size) SELECT id, coalesce(size, 'small') FROM tea_cup",
    "DROP TABLE tea_cup",
    "ALTER TABLE tea_new RENAME TO tea_cup",
    "CREATE INDEX tea_cup_size ON tea_cup (size)",
)
CUPS = [(number, "big" if number % 2 else None) for number in range(200)]


def run(folder: Path, file: Path, statements: int) -> int:
    environ = {**os.environ, "PYTHONPATH": str(folder), "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-c", CHILD, str(file), str(statements)]
    return subprocess.run(command, env=environ, check=False, timeout=60, stdout=subprocess.DEVNULL).returncode


def cups(file: Path) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(file)
    found = connection.execute("SELECT * FROM tea_cup ORDER BY id").fetchall()
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    return found


def old_file(folder: Path, name: str) -> Path:
    """Return a file of the first version, with something in it."""
    file = folder / name
    assert run(folder, file, 0) == 0
    connection = sqlite3.connect(file)
    connection.executemany("INSERT INTO tea_cup VALUES (?, ?)", CUPS)
    connection.commit()
    connection.close()
    return file


@pytest.mark.timeout(120)
def test_a_migration_killed_at_any_statement_is_done_whole_by_the_next_start(tmp_path: Path) -> None:
    make_package(tmp_path, "package_tea", FIRST)
    spare = old_file(tmp_path, "spare.db").read_bytes()
    second = tmp_path / "package_tea" / "migrations" / "0002_step.py"
    lines = "".join(f"    {line}\n" for line in SECOND.splitlines())
    second.write_text(
        f'from alembic import op\nrevision = "0002"\ndown_revision = "0001"\ndef upgrade():\n{lines}', encoding="utf-8"
    )
    calm = tmp_path / "calm.db"
    calm.write_bytes(spare)
    assert run(tmp_path, calm, 0) == 0
    expected = cups(calm)

    kills = 0
    for statement in range(1, 200, 2):
        file = tmp_path / f"killed{statement}.db"
        file.write_bytes(spare)
        if run(tmp_path, file, statement) != -signal.SIGKILL:
            break
        kills += 1
        assert cups(file) in (CUPS, expected), f"half done at statement {statement}"
        assert run(tmp_path, file, 0) == 0
        assert (cups(file), schema(file)) == (expected, schema(calm))
    assert kills >= 5
