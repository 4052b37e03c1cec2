"""Single values that an app remembers: the offset of community time, whether the last run ended well."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer.statements import Statement
from xiaoer.store import Store
from xiaoer.tables import values
from xiaoer.transaction import Transaction

GET = Statement(select(values.c.value).where(values.c.name == bindparam("wanted")))
_put = upsert(values).values(name=bindparam("name"), value=bindparam("value"))
PUT = Statement(_put.on_conflict_do_update(index_elements=["name"], set_={"value": _put.excluded.value}))

CLOCK_OFFSET = "clock.offset"
"""Seconds by which community time is ahead of platform time."""

CLEAN_STOP = "stopped.cleanly"
"""Whether the last run came to its end."""


async def get_value(store: Store, name: str, default: Any) -> Any:
    """Return a value, or the default when it was never put."""
    rows = await store.read(GET, wanted=name)
    return rows[0].value if rows else default


async def put_value(store: Store, name: str, value: Any) -> None:
    """Remember a value."""
    await store.transact(Transaction.run, PUT, name=name, value=value)
