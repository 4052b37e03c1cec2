"""Animals that cannot even be taken in: each is left out of the real program, with a sentence, and all others go on."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from signal import SIGINT

import pytest
from tests.zoo.shipping import TABLE, Visitor, Wild, config, keeper, revision, ship

CLASS = "class Animal(Plugin[NoConfig]):\n    name = {name!r}\n"
PO = (
    'msgid ""\nmsgstr "Content-Type: text/plain; charset={charset}\\n'
    'Plural-Forms: nplurals=2; plural={plural};\\n"\n\nmsgid "a"\nmsgstr "b"\n'
)

SOURCES = {
    "absent": ("import nothing_of_that_name", "it cannot be imported: ModuleNotFoundError: No module named"),
    "quitter": ("sys.exit(4)", "it cannot be imported: SystemExit: 4"),
    "canceller": ("raise asyncio.CancelledError", "it cannot be imported: CancelledError"),
    "garbled": ("class Animal(", "it cannot be imported: SyntaxError: "),
    "nobody": ("", "it cannot be imported: AttributeError: "),
    "stranger": ("class Animal: pass", "stranger:Animal must be a subclass of xiaoer.Plugin"),
    "misnamed": ("class Animal(Plugin): name = 'other'", "its class is named other: both names must be the same"),
    "formless": ("class Animal(Plugin): name, config = 'formless', dict", "its config must be a pydantic model"),
    "stillborn": (
        CLASS.format(name="stillborn") + "    def __init__(self): raise ValueError('not today')",
        "it cannot be made: ValueError: not today",
    ),
    "suicidal": (
        CLASS.format(name="suicidal") + "    def __init__(self): sys.exit('no')",
        "it cannot be made: SystemExit: no",
    ),
    "clockless": (
        CLASS.format(name="clockless") + "    def timers(self, config): return [1 / 0]",
        "timers() failed: ZeroDivisionError: division by zero",
    ),
    "untimely": (
        CLASS.format(name="untimely") + "    def timers(self, config): return [7]",
        "timers() must return Cron(job, expression, misfire), both of them texts",
    ),
    "hasty": (
        CLASS.format(name="hasty") + "    @command('hasty')\n    def go(self, ctx, event): pass",
        "go must be async: write async def go",
    ),
    "nameless": (
        CLASS.format(name="nameless")
        + "    @command('nameless')\n    async def go(self, ctx, event, x: 'Later'): pass",
        "it cannot be made: NameError: name 'Later' is not defined",
    ),
    "picky": (
        "from pydantic import field_validator\n"
        "class Tastes(Settings):\n    food: str = 'hay'\n"
        "    @field_validator('food')\n    @classmethod\n    def look(cls, food): raise KeyError(food)\n"
        "class Animal(Plugin[Tastes]): name, config = 'picky', Tastes",
        "its configuration cannot be read: KeyError: 'hay'",
    ),
}
"""Each animal's package, and what is told about it."""

FILES = {
    "mute": ({"locales__en": "msgid msgid"}, "locales/en.po cannot be read: "),
    "unplural": (
        {"locales__en": PO.format(charset="UTF-8", plural="n**n")},
        "locales/en.po cannot be read: ",
    ),
    "foreign": ({"locales__en": PO.format(charset="moon", plural="0")}, "locales/en.po cannot be read: "),
    "faller": (
        {"migrations__0001": revision(TABLE.format(name="faller") + "\nraise ValueError('no')")},
        "a revision of faller failed, so its tables in",
    ),
    "leaver": ({"migrations__0001": revision("sys.exit(5)")}, "(SystemExit: 5)"),
    "runaway": (
        {"migrations__0001": revision(TABLE.format(name="runaway") + "\nop.execute('COMMIT')")},
        "(it ends or begins a transaction, which is not its own)",
    ),
    "committer": (
        {"migrations__0001": revision(TABLE.format(name="committer") + "\nop.get_bind().connection.commit()")},
        "(it ends or begins a transaction, which is not its own)",
    ),
    "squatter": ({"migrations__0001": revision(TABLE.format(name="before"))}, "table before_diary already exists"),
    "riddler": ({"migrations__0001": "revision = 'x' + y\n"}, "its revisions cannot be read"),
}
"""Each animal's files beside its package, which is in order."""

REASONS = {name: told[-1] for name, told in (*SOURCES.items(), *FILES.items())}
REASONS["twin"] = "several installed packages bring it (twin_a:Animal and twin_b:Animal): keep one of them"
LEFT_OUT = sorted(REASONS)
ADMINS = "SELECT content FROM web_message WHERE chat = 'web:town/admins'"
each = pytest.mark.parametrize("name", LEFT_OUT)


