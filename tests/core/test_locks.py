from pathlib import Path

import pytest

from xiaoer import StoreError
from xiaoer.locks import FileLock


def test_a_file_has_one_program_at_a_time(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "a.db"), FileLock(tmp_path / "a.db")
    first.acquire()
    with pytest.raises(StoreError, match="in use by another Xiaoer"):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


def test_a_folder_is_made_and_one_that_cannot_be_is_said(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "new" / "a.db")
    lock.acquire()
    lock.release()
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="give this user the right"):
        FileLock(tmp_path / "file" / "a.db").acquire()


def test_who_looks_whether_a_lock_is_taken_learns_it_and_makes_nothing(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "a.db")
    assert lock.is_taken() is False
    assert list(tmp_path.iterdir()) == []
    lock.acquire()
    assert FileLock(tmp_path / "a.db").is_taken() is True
    lock.release()
    assert lock.is_taken() is False


def test_who_looks_at_a_lock_keeps_nobody_from_starting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looking, starting = FileLock(tmp_path / "a.db"), FileLock(tmp_path / "a.db")
    looking.acquire()
    monkeypatch.setattr("time.sleep", lambda seconds: looking.release() if seconds else None)
    starting.acquire()
    starting.release()
