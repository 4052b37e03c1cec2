"""Copies of the database that are made while it is in use, and the drill of going back to one."""

import contextlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections import namedtuple
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.program import Program

from xiaoer import StoreError
from xiaoer.backup import backup
from xiaoer.migration import migrate

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
KEY = b"a key that only tests sign with!"
Usage = namedtuple("Usage", "total used free")


def opened(file: Path) -> "contextlib.closing[sqlite3.Connection]":
    return contextlib.closing(sqlite3.connect(file, isolation_level=None))


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Make a database with a key beside it."""
    file = tmp_path / "state" / "town.db"
    migrate(file, [("xiaoer", "xiaoer")])
    (file.parent / "secret.key").write_bytes(KEY)
    with opened(file) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE notes (text)")
        connection.executemany("INSERT INTO notes VALUES (?)", [("." * 3000,)] * 100)
    return file


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """Make a folder for copies."""
    (tmp_path / "shelf").mkdir()
    return tmp_path / "shelf"


def test_a_copy_holds_what_was_there_when_it_began_however_much_is_written_meanwhile(
    database: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xiaoer.copying.STEP", 10)
    told: list[tuple[int, int]] = []
    with opened(database) as writer:

        def write(done: int, total: int) -> None:
            told.append((done, total))
            assert len(told) < 100, "the copy begins anew and anew"
            writer.execute("INSERT INTO notes VALUES ('meanwhile')")

        backup(database, shelf / "copy.db", NOW, write)
        assert writer.execute("SELECT count(*) FROM notes").fetchone() == (100 + len(told),)
    assert told[-1][0] == told[-1][1]
    with opened(shelf / "copy.db") as copy:
        assert copy.execute("SELECT count(*) FROM notes").fetchone() == (100,)
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_copy_needs_nothing_beside_it_but_the_key_and_nobody_else_may_read_them(database: Path, shelf: Path) -> None:
    saved = backup(database, shelf / "copy.db", NOW)
    assert names(shelf) == ["copy.db", "copy.db.key"]
    assert saved.key == shelf / "copy.db.key"
    assert saved.key.read_bytes() == KEY
    assert (mode(shelf / "copy.db"), mode(saved.key)) == (0o600, 0o600)
    with opened(shelf / "copy.db") as copy:
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_in_a_folder_a_copy_gets_a_name_with_the_date(database: Path, shelf: Path) -> None:
    assert backup(database, shelf, NOW).file == shelf / "town-20260302T040000Z.db"


def test_without_a_file_for_the_key_none_is_made(database: Path, shelf: Path) -> None:
    database.with_name("secret.key").unlink()
    assert backup(database, shelf / "copy.db", NOW).key is None
    assert names(shelf) == ["copy.db"]


@pytest.mark.parametrize("there", ["copy.db", "copy.db.key"])
def test_nothing_that_is_there_is_overwritten(database: Path, shelf: Path, there: str) -> None:
    (shelf / there).write_text("older")
    with pytest.raises(StoreError, match=f"{there} is there already and is not overwritten: choose another name"):
        backup(database, shelf / "copy.db", NOW)
    assert {name: (shelf / name).read_text() for name in names(shelf)} == {there: "older"}


def test_what_comes_to_be_there_meanwhile_is_not_overwritten_either(database: Path, shelf: Path) -> None:
    with pytest.raises(StoreError, match="File exists"):
        backup(database, shelf / "copy.db", NOW, lambda done, total: (shelf / "copy.db").touch())
    assert names(shelf) == ["copy.db"]
    assert (shelf / "copy.db").read_bytes() == b""


def test_a_database_that_is_damaged_is_not_taken_for_a_backup(database: Path, shelf: Path) -> None:
    with opened(database) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'xr_outbox'").fetchone()
    with database.open("r+b") as handle:
        handle.seek((page - 1) * 4096)
        handle.write(b"\xff" * 4096)
    with pytest.raises(StoreError, match=r"it is damaged .*, and no copy was kept: put the newest backup"):
        backup(database, shelf / "copy.db", NOW)
    assert names(shelf) == []


@pytest.mark.parametrize(
    ("lost", "to", "sentence"),
    [
        ("town.db", "copy.db", "town.db: there is none yet: xiaoer run makes it"),
        ("", "nowhere/copy.db", r"there is no folder .*nowhere: make it first"),
    ],
)
def test_what_cannot_be_copied_is_said(database: Path, shelf: Path, lost: str, to: str, sentence: str) -> None:
    if lost:
        database.unlink()
    with pytest.raises(StoreError, match=sentence):
        backup(database, shelf / to, NOW)
    assert names(shelf) == []


def test_a_copy_for_which_there_is_no_room_is_not_begun(
    database: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda folder: Usage(10, 9, 100_000))
    with pytest.raises(StoreError, match=r"shelf: the copy needs \d+\.\d kB, and 100.0 kB are free: make room"):
        backup(database, shelf / "copy.db", NOW)
    assert names(shelf) == []


FULL = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from xiaoer.backup import backup
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
backup(Path(sys.argv[1]), Path(sys.argv[2]), datetime.now(UTC))
"""


