import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiaoer import ButtonPressed, CommandUsed, MemberJoined, MemberLeft, MessagePosted, ReactionChanged, Who
from xiaoer_web.translate import decode, translate

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ANN = Who("web:ann", "Ann", "en")
HEAD: dict[str, Any] = {"key": "12345678", "space": "web:town", "chat": "web:town/main", "me": "ann"}


def event(**what: Any) -> Any:
    (request,) = decode(json.dumps({**HEAD, **what}).encode())
    return translate(request, ANN, NOW)


def test_what_is_typed_is_a_message_and_behind_a_slash_a_command() -> None:
    said = event(do="write", text="<b>hi</b>", reply_to="web:other")
    assert isinstance(said, MessagePosted)
    assert (said.key, said.text, said.reply_to, said.edited, said.who) == (
        "web:12345678",
        "<b>hi</b>",
        "web:other",
        False,
        ANN,
    )
    used = event(do="write", text="/rules show now")
    assert isinstance(used, CommandUsed)
    assert used.text == "rules show now"


@pytest.mark.parametrize("kind", ["photo", "video", "voice", "sticker", "file", "forward", "poll"])
def test_every_kind_of_message_is_told_as_what_it_is(kind: str) -> None:
    assert event(do="write", text="/caption", kind=kind).kind == kind


def test_an_edit_is_the_new_wording_of_the_same_message() -> None:
    edit = event(do="write", text="better", edits="web:before")
    assert isinstance(edit, MessagePosted)
    assert (edit.message, edit.edited) == ("web:before", True)


@pytest.mark.parametrize(
    ("how", "by", "kind", "account"),
    [("name", None, "name", None), ("link", "bob", "referral", "web:bob"), ("pulled", "bob", "pulled_in", "web:bob")],
)
def test_a_join_says_how_and_by_whom_and_is_exact(how: str, by: str | None, kind: str, account: str | None) -> None:
    joined = event(do="join", name="Ann", how=how, by=by)
    assert isinstance(joined, MemberJoined)
    assert (joined.source.kind, joined.source.by, joined.source.certainty) == (kind, account, "exact")


def test_the_rest_is_told_as_it_is() -> None:
    assert isinstance(event(do="leave"), MemberLeft)
    assert isinstance(event(do="press", message="m", button="b"), ButtonPressed)
    assert event(do="react", message="m", emoji="👍").added == ("👍",)
    off = event(do="react", message="m", emoji="👍", on=False)
    assert isinstance(off, ReactionChanged)
    assert off.removed == ("👍",)


@pytest.mark.parametrize(
    "bad",
    [
        {"do": "fly"},
        {"do": "write"},
        {"do": "write", "text": ""},
        {"do": "write", "text": "x" * 4097},
        {"do": "write", "text": "x", "kind": "bomb"},
        {"do": "write", "text": "x", "key": "short"},
        {"do": "write", "text": "x", "me": "../../etc"},
        {"do": "write", "text": "x", "space": "telegram:1"},
        {"do": "write", "text": "x", "extra": 1},
        {"do": "join", "name": "x" * 41},
        {"do": "react", "message": "m", "emoji": "<b>"},
    ],
)
def test_what_no_page_of_ours_sends_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        event(**bad)


@given(st.binary(max_size=200))
def test_whatever_bytes_come_they_are_requests_or_refused(body: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode(body)
