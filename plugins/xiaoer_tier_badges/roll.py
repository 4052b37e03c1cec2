"""The roll of holders as a table of text: written, read again, and what is wrong in one that somebody brings.

Rules of the format: RFC 4180, with a comma, a semicolon or a tab between the cells, as spreadsheets write and copy it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from xiaoer import one_line
from xiaoer_tier_badges.seat import Place, Track, find_places

HEADS: dict[str, tuple[str, ...]] = {
    "track": ("track", "赛道", "类别"),
    "subject": ("subject", "主体", "项目"),
    "number": ("number", "no", "no.", "nr", "编号", "席位号", "号码"),
    "rank": ("rank", "等级", "级别"),
    "person": ("person", "account", "holder", "持有人", "账号"),
    "name": ("name", "姓名", "名字", "名称"),
    "since": ("since", "date", "日期", "起始日期"),
}
"""What a column may be called. A rank is only checked."""

NEEDED = ("number", "person")
MOST_ROWS = 600
"""Three full subjects: more would take too long in one transaction."""

MOST_BYTES = 1_000_000
NAME, CELL = 32, 200
"""Characters of a name, and of any other cell."""

_HARMFUL = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a cell begins with that spreadsheets take for a formula (OWASP, CSV Injection)."""

_MARK = "'"
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_BOM = "\ufeff"


class Entry(NamedTuple):
    """One holder.

    Args:
        line: where it stands, from 1.
        place: of which subject.
        number: which seat.
        person: who, by account, handle or name.
        name: what they are called; empty where the roll does not say it.
        since: since when; None where the roll does not say it.
    """

    line: int
    place: Place
    number: int
    person: str
    name: str
    since: date | None


class Fault(NamedTuple):
    """What is wrong in a line: the text that says it, and what that names."""

    line: int
    key: str
    values: dict[str, Any]


class Roll(NamedTuple):
    """What a table says, and what is wrong with it."""

    entries: list[Entry]
    faults: list[Fault]


class Holder(NamedTuple):
    """A confirmed seat, to be written."""

    place: Place
    number: int
    rank: str
    account: str
    name: str
    since: date


def written(holders: Iterable[Holder]) -> bytes:
    """Return a roll as a file: UTF-8 with the mark by which spreadsheet programs know it, no cell a formula."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(("track", "subject", "number", "rank", "person", "name", "since"))
    for one in holders:
        cells = (*one.place, str(one.number), one.rank, one.account, one.name, one.since.isoformat())
        table.writerow([harmless(cell) for cell in cells])
    return (_BOM + out.getvalue()).encode()


def harmless(cell: str) -> str:
    """Return a cell that no program takes for a formula; :func:`meant` returns it as it was."""
    return _MARK + cell if cell.startswith((*_HARMFUL, _MARK)) else cell


def meant(cell: str) -> str:
    """Return a cell without the mark that keeps it from being taken for a formula."""
    return cell[1:] if cell.startswith(_MARK) and cell[1:].startswith((*_HARMFUL, _MARK)) else cell


def decoded(data: bytes) -> str | None:
    """Return the text of a file in UTF-8, with a mark or without, or in GB 18030; None when it is none of these."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    return None


