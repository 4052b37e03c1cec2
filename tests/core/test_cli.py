"""The real program, as it is called from a shell."""

import subprocess
import sys
from pathlib import Path

import pytest


def xiaoer(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "xiaoer", *arguments], capture_output=True, text=True, timeout=30, check=False
    )


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
        f"{config}:6: communities.town.plugins[0]: there is no plugin 'welcom': did you mean welcome? allowed: welcome",
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
