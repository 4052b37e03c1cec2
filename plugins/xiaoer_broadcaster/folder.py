"""The folder of Markdown files that a library is read from and written to; an operator names it, and nobody in a chat.

Nothing outside of it is touched: names are checked, and what is a link is refused and never followed.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from xiaoer import Refusal, one_line
from xiaoer_broadcaster.frontmatter import Fault, Page, parse, written
from xiaoer_broadcaster.item import Item

FILES = 250
"""Files of one import: so many are taken in within the time that a transaction may take."""

BYTES = 64 * 1024
"""Bytes of one file."""

LEFT_ALONE = ("readme.md", "license.md", "changelog.md")
"""Files that describe the folder, in small letters."""

_NAME = re.compile(r"[^./\\\x00-\x1f\x7f][^/\\\x00-\x1f\x7f]{0,95}\.md")


def is_safe(name: str) -> bool:
    """Say whether a file of this name is one of the folder's own."""
    return _NAME.fullmatch(name) is not None and name == one_line(name, 200)


def read(folder: Path, slots: Sequence[str], today: date) -> tuple[list[Page], list[Fault]]:
    """Return the items in a folder and everything that is wrong with its files.

    Args:
        folder: where they are; what is in folders within it is not read.
        slots: the names of the slots that there are.
        today: the community's day.
    """
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if _counts(entry.name))
    except OSError as error:
        return [], [Fault(folder.name, 0, Refusal("broadcaster.file.unreadable", why=error.strerror or ""))]
    if len(names) > FILES:
        return [], [Fault(folder.name, 0, Refusal("broadcaster.file.too_many", count=len(names), most=FILES))]
    pages: list[Page] = []
    faults: list[Fault] = []
    for name in names:
        found = _read(folder, name, slots, today)
        if isinstance(found, Page):
            pages.append(found)
        else:
            faults += found
    return pages, faults + _doubles(pages)


def _counts(name: str) -> bool:
    return name.endswith(".md") and not name.startswith(".") and name.lower() not in LEFT_ALONE


def _read(folder: Path, name: str, slots: Sequence[str], today: date) -> Page | list[Fault]:
    shown = one_line(name, 60)
    if not is_safe(name):
        return [Fault(shown, 0, Refusal("broadcaster.file.name"))]
    if (folder / name).is_symlink():
        return [Fault(shown, 0, Refusal("broadcaster.file.link"))]
    try:
        data = _bytes(folder / name)
    except OSError as error:
        return [Fault(shown, 0, Refusal("broadcaster.file.unreadable", why=error.strerror or ""))]
    if data is None:
        return [Fault(shown, 0, Refusal("broadcaster.file.too_large", most=BYTES // 1024))]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [Fault(shown, data.count(b"\n", 0, error.start) + 1, Refusal("broadcaster.file.not_utf8"))]
    return parse(name, text, slots, today)


def _bytes(file: Path) -> bytes | None:
    """Return what a file holds; None when it is too much. What became a link meanwhile, or is a pipe, is not opened."""
    descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as opened:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "not a file")
        data = opened.read(BYTES + 1)
    return data if len(data) <= BYTES else None


def _doubles(pages: Iterable[Page]) -> list[Fault]:
    """Return what two files both say of themselves."""
    numbers: dict[int, str] = {}
    times: dict[tuple[date, str], str] = {}
    faults: list[Fault] = []
    for file, item, _ in pages:
        other = numbers.setdefault(item.number, file) if item.number else file
        if other != file:
            faults.append(Fault(file, 0, Refusal("broadcaster.file.same_number", number=item.number, other=other)))
        at = times.setdefault((item.day, item.at_slot), file) if item.day is not None else file
        if at != file:
            faults.append(Fault(file, 0, Refusal("broadcaster.file.same_time", other=at)))
    return faults


def write(folder: Path, items: Sequence[Item]) -> list[Fault]:
    """Write each item into its file, the others left alone, and return what could not be written.

    Args:
        folder: where, there already.
        items: the library.
    """
    faults: list[Fault] = []
    for name, item in named(items):
        file = folder / name
        if file.is_symlink():
            faults.append(Fault(name, 0, Refusal("broadcaster.file.link")))
            continue
        try:
            _replace(file, written(item).encode())
        except OSError as error:
            faults.append(Fault(name, 0, Refusal("broadcaster.file.unwritable", why=error.strerror or "")))
    return faults


def name_of(number: int) -> str:
    """Return the name of an item's file, unless it was read from another one."""
    return f"{number:04}.md"


def named(items: Sequence[Item]) -> list[tuple[str, Item]]:
    """Return the items with the names of their files: the one each was read from, else its number."""
    taken = {item.source for item in items if is_safe(item.source)}
    found: list[tuple[str, Item]] = []
    for item in items:
        name = item.source
        if not is_safe(name):
            name = name_of(item.number)
            while name in taken:
                name = f"{name.removesuffix('.md')}-.md"
            taken.add(name)
        found.append((name, item))
    return found


def _replace(file: Path, data: bytes) -> None:
    """Write a file so that it is there whole or as it was."""
    draft = file.with_name(f".{file.name}.xiaoer")
    draft.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    with open(os.open(draft, flags, 0o666), "wb") as opened:
        opened.write(data)
    draft.replace(file)
