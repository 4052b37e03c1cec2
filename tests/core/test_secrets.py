import json
import os
import stat
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiaoer import StoreError
from xiaoer.secrets import Secrets, claim_code, is_claim_code, signing_key

KEY = b"a key for tests only"


def test_a_key_is_made_once_for_this_user_alone(tmp_path: Path) -> None:
    first = signing_key({}, tmp_path / "state")
    assert signing_key({}, tmp_path / "state") == first
    assert stat.S_IMODE((tmp_path / "state" / "secret.key").stat().st_mode) == 0o600
    assert signing_key({}, tmp_path / "other") != first


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    signing_key({}, tmp_path)
    (tmp_path / "secret.key").chmod(0o644)
    with pytest.raises(StoreError, match="chmod 600"):
        signing_key({}, tmp_path)


def test_a_damaged_or_short_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.key").touch(0o600)
    with pytest.raises(StoreError, match="damaged"):
        signing_key({}, tmp_path)
    with pytest.raises(StoreError, match="at least 16"):
        signing_key({"XIAOER_SECRET": "short"}, tmp_path)


def test_a_start_that_was_cut_short_leaves_no_half_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="No space left"):
            signing_key({}, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert signing_key({}, tmp_path) == signing_key({}, tmp_path)


def test_of_two_first_starts_at_once_one_makes_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link, first = os.link, b"the key of the one that was first"

    def late(draft: Path, file: Path) -> None:
        file.touch(0o600)
        file.write_bytes(first)
        link(draft, file)

    monkeypatch.setattr(os, "link", late)
    assert signing_key({}, tmp_path) == first
    assert [file.name for file in tmp_path.iterdir()] == ["secret.key"]


def test_a_key_from_the_environment_leaves_no_file(tmp_path: Path) -> None:
    assert signing_key({"XIAOER_SECRET": "x" * 16}, tmp_path) == b"x" * 16
    assert list(tmp_path.iterdir()) == []


def wide(code: str) -> str:
    """The code as a Chinese keyboard types it: every letter as wide as a character."""
    return "".join(chr(ord(letter) + 0xFEE0) for letter in code)


@given(st.text("abcdefgh0123", min_size=1, max_size=20))
def test_a_claim_code_is_known_however_it_is_typed_and_by_its_community_alone(community: str) -> None:
    code = claim_code(KEY, community)
    for typed in (code, code.lower(), code.replace("-", ""), f" {code} ", code.replace("-", " "), wide(code)):
        assert is_claim_code(KEY, community, 0, typed)
    assert not is_claim_code(KEY, community, 1, code)
    assert not is_claim_code(KEY, community + "x", 0, code)
    assert not is_claim_code(KEY, community, 0, code[:-1])
    assert not is_claim_code(KEY, community, 0, "")


def test_secrets_are_masked_wherever_they_stand() -> None:
    secrets = Secrets(["123456:token", "", "ab"])
    assert secrets.redact("x 123456:token y ab") == "x [secret] y ab"


@given(st.text(st.characters(exclude_categories=["Cs", "Z", "C"]), min_size=6, max_size=40))
def test_a_secret_is_masked_in_addresses_and_quotes_as_well(value: str) -> None:
    secrets = Secrets([f"{value}\n"])
    for written in (value, quote(value, safe=""), json.dumps(value)[1:-1], repr(value)[1:-1]):
        assert secrets.redact(f"< {written} >") == "< [secret] >"


def test_a_word_too_short_to_be_a_secret_is_left_alone() -> None:
    assert Secrets(["  ab    "]).redact("about") == "about"
