"""What is read of seats is read by an index."""

import sqlite3

from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from xiaoer.tables import accounts
from xiaoer_tier_badges.statements import MINE
from xiaoer_tier_badges.tables import seats


def test_the_seats_of_one_person_are_read_without_those_of_the_others() -> None:
    with sqlite3.connect(":memory:") as database:
        for table in (accounts, seats):
            database.execute(str(CreateTable(table).compile(dialect=sqlite.dialect())))
            for index in table.indexes:
                database.execute(str(CreateIndex(index).compile(dialect=sqlite.dialect())))
        values = MINE.bind({"here": "town", "who": "web:ann"})
        plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {MINE.sql}", values)]
    database.close()
    assert plan[0] == "SEARCH tier_badges_seat USING INDEX tier_badges_seat_holder (community=? AND holder=?)"
