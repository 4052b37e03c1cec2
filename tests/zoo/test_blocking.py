"""Animals that block a thread of the real program: nobody can go on beside them, but they are named while they do."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from signal import SIGINT
from typing import Any

import pytest
from tests.zoo.shipping import Visitor, Wild, config, keeper, revision, ship

BLOCKER = """
go = Path(os.environ["ZOO"])

def doze():
    while not go.exists():
        time.sleep(0.005)

def spin():
    while not os.path.exists(go):
        pass

def decide(tx):
    doze()

class Animal(Plugin[NoConfig]):
    name = "blocker"

    @on_message
    async def wrote(self, ctx, event):
        if event.text == "doze":
            doze()
        elif event.text == "spin":
            spin()
        elif event.text == "decide":
            ctx.transact(decide)
"""


def until(found: Callable[[], Any]) -> Any:
    """Wait until something is found, and return it."""
    while not (thing := found()):
        time.sleep(0.01)
    return thing


@pytest.fixture(scope="module")
def wild(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wild]:
    folder = tmp_path_factory.mktemp("blocking")
    keeper(folder / "packages", "before")
    ship(folder / "packages", "blocker", BLOCKER)
    keeper(folder / "packages", "after")
    with Wild(folder, config("before", "blocker", "after"), ZOO=str(folder / "go")) as program:
        yield program
        assert program.end(SIGINT) == 0


@pytest.mark.parametrize(
    ("text", "event", "function"),
    [
        ("doze", "event loop blocked", "doze"),
        ("spin", "event loop blocked", "spin"),
        ("decide", "database blocked", "doze"),
    ],
)
def test_a_call_that_blocks_is_named_once_with_its_stack_and_all_goes_on_behind_it(
    wild: Wild, text: str, event: str, function: str
) -> None:
    go = wild.folder / "go"
    go.unlink(missing_ok=True)
    seen = len(wild.entries(event))
    with Visitor(wild, f"ann-{text}") as ann:
        writing = threading.Thread(target=ann.write, args=[text])
        writing.start()
        (entry,) = until(lambda: wild.entries(event)[seen:])
        go.touch()
        writing.join()
        ann.write("goes on")
    assert (entry["module"], entry["function"]) == ("blocker", function)
    assert "blocker/__init__.py" in entry["stack"]
    assert entry["seconds"] >= 1.0
    assert len(wild.entries(event)) == seen + 1
    for name in ("before", "after"):
        assert noted(wild, name)[-2:] == [text, "goes on"]


def noted(program: Wild, name: str) -> list[str]:
    connection = sqlite3.connect(program.folder / "town.db")
    found = [row[0] for row in connection.execute(f"SELECT what FROM {name}_diary ORDER BY id")]
    connection.close()
    return found


def interrupted(program: subprocess.Popen[bytes]) -> int:
    """Press Ctrl-C until it ends: the first asks the loop, which does not hear it, and two that are near are one."""
    while True:
        program.send_signal(SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return program.wait(1)


def test_a_revision_that_hangs_is_named_and_ctrl_c_ends_the_start_and_undoes_it(tmp_path: Path) -> None:
    body = 'op.execute("CREATE TABLE hanger_diary (a)")\nwhile True:\n    time.sleep(0.01)'
    source = "class Animal(Plugin[NoConfig]):\n    name = 'hanger'\n"
    ship(tmp_path / "packages", "hanger", source, migrations__0001=revision(body))
    (tmp_path / "plugins.toml").write_text(config("hanger").format(port=0), encoding="utf-8")
    with (tmp_path / "log").open("w") as log:
        program = subprocess.Popen(
            [sys.executable, "-m", "xiaoer", "run", "--config", str(tmp_path / "plugins.toml")],
            env={"PYTHONPATH": str(tmp_path / "packages"), "PATH": ""},
            stderr=log,
        )
    line = until(lambda: [line for line in (tmp_path / "log").read_text().splitlines() if "event loop blocked" in line])
    assert "0001" in line[0]
    assert "upgrade" in line[0]
    assert interrupted(program) == 130
    assert (tmp_path / "log").read_text().splitlines()[-1] == "interrupted"
    connection = sqlite3.connect(tmp_path / "town.db")
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    assert "xr_seen" in tables
    assert "hanger_diary" not in tables
