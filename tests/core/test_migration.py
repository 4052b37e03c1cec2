import re
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine

from xiaoer import StoreError
from xiaoer.migration import SNAPSHOTS, migrate
from xiaoer.tables import metadata

CORE = ("xiaoer", "xiaoer")


def schema(file: Path) -> dict[str, str]:
    connection = sqlite3.connect(file)
    rows = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type <> 'trigger'"
    ).fetchall()
    connection.close()
    return {name: _tidied(sql) for name, sql in rows if not name.startswith(("xr_schema", "sqlite_"))}


def _tidied(sql: str) -> str:
    return re.sub(r" ?([(),]) ?", r"\1", " ".join(sql.split()))


def make_package(folder: Path, name: str, *bodies: str) -> tuple[str, str]:
    """Write a package with one revision a body."""
    migrations = folder / name / "migrations"
    migrations.mkdir(parents=True)
    (folder / name / "__init__.py").touch()
    for number, body in enumerate(bodies, 1):
        parent = f'"{number - 1:04}"' if number > 1 else "None"
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        text = f'from alembic import op\nrevision = "{number:04}"\ndown_revision = {parent}\ndef upgrade():\n{lines}'
        (migrations / f"{number:04}_step.py").write_text(text)
    return name.removeprefix("package_"), name


def executing(*statements: str) -> str:
    return "\n".join(f'op.execute("{statement}")' for statement in statements)


def snapshots(file: Path) -> list[Path]:
    return sorted(file.parent.glob("*.before-*.db"))


def test_a_new_file_has_the_tables_that_the_code_declares(tmp_path: Path) -> None:
    migrated, created = tmp_path / "a.db", tmp_path / "b.db"
    assert migrate(migrated, [CORE]) == []
    engine = create_engine(URL.create("sqlite", database=str(created)))
    metadata.create_all(engine)
    engine.dispose()
    assert schema(migrated) == schema(created)


def test_a_snapshot_is_made_only_when_there_is_something_to_keep_and_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "a.db"
    migrate(file, [CORE])
    migrate(file, [CORE])
    assert snapshots(file) == []
    plugin = make_package(tmp_path, "package_one", 'op.execute("CREATE TABLE one_t (a)")')
    assert migrate(file, [CORE, plugin]) == []
    (copy,) = snapshots(file)
    assert "one_t" not in schema(copy)
    assert "xr_seen" in schema(copy)
    assert "one_t" in schema(file)


def test_only_the_newest_snapshots_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "a.db"
    migrate(file, [CORE])
    for number in range(SNAPSHOTS + 2):
        migrate(
            file, [CORE, make_package(tmp_path, f"package_p{number}", f'op.execute("CREATE TABLE p{number}_t (a)")')]
        )
    assert len(snapshots(file)) == SNAPSHOTS


def test_a_revision_that_fails_leaves_its_part_undone_and_the_others_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "a.db"
    bad = make_package(
        tmp_path,
        "package_bad",
        'op.execute("CREATE TABLE bad_t (a)")',
        'op.execute("CREATE TABLE bad_u (a)")\nraise ValueError("no")',
    )
    good = make_package(tmp_path, "package_good", 'op.execute("CREATE TABLE good_t (a)")')
    (error,) = migrate(file, [CORE, bad, good])
    assert error.plugin == "bad"
    assert "ValueError: no" in error.message
    tables = schema(file)
    assert "bad_t" not in tables
    assert "good_t" in tables


def test_rows_that_point_to_nothing_stop_a_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    body = executing(
        "CREATE TABLE o_a (id INTEGER PRIMARY KEY)",
        "CREATE TABLE o_b (a REFERENCES o_a (id))",
        "INSERT INTO o_b VALUES (7)",
    )
    (error,) = migrate(tmp_path / "a.db", [CORE, make_package(tmp_path, "package_o", body)])
    assert "point to nothing" in error.message


def test_copying_a_table_over_does_not_delete_what_points_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    first = executing(
        "CREATE TABLE c_a (id INTEGER PRIMARY KEY)",
        "CREATE TABLE c_b (a REFERENCES c_a (id) ON DELETE CASCADE)",
        "INSERT INTO c_a VALUES (1)",
        "INSERT INTO c_b VALUES (1)",
    )
    second = executing(
        "CREATE TABLE c_new (id INTEGER PRIMARY KEY)",
        "INSERT INTO c_new SELECT id FROM c_a",
        "DROP TABLE c_a",
        "ALTER TABLE c_new RENAME TO c_a",
    )
    file = tmp_path / "a.db"
    assert migrate(file, [CORE, make_package(tmp_path, "package_c", first, second)]) == []
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT count(*) FROM c_b").fetchone() == (1,)
    connection.close()


def test_a_file_of_a_newer_program_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    migrate(file, [CORE])
    connection = sqlite3.connect(file)
    connection.execute("UPDATE xr_schema_xiaoer SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match="newer version of xiaoer"):
        migrate(file, [CORE])


def test_a_file_that_is_no_database_is_refused_with_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    file.write_bytes(b"this is not a database, this is a letter to a friend" * 100)
    with pytest.raises(StoreError, match="check the path"):
        migrate(file, [CORE])


def set_version(file: Path, name: str, version: str) -> None:
    connection = sqlite3.connect(file)
    connection.execute(f"UPDATE xr_schema_{name} SET version_num = ?", (version,))
    connection.commit()
    connection.close()


def test_starts_that_fail_cost_no_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "a.db"
    migrate(file, [CORE])
    migrate(file, [CORE, make_package(tmp_path, "package_first", executing("CREATE TABLE first_t (a)"))])
    kept = snapshots(file)
    assert len(kept) == 1
    bad = make_package(tmp_path, "package_never", "raise ValueError('no')")
    for _ in range(SNAPSHOTS + 1):
        assert [error.plugin for error in migrate(file, [CORE, bad])] == ["never"]
    set_version(file, "xiaoer", "9999")
    for _ in range(SNAPSHOTS + 1):
        with pytest.raises(StoreError, match="newer version"):
            migrate(file, [CORE, bad])
    assert snapshots(file) == kept


def test_a_plugin_of_a_newer_version_is_left_out_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "a.db"
    newer = make_package(tmp_path, "package_newer", executing("CREATE TABLE newer_t (a)"))
    migrate(file, [CORE, newer])
    set_version(file, "newer", "0007")
    other = make_package(tmp_path, "package_other", executing("CREATE TABLE other_t (a)"))
    (error,) = migrate(file, [CORE, newer, other])
    assert error.plugin == "newer"
    assert "newer version of newer (revision 0007" in error.message
    assert "other_t" in schema(file)


def test_a_second_revision_is_added_to_what_the_first_one_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "a.db"
    grown = make_package(tmp_path, "package_grown", executing("CREATE TABLE grown_t (a)"))
    migrate(file, [CORE, grown])
    later = tmp_path / "package_grown" / "migrations" / "0002_step.py"
    later.write_text(
        'from alembic import op\nrevision = "0002"\ndown_revision = "0001"\n'
        'def upgrade():\n    op.execute("ALTER TABLE grown_t ADD COLUMN b")\n'
    )
    assert migrate(file, [CORE, grown]) == []
    assert "b" in schema(file)["grown_t"]
    assert migrate(file, [CORE, grown]) == []
    assert len(snapshots(file)) == 1


def test_a_folder_that_cannot_be_written_to_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="give this user the right to write there"):
        migrate(tmp_path / "state" / "a.db", [CORE])
