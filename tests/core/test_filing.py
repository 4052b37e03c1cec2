"""What a file is, its content says; and its name fits what it is."""

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable
from tests.png import png

from xiaoer.errors import FileRefused
from xiaoer.filing import (
    KINDS,
    MEGABYTE,
    NAME,
    OTHER,
    SUFFIXES,
    FileRules,
    examined,
    find,
    fitting,
    forget,
    keep,
    mime_of,
)
from xiaoer.tables import file_uses, kept_files
from xiaoer.transaction import Requested, Transaction

GIF = b"GIF89a" + b"\0" * 20
MP4 = b"\0\0\0\x18ftypisom" + b"\0" * 20
RULES = FileRules()
ALL = FileRules(10, (*KINDS.values(), "other"))


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (png("red"), "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (GIF, "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\0\0\0\0WAVEfmt ", OTHER),
        (b"%PDF-1.7\n\xff", "application/pdf"),
        (MP4, "video/mp4"),
        (b"\0\0\0\x18ftypqt  " + b"\0" * 20, OTHER),
        ("龙井茶\n".encode(), "text/plain"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "text/plain"),
        (b"<!doctype html><script>1</script>", "text/plain"),
        (b"MZ\x90\0\x03", OTHER),
        (b"\x1b]0;title\x07", OTHER),
        ("茶".encode("gbk"), OTHER),
    ],
)
def test_a_file_is_what_its_content_says(data: bytes, mime: str) -> None:
    assert mime_of(data) == mime


def test_a_name_does_not_make_a_picture_of_what_is_none() -> None:
    copy = examined(b"<script>", "cat.png", "image/png", RULES)
    assert (copy.mime, copy.name) == ("text/plain", "cat.txt")


@pytest.mark.parametrize(
    ("data", "rules", "key"),
    [
        (b"", RULES, "empty"),
        (b"x" * (MEGABYTE + 1), FileRules(1), "too_large"),
        (b"MZ\x90\0", RULES, "not_allowed"),
        (GIF, FileRules(1, ("png",)), "not_allowed"),
    ],
)
def test_what_is_not_kept_is_refused_with_the_reason(data: bytes, rules: FileRules, key: str) -> None:
    with pytest.raises(FileRefused) as refused:
        examined(data, "x", "", rules)
    assert refused.value.key == f"xiaoer.file.{key}"


def test_a_file_of_just_the_largest_size_is_kept() -> None:
    assert len(examined(b"x" * MEGABYTE, "x", "", FileRules(1)).data) == MEGABYTE


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("audio/ogg", "audio/ogg"),
        ("application/zip", "application/zip"),
        ("text/html", OTHER),
        ("video/mp4", OTHER),
    ],
)
def test_what_a_file_is_said_to_be_counts_only_where_its_content_does_not_tell(said: str, kept: str) -> None:
    assert examined(b"\0\1\2", "x", said, ALL).mime == kept
    assert examined(png("red"), "x", said, ALL).mime == "image/png"


@pytest.mark.parametrize(
    ("name", "mime", "expected"),
    [
        ("tea.png", "image/png", "tea.png"),
        ("tea.JPEG", "image/jpeg", "tea.jpeg"),
        ("tea", "image/jpeg", "tea.jpg"),
        ("run.bat", "text/plain", "run.txt"),
        ("notes.md", "text/plain", "notes.md"),
        ("../../etc/passwd", "text/plain", "passwd.txt"),
        ("C:\\tea\\茶单.pdf", "application/pdf", "茶单.pdf"),
        ("a\u202egnp.exe", "image/png", "a gnp.png"),
        ("", "image/png", "file.png"),
        (".", OTHER, "file"),
        ('a"b:c.zip', OTHER, "a_b_c.zip"),
    ],
)
def test_a_name_fits_what_the_file_is(name: str, mime: str, expected: str) -> None:
    assert fitting(name, mime) == expected


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("ab"), st.sampled_from("xyz")), max_size=30))
def test_a_file_is_kept_as_long_as_somebody_has_kept_it_oftener_than_forgotten(
    steps: list[tuple[bool, str, str]],
) -> None:
    kept: Counter[tuple[str, str]] = Counter()
    with closing(sqlite3.connect(":memory:")) as connection:
        for table in (kept_files, file_uses):
            connection.execute(str(CreateTable(table).compile(dialect=sqlite.dialect())))
        tx = Transaction(connection, Requested(), datetime(2026, 3, 2, tzinfo=UTC))
        for keeps, plugin, name in steps:
            copy = examined(name.encode(), name, "", RULES)
            if keeps:
                keep(tx, "town", plugin, copy)
                kept[plugin, copy.digest] += 1
            else:
                assert forget(tx, "town", plugin, copy.digest) == (kept[plugin, copy.digest] > 0)
                kept[plugin, copy.digest] = max(0, kept[plugin, copy.digest] - 1)
            for owner, digest in list(kept):
                assert (find(tx, "town", owner, digest) is not None) == (kept[owner, digest] > 0)
                assert find(tx, "elsewhere", owner, digest) is None


@given(st.text(max_size=300), st.sampled_from([*SUFFIXES, OTHER]))
def test_no_name_leads_anywhere_or_grows_too_long(name: str, mime: str) -> None:
    found = fitting(name, mime)
    assert found
    assert found.isprintable()
    assert not set(found) & set('/\\<>:"|?*')
    assert found not in (".", "..")
    assert len(found) <= NAME + 12
    assert fitting(found, mime) == found
