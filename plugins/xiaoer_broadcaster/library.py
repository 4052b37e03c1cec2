"""What is decided about the library inside the transaction: who may do what to an item, and what becomes of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

from xiaoer import (
    ActionEnded,
    Attachment,
    Content,
    KeepFile,
    Refusal,
    Then,
    Transaction,
    Who,
    one_line,
)
from xiaoer_broadcaster.config import BroadcasterConfig
from xiaoer_broadcaster.item import (
    ANY,
    NAME_LIMIT,
    SAID,
    TITLE_LIMIT,
    Item,
    become,
    checked_text,
    clean,
    edited,
    free_from,
    usable,
)
from xiaoer_broadcaster.peak import replan
from xiaoer_broadcaster.rota import rota
from xiaoer_broadcaster.shelf import NOTE_LIMIT, add, find, next_number, store, today
from xiaoer_broadcaster.slot import parse_day
from xiaoer_broadcaster.statements import PLANNED, SUBMITTED
from xiaoer_broadcaster.teasing import take_back

FURTHEST = timedelta(days=366)
"""So far ahead an item is scheduled at most."""


class Script(NamedTuple):
    """What somebody submits.

    Args:
        text: what it says.
        author: the account of whoever wrote it.
        author_name: what they are called.
        chat: where it was submitted.
        attachment: the file that goes with it, if one does; then it need not say anything.
    """

    text: str
    author: str
    author_name: str
    chat: str
    attachment: Attachment | None = None


KINDS_OF_FILES = {"photo": "picture", "video": "video"}
"""What an item is whose message carries a photo or a video; others are articles until somebody says otherwise."""


def submit(tx: Transaction, who: Who, script: Script, config: BroadcasterConfig) -> None:
    """Take an item into the library, as a draft.

    Raises:
        Refusal: it is empty or too long, or it is one too many today.
    """
    file = script.attachment
    text = checked_text(script.text) if file is None or clean(script.text) else ""
    start = tx.now.astimezone(tx.community.timezone).replace(hour=0, minute=0, second=0, microsecond=0)
    row = tx.one(SUBMITTED, here=tx.community.id, who=tx.person(who.account), since=start)
    if row is not None and row.number >= config.submissions:
        raise Refusal("broadcaster.refused.submitted_today", most=config.submissions)
    number = next_number(tx)
    name = one_line(script.author_name, NAME_LIMIT)
    item = Item(number, text=text, author=script.author, author_name=name)
    if file is not None:
        kind = KINDS_OF_FILES.get(file.kind, item.kind)
        item = item._replace(kind=kind, file_name=one_line(file.name or file.kind, TITLE_LIMIT))
        then = Then("kept", {"number": number, "by": who.account})
        tx.request(KeepFile(chat=script.chat, attachment=file, then=then))
    add(tx, item, "submit", who)
    tx.answer(tx.content("broadcaster.submitted", to=who, number=number))
    tx.tell_admins(tx.content("broadcaster.report.submitted", to="all", number=number, name=name, title=item.headline))


def kept(tx: Transaction, event: ActionEnded) -> None:
    """Note the copy of a file that goes with an item, or tell whoever submitted it why there is none."""
    item = find(tx, event.data["number"])
    row = tx.file(event.file) if event.file is not None else None
    if row is None:
        by = event.data["by"]
        tx.tell(by, Content(tx.text(event.why or "xiaoer.failed", to=tx.who(by), **event.values)))
    elif item.state in ("rejected", "withdrawn"):
        tx.forget_file(row.digest)
    else:
        store(tx, item._replace(digest=row.digest, mime=row.mime), "file", None, item.file_name)


def edit(tx: Transaction, who: Who, number: int, field: str, value: str, config: BroadcasterConfig) -> None:
    """Change a field of an item; what changes what is said takes a new approval.

    Raises:
        Refusal: the item is closed, or the value is none.
    """
    before = find(tx, number)
    state = become(before, "edit")
    after = edited(before, field, value, rota(tx, config).names, today(tx))
    again = field in SAID or before.state in ("draft", "rejected")
    if again:
        after = _off_the_calendar(tx, after._replace(state=state))
    store(tx, after, "edit", who, field)
    replan(tx, config)
    tx.answer(tx.content("broadcaster.edited_again" if again else "broadcaster.edited", number=number, field=field))


def _off_the_calendar(tx: Transaction, item: Item) -> Item:
    if item.day is not None:
        take_back(tx, item.day, item.at_slot)
    return item._replace(day=None, at_slot="")


def approve(tx: Transaction, who: Who, number: int, config: BroadcasterConfig) -> None:
    """Let an item go out from now on.

    Raises:
        Refusal: it is their own, or not waiting to be approved.
    """
    before = find(tx, number)
    state = become(before, "approve")
    if config.approvals and tx.person(before.author) == tx.person(who.account):
        raise Refusal("broadcaster.refused.own", number=number)
    if not (before.text or before.digest):
        raise Refusal("broadcaster.refused.no_file", number=number)
    store(tx, before._replace(state=state), "approve", who)
    replan(tx, config)
    tx.answer(tx.content("broadcaster.approved", number=number, title=before.headline))
    _tell_author(tx, before, who, "approved")


def reject(tx: Transaction, who: Who, number: int, reason: str, config: BroadcasterConfig) -> None:
    """Take an item off, whatever has become of it, and tell its author why."""
    before = find(tx, number)
    after = _off_the_calendar(tx, before._replace(state=become(before, "reject")))
    note = one_line(reason, NOTE_LIMIT)
    store(tx, after, "reject", who, note)
    replan(tx, config)
    tx.answer(tx.content("broadcaster.rejected", number=number, title=before.headline))
    _tell_author(tx, before, who, "rejected_because" if note else "rejected", note)


def withdraw(tx: Transaction, who: Who, number: int, config: BroadcasterConfig) -> None:
    """Let somebody take an item back that they wrote.

    Raises:
        Refusal: it is not theirs.
    """
    before = find(tx, number)
    if tx.person(before.author) != tx.person(who.account):
        raise Refusal("broadcaster.refused.not_yours", number=number)
    after = _off_the_calendar(tx, before._replace(state=become(before, "withdraw")))
    store(tx, after, "withdraw", who)
    replan(tx, config)
    tx.answer(tx.content("broadcaster.withdrawn", number=number, title=before.headline))


def _tell_author(tx: Transaction, item: Item, who: Who, key: str, note: str = "") -> None:
    if ":" in item.author and tx.person(item.author) != tx.person(who.account):
        values: dict[str, Any] = {"note": note} if note else {}
        tx.tell(
            item.author, tx.content(f"broadcaster.told.{key}", to=tx.who(item.author), number=item.number, **values)
        )


def schedule(tx: Transaction, who: Who, number: int, day: str, slot: str, config: BroadcasterConfig) -> None:
    """Put an item on the calendar.

    Raises:
        Refusal: it may not go out then, or something else does.
    """
    before = find(tx, number)
    state = become(before, "schedule")
    slots = rota(tx, config)
    wanted = parse_day(day, today(tx))
    if wanted is None or wanted > today(tx) + FURTHEST:
        raise Refusal("broadcaster.refused.day", value=one_line(day, 40))
    found = slots.on(tx, slot, wanted)
    _check(before, wanted, found.slot)
    taken = tx.one(PLANNED, here=tx.community.id, on_day=wanted.isoformat(), in_slot=found.slot)
    if taken is not None and taken.number != number:
        raise Refusal("broadcaster.refused.taken", day=wanted, slot=found.slot, number=taken.number)
    if (before.day, before.at_slot) != (wanted, found.slot):
        take_back(tx, wanted, found.slot)
    after = _off_the_calendar(tx, before) if taken is None else before
    after = after._replace(state=state, day=wanted, at_slot=found.slot)
    store(tx, after, "schedule", who, f"{wanted.isoformat()} {found.slot}")
    replan(tx, config)
    tx.answer(tx.content("broadcaster.scheduled", number=number, title=before.headline, when=found.due))


def _check(item: Item, day: date, slot: str) -> None:
    if item.slot not in (ANY, slot):
        raise Refusal("broadcaster.refused.other_slot", number=item.number, slot=item.slot)
    if usable(item, day):
        return
    if item.left == 0:
        raise Refusal("broadcaster.refused.used_up", number=item.number, count=item.uses)
    if item.expires is not None and day > item.expires:
        raise Refusal("broadcaster.refused.expired", number=item.number, day=item.expires)
    raise Refusal("broadcaster.refused.too_soon", number=item.number, day=free_from(item))
