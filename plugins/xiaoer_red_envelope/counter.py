"""What is decided about points and check-ins inside the transaction."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from xiaoer import MOST, TREASURY, Ledger, Refusal, Transaction, Who, one_line
from xiaoer_red_envelope.config import RedEnvelopeConfig
from xiaoer_red_envelope.envelope import NAME_LIMIT
from xiaoer_red_envelope.statements import CHECK_IN, LAST_CHECKIN
from xiaoer_red_envelope.streak import days_in_a_row, worth

NOTE_LIMIT = 120


class Gift(NamedTuple):
    """Points for somebody.

    Args:
        account: who gets them.
        name: what they are called.
        points: how many.
        note: why.
        key: names it for ever.
    """

    account: str
    name: str
    points: int
    note: str
    key: str


def check_in(tx: Transaction, who: Who, config: RedEnvelopeConfig) -> None:
    """Give somebody the points of the day, once a person.

    Raises:
        Refusal: they have them already, or there are none.
    """
    if not config.checkin:
        raise Refusal("red_envelope.refused.no_checkin")
    here, today = tx.community.id, tx.now.astimezone(tx.community.timezone).date()
    last = tx.one(LAST_CHECKIN, here=here, who=tx.person(who.account))
    before = (date.fromisoformat(last.day), last.streak) if last is not None else (None, 0)
    streak = days_in_a_row(today, *before)
    if streak is None:
        raise Refusal("red_envelope.refused.checked_in", streak=before[1])
    points = worth(streak, config)
    tx.run(CHECK_IN, community=here, account=who.account, day=today.isoformat(), streak=streak)
    key = f"checkin:{who.account}:{today.isoformat()}"
    Ledger(tx).move(TREASURY, who.account, points, key=key, reason="red_envelope.reason.checkin", by=who.account)
    has = Ledger(tx).purse(who.account)
    tx.answer(tx.content("red_envelope.checked_in", points=points, count=streak, has=has))


def show_points(tx: Transaction, who: Who) -> None:
    """Tell somebody what they have."""
    tx.answer(tx.content("red_envelope.points.mine", has=Ledger(tx).purse(who.account)))


def give(tx: Transaction, who: Who, gift: Gift) -> None:
    """Let somebody give points of theirs to somebody else.

    Raises:
        Refusal: they have not enough, or it is themselves.
    """
    _check(gift.points)
    if tx.person(gift.account) == tx.person(who.account):
        raise Refusal("red_envelope.refused.to_yourself")
    note = one_line(gift.note, NOTE_LIMIT)
    reason = "red_envelope.reason.give"
    Ledger(tx).spend(who.account, gift.account, gift.points, key=gift.key, reason=reason, by=who.account, note=note)
    has = Ledger(tx).purse(who.account)
    tx.answer(tx.content("red_envelope.points.given", name=gift.name, points=gift.points, has=has))
    name = one_line(who.name, NAME_LIMIT)
    them = tx.who(gift.account)
    tx.tell(gift.account, tx.content("red_envelope.points.came", to=them, name=name, points=gift.points, note=note))


def grant(tx: Transaction, who: Who, gift: Gift) -> None:
    """Let an admin give points out of the treasury, and tell the person and the admins why.

    Raises:
        Refusal: no reason was given, or it is no number of points.
    """
    _check(gift.points)
    note = one_line(gift.note, NOTE_LIMIT)
    if not note:
        raise Refusal("red_envelope.refused.no_reason")
    reason = "red_envelope.reason.grant"
    Ledger(tx).move(TREASURY, gift.account, gift.points, key=gift.key, reason=reason, by=who.account, note=note)
    values: dict[str, Any] = {"name": gift.name, "points": gift.points, "note": note}
    tx.answer(tx.content("red_envelope.points.granted", **values))
    them = tx.who(gift.account)
    tx.tell(gift.account, tx.content("red_envelope.points.bestowed", to=them, points=gift.points, note=note))
    by = one_line(who.name, NAME_LIMIT)
    tx.tell_admins(tx.content("red_envelope.points.audited", to="all", by=by, **values))


def _check(points: int) -> None:
    if not 1 <= points <= MOST:
        raise Refusal("red_envelope.refused.points", most=MOST)
