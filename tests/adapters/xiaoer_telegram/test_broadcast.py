"""One message to very many chats, at a Telegram that keeps its limits: all of its allowance, and nothing over it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.adapters.xiaoer_telegram.crowded import Crowded

from xiaoer import Statement
from xiaoer.pacing import AT_ONCE
from xiaoer.tables import outbox

CHATS = 600
STATES = Statement(select(outbox.c.chat, outbox.c.state, outbox.c.reason).where(outbox.c.batch == "news"))


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Crowded]:
    async with Crowded(tmp_path, CHATS) as found:
        await found.clock.advance(60.0)
        found.api.throttle = found.counted
        yield found


def heard(town: Crowded) -> Counter[str]:
    """Return how often each chat has it."""
    return Counter(
        f"telegram:{group.id}"
        for group in town.groups
        for message in group.messages.values()
        if message.text == "hear, hear"
    )


async def test_a_broadcast_uses_the_allowance_and_goes_beside_a_busy_group_and_answers(town: Crowded) -> None:
    begun = town.clock.monotonic()
    await town.ask([town.places[0]] * 40)
    await town.announce(town.places)
    handles = []
    for number in range(4):
        handles.append(await town.use("Usher", "shout", text=f"number {number}"))
        await town.until(lambda: town.app.delivery.waiting and len(town.counted.arrivals))
        for _ in range(12):
            await town.step()
    await town.all_done()
    assert town.counted.violations == []
    assert heard(town) == Counter(town.places)
    lonely = [at for chat, at in town.counted.arrivals if chat not in (str(town.groups[0].id), str(town.group.id))]
    assert (CHATS - 30) / 30 / (max(lonely) - begun) >= 0.9, "of so few the first second is a large part"
    for handle in handles:
        assert len(await town.answers("Usher", handle)) == 1


async def test_who_has_blocked_kicked_or_moved_is_found_and_the_others_are_reached(town: Crowded) -> None:
    town.groups[1].members[town.api.bot.id] = "kicked"
    moved = town.api.migrate(town.groups[2])
    blocker = town.api.user("Blocker")
    blocker.blocked = True
    await town.announce([*town.places[:20], f"telegram:{blocker.id}"])
    await town.all_done()
    progress, reasons = await town.progress()
    assert (progress.done, progress.failed, progress.unknown) == (19, 2, 0)
    assert sorted(reason for reason, _ in reasons) == [
        "Forbidden: bot was blocked by the user",
        "Forbidden: bot was kicked from the supergroup chat",
    ]
    assert [message.text for message in moved.messages.values() if message.text] == ["hear, hear"]


async def test_after_a_kill_every_chat_has_it_once_and_what_was_in_mid_air_is_known_by_name(town: Crowded) -> None:
    await town.announce(town.places)
    for _ in range(20):
        await town.step()
    while not any(pacer.under_way for pacer in town.app.delivery._pacers.values()):
        await town.clock.advance(0.05)
    await town.restart(kill=True)
    await town.all_done()
    rows = await town.app.store.report(STATES)
    unknown = {row.chat for row in rows if row.state == "unknown"}
    assert {row.chat for row in rows if row.state == "done"} | unknown == set(town.places)
    assert len(unknown) <= AT_ONCE
    times = heard(town)
    assert max(times.values()) == 1
    assert set(town.places) - set(times) <= unknown
