"""The real program, for tests that start and end it."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


class Program:
    """``xiaoer run`` in a process of its own.

    Args:
        folder: where its configuration and its database are.
        config: the configuration, with ``{port}`` for the port.
        environ: what its environment holds beside ours.
        log: where its log goes; where ours goes when None.
    """

    def __init__(
        self, folder: Path, config: str, environ: Mapping[str, str] | None = None, log: Path | None = None
    ) -> None:
        self.text = config
        self.environ = dict(environ or {})
        self.log = log
        self.config = folder / "plugins.toml"
        self.port = 0
        self.code = ""
        self.start()

    def start(self) -> None:
        """Start it and wait until it says where it is."""
        self.config.write_text(self.text.format(port=self.port), encoding="utf-8")
        command = [sys.executable, "-m", "xiaoer", "run", "--config", str(self.config)]
        environ = {**os.environ, "COLUMNS": "120", **self.environ}
        with contextlib.nullcontext() if self.log is None else self.log.open("a") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environ)
        for line in self.process.stdout or ():
            if found := re.search(r"http://localhost:(\d+)/", line):
                self.port = int(found[1])
            if found := re.search(r"/claim (\S+)", line):
                self.code = found[1]
            if "Ctrl-C" in line:
                return
        raise AssertionError("the program ended before it began")

    @property
    def address(self) -> str:
        """Where its first page is."""
        return f"http://localhost:{self.port}/"

    def end(self, number: signal.Signals) -> int:
        """End it and return its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(50)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code
