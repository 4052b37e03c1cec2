"""The tester at a terminal: lines go out, and a letter comes back where one is needed."""

from __future__ import annotations

import asyncio
import os
from typing import Literal, Protocol

import pytest
from rich.console import Console
from rich.text import Text
from tests.contracts.live.acts import Act

Word = Literal["cannot", "nothing"]
"""That an act cannot be done, or that it was done and nothing came of it."""

RULES = (
    "Do what each line says; it goes on by itself when the bot has heard of it. Type s ⏎ when you cannot do it, and "
    "n ⏎ when you did it and nothing happens. What is to be typed stands behind two blanks."
)


class Tester(Protocol):
    """Whoever acts as the people of a stage."""

    async def ask(self, act: Act) -> Word | None:
        """Ask for an act; return when there is something to say about it, at most until it is heard of.

        Args:
            act: what to do.

        Returns:
            What is wrong; None when the bot will hear of it.
        """
        ...

    async def judge(self, question: str) -> bool:
        """Return whether the tester sees what the question says."""
        ...

    async def say(self, words: str) -> None:
        """Tell the tester something."""
        ...


class Terminal:
    """A person at a keyboard.

    Args:
        console: where lines go.
        keyboard: the file descriptor that a line is read from.
    """

    def __init__(self, console: Console, keyboard: int = 0) -> None:
        self._console = console
        self._keyboard = keyboard
        self._typed = b""

    async def ask(self, act: Act) -> Word | None:
        """Put an act into one line, and listen for a letter meanwhile."""
        self._print(Text.assemble((act.head, "bold cyan"), " ", act.words))
        try:
            while True:
                letter = await self._letter()
                if letter in ("s", "n"):
                    return "cannot" if letter == "s" else "nothing"
                self._print(Text("  s: I cannot do it.  n: I did it, and nothing happens.", "dim"))
        except asyncio.CancelledError:
            self._print(Text("  ✓ arrived", "green"))
            raise

    async def judge(self, question: str) -> bool:
        """Ask until there is a y or an n."""
        while True:
            self._print(Text.assemble((question, "yellow"), (" y/n ⏎", "dim")))
            letter = await self._letter()
            if letter in ("y", "n"):
                return letter == "y"

    async def say(self, words: str) -> None:
        """Print a line."""
        self._print(Text(f"  {words}", "magenta"))

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)

    async def _letter(self) -> str:
        """Return the first letter of the next line; no thread waits for it, so nothing has to be typed to go on."""
        loop = asyncio.get_running_loop()
        while b"\n" not in self._typed:
            there = asyncio.Event()
            loop.add_reader(self._keyboard, there.set)
            try:
                await there.wait()
            finally:
                loop.remove_reader(self._keyboard)
            found = os.read(self._keyboard, 4096)
            if not found:
                pytest.exit("the keyboard is gone", returncode=2)
            self._typed += found
        line, _, self._typed = self._typed.partition(b"\n")
        return line.decode(errors="replace").strip().lower()[:1]
