"""Ctrl-C and SIGTERM while Python is still importing the program."""

import signal
import subprocess
import sys

import pytest

from xiaoer.interrupts import is_program


@pytest.mark.parametrize("moment", ["xiaoer.interrupts", "sqlalchemy.sql", "xiaoer.cli"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_ends_without_a_traceback(number: signal.Signals, code: int, moment: str) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "xiaoer", "run", "--config", "/nowhere.toml"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as program:
        assert program.stderr is not None
        for line in program.stderr:
            if line.rpartition("|")[2].strip() == moment:
                break
        program.send_signal(number)
        said = [line for line in program.stderr if not line.startswith("import time:")]
    late = (2, ["/nowhere.toml: there is no such file: write one, or name it with --config\n"])
    ends = [(code, []), (code, ["interrupted\n"]), *([late] if moment == "xiaoer.cli" else [])]
    assert (program.returncode, said) in ends


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    lines = (
        "import signal, sys",
        "signal.signal(signal.SIGINT, signal.SIG_IGN)",
        "sys.orig_argv[1:] = ['-m', 'xiaoer']",
        "import xiaoer",
        "raise SystemExit(signal.getsignal(signal.SIGINT) is not signal.SIG_IGN)",
    )
    assert subprocess.run([sys.executable, "-c", "\n".join(lines)], check=False).returncode == 0


@pytest.mark.parametrize(
    "line", ["python -m xiaoer run", "python -X dev -I -m xiaoer", "python /usr/bin/xiaoer run", "python -E bin/xiaoer"]
)
def test_the_program_is_known_by_its_command_line(line: str) -> None:
    assert is_program(line.split())


@pytest.mark.parametrize(
    "line", ["python", "python -m pytest -m xiaoer", "python bot.py -m xiaoer", "python -c xiaoer", "python -m"]
)
def test_another_program_keeps_its_signals(line: str) -> None:
    assert not is_program(line.split())
