from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, String, Table, bindparam, insert, select

from xiaoer import JSONText, Moment, Statement, StoreError, ValueRefused

notes = Table(
    "notes",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("text", String),
    Column("at", Moment),
    Column("extra", JSONText),
)
ADD = Statement(
    insert(notes).values(text=bindparam("text"), at=bindparam("at"), extra=bindparam("extra"), id=bindparam("id"))
)
ONE = Statement(select(notes.c.text, notes.c.at, notes.c.extra).where(notes.c.id == bindparam("id")))


def test_parameters_keep_the_names_they_were_declared_with() -> None:
    assert ":text" in ADD.sql
    assert set(ADD.compiled.required) == {"id", "text", "at", "extra"}


@pytest.mark.parametrize(
    ("name", "value"), [("text", 5), ("id", "5"), ("id", True), ("id", 1.0), ("text", b"x"), ("at", "2026-01-01")]
)
def test_a_value_that_does_not_fit_its_column_is_refused_by_name(name: str, value: Any) -> None:
    fitting: dict[str, Any] = {"id": 1, "text": "a", "at": datetime(2026, 1, 1, tzinfo=UTC), "extra": None}
    with pytest.raises(ValueRefused, match=f"'{name}' takes"):
        ADD.bind({**fitting, name: value})


def test_a_refused_value_is_not_repeated_in_the_message() -> None:
    with pytest.raises(ValueRefused) as caught:
        ONE.bind({"id": "a secret"})
    assert "secret" not in str(caught.value)


def test_a_missing_and_an_unknown_parameter_are_named() -> None:
    with pytest.raises(StoreError, match="id is missing"):
        ONE.bind({})
    with pytest.raises(StoreError, match="'nmae' is not one of"):
        ONE.bind({"nmae": "x"})


def test_none_is_what_an_empty_column_holds() -> None:
    assert ADD.bind({"id": 1, "text": None, "at": None, "extra": None})["text"] is None


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1)), st.integers(-12, 12))  # noqa: DTZ001
def test_a_moment_comes_back_as_it_was_whatever_its_zone(naive: datetime, hours: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(hours=hours)))
    stored = Moment().process_bind_param(moment, None)  # type: ignore[arg-type]
    assert isinstance(stored, int)
    assert Moment().process_result_value(stored, None) == moment  # type: ignore[arg-type]


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), st.lists, max_leaves=5))
def test_json_comes_back_as_it_was(value: Any) -> None:
    stored = JSONText().process_bind_param(value, None)  # type: ignore[arg-type]
    assert JSONText().process_result_value(stored, None) == value  # type: ignore[arg-type]
