"""The real program, as it is called from a shell."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from xiaoer.cli import main
from xiaoer.migration import migrate


def xiaoer(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "xiaoer", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Write a good configuration and make its database."""
    file = tmp_path / "plugins.toml"
    file.write_text(
        '[xiaoer]\ndatabase = "a.db"\n[adapters.web]\nport = 0\n[communities.town]\nname = "T"\nspaces = ["web:t"]\n'
    )
    assert migrate(tmp_path / "a.db", [("xiaoer", "xiaoer"), ("web", "xiaoer_web")]) == []
    return file


def call(config: Path, capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Return the exit code, what was said, and what was complained about."""
    code = main([*map(str, arguments), "--config", str(config)])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.parametrize("do", ["check", "run"])
def test_a_bad_configuration_ends_with_2_and_a_line_for_each_problem_and_no_traceback(tmp_path: Path, do: str) -> None:
    config = tmp_path / "plugins.toml"
    config.write_text(
        '[adapters.web]\nport = "x"\n[communities.town]\nname = "T"\nspaces = ["web:t"]\nplugins = ["welcom"]\n'
    )
    ended = xiaoer(do, "--config", str(config))
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [
        f"{config}:2: adapters.web.port: found 'x'; it should be a valid integer",
        f"{config}:6: communities.town.plugins[0]: there is no plugin 'welcom': did you mean welcome? allowed: "
        "broadcaster, red_envelope, referral, welcome",
    ]
    assert ended.stdout == ""


@pytest.mark.parametrize("do", ["check", "run"])
def test_own_words_for_a_text_that_is_not_there_are_named(tmp_path: Path, do: str) -> None:
    config = tmp_path / "plugins.toml"
    config.write_text(
        '[adapters.web]\nport = 0\n[communities.town]\nname = "T"\nspaces = ["web:t"]\nplugins = ["welcome"]\n'
        '[communities.town.texts.en]\n"welcome.greting" = "Hi"\n"welcome.greeting" = "Hi {nam}"\n'
    )
    ended = xiaoer(do, "--config", str(config))
    assert ended.returncode == 2
    assert ':8: communities.town.texts.en."welcome.greting"' in ended.stderr
    assert "welcome.greeting" in ended.stderr.splitlines()[0]
    assert ':9: communities.town.texts.en."welcome.greeting"' in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_good_configuration_is_said_to_be_good() -> None:
    ended = xiaoer("check", "--config", str(Path(__file__).parents[2] / "plugins.toml"))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "nothing wrong" in ended.stdout


def test_a_file_that_is_not_there_ends_with_2_and_says_what_to_do(tmp_path: Path) -> None:
    ended = xiaoer("run", "--config", str(tmp_path / "plugins.toml"))
    assert ended.returncode == 2
    assert ended.stderr == f"{tmp_path / 'plugins.toml'}: there is no such file: write one, or name it with --config\n"


def test_a_database_that_is_none_ends_with_1_and_one_line(tmp_path: Path) -> None:
    config = tmp_path / "plugins.toml"
    config.write_text(
        '[xiaoer]\ndatabase = "a.db"\n[adapters.web]\nport = 0\n[communities.town]\nname = "T"\nspaces = ["web:t"]\n'
    )
    (tmp_path / "a.db").write_text("Dear friend, this is a letter. " * 100)
    ended = xiaoer("run", "--config", str(config))
    assert ended.returncode == 1
    assert "check the path" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("do", [["status"], ["backup", "copy.db"], ["restore", "copy.db"]])
def test_every_command_names_what_is_wrong_in_the_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], do: list[str]
) -> None:
    code, _, complaint = call(tmp_path / "nowhere.toml", capsys, *do)
    assert code == 2
    assert complaint.endswith("there is no such file: write one, or name it with --config\n")


def test_a_backup_says_where_it_is_how_large_and_what_else_to_keep(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XIAOER_SECRET", raising=False)
    (config.parent / "secret.key").write_text("a key that only tests sign with!")
    copy = config.parent / "copy.db"
    code, said, _ = call(config, capsys, "backup", copy)
    lines = [line.split(maxsplit=1) for line in said.splitlines()]
    assert code == 0
    assert [line[0] for line in lines] == ["saved", "size", "key", "keep"]
    assert (lines[0][1], lines[2][1]) == (str(copy), f"{copy}.key")
    assert lines[1][1].endswith(" s")
    assert lines[3][1] == f"{config} and the tokens too: they are not in it"
    assert call(config, capsys, "backup", copy) == (
        1,
        "",
        f"backup {copy} is there already and is not overwritten: choose another name\n",
    )


def test_a_key_that_stands_in_the_environment_is_named_among_what_to_keep(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XIAOER_SECRET", "a key that only tests sign with!")
    _, said, _ = call(config, capsys, "backup", config.parent / "copy.db")
    assert f"{config}, XIAOER_SECRET and the tokens too" in said
    assert "a key that" not in said


def test_going_back_says_what_was_kept_and_what_comes_next(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = config.parent / "copy.db"
    call(config, capsys, "backup", copy)
    code, said, _ = call(config, capsys, "restore", copy)
    (kept,) = config.parent.glob("a.replaced-*.db")
    assert code == 0
    assert f"put back  {copy}, " in said
    assert f"kept      {kept}: what stood there" in said
    assert said.splitlines()[-1] == f"next      xiaoer run --config {config}"
    code, _, complaint = call(config, capsys, "restore", config.parent / "other.db")
    assert (code, len(complaint.splitlines())) == (1, 1)


def test_the_status_is_told_to_people_and_to_machines(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said, _ = call(config, capsys, "status")
    assert code == 0
    assert "not running" in said
    assert "Communities" in said
    code, said, _ = call(config, capsys, "status", "--json")
    assert code == 0
    assert json.loads(said)["communities"][0]["id"] == "town"


def test_the_status_of_a_database_that_cannot_be_read_ends_with_1(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (config.parent / "a.db").write_text("Dear friend, this is a letter. " * 100)
    code, said, _ = call(config, capsys, "status")
    assert code == 1
    assert "it is not a SQLite database" in " ".join(said.split())
    (config.parent / "a.db").unlink()
    assert call(config, capsys, "status")[0] == 0


def test_who_has_seen_enough_of_the_status_gets_no_traceback(config: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        [sys.executable, "-m", "xiaoer", "status", "--json", "--config", str(config)],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (1, "")
