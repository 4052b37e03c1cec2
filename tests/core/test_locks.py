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
