"""A day of joins, replayed: each has one row that says how it came about, and the report adds up."""

import os
import random
from collections import Counter
from datetime import timedelta

from tests.plugins.xiaoer_referral.scene import JOINS, UNKNOWN, address, either, has, village

from xiaoer import JoinSource, MemberJoined

JOINED = int(os.environ.get("XIAOER_JOINS", "500"))
"""So many in the day; ``make replay`` plays more."""

INVITERS = tuple(f"ann{number}" for number in range(10 if JOINED < 1_000 else 40))


async def test_a_day_of_joins_is_attributed_and_the_report_adds_up() -> None:
    draw = random.Random(7)  # noqa: S311 - who comes how
    async with village(*INVITERS, questions=5, mass=1_000, daily=30, stay_days=1) as town:
        by = {name: await address(town, name) for name in INVITERS}
        ways = [JoinSource("referral", "exact", invite=invite) for invite in by.values()] * 4
        ways += [UNKNOWN, JoinSource("public_link", "inferred"), either(*list(by.values())[:2])] * 3
        ways += [JoinSource("pulled_in", "exact", by="fake:ann0")] * 2
        joins: list[MemberJoined] = [town.joining(f"new{number}", draw.choice(ways)) for number in range(JOINED)]
        half = JOINED // 2
        await town.tell_at_once(*joins[:half])
        await town.restart(kill=True)
        await town.tell_at_once(*joins[half - 20 : half], *joins[half:])
        await town.tell_at_once(*[town.writing(f"new{number}", "hello") for number in range(JOINED)])
        rows = [row for row in await town.rows(JOINS) if row.newcomer.startswith("fake:new")]
        assert len(rows) == JOINED
        said = {event.who.account: event.source for event in joins}
        owner = {invite: f"fake:{name}" for name, invite in by.items()}
        for row in rows:
            source = said[row.newcomer]
            sure = source.certainty == "exact"
            assert row.inviter == (owner.get(source.invite or "", source.by) if sure else None)
            assert row.certainty == source.certainty
        answer = await town.use("boss", "/source report 1", role="secretary")
        assert answer is not None
        kinds = Counter(source.kind for source in said.values())
        assert f"{JOINED + len(INVITERS)} in 1 days" in answer.text
        assert f"by somebody's link: {kinds['referral']} (" in answer.text
        assert f"unknown: {kinds['unknown']} (unknown {kinds['unknown']})" in answer.text
        await town.pass_time(days=1, minutes=1)
        paid = Counter(row.inviter for row in await town.rows(JOINS) if row.state == "paid")
        brought = Counter(row.inviter for row in rows if row.inviter is not None)
        assert paid == {inviter: min(number, 30) for inviter, number in brought.items()}
        assert [await has(town, name) for name in INVITERS] == [20 * paid[f"fake:{name}"] for name in INVITERS]
        assert timedelta(days=1) < town.now() - rows[0].at
