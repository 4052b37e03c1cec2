"""Animals as packages that are installed: a folder with modules and entry points, as pip would leave them."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any, Self

import httpx
from tests.program import Program

KEEPER = """
from sqlalchemy import Column, Integer, MetaData, String, Table, bindparam, insert
from xiaoer import NoConfig, Plugin, Statement, on_message

diary = Table(
    "{name}_diary",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("what", String, nullable=False),
)
WRITE = Statement(insert(diary).values(what=bindparam("what")))

class Animal(Plugin[NoConfig]):
    name = "{name}"

    @on_message
    async def wrote(self, ctx, event):
        ctx.write(WRITE, what=event.text)
"""
TABLE = 'op.execute("CREATE TABLE {name}_diary (id INTEGER PRIMARY KEY, what TEXT NOT NULL)")'
HEADER = """
import asyncio, ctypes, faulthandler, os, signal, sys, time
from pathlib import Path
from xiaoer import Content, Cron, NoConfig, Plugin, Settings, command, on_message, on_schedule
"""


def ship(folder: Path, name: str, source: str, *, point: str = "", dist: str = "", **files: str) -> None:
    """Install a package that brings one plugin.

    Args:
        folder: where; it must be on the path of the program.
        name: the plugin's, and the package's.
        source: the package; the plugin is its class ``Animal``.
        point: what the entry point says instead.
        dist: the distribution's name, where it is another.
        files: more files by name, with ``__`` for a slash and without their ending: ``migrations__0001``.
    """
    package = folder / (dist or name)
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(HEADER + dedent(source), encoding="utf-8")
    for file, text in files.items():
        path = package.joinpath(*file.split("__"))
        path.parent.mkdir(exist_ok=True)
        path.with_suffix(".po" if "locales" in file else ".py").write_text(text, encoding="utf-8")
    info = folder / f"{dist or name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist or name}\nVersion: 1.0\n", encoding="utf-8")
    value = point or f"{dist or name}:Animal"
    (info / "entry_points.txt").write_text(f"[xiaoer.plugins]\n{name} = {value}\n", encoding="utf-8")


def keeper(folder: Path, name: str) -> None:
    """Install a well-behaved plugin that notes each message."""
    ship(folder, name, KEEPER.format(name=name), migrations__0001=revision(TABLE.format(name=name)))


def revision(body: str) -> str:
    """Return a plugin's first revision."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return (
        f'import sys, time\nfrom alembic import op\nrevision = "0001"\ndown_revision = None\n\ndef upgrade():\n{lines}'
    )


def config(*plugins: str, more: str = "") -> str:
    """Return the configuration of a town in the sandbox, with an admins' chat."""
    return f"""
[xiaoer]
database = "town.db"
log = "json"
[adapters.web]
port = {{port}}
[communities.town]
name = "Town"
locale = "en"
spaces = ["web:town"]
plugins = {json.dumps(list(plugins))}
chats = {{{{main = ["web:town/main"], admins = ["web:town/admins"]}}}}
{more}
"""


class Wild(Program):
    """The real program with packages from a folder.

    Args:
        folder: where its files are, and in ``packages`` what is installed.
        text: its configuration.
        environ: what its environment holds beside ours.
    """

    def __init__(self, folder: Path, text: str, **environ: str) -> None:
        self.folder = folder
        super().__init__(folder, text, {"PYTHONPATH": str(folder / "packages"), **environ}, folder / "log")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End it, if a failed test has left it running."""
        self.process.kill()
        self.buried()

    def buried(self) -> int:
        """Return its exit code, once it has ended."""
        code = self.process.wait(50)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def entries(self, event: str) -> list[dict[str, Any]]:
        """Return what was logged with this name."""
        lines = (self.folder / "log").read_text(encoding="utf-8").splitlines()
        found = [json.loads(line) for line in lines if line.startswith("{")]
        return [entry for entry in found if entry["event"] == event]


class Visitor:
    """Somebody in the sandbox.

    Args:
        program: where.
        name: who.
    """

    def __init__(self, program: Program, name: str) -> None:
        base = program.address.rstrip("/")
        self._number = 0
        self._name = name
        self.http = httpx.Client(base_url=base, headers={"origin": base}, timeout=20)
        self.me: str = self._do(do="join", me="newcomer", name=name)[0]["me"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def _do(self, **what: Any) -> Any:
        self._number += 1
        key = f"{self._name}-key-{self._number:06}"
        place = {"space": "web:town", "chat": "web:town/main", "key": key}
        answer = self.http.post("/do", json={**place, **what})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def write(self, text: str) -> Any:
        """Write, and return when it is safe."""
        return self._do(do="write", me=self.me, text=text)