def test_a_disk_that_fills_up_meanwhile_leaves_nothing_half(database: Path, shelf: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FULL, str(database), str(shelf / "copy.db")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "StoreError: backup" in ended.stderr.splitlines()[-1]
    assert "disk I/O error: nothing is lost; put that right and try again" in ended.stderr.splitlines()[-1]
    assert names(shelf) == []


CONFIG = """
[adapters.web]
port = {port}
[communities.town]
name = "Town"
spaces = ["web:town"]
plugins = ["welcome"]
[communities.town.chats]
main = ["web:town/main"]
[communities.town.welcome]
burst = 100
"""


class Crowd:
    """Somebody who writes without a pause, while others come in; each thing is noted once it is confirmed."""

    def __init__(self, program: Program) -> None:
        base = program.address.rstrip("/")
        self.http = httpx.Client(base_url=base, headers={"origin": base}, timeout=60)
        self.confirmed: list[str] = []
        self.grown = threading.Event()
        self.thread = threading.Thread(target=self.live)

    def live(self) -> None:
        with contextlib.suppress(httpx.HTTPError):
            self.do(do="join", key="join-the-boss", me="newcomer", name="boss")
            for number in count():
                self.write(number)
                if number % 10 == 0:
                    self.do(do="join", key=f"join-{number:06}", me="newcomer", name=f"n{number}")
                if number % 50 == 49:
                    self.grown.set()

    def write(self, number: int) -> str:
        """Write a line and return how it became safe."""
        key = f"message-{number:06}"
        outcome = self.do(do="write", key=key, me="boss", text=f"line {number}")
        self.confirmed.append(f"web:{key}")
        return outcome

    def do(self, **what: Any) -> str:
        answer = self.http.post("/do", json={"space": "web:town", "chat": "web:town/main", **what}).raise_for_status()
        return str(answer.json()[0]["outcome"])

    def go_on(self) -> None:
        """Wait until some more was confirmed."""
        self.grown.clear()
        assert self.grown.wait(20)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    program = Program(tmp_path, CONFIG)
    yield program
    if program.process.poll() is None:
        program.end(signal.SIGKILL)


def xiaoer(do: str, file: Path, config: Path) -> None:
    command = [sys.executable, "-m", "xiaoer", do, str(file), "--config", str(config)]
    subprocess.run(command, check=True, timeout=60, stdout=subprocess.PIPE, env={**os.environ, "COLUMNS": "200"})


@pytest.mark.timeout(90)
def test_going_back_loses_nothing_that_was_confirmed_before_the_backup_began(program: Program, tmp_path: Path) -> None:
    crowd = Crowd(program)
    crowd.thread.start()
    crowd.go_on()
    before = list(crowd.confirmed)
    xiaoer("backup", tmp_path / "copy.db", program.config)
    crowd.go_on()
    program.end(signal.SIGKILL)
    crowd.thread.join()
    xiaoer("restore", tmp_path / "copy.db", program.config)
    program.start()

    file = tmp_path / "state" / "xiaoer.db"
    said = messages(file)
    assert said[: len(before)] == before
    assert said == [f"web:message-{number:06}" for number in range(len(said))]
    assert len(said) < len(crowd.confirmed)
    assert crowd.write(len(said) - 1) == "duplicate"
    assert crowd.write(len(said)) in ("committed", "parked")
    crowd.http.close()
    assert program.end(signal.SIGINT) == 0
    assert messages(file) == [*said, f"web:message-{len(said):06}"]
    with opened(file) as connection:
        comers = {row[0] for row in connection.execute("SELECT id FROM web_member")}
        greeted = "SELECT only_to, count(*) FROM web_message WHERE author IS NULL GROUP BY only_to"
        assert dict(connection.execute(greeted)) == dict.fromkeys(comers, 1)
        left = "SELECT (SELECT count(*) FROM xr_inbox), (SELECT count(*) FROM xr_outbox WHERE state != 'done')"
        assert connection.execute(left).fetchone() == (0, 0)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def messages(file: Path) -> list[str]:
    with opened(file) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM web_message WHERE author = 'boss' ORDER BY seq")]
