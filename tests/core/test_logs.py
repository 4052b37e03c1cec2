"""What is logged, and what never is."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from xiaoer.logs import MASK, Level, Mode, configure

TELEGRAM = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw-_"
INTERACTION = "aW50ZXJhY3Rpb246MTIzNDU2Nzg5OmFiY2RlZg"
DISCORD = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"


class Known:
    """Knows one secret."""

    def redact(self, text: str) -> str:
        return text.replace("open sesame", MASK)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Logs:
    """Logging set up, with what it wrote."""

    def __init__(self) -> None:
        self.undo: list[Callable[[], None]] = []

    def open(self, mode: Mode, level: Level = "info", stream: io.StringIO | None = None) -> io.StringIO:
        stream = io.StringIO() if stream is None else stream
        self.undo.append(configure(mode, level, Known(), stream))
        return stream

    def close(self) -> None:
        while self.undo:
            self.undo.pop()()


class Full(io.StringIO):
    """A stream to a disk that is full."""

    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")

    def flush(self) -> None:
        raise OSError(28, "No space left on device")


@pytest.fixture
def logs() -> Iterator[Logs]:
    logs = Logs()
    yield logs
    logs.close()


def log() -> Any:
    return structlog.get_logger()


def written(mode: Mode, do: Callable[[Any], object], stream: io.StringIO | None = None) -> str:
    """Return what is written when something is done with a logger."""
    logs = Logs()
    try:
        out = logs.open(mode, stream=stream)
        do(log())
        return out.getvalue()
    finally:
        logs.close()


def failing(message: str) -> Callable[[Any], None]:
    """Return what logs an exception with a message."""

    def do(logger: Any) -> None:
        try:
            raise ValueError(message)
        except ValueError:
            logger.exception("hook failed")

    return do


def test_json_is_one_object_with_level_time_and_values() -> None:
    entry = json.loads(written("json", lambda logger: logger.info("joined", name="小二", count=2)))
    assert entry.pop("timestamp").endswith("Z")
    assert entry == {"event": "joined", "level": "info", "name": "小二", "count": 2}


def test_json_keeps_chinese_readable() -> None:
    assert "小二" in written("json", lambda logger: logger.info("joined", name="小二"))


def test_the_mode_follows_the_stream() -> None:
    def say(logger: Any) -> None:
        logger.info("joined", name="ann")

    assert "name" in json.loads(written("auto", say))
    assert "\x1b[" in written("auto", say, Terminal())


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in written("auto", lambda logger: logger.info("joined"), Terminal())


def test_a_terminal_that_is_none_gets_no_colours() -> None:
    assert "\x1b" not in written("terminal", lambda logger: logger.info("joined", name="ann"))


def test_an_exception_that_is_not_there_is_not_written() -> None:
    def say(logger: Any) -> None:
        logger.info("joined", exc_info=None)
        logging.getLogger("library").error("100% broken", exc_info=(None, None, None))

    assert [json.loads(line).get("exception") for line in written("json", say).splitlines()] == [None, None]


def test_what_is_below_the_level_is_not_even_looked_at(logs: Logs) -> None:
    out = logs.open("json", "warning")

    class Untouchable:
        def __repr__(self) -> str:
            raise AssertionError

    log().info("quiet", value=Untouchable())
    assert out.getvalue() == ""


@dataclass
class Holder:
    """Something whose text holds a secret."""

    token: str


@pytest.mark.parametrize("mode", ["json", "terminal"])
@pytest.mark.parametrize("secret", ["open sesame", TELEGRAM, DISCORD, INTERACTION, "Bearer abc.def-123"])
def test_secrets_are_masked_wherever_they_are(mode: Mode, secret: str) -> None:
    def say(logger: Any) -> None:
        values: dict[str, Any] = {
            "plain": secret,
            "nested": {"list": [(f"https://host/bot{secret}/getMe",)], f"key {secret}": 1},
            "object": Holder(secret),
            "bytes": secret.encode(),
            "error": ValueError(secret),
            "deep": [[[[[[[[[[[[secret]]]]]]]]]]]],
            f"k {secret}": 1,
        }
        logger.info(f"started with {secret}", **values)
        failing(f"refused {secret}")(logger)
        logging.getLogger("library").error("refused %s", secret)

    text = written(mode, say)
    assert secret.removeprefix("Bearer ") not in text
    assert text.count(MASK) >= 9


@pytest.mark.parametrize("harmless", ["12:30:45", "Bearers of news", "a.b.c", "xiaoer.plugins.welcome", "0.1.0", "1:2"])
def test_what_only_looks_a_little_like_a_secret_stays(harmless: str) -> None:
    assert json.loads(written("json", lambda logger: logger.info("said", text=harmless)))["text"] == harmless


ANYTHING = st.text(st.characters(), max_size=60) | st.text(
    st.sampled_from("a =\"'\\{}\n\r\t\x00\x07\x1b[31m\x7f\x85\x9b\u2028\u2029\u202e\u2066\u200f\ud800"), max_size=30
)


@given(ANYTHING)
def test_whatever_a_member_types_is_one_line_of_json_and_comes_back_whole(typed: str) -> None:
    text = written("json", lambda logger: logger.info("said", text=typed, more={typed: [typed]}))
    assert len(text.splitlines()) == 1
    entry = json.loads(text)
    assert entry["text"] == typed
    assert entry["more"] == {typed: [typed]}
    text.encode()


@given(ANYTHING)
def test_whatever_a_member_types_is_one_line_in_a_terminal_and_commands_nothing(typed: str) -> None:
    def say(logger: Any) -> None:
        logger.info("said", text=typed, more={typed: [typed]}, **{f"k{typed}": typed})

    text = written("terminal", say)
    assert len(text.splitlines()) == 1
    assert not set(text[:-1]) & set("\x00\x07\x1b\x7f\x9b\u202e\u2066\u200f")
    text.encode()


@given(ANYTHING)
def test_a_message_inside_a_traceback_cannot_pass_for_an_entry(typed: str) -> None:
    text = written("terminal", failing(f"{typed}\n12:00:00 [info     ] forged"))
    first, *rest = text.splitlines()
    assert "hook failed" in first
    assert all(line.startswith("    ") for line in rest)
    assert len(written("json", failing(typed)).splitlines()) == 1


def test_escapes_and_direction_controls_are_shown_in_a_terminal() -> None:
    text = written("terminal", lambda logger: logger.info("said", text="\x1b[31mred\u202egnorw"))
    assert "␛[31mred<U+202E>gnorw" in text


def test_a_stack_is_written_below_its_entry() -> None:
    text = written("terminal", lambda logger: logger.warning("event loop blocked", stack="File a\nFile b"))
    assert text.splitlines()[1:] == ["    File a", "    File b"]


def test_the_standard_library_is_led_in(logs: Logs) -> None:
    out = logs.open("json")
    logging.getLogger("uvicorn.error").warning("port %d is taken", 80)
    entry = json.loads(out.getvalue())
    assert (entry["event"], entry["level"], entry["logger"]) == ("port 80 is taken", "warning", "uvicorn.error")


def test_levels_that_have_no_name_are_led_in_as_the_next_lower_one(logs: Logs) -> None:
    out = logs.open("json")
    logging.getLogger("library").log(35, "odd")
    assert json.loads(out.getvalue())["level"] == "warning"


def test_a_library_that_formats_its_message_wrongly_is_still_heard(logs: Logs) -> None:
    out = logs.open("json")
    record = logging.makeLogRecord({"msg": "%d", "args": ("many",), "levelno": logging.WARNING})
    logging.getLogger().handlers[-1].handle(record)
    assert "many" in json.loads(out.getvalue())["event"]


@pytest.mark.parametrize("library", ["aiosqlite", "sqlalchemy.engine", "uvicorn.access", "alembic.runtime"])
def test_libraries_that_tell_each_statement_are_heard_only_when_something_is_wrong(logs: Logs, library: str) -> None:
    out = logs.open("json", "debug")
    logging.getLogger(library).info("INSERT what a member wrote")
    assert out.getvalue() == ""


def test_an_exception_of_a_library_is_written_with_its_traceback(logs: Logs) -> None:
    out = logs.open("json")
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        logging.getLogger("library").exception("failed")
    assert "RuntimeError: broken" in json.loads(out.getvalue())["exception"]


def test_setting_up_again_replaces_and_taking_back_leaves_nothing(logs: Logs) -> None:
    handlers, level = list(logging.getLogger().handlers), logging.getLogger().level
    first, second = logs.open("json"), logs.open("json")
    logging.getLogger("library").warning("once")
    assert (first.getvalue(), second.getvalue().count("\n")) == ("", 1)
    logs.close()
    assert (logging.getLogger().handlers, logging.getLogger().level) == (handlers, level)


def test_an_entry_that_cannot_be_written_fails_nobody(logs: Logs) -> None:
    logs.open("json", stream=Full())
    structlog.get_logger().error("group not stored")
