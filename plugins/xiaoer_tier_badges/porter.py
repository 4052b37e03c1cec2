"""Who is let in at the gates, who has to leave, and all that follows when somebody's seats change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from xiaoer import (
    ActionEnded,
    Content,
    DecideJoin,
    GateChat,
    JoinRequested,
    Link,
    Part,
    RemoveMember,
    Text,
    Then,
    Transaction,
    Who,
)
from xiaoer_tier_badges import wearing
from xiaoer_tier_badges.badge import Held
from xiaoer_tier_badges.config import TierBadgesConfig
from xiaoer_tier_badges.gate import Gate, admits, wanted, why_not
from xiaoer_tier_badges.records import (
    CONCERNED,
    CONCERNS,
    GATE,
    GATE_IS,
    GATED,
    OPEN,
    STAND,
    STAND_DOWN,
    STAND_OVER,
    STANDING,
    STANDS,
    WORN,
)
from xiaoer_tier_badges.wording import language

PART = 15
"""So many people are looked at in one transaction."""


def follow(tx: Transaction, config: TierBadgesConfig, account: str) -> None:
    """Let what somebody wears, and where they may be, follow from their seats as they are now."""
    review(tx, config, account)
    wearing.refresh(tx, config, account)


# Asking to be let in


def decide(tx: Transaction, config: TierBadgesConfig, event: JoinRequested) -> None:
    """Let in who qualifies, and tell others why they do not and where to go; where no gate is, nothing is decided."""
    gate = next((gate for gate in config.gates if gate.whole and gate.chat == event.space), None)
    if gate is None:
        return
    account = event.who.account
    why = why_not(gate, config.board, wearing.held(tx, account), wearing.offered(tx, account))
    admit = why is None or tx.role(account) != "member"
    content = None if admit else Content(_told(tx, config, gate, f"tier_badges.gate.refused.{why}", event.who))
    tx.request(
        DecideJoin(chat=event.space, account=account, handle=event.handle, admit=admit, content=content),
    )


def _told(tx: Transaction, config: TierBadgesConfig, gate: Gate, key: str, who: Who, **values: Any) -> Text:
    """Return a text about a gate, with the address where to go instead."""
    of = wanted(gate, config.board, language(tx, who))
    parts: list[Part] = [*tx.text(key, to=who, of=of, community=tx.community.name, **values)]
    if gate.link:
        parts += ["\n", *tx.text("tier_badges.gate.link", to=who, link=Link(gate.link, gate.link))]
    return tuple(parts)


# Who is inside


def review(tx: Transaction, config: TierBadgesConfig, account: str) -> None:
    """Look whether the person behind an account may be where they are."""
    if not config.gates:
        return
    seats = wearing.held(tx, account)
    for space, one in tx.memberships(account):
        for gate in config.gates:
            if gate.space == space:
                _look(tx, config, gate, one, seats)


def _look(tx: Transaction, config: TierBadgesConfig, gate: Gate, account: str, seats: list[Held]) -> None:
    place = {"here": tx.community.id, "who": account, "place": gate.chat}
    row = tx.one(STANDING, **place)
    if admits(gate, config.board, seats):
        if row is not None:
            tx.run(STAND_DOWN, **place)
            tx.unschedule(_job(gate, account))
    elif row is None:
        if _is_inside(tx, gate, account) and tx.role(account) == "member":
            _give_grace(tx, config, gate, account)
    elif row.state == "grace" and row.due <= tx.now:
        _end(tx, config, gate, account)


def _job(gate: Gate, account: str) -> str:
    return f"grace.{account}.{gate.chat}"


def _is_inside(tx: Transaction, gate: Gate, account: str) -> bool:
    """Say whether a member of the gate's space is in its chat: in the space itself, or with the badge that lets in."""
    if gate.whole:
        return True
    row = tx.one(WORN, here=tx.community.id, who=account, place=gate.space)
    return row is not None and gate.kind in row.kinds


def _give_grace(tx: Transaction, config: TierBadgesConfig, gate: Gate, account: str) -> None:
    due = tx.now + timedelta(days=gate.grace_days)
    tx.run(STAND, community=tx.community.id, account=account, chat=gate.chat, due=due)
    if not gate.grace_days:
        _end(tx, config, gate, account)
        return
    key = "tier_badges.gate.grace" if gate.remove else "tier_badges.gate.lapsed"
    tx.tell(account, Content(_told(tx, config, gate, key, tx.who(account), due=due)))
    tx.schedule(_job(gate, account), due, {"account": account, "chat": gate.chat})


