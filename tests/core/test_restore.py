"""Going back to a copy: what may take the database's place, what stood there, and what must not happen twice."""

import contextlib
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

import xiaoer
from xiaoer import Content, Context, MessagePosted, NoConfig, Plugin, Statement, StoreError, on_message
from xiaoer.backup import backup
from xiaoer.locks import FileLock
from xiaoer.migration import migrate
from xiaoer.restore import Restored, restore
from xiaoer.tables import outbox
from xiaoer.testing import FakePlatform, play
from xiaoer.testing.scene import MAIN

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
PACKAGES = [("xiaoer", "xiaoer")]
KEPT = "town.replaced-20260302T040000Z.db"
OUTBOX = Statement(select(outbox.c.state, outbox.c.reason).order_by(outbox.c.id))


def opened(file: Path) -> "contextlib.closing[sqlite3.Connection]":
    return contextlib.closing(sqlite3.connect(file, isolation_level=None))


def notes(file: Path) -> list[str]:
    with opened(file) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [row[0] for row in connection.execute("SELECT text FROM notes ORDER BY text")]


def note(file: Path, text: str) -> None:
    with opened(file) as connection:
        connection.execute("INSERT INTO notes VALUES (?)", (text,))


def names(folder: Path) -> list[str]:
    """Return what is there, without what SQLite leaves where somebody only reads: an empty log and its index."""
    found = [file for file in folder.iterdir() if file.is_dir() or file.stat().st_size]
    return sorted(file.name for file in found if not file.name.endswith("-shm"))


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Make a database with a note in it, and a copy of it on a shelf."""
    file = tmp_path / "state" / "town.db"
    migrate(file, PACKAGES)
    (file.parent / "secret.key").write_bytes(b"the key of the town, for tests")
    (tmp_path / "shelf").mkdir()
    with opened(file) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE notes (text)")
    note(file, "before")
    backup(file, tmp_path / "shelf" / "copy.db", NOW)
    return file


@pytest.fixture
def copy(database: Path) -> Path:
    return database.parents[1] / "shelf" / "copy.db"


def end_as_by_a_kill(file: Path, text: str) -> None:
    """Write a note and leave the log behind, as a program does that is killed."""
    with opened(file) as connection:
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("INSERT INTO notes VALUES (?)", (text,))
        for suffix in ("", "-wal"):
            shutil.copy(f"{file}{suffix}", f"{file}{suffix}.left")
    for suffix in ("", "-wal"):
        os.replace(f"{file}{suffix}.left", f"{file}{suffix}")


def go_back(database: Path, copy: Path) -> Restored:
    return restore(database, copy, PACKAGES, NOW)


def test_the_copy_stands_there_and_what_stood_there_is_kept_with_what_was_in_its_log(
    database: Path, copy: Path
) -> None:
    end_as_by_a_kill(database, "after")
    done = go_back(database, copy)
    assert notes(database) == ["before"]
    assert done.kept == database.with_name(KEPT)
    assert notes(done.kept) == ["after", "before"]


def test_a_damaged_database_is_kept_as_it_is_and_its_log_does_not_ruin_the_copy(database: Path, copy: Path) -> None:
    end_as_by_a_kill(database, "after")
    with database.open("r+b") as handle:
        handle.write(b"\xff" * 100)
    before = [Path(f"{database}{suffix}").read_bytes() for suffix in ("", "-wal")]
    done = go_back(database, copy)
    assert done.kept is not None
    assert [Path(f"{done.kept}{suffix}").read_bytes() for suffix in ("", "-wal")] == before
    assert names(database.parent) == ["secret.key", "town.db", KEPT, f"{KEPT}-wal"]
    assert notes(database) == ["before"]


def test_where_nothing_stood_the_copy_and_the_key_are_put(copy: Path, tmp_path: Path) -> None:
    done = go_back(tmp_path / "new" / "town.db", copy)
    assert (done.kept, done.key) == (None, True)
    assert names(tmp_path / "new") == ["secret.key", "town.db"]
    assert stat.S_IMODE((tmp_path / "new" / "secret.key").stat().st_mode) == 0o600


def test_another_key_is_kept_beside_the_one_that_is_put_back(database: Path, copy: Path) -> None:
    key = database.with_name("secret.key")
    key.write_bytes(b"another key, of later times")
    assert go_back(database, copy).key
    assert key.read_bytes() == b"the key of the town, for tests"
    assert key.with_name("secret.replaced-20260302T040000Z.key").read_bytes() == b"another key, of later times"


def test_the_same_key_is_left_alone(database: Path, copy: Path) -> None:
    assert not go_back(database, copy).key
    assert names(database.parent) == ["secret.key", "town.db", KEPT]


def test_while_the_program_runs_nothing_is_put_back(database: Path, copy: Path) -> None:
    lock = FileLock(database)
    lock.acquire()
    with pytest.raises(StoreError, match="in use by another Xiaoer: stop that one first"):
        go_back(database, copy)
    lock.release()
    assert names(database.parent) == ["secret.key", "town.db"]


def letter(copy: Path) -> None:
    copy.write_text("Dear friend, this is a letter. " * 200)


def nothing(copy: Path) -> None:
    copy.unlink()


def empty(copy: Path) -> None:
    copy.write_bytes(b"")


def folder(copy: Path) -> None:
    copy.unlink()
    copy.mkdir()


def foreign(copy: Path) -> None:
    copy.unlink()
    with opened(copy) as connection:
        connection.execute("CREATE TABLE foreign_t (a)")


def newer(copy: Path) -> None:
    with opened(copy) as connection:
        connection.execute("UPDATE xr_schema_xiaoer SET version_num = '9999'")


def half(copy: Path) -> None:
    os.truncate(copy, copy.stat().st_size // 2 // 4096 * 4096)


def damaged(copy: Path) -> None:
    with opened(copy) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'xr_timer'").fetchone()
    with copy.open("r+b") as handle:
        handle.seek((page - 1) * 4096)
        handle.write(b"\xff" * 4096)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (letter, "is not a SQLite database, or not a whole one: take another one"),
        (nothing, "there is no such file: name one that xiaoer backup made, or a snapshot"),
        (empty, "is not a database of Xiaoer: take another one"),
        (folder, "is a folder: name the file in it"),
        (foreign, "is not a database of Xiaoer: take another one"),
        (newer, r"made by a newer version of xiaoer \(revision 9999 is unknown here\): install that version"),
        (half, "is damaged|not a whole one"),
        (damaged, r"is damaged \(.*\): take another one"),
    ],
)
def test_what_may_not_take_its_place_is_refused_and_changes_nothing(
    database: Path, copy: Path, spoil: Callable[[Path], None], sentence: str
) -> None:
    spoil(copy)
    before = database.read_bytes()
    with pytest.raises(StoreError, match=f"copy.db.*{sentence}"):
        go_back(database, copy)
    assert (names(database.parent), database.read_bytes()) == (["secret.key", "town.db"], before)


def test_the_database_is_not_put_in_its_own_place(database: Path) -> None:
    with pytest.raises(StoreError, match="is the database itself: name a copy of it"):
        go_back(database, database.parent / ".." / "state" / "town.db")


def test_a_copy_is_read_where_nobody_may_write(database: Path, copy: Path) -> None:
    backup(database, copy.with_name("other.db"), NOW)
    before = names(copy.parent)
    go_back(database, copy)
    assert names(copy.parent) == before


def test_a_copy_of_an_older_version_is_put_back_and_brought_up_to_date_at_the_next_start(
    database: Path, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    revisions = tmp_path / "first_version" / "migrations"
    revisions.mkdir(parents=True)
    (revisions.parent / "__init__.py").touch()
    shutil.copy(Path(xiaoer.__file__).parent / "migrations" / "0001_first.py", revisions)
    monkeypatch.syspath_prepend(tmp_path)
    older = tmp_path / "older.db"
    migrate(older, [("xiaoer", "first_version")])
    assert not go_back(database, copy).older
    assert restore(database, older, PACKAGES, NOW.replace(hour=5)).older
    assert migrate(database, PACKAGES) == []
    assert not restore(database, copy, PACKAGES, NOW.replace(hour=6)).older


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can put back what belongs to somebody else")
def test_what_root_puts_back_belongs_to_whom_it_belonged(database: Path, copy: Path) -> None:
    os.chown(database, 65534, 65534)
    database.chmod(0o640)
    go_back(database, copy)
    found = database.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (65534, 65534, 0o640)


class Teller(Plugin[NoConfig]):
    """Tells the chat something twice: once at most once, and once at least once."""

    name = "teller"

    @on_message
    async def tell(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        ctx.send(MAIN, Content(("to many",)), guarantee="at_most_once")
        ctx.send(MAIN, Content(("to one",)), guarantee="at_least_once")


async def wait_for_the_platform(file: Path) -> Path:
    """Leave a database in which two messages wait, and return a copy of it."""
    platform = FakePlatform()
    async with play(Teller, file=file, platform=platform) as town:
        platform.failures.extend([xiaoer.TryLater(3600, "wait")] * 10)
        await town.say("ann", "tell it")
        assert [row.state for row in await town.rows(OUTBOX)] == ["wanted", "wanted"]
        return backup(file, file.parent / "copy.db", NOW).file


def waiting(file: Path) -> list[tuple[str, str | None]]:
    with opened(file) as connection:
        return list(connection.execute("SELECT state, reason FROM xr_outbox ORDER BY id"))


async def test_what_must_not_happen_twice_counts_as_unknown_and_what_may_is_done(tmp_path: Path) -> None:
    file = tmp_path / "town.db"
    copy = await wait_for_the_platform(file)
    assert go_back(file, copy).held_back == 1
    assert waiting(file) == [
        ("unknown", "a backup was put back, and it may have been done before"),
        ("wanted", None),
    ]
    async with play(Teller, file=file) as town:
        assert [message.text for message in town.messages()] == ["to one"]


async def test_on_a_new_machine_what_was_stopped_before_it_was_copied_is_all_done(tmp_path: Path) -> None:
    await wait_for_the_platform(tmp_path / "town.db")
    copy = backup(tmp_path / "town.db", tmp_path / "at rest.db", NOW).file
    assert go_back(tmp_path / "new" / "town.db", copy).held_back == 0
    async with play(Teller, file=tmp_path / "new" / "town.db") as town:
        assert [message.text for message in town.messages()] == ["to many", "to one"]