def install(packages: Path) -> None:
    keeper(packages, "before")
    for name, (source, _) in SOURCES.items():
        ship(packages, name, source)
    for name, (files, _) in FILES.items():
        ship(packages, name, CLASS.format(name=name), **files)
    for dist in ("twin_a", "twin_b"):
        ship(packages, "twin", CLASS.format(name="twin"), dist=dist)
    keeper(packages, "after")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wild]:
    """Run the real program with all of them between two well-behaved plugins, and let somebody write."""
    folder = tmp_path_factory.mktemp("wild")
    install(folder / "packages")
    picky = '[communities.town.picky]\nfood = "hay"\n'
    with Wild(folder, config("before", *LEFT_OUT, "after", more=picky)) as program:
        with Visitor(program, "ann") as ann:
            ann.write("hello")
        while len(rows(program, ADMINS)) < len(LEFT_OUT):
            time.sleep(0.02)
        assert program.end(SIGINT) == 0
        yield program


def rows(program: Wild, sql: str) -> list[str]:
    connection = sqlite3.connect(program.folder / "town.db")
    found = [str(row[0]) for row in connection.execute(sql)]
    connection.close()
    return found


def test_the_well_behaved_plugins_store_what_is_written(ran: Wild) -> None:
    assert rows(ran, "SELECT what FROM before_diary") == rows(ran, "SELECT what FROM after_diary") == ["hello"]


@each
def test_it_is_left_out_and_logged_once_with_the_reason(ran: Wild, name: str) -> None:
    (entry,) = [entry for entry in ran.entries("plugin left out") if entry["plugin"] == name]
    assert REASONS[name] in entry["reason"]


@each
def test_the_admins_are_told_once_that_it_is_left_out_and_why(ran: Wild, name: str) -> None:
    assert len([text for text in rows(ran, ADMINS) if f"“{name}”" in text]) == 1


def test_a_revision_that_would_end_the_transaction_leaves_nothing_behind(ran: Wild) -> None:
    tables = rows(ran, "SELECT name FROM sqlite_master")
    assert not {"faller_diary", "runaway_diary", "committer_diary", "leaver_diary"} & set(tables)


def xiaoer(folder: Path, do: str, text: str) -> subprocess.CompletedProcess[str]:
    file = folder / "plugins.toml"
    file.write_text(text.format(port=0), encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "xiaoer", do, "--config", str(file)],
        env={"PYTHONPATH": str(folder / "packages"), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_plugin_that_is_required_ends_the_start_with_one_sentence(tmp_path: Path) -> None:
    source, reason = SOURCES["stillborn"]
    ship(tmp_path / "packages", "stillborn", source.replace("    def", "    required = True\n    def"))
    ended = xiaoer(tmp_path, "run", config("stillborn"))
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == f"plugin stillborn: {reason}"


def test_a_required_plugin_whose_revision_fails_ends_the_start_with_one_sentence(tmp_path: Path) -> None:
    files, reason = FILES["faller"]
    ship(tmp_path / "packages", "faller", CLASS.format(name="faller") + "    required = True\n", **files)
    ended = xiaoer(tmp_path, "run", config("faller"))
    assert ended.returncode == 1
    assert reason in ended.stderr.splitlines()[-1]


def requiring(name: str) -> str:
    more = '[communities.town.picky]\nfood = "hay"\n' if name == "picky" else ""
    return config("before", name, "after", more=more).replace('log = "json"', f'required = ["after", "{name}"]')


@pytest.mark.parametrize("name", ["absent", "twin", "picky", "stillborn", "clockless", "hasty", "mute", "faller"])
def test_a_plugin_that_the_operator_requires_ends_the_start_in_one_line_whatever_is_wrong_with_it(
    tmp_path: Path, name: str
) -> None:
    install(tmp_path / "packages")
    ended = xiaoer(tmp_path, "run", requiring(name))
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    place = f"{tmp_path / 'plugins.toml'}:4: xiaoer.required[1]"
    assert line.startswith(f"{place}: plugin {name} cannot be taken in: ")
    assert REASONS[name] in line


def test_a_check_finds_that_a_required_plugin_cannot_be_imported_and_the_status_is_told_all_the_same(
    tmp_path: Path,
) -> None:
    ship(tmp_path / "packages", "absent", SOURCES["absent"][0])
    for name in ("before", "after"):
        keeper(tmp_path / "packages", name)
    assert [xiaoer(tmp_path, do, requiring("absent")).returncode for do in ("check", "status")] == [2, 0]


@pytest.mark.parametrize("do", ["check", "run"])
def test_two_plugins_with_one_command_are_a_fault_of_the_configuration_and_named(tmp_path: Path, do: str) -> None:
    for name in ("first", "second"):
        body = "    @command('go')\n    async def go(self, ctx, event): pass"
        ship(tmp_path / "packages", name, CLASS.format(name=name) + body)
    ended = xiaoer(tmp_path, do, config("first", "second"))
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1].endswith(
        "communities.town.plugins: plugin second: /go belongs to plugin first already: "
        "leave one of them out of plugins = [...]"
    )
