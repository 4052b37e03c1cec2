"""What is decided about joins inside the transaction: who brought them, what speaks against it, when it is paid."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from xiaoer import (
    TREASURY,
    JoinSource,
    Ledger,
    MemberJoined,
    MemberLeft,
    ReferralConfirmed,
    Row,
    Transaction,
    Who,
    one_line,
    plain,
)
from xiaoer_referral.config import ReferralConfig
from xiaoer_referral.origin import Origin, Owner, invites_of, origin
from xiaoer_referral.question import ask
from xiaoer_referral.scruple import FINAL, Case, Scruple, scruples
from xiaoer_referral.statements import (
    ABOVE,
    ADD,
    COUNT,
    FLAG_MASS,
    FLAGGED_SINCE,
    JOIN,
    KNOWN,
    LATELY,
    NOTE,
    NOTED,
    OF_PERSON,
    OPEN_OF,
    OWNER,
    REWARDED,
    SETTLE,
    USED,
    WAIT,
)

NAME_LIMIT = 40
HOUR = timedelta(hours=1)


def arrive(
    tx: Transaction, event: MemberJoined, before: bool, names: Mapping[str, str], config: ReferralConfig
) -> None:
    """Note how somebody came, and let who brought them wait for the reward, or ask.

    Args:
        tx: the transaction.
        event: the join.
        before: whether they were here before, as far as the core knows.
        names: the names of accounts that made invites themselves or pulled people in.
        config: the community's.
    """
    here, who = tx.community.id, event.who
    if tx.one(KNOWN, here=here, event=event.key) is not None:
        return  # it is told again so late that the core has forgotten it
    before = before or _since(tx, who.account) is not None
    tx.run(NOTE, community=here, account=who.account, since=event.at)
    owners = _owners(tx, event.source)
    found = origin(event.source, owners)
    called = {owner.account: owner.name for owner in owners.values()} | dict(names)
    if found.inviter is not None and event.source.invite is not None:
        tx.run(USED, here=here, address=event.source.invite, moment=event.at)
    number = _add(tx, event, found, before, called, config)
    row = find(tx, number)
    if found.inviter is not None:
        consider(tx, row, config)
    elif row.state == "open":
        ask(tx, event, row, config)


def _since(tx: Transaction, account: str) -> datetime | None:
    """Return when the person behind an account was first noted."""
    row = tx.one(NOTED, here=tx.community.id, who=tx.person(account))
    since: datetime | None = None if row is None else row.since
    return since


def _owners(tx: Transaction, source: JoinSource) -> dict[str, Owner]:
    found = {one: tx.one(OWNER, here=tx.community.id, address=one) for one in invites_of(source)}
    return {one: Owner(row.owner, row.name) for one, row in found.items() if row is not None}


def _add(
    tx: Transaction, event: MemberJoined, found: Origin, before: bool, names: Mapping[str, str], config: ReferralConfig
) -> int:
    asks = found.asks and not before
    row = tx.one(
        ADD,
        community=tx.community.id,
        key=event.key,
        space=event.space,
        newcomer=event.who.account,
        name=one_line(event.who.name, NAME_LIMIT) or event.who.account,
        at=event.at,
        kind=found.kind,
        certainty=found.certainty,
        inviter=found.inviter,
        inviter_name=names.get(found.inviter or "") or found.inviter or "",
        invite=event.source.invite,
        candidates=[[one, names.get(one) or one] for one in found.candidates],
        again=int(before),
        state="open" if asks else "none",
        reason="again" if before and found.inviter is None else "",
        messages=0,
        tries=0,
        due=event.at + timedelta(days=config.stay_days),
        settled=None,
        points=0,
        decided="",
    )
    assert row is not None  # noqa: S101 - just written
    number: int = row.id
    return number


def find(tx: Transaction, number: int) -> Row:
    """Return a join that is there."""
    row = tx.one(JOIN, here=tx.community.id, number=number)
    assert row is not None  # noqa: S101 - joins are never forgotten
    return row


def settle(tx: Transaction, row: Row, became: str, because: str = "", *, points: int = 0, admin: str = "") -> None:
    """Say what became of a join, and why."""
    by = admin or row.decided
    tx.run(SETTLE, number=row.id, became=became, because=because, moment=tx.now, paid=points, admin=by)


def consider(tx: Transaction, row: Row, config: ReferralConfig) -> None:
    """Let a referral wait for its reward, or for an admin if something speaks against it."""
    found = against(tx, row, config)
    if found:
        _flag(tx, row, found[0])
    else:
        wait(tx, row)


def against(tx: Transaction, row: Row, config: ReferralConfig) -> tuple[Scruple, ...]:
    """Return what speaks against a referral now, the gravest first; a crowd counts only while no admin decided."""
    here = tx.community.id
    crowd = tx.one(LATELY, here=here, since=row.at - HOUR, until=row.at, by=row.inviter, address=row.invite or "")
    lately = 0 if crowd is None or row.decided else crowd.number
    case = Case(tx.person(row.inviter), tx.person(row.newcomer), _again(tx, row), lately)

    def above(person: str) -> list[str]:
        return [one.person for one in tx.all(ABOVE, here=here, who=person)]

    return scruples(case, above, config.mass)


def _again(tx: Transaction, row: Row) -> bool:
    """Return whether the person had been here before or was rewarded for already, accounts linked since included."""
    since = _since(tx, row.newcomer)
    if row.again or (since is not None and since < row.at):
        return True
    others = tx.all(OF_PERSON, here=tx.community.id, who=tx.person(row.newcomer))
    return any(other.state == "paid" and other.id != row.id for other in others)


def _flag(tx: Transaction, row: Row, reason: str) -> None:
    """Leave a referral to the admins, who are told once an hour of each inviter."""
    here = tx.community.id
    known = tx.one(FLAGGED_SINCE, here=here, by=row.inviter, since=tx.now - HOUR)
    settle(tx, row, "flagged", reason)
    if reason == "mass":  # those who came before in the same crowd wait too
        tx.run(FLAG_MASS, here=here, since=row.at - HOUR, by=row.inviter, address=row.invite or "")
    if known is None or known.number == 0:
        why = tx.text(f"referral.reason.{reason}", to="all", name=row.inviter_name)
        values: dict[str, Any] = {"number": row.id, "name": row.name, "inviter": row.inviter_name, "why": plain(why)}
        tx.tell_admins(tx.content("referral.audit.told", to="all", **values))


def wait(tx: Transaction, row: Row, admin: str = "") -> None:
    """Let a referral wait until the newcomer has stayed."""
    due = max(row.due, tx.now)
    tx.run(WAIT, number=row.id, because=row.reason if admin else "", moment=due, admin=admin)
    tx.schedule(f"check.{row.id}", due, {"join": row.id})


def depart(tx: Transaction, event: MemberLeft) -> None:
    """Take back what waits for somebody who left, unless another account of theirs is still here."""
    here, account = tx.community.id, event.who.account
    tx.run(NOTE, community=here, account=account, since=event.at)
    if tx.is_member(account):
        return
    for row in tx.all(OPEN_OF, here=here, account=account):
        tx.unschedule(f"check.{row.id}")
        settle(tx, row, "left", row.reason)


def count(tx: Transaction, who: Who, config: ReferralConfig) -> None:
    """Count a message of a newcomer, and settle what waited for it alone."""
    here = tx.community.id
    for row in tx.all(COUNT, here=here, account=who.account, enough=config.messages):
        if row.state == "pending" and row.messages >= config.messages and row.due <= tx.now:
            check(tx, row.id, config)


def check(tx: Transaction, number: int, config: ReferralConfig) -> None:
    """Settle a referral whose time has come: paid, not paid and why, or waiting until the newcomer says something."""
    row = find(tx, number)
    if row.state != "pending":
        return
    if not tx.is_member(row.newcomer):
        settle(tx, row, "left")
    elif tx.person(row.inviter) == tx.person(row.newcomer):
        settle(tx, row, "refused", "self")
    elif found := [one for one in against(tx, row, config) if not row.decided or one in FINAL]:
        _flag(tx, row, found[0])
    elif row.messages < config.messages:
        _be_patient(tx, row, config)
    elif (cap := _cap(tx, row, config)) is not None:
        settle(tx, row, "capped", cap)
        _confirm(tx, row)
    else:
        _pay(tx, row, config)
        _confirm(tx, row)


def _be_patient(tx: Transaction, row: Row, config: ReferralConfig) -> None:
    end = row.at + timedelta(days=max(config.patience_days, config.stay_days))
    if tx.now >= end:
        settle(tx, row, "silent")
    else:
        tx.schedule(f"check.{row.id}", end, {"join": row.id})


def _cap(tx: Transaction, row: Row, config: ReferralConfig) -> str | None:
    had = rewarded(tx, row.inviter)
    if had.total >= config.total:
        return "total"
    return "daily" if had.today >= config.daily else None


def rewarded(tx: Transaction, inviter: str) -> Row:
    """Return how many rewards somebody had, in all and today."""
    local = tx.now.astimezone(tx.community.timezone)
    since = local.replace(hour=0, minute=0, second=0, microsecond=0)
    row = tx.one(REWARDED, here=tx.community.id, who=tx.person(inviter), since=since)
    assert row is not None  # noqa: S101 - a count
    return row


def _pay(tx: Transaction, row: Row, config: ReferralConfig) -> None:
    if config.points:
        Ledger(tx).move(
            TREASURY,
            row.inviter,
            config.points,
            key=paid_under(row),
            reason="referral.ledger.reward",
            by=row.newcomer,
            note=row.name,
        )
    settle(tx, row, "paid", points=config.points)
    tx.unschedule(f"check.{row.id}")
    tx.tell(row.inviter, tx.content("referral.paid", to=tx.who(row.inviter), name=row.name, points=config.points))


def paid_under(row: Row) -> str:
    """Return the key of a join's reward in the ledger."""
    return f"join:{row.key}"


def _confirm(tx: Transaction, row: Row) -> None:
    here = tx.community.id
    tx.emit(
        ReferralConfirmed(
            key=f"referral:{here}:{row.id}",
            at=tx.now,
            community=here,
            inviter=row.inviter,
            newcomer=row.newcomer,
            space=row.space,
            certainty=row.certainty,
        )
    )
