"""What is decided about envelopes inside the transaction: fetch, ask the rule, store, request."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from xiaoer import Content, Ledger, Refusal, Row, Transaction, Who, one_line
from xiaoer_red_envelope.config import RedEnvelopeConfig
from xiaoer_red_envelope.envelope import GREETING_LIMIT, NAME_LIMIT, Sent, Wish, check, said
from xiaoer_red_envelope.poster import poster
from xiaoer_red_envelope.split import NONCE_BYTES, commit, draw, equal
from xiaoer_red_envelope.statements import (
    ADD,
    ADD_GUEST,
    ADD_SHARE,
    BECOME,
    BY_WORD,
    CLAIMED,
    COUNT,
    ENVELOPE,
    GUESTS,
    HANDS,
    IS_GUEST,
    MINE,
    NEWEST,
    SENT,
    SHARE,
    TAKE,
)

CLOSED = ("empty", "expired", "cancelled")


def make(
    tx: Transaction, who: Who, chat: str, wish: Wish, guests: Sequence[tuple[str, str]], config: RedEnvelopeConfig
) -> None:
    """Put points into an envelope, draw its shares, and show it or wait until it opens.

    Args:
        tx: the transaction.
        who: the sender.
        chat: where it was asked for.
        wish: what is sent.
        guests: for whom alone it is: (account, name).
        config: the community's.

    Raises:
        Refusal: it cannot be sent.
    """
    here = tx.community.id
    wish = wish._replace(greeting=one_line(wish.greeting, GREETING_LIMIT + 1))  # one more is refused
    check(wish, _sent_today(tx, who), config)
    has = Ledger(tx).purse(who.account)
    if has < wish.points:
        raise Refusal("red_envelope.refused.no_funds", has=has, points=wish.points)
    nonce = secrets.token_bytes(NONCE_BYTES)
    parts = _parts(wish)
    waits = wish.opens is not None
    opens = wish.opens or tx.now
    ends = opens + timedelta(hours=config.hours)
    tx.run(
        ADD,
        community=here,
        kind=wish.kind,
        state="waiting" if waits else "open",
        sender=who.account,
        sender_name=one_line(who.name, NAME_LIMIT),
        points=wish.points,
        shares=wish.shares,
        taken=0,
        greeting=wish.greeting,
        word=said(wish.word),
        chats=_chats(tx, chat, config),
        made=tx.now,
        opens=opens,
        ends=ends,
        nonce=nonce.hex(),
        digest=commit(parts, nonce),
    )
    row = tx.one(NEWEST, here=here)
    assert row is not None  # noqa: S101 - just written
    for number, part in enumerate(parts):
        tx.run(ADD_SHARE, envelope=row.id, number=number, points=part)
    for account, name in guests:
        tx.run(ADD_GUEST, envelope=row.id, account=account, name=one_line(name, NAME_LIMIT))
    _pay_in(tx, who, row.id, wish.points)
    tx.schedule(f"expire.{row.id}", ends, {"envelope": row.id})
    if waits:
        tx.schedule(f"open.{row.id}", opens, {"envelope": row.id})
        respond(tx, who, chat, tx.content("red_envelope.scheduled", to=who, number=row.id, opens=opens))
    else:
        show(tx, row.id)
        respond(tx, who, chat, tx.content("red_envelope.sent", to=who, number=row.id, points=wish.points))


def _sent_today(tx: Transaction, who: Who) -> Sent:
    local = tx.now.astimezone(tx.community.timezone)
    since = local.replace(hour=0, minute=0, second=0, microsecond=0)
    row = tx.one(SENT, here=tx.community.id, who=tx.person(who.account), since=since)
    return Sent(row.number, row.points) if row is not None else Sent(0, 0)


def _parts(wish: Wish) -> tuple[int, ...]:
    if wish.kind == "equal":
        return equal(wish.points, wish.shares)
    return draw(wish.points, wish.shares, secrets.randbelow)


def _chats(tx: Transaction, chat: str, config: RedEnvelopeConfig) -> list[str]:
    mains = tx.community.chats.get("main", ()) if config.everywhere else ()
    return list(dict.fromkeys(mains or (chat,)))


def _pay_in(tx: Transaction, who: Who, envelope: int, points: int) -> None:
    book = Ledger(tx)
    reason = "red_envelope.reason.send"
    book.spend(
        who.account,
        book.escrow(envelope),
        points,
        key=_paid(envelope),
        reason=reason,
        by=who.account,
        note=_nr(envelope),
    )


def _paid(envelope: int) -> str:
    return f"envelope:{envelope}"


def _nr(envelope: int) -> str:
    return f"№{envelope}"


def find(tx: Transaction, number: int) -> Row:
    """Return an envelope.

    Raises:
        Refusal: there is none of that number here.
    """
    row = tx.one(ENVELOPE, here=tx.community.id, number=number)
    if row is None:
        raise Refusal("red_envelope.refused.unknown", number=number)
    return row


def claim(
    tx: Transaction, who: Who, chat: str, number: int, config: RedEnvelopeConfig, word: str | None = None
) -> None:
    """Give somebody a share, if they may have one, and tell them.

    Args:
        tx: the transaction.
        who: who wants it.
        chat: where.
        number: of which envelope.
        config: the community's.
        word: what they said, of a password envelope.

    Raises:
        Refusal: they cannot have one; it says why.
    """
    row = _granted(tx, who, number, config, word)
    share = _take(tx, who, row)
    key = "red_envelope.got_last" if row.taken + 1 == row.shares else "red_envelope.got"
    respond(tx, who, chat, tx.content(key, to=who, points=share, name=row.sender_name, left=row.shares - row.taken - 1))


def _granted(tx: Transaction, who: Who, number: int, config: RedEnvelopeConfig, word: str | None) -> Row:
    """Return the envelope of which somebody may have the next share; nothing is written.

    Raises:
        Refusal: they may not.
    """
    row = tx.one(CLAIMED, here=tx.community.id, number=number, who=who.account)
    if row is None:
        raise Refusal("red_envelope.refused.unknown", number=number)
    if row.mine is not None:
        raise Refusal("red_envelope.refused.already", number=number, points=row.mine)
    if row.state != "open":
        raise Refusal(f"red_envelope.refused.{row.state}", number=number, opens=row.opens)
    if row.ends <= tx.now:
        raise Refusal("red_envelope.refused.expired", number=number)
    if not tx.is_member(who.account):
        raise Refusal("red_envelope.refused.no_member")
    if row.kind == "exclusive" and tx.one(IS_GUEST, of=number, who=tx.person(who.account)) is None:
        raise Refusal("red_envelope.refused.not_for_you", names=_names(tx, number))
    if row.kind == "password" and (word is None or said(word) != row.word):
        raise Refusal("red_envelope.refused.say_it" if word is None else "red_envelope.refused.wrong_word")
    if not config.own and tx.person(row.sender) == tx.person(who.account):
        raise Refusal("red_envelope.refused.own")
    return row


def _names(tx: Transaction, envelope: int) -> str:
    return ", ".join(row.name for row in tx.all(GUESTS, of=envelope))


def _take(tx: Transaction, who: Who, row: Row) -> int:
    """Hand the next share out and return its points."""
    number, envelope = row.taken, row.id
    last = number + 1 == row.shares
    tx.run(TAKE, of=envelope, nr=number, taker=who.account, called=one_line(who.name, NAME_LIMIT), moment=tx.now)
    tx.run(COUNT, of=envelope, became="empty" if last else "open", kept="" if last else row.word)
    share = tx.one(SHARE, of=envelope, nr=number)
    assert share is not None  # noqa: S101 - drawn when the envelope was made
    points: int = share.points
    book = Ledger(tx)
    book.move(
        book.escrow(envelope),
        who.account,
        points,
        key=f"claim:{envelope}:{number}",
        reason="red_envelope.reason.claim",
        by=who.account,
        note=_nr(envelope),
    )
    if last:
        tx.unschedule(f"expire.{envelope}")
    show(tx, envelope)
    return points


def say(tx: Transaction, who: Who, chat: str, text: str, config: RedEnvelopeConfig) -> None:
    """Take a message for the password of an envelope, if it is one: the oldest that they have nothing of yet."""
    rows = tx.all(BY_WORD, here=tx.community.id, said=said(text))
    if rows:
        person = tx.person(who.account)
        fresh = [row for row in rows if tx.one(MINE, of=row.id, who=person) is None]
        told(tx, who, chat, claim, (fresh or rows)[0].id, config, text)


def say_word(tx: Transaction, who: Who, chat: str, text: str, config: RedEnvelopeConfig) -> None:
    """Take what somebody said by command for a password.

    Raises:
        Refusal: it is none.
    """
    if not tx.all(BY_WORD, here=tx.community.id, said=said(text)):
        raise Refusal("red_envelope.refused.wrong_word")
    say(tx, who, chat, text, config)


def told(tx: Transaction, who: Who, chat: str, function: Any, *args: Any) -> None:
    """Do something for somebody who used no command; a refusal, which comes before any write, is told to them alone."""
    try:
        function(tx, who, chat, *args)
    except Refusal as refusal:
        if tx.scene.asker is not None:
            raise
        values: dict[str, Any] = refusal.values
        respond(tx, who, chat, tx.content(refusal.key, to=who, **values))


def respond(tx: Transaction, who: Who, chat: str, content: Content) -> None:
    """Answer somebody, by the command or button they used, or else to them alone in the chat."""
    if tx.scene.asker is not None:
        tx.answer(content)
    else:
        tx.send(chat, content, only_to=who.account)


def cancel(tx: Transaction, who: Who, chat: str, number: int) -> None:
    """Take an envelope back of which nobody has anything yet.

    Raises:
        Refusal: it is not theirs, or too late.
    """
    row = find(tx, number)
    if tx.person(row.sender) != tx.person(who.account):
        raise Refusal("red_envelope.refused.not_yours", name=row.sender_name)
    if row.state in CLOSED:
        raise Refusal("red_envelope.refused.closed", number=number)
    if row.taken:
        raise Refusal("red_envelope.refused.begun", count=row.taken)
    Ledger(tx).reverse(_paid(number), reason="red_envelope.reason.cancel", by=who.account, note=_nr(number))
    _close(tx, number, "cancelled")
    respond(tx, who, chat, tx.content("red_envelope.cancelled", to=who, number=number, points=row.points))


def expire(tx: Transaction, number: int) -> None:
    """Give what is left of an envelope back to whoever sent it, also when they have left."""
    row = find(tx, number)
    if row.state in CLOSED:
        return
    book = Ledger(tx)
    left = book.balance(book.escrow(number))
    book.move(
        book.escrow(number),
        row.sender,
        left,
        key=f"refund:{number}",
        reason="red_envelope.reason.refund",
        note=_nr(number),
    )
    _close(tx, number, "expired")
    tx.tell(row.sender, tx.content("red_envelope.refunded", to=tx.who(row.sender), number=number, points=left))


def _close(tx: Transaction, number: int, state: str) -> None:
    tx.run(BECOME, of=number, became=state)
    tx.unschedule(f"expire.{number}")
    tx.unschedule(f"open.{number}")
    show(tx, number)


def open_now(tx: Transaction, number: int) -> None:
    """Let an envelope be claimed whose time has come."""
    if find(tx, number).state == "waiting":
        tx.run(BECOME, of=number, became="open")
        show(tx, number)


def show(tx: Transaction, number: int) -> None:
    """Say in all its chats what an envelope looks like now; one that never opened is not shown."""
    row = find(tx, number)
    if row.state == "cancelled" and row.opens > tx.now:
        return
    hands = [(hand.name, hand.points) for hand in tx.all(HANDS, of=number)]
    guests: Iterable[str] = [guest.name for guest in tx.all(GUESTS, of=number)] if row.kind == "exclusive" else ()
    content = poster(tx, row, hands, tuple(guests))
    for chat in row.chats:
        tx.show(f"envelope:{number}", chat, content)
