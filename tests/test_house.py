"""How the house is kept: sizes, boundaries, what is documented, what is shipped."""

import ast
import re
import statistics
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import xiaoer
from xiaoer.hookspecs import HOOKS

ROOT = Path(__file__).parents[1]
SHIPPED = ("core", "adapters", "plugins")
SOURCES = sorted(file for folder in SHIPPED for file in (ROOT / folder).rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

BULKHEADS = {
    "hook": {
        ("dispatch.py", "visit"),
        ("discovery.py", "_load"),
        ("pictures.py", "_attempt"),
        ("registry.py", "take"),
        ("registry.py", "timers_of"),
        ("settings.py", "_read_plugins"),
    },
    "transact": {("transaction.py", "attempt"), ("transaction.py", "attempt_alone"), ("store.py", "_apply_all")},
    "adapter": {("hosting.py", "_supervised"), ("app.py", "_committed")},
    "delivery": {("delivery.py", "_perform")},
    "migration": {("migration.py", "_apply")},
}
"""Where everything may be caught: what stands behind is foreign code, or everything has to be taken back."""

CLEANS_UP = {("app.py", "start"), ("scene.py", "play")}
"""Where everything is caught to clean up, and raised again."""


def functions(file: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def percentile90(numbers: list[int]) -> float:
    return statistics.quantiles(numbers, n=10)[-1]


def test_functions_are_short() -> None:
    lengths = {f"{file.name}:{f.name}": (f.end_lineno or 0) - f.lineno + 1 for file in SOURCES for f in functions(file)}
    assert {name: length for name, length in lengths.items() if length > 60} == {}
    assert percentile90(list(lengths.values())) <= 30


def test_files_are_short() -> None:
    files = [*SOURCES, *(ROOT / "adapters").rglob("*.js"), *(ROOT / "tests").rglob("*.py")]
    lengths = {file.name: len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    assert {name: length for name, length in lengths.items() if length > 600} == {}
    assert percentile90([length for length in lengths.values() if length]) <= 350


def test_everything_is_caught_at_the_bulkheads_only() -> None:
    allowed = set().union(*BULKHEADS.values()) | CLEANS_UP
    found: set[tuple[str, str]] = set()
    for file in SOURCES:
        for function in functions(file):
            for node in ast.walk(function):
                if isinstance(node, ast.ExceptHandler):
                    names = {getattr(name, "id", "") for name in ast.walk(node.type)} if node.type else {"everything"}
                    if names & {"Exception", "BaseException", "everything"}:
                        found.add((file.name, function.name))
    assert found == allowed - {("", "")}


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        (r"datetime\.(now|utcnow)\(|\btime\.time\(", {"clocks.py", "migration.py"}),
        (r"asyncio\.sleep\(", {"clocks.py", "clock.py", "scene.py"}),
        (r"asyncio\.create_task\(", {"tasks.py", "store.py"}),
        (r"\b(TODO|FIXME|XXX)\b|raise NotImplementedError", set[str]()),
        (r"\bprint\(", {"cli.py"}),
    ],
)
def test_what_belongs_to_one_place_stands_there_only(pattern: str, allowed: set[str]) -> None:
    found = {file.name for file in SOURCES if re.search(pattern, file.read_text(encoding="utf-8"))}
    assert found <= allowed


def test_every_public_name_says_what_it_is() -> None:
    assert sorted(xiaoer.__all__, key=lambda name: (not name.isupper(), name)) == xiaoer.__all__
    classes = [getattr(xiaoer, name) for name in xiaoer.__all__]
    assert [thing for thing in classes if isinstance(thing, type) and not thing.__doc__] == []


def test_every_hook_is_documented_and_used() -> None:
    page = (ROOT / "docs" / "hooks.md").read_text(encoding="utf-8")
    code = "".join(file.read_text(encoding="utf-8") for file in [*SOURCES, *(ROOT / "tests").rglob("*.py")])
    for hook in (*HOOKS, "screen"):
        assert f"## {hook}\n" in page
        assert re.search(rf"@{hook}\n", code), f"{hook} ships only with something that uses it"


def test_the_generated_pages_are_what_the_code_says() -> None:
    ended = subprocess.run(
        [sys.executable, "tools/document.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, "")


def test_every_dependency_has_its_reason() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| ([a-z0-9.-]+) \|", page, re.MULTILINE)) - {"package"}
    extras = PROJECT["project"]["optional-dependencies"]
    needed = [*PROJECT["project"]["dependencies"], *extras["telegram"], *extras["discord"], *extras["fonts"]]
    assert explained == {re.split(r"[><=\[]", line)[0] for line in needed}


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_have_hashes_and_name_no_place(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert "file://" not in text
    packages = re.findall(r"^\S+==", text, re.MULTILINE)
    assert len(packages) <= text.count("--hash=sha256:")
    assert packages


def test_the_wheel_holds_what_the_folders_hold(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        points = archive.read(next(name for name in names if name.endswith("entry_points.txt"))).decode()
    shipped = {name for name in names if ".dist-info/" not in name}
    folders = {
        str(file.relative_to(ROOT / folder))
        for folder in SHIPPED
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".pyc"
    }
    assert shipped == folders
    for group, entries in PROJECT["project"]["entry-points"].items():
        assert f"[{group}]" in points
        assert all(f"{name} = {target}" in points for name, target in entries.items())


def test_the_sample_speaks_of_the_project_alone() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    for name in tracked:
        if Path(name).suffix in (".py", ".md", ".toml", ".lock", ".yml", ".yaml", "") and name != "tests/test_house.py":
            text = (ROOT / name).read_text(encoding="utf-8", errors="ignore")
            assert not re.search(r"/work/|/root/|/opt/", text), name
