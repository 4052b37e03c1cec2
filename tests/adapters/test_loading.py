"""The platforms' libraries take seconds to load: only where they are wanted, and beside everything else."""

import subprocess
import sys
from pathlib import Path

CONFIG = """
[xiaoer]
database = "town.db"
[adapters.web]
port = 0
{more}
[communities.town]
name = "Town"
spaces = ["web:town"]
"""
BOTH = """
[adapters.telegram]
api_base = "http://127.0.0.1:9"
[adapters.discord]
rest_base = "http://127.0.0.1:9"
"""

PROGRAM = """
import asyncio, sys, threading
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder
from pathlib import Path
import httpx
from xiaoer.app import App
from xiaoer.discovery import installed_adapters
from xiaoer.settings import load_settings

asked, gate = threading.Semaphore(0), threading.Event()

class Slow(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name not in ("aiogram", "discord"):
            return None
        spec = PathFinder.find_spec(name, path)
        load = spec.loader.exec_module
        def wait(module):
            asked.release()
            gate.wait()
            load(module)
        spec.loader.exec_module = wait
        return spec

sys.meta_path.insert(0, Slow())

def loaded():
    return sorted({"aiogram.types", "discord.client"} & sys.modules.keys())

async def main():
    adapters = installed_adapters()
    settings = load_settings(Path("plugins.toml"), adapters, {}, {"TELEGRAM_TOKEN": "5:x", "DISCORD_TOKEN": "y"})
    app = App(settings, {}, {name: adapters[name] for name in settings.adapters}, b"a key that only tests sign with!")
    await app.start()
    for _ in range(len(settings.adapters) - 1):
        await asyncio.to_thread(asked.acquire)
    async with httpx.AsyncClient() as http:
        page = await http.get(next(address for address in app.addresses if "://" in address))
    seen = page.status_code, loaded()
    gate.set()
    await app.stop()
    print(*seen)

asyncio.run(main())
"""


def run(folder: Path, more: str) -> str:
    (folder / "plugins.toml").write_text(CONFIG.format(more=more), encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=folder, capture_output=True, text=True, check=False, timeout=50
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()[-1]


def test_nobody_loads_a_library_that_no_community_needs(tmp_path: Path) -> None:
    assert run(tmp_path, "") == "200 []"


def test_the_sandbox_answers_while_the_others_are_loaded(tmp_path: Path) -> None:
    assert run(tmp_path, BOTH) == "200 []"
