"""The short private notice that asks a newcomer who brought them."""

from __future__ import annotations

from datetime import timedelta

from xiaoer import Button, MemberJoined, Row, Transaction, plain
from xiaoer_referral.config import ReferralConfig
from xiaoer_referral.statements import ASKED_LATELY

CHOICES = 5
"""So many of those whom it may have been are offered as buttons."""

NOBODY = "x"
"""What the button carries by which nobody is named."""


def ask(tx: Transaction, event: MemberJoined, row: Row, config: ReferralConfig) -> None:
    """Ask a newcomer who brought them, in private; of a raid only the first are asked."""
    asked = tx.one(ASKED_LATELY, here=tx.community.id, since=event.at - timedelta(hours=1))
    if asked is not None and asked.number > config.questions:
        return
    choices = [
        (Button(name, "brought", f"{row.id}.{number}"),) for number, (_, name) in enumerate(row.candidates[:CHOICES])
    ]
    nobody = Button(plain(tx.text("referral.ask.nobody", to=event.who)), "brought", f"{row.id}.{NOBODY}")
    content = tx.content(
        "referral.ask.which" if choices else "referral.ask.who",
        to=event.who,
        buttons=(*choices, (nobody,)),
        community=tx.community.name,
        hours=config.answer_hours,
    )
    tx.send(_door(tx, event), content, only_to=event.who.account)


def _door(tx: Transaction, event: MemberJoined) -> str:
    """Return the chat in which newcomers of an event's space are received."""
    mains = tx.community.chats.get("main", ())
    near = [chat for chat in mains if chat == event.space or chat.startswith(f"{event.space}/")]
    return near[0] if near else event.chat or event.space
