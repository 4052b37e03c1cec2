"""The real program on a disk that is full: the limit on the size of its files is what makes it so."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.program import Program

CONFIG = """
[adapters.web]
port = {port}
[communities.town]
name = "Town"
spaces = ["web:town"]
plugins = ["welcome"]
[communities.town.chats]
main = ["web:town/main"]
"""
NOTHING, EVERYTHING = (1, resource.RLIM_INFINITY), (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    program = Program(tmp_path, CONFIG)
    yield program
    if program.process.poll() is None:
        program.end(signal.SIGKILL)


def do(program: Program, **what: Any) -> httpx.Response:
    origin = program.address.rstrip("/")
    about = {"space": "web:town", "chat": "web:town/main", **what}
    return httpx.post(f"{origin}/do", json=about, headers={"origin": origin}, timeout=60)


def room(program: Program, limit: tuple[int, int]) -> None:
    resource.prlimit(program.process.pid, resource.RLIMIT_FSIZE, limit)


def said(folder: Path) -> list[str]:
    database = sqlite3.connect(folder / "state" / "xiaoer.db")
    try:
        rows = database.execute("SELECT id FROM web_message WHERE author IS NOT NULL ORDER BY seq").fetchall()
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [row[0] for row in rows]
    finally:
        database.close()


def test_what_cannot_be_stored_is_refused_and_stored_once_when_there_is_room(program: Program, tmp_path: Path) -> None:
    do(program, do="join", key="join-of-ann", me="newcomer", name="ann").raise_for_status()
    room(program, NOTHING)
    answers = [do(program, do="write", key="says-hello", me="ann", text="hello") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 503]
    assert "xiaoer.db: the disk reports an error" in answers[0].json()["error"]
    room(program, EVERYTHING)
    answers = [do(program, do="write", key="says-hello", me="ann", text="hello") for _ in range(2)]
    assert [answer.json()[0]["outcome"] for answer in answers] == ["committed", "duplicate"]
    assert program.end(signal.SIGINT) == 0
    assert said(tmp_path) == ["web:says-hello"]


def test_a_program_that_cannot_store_anything_ends_when_it_is_asked_to(program: Program, tmp_path: Path) -> None:
    do(program, do="join", key="join-of-ann", me="newcomer", name="ann").raise_for_status()
    do(program, do="write", key="says-hello", me="ann", text="hello").raise_for_status()
    room(program, NOTHING)
    assert do(program, do="write", key="says-what-is-lost", me="ann", text="lost").status_code == 503
    assert program.end(signal.SIGTERM) == 1
    program.start()
    assert program.end(signal.SIGTERM) == 0
    assert said(tmp_path) == ["web:says-hello"]


def test_a_start_on_a_full_disk_ends_with_one_sentence(program: Program, tmp_path: Path) -> None:
    program.end(signal.SIGTERM)
    ended = subprocess.run(
        [sys.executable, "-m", "xiaoer", "run", "--config", str(program.config)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, NOTHING),
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert (ended.returncode, "Traceback" in ended.stderr) == (1, False)
    assert ended.stderr.splitlines()[-1].endswith("xiaoer.db: the disk reports an error: check it before anything else")