def read(text: str, board: Mapping[str, Track], community: str, today: date) -> Roll:
    """Return what a table says.

    Args:
        text: the table, with a first line that names its columns.
        board: the tracks by their ids.
        community: what a subject without a name is called.
        today: no seat is held since later.
    """
    lines: list[tuple[int, list[str]]] = []
    try:
        lines.extend(_lines(text))
    except csv.Error:  # a quotation that never ends, for instance
        return Roll([], [Fault(len(lines) + 1, "tier_badges.import.broken", {})])
    if not lines:
        return Roll([], [Fault(1, "tier_badges.import.empty", {})])
    line, heads = lines[0]
    columns, faults = _columns(line, heads)
    if faults:
        return Roll([], faults)
    if len(lines) - 1 > MOST_ROWS:
        return Roll([], [Fault(lines[MOST_ROWS + 1][0], "tier_badges.import.too_long", {"most": MOST_ROWS})])
    reader = _Reader(columns, board, community, today)
    for line, cells in lines[1:]:
        reader.take(line, cells)
    if not reader.entries and not reader.faults:
        reader.faults.append(Fault(line, "tier_badges.import.empty", {}))
    return Roll(reader.entries, [*reader.faults, *_twice(reader.entries)])


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, each with the line that it begins in."""
    text = text.removeprefix(_BOM)
    first = text.lstrip().partition("\n")[0]
    between = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=between)
    begins = 1
    for row in rows:
        cells = [meant(cell).strip() for cell in row]
        if any(cells):
            yield begins, cells
        begins = rows.line_num + 1


def _columns(line: int, heads: Sequence[str]) -> tuple[dict[str, int], list[Fault]]:
    """Return where each column is, and what is wrong with the line that names them."""
    found: dict[str, int] = {}
    faults: list[Fault] = []
    for place, head in enumerate(heads):
        column = next((name for name, known in HEADS.items() if head.casefold() in known), None)
        if column is None and head:
            faults.append(Fault(line, "tier_badges.import.column", {"column": one_line(head, 40)}))
        elif column in found:
            faults.append(Fault(line, "tier_badges.import.column_twice", {"column": column}))
        elif column is not None:
            found[column] = place
    missing = [name for name in NEEDED if name not in found]
    if missing:
        faults.append(Fault(line, "tier_badges.import.missing", {"columns": ", ".join(missing)}))
    return found, faults


class _Reader:
    """Reads row after row; a row with anything wrong in it is no entry."""

    def __init__(self, columns: Mapping[str, int], board: Mapping[str, Track], community: str, today: date) -> None:
        self.entries: list[Entry] = []
        self.faults: list[Fault] = []
        self._columns = columns
        self._board = board
        self._community = community
        self._today = today

    def take(self, line: int, cells: Sequence[str]) -> None:
        """Read one row."""
        before = len(self.faults)
        said = {name: cells[at][:CELL] if at < len(cells) else "" for name, at in self._columns.items()}
        if len(cells) > max(self._columns.values()) + 1 and any(cells[max(self._columns.values()) + 1 :]):
            self._fault(line, "wide")
        place = self._place(line, said.get("track", ""), said.get("subject", ""))
        number = self._number(line, place, said["number"], said.get("rank", ""))
        since = self._since(line, said.get("since", ""))
        if not said["person"]:
            self._fault(line, "no_person")
        if place is not None and number is not None and len(self.faults) == before:
            name = one_line(said.get("name", ""), NAME)
            self.entries.append(Entry(line, place, number, said["person"], name, since))

    def _fault(self, line: int, key: str, **values: Any) -> None:
        self.faults.append(Fault(line, f"tier_badges.import.{key}", values))

    def _place(self, line: int, track: str, subject: str) -> Place | None:
        word = "/".join(part for part in (track, subject) if part)
        tracks = {one.id: one for one in self._board.values() if not track or track.casefold() in _calls(one)}
        found = find_places(tracks, subject, self._community)
        if len(found) == 1:
            return found[0].place
        self._fault(line, "several_places" if found else "no_place", place=one_line(word, 60) or "–")
        return None

    def _number(self, line: int, place: Place | None, text: str, rank: str) -> int | None:
        if not (text.isascii() and text.isdigit() and len(text) <= 6):
            self._fault(line, "no_number", number=one_line(text, 20) or "–")
            return None
        number = int(text)
        if place is None:
            return number
        track = self._board[place.track]
        if not 1 <= number <= track.capacity:
            self._fault(line, "range", number=number, most=track.capacity)
            return None
        own = track.rank(number)
        known = [] if own is None else [own.id, *own.names]
        if rank and rank.casefold() not in [one.casefold() for one in known if one]:
            self._fault(line, "rank", number=number, rank=own.id if own is not None else "–", said=one_line(rank, 40))
        return number

    def _since(self, line: int, text: str) -> date | None:
        if not text:
            return None
        found = _DATE.fullmatch(text)
        try:
            since = date(*map(int, found.groups())) if found else None
        except ValueError:  # the 30th of February
            since = None
        if since is None:
            self._fault(line, "date", date=one_line(text, 20))
        elif since > self._today:
            self._fault(line, "future", date=since.isoformat())
        return since


def _calls(track: Track) -> set[str]:
    return {name.casefold() for name in (track.id, *track.names) if name}


def _twice(entries: Iterable[Entry]) -> Iterator[Fault]:
    """Yield the seats that stand in a roll twice."""
    seen: dict[tuple[Place, int], int] = {}
    for entry in entries:
        first = seen.setdefault((entry.place, entry.number), entry.line)
        if first != entry.line:
            yield Fault(entry.line, "tier_badges.import.twice", {"number": entry.number, "first": first})


def doubled(entries: Iterable[Entry], people: Mapping[str, str]) -> Iterator[Fault]:
    """Yield the entries that give somebody a second seat of one subject.

    Args:
        entries: a roll's.
        people: the person whom each word means.
    """
    seen: dict[tuple[Place, str], Entry] = {}
    for entry in entries:
        if entry.person in people:
            first = seen.setdefault((entry.place, people[entry.person]), entry)
            if first is not entry:
                yield Fault(entry.line, "tier_badges.import.second", {"first": first.line, "number": first.number})
