"""What people ask of the peaks: when they are, what comes next, and that one is moved or skipped."""

from __future__ import annotations

from typing import Any

from xiaoer import Content, Part, Refusal, Text, Transaction, Who, one_line
from xiaoer_broadcaster import poster
from xiaoer_broadcaster.catalogue import listed
from xiaoer_broadcaster.config import BroadcasterConfig
from xiaoer_broadcaster.item import choose
from xiaoer_broadcaster.peak import release, replan
from xiaoer_broadcaster.rota import AHEAD, OFF, rota, set_slot
from xiaoer_broadcaster.shelf import find, ready
from xiaoer_broadcaster.slot import LEAST, MOST, parse_window
from xiaoer_broadcaster.statements import SETTLE
from xiaoer_broadcaster.teasing import take_back

DEFAULT = ("default", "默认")
RESTS = (OFF, "关")


def show(tx: Transaction, config: BroadcasterConfig) -> None:
    """Show the slots and when each comes next."""
    slots = rota(tx, config)
    coming = {found.slot: found for found in reversed(slots.near(tx, AHEAD + 2)) if found.due > tx.now}
    lines: list[Text] = []
    for slot in slots.slots:
        if slot.window is None:
            lines.append(tx.text("broadcaster.peak.off", slot=slot.name))
        elif slot.name in coming:
            values: dict[str, Any] = {"slot": slot.name, "window": slot.window.written}
            lines.append(tx.text("broadcaster.peak.line", when=coming[slot.name].due, **values))
        else:
            lines.append(tx.text("broadcaster.peak.line_alone", slot=slot.name, window=slot.window.written))
    tx.answer(listed(tx.text("broadcaster.peak.title" if lines else "broadcaster.peak.none"), lines))


def move(tx: Transaction, who: Who, name: str, typed: str, config: BroadcasterConfig) -> None:
    """Give a slot another window in this community, from now on.

    Raises:
        Refusal: there is no such slot, or it is no window.
    """
    slots = rota(tx, config)
    slot = slots.slot(name)
    word = typed.strip().casefold()
    own = "" if word in DEFAULT else OFF if word in RESTS else word
    window = parse_window(own) if own not in ("", OFF) else None
    if own not in ("", OFF) and window is None:
        raise Refusal("broadcaster.refused.window", value=one_line(typed, 40), least=LEAST, most=MOST // 60)
    own = window.written if window is not None else own
    before = [found for found in slots.near(tx, 3) if found.slot == slot.name and found.due > tx.now]
    for found in before:
        take_back(tx, found.day, found.slot)
    set_slot(tx, slot.name, own, config.windows()[slot.name])
    replan(tx, config)
    written = (window or config.windows()[slot.name]).written
    if own == OFF:
        tx.answer(tx.content("broadcaster.peak.rests", slot=slot.name))
    else:
        tx.answer(tx.content("broadcaster.peak.moved", slot=slot.name, window=written))
    by = one_line(who.name, 24)
    told = tx.text("broadcaster.peak.off", to="all", slot=slot.name) if own == OFF else (f"{slot.name} {written}",)
    tx.tell_admins(tx.content("broadcaster.report.moved", to="all", by=by, what=told))


def skip(tx: Transaction, who: Who, name: str, config: BroadcasterConfig) -> None:
    """Leave the next post out, and take its teasers back.

    Raises:
        Refusal: there is none.
    """
    found = rota(tx, config).coming(tx, name)
    item = choose(ready(tx), found.day, found.slot)
    tx.run(
        SETTLE,
        community=tx.community.id,
        day=found.day.isoformat(),
        slot=found.slot,
        state="skipped",
        item=None,
        at=tx.now,
        deadline=found.deadline,
    )
    if item is not None and item.state == "scheduled":
        release(tx, item, "skip")
    take_back(tx, found.day, found.slot)
    replan(tx, config)
    tx.answer(tx.content("broadcaster.peak.skipped", slot=found.slot, when=found.due))
    by = one_line(who.name, 24)
    tx.tell_admins(tx.content("broadcaster.report.skipped", to="all", by=by, slot=found.slot, when=found.due))


def preview(tx: Transaction, name: str, config: BroadcasterConfig) -> None:
    """Show somebody alone what goes out next, as it will look.

    Raises:
        Refusal: nothing does.
    """
    found = rota(tx, config).coming(tx, name)
    item = choose(ready(tx), found.day, found.slot)
    if item is None:
        raise Refusal("broadcaster.refused.nothing", slot=found.slot, when=found.due)
    sure = item.state == "scheduled"
    key = "broadcaster.preview.sure" if sure else "broadcaster.preview.likely"
    lead = tx.text(key, slot=found.slot, when=found.due, number=item.number)
    shown = poster.post(tx, find(tx, item.number), 0, config)
    parts: tuple[Part, ...] = (*lead, "\n\n", *shown.text)
    tx.answer(Content(parts, file=shown.file))
