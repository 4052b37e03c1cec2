"""What becomes of events, and of the program, when the disk is full, or the file is locked, read-only or damaged."""

import asyncio
import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest
import structlog
from sqlalchemy import bindparam, insert, select

import xiaoer
from xiaoer import Context, MessagePosted, NoConfig, Outcome, Plugin, Statement, StoreError, Transaction, on_message
from xiaoer.cli import main
from xiaoer.files import damage
from xiaoer.migration import migrate
from xiaoer.pipeline import PARK_AFTER
from xiaoer.tables import inbox, values
from xiaoer.testing import Town, play, rest

CONFIG = """
[xiaoer]
database = "a.db"
[adapters.web]
port = 0
[communities.town]
name = "Town"
spaces = ["web:t"]
"""
PACKAGES = [("xiaoer", "xiaoer"), ("web", "xiaoer_web")]
KEEP = Statement(insert(values).values(name=bindparam("name"), value=bindparam("value")))
KEPT = Statement(select(values.c.name).where(values.c.name.like("kept.%")).order_by(values.c.name))
INBOX = Statement(select(inbox.c.key))


class Keeper(Plugin[NoConfig]):
    """Keeps a lot about each message; waits before that, when it is told to."""

    name = "keeper"
    gates: ClassVar[dict[str, asyncio.Event]] = {}

    @on_message
    async def keep(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        if event.text in self.gates:
            await self.gates[event.text].wait()
        ctx.transact(keep, event.text)


def keep(tx: Transaction, text: str) -> None:
    tx.run(KEEP, name=f"kept.{text}", value="." * 50_000)


async def kept(town: Town) -> list[str]:
    return [row.name.removeprefix("kept.") for row in await town.rows(KEPT)]


async def seconds_pass(town: Town, until: Callable[[], bool]) -> None:
    while not until():
        await town.clock.advance(1.0)
        await asyncio.sleep(0.001)


async def tell_the_writer(town: Town, sql: str) -> None:
    await town.app.store._writer.execute(sql)


FAULTS = {
    "disk full": ("PRAGMA max_page_count=1", "PRAGMA max_page_count=1073741823", "the disk is full: free some space"),
    "read-only": ("PRAGMA query_only=1", "PRAGMA query_only=0", "it is read-only: give this user the right"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_an_event_that_cannot_be_stored_is_not_acknowledged_and_is_stored_once_when_it_comes_again(
    fault: str,
) -> None:
    begin, end, sentence = FAULTS[fault]
    async with play(Keeper) as town:
        await tell_the_writer(town, begin)
        with pytest.raises(StoreError, match=f"database .*town.db: {sentence}"):
            await town.say("ann", "hello")
        assert await kept(town) == []
        await tell_the_writer(town, end)
        assert [await town.tell_again(), await town.tell_again()] == [Outcome.COMMITTED, Outcome.DUPLICATE]
        assert await kept(town) == ["hello"]


async def test_an_event_that_is_acknowledged_already_is_stored_when_the_disk_has_room_again() -> None:
    gate = Keeper.gates["wait"] = asyncio.Event()
    async with play(Keeper) as town:
        told = town.app.pipeline.submit(town.writing("ann", "wait"))
        await rest()
        await town.clock.advance(PARK_AFTER)
        assert await told is Outcome.PARKED
        await tell_the_writer(town, "PRAGMA max_page_count=1")
        with structlog.testing.capture_logs() as logs:
            gate.set()
            await seconds_pass(town, lambda: len(logs) >= 2)
        assert {entry["event"] for entry in logs} - {"not tidied"} == {"group not stored"}
        assert await kept(town) == []
        await tell_the_writer(town, "PRAGMA max_page_count=1073741823")
        await seconds_pass(town, lambda: not town.app.pipeline.in_hand)
        assert (await kept(town), await town.rows(INBOX)) == (["wait"], [])


async def test_the_program_ends_when_it_is_asked_to_though_the_disk_is_full_and_goes_on_where_it_was() -> None:
    gate = Keeper.gates["later"] = asyncio.Event()
    async with play(Keeper) as town:
        told = town.app.pipeline.submit(town.writing("ann", "later"))
        await rest()
        await town.clock.advance(PARK_AFTER)
        assert await told is Outcome.PARKED
        await tell_the_writer(town, "PRAGMA max_page_count=1")
        gate.set()
        again = asyncio.create_task(town.restart())
        await seconds_pass(town, again.done)
        await again
        assert (await kept(town), await town.rows(INBOX)) == (["later"], [])


async def test_who_holds_the_file_locked_holds_events_up_and_loses_none() -> None:
    async with play(Keeper) as town:
        await tell_the_writer(town, "PRAGMA busy_timeout=1")
        with contextlib.closing(sqlite3.connect(town.app.store.file, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(StoreError, match=r"town\.db: another program holds it locked: stop that program"):
                await town.say("ann", "hello")
        assert await town.tell_again() is Outcome.COMMITTED
        assert await kept(town) == ["hello"]


async def test_damage_that_shows_while_it_runs_ends_the_program_with_what_to_do() -> None:
    async with play(Keeper) as town:
        store = town.app.store
        await tell_the_writer(town, "PRAGMA wal_checkpoint(TRUNCATE)")
        overwrite(store.file, root_page(store.file, "xr_seen"))
        await tell_the_writer(town, "PRAGMA shrink_memory")
        with pytest.raises(StoreError, match="it is damaged"):
            await town.say("ann", "hello")
        await asyncio.wait_for(town.app.ended(), 50)
        assert str(town.app.failure) == (
            f"database {store.file}: it is damaged: put the newest backup, or the newest snapshot beside it, "
            "back with xiaoer restore"
        )
        for file in store.file.parent.glob(f"{store.file.name}*"):
            file.unlink()
        await town.restart_without_waiting()


def root_page(file: Path, table: str) -> int:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
        return int(page)


def overwrite(file: Path, page: int) -> None:
    with file.open("r+b") as handle:
        handle.seek((page - 1) * 4096)
        handle.write(b"\xff" * 4096)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Write a configuration and make its database."""
    (tmp_path / "plugins.toml").write_text(CONFIG)
    assert migrate(tmp_path / "a.db", PACKAGES) == []
    with contextlib.closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    return tmp_path / "plugins.toml"


def refused(config: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Return the one sentence with which a start ends."""
    assert main(["run", "--config", str(config)]) == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said.splitlines()[-1]


def test_a_file_that_is_damaged_in_the_middle_is_refused_at_the_start(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = config.parent / "a.db"
    overwrite(file, root_page(file, "xr_seen"))
    sentence = refused(config, capsys)
    assert sentence.startswith(f"database {file}: it is damaged (")
    assert sentence.endswith("put the newest backup, or the newest snapshot beside it, back with xiaoer restore")


def test_a_damaged_file_and_its_log_are_left_as_they_are(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, log = config.parent / "a.db", config.parent / "a.db-wal"
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("INSERT INTO xr_value VALUES ('a', '1')")
        connection.commit()
        left = log.read_bytes()
    log.write_bytes(left)  # as after a kill
    overwrite(file, 1)
    before = file.read_bytes()
    assert "it is not a SQLite database: check the path" in refused(config, capsys)
    assert (file.read_bytes(), log.read_bytes()) == (before, left)


def test_the_look_for_damage_ends_when_its_time_is_over(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("CREATE TABLE t (a)")
        connection.executemany("INSERT INTO t VALUES (?)", [("." * 3000,)] * 10_000)
        connection.commit()
        assert damage(connection) is None
        overwrite(tmp_path / "a.db", 9_000)
        connection.execute("PRAGMA shrink_memory")
        assert damage(connection, 0.0) is None
        assert damage(connection, 60.0) is not None


def test_a_file_that_another_program_holds_locked_is_refused_at_the_start(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xiaoer.files.PATIENCE", 0.001)
    with contextlib.closing(sqlite3.connect(config.parent / "a.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        sentence = refused(config, capsys)
    assert sentence == f"database {config.parent / 'a.db'}: another program holds it locked: stop that program"


def test_a_file_of_a_newer_version_is_refused_at_the_start(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = config.parent / "a.db"
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE xr_schema_xiaoer SET version_num = '9999'")
        connection.commit()
    assert refused(config, capsys) == (
        f"database {file} was made by a newer version of xiaoer (revision 9999 is unknown here): install that version"
    )


async def test_a_file_of_an_older_version_is_brought_up_to_date_after_a_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    revisions = tmp_path / "first_version" / "migrations"
    revisions.mkdir(parents=True)
    (revisions.parent / "__init__.py").touch()
    shutil.copy(Path(xiaoer.__file__).parent / "migrations" / "0001_first.py", revisions)
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "a.db"
    migrate(file, [("xiaoer", "first_version")])
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("INSERT INTO xr_value VALUES ('kept.old', '1')")
        connection.commit()
    async with play(Keeper, file=file) as town:
        await town.say("ann", "new")
        assert await kept(town) == ["new", "old"]
    assert [revision(snapshot) for snapshot in snapshots(file)] == ["0001"]
    assert revision(file) > "0001"


def snapshots(file: Path) -> list[Path]:
    return list(file.parent.glob("*.before-*.db"))


def revision(file: Path) -> str:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        (found,) = connection.execute("SELECT version_num FROM xr_schema_xiaoer").fetchone()
        return str(found)


POWERLESS = """
import os, sys
from xiaoer.cli import main
assert main(["check", "--config", sys.argv[1]]) == 0
if os.geteuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
sys.exit(main(["run", "--config", sys.argv[1]]))
"""


@pytest.fixture
def open_folder(config: Path) -> Iterator[Path]:
    """Bring the configuration and the database to where somebody without any rights may come."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        for file in (config, config.parent / "a.db"):
            shutil.copy(file, folder)
        yield folder
        folder.chmod(0o777)


def refused_to_the_powerless(folder: Path) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", POWERLESS, str(folder / "plugins.toml")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "XIAOER_SECRET": "a key that only tests sign with!"},
    )
    assert (ended.returncode, "Traceback" in ended.stderr) == (1, False)
    return ended.stderr.splitlines()[-1]


def test_a_file_that_may_only_be_read_is_refused_at_the_start(open_folder: Path) -> None:
    (open_folder / "a.db").chmod(0o444)
    assert refused_to_the_powerless(open_folder) == (
        f"database {open_folder / 'a.db'}: it is read-only: "
        "give this user the right to write to the file and its folder"
    )


def test_a_folder_that_may_only_be_read_is_refused_at_the_start(open_folder: Path) -> None:
    (open_folder / "a.db").chmod(0o666)
    open_folder.chmod(0o555)
    assert refused_to_the_powerless(open_folder) == (
        f"database folder {open_folder}: Permission denied: give this user the right to write there"
    )
