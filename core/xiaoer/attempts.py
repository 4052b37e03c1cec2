"""Wrong tries at a code: counted by account, so that nobody can guess."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer.statements import Statement
from xiaoer.tables import values
from xiaoer.transaction import Transaction

TRIES = 5
"""So many wrong codes may one account try within an hour."""

_ATTEMPTS = Statement(select(values.c.value).where(values.c.name == bindparam("wanted")))
_note = upsert(values).values(name=bindparam("name"), value=bindparam("value"))
_NOTE = Statement(_note.on_conflict_do_update(index_elements=["name"], set_={"value": _note.excluded.value}))


def may_try(tx: Transaction, name: str) -> bool:
    """Return whether somebody may try another code.

    Args:
        tx: the transaction.
        name: whose tries at what, for instance ``claim.town.web:ann``.
    """
    return len(_recent(tx, name)) < TRIES


def count_try(tx: Transaction, name: str) -> None:
    """Note a wrong try; see :func:`may_try`."""
    tx.run(_NOTE, name=name, value=[*_recent(tx, name), tx.now.timestamp()])


def _recent(tx: Transaction, name: str) -> list[float]:
    row = tx.one(_ATTEMPTS, wanted=name)
    since = (tx.now - timedelta(hours=1)).timestamp()
    tries: list[float] = row.value if row is not None else []
    return [moment for moment in tries if moment > since]