def _end(tx: Transaction, config: TierBadgesConfig, gate: Gate, account: str) -> None:
    """End somebody's grace: they are moved out where that is configured, and never if they are there to help."""
    place = {"here": tx.community.id, "who": account, "place": gate.chat}
    if not gate.remove or tx.role(account) != "member":
        tx.run(STAND_OVER, **place)
        return
    tx.tell(account, Content(_told(tx, config, gate, "tier_badges.gate.removed", tx.who(account))))
    if gate.whole:
        tx.run(STAND_OVER, **place)  # until they have left, so that a removal that fails is not announced each night
        tx.request(RemoveMember(chat=gate.space, account=account))
    else:
        tx.run(STAND_DOWN, **place)
        wearing.refresh(tx, config, account)


def grace_over(tx: Transaction, config: TierBadgesConfig, account: str, chat: str) -> None:
    """Look at somebody whose grace is over; where the gate is gone, nothing is left of it."""
    if all(gate.chat != chat for gate in config.gates):
        tx.run(STAND_DOWN, here=tx.community.id, who=account, place=chat)
    follow(tx, config, account)


def arrive(tx: Transaction, config: TierBadgesConfig, space: str, account: str) -> None:
    """Look at somebody who came in, as if they had not been there before."""
    _forget(tx, space, account)
    follow(tx, config, account)


def depart(tx: Transaction, space: str, account: str) -> None:
    """Forget what stood against somebody who left, and what they wore."""
    _forget(tx, space, account)
    wearing.forget(tx, space, account)


def _forget(tx: Transaction, space: str, account: str) -> None:
    here = tx.community.id
    for row in tx.all(STANDS, here=here, who=account):
        if row.chat.partition("/")[0] == space:
            tx.run(STAND_DOWN, here=here, who=account, place=row.chat)
            tx.unschedule(f"grace.{account}.{row.chat}")


# The gates themselves


def shut(tx: Transaction, config: TierBadgesConfig, again: Literal["", "standing", "all"] = "") -> None:
    """Put up the gates of chats within spaces as they are configured, and take away those that are not any more.

    Args:
        tx: the transaction.
        config: the community's.
        again: which are put up once more, which repairs what was changed by hand: those that stand, or those as well
            that could not be put up.
    """
    here, there = tx.community.id, {row.chat: row for row in tx.all(GATED, here=tx.community.id)}
    gates = {gate.chat: gate for gate in config.gates if not gate.whole}
    changed = False
    for chat in there.keys() - gates.keys():
        tx.run(OPEN, here=here, place=chat)
        tx.request(GateChat(chat=chat, badge=None))
        changed = True
    for chat, gate in gates.items():
        badge, row = wearing.pass_of(tx, config, gate), there.get(chat)
        new = row is None or row.name != badge.name
        if new or again == "all" or (again == "standing" and row is not None and row.state != "failed"):
            tx.run(GATE, community=here, chat=chat, name=badge.name)
            tx.request(GateChat(chat=chat, badge=badge, then=Then("gated", {"chat": chat})))
        changed = changed or new
    if changed:
        begin(tx)


def gated(tx: Transaction, event: ActionEnded) -> None:
    """Note whether a gate stands."""
    became = "shut" if event.error is None else "failed"
    tx.run(GATE_IS, here=tx.community.id, place=event.data["chat"], became=became)


# Everybody, in parts


def concerns(tx: Transaction) -> int:
    """Return how many people hold seats, wear badges, or are in a gated chat without qualifying."""
    row = tx.one(CONCERNS, here=tx.community.id)
    number: int = 0 if row is None else row.people
    return number


def begin(tx: Transaction) -> None:
    """Let everybody be looked at whom badges and gates concern, in parts."""
    tx.schedule("repair.0", tx.now, {"nr": 0, "after": ""})


def go_on(tx: Transaction, config: TierBadgesConfig, nr: int, after: str) -> None:
    """Look at the next people, and leave the others to another timer.

    Args:
        tx: the transaction.
        config: the community's.
        nr: which part it is.
        after: the account behind which it begins.
    """
    rows = tx.all(CONCERNED, here=tx.community.id, after=after, most=PART)
    for row in rows:
        follow(tx, config, row.account)
    if len(rows) == PART:
        tx.schedule(f"repair.{nr + 1}", tx.now, {"nr": nr + 1, "after": rows[-1].account})


def look_after(tx: Transaction, config: TierBadgesConfig) -> None:
    """Put right what was changed by hand, and what follows from accounts that were linked or not any more."""
    shut(tx, config, "standing")
    begin(tx)


def repair(tx: Transaction, config: TierBadgesConfig) -> None:
    """Put everything right: gates and badges of all; say how many people that concerns."""
    shut(tx, config, "all")
    begin(tx)
    tx.answer(tx.content("tier_badges.badge.repairing", count=concerns(tx)))
