"""The real program, killed again and again while people write and come in."""

import random
import signal
import sqlite3
import threading
from itertools import count
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
[communities.town.welcome]
burst = 100
"""
KILLS = 8


class Crowd:
    """Somebody who writes without a pause, and friends who keep coming; each asks again until it is confirmed."""

    def __init__(self, program: Program) -> None:
        base = program.address.rstrip("/")
        self.http = httpx.Client(base_url=base, headers={"origin": base}, timeout=5)
        self.confirmed: list[str] = []
        self.joined: list[str] = []
        self.enough = threading.Event()
        self.thread = threading.Thread(target=self.live)

    def live(self) -> None:
        """Write and come in until it is enough."""
        self.do(do="join", key="join-the-boss", me="newcomer", name="boss")
        for number in count():
            if self.enough.is_set():
                return
            key = f"message-{number:06}"
            self.do(do="write", key=key, me="boss", text=f"line {number}")
            self.confirmed.append(f"web:{key}")
            if number % 10 == 0:
                self.joined.append(self.do(do="join", key=f"join-{number:06}", me="newcomer", name=f"n{number}"))

    def do(self, **what: Any) -> str:
        """Do something for certain, and return who did it."""
        while True:
            try:
                answer = self.http.post("/do", json={"space": "web:town", "chat": "web:town/main", **what})
            except httpx.HTTPError:
                continue
            if answer.status_code == 200:
                me: str = answer.json()[0]["me"]
                return me


@pytest.mark.timeout(120)
def test_what_was_confirmed_is_there_once_and_in_order_and_everybody_was_welcomed_once(tmp_path: Path) -> None:
    chance = random.Random(20260302)  # noqa: S311 - moments of kills, the same in every run
    program = Program(tmp_path, CONFIG)
    crowd = Crowd(program)
    crowd.thread.start()
    for _ in range(KILLS):
        crowd.enough.wait(chance.uniform(0.02, 0.5))
        program.end(signal.SIGKILL)
        program.start()
    crowd.enough.set()
    crowd.thread.join()
    crowd.http.close()
    assert program.end(signal.SIGINT) == 0
    program.start()
    assert program.end(signal.SIGTERM) == 0

    database = sqlite3.connect(tmp_path / "state" / "xiaoer.db")
    said = [row[0] for row in database.execute("SELECT id FROM web_message WHERE id LIKE 'web:message-%' ORDER BY seq")]
    welcomes = dict(database.execute("SELECT only_to, count(*) FROM web_message WHERE author IS NULL GROUP BY only_to"))
    left = database.execute(
        "SELECT (SELECT count(*) FROM xr_inbox), (SELECT count(*) FROM xr_outbox WHERE state != 'done')"
    )
    assert said == sorted(set(said))
    assert set(crowd.confirmed) <= set(said)
    assert welcomes == dict.fromkeys({"boss", *crowd.joined}, 1)
    assert left.fetchone() == (0, 0)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
